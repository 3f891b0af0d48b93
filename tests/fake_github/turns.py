"""Two clients at once, in an order that the test decides."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
        self._busy = False

    def take(self, order: Sequence[str]) -> None:
        """From now on, requests follow `order`, a token a request; then they come as they like again."""
        with self._changed:
            self._order = deque(order)
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
            if not self._changed.wait_for(lambda: self._is_turn(token), self._turn_s_max):
                self._complain(f"no turn for {token!r} in {self._turn_s_max} s; still to come: {list(self._order)}")
                self._order.clear()
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
        return not self._busy and (not self._order or self._order[0] == token)
