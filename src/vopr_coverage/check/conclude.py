"""One verdict over all judged units. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import Limit, report_lost
from vopr_coverage.check.judge import RUN_COMPLETE, Judgement, violation_of
from vopr_coverage.gates import HEALTH_IDS
from vopr_coverage.gates.elsewhere import ADVICE, REGRESSION
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import BaseSeen, JudgedReport, Remark, Verdict, VerdictStatus, Violation


def lost_reports(
    base: Base | None, absent: Sequence[str], limit: Limit | None
) -> tuple[BaseSeen | None, list[Violation]]:
    """What a verdict says about its base. A report that is only in the base is a regression, if a limit is set."""
    if base is None:
        return None, []
    lost = [violation_of(name, REGRESSION, report_lost(name), ADVICE["report-lost"]) for name in absent]
    return BaseSeen(base.origin, base.missing, tuple(absent)), lost if limit else []


def conclude(
    judgements: Sequence[Judgement],
    warnings: Sequence[Remark],
    version: str,
    base: BaseSeen | None = None,
    violations: Sequence[Violation] = (),
) -> Verdict:
    """One verdict over all units; `violations` are about no single unit. `judgements` is never empty."""
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
        warnings=(*warnings, *chain.from_iterable(j.warnings for j in judgements)),
        failures=tuple(chain.from_iterable(j.failures for j in judgements)),
        reports=reports,
        base=base,
    )


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
