"""What GitHub says of the night's jobs, and what that is worth. Pure.

A job that was skipped or cancelled has shown nothing, and neither has one that nobody heard of: in GitHub's
own reckoning a skipped job counts as a success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vopr_coverage.errors import ReportError, Words, printable
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.verdict import Finding, JobSeen, JobStatus

NEEDS_BYTES_MAX = 4 << 20  # outputs of jobs are in it, too
# What the night is told in, and the workflow's jobs that each of these is made of.
PARTS: Mapping[str, tuple[str, ...]] = {
    "build": ("prepare", "build"),
    "plan": ("plan",),
    "long-run": ("long-run",),
    "regressions": ("regressions",),
    "determinism": ("determinism",),
    "coverage": ("coverage-run", "coverage"),
    "canary": ("canary-run", "canary"),
}
_UNDONE = ("cancelled", "skipped")
# What a bug may be behind comes before what only has to be run again.
_URGENCY = ("failing seed", "determinism", "canary", "coverage", "run health", "plan", "lost run", "job")
_BY_WEIGHT = {"success": 0, "skipped": 1, "cancelled": 2, "missing": 3, "failure": 4}  # any other word weighs more


class _Need(msgspec.Struct):
    result: str


def needs_from_json(data: bytes, source: str) -> dict[str, str]:
    """Each job's result, from what `toJSON(needs)` has.

    Raises:
        ReportError: it is something else.
    """
    expected = "the workflow's `needs` as JSON, {JOB: {result: …}}"
    if len(data) > NEEDS_BYTES_MAX:
        raise ReportError(source, "", expected=expected, found=Words("more than 4 MiB"))
    try:
        needs = msgspec.convert(strict_loads(data), dict[str, _Need])
    except JsonError as error:
        raise ReportError(source, "", expected=expected, found=error.found) from None
    except msgspec.ValidationError as error:
        raise ReportError(source, "", expected=expected, found=Words(printable(str(error)))) from None
    return {name: need.result for name, need in needs.items()}


def result_of(part: str, needs: Mapping[str, str] | None) -> str:
    """The worst result of a part's jobs, in GitHub's word; `missing` where one isn't told of, "" where none is."""
    if needs is None:
        return ""
    results = [needs.get(job, "missing") for job in PARTS[part]]
    return max(results, key=lambda result: (result not in _BY_WEIGHT, _BY_WEIGHT.get(result, 0)))


def job_seen(
    part: str, needs: Mapping[str, str] | None, findings: Sequence[Finding], shown: str, *, required: bool = True
) -> tuple[JobSeen, list[Finding]]:
    """One part of the night: what its jobs' results and its own findings come to.

    Args:
        needs: results by job; None where nobody told, as on a laptop.
        findings: what its recordings show to be wrong.
        shown: what they show, in a sentence, where nothing is wrong.
        required: whether there was anything to do.

    Returns:
        The part, and its findings with those that only the results give.
    """
    result = result_of(part, needs)
    found = sorted(findings, key=lambda finding: _URGENCY.index(finding.kind))
    if not required and not found and result in ("", "skipped", "success"):
        return JobSeen(part, result, "not required", shown), []
    if result not in ("", "success") and not (result == "failure" and found):
        found.append(Finding(part, "", "job", *_about(part, result)))
    if not found:
        return JobSeen(part, result, "passed", shown), []
    undone = all(one.kind == "lost run" or (one.kind == "job" and result in _UNDONE) for one in found)
    status: JobStatus = "incomplete" if undone else "failed"
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    source = f"{printable(found[0].source)}: " if found[0].source else ""
    return JobSeen(part, result, status, source + found[0].line + more), found


def _about(part: str, result: str) -> tuple[str, str]:
    """What a result alone says, and what to do."""
    if result == "failure":
        return "the job failed, although nothing that it left behind says why", advice.SEE_LOG
    if result == "cancelled":
        return "cancelled, or out of time: what it would have shown is unknown", advice.AGAIN
    if result == "skipped":
        return "skipped: it has shown nothing", advice.BEFORE
    if result == "missing":
        return "GitHub doesn't tell of it", advice.NEEDED
    return f"ended as {printable(result)[:40]}, which is not a success", advice.SEE_LOG
