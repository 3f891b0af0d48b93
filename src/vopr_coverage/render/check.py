"""The verdict of a check: for a terminal, the seed script's block first, and as the Markdown of the job summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from markupsafe import Markup

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import BaseSeen, Failure, JudgedReport, Remark, Verdict, Violation
from vopr_coverage.render.budget import (
    SUMMARY_BYTES_MAX,
    SUMMARY_BYTES_MIN,
    TEXT_ENTRIES_MAX,
    TEXT_LINES_MAX,
    utf8_bytes,
)
from vopr_coverage.render.marks import FAILED, PASSED
from vopr_coverage.render.outline import nothing_judged, problems_of

DETAILS_MAX = 10  # per piece of advice
REPROS_MAX = 10


def render_check_text(verdict: Verdict) -> str:
    """The whole answer; the first block is the seed script's, line for line."""
    if nothing_judged(verdict):
        error = "\n".join(printable(line) for line in (verdict.error or "").split("\n"))
        return f"{FAILED} Coverage validation could not be done\n\n{error}\n"
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    blocks = [
        _block(verdict),
        *_section("Judged less strictly than on base", _loosened(verdict.reports)),
        *_section(
            "Reports of the base that are missing here", map(printable, verdict.base.absent if verdict.base else ())
        ),
        *_section("Hit on base, not here", _lost(verdict.reports)),
        *_section("Newly hit", _gained(verdict.reports)),
        *_section("What to do", _advice(verdict.violations)),
        *_section("Replay the failing seeds", map(_repro, unexpected), REPROS_MAX),
        *_section("Warnings", map(_warning, verdict.warnings)),
        *_section("Too short to tell", _too_short(verdict.reports)),
        *_section("Judged", map(_judged, verdict.reports)),
        *_base(verdict.base),
    ]
    return "\n".join(blocks)


def _block(verdict: Verdict) -> str:
    what = "Run health" if verdict.health_only else "Coverage validation"
    if verdict.passed:
        return f"{PASSED} {what} PASSED\n"
    problems = [f"cannot be judged: {printable(line)}" for line in problems_of(verdict)]
    lines = [*problems, *(f"{printable(each.source)}: {printable(each.line)}" for each in verdict.violations)]
    listed = [f"  - {line}" for line in lines[:TEXT_LINES_MAX]]
    if len(listed) < len(lines):
        listed.append(f"  … and {len(lines) - len(listed)} more, all of them in the verdict file")
    left_out = f": {counted(len(verdict.unusable) or 1, 'report')} cannot be judged" if problems else ""
    total = f"Total violations: {len(verdict.violations)}"
    return "\n".join([f"{FAILED} {what} FAILED{left_out}", "", *listed, "", total, ""])


def _section(heading: str, entries: Iterable[str], most: int = TEXT_ENTRIES_MAX) -> Iterator[str]:
    """A heading with its entries, each once. The lines below an entry's first are ours, and indented."""
    shown = list(dict.fromkeys(entries))
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:most]]
    if len(shown) > most:
        lines.append(f"  … and {len(shown) - most} more, all of them in the verdict file")
    yield "\n".join([f"{heading}:", *lines, ""])


def _too_short(reports: Iterable[JudgedReport]) -> Iterator[str]:
    return (printable(f"{report.name}: {text}") for report in reports for text in report.too_short)


def _loosened(reports: Iterable[JudgedReport]) -> Iterator[str]:
    for report in reports:
        yield from map(printable, report.change.loosened if report.change else ())


def _lost(reports: Iterable[JudgedReport]) -> Iterator[str]:
    for report in reports:
        if report.change:
            yield from _named(report, "fault point", report.change.lost_points)
            yield from _named(report, "invariant", report.change.lost_invariants)


def _gained(reports: Iterable[JudgedReport]) -> Iterator[str]:
    for report in reports:
        if report.change:
            yield from _named(report, "fault point", report.change.new_points)
            yield from _named(report, "invariant", report.change.new_invariants)


def _named(report: JudgedReport, kind: str, names: Iterable[str]) -> Iterator[str]:
    return (f"{printable(report.name)}: {kind} {printable(name)}" for name in names)


def _base(base: BaseSeen | None) -> Iterator[str]:
    """What the run was compared with, or why it wasn't."""
    if base and base.missing is None:
        yield f"Compared with {printable(base.origin)}\n"
    elif base:
        yield f"No comparison with base: {printable(base.origin)}: {printable(base.missing or '')}\n"


def _advice(violations: Iterable[Violation]) -> Iterator[str]:
    """One entry per gate and advice, and below it what only its violations can say."""
    details: dict[str, list[str]] = {}
    for violation in violations:
        lines_of_gate = details.setdefault(f"{printable(violation.gate)}: {printable(violation.advice)}", [])
        if violation.detail:
            lines_of_gate.append(f"{printable(violation.source)}: {printable(violation.detail)}")
    for advice, lines_of_gate in details.items():
        lines = [advice, *lines_of_gate[:DETAILS_MAX]]
        if len(lines_of_gate) > DETAILS_MAX:
            lines.append(f"… and {len(lines_of_gate) - DETAILS_MAX} more")
        yield "\n      ".join(lines)


def _repro(failure: Failure) -> str:
    """The command on a line of its own: it is there to be copied."""
    seed = f" on seed {printable(failure.seeds[0])}" if failure.seeds else ""
    hint = " (fill in the scenario)" if failure.fill_in else ""
    hint += " (replays the whole run)" if failure.whole_run else ""
    return f"{printable(failure.invariant)}{seed}{hint}\n      {printable(failure.repro)}"


def _warning(warning: Remark) -> str:
    return printable(f"{warning.source}: {warning.text}" if warning.source else warning.text)


def _judged(report: JudgedReport) -> str:
    parts = [printable(report.name)]
    if report.scenario:
        parts.append(f"scenario {printable(report.scenario)}")
    ran = [read.iterations for read in report.inputs if read.iterations is not None]
    if ran:
        parts.append(counted(sum(ran), "iteration"))
    if report.report:
        parts.append(
            f"{report.report.fault_points_hit:,} of {counted(report.report.total_fault_points, 'fault point')}"
        )
    return f"{', '.join(parts)}, against {printable(report.thresholds)}: {printable(report.status)}"


def render_check_markdown(
    verdict: Verdict,
    budget: int = SUMMARY_BYTES_MAX,
    size: Callable[[str], int] = utf8_bytes,
    elsewhere: str = "the verdict file",
    place: str = "",
) -> str:
    """The job summary, of at most `budget` in units of `size`.

    Args:
        budget: SUMMARY_BYTES_MIN or more.
        elsewhere: where all that is left out can be found; text of ours.
        place: the address of the repository's files at the commit that is judged, or "".
    """
    from vopr_coverage.render.tiers import draft_until_it_fits  # jinja2 takes long to load

    assert budget >= SUMMARY_BYTES_MIN, "a headline must fit"
    return draft_until_it_fits("check.md.j2", verdict, Markup(elsewhere), budget, size, place=place)  # noqa: S704 (ours)
