"""A progress line on the terminal for long operations: how much is done, and how fast."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from vopr_coverage.errors import printable
from vopr_coverage.files import STDIN
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.reading.source import Progress

QUIET_S = 1.0  # files that are read sooner need no line
INTERVAL_S = 0.2
HEARTBEAT_S = 30.0  # without a terminal, a new line is printed this often
MB = 1_000_000


class ProgressLine:
    """Rewrites one line of `out`. `clock` returns seconds; tests pass their own."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._clock = out, clock
        self._drawn = False

    def for_file(self, path: str) -> Progress:
        """The callback that counts the bytes read of one file."""
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
            amount = f"{done / MB:,.0f} of {total / MB:,.0f} MB" if total >= done else f"{done / MB:,.0f} MB"
            rate = done / MB / (now - started)
            self._draw(f"{printable(os.path.basename(path))}: {amount}, {rate:,.0f} MB/s")

        return advance

    def for_recordings(self) -> Callable[[int, int], None]:
        """The callback that takes the number of recordings read, and the number of all."""
        return self._counting("recording", "read")

    def for_faults(self) -> Callable[[int, int], None]:
        """The callback that takes the number of planted faults judged, and the number of all."""
        return self._counting("planted fault", "judged")

    def for_calibration(self, seconds: float) -> Callable[[str], Callable[[int], None]]:
        """Takes what is calibrated, for at most so many seconds; the callback of each takes its iterations so far."""

        def begin(what: str) -> Callable[[int], None]:
            started = drawn_at = self._clock()

            def advance(done: int) -> None:
                nonlocal drawn_at
                now = self._clock()
                if now - started < QUIET_S or now - drawn_at < INTERVAL_S:
                    return
                drawn_at = now
                took = min(now - started, seconds)
                self._draw(f"{printable(what)}: {took:.0f} of {seconds:.0f} s, {counted(done, 'iteration')}")

            return advance

        return begin

    def _counting(self, noun: str, participle: str) -> Callable[[int, int], None]:
        started = drawn_at = self._clock()

        def advance(done: int, total: int) -> None:
            nonlocal drawn_at
            now = self._clock()
            if now - started < QUIET_S or now - drawn_at < INTERVAL_S:
                return
            drawn_at = now
            self._draw(f"{done:,} of {counted(total, noun)} {participle}")

        return advance

    def show(self, text: str) -> None:
        """Show this text."""
        self._draw(printable(text))

    def clear(self) -> None:
        """Remove the line."""
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._drawn = False

    def _draw(self, text: str) -> None:
        self._out.write(f"\r\x1b[K{text}")
        self._out.flush()
        self._drawn = True


def _plain_size(path: str) -> int:
    """The file's size in bytes, or 0 if unknown, as for standard input. A gzip file unpacks to more than that."""
    try:
        return 0 if path == STDIN else os.path.getsize(path)
    except OSError:
        return 0


class RunProgress:
    """The progress of a simulator: on a terminal one line that is rewritten, else a new line every 30 seconds.

    `total` is the number of iterations asked for. `clock` returns seconds; tests pass their own.
    """

    def __init__(self, out: TextIO, total: int, terminal: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._total, self._terminal, self._clock = out, total, terminal, clock
        self._started_at = self._printed_at = clock()
        self._drawn = False

    def advance(self, done: int) -> None:
        """Print how many iterations have run, if the last line is old enough."""
        now = self._clock()
        if now - self._printed_at < (INTERVAL_S if self._terminal else HEARTBEAT_S):
            return
        if self._terminal and now - self._started_at < QUIET_S:
            return
        self._printed_at = now
        rate = done / (now - self._started_at)
        remaining = f", {duration((self._total - done) / rate)} left" if rate and done < self._total else ""
        text = f"{done:,} of {counted(self._total, 'iteration')}, {in_digits(rate)}/s{remaining}"
        with suppress(OSError, ValueError):  # nobody reads the output: the run continues
            self._out.write(f"\r\x1b[K{text}" if self._terminal else f"vopr-coverage: {text}\n")
            self._out.flush()
        self._drawn = self._terminal

    def clear(self) -> None:
        """Remove the line."""
        if self._drawn:
            with suppress(OSError, ValueError):
                self._out.write("\r\x1b[K")
                self._out.flush()
            self._drawn = False


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `3 h 25 min`."""
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60:,} h {minutes % 60} min"
