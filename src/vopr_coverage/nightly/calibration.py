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

from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.files import why
from vopr_coverage.model.figures import agreeing, counted, in_digits
from vopr_coverage.model.manifest import filled
from vopr_coverage.nightly.wish import Asked
from vopr_coverage.recorder.child_environment import child_environment
from vopr_coverage.recorder.last_words import TAIL_BYTES, last_words

Watch = Callable[[str], Callable[[int], None]]
# A command with its placeholders, a scenario, a first seed, seconds at most, and what is called with the iterations.
Measure = Callable[[Sequence[str], str, int, float, Callable[[int], None]], "Calibration"]

RATE, CANARY_RATE = "--rate", "--canary-rate"
INTERVAL_S = 0.2  # between two looks at the progress
ITERATIONS = 1_000_000_000  # more than any simulator does before it is stopped
STOP_S = 5.0
ENDING_S = 1.0  # between the end of its output and its own end
PIECE_BYTES = 1 << 16
LINE_BYTES_MAX = 1 << 20  # no iteration record is longer
# Of a record of one iteration, and of the last record: in VOPR's stream, and in a simulation stream.
_KINDS = (
    (re.compile(rb'"type"\s*:\s*"iteration"'), re.compile(rb'"type"\s*:\s*"batch_complete"')),
    (re.compile(rb'"type"\s*:\s*"seed"'), re.compile(rb'"type"\s*:\s*"end"')),
)
_SIMULATION = re.compile(rb'"format"\s*:\s*"simulation/1"')
_ANY_RECORD = re.compile(rb'^\s*\{.*"(?:type|data)"\s*:')
WHAT_TO_DO = "{mend}, or give its rate with {flag} (the input `{name}` of the nightly workflow)."
MEND, WAIT = "Fix the simulator", "Calibrate for longer with --calibrate"


class Calibration(msgspec.Struct, frozen=True):
    """What a run of a few seconds showed.

    Attributes:
        rate: iterations per second of one process, including its start; 0 if it finished none.
        trouble: why this is not the rate of a simulator that runs, in a sentence without a full stop; "" if it is.
        stopped: whether all that was missing is time.
        last_words: the last lines of a simulator that ended badly, or finished no iteration, or ().
    """

    rate: float
    trouble: str = ""
    stopped: bool = False
    last_words: tuple[str, ...] = ()


class Calibrator:
    """Measures rates, each run starting at the night's first seed: a simulator may refuse others, such as 0."""

    def __init__(
        self, seed_base: int, seconds: float, *, log: Callable[[str], None], watch: Watch, measure: Measure
    ) -> None:
        """Measure nothing yet.

        Args:
            seconds: how long each run takes at most.
            log: is called with each line about the work.
            watch: is called with what is calibrated; it returns what is called with the iterations so far.
            measure: `calibrate`, or another way to run the simulator.
        """
        self._seed_base, self._seconds, self._log, self._watch = seed_base, seconds, log, watch
        self._measure = measure

    def add_rates(
        self, rates: dict[str, float], command: Sequence[str], asked: Iterable[Asked], flag: str = RATE
    ) -> None:
        """Measure each scenario that has no rate yet. Without a command nothing is measured.

        Args:
            rates: iterations per second by scenario in lower case; the measured ones are added.
            flag: gives such a rate instead: RATE or CANARY_RATE.

        Raises:
            UsageError: the command cannot be started, finished no iteration, or ended badly, so that its rate says
                nothing about a night. The message ends with the simulator's own last words.
        """
        missing: dict[str, str] = {}
        for work in asked:
            if work.scenario.lower() not in rates:
                missing.setdefault(work.scenario.lower(), work.scenario)
        for number, (key, scenario) in enumerate(missing.items() if command else (), 1):
            what = f"canaries of {scenario}" if flag == CANARY_RATE else scenario
            which = f" ({number} of {len(missing)})" if len(missing) > 1 else ""
            self._log(f"calibrating {what} for {in_digits(self._seconds)} s{which}")
            watch = self._watch(f"calibrating {what}{which}")
            measured = self._measure(command, scenario, self._seed_base, self._seconds, watch)
            if measured.trouble:
                raise UsageError(_refusal(what, measured, f"{flag} {scenario}=R", flag.removeprefix("--") + "s"))
            iterations = f"{in_digits(measured.rate)} {agreeing(measured.rate, 'iteration')}"
            self._log(f"calibrated {what}: {iterations} a second")
            rates[key] = measured.rate


def _refusal(what: str, measured: Calibration, flag: str, name: str) -> str:
    """Why no night is planned on this, what to do, and the simulator's last words below it, a line each."""
    lines = [f"the rate of {printable(what)} cannot be measured: {measured.trouble}"]
    if measured.last_words:
        lines += ["the simulator's last lines:", *(f"  {word}" for word in measured.last_words)]
    mend = WAIT if measured.stopped else MEND
    return "\n".join([*lines, WHAT_TO_DO.format(mend=mend, flag=printable(flag), name=name)])


def calibrate(
    command: Sequence[str], scenario: str, seed: int, seconds: float, advance: Callable[[int], None]
) -> Calibration:
    """Run the simulator for at most `seconds` from `seed` on, and count its iterations.

    Args:
        command: with its placeholders.
        advance: is called with the iterations so far, several times a second.

    Raises:
        UsageError: the command cannot be started.
    """
    started_s = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 (the user's own command, word by word)
            filled(command, scenario, str(seed), ITERATIONS),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
            env=child_environment(), start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"the simulator {shown(command[0])} cannot be started: {why(error)}") from None
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = _Output(process.stdout), _Tail(process.stderr)
    count, elapsed_s = output.count_until(started_s, seconds, advance)
    status = _status(process, output.ended)
    _stop(process)
    words = errors.words() or output.words()
    simulator, took = f"the simulator {shown(command[0])}", f"{in_digits(elapsed_s)} s"
    if not count:
        ending = "then it was stopped" if status is None else f"it {_ending(status)}"
        return Calibration(0.0, f"{simulator} finished no iteration in {took}, {ending}", status is None, words)
    if status and not output.whole:  # with the end of its stream, a bad exit code reports failed seeds
        ran = counted(count, "iteration")
        return Calibration(count / elapsed_s, f"{simulator} {_ending(status)} after {took} and {ran}", last_words=words)
    return Calibration(count / elapsed_s)


class _Output:
    """The simulator's stdout: iteration records are counted, and the last lines that are no records are kept."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.ended = False  # or the time was up before
        self.whole = False  # its last record came
        self._record, self._last = _KINDS[0]
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

    def count_until(self, started_s: float, seconds: float, advance: Callable[[int], None]) -> tuple[int, float]:
        """How many iterations came before the time was up or the output ended, and the seconds until then."""
        count = 0
        while (left_s := started_s + seconds - time.monotonic()) > 0:
            advance(count)
            try:
                line = self._lines.get(timeout=min(left_s, INTERVAL_S))
            except queue.Empty:
                continue
            if line is None:
                self.ended = True
                break
            if _SIMULATION.search(line):
                self._record, self._last = _KINDS[1]
            elif self._record.search(line):
                count += 1
            elif self._last.search(line):
                self.whole = True
            elif not _ANY_RECORD.match(line):
                self._other += line[-TAIL_BYTES:] + b"\n"
                del self._other[:-TAIL_BYTES]
        return count, max(min(seconds, time.monotonic() - started_s), 1e-6)

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


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the simulator and all processes that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
            return
