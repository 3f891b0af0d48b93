"""A line on the terminal while a large file is read: how far, and how fast."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TextIO

from vopr_coverage.errors import printable
from vopr_coverage.reading.source import STDIN, Progress

QUIET_S = 1.0  # files that are done by then need no line
INTERVAL_S = 0.2
MB = 1_000_000


class ProgressLine:
    """Rewrites one line of `out`; the clock counts seconds and is given for tests."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out, clock
        self._drawn = False

    def for_file(self, path: str) -> Progress:
        """A callback for one file's bytes."""
        self.clear()
        started = drawn_at = self._clock()
        total = _plain_size(path)
        done = 0

        def advance(count: int) -> None:
            nonlocal done, drawn_at
            done += count
            now = self._clock()
            if now - started < QUIET_S or now - drawn_at < INTERVAL_S:
                return
            drawn_at = now
            far = f"{done / MB:,.0f} of {total / MB:,.0f} MB" if total >= done else f"{done / MB:,.0f} MB"
            rate = done / MB / (now - started)
            self._out.write(f"\r\x1b[K{printable(os.path.basename(path))}: {far}, {rate:,.0f} MB/s")
            self._out.flush()
            self._drawn = True

        return advance

    def clear(self) -> None:
        """Take the line away again."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False


def _plain_size(path: str) -> int:
    """Bytes of the file, or 0 where that says nothing: for standard input (and gzip grows past it)."""
    try:
        return 0 if path == STDIN else os.path.getsize(path)
    except OSError:
        return 0
