"""Canary runs as a night leaves them: a folder for each, and one for each control run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.canaries.controls import CONTROL, ControlRun, refuse_unclear
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun
from vopr_coverage.errors import UsageError, UserError, printable, shown
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import FailureGroup, Finish, Input, Run
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.foundationdb import joined
from vopr_coverage.reading.recorded import AS_SHOWN, ReadAs, read_file

BUILD_FAILED = "build-failed"
BUILD_FAILED_WHY = "there is no run because its build failed"


def is_of_control(name: str) -> bool:
    """Whether a folder, or a run of a plan, has the name of a control run: `control`, or `control-SCENARIO`."""
    return name == CONTROL or name.startswith(f"{CONTROL}-")


def controls_in(folder: Path, names: Sequence[str], read_as: ReadAs = AS_SHOWN) -> list[ControlRun]:
    """The control runs among these folders of a night.

    Raises:
        UserError: there is none, one cannot be read, or it is not clear which one a canary is compared with.
    """
    if not names:
        raise UsageError(f"there is no control run: {printable(str(folder / CONTROL))} is missing")
    for name in names:
        if (folder / name / BUILD_FAILED).exists():
            raise UsageError("there is no control run because its build failed")
    controls = [ControlRun(read_run(str(folder / name), read_as), str(folder / name)) for name in names]
    refuse_unclear(controls)
    return controls


def canary_run(name: str, folder: Path, read_as: ReadAs = AS_SHOWN) -> CanaryRun:
    """A canary's run, or what stands in its way: a run that can't be read is one canary's matter."""
    path = str(folder)
    if (folder / BUILD_FAILED).exists():
        return CanaryRun(name, ending=CanaryEnding.BUILD_FAILED, why=BUILD_FAILED_WHY)
    if not os.path.lexists(folder):
        return CanaryRun(name, why=f"there is no {folder}")
    try:
        return CanaryRun(name, read_run(path, read_as), path=path)
    except UserError as error:
        return CanaryRun(name, ending=CanaryEnding.UNUSABLE, why=str(error).splitlines()[0])


def read_run(path: str, read_as: ReadAs = AS_SHOWN) -> Input:
    """One run: a stream, or a recording.

    Raises:
        UserError: none, several, or one that can't be read.
    """
    (file, *more) = find_reports([path])
    if more:
        raise UsageError(f"expected one run, found {1 + len(more)} that match {shown(path)}")
    (read,) = joined([read_file(file, read_as=read_as)], read_as.declared)
    named = file.scenario or read.scenario
    read = replace(read, source=file.label, scenario=named, own_scenario=read.scenario, recording=file.recording)
    return replace(read, run=read.run or run_in_files(read.observed, read.finish))


def run_in_files(observed: Observed | None, finish: Finish | None) -> Run | None:
    """A run of a format that knows properties and no seeds: each file is an iteration, each broken property a failure.

    None without properties, since nothing in such a file shows what ran.
    """
    if observed is None:
        return None
    return Run(
        starting_seed=None,
        announced=None,
        records=observed.runs,
        failed_records=0,
        iterations=observed.runs,
        ended_early=finish.ended_early if finish else None,
        failures=tuple(
            FailureGroup(invariant=broken.name, count=broken.runs, message=broken.line, seeds=())
            for broken in observed.broken.values()
        ),
    )
