"""Run a simulator and store its output: the compact stream, its stderr, and a manifest.

The folder can be read at any moment: the manifest is there from the start and is replaced at the end, and the stream
is flushed every second. Nothing is judged here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.files import replace_file, why
from vopr_coverage.model.manifest import MANIFEST, OUTPUT, STDERR, STREAM, Recording
from vopr_coverage.progress import RunProgress
from vopr_coverage.recorder.child import signals_to
from vopr_coverage.recorder.files import BoundedLog, PackedFile
from vopr_coverage.recorder.per_seed import SeedSession
from vopr_coverage.recorder.plan import RecordingPlan, refuse, started_by
from vopr_coverage.recorder.process import Clock
from vopr_coverage.recorder.session import Session


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
    refuse(plan)
    created = _make_folder(plan.folder)
    started = started_by(plan)
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
                session = _session(plan, started, artifact, log, progress, clock)
                unless_started.pop_all()
        signals.handle = session.on_signal
        for number in early:
            session.on_signal(number)
        return session.run()


def _session(
    plan: RecordingPlan,
    started: Recording,
    artifact: PackedFile,
    log: BoundedLog,
    progress: RunProgress,
    clock: Clock,
) -> Session | SeedSession:
    if plan.per_seed:
        return SeedSession(
            plan=plan, runs=plan.per_seed, started=started, artifact=artifact, log=log, progress=progress, clock=clock
        )
    session = Session(plan=plan, started=started, artifact=artifact, log=log, progress=progress, clock=clock)
    session.start(plan.seed, plan.iterations)
    return session


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
        for name in (MANIFEST, STDERR, STREAM, OUTPUT):
            with suppress(OSError):
                (folder / name).unlink()
        for path in created:
            with suppress(OSError):
                path.rmdir()
        raise
