"""The recordings that a night left behind. Each is read once, on all cores that this process may use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec

from vopr_coverage.canaries.folder import canary_run
from vopr_coverage.canaries.judge import CanaryRun
from vopr_coverage.check.request import as_input
from vopr_coverage.config.file import Config
from vopr_coverage.determinism.flow import compare_runs
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UserError, printable
from vopr_coverage.files import is_there
from vopr_coverage.model.manifest import MANIFEST, STREAM
from vopr_coverage.model.report import Input
from vopr_coverage.nightly.parallel import Progress, Task, cores, run_all
from vopr_coverage.nightly.plan import NightPlan, SeedRange, Shard
from vopr_coverage.nightly.replay import replay_runs
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import read_file

PlannedRun = Shard | SeedRange

SIDES = ("a", "b")
PARALLEL_BYTES_MIN = 4 << 20  # of packed streams; fewer are read faster than processes are started

T = TypeVar("T")


class ReadRun(msgspec.Struct, frozen=True):
    """One planned run, and its recording as it was read.

    Attributes:
        source: its name in findings: that of the plan, and the side of a pair.
        folder: the folder of its recording.
        present: whether there is a recording.
        read: None where the recording is missing or cannot be used; `problem` then says why, in one line.
    """

    planned: PlannedRun
    source: str
    folder: Path
    present: bool
    read: Input | None = None
    problem: str = ""


class ReadPair(msgspec.Struct, frozen=True):
    """Two runs of the same seeds. `verdict` is None where they could not be compared; `problem` then says why."""

    runs: tuple[ReadRun, ReadRun]
    verdict: DeterminismVerdict | None = None
    problem: str = ""


class NightRead(msgspec.Struct, frozen=True):
    """All recordings of a night, in the order of its plan. `controls`: one for each scenario of canaries."""

    long_run: tuple[ReadRun, ...]
    regressions: tuple[ReadRun, ...]
    coverage: tuple[ReadRun, ...]
    pairs: tuple[ReadPair, ...]
    controls: tuple[ReadRun, ...]
    canaries: tuple[CanaryRun, ...]


def read_night(
    folder: Path,
    plan: NightPlan,
    config: Config,
    commits: tuple[str, ...] = (),
    canaries: bool = True,
    progress: Progress | None = None,
    processes: int | None = None,
) -> NightRead:
    """Read every recording below `folder` once.

    Args:
        canaries: whether canaries and their control run are to be read.
        commits: those that may have been simulated. Canaries are not compared with them: their code differs by design.
        progress: if given, is called with how many runs and pairs have been read, and of how many.
        processes: how many may read at once; None: as many as there are cores, or one if there is little to read.

    Raises:
        UsageError: a process that reads was ended from outside.
    """
    jobs: dict[str, Sequence[PlannedRun]] = {
        "long-run": plan.long_run.include,
        "regressions": replay_runs(plan.regressions),
        "coverage": plan.coverage.include,
        "canary": plan.canary.controls if canaries else (),
    }
    names = tuple(config.canaries) if jobs["canary"] else ()
    tasks: list[Task] = []
    for job, runs in jobs.items():
        commits_of_job = () if job == "canary" else commits
        tasks += [partial(_read_run, run, run.name, folder / job / run.name, config, commits_of_job) for run in runs]
    tasks += [partial(_read_pair, pair, folder / "determinism", config, commits) for pair in plan.determinism.include]
    tasks += [partial(canary_run, name, folder / "canary" / name, config.read_as) for name in names]
    results = iter(run_all(tasks, processes or _processes_for(folder), progress))
    by_job = {job: tuple(_next(results, ReadRun) for _ in runs) for job, runs in jobs.items()}
    return NightRead(
        long_run=by_job["long-run"],
        regressions=by_job["regressions"],
        coverage=by_job["coverage"],
        pairs=tuple(_next(results, ReadPair) for _ in plan.determinism.include),
        controls=by_job["canary"],
        canaries=tuple(_next(results, CanaryRun) for _ in names),
    )


def _next(results: Iterator[object], kind: type[T]) -> T:
    result = next(results)
    assert isinstance(result, kind), "results come in the order of their tasks"
    return result


def _read_run(planned: PlannedRun, source: str, folder: Path, config: Config, commits: tuple[str, ...]) -> ReadRun:
    try:
        if not is_there(folder / MANIFEST):
            return ReadRun(planned, source, folder, present=False)
        (file,) = find_reports([str(folder)])
        read = as_input(read_file(file, read_as=config.read_as), file, None, commits)
    except UserError as error:
        return ReadRun(planned=planned, source=source, folder=folder, present=True, problem=_first_line(error))
    return ReadRun(planned=planned, source=source, folder=folder, present=True, read=read)


def _read_pair(planned: PlannedRun, folder: Path, config: Config, commits: tuple[str, ...]) -> ReadPair:
    """Read two runs side by side. If that fails, read each by itself, so that each gets its own finding."""
    folders = [folder / planned.name / side for side in SIDES]
    problem = ""
    try:
        if all(is_there(path / MANIFEST) for path in folders):
            compared = compare_runs([str(path) for path in folders], config, commits=commits)
            left, right = (
                ReadRun(planned=planned, source=f"{planned.name}/{path.name}", folder=path, present=True, read=read)
                for path, read in zip(folders, compared.inputs, strict=True)
            )
            return ReadPair((left, right), compared.verdict)
    except UserError as error:
        problem = _first_line(error)
    left, right = (_read_run(planned, f"{planned.name}/{path.name}", path, config, commits) for path in folders)
    return ReadPair((left, right), problem=problem)


def _first_line(error: UserError) -> str:
    return printable(str(error).splitlines()[0])


def _processes_for(folder: Path) -> int:
    """How many processes pay off, by the size of all packed streams below `folder`."""
    size = sum(path.stat().st_size for path in folder.rglob(STREAM) if path.is_file())
    return 1 if size < PARALLEL_BYTES_MIN else cores()
