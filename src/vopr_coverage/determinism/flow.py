"""From the runs that the user names to the verdict on their determinism, in one straight line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.check.flow import Settings, find_and_load_config
from vopr_coverage.determinism.judge import Context, Subject, judge_one, judge_two
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.reading.find import ReportFile, find_reports
from vopr_coverage.reading.seeds import opened_seeds
from vopr_coverage.reading.source import Progress

TWO_PROCESSES = "two runs must come from two processes, or the comparison proves nothing"


def doublecheck(
    runs: Sequence[str], settings: Settings, progress: Callable[[str], Progress | None] = lambda _: None
) -> DeterminismVerdict:
    """Judge one run that made every seed twice, or compare two.

    Args:
        runs: one or two lines as `find_reports` takes them.
        settings: of these, `config`, `scenario`, `folder` and `roots` count.
        progress: gives each file, by its path, a callback for the bytes read, or None.

    Raises:
        UserError: runs, config or settings that can't be used, copies among them; nothing was judged.
    """
    config = find_and_load_config(settings)
    files = _one_or_two(runs, settings)
    for file in files:
        config.scenario(file.scenario)
    context = Context(__version__, config.repro)
    with ExitStack() as stack:
        opened = [stack.enter_context(opened_seeds(file.path, progress(file.path))) for file in files]
        subjects = [
            Subject(file.label, file.scenario, seeds, file.recording) for file, seeds in zip(files, opened, strict=True)
        ]
        if len(subjects) == 1:
            return judge_one(subjects[0], context)
        verdict = judge_two(subjects[0], subjects[1], context)
    if opened[0].marks and opened[0].marks == opened[1].marks:
        one, other = (printable(file.path) for file in files)
        raise UsageError(f"{one} and {other} hold the same run, begun and ended at the same instant: {TWO_PROCESSES}")
    return verdict


def _one_or_two(runs: Sequence[str], settings: Settings) -> list[ReportFile]:
    """The files, each with its scenario; both have the same, or none is known."""
    files = find_reports(runs, settings.roots)
    if len(files) == 1 and len(runs) > 1:
        raise UsageError(f"{printable(files[0].path)} is named twice: {TWO_PROCESSES}")
    if len(files) > 2:
        raise UsageError(f"expected one run or two of the same seeds, found {len(files)}")
    scenarios = [file.scenario or settings.scenario for file in files]
    known = [name for name in scenarios if name is not None]
    if len({name.lower() for name in known}) > 1:
        raise UsageError(f"these are runs of two scenarios, {shown(known[0])} and {shown(known[1])}")
    return [replace(file, scenario=known[0] if known else None) for file in files]
