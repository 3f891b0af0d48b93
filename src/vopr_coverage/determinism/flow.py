"""From the runs that the user names to the verdict on their determinism, in one straight line."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.check.request import as_input, refuse_other_scenario
from vopr_coverage.config.file import Config
from vopr_coverage.config.reading import load_for_runs
from vopr_coverage.determinism.advice import NO_DIGESTS, NOT_MEASURED
from vopr_coverage.determinism.judge import Context, Subject, judge_one, judge_two
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UsageError, UserError, as_one, printable, shown
from vopr_coverage.files import STDIN
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Remark
from vopr_coverage.reading.find import Found, ReportFile, find, find_reports
from vopr_coverage.reading.recorded import SeedlessRun, opened_seeds
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.reading.source import Progress

_FileProgress = Callable[[str], Progress | None]

TWO_PROCESSES = "two runs must come from two processes, or the comparison proves nothing"


class Compared(NamedTuple):
    """The verdict on one run or two, and what each of them said as a whole."""

    verdict: DeterminismVerdict
    inputs: tuple[Input, ...]


def doublecheck(
    runs: Sequence[str],
    config_path: str | None = None,
    scenario: str | None = None,
    progress: _FileProgress = lambda _: None,
) -> DeterminismVerdict:
    """Judge one run whose seeds ran twice, or compare two runs. Of two, one may be unusable: the other one is judged.

    Args:
        runs: one or two lines as `find_reports` takes them.
        config_path: of the config whose `repro` makes the replay commands; None looks for one.
        scenario: of runs that don't name their own.
        progress: gives each file, by its path, a callback for the bytes read, or None.

    Raises:
        UserError: no run that can be used, or a config that can't, or copies; nothing was judged.
    """
    config = load_for_runs(config_path)
    found = find(runs)
    errors = [each.error for each in found.unfound]
    if not found.files:
        raise as_one(errors)
    try:
        if errors:
            raise as_one(errors)
        verdict = compare_runs(runs, config, scenario, progress).verdict
    except UsageError:
        raise
    except UserError as error:
        verdict = _of_the_other(found, config, scenario, error)
    left_out = (Remark("", text) for text in found.left_out)
    return replace(verdict, warnings=(*left_out, *verdict.warnings))


def _of_the_other(found: Found, config: Config, scenario: str | None, problem: UserError) -> DeterminismVerdict:
    """What one of two runs shows by itself, if the other one cannot be used.

    Raises:
        UserError: `problem`, if these are not two runs or one of them cannot be read a second time; or what is wrong
            with both of them.
    """
    if len(found.files) + len(found.unfound) != 2 or any(file.path == STDIN for file in found.files):
        raise problem
    verdicts, errors = [], [each.error for each in found.unfound]
    for file in found.files:
        path = os.path.dirname(file.path) if file.recording else file.path
        try:
            verdicts.append(compare_runs([path], config, file.scenario or scenario).verdict)
        except UserError as error:
            errors.append(error)
    if not verdicts:
        raise as_one(errors)
    if not errors:
        raise problem
    return _beside_unusable(verdicts[0], str(as_one(errors)))


def _beside_unusable(verdict: DeterminismVerdict, problem: str) -> DeterminismVerdict:
    """The verdict on a run whose counterpart cannot be used: an error, whatever it shows by itself.

    That its own check was not on is no finding: a comparison was asked for.
    """
    findings = tuple(finding for finding in verdict.findings if finding.kind not in (NOT_MEASURED, NO_DIGESTS))
    reason = f"1 of 2 runs cannot be compared: {problem.partition(chr(10))[0]}"
    return replace(
        verdict,
        status="error",
        passed=False,
        reason=f"{reason}; {verdict.reason}" if findings else reason,
        findings=findings,
        error=problem,
    )


def compare_runs(
    runs: Sequence[str],
    config: Config,
    scenario: str | None = None,
    progress: _FileProgress = lambda _: None,
    commits: tuple[str, ...] = (),
) -> Compared:
    """`doublecheck` with a config that was loaded already; `commits` are those that the runs may be about."""
    files = _one_or_two(runs)
    context = Context(__version__, config.repro)
    with ExitStack() as stack:
        opened = [stack.enter_context(opened_seeds(file, progress(file.path), config.read_as)) for file in files]
        files = _of_one_scenario(files, opened, scenario)
        for file in files:
            config.scenario(file.scenario)
        subjects = [
            Subject(file.label, file.scenario, seeds, file.recording) for file, seeds in zip(files, opened, strict=True)
        ]
        verdict = judge_one(subjects[0], context) if len(files) == 1 else judge_two(subjects[0], subjects[1], context)
    if len(opened) == 2:
        _refuse_copies(files, opened)
    inputs = (as_input(seeds.read, file, None, commits) for file, seeds in zip(files, opened, strict=True))
    return Compared(verdict, tuple(inputs))


def _refuse_copies(files: Sequence[ReportFile], seeds: Sequence[Seeds | SeedlessRun]) -> None:
    """Refuse two copies of one run.

    Two recordings with different manifests come from two processes. Of streams alone only the times in their first
    and last records can show that, and a simulator with a simulated clock writes the same times in every process.
    """
    one, other = seeds
    recorded = [file.recording for file in files if file.recording]
    if not one.marks or one.marks != other.marks or (len(recorded) == 2 and recorded[0] != recorded[1]):
        return
    names = " and ".join(printable(file.path) for file in files)
    hint = "" if len(recorded) == 2 else "; the manifests of `vopr-coverage record` show which process a run is of"
    raise UsageError(f"{names} hold the same run, begun and ended at the same instant: {TWO_PROCESSES}{hint}")


def _one_or_two(runs: Sequence[str]) -> list[ReportFile]:
    files = find_reports(runs)
    if len(files) == 1 and len(runs) > 1:
        raise UsageError(f"{printable(files[0].path)} is named twice: {TWO_PROCESSES}")
    if len(files) > 2:
        raise UsageError(f"expected one run or two of the same seeds, found {len(files)}")
    return files


def _of_one_scenario(
    files: Sequence[ReportFile], opened: Sequence[Seeds | SeedlessRun], scenario: str | None
) -> list[ReportFile]:
    """The files, each with its scenario; both have the same, or none is known."""
    own = [seeds.start.scenario if seeds.start else None for seeds in opened]
    for file, name in zip(files, own, strict=True):
        if file.recording is None:  # what disagrees with a manifest is a finding about the run
            refuse_other_scenario(file, name)
    scenarios = [file.scenario or name or scenario for file, name in zip(files, own, strict=True)]
    known = [name for name in scenarios if name is not None]
    if len({name.lower() for name in known}) > 1:
        raise UsageError(f"these are runs of two scenarios, {shown(known[0])} and {shown(known[1])}")
    return [replace(file, scenario=known[0] if known else None) for file in files]
