"""A recording in which every seed has a process of its own, several at a time; their results are stored in order.

What is stored does not depend on how many ran at a time, nor on the time of day: two recordings of the same seeds have
the same stream, byte for byte, if the simulator does the same twice.
"""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import UsageError
from vopr_coverage.files import replace_file
from vopr_coverage.model.manifest import MANIFEST, OUTPUT, Recording, filled, has_output
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.reading.records import Record, read_record
from vopr_coverage.reading.simulation_records import Unknown, read_line
from vopr_coverage.reading.simulation_rows import read_row
from vopr_coverage.recorder.child import KILL_AFTER_S, Child
from vopr_coverage.recorder.files import BoundedLog, PackedFile
from vopr_coverage.recorder.outputs import NAME, OutputArchive, OutputFolders, wrote_nothing
from vopr_coverage.recorder.plan import RecordingPlan, SeedRuns
from vopr_coverage.recorder.process import Clock, Ended, follow
from vopr_coverage.recorder.seed_result import SeedOutput, SeedResult, problem_in_words, result_of
from vopr_coverage.recorder.seed_store import SeedStore

AHEAD_MAX = 16  # results that wait for that of an earlier seed, for each process
FLUSH_EVERY_SEEDS = 16  # and not by the clock: the file would be another one each time
WAIT_S = 0.1
KEPT_BYTES = 64 << 10  # of the other output of a process
RECORDS_BYTES_MAX = 1 << 20  # of the records of one seed, of which there are three


class _Process:
    """One seed, run by a thread of its own; its child can be stopped from another."""

    def __init__(self, words: list[str], ends_at: float | None, clock: Clock) -> None:
        self._other, self._stderr = bytearray(), bytearray()
        self._records = bytearray()
        self._ends_at, self._clock = ends_at, clock
        self.child = Child(words, lambda piece: _keep(self._stderr, piece))

    def follow(self) -> tuple[Ended, SeedOutput]:
        """Wait for its end."""
        stream = Compactor(hold_ends=True)
        ended = follow(self.child, stream, self._sort, lambda _: None, self._ends_at, self._clock)
        written = SeedOutput(stream, bytes(self._records), bytes(self._other), bytes(self._stderr))
        return ended, written

    def _sort(self, lines: bytes) -> None:
        """Tell records from other output, which is kept in part."""
        for line in lines.splitlines(keepends=True):
            if line.strip() and _is_record(line) and len(self._records) < RECORDS_BYTES_MAX:
                self._records += line
            elif line.strip():
                _keep(self._other, line)


def with_output(result: SeedResult, folder: Path) -> SeedResult:
    """The result with its output. One that passed must have some; one that crashed may."""
    nothing = wrote_nothing(folder)
    if nothing:
        return result if result.failed else msgspec.structs.replace(result, problem=nothing)
    return msgspec.structs.replace(result, output=str(folder))


def _is_record(line: bytes) -> bool:
    if read_row(line) or isinstance(read_line(line, "", 0), Unknown):
        return True
    return isinstance(read_record(line, "", 0), Record)


def _keep(kept: bytearray, piece: bytes) -> None:
    kept += piece
    del kept[:-KEPT_BYTES]


class SeedSession:
    """Records all seeds of a plan, and stops at the first one without a result."""

    def __init__(
        self,
        plan: RecordingPlan,
        runs: SeedRuns,
        started: Recording,
        artifact: PackedFile,
        log: BoundedLog,
        progress: RunProgress,
        clock: Clock,
    ) -> None:
        self._plan, self._runs, self._recording = plan, runs, started
        self._artifact, self._log = artifact, log
        self._progress, self._clock = progress, clock
        self._began = clock()
        self._ends_at = None if plan.timeout_s is None else self._began + plan.timeout_s
        self._changed = threading.Condition()  # guards all that threads share, which are the next ones
        self._next = 0  # by their distance from the first seed
        self._stored = 0
        self._results: dict[int, SeedResult | None] = {}  # None: stopped
        self._running: set[Child] = set()
        self._stopping = False
        self._error: BaseException | None = None
        self._store = SeedStore(plan.seed, plan.iterations)
        self._folders = OutputFolders() if has_output(plan.command) else None
        self._archive = OutputArchive(plan.folder / OUTPUT) if self._folders else None
        self._outputs = 0
        self._last = SeedResult()
        self._timed_out = self._interrupted = self._whole = False

    def on_signal(self, number: int) -> None:
        """Pass a signal to all simulators; the second one kills them."""
        self._interrupted = True
        self._stop(number)

    def run(self) -> Recording:
        """Record all seeds.

        Raises:
            OSError: the folder cannot be written to; the simulators were stopped.
        """
        count = min(self._runs.parallel, self._plan.iterations)
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        try:
            for worker in workers:
                worker.start()
            self._record()
            self._artifact.finish()
        except BaseException:
            self._interrupted, self._whole = True, False
            raise
        finally:
            self._stopping = True
            for child in self._children():
                if child.stopping_since is None:
                    child.ask_to_end(signal.SIGTERM, self._clock())
            for worker in workers:
                worker.join(KILL_AFTER_S * 2)
            self._progress.clear()
            if self._folders:
                self._folders.remove()
            with suppress(OSError):
                self._log.finish()
            with suppress(OSError):
                if self._archive:
                    self._archive.finish()
            ended = self._manifest()
            with suppress(OSError):
                replace_file(self._plan.folder / MANIFEST, ended.to_json().encode())
        return ended

    def _seed(self, at: int) -> int:
        return (self._plan.seed + at) % SEED_COUNT

    # ---- in the main thread

    def _record(self) -> None:
        for at in range(self._plan.iterations):
            result = self._wait_for(at)
            if result is None:
                self._artifact.write(self._store.stop())
                return
            if misfit := self._store.problem(result):
                result = msgspec.structs.replace(result, problem=result.problem or misfit)
            self._last = result
            if result.kept or result.problem:
                self._log.write(_log_entry(self._seed(at), result))
            if result.problem:
                self._artifact.write(self._store.stop())
                return
            if self._archive and result.output and (problem := self._archive.add(self._seed(at), Path(result.output))):
                self._last = msgspec.structs.replace(result, problem=problem)
                return
            self._outputs += bool(result.output)
            self._artifact.write(self._store.add(self._seed(at), result))
            if at % FLUSH_EVERY_SEEDS == 0:
                self._artifact.flush()
                self._log.flush()
                if self._archive:
                    self._archive.flush()
            self._progress.advance(at + 1)
        self._artifact.write(self._store.end())
        self._whole = not (self._timed_out or self._interrupted)

    def _wait_for(self, at: int) -> SeedResult | None:
        """The result of a seed; None if the recording was stopped before there is one."""
        with self._changed:
            while at not in self._results:
                self._changed.wait(WAIT_S)  # signals are handled between two waits
                if self._error:
                    raise self._error
                if self._ends_at is not None and self._clock() >= self._ends_at + KILL_AFTER_S * 2:
                    return None
                if self._stopping and not self._running and at not in self._results:
                    return None
            self._stored = at + 1
            self._changed.notify_all()
            return self._results.pop(at)

    def _stop(self, number: int) -> None:
        """Start no more seeds, and ask those that run to end; those that were asked before are killed."""
        self._stopping = True
        for child in self._children():
            child.ask_to_end(number, self._clock())

    def _children(self) -> list[Child]:
        with self._changed:  # it is reentrant: a signal may come while this thread has it
            return list(self._running)

    # ---- in other threads

    def _work(self) -> None:
        try:
            while (at := self._take()) is not None:
                result = self._run_seed(self._seed(at))
                with self._changed:
                    self._results[at] = result
                    self._changed.notify_all()
        except BaseException as error:  # the main thread raises it
            self._error = error
            self._stopping = True

    def _take(self) -> int | None:
        """The next seed, once few enough results are waiting; None if there is no more to do."""
        with self._changed:
            while self._next >= self._stored + AHEAD_MAX * self._runs.parallel and not self._stopping:
                self._changed.wait(WAIT_S)
            late = self._ends_at is not None and self._clock() >= self._ends_at
            self._timed_out |= late and self._next < self._plan.iterations
            if self._stopping or late or self._next >= self._plan.iterations:
                self._stopping |= late
                return None
            self._next += 1
            return self._next - 1

    def _run_seed(self, seed: int) -> SeedResult | None:
        folder = self._folders.fresh() if self._folders else None
        output = str(folder / NAME) if folder else ""
        words = filled(self._plan.command, self._plan.scenario, str(seed), 1, output)
        try:
            process = _Process(words, self._ends_at, self._clock)
        except UsageError as error:
            return SeedResult(problem=str(error))
        with self._changed:
            self._running.add(process.child)
        try:
            if self._stopping:
                process.child.ask_to_end(signal.SIGTERM, self._clock())
            ended, written = process.follow()
        finally:
            with self._changed:
                self._running.discard(process.child)
        if ended.timed_out or process.child.stopping_since is not None:
            self._timed_out |= ended.timed_out
            self._stopping = True
            return None
        if not ended.at_end:
            return SeedResult(ended=ended, problem="a process that it left behind holds its output open")
        result = result_of(seed, ended, written, self._runs.found_bug)
        return result if folder is None or result.problem else with_output(result, folder)

    # ---- the manifest

    def _manifest(self) -> Recording:
        duration_s = max(self._clock() - self._began, 1e-6)
        broken = self._last.ended if self._last.problem else None
        lines = self._store.lines
        ran = sum(lines.get(kind, 0) for kind in ("iteration_ok", "iteration_failed", "iteration_silent"))
        return replace(
            self._recording,
            duration_s=round(duration_s, 3),
            rate=round(ran / duration_s, 3),
            exit_code=0 if self._whole else broken.exit_code if broken else None,
            signal=broken.signal if broken else None,
            timed_out=self._timed_out,
            interrupted=self._interrupted,
            whole=self._whole,
            lines=lines,
            kept={"compact": sum(lines.values()), "verbatim": 0},
            stderr_bytes=self._log.size,
            stderr_dropped_bytes=self._log.dropped,
            last_words=self._last.why_none(self._seed(self._stored - 1)),
            measured=self._store.measured,
            outputs=self._outputs if self._folders else None,
        )


def _log_entry(seed: int, result: SeedResult) -> bytes:
    """What a process that did not end well leaves in stderr.log."""
    how = "not started" if result.ended is None else f"exit code {result.ended.exit_code}"
    if result.ended and result.ended.signal is not None:
        how = f"signal {result.ended.signal}"
    note = f"; {problem_in_words(seed, result.problem)}" if result.problem else ""
    return f"[vopr-coverage: seed {seed}, {how}{note}]\n".encode() + result.kept.rstrip(b"\n") + b"\n\n"
