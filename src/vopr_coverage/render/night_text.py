"""The verdict on a night for a terminal: what is wrong and what to do, the parts, what to add; the verdict last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from vopr_coverage.causes.night import causes_of_night
from vopr_coverage.causes.night_trends import Moved, moved_figures
from vopr_coverage.doctor.verdict import BlindSpot
from vopr_coverage.errors import printable
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.job_results import title
from vopr_coverage.nightly.verdict import Finding, GreenNight, JobSeen, NightVerdict, Work
from vopr_coverage.render.budget import TEXT_ENTRIES_MAX
from vopr_coverage.render.marks import MARKS

HEADINGS = {
    "passed": "The night passed",
    "failed": "The night failed",
    "incomplete": "The night is incomplete",
    "error": "The night could not be judged",
}
CAUSES_MAX, REMARKS_MAX, WARNINGS_MAX, LINES_MAX, SOURCES_MAX = 3, 5, 3, 10, 3


def render_night_text(verdict: NightVerdict, *, verbose: bool = False) -> str:
    """The answer as text, the verdict in its last line. Nothing in it moves a cursor or ends a line of ours.

    Args:
        verbose: with all findings, all figures and all warnings.
    """
    causes = causes_of_night(verdict)
    most = TEXT_ENTRIES_MAX if verbose else CAUSES_MAX
    moved = moved_figures(verdict, causes)
    blocks = [
        *_section("What is wrong", (_cause(verdict, cause) for cause in causes), most),
        *_section("Last green night", _green(verdict.last_green if causes else None, verdict.place.commit), 1),
        *_section("Add to the regression file", map(printable, verdict.regressions), LINES_MAX),
        *_section("Parts", _parts(verdict.jobs, verbose=verbose), TEXT_ENTRIES_MAX),
        *_section("Trends", map(_trend, moved), TEXT_ENTRIES_MAX if verbose else REMARKS_MAX),
        *(_details(verdict) if verbose else ()),
        *_section("Warnings", map(_warning, verdict.warnings), TEXT_ENTRIES_MAX if verbose else WARNINGS_MAX),
        f"{MARKS[verdict.status]} {HEADINGS[verdict.status]}: {_summary(verdict, causes)}\n",
    ]
    return "\n".join(blocks)


def _details(verdict: NightVerdict) -> Iterator[str]:
    from vopr_coverage.render.night_figures import bounds  # markupsafe takes time to load

    spots = verdict.gate.blind_spots if verdict.gate else ()
    yield from _section("Findings", map(_finding, verdict.findings), TEXT_ENTRIES_MAX)
    yield from _section("Asked, planned, ran", map(_work, verdict.work), TEXT_ENTRIES_MAX)
    yield from _section("Bounds", bounds(verdict), TEXT_ENTRIES_MAX)
    yield from _section("What the gate does not notice", map(_blind_spot, spots), TEXT_ENTRIES_MAX)


def _section(heading: str, entries: Iterable[str], most: int) -> Iterator[str]:
    shown = list(entries)
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:most]]
    if len(shown) > most:
        lines.append(f"  … and {len(shown) - most:,} more, all of them in the verdict file")
    yield "\n".join([f"{heading}:", *lines, ""])


def _summary(verdict: NightVerdict, causes: Sequence[Cause]) -> str:
    """The last line after its mark: how many parts passed, or the first cause."""
    if not causes:
        return printable(verdict.reason)
    more = f" and {counted(len(causes) - 1, 'more cause')}" if len(causes) > 1 else ""
    return plain(causes[0].what) + more


def plain(what: str) -> str:
    """What a cause is, without the marks around names."""
    return printable(what.replace("`", ""))


def _cause(verdict: NightVerdict, cause: Cause) -> str:
    lines = [plain(cause.what)]
    parts: dict[str, list[str]] = {}
    for finding in (verdict.findings[position] for position in cause.findings):
        known = parts.setdefault(finding.job, [])
        if finding.source and finding.source not in known:
            known.append(finding.source)
    lines += [f"in {title(job)}: {_listed(sources)}" for job, sources in parts.items() if sources]
    if cause.not_run:
        lines.append(printable(cause.not_run))
    if cause.command:
        lines.append(printable(cause.command) + ("  # the whole run" if cause.whole_run else ""))
    if cause.advice:
        lines.append(printable(cause.advice))
    return "\n      ".join([*lines, *map(printable, cause.details[:SOURCES_MAX])])


def _listed(sources: Sequence[str]) -> str:
    more = f" and {len(sources) - SOURCES_MAX:,} more" if len(sources) > SOURCES_MAX else ""
    return ", ".join(map(printable, sources[:SOURCES_MAX])) + more


def _green(green: GreenNight | None, commit: str | None) -> Iterator[str]:
    if green is None:
        return
    night = f"night {green.run_number:,}" if green.run_number else "night"
    commits = f", at commit {green.commit[:7]}" if green.commit else ""
    same = " as tonight" if green.commit and green.commit == commit else ""
    yield f"{night} on {printable(green.day)}{printable(commits)}{same}"


def _parts(jobs: Sequence[JobSeen], *, verbose: bool) -> Iterator[str]:
    """Parts that are not well each with its line, and the others by name alone."""
    quiet = () if verbose else ("passed", "not required")
    for job in jobs:
        if job.status not in quiet:
            yield f"{MARKS[job.status]} {title(job.name)}: {printable(job.line)}"
    for status in quiet:
        names = [title(job.name) for job in jobs if job.status == status]
        if names:
            yield f"{MARKS[status]} {status}: {', '.join(names)}"


def _finding(finding: Finding) -> str:
    where = f"{title(finding.job)}, {printable(finding.source)}" if finding.source else title(finding.job)
    lines = [f"{where}: {printable(finding.line)}", *filter(None, [printable(finding.detail)])]
    if finding.repro:
        lines.append(printable(finding.repro) + ("  # the whole run" if finding.whole_run else ""))
    if finding.advice:
        lines.append(printable(finding.advice))
    return "\n      ".join(lines)


def _work(work: Work) -> str:
    from vopr_coverage.model.figures import in_digits

    figures = [f"{work.ran:,} of {work.planned:,} planned and {work.asked:,} asked for"]
    if work.lost:
        figures.append(f"{work.lost} of {counted(work.runs, 'run')} lost")
    if work.failed:
        figures.append(f"{counted(work.failed, 'seed')} failed")
    if work.failed_as_expected:
        figures.append(f"{counted(work.failed_as_expected, 'seed')} failed as expected")
    if work.rate is not None:
        figures.append(f"{in_digits(work.rate)}/s")
    if work.fault_points_hit is not None:
        figures.append(f"{work.fault_points_hit} of {counted(work.fault_points_known or 0, 'fault point')}")
    if work.invariants is not None:
        figures.append(f"{counted(work.invariants, 'invariant')} ran")
    if work.view_changes is not None:
        figures.append(counted(work.view_changes, "view change"))
    return f"{title(work.job)}, {printable(work.scenario)}: {', '.join(figures)}"


def _blind_spot(spot: BlindSpot) -> str:
    where = f"{printable(spot.scenario)}: " if spot.scenario else ""
    return where + printable(spot.what) + (f" ({printable(spot.note)})" if spot.note else "")


def _trend(moved: Moved) -> str:
    """What moved together: the first figure, and how many others."""
    line, others = moved.lines[0], len(moved.lines) - 1
    more = f"; {counted(others, 'more figure')} moved with it" if others else ""
    return f"{title(line.job)}, {printable(line.scenario)}, {printable(line.figure)}: {printable(line.remark)}{more}"


def _warning(warning: Remark) -> str:
    return printable(f"{warning.source}: {warning.text}" if warning.source else warning.text)
