"""From the parts of a night to its verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightVerdict


def conclude(jobs: Sequence[JobSeen], findings: tuple[Finding, ...], verdict: NightVerdict) -> NightVerdict:
    """Passed if every part passed or is *not required*."""
    statuses = {job.status for job in jobs}
    status: VerdictStatus = "passed"
    if "failed" in statuses:
        status = "failed"
    elif "incomplete" in statuses:
        status = "incomplete"
    assert bool(findings) == (status != "passed"), "a verdict and its findings must agree"
    return msgspec.structs.replace(
        verdict,
        status=status,
        passed=status == "passed",
        reason=_reason(jobs, findings),
        jobs=tuple(jobs),
        findings=findings,
    )


def _reason(jobs: Sequence[JobSeen], findings: Sequence[Finding]) -> str:
    if not findings:
        return f"all {counted(sum(job.status == 'passed' for job in jobs), 'part')} passed"
    first = findings[0]
    where = f"{first.job}, {first.source}" if first.source else first.job
    more = f"; {counted(len(findings) - 1, 'more finding')}" if len(findings) > 1 else ""
    return f"{printable(where)}: {first.line}{more}"
