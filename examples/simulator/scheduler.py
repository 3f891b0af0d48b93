"""Simulated time: one heap of events and one seeded source of chance. Nothing asks the wall clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from random import Random
from typing import Any

MS = 1_000_000  # nanoseconds
TRACE_CHARACTERS = 160


class Scheduler:
    """Runs actions in the order of their time; those of one instant, in the order they were planned."""

    def __init__(self, seed: int, trace: deque[str] | None = None) -> None:
        self.rng = Random(seed)
        self.now_ns = 0
        self.events = 0
        self.stopped = False
        self._trace = trace
        self._planned = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []

    def after(self, delay_ns: int, action: Callable[..., None], *arguments: Any) -> None:
        """Plan an action `delay_ns` from now."""
        self._planned += 1
        heappush(self._heap, (self.now_ns + delay_ns, self._planned, action, arguments))

    def below(self, limit: int) -> int:
        """A number from 0 to `limit` - 1."""
        return int(self.rng.random() * limit)

    def between(self, low_ns: int, high_ns: int) -> int:
        """A duration, evenly spread."""
        return low_ns + int(self.rng.random() * (high_ns - low_ns))

    def run(self, until_ns: int) -> None:
        """Run what is planned until `until_ns`, or until somebody sets `stopped`."""
        heap, trace = self._heap, self._trace
        while heap and not self.stopped:
            time_ns, _, action, arguments = heappop(heap)
            if time_ns > until_ns:
                break
            self.now_ns = time_ns
            self.events += 1
            if trace is not None:
                whose = getattr(getattr(action, "__self__", None), "index", "")
                trace.append(f"{time_ns / MS:10.3f} ms {whose:>2} {action.__name__}{arguments}"[:TRACE_CHARACTERS])
            action(*arguments)
