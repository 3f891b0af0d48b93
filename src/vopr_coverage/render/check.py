"""The verdict of a check: for a terminal, the seed script's block first, and as the Markdown of the job summary."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from markupsafe import Markup

from vopr_coverage.causes.check import causes_of
from vopr_coverage.errors import printable
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import BaseSeen, Failure, JudgedReport, Verdict, Violation
from vopr_coverage.render.budget import (
    SUMMARY_BYTES_MAX,
    SUMMARY_BYTES_MIN,
    TEXT_ENTRIES_MAX,
    TEXT_LINES_MAX,
    utf8_bytes,
)
from vopr_coverage.render.marks import FAILED, PASSED
from vopr_coverage.render.outline import nothing_judged, problems_of, regressions_of
from vopr_coverage.render.terminal import UNWRAPPED, Terminal, on_terminal
from vopr_coverage.render.warnings import warning_lines

REGRESSIONS = "Add to the regression file"
IN_THE_FILE = "in the verdict file"
FAILED_BLOCK_LINES = 5  # heading, total and three empty lines, besides the list
DETAILS_MAX = 10  # per piece of advice
REPROS_MAX = 10


def render_check_text(verdict: Verdict, terminal: Terminal = UNWRAPPED) -> str:
    """The whole answer; the first block is the seed script's, line for line, and the verdict stands last."""
    if nothing_judged(verdict):
        return on_terminal(not_judged(verdict), terminal)
    causes = () if verdict.passed else causes_of(verdict)
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    blocks = [
        block(verdict),
        *section("Causes", map(_cause, causes)),
        *section("Judged less strictly than on base", loosened(verdict.reports)),
        *section(
            "Reports of the base that are missing here", map(printable, verdict.base.absent if verdict.base else ())
        ),
        *section("Hit on base, not here", _lost(verdict.reports)),
        *section("Newly hit", _gained(verdict.reports)),
        *section("What to do", _advice(verdict.violations)),
        *section("Replay the failing seeds", map(_repro, unexpected), REPROS_MAX),
        *section(REGRESSIONS, regressions_of(verdict)),
        *section("Warnings", warning_lines(verdict)),
        *section("Too short to tell", _too_short(verdict.reports)),
        *section("Judged", (judged_line(report, health_only=verdict.health_only) for report in verdict.reports)),
        *base_line(verdict.base),
        f"{verdict_line(verdict, causes)}\n",
    ]
    commands = [cause.command for cause in causes] + [failure.repro for failure in unexpected]
    exact = [f"- {line}" for line in (*listed_lines(verdict), *regressions_of(verdict))]
    return on_terminal("\n".join(blocks), terminal, list(map(printable, filter(None, commands))), exact)


def not_judged(verdict: Verdict) -> str:
    """The text of a verdict that has an error in place of a judgement."""
    error = "\n".join(printable(line) for line in (verdict.error or "").split("\n"))
    return f"{FAILED} Coverage validation could not be done\n\n{error}\n\n{FAILED} Nothing was judged\n"


def block(
    verdict: Verdict, most: int = TEXT_LINES_MAX, elsewhere: str = IN_THE_FILE, lines: Sequence[str] | None = None
) -> str:
    """The seed script's block: heading, the first lines of its list, total.

    Args:
        most: at most so many lines of the list.
        elsewhere: where the others are.
        lines: the list, where it is to begin with others than the seed script's; None: as the seed script has it.
    """
    if verdict.passed:
        return f"{PASSED} {_what(verdict)} PASSED\n"
    lines = listed_lines(verdict) if lines is None else lines
    listed = [f"  - {line}" for line in lines[:most]]
    if len(listed) < len(lines):
        listed.append(f"  … and {len(lines) - len(listed):,} more {elsewhere}")
    total = f"Total violations: {len(verdict.violations)}"
    left_out = f": {counted(len(verdict.unusable) or 1, 'report')} cannot be judged" if problems_of(verdict) else ""
    return "\n".join([f"{FAILED} {_what(verdict)} FAILED{left_out}", "", *listed, "", total, ""])


def listed_lines(verdict: Verdict) -> list[str]:
    """The lines of the block's list: what cannot be judged, and every violation."""
    problems = [f"cannot be judged: {printable(line)}" for line in problems_of(verdict)]
    return [*problems, *(f"{printable(each.source)}: {printable(each.line)}" for each in verdict.violations)]


def verdict_line(verdict: Verdict, causes: Sequence[Cause] = ()) -> str:
    """The last line of a text: how it ended, and why in a few words."""
    if verdict.passed:
        return f"{PASSED} {_what(verdict)} passed: {printable(verdict.reason)}"
    figures = [counted(len(causes), "cause")] if causes else []
    figures += [counted(len(verdict.violations), "violation")] if verdict.violations else []
    if problems_of(verdict):
        figures.append(f"{counted(len(verdict.unusable) or 1, 'report')} not judged")
    return f"{FAILED} {_what(verdict)} failed: {', '.join(figures)}"


def _what(verdict: Verdict) -> str:
    return "Run health" if verdict.health_only else "Coverage validation"


def section(
    heading: str, entries: Iterable[str], most: int = TEXT_ENTRIES_MAX, elsewhere: str = IN_THE_FILE
) -> Iterator[str]:
    """A heading with its entries, each once. The lines below an entry's first are ours, and indented."""
    shown = list(dict.fromkeys(entries))
    if not shown:
        return
    lines = [f"  - {entry}" for entry in shown[:most]]
    if len(shown) > most:
        lines.append(f"  … and {len(shown) - most:,} more {elsewhere}")
    yield "\n".join([f"{heading}:", *lines, ""])


def _cause(cause: Cause) -> str:
    lines = [
        cause.what,
        cause.not_run,
        *cause.details,
        cause.since,
        cause.command and cause.command + command_hint(cause),
        cause.advice,
    ]
    return "\n      ".join(printable(line) for line in lines if line)


def command_hint(cause: Cause) -> str:
    """What a command does not do by itself, as a comment behind it."""
    return ("  # fill in the scenario" if cause.fill_in else "") + ("  # the whole run" if cause.whole_run else "")


def _too_short(reports: Iterable[JudgedReport]) -> Iterator[str]:
    return (printable(f"{report.name}: {text}") for report in reports for text in report.too_short)


def loosened(reports: Iterable[JudgedReport]) -> Iterator[str]:
    """Each way in which a report is judged less strictly than on its base."""
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


def base_line(base: BaseSeen | None) -> Iterator[str]:
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


def judged_line(report: JudgedReport, *, health_only: bool = False) -> str:
    """One report: what it is, what it was judged against, and how that ended; no coverage that nobody judged."""
    parts = [printable(report.name)]
    if report.scenario:
        parts.append(f"scenario {printable(report.scenario)}")
    ran = [read.iterations for read in report.inputs if read.iterations is not None]
    if ran:
        parts.append(counted(sum(ran), "iteration"))
    if report.report and not health_only:
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
