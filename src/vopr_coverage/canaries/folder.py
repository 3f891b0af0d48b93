"""Canary runs as a night leaves them: a folder for each, and one for the control run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.canaries.judge import CONTROL, CanaryEnding, CanaryRun, CanaryVerdict, Detector, judge_canaries
from vopr_coverage.errors import UsageError, UserError, printable, shown
from vopr_coverage.model.report import Input
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import read_file

BUILD_FAILED = "build-failed"
BUILD_FAILED_WHY = "there is no run because its build failed"


def judge_canary_folder(folder: Path, declared: Mapping[str, Detector], version: str) -> CanaryVerdict:
    """Judge the canaries in `folder` against the control run there.

    Raises:
        UserError: the control run can't be read, so that nothing can be judged.
    """
    if not (folder / CONTROL).exists():
        raise UsageError(f"there is no control run: {printable(str(folder / CONTROL))} is missing")
    control = read_run(str(folder / CONTROL))
    return judge_canaries(control, [canary_run(name, folder / name) for name in declared], declared, version)


def canary_run(name: str, folder: Path) -> CanaryRun:
    """A canary's run, or what stands in its way: a run that can't be read is one canary's matter."""
    if (folder / BUILD_FAILED).exists():
        return CanaryRun(name, ending=CanaryEnding.BUILD_FAILED, why=BUILD_FAILED_WHY)
    if not os.path.lexists(folder):
        return CanaryRun(name, ending=CanaryEnding.NOT_RUN, why=f"there is no {folder}")
    try:
        return CanaryRun(name, read_run(str(folder)))
    except UserError as error:
        return CanaryRun(name, ending=CanaryEnding.UNUSABLE, why=str(error).splitlines()[0])


def read_run(path: str) -> Input:
    """One run: a stream, or a recording.

    Raises:
        UserError: none, several, or one that can't be read.
    """
    (file, *more) = find_reports([path])
    if more:
        raise UsageError(f"expected one run, found {1 + len(more)} that match {shown(path)}")
    return replace(read_file(file), source=file.label, recording=file.recording)
