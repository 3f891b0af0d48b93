"""How far a night is: on a terminal a few lines that are rewritten, else a line a minute."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from vopr_coverage.model.figures import counted
from vopr_coverage.own_night.tasks import Task
from vopr_coverage.progress import duration

TERMINAL_EVERY_S = 0.5
LOG_EVERY_S = 60.0
TAIL_BYTES = 4_096
_SO_FAR = re.compile(rb"vopr-coverage: ([\d,]+) of [\d,]+ iterations?, ")


class Board:
    """The progress of all recordings. `clock` returns seconds; tests pass their own."""

    def __init__(self, out: TextIO, terminal: bool, cores: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._out, self._terminal, self._cores, self._clock = out, terminal, cores, clock
        self._all: list[Task] = []
        self._finished: list[Task] = []
        self._running: dict[str, tuple[Task, Path, float]] = {}
        self._drawn_at, self._lines = 0.0, 0

    def begin(self, tasks: Sequence[Task]) -> None:
        """All recordings that are to come."""
        self._all, self._finished, self._drawn_at = list(tasks), [], self._clock()

    def started(self, task: Task, log: Path) -> None:
        """A recording began; its log says how far it is."""
        self._running[task.folder] = (task, log, self._clock())

    def finished(self, task: Task) -> None:
        """A recording ended."""
        self._running.pop(task.folder, None)
        self._finished.append(task)

    def draw(self) -> None:
        """Tell it, if the last time is long enough ago."""
        now = self._clock()
        if now - self._drawn_at < (TERMINAL_EVERY_S if self._terminal else LOG_EVERY_S):
            return
        self._drawn_at = now
        self._tell(self.lines(now) if self._terminal else [f"vopr-coverage: {self.lines(now)[0]}"])

    def lines(self, now: float) -> list[str]:
        """All of it, and each recording that runs."""
        head = f"{len(self._finished):,} of {counted(len(self._all), 'recording')} done, {len(self._running)} running"
        left = self._seconds_left(now)
        head += f", about {duration(left)} left" if left else ""
        each = []
        for task, log, began in self._running.values():
            done = iterations_in(log)
            amount = (
                f"{done:,} of {counted(task.iterations, 'iteration')}"
                if done
                else f"running for {duration(now - began)}"
            )
            each.append(f"  {task.folder}: {amount}")
        return [head, *each]

    def clear(self) -> None:
        """Remove it from the terminal."""
        if self._lines:
            self._write(f"\x1b[{self._lines}F\x1b[J")
            self._lines = 0

    def _seconds_left(self, now: float) -> float:
        """By the planned rates; 0 where they are not known."""
        waiting = sum(task.seconds for task in self._all)
        waiting -= sum(task.seconds for task in self._finished)
        waiting -= sum(min(now - began, task.seconds) for task, _, began in self._running.values())
        return max(waiting, 0.0) / max(min(self._cores, len(self._all) - len(self._finished)), 1)

    def _tell(self, lines: Sequence[str]) -> None:
        up = f"\x1b[{self._lines}F\x1b[J" if self._lines else ""
        self._write(up + "".join(f"{line}\n" for line in lines))
        self._lines = len(lines) if self._terminal else 0

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):  # nobody reads it: the night goes on
            self._out.write(text)
            self._out.flush()


def iterations_in(log: Path) -> int:
    """How many iterations a recording has run, by the last line of its log that says so; 0 before the first."""
    try:
        with log.open("rb") as file:
            file.seek(max(file.seek(0, 2) - TAIL_BYTES, 0))
            found = _SO_FAR.findall(file.read(TAIL_BYTES))
    except OSError:
        return 0
    return int(found[-1].replace(b",", b"")) if found else 0
