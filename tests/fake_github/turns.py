"""Two clients at once, in an order that the test decides."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

TURN_S_MAX = 10.0


class Turns:
    """Lets requests through one at a time, by token; whoever is not in the order waits until it is used up."""

    def __init__(self, complain: Callable[[str], None], turn_s_max: float = TURN_S_MAX) -> None:
        self._complain = complain
        self._turn_s_max = turn_s_max
        self._changed = threading.Condition()
        self._order: deque[str] = deque()
        self._gone: set[str] = set()
        self._waiting: set[str] = set()
        self._clocks: dict[str, Callable[[], float]] = {}
        self._busy = False

    def take(self, order: Sequence[str]) -> None:
        """From now on, requests follow `order`, a token a request; then they come as they like again."""
        with self._changed:
            self._order = deque(order)
            self._clocks.clear()
            self._gone.clear()
            self._changed.notify_all()

    def race(self, clocks: Mapping[str, Callable[[], float]]) -> None:
        """From now on, of these clients the one whose clock is earliest goes next, when all of them have asked.

        Clocks that only move when their client waits or is answered make a race of many runners the same each time.
        """
        with self._changed:
            self._clocks = dict(clocks)
            self._gone.clear()
            self._changed.notify_all()

    def leave(self, token: str) -> None:
        """A client has finished: its turns that are left are skipped."""
        with self._changed:
            self._gone.add(token)
            self._changed.notify_all()

    @contextmanager
    def turn(self, token: str) -> Iterator[None]:
        """Wait for the token's turn, and hold it; waiting too long is a breach, and the end of the order."""
        with self._changed:
            self._waiting.add(token)
            self._changed.notify_all()
            if not self._changed.wait_for(lambda: self._is_turn(token), self._turn_s_max):
                self._complain(f"no turn for {token!r} in {self._turn_s_max} s; still to come: {list(self._order)}")
                self._order.clear()
                self._clocks.clear()
            self._waiting.discard(token)
            self._busy = True
            if self._order:
                self._order.popleft()
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _is_turn(self, token: str) -> bool:
        while self._order and self._order[0] in self._gone:
            self._order.popleft()
        return not self._busy and (not self._order or self._order[0] == token) and self._is_first(token)

    def _is_first(self, token: str) -> bool:
        racing = self._clocks.keys() - self._gone
        if token not in racing:
            return True
        return racing <= self._waiting and token == min(racing, key=lambda one: (self._clocks[one](), one))
