"""One verdict over all judged units. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from msgspec.structs import replace

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import Limit, report_lost
from vopr_coverage.check.judge import RUN_COMPLETE, Judgement, violation_of
from vopr_coverage.errors import UserError, as_one
from vopr_coverage.gates import HEALTH_IDS
from vopr_coverage.gates.elsewhere import ADVICE, REGRESSION
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import (
    BaseSeen,
    JudgedReport,
    Remark,
    Unusable,
    Verdict,
    VerdictStatus,
    Violation,
)


def lost_reports(
    base: Base | None, absent: Sequence[str], limit: Limit | None
) -> tuple[BaseSeen | None, list[Violation]]:
    """What a verdict says about its base. A report that is only in the base is a regression, if a limit is set."""
    if base is None:
        return None, []
    lost = [violation_of(name, REGRESSION, report_lost(name), ADVICE["report-lost"]) for name in absent]
    return BaseSeen(base.origin, base.missing, tuple(absent), base.commit), lost if limit else []


def conclude(
    judgements: Sequence[Judgement],
    warnings: Sequence[Remark],
    version: str,
    base: BaseSeen | None = None,
    violations: Sequence[Violation] = (),
) -> Verdict:
    """One verdict over all units; `violations` are about no single unit. `judgements` is never empty.

    Warnings are in the order of their weight, because pages cut them off: what gates say of the runs, `warnings`, and
    remarks of the reader.
    """
    assert judgements, "a verdict needs something that was judged"
    reports = tuple(j.report for j in judgements)
    statuses = {report.status for report in reports} | ({"failed"} if violations else set())
    status: VerdictStatus = "passed"
    if statuses != {"passed"}:
        status = "incomplete" if "incomplete" in statuses else "failed"
    everything = [*(violation for judgement in judgements for violation in judgement.violations), *violations]
    ordered = tuple(sorted(everything, key=lambda violation: violation.gate not in HEALTH_IDS))  # run health first
    assert bool(ordered) == (status != "passed"), "a verdict and its violations must agree"
    return Verdict(
        status=status,
        passed=status == "passed",
        reason=_reason(status, reports, ordered),
        version=version,
        violations=ordered,
        warnings=(
            *chain.from_iterable(j.warnings for j in judgements),
            *warnings,
            *chain.from_iterable(j.remarks for j in judgements),
        ),
        failures=tuple(chain.from_iterable(j.failures for j in judgements)),
        reports=reports,
        base=base,
    )


def with_unusable(verdict: Verdict, unusable: Sequence[Unusable], merge: str) -> Verdict:
    """The verdict where some reports could not be judged, beside those that were: an error, whatever these show."""
    if not unusable:
        return verdict
    named = len(unusable) + sum(len(report.inputs) for report in verdict.reports)
    first = unusable[0].problem.partition("\n")[0]
    reason = f"{len(unusable)} of {counted(named, 'report')} cannot be judged: {first}"
    return replace(
        verdict,
        status="error",
        passed=False,
        reason=reason if verdict.passed else f"{reason}; {verdict.reason}",
        error=str(as_one([UserError(each.problem) for each in unusable])),
        unusable=tuple(unusable),
        reports=tuple(_without_a_part(report, unusable, merge) for report in verdict.reports),
    )


def _without_a_part(report: JudgedReport, unusable: Sequence[Unusable], merge: str) -> JudgedReport:
    """A report that may lack one of the runs that were to be merged into it: it has not passed."""
    ours = (report.scenario or "").lower()
    lacks = merge == "all" or any(each.scenario is None or each.scenario.lower() == ours for each in unusable)
    return replace(report, status="incomplete") if merge != "none" and lacks and report.status == "passed" else report


def _reason(status: VerdictStatus, reports: Sequence[JudgedReport], violations: Sequence[Violation]) -> str:
    if status == "passed":
        iterations = sum(read.iterations or 0 for report in reports for read in report.inputs)
        ran = f" over {counted(iterations, 'iteration')}" if iterations else ""
        return f"every gate holds for {counted(len(reports), 'report')}{ran}"
    if status == "incomplete":
        first = next(v for v in violations if v.gate == RUN_COMPLETE)
        return f"{first.source}: {first.line[0].lower()}{first.line[1:]}"
    gates = list(dict.fromkeys(violation.gate for violation in violations))
    return f"{counted(len(violations), 'violation')} in {', '.join(gates)}"
