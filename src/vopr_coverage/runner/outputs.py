"""The outputs of a step that judges. Pure."""

from __future__ import annotations

from vopr_coverage.model.verdict import Verdict


def outputs_of(verdict: Verdict) -> dict[str, str]:
    """What a workflow can ask of a verdict."""
    shares = [None if report.report is None else report.report.fault_point_coverage() for report in verdict.reports]
    measured = [share for share in shares if share is not None]
    is_measured = bool(measured) and len(measured) == len(shares) and verdict.error is None
    return {
        "passed": "true" if verdict.passed else "false",
        "verdict": verdict.status,
        "violations": str(len(verdict.violations)),
        "warnings": str(len(verdict.warnings)),
        "fault-point-coverage": f"{min(measured):.6f}" if is_measured else "",
    }
