"""A recording while it lasts: the simulator, started again behind each seed that it died at, as often as was asked for.

A simulator that dies has lost its coverage, which stands in its last record. So the seeds before the one that it died
at run once more at the end, if time is left, and their coverage counts.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import UsageError
from vopr_coverage.files import replace_file
from vopr_coverage.model.crash import crash_of
from vopr_coverage.model.manifest import MANIFEST, RecordedPart, Recording, filled
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.reading.records import died_line, start_line
from vopr_coverage.recorder.child import Child
from vopr_coverage.recorder.files import BoundedLog, PackedFile
from vopr_coverage.recorder.last_words import last_words
from vopr_coverage.recorder.parts import RunPart, announces, death_of, end_line, measured, summed
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.process import Clock, Ended, follow

FLUSH_EVERY_S = 1.0


class Session:
    """Records a run. `start` starts the first process; `run` follows it and those after it."""

    def __init__(
        self,
        plan: RecordingPlan,
        started: Recording,
        artifact: PackedFile,
        log: BoundedLog,
        progress: RunProgress,
        clock: Clock,
    ) -> None:
        self._plan, self._recording = plan, started
        self._artifact, self._log = artifact, log
        self._progress, self._clock = progress, clock
        self._began = self._flushed = clock()
        self._ends_at = None if plan.timeout_s is None else self._began + plan.timeout_s
        self._child: Child | None = None
        self._ended: Ended | None = None  # the last process that ran new seeds
        self._streams: list[Compactor] = []  # of new seeds; the last may still be written
        self._parts: list[RunPart] = []
        self._told: list[RecordedPart] = []
        self._log_error: OSError | None = None
        self._all_ran_at: float | None = None  # after that, seeds only run again
        self._timed_out = self._interrupted = self._whole = False

    def start(self, seed: int, iterations: int) -> None:
        """Start a process.

        Raises:
            UsageError: it cannot be started.
        """
        words = filled(self._plan.command, self._plan.scenario, str(seed), iterations)
        self._child = Child(words, self._log.write)
        if self._interrupted:  # just before it was there
            self._child.ask_to_end(signal.SIGTERM, self._clock())

    def on_signal(self, number: int) -> None:
        """Pass a signal to the simulator; the second one kills it."""
        self._interrupted = True
        if self._child:
            self._child.ask_to_end(number, self._clock())

    def run(self) -> Recording:
        """Record until the last process has ended.

        Raises:
            OSError: the folder cannot be written to; the simulator was stopped.
        """
        try:
            self._record()
            self._artifact.finish()
        except BaseException:
            self._interrupted, self._whole = True, False
            raise
        finally:
            if self._child:  # something went wrong while it ran
                self._ended = Ended(self._child.close(), at_end=False, timed_out=False)
            self._progress.clear()
            with suppress(OSError):
                self._log.finish()
            ended = self._manifest()
            with suppress(OSError):
                replace_file(self._plan.folder / MANIFEST, ended.to_json().encode())
        if self._log_error:
            raise self._log_error
        return ended

    # ---- seeds

    def _record(self) -> None:
        part = self._follow_new(self._plan.seed, self._plan.iterations)
        while part.died_at is not None and part.left and self._may_go_on() and len(self._parts) <= self._plan.restarts:
            seed = (part.died_at + 1) % SEED_COUNT
            if not self._start_again(seed, part.left, f"died at seed {part.died_at}, started again at seed {seed}"):
                return
            part = self._follow_new(seed, part.left)
        all_ran = part.stream.ended if part.died_at is None else not part.left
        self._whole = all_ran and part.ended.at_end and part.stream.started and self._may_go_on()
        if self._whole and any(one.died_at is not None for one in self._parts):
            self._all_ran_at = self._clock()
            self._measure_again()
            self._artifact.write(end_line(self._parts))

    def _may_go_on(self) -> bool:
        return not (self._timed_out or self._interrupted or self._log_error)

    def _start_again(self, seed: int, iterations: int, why: str) -> bool:
        self._log.begin_part(f"\n[vopr-coverage: {why}]\n".encode())
        try:
            self.start(seed, iterations)
        except UsageError:  # it could be started before: what is missing now is missing for all seeds behind
            return False
        return True

    def _follow_new(self, seed: int, iterations: int) -> RunPart:
        """Follow the process that runs these seeds: the first of all, or those behind a seed that one died at."""
        stream = Compactor(hold_ends=bool(self._parts))
        self._streams.append(stream)
        self._ended = ended = self._follow(stream, self._artifact.write)
        self._timed_out |= ended.timed_out
        words = () if stream.ended and not ended.status else last_words(self._log.end)
        part = RunPart(seed=seed, iterations=iterations, stream=stream, ended=ended, last_words=words)
        if self._parts and stream.start and not part.as_asked:
            seen = stream.simulation and stream.simulation.start
            other = msgspec.json.encode(seen) + b"\n" if seen else start_line(stream.start)
            self._artifact.write(other)  # the reader will say that these are other seeds
        if not self._interrupted:
            part.died_at = death_of(part)
        if part.died_at is not None:
            line = died_line(part.died_at, crash_of(ended.exit_code, ended.signal, words))
            self._artifact.write(line if stream.at_line_end else b"\n" + line)
        self._parts.append(part)
        self._told.append(part.told())
        return part

    def _follow(self, stream: Compactor, write: Callable[[bytes], None]) -> Ended:
        assert self._child, "it was started"
        done = sum(part.stream.iterations + (part.died_at is not None) for part in self._parts)

        def tick(now: float) -> None:
            if now - self._flushed >= FLUSH_EVERY_S:
                write(stream.flush())
                self._artifact.flush()
                self._log.flush()
                self._flushed = now
            self._progress.advance(min(done + stream.iterations, self._plan.iterations))

        ended = follow(self._child, stream, write, tick, self._ends_at, self._clock)
        self._log_error = self._log_error or self._child.log_error
        self._child = None
        return ended

    # ---- coverage

    def _measure_again(self) -> None:
        """Run the seeds before each death once more, as long as there is time, if the simulator measures coverage."""
        measures = not any(part.stream.end and not part.stream.end["coverage"] for part in self._parts)
        measures &= not self._parts[0].stream.simulation  # which has most of it seed by seed
        for part in self._parts if self._plan.restarts and measures else ():
            if part.before_death and not self._again(part):
                return

    def _again(self, part: RunPart) -> bool:
        """Run the seeds of one part again. Returns whether there is time for another."""
        if not self._may_go_on() or (self._ends_at is not None and self._clock() >= self._ends_at):
            return False
        if not self._start_again(part.seed, part.before_death, f"seeds from {part.seed} on run again for coverage"):
            return False
        stream = Compactor(hold_ends=True)
        ended = self._follow(stream, lambda _: None)
        whole = ended.at_end and not ended.timed_out and not self._interrupted
        agrees = stream.ended and stream.results.digest() == part.stream.results.digest()
        if whole and agrees and announces(stream, part.seed, part.before_death):
            part.again = stream
        self._told.append(
            RecordedPart(
                seed=str(part.seed),
                iterations=part.before_death,
                ran=stream.iterations,
                exit_code=ended.exit_code,
                signal=ended.signal,
                last_words=() if stream.ended and not ended.status else last_words(self._log.end),
                again=True,
                agrees=agrees if whole else None,
                measured=part.measured_by is not None,
            )
        )
        return not ended.timed_out

    # ---- the manifest

    def _manifest(self) -> Recording:
        """The manifest of a run that has ended, in whatever way."""
        now = self._clock()
        duration_s = max(now - self._began, 1e-6)
        running_s = max((self._all_ran_at or now) - self._began, 1e-6)
        streams, ended = self._streams, self._ended
        deaths = sum(part.died_at is not None for part in self._parts)
        well = self._whole and ended is not None and not ended.status
        return replace(
            self._recording,
            duration_s=round(duration_s, 3),
            rate=round((sum(stream.iterations for stream in streams) + deaths) / running_s, 3),
            exit_code=ended.exit_code if ended else None,
            signal=ended.signal if ended else None,
            timed_out=self._timed_out,
            interrupted=self._interrupted,
            whole=self._whole and not self._interrupted,
            lines=summed(stream.lines for stream in streams),
            unknown_records=summed(stream.unknown_records for stream in streams),
            kept=summed({"compact": stream.compact, "verbatim": stream.verbatim} for stream in streams),
            stderr_bytes=self._log.size,
            stderr_dropped_bytes=self._log.dropped,
            last_words=() if well else (self._parts[-1].last_words if self._parts else last_words(self._log.end)),
            parts=tuple(self._told) if deaths else (),
            measured=measured(self._parts),
        )
