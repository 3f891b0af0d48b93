"""The results of a night's jobs: which of them counts, and what each part says of it."""

from __future__ import annotations

import json

import pytest

from vopr_coverage.errors import ReportError
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.job_results import NEEDS_BYTES_MAX, job_seen, needs_from_json, result_of
from vopr_coverage.nightly.verdict import Finding, FindingKind

FROM_BEST_TO_WORST = ("success", "skipped", "cancelled", "missing", "failure", "neutral")


def a_finding(kind: FindingKind = "coverage", source: str = "", line: str = "too low") -> Finding:
    """A finding of this kind."""
    return Finding(job="coverage", source=source, kind=kind, line=line)


@pytest.mark.parametrize("worse", range(len(FROM_BEST_TO_WORST)))
@pytest.mark.parametrize("better", range(len(FROM_BEST_TO_WORST)))
def test_the_worst_of_a_parts_jobs_is_its_result(better: int, worse: int) -> None:
    """In either order; a word that nobody knows is the worst of all."""
    if better >= worse:
        return
    results = FROM_BEST_TO_WORST[better], FROM_BEST_TO_WORST[worse]
    for first, second in (results, results[::-1]):
        needs = {"coverage-run": first, "coverage": second}
        needs = {job: result for job, result in needs.items() if result != "missing"}
        assert result_of("coverage", needs) == FROM_BEST_TO_WORST[worse]


def test_without_needs_no_result_is_known() -> None:
    """Which is not the same as a job that is missing."""
    assert result_of("plan", None) == ""
    assert result_of("plan", {}) == "missing"


@pytest.mark.parametrize(
    ("result", "status", "line", "what_to_do"),
    [
        ("failure", "failed", "the job failed, and nothing that it left behind explains why", advice.SEE_LOG),
        ("cancelled", "incomplete", "the job was cancelled or ran out of time", advice.AGAIN),
        ("skipped", "incomplete", "the job was skipped", advice.BEFORE),
        ("missing", "failed", "the job is not among those that the summary needs", advice.NEEDED),
        ("x" * 50, "failed", f"the job ended as {'x' * 40}, which is not a success", advice.SEE_LOG),
    ],
)
def test_each_result_that_is_no_success_has_its_sentence(result: str, status: str, line: str, what_to_do: str) -> None:
    """And its advice; the shown line of a green part is gone."""
    needs = {} if result == "missing" else {"plan": result}
    seen, findings = job_seen("plan", needs, (), "planned")
    assert (seen.status, seen.line) == (status, line)
    assert [(finding.kind, finding.line, finding.advice) for finding in findings] == [("job", line, what_to_do)]


def test_a_failed_job_that_its_findings_explain_has_no_finding_of_its_own() -> None:
    """A cancelled one has, whatever was found in it."""
    found = [a_finding()]
    seen, findings = job_seen("plan", {"plan": "failure"}, found, "")
    assert (seen.status, seen.line, findings) == ("failed", "too low", found)
    seen, findings = job_seen("plan", {"plan": "cancelled"}, found, "")
    assert [finding.kind for finding in findings] == ["coverage", "job"]
    assert (seen.status, seen.line) == ("failed", "too low, and 1 more")


@pytest.mark.parametrize(
    ("result", "status"),
    [("success", "incomplete"), ("skipped", "incomplete"), ("failure", "incomplete"), ("missing", "failed")],
)
def test_what_is_only_lost_is_incomplete(result: str, status: str) -> None:
    """Unless the summary doesn't even know the job."""
    needs = {} if result == "missing" else {"plan": result}
    assert job_seen("plan", needs, [a_finding("lost run")], "")[0].status == status


def test_the_most_urgent_finding_comes_first_with_its_source() -> None:
    """A failing seed before a lost run, however they were found; two more are counted."""
    found = [a_finding("lost run", "r2"), a_finding("run health"), a_finding("failing seed", "r1", "seed 7 failed x")]
    seen, findings = job_seen("plan", None, found, "")
    assert [finding.kind for finding in findings] == ["failing seed", "run health", "lost run"]
    assert (seen.line, seen.status) == ("r1: seed 7 failed x, and 2 more", "failed")


def test_kinds_in_the_order_of_their_urgency() -> None:
    """Findings that may be a bug before those that only need another run."""
    kinds: tuple[FindingKind, ...] = (
        "failing seed", "determinism", "canary", "coverage", "run health", "plan", "lost run", "job",
    )  # fmt: skip
    _, findings = job_seen("plan", None, [a_finding(kind) for kind in reversed(kinds)], "")
    assert [finding.kind for finding in findings] == list(kinds)


@pytest.mark.parametrize(
    ("result", "status"), [("", "not required"), ("success", "not required"), ("skipped", "not required"),
                           ("cancelled", "incomplete"), ("failure", "failed")],
)  # fmt: skip
def test_a_part_that_nothing_was_planned_for_is_not_required(result: str, status: str) -> None:
    """By default a part is required, and a skipped one is none."""
    needs = {"plan": result} if result else None
    seen, findings = job_seen("plan", needs, (), "none asked for", required=False)
    assert (seen.status, bool(findings)) == (status, status != "not required")
    assert job_seen("plan", needs, (), "")[0].status != "not required"
    assert job_seen("plan", needs, [a_finding()], "", required=False)[0].status == "failed"


def test_needs_are_read_up_to_four_mib() -> None:
    """And not a byte more."""
    needs = json.dumps({"build": {"result": "success", "outputs": {}}}).encode()
    assert NEEDS_BYTES_MAX == 4 * 1024 * 1024
    padded = needs + b" " * (NEEDS_BYTES_MAX - len(needs))
    assert needs_from_json(padded, "needs") == {"build": "success"}
    with pytest.raises(ReportError, match="more than 4 MiB"):
        needs_from_json(padded + b" ", "needs")
