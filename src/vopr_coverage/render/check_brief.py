"""The verdict of a check on one screen: the seed script's block, the causes with their commands, the verdict last.

All of it is in the verdict file, and in the text that `check -v` prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vopr_coverage.causes.check import causes_of
from vopr_coverage.errors import printable
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import GateResult, JudgedReport, Verdict
from vopr_coverage.render.check import (
    FAILED_BLOCK_LINES,
    REGRESSIONS,
    base_line,
    block,
    command_hint,
    judged_line,
    listed_lines,
    loosened,
    not_judged,
    section,
    verdict_line,
)
from vopr_coverage.render.outline import nothing_judged, regressions_of
from vopr_coverage.render.terminal import Terminal, on_terminal, rows, wrapped
from vopr_coverage.render.warnings import warning_lines, warnings_of

ROWS_MAX = 25  # of a verdict that failed
CAUSES_MAX = 3
ENTRIES_MAX = 5  # per section of a verdict that passed
LISTED_MIN = 3  # violations that are listed before a cause is told at length
LINE_ROWS_MAX = 3  # of what a cause is, and of its advice
DETAILS_MAX = 2
KEPT_MAX = 3  # lines for the regression file
# How long causes are told: details of each, causes with advice, lines of what each is.
_LENGTHS = (
    (DETAILS_MAX, CAUSES_MAX, LINE_ROWS_MAX),
    (0, CAUSES_MAX, LINE_ROWS_MAX),
    (0, 1, LINE_ROWS_MAX),
    (0, 0, 2),
    (0, 0, 1),
)
MORE = "(-v shows all)"


def render_check_brief(verdict: Verdict, terminal: Terminal) -> str:
    """The answer; if it failed, in at most ROWS_MAX rows, and with as many lines of the block as fit into them."""
    if nothing_judged(verdict):
        return on_terminal(not_judged(verdict), terminal)
    if verdict.passed:
        return on_terminal(_passed(verdict), terminal)
    causes = causes_of(verdict)
    commands = [printable(cause.command) for cause in causes if cause.command]
    exact = [f"- {line}" for line in (*listed_lines(verdict), *regressions_of(verdict))]
    return on_terminal(_failed(verdict, causes, terminal.width), terminal, commands, exact)


def _passed(verdict: Verdict) -> str:
    blocks = [
        block(verdict),
        *section("Judged less strictly than on base", loosened(verdict.reports), ENTRIES_MAX, MORE),
        *section("Warnings", warning_lines(verdict), ENTRIES_MAX, MORE),
        "\n".join([*(line.rstrip("\n") for line in base_line(verdict.base)), _folded(verdict), verdict_line(verdict)]),
    ]
    return "\n".join(blocks)


def _failed(verdict: Verdict, causes: Sequence[Cause], width: int) -> str:
    lines = listed_lines(verdict)
    foot = ["", _folded(verdict), verdict_line(verdict, causes)]
    left = ROWS_MAX - FAILED_BLOCK_LINES - rows(foot, width)
    least = rows(_listed(lines, min(LISTED_MIN, len(lines))), width)
    told = next((told for told in _drafts(causes, width) if rows(told, width) + least <= left), [])
    kept = _kept(verdict)
    one = rows(_listed(lines, min(1, len(lines))), width)
    if rows(kept, width) + rows(told, width) + one <= left:
        told += kept
    most = _fitting(lines, left - rows(told, width), width)
    if most < len(lines):  # some are left out: not those of the first causes
        lines = _by_cause(lines, verdict, causes)
        most = _fitting(lines, left - rows(told, width), width)
    return "\n".join([block(verdict, most, MORE, lines), *told, *foot])


def _fitting(lines: Sequence[str], left: int, width: int) -> int:
    """How many of these lines fit into so many rows."""
    most = len(lines)
    while most and rows(_listed(lines, most), width) > left:
        most -= 1
    return most


def _by_cause(lines: Sequence[str], verdict: Verdict, causes: Sequence[Cause]) -> list[str]:
    """The lines of the block's list by cause: one of each, then the others. What cannot be judged stays in front."""
    problems = len(lines) - len(verdict.violations)
    order = [number for cause in causes for number in cause.findings[:1]]
    order += [number for cause in causes for number in cause.findings[1:]]
    return [*lines[:problems], *(lines[problems + number] for number in order)]


def _listed(lines: Sequence[str], most: int) -> list[str]:
    """The first lines of the block's list, and the line that counts the others."""
    return [f"  - {line}" for line in lines[:most]] + ["  … and more"] * (most < len(lines))


def _kept(verdict: Verdict) -> list[str]:
    """The first lines for the regression file."""
    kept = section(REGRESSIONS, regressions_of(verdict), KEPT_MAX, MORE)
    return ["", *"".join(kept).rstrip("\n").split("\n")] if regressions_of(verdict) else []


def _drafts(causes: Sequence[Cause], width: int) -> Iterator[list[str]]:
    """The causes at length, and then shorter and shorter. The first one's command is the last to go."""
    for most in range(min(CAUSES_MAX, len(causes)), 0, -1):
        for details, advised, told_max in _LENGTHS:
            advised = min(advised, most)
            lines: list[str] = []
            for number, cause in enumerate(causes[:most], 1):
                lines += [""] * (number > 1 and advised > 0)
                lines += _cause(number, cause, width, details, told_max)
                if cause.advice and number <= advised:
                    lines += wrapped(f"   {printable(cause.advice)}", width, told_max)
            more = len(causes) - most
            yield lines + ([f"… and {counted(more, 'more cause')} {MORE}"] if more else [])


def _cause(number: int, cause: Cause, width: int, details: int, told_max: int) -> Iterator[str]:
    most = max(told_max, LINE_ROWS_MAX) if number == 1 else told_max
    yield from wrapped(f"{number}. {printable(cause.what)}", width, most)
    if cause.not_run:
        yield from wrapped(f"   {printable(cause.not_run)}", width, 1)
    for line in cause.details[:details]:
        yield from wrapped(f"   {printable(line)}", width, 1)
    if cause.since:
        yield from wrapped(f"   {printable(cause.since)}", width, 1)
    if cause.command:
        yield f"     {printable(cause.command)}{command_hint(cause)}"


def _folded(verdict: Verdict) -> str:
    """What was judged and passed, and how many warnings are not shown, in one line."""
    reports = verdict.reports
    if verdict.passed and len(reports) == 1:
        return judged_line(reports[0], health_only=verdict.health_only)
    gates = [*(result for report in reports for result in report.gates), *_health(reports)]
    required = [result.status for result in gates if result.status is not Status.NOT_REQUIRED]
    passed = f"Passed: {required.count(Status.PASSED):,} of {counted(len(required), 'required gate')}"
    if len(reports) > 1:
        held = sum(report.status == "passed" for report in reports)
        passed += f", {held:,} of {counted(len(reports), 'report')}"
    hidden = "" if verdict.passed or not verdict.warnings else f"; {counted(len(warnings_of(verdict)), 'warning')}"
    return passed + ("" if verdict.passed else f"{hidden} {MORE}")


def _health(reports: Sequence[JudgedReport]) -> Iterator[GateResult]:
    for report in reports:
        for read in report.inputs:
            yield from read.gates
