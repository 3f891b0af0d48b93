"""The results of the night's jobs as GitHub reports them, and the status of each part of the night. Pure.

A job that was skipped, cancelled or is missing has shown nothing. GitHub itself counts a skipped job as a success.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vopr_coverage.errors import ReportError, Words, printable
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.formats.text import without_mark
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.verdict import Finding, JobSeen, JobStatus

NEEDS_BYTES_MAX = 4 << 20  # it also contains the outputs of the jobs
# The parts of the night's verdict, and the jobs of the workflow that each of them consists of.
PARTS: Mapping[str, tuple[str, ...]] = {
    "build": ("prepare", "build"),
    "plan": ("plan",),
    "long-run": ("long-run",),
    "regressions": ("regressions",),
    "determinism": ("determinism",),
    "coverage": ("coverage-run", "coverage"),
    "canary": ("canary-run", "canary"),
}
TITLES: Mapping[str, str] = {
    "build": "Build",
    "plan": "Plan",
    "long-run": "Long run",
    "regressions": "Regression seeds",
    "determinism": "Determinism",
    "coverage": "Coverage",
    "canary": "Canaries",
    "gate": "Gate",
    "trends": "Trends",
}
_NOT_RUN = ("cancelled", "skipped")
_RAN = ("success", "failure")
# Findings that may be a bug come before those that only need another run.
_URGENCY = (
    "failing seed",
    "determinism",
    "canary",
    "coverage",
    "run health",
    "gate",
    "trend",
    "plan",
    "lost run",
    "job",
)
_SEVERITY = {"success": 0, "skipped": 1, "cancelled": 2, "missing": 3, "failure": 4}
_ANY_OTHER_WORD = 5  # is worse


class _Need(msgspec.Struct):
    result: str


def title(part: str) -> str:
    """A part of the night as people call it."""
    return TITLES.get(part, printable(part))


def needs_from_json(data: bytes, source: str) -> dict[str, str]:
    """Each job's result, read from the JSON of the workflow's `toJSON(needs)`.

    Raises:
        ReportError: the data is something else.
    """
    expected = "the workflow's `needs` as JSON, {JOB: {result: …}}"
    if len(data) > NEEDS_BYTES_MAX:
        raise ReportError(source, "", expected=expected, found=Words("more than 4 MiB"))
    try:
        needs = msgspec.convert(strict_loads(without_mark(data)), dict[str, _Need])
    except JsonError as error:
        raise ReportError(source, "", expected=expected, found=error.found) from None
    except msgspec.ValidationError as error:
        raise ReportError(source, "", expected=expected, found=Words(printable(str(error)))) from None
    return {name: need.result for name, need in needs.items()}


def result_of(part: str, needs: Mapping[str, str] | None) -> str:
    """The worst result of a part's jobs: GitHub's word, `missing` for a job that is not listed, "" without `needs`."""
    if needs is None:
        return ""
    results = [needs.get(job, "missing") for job in PARTS[part]]
    return max(results, key=lambda result: _SEVERITY.get(result, _ANY_OTHER_WORD))


def was_planned(needs: Mapping[str, str] | None) -> bool:
    """Whether there was a plan, by the results of the jobs: it was handed on, or jobs have run by it."""
    by_plan = ("long-run", "coverage-run", "canary-run", "determinism", "regressions")
    if not needs:
        return False
    return needs.get("plan") == "success" or any(needs.get(job) in _RAN for job in by_plan)


def by_urgency(findings: Iterable[Finding]) -> list[Finding]:
    """What may be a bug first."""
    return sorted(findings, key=lambda finding: _URGENCY.index(finding.kind))


def job_seen(
    part: str, needs: Mapping[str, str] | None, findings: Sequence[Finding], shown: str = "", *, required: bool = True
) -> tuple[JobSeen, list[Finding]]:
    """The status of one part of the night, from the results of its jobs and its findings.

    Args:
        needs: results by job; None if they are unknown, as on a laptop.
        findings: the problems in its recordings.
        shown: what the recordings show, in a sentence, for a part without problems.
        required: whether anything was planned for it.

    Returns:
        The part, and all its findings: those that were given, and one for a result that nothing else explains.
    """
    result = result_of(part, needs)
    problems = by_urgency(findings)
    if not required and not problems and result in ("", "skipped", "success"):
        return JobSeen(part, result, "not required", shown), []
    if result not in ("", "success") and not (result == "failure" and problems):
        line, what_to_do = _about(result)
        problems.append(Finding(job=part, source="", kind="job", line=line, advice=what_to_do))
    if not problems:
        return JobSeen(part, result, "passed", shown), []
    only_missing = all(
        problem.kind == "lost run" or (problem.kind == "job" and result in _NOT_RUN) for problem in problems
    )
    status: JobStatus = "incomplete" if only_missing else "failed"
    more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
    source = f"{printable(problems[0].source)}: " if problems[0].source else ""
    return JobSeen(part, result, status, source + problems[0].line + more), problems


def _about(result: str) -> tuple[str, str]:
    """The finding for a result that nothing else explains, and the advice on it."""
    if result == "failure":
        return "the job failed, and nothing that it left behind explains why", advice.SEE_LOG
    if result == "cancelled":
        return "the job was cancelled or ran out of time", advice.AGAIN
    if result == "skipped":
        return "the job was skipped", advice.BEFORE
    if result == "missing":
        return "the job is not among those that the summary needs", advice.NEEDED
    return f"the job ended as {printable(result)[:40]}, which is not a success", advice.SEE_LOG
