"""The recordings that a night left behind: each is read once, on every core that this process may use."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import msgspec

from vopr_coverage.canaries.folder import canary_run
from vopr_coverage.canaries.judge import CONTROL, CanaryRun
from vopr_coverage.check.flow import as_input
from vopr_coverage.config.file import Config
from vopr_coverage.determinism.flow import compare_runs
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.model.manifest import MANIFEST, STREAM
from vopr_coverage.model.report import Input
from vopr_coverage.nightly.plan import NightPlan, SeedRange, Shard
from vopr_coverage.nightly.replay import replay_runs
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import find_reports

PlannedRun = Shard | SeedRange

SIDES = ("a", "b")
PARALLEL_BYTES_MIN = 4 << 20  # of packed streams; below that, starting processes takes longer than reading

T = TypeVar("T")
Progress = Callable[[int, int], None]


class ReadRun(msgspec.Struct, frozen=True):
    """One planned run as it was found.

    Attributes:
        source: what findings call it: the plan's name, and the side of a pair.
        folder: where its recording belongs.
        present: whether there is a recording at all.
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
    """All recordings of a night, in the order of its plan. `control` is None where none was planned."""

    long_run: tuple[ReadRun, ...]
    regressions: tuple[ReadRun, ...]
    coverage: tuple[ReadRun, ...]
    pairs: tuple[ReadPair, ...]
    control: ReadRun | None
    canaries: tuple[CanaryRun, ...]


def read_night(
    folder: Path,
    plan: NightPlan,
    config: Config,
    commits: tuple[str, ...] = (),
    canaries: bool = True,
    progress: Progress = lambda _done, _total: None,
    processes: int | None = None,
) -> NightRead:
    """Read every recording below `folder` once.

    Args:
        canaries: whether canaries and their control run are to be read.
        commits: those that the runs may be about; a canary's are not compared, for its code differs by design.
        progress: is called with how many readings are done, and of how many.
        processes: how many at once; None for as many as there are cores, if there is enough to read.

    Raises:
        UserError: a reading process was ended from outside.
    """
    jobs: dict[str, Sequence[PlannedRun]] = {
        "long-run": plan.long_run.include,
        "regressions": replay_runs(plan.regressions),
        "coverage": plan.coverage.include,
        "canary": [run for run in plan.canary.include if run.name == CONTROL and canaries],
    }
    names = tuple(config.canaries) if jobs["canary"] else ()
    tasks: list[Callable[[], object]] = []
    for job, runs in jobs.items():
        commits_of_job = () if job == "canary" else commits
        tasks += [partial(_read_run, run, run.name, folder / job / run.name, commits_of_job) for run in runs]
    tasks += [partial(_read_pair, pair, folder / "determinism", config, commits) for pair in plan.determinism.include]
    tasks += [partial(canary_run, name, folder / "canary" / name) for name in names]
    results = iter(_done(tasks, processes or _processes_for(folder), progress))
    by_job = {job: tuple(_next(results, ReadRun) for _ in runs) for job, runs in jobs.items()}
    return NightRead(
        long_run=by_job["long-run"],
        regressions=by_job["regressions"],
        coverage=by_job["coverage"],
        pairs=tuple(_next(results, ReadPair) for _ in plan.determinism.include),
        control=next(iter(by_job["canary"]), None),
        canaries=tuple(_next(results, CanaryRun) for _ in names),
    )


def _next(results: Iterator[object], kind: type[T]) -> T:
    result = next(results)
    assert isinstance(result, kind), "results come in the order of their tasks"
    return result


def _read_run(planned: PlannedRun, source: str, folder: Path, commits: tuple[str, ...]) -> ReadRun:
    found = ReadRun(planned, source, folder, (folder / MANIFEST).exists())
    if not found.present:
        return found
    try:
        (file,) = find_reports([str(folder)])
        read = as_input(read_report(file.path), file, None, commits)
    except UserError as error:
        return msgspec.structs.replace(found, problem=_first_line(error))
    return msgspec.structs.replace(found, read=read)


def _read_pair(planned: PlannedRun, folder: Path, config: Config, commits: tuple[str, ...]) -> ReadPair:
    """Read two runs side by side; where that fails, each by itself, so that each has its own finding."""
    folders = [folder / planned.name / side for side in SIDES]
    problem = ""
    if all((path / MANIFEST).exists() for path in folders):
        try:
            compared = compare_runs([str(path) for path in folders], config, commits=commits)
            runs = [
                ReadRun(planned, f"{planned.name}/{side}", path, True, read)
                for side, path, read in zip(SIDES, folders, compared.inputs, strict=True)
            ]
            return ReadPair((runs[0], runs[1]), compared.verdict)
        except UserError as error:
            problem = _first_line(error)
    runs = [_read_run(planned, f"{planned.name}/{path.name}", path, commits) for path in folders]
    return ReadPair((runs[0], runs[1]), problem=problem)


def _first_line(error: UserError) -> str:
    return printable(str(error).splitlines()[0])


def _processes_for(folder: Path) -> int:
    size = sum(path.stat().st_size for path in folder.rglob(STREAM) if path.is_file())
    if size < PARALLEL_BYTES_MIN:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _done(tasks: Sequence[Callable[[], object]], processes: int, progress: Progress) -> list[object]:
    """The results of all tasks, in their order."""
    results: list[object] = []
    if processes == 1 or len(tasks) < 2:
        for task in tasks:
            results.append(task())
            progress(len(results), len(tasks))
        return results
    # This process has no threads when it gets here, so that forking is safe, and by far the fastest.
    context = get_context("fork" if sys.platform == "linux" else None)
    try:
        with ProcessPoolExecutor(min(processes, len(tasks)), context) as pool:
            for result in pool.map(_call, tasks):
                results.append(result)
                progress(len(results), len(tasks))
    except BrokenProcessPool:
        raise UsageError("a process that reads recordings was ended from outside: is there enough memory?") from None
    return results


def _call(task: Callable[[], T]) -> T:
    return task()
