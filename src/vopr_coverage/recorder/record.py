"""Run a simulator once and store its output: the compact stream, its stderr, and a manifest.

The folder can be read at any moment: the manifest is there from the start and is replaced at the end, and the stream
is flushed every second. Nothing is judged here.
"""

from __future__ import annotations

import platform
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.files import replace_file, why
from vopr_coverage.model.manifest import (
    DOUBLE_RUNS_FLAG,
    MANIFEST,
    MANIFEST_BYTES_MAX,
    PLACEHOLDERS,
    STDERR,
    STREAM,
    Host,
    Recording,
    filled,
    unknown_placeholders,
)
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import Compactor
from vopr_coverage.recorder.child import Child, signals_to
from vopr_coverage.recorder.commits import UNKNOWN_COMMIT, FoundCommit
from vopr_coverage.recorder.files import BoundedLog, PackedFile
from vopr_coverage.recorder.last_words import last_words

FLUSH_EVERY_S = 1.0
WAIT_S = 0.1  # for output, before looking at the clock again
SCENARIO_CHARACTERS_MAX = 200
COMMAND_WORDS_MAX = 1_000
WORD_CHARACTERS_MAX = 100_000

Clock = Callable[[], float]


class RecordingPlan(msgspec.Struct, frozen=True):
    """What to record. Seeds are unsigned 64-bit; without `timeout_s` there is no time limit."""

    scenario: str
    seed: int
    iterations: int
    command: tuple[str, ...]
    folder: Path
    commit: FoundCommit = UNKNOWN_COMMIT
    timeout_s: float | None = None
    double_runs: bool = False


def record(plan: RecordingPlan, progress: RunProgress, clock: Clock = time.monotonic) -> Recording:
    """Run the simulator to its end and store the run in the plan's folder.

    Args:
        clock: monotonic, in seconds.

    Returns:
        The manifest as written. `whole` is True if all of the run was recorded.

    Raises:
        UsageError: the plan cannot be carried out; the folder is unchanged.
        OSError: the folder cannot be written to; the simulator was stopped.
    """
    _refuse(plan)
    created = _make_folder(plan.folder)
    started = _started(plan)
    manifest = plan.folder / MANIFEST
    early: list[int] = []  # signals that come before there is a process to pass them to
    with signals_to(early.append) as signals:
        with _clean_up_unless_started(plan.folder, created):
            replace_file(manifest, started.to_json().encode())
            with ExitStack() as unless_started:
                log = BoundedLog(plan.folder / STDERR)
                unless_started.callback(log.finish)
                artifact = PackedFile(plan.folder / STREAM)
                unless_started.callback(artifact.finish)
                child = Child(filled(plan.command, plan.scenario, str(plan.seed), plan.iterations), log.write)
                unless_started.pop_all()
        recorder = _Recorder(
            plan=plan, started=started, child=child, artifact=artifact, log=log, progress=progress, clock=clock
        )
        signals.handle = recorder.on_signal
        for number in early:
            recorder.on_signal(number)
        return recorder.run()


class _Recorder:
    """One run of the simulator, while it lasts."""

    def __init__(
        self,
        plan: RecordingPlan,
        started: Recording,
        child: Child,
        artifact: PackedFile,
        log: BoundedLog,
        progress: RunProgress,
        clock: Clock,
    ) -> None:
        self._plan, self._recording, self._child = plan, started, child
        self._artifact, self._log = artifact, log
        self._progress, self._clock = progress, clock
        self._compactor = Compactor()
        self._began = clock()
        self._timed_out = self._interrupted = False

    def run(self) -> Recording:
        """Record until the output and the process have ended."""
        try:
            at_end = self._pump()
            self._artifact.write(self._compactor.finish())
            self._artifact.finish()
        except BaseException:
            self._interrupted, at_end = True, False
            raise
        finally:
            status = self._child.close()
            self._progress.clear()
            with suppress(OSError):
                self._log.finish()
            ended = self._ended(status, at_end)
            with suppress(OSError):
                replace_file(self._plan.folder / MANIFEST, ended.to_json().encode())
        if self._child.log_error:
            raise self._child.log_error
        return ended

    def on_signal(self, number: int) -> None:
        """Pass a signal to the simulator; the second one kills it."""
        self._interrupted = True
        self._child.ask_to_end(number, self._clock())

    def _pump(self) -> bool:
        """Copy output from the pipe to the file. Returns whether the end of the output was reached."""
        flushed, output_ended = self._began, False
        while not (output_ended and self._child.status() is not None):
            piece = None
            if output_ended:
                time.sleep(WAIT_S / 10)  # a simulator that has closed its output may still run
            else:
                piece = self._child.piece(WAIT_S)
            if piece:
                self._artifact.write(self._compactor.feed(piece))
            output_ended |= piece == b""
            now = self._clock()
            if now - flushed >= FLUSH_EVERY_S:
                self._artifact.flush()
                self._log.flush()
                flushed = now
            self._progress.advance(self._compactor.iterations)
            if self._plan.timeout_s is not None and now - self._began >= self._plan.timeout_s and not self._timed_out:
                if self._child.stopping_since is None:
                    self._child.ask_to_end(signal.SIGTERM, now)
                self._timed_out = True
            if not piece and not self._child.keep_order(now):
                return False
            if piece and self._child.stopping_since is not None:
                self._child.keep_order(now)
        return True

    def _ended(self, status: int | None, at_end: bool) -> Recording:
        """The manifest of a run that has ended, in whatever way."""
        stream, duration_s = self._compactor, max(self._clock() - self._began, 1e-6)
        whole = at_end and stream.started and stream.ended and not (self._timed_out or self._interrupted)
        return replace(
            self._recording,
            duration_s=round(duration_s, 3),
            rate=round(stream.iterations / duration_s, 3),
            exit_code=status if status is not None and status >= 0 else None,
            signal=-status if status is not None and status < 0 else None,
            timed_out=self._timed_out,
            interrupted=self._interrupted,
            whole=whole,
            lines=stream.lines,
            unknown_records=stream.unknown_records,
            kept={"compact": stream.compact, "verbatim": stream.verbatim},
            stderr_bytes=self._log.size,
            stderr_dropped_bytes=self._log.dropped,
            last_words=() if whole and not status else last_words(self._log.end),
        )


def _refuse(plan: RecordingPlan) -> None:
    """Refuse a plan that cannot be carried out, before anything is written."""
    if not plan.command:
        raise UsageError("no command: put it behind --, as in `record … -- vopr --seed {seed} --json`")
    unknown = unknown_placeholders(plan.command)
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise UsageError(f"the command has the unknown placeholder {shown('{' + unknown[0] + '}')}; known: {known}")
    if not 0 < len(plan.scenario) <= SCENARIO_CHARACTERS_MAX:
        raise UsageError(f"--scenario: expected a name of 1 to {SCENARIO_CHARACTERS_MAX} characters")
    if len(plan.command) > COMMAND_WORDS_MAX or max(map(len, plan.command)) > WORD_CHARACTERS_MAX:
        raise UsageError(f"the command is too long: at most {COMMAND_WORDS_MAX:,} words of {WORD_CHARACTERS_MAX:,}")
    try:
        size = len(_started(plan).to_json())
    except UnicodeEncodeError:
        raise UsageError("the command or the scenario holds bytes that are not UTF-8") from None
    if size > MANIFEST_BYTES_MAX // 2:
        raise UsageError(f"the command is too long: its manifest takes {size:,} bytes")


def _started(plan: RecordingPlan) -> Recording:
    """The manifest of a run that is about to begin."""
    return Recording(
        command=plan.command,
        scenario=plan.scenario,
        seed=str(plan.seed),
        iterations=plan.iterations,
        commit=plan.commit.name,
        commit_source=plan.commit.source,
        head=plan.commit.head,
        double_runs=plan.double_runs or DOUBLE_RUNS_FLAG in plan.command,
        started_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        timeout_s=plan.timeout_s,
        host=Host(platform.system(), platform.machine(), platform.python_version()),
        version=__version__,
        id=secrets.token_hex(16),
    )


def _make_folder(folder: Path) -> list[Path]:
    """Create a folder, or use an empty one. Returns the folders that were created, the innermost first."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError(f"--out {printable(str(folder))} is not empty: a recording needs a folder of its own")
    except (OSError, ValueError) as error:
        raise UsageError(f"--out {printable(str(folder))} cannot be used: {why(error)}") from None
    return missing


@contextmanager
def _clean_up_unless_started(folder: Path, created: Sequence[Path]) -> Iterator[None]:
    """Remove all files and folders if the simulator could not be started."""
    try:
        yield
    except BaseException:
        for name in (MANIFEST, STDERR, STREAM):
            with suppress(OSError):
                (folder / name).unlink()
        for path in created:
            with suppress(OSError):
                path.rmdir()
        raise
