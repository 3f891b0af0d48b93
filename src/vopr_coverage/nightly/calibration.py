"""Measures how fast the simulator runs on this machine: a run of a few seconds, and the iterations in it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import IO

import msgspec

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.files import why
from vopr_coverage.model.manifest import filled
from vopr_coverage.nightly.wish import Asked
from vopr_coverage.recorder.last_words import TAIL_BYTES, last_words

ITERATIONS = 1_000_000_000  # more than any simulator does before it is stopped
STOP_S = 5.0
ENDING_S = 1.0  # between the end of its output and its own end
PIECE_BYTES = 1 << 16
LINE_BYTES_MAX = 1 << 20  # no iteration record is longer
_RECORD = re.compile(rb'"type"\s*:\s*"iteration"')
_ANY_RECORD = re.compile(rb'^\s*\{.*"(?:type|data)"\s*:')


class Calibration(msgspec.Struct, frozen=True):
    """A measured rate.

    Attributes:
        rate: iterations per second of one process, including its start.
        trouble: how the simulator ended if it ended by itself and badly, with its own last words; "" otherwise.
    """

    rate: float
    trouble: str = ""


class Calibrator(msgspec.Struct, frozen=True):
    """Measures rates, each run starting at the night's first seed: a simulator may refuse others, such as 0.

    Attributes:
        seconds: how long each run takes at most.
        log: is called with each line about the work.
    """

    seed_base: int
    seconds: float
    log: Callable[[str], None]

    def add_rates(
        self, rates: dict[str, float], command: Sequence[str], asked: Iterable[Asked], whose: str = ""
    ) -> None:
        """Measure each scenario that has no rate yet. Without a command nothing is measured.

        Args:
            rates: iterations per second by scenario in lower case; the measured ones are added.
            whose: stands before the scenario in the log.

        Raises:
            UsageError: as `calibrate`.
        """
        for work in asked if command else ():
            if work.scenario.lower() not in rates:
                rates[work.scenario.lower()] = self._rate(command, work.scenario, f"{whose}{work.scenario}")

    def _rate(self, command: Sequence[str], scenario: str, what: str) -> float:
        self.log(f"calibrating {what} for {self.seconds:g} s")
        measured = calibrate(filled(command, scenario, str(self.seed_base), ITERATIONS), self.seconds)
        self.log(f"calibrated {what}: {measured.rate:,.1f} iterations a second")
        if measured.trouble:
            first, *words = measured.trouble.splitlines()
            for line in (f"warning: while {what} was calibrated, {first}", *words):
                self.log(line)
        return measured.rate


def calibrate(command: Sequence[str], seconds: float) -> Calibration:
    """Run the simulator for at most `seconds`, and count its iterations.

    Raises:
        UsageError: the command cannot be started, or finished no iteration. The message ends with the simulator's
            own last words.
    """
    started_s = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 (the user's own command, word by word)
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"the simulator {shown(command[0])} cannot be started: {why(error)}") from None
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = _Output(process.stdout), _Tail(process.stderr)
    count, elapsed_s = output.count_until(started_s, seconds)
    status = _status(process, output.ended)
    _stop(process)
    words = errors.words() or output.words()
    if not count:
        ending = "then it was stopped" if status is None else f"it {_ending(status)}"
        problem = f"it finished no iteration in {elapsed_s:.0f} s, {ending}"
        text = f"the rate of the simulator {shown(command[0])} cannot be measured: {problem}"
        raise UsageError(_with_words(text, words))
    trouble = _with_words(f"it {_ending(status)} after {elapsed_s:.1f} s", words) if status else ""
    return Calibration(count / elapsed_s, trouble)


class _Output:
    """The simulator's stdout: iteration records are counted, and the last lines that are no records are kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.ended = False
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._other = bytearray()
        _in_background(lambda: self._read(stream))

    def _read(self, stream: IO[bytes]) -> None:
        begun = b""
        with stream, suppress(OSError, ValueError):
            while piece := stream.read(PIECE_BYTES):
                *lines, begun = (begun[-LINE_BYTES_MAX:] + piece).split(b"\n")
                for line in lines:
                    self._lines.put(line)
        self._lines.put(begun)
        self._lines.put(None)

    def count_until(self, started_s: float, seconds: float) -> tuple[int, float]:
        """How many iterations came before the time was up or the output ended, and the seconds until then."""
        count, last_s = 0, seconds
        while (left_s := started_s + seconds - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left_s)
            except queue.Empty:
                break
            if line is None:
                self.ended = True
                last_s = time.monotonic() - started_s
                break
            if _RECORD.search(line):
                count += 1
            elif not _ANY_RECORD.match(line):
                self._other += line[-TAIL_BYTES:] + b"\n"
                del self._other[:-TAIL_BYTES]
        return count, max(min(last_s, time.monotonic() - started_s), 1e-6)

    def words(self) -> tuple[str, ...]:
        """Its last lines that are no records. Some simulators print their complaints here."""
        return last_words(bytes(self._other))


class _Tail:
    """The end of the simulator's stderr."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._kept = bytearray()
        self._thread = _in_background(lambda: self._read(stream))

    def _read(self, stream: IO[bytes]) -> None:
        with stream, suppress(OSError, ValueError):
            while piece := stream.read(PIECE_BYTES):
                self._kept += piece
                del self._kept[: -2 * TAIL_BYTES]

    def words(self) -> tuple[str, ...]:
        """Its last lines, once the simulator has ended."""
        self._thread.join(STOP_S)
        return last_words(bytes(self._kept))


def _in_background(read: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    return thread


def _status(process: subprocess.Popen[bytes], output_ended: bool) -> int | None:
    """Its exit code if it ended by itself, minus the number of the signal that ended it, or None."""
    if output_ended:
        with suppress(subprocess.TimeoutExpired):
            process.wait(ENDING_S)
    return process.poll()


def _ending(status: int) -> str:
    return f"ended by signal {-status}" if status < 0 else f"ended with exit code {status}"


def _with_words(text: str, words: Sequence[str]) -> str:
    """A text with the simulator's last words below it, a line each."""
    return "\n".join([f"{text}; the simulator's last lines:", *(f"  {word}" for word in words)]) if words else text


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the simulator and all processes that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        try:
            process.wait(STOP_S)
            break
        except subprocess.TimeoutExpired:
            continue
