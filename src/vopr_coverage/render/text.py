"""The verdict for a terminal: the seed script's block, then what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vopr_coverage.errors import printable
from vopr_coverage.render.budget import TEXT_LINES_MAX
from vopr_coverage.verdict import Failure, JudgedReport, Verdict, Warning_

REPROS_TOLD = 10
WARNINGS_TOLD = 50


def render_text(verdict: Verdict) -> str:
    """The whole answer; the first block is the seed script's, line for line."""
    if verdict.error is not None:
        return f"❌ Coverage validation could not be done\n\n{verdict.error}\n"
    blocks = [_block(verdict)]
    blocks += _section("Bounds below the profile's", (t for r in verdict.reports for t in r.lowered))
    blocks += _section("What to do", _advice(verdict))
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    blocks += _section("Reproduce", (_repro(failure) for failure in unexpected[:REPROS_TOLD]))
    blocks += _section("Warnings", _warnings(verdict.warnings))
    blocks += _section("Judged", (_judged(report) for report in verdict.reports))
    return "\n".join(blocks)


def _block(verdict: Verdict) -> str:
    if verdict.passed:
        return "✅ Coverage validation PASSED\n"
    told = verdict.violations[:TEXT_LINES_MAX]
    lines = [f"  - {printable(violation.source)}: {printable(violation.line)}" for violation in told]
    if len(told) < len(verdict.violations):
        lines.append(f"  … and {len(verdict.violations) - len(told)} more, all of them in the verdict file")
    return "\n".join(
        ["❌ Coverage validation FAILED", "", *lines, "", f"Total violations: {len(verdict.violations)}", ""]
    )


def _section(heading: str, lines: Iterable[str]) -> Iterator[str]:
    listed = list(dict.fromkeys(lines))
    if listed:
        yield "\n".join([f"{heading}:", *(f"  - {line}" for line in listed), ""])


def _advice(verdict: Verdict) -> Iterator[str]:
    for violation in verdict.violations:
        yield f"{violation.gate}: {violation.advice}"
    for violation in verdict.violations[:TEXT_LINES_MAX]:
        if violation.detail:
            yield f"{violation.gate}: {printable(violation.source)} has {printable(violation.detail)}"


def _repro(failure: Failure) -> str:
    hint = " (fill in the scenario)" if failure.fill_in else ""
    return f"{printable(failure.invariant)}: {printable(failure.repro)}{hint}"


def _warnings(warnings: tuple[Warning_, ...]) -> Iterator[str]:
    for warning in warnings[:WARNINGS_TOLD]:
        yield printable(f"{warning.source}: {warning.text}" if warning.source else warning.text)
    if len(warnings) > WARNINGS_TOLD:
        yield f"… and {len(warnings) - WARNINGS_TOLD} more warnings"


def _judged(report: JudgedReport) -> str:
    ran = [read.iterations for read in report.inputs if read.iterations is not None]
    iterations = f", {sum(ran):,} iterations" if ran else ""
    scenario = f", scenario {printable(report.scenario)}" if report.scenario else ""
    return f"{printable(report.name)}{scenario}{iterations}, against {printable(report.thresholds)}: {report.status}"
