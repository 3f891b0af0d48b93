"""From the parts of a night to its verdict: which status counts, and the one line that says why."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.verdict import Finding, JobSeen, JobStatus, NightRun, NightVerdict

UNJUDGED = NightVerdict("passed", True, "", "1.0", place=NightRun(run_id="7"), seed_base="42")


def parts(*statuses: JobStatus) -> list[JobSeen]:
    """Parts of a night that ended so."""
    return [JobSeen(f"part {number}", "success", status, "its line") for number, status in enumerate(statuses)]


def findings(count: int, source: str = "combined-1") -> tuple[Finding, ...]:
    """Some findings of one run."""
    return tuple(Finding("long-run", source, "run health", f"problem {number}") for number in range(count))


@pytest.mark.parametrize(
    ("statuses", "reason"),
    [
        (("passed",), "all 1 part passed"),
        (("passed", "not required", "passed"), "all 2 parts passed"),
        (("not required",), "all 0 parts passed"),
    ],
)
def test_a_night_is_green_if_every_part_passed_or_is_not_required(statuses: tuple[JobStatus, ...], reason: str) -> None:
    """Only those that passed are counted; what the verdict knew already stays in it."""
    jobs = parts(*statuses)
    expected = replace(UNJUDGED, reason=reason, jobs=tuple(jobs))
    assert conclude(jobs, (), replace(UNJUDGED, status="failed", passed=False)) == expected


@pytest.mark.parametrize(
    ("statuses", "status"),
    [
        (("passed", "failed"), "failed"),
        (("incomplete", "failed", "passed"), "failed"),
        (("passed", "incomplete", "not required"), "incomplete"),
    ],
)
@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (findings(1), "long-run, combined-1: problem 0"),
        (findings(2), "long-run, combined-1: problem 0; 1 more finding"),
        (findings(3), "long-run, combined-1: problem 0; 2 more findings"),
        (findings(1, ""), "long-run: problem 0"),
        (findings(1, "a\nb"), "long-run, a\\nb: problem 0"),
    ],
)
def test_a_red_night_says_its_first_finding_and_how_many_more(
    statuses: tuple[JobStatus, ...], status: str, found: tuple[Finding, ...], reason: str
) -> None:
    """One failed part makes the night failed, though others are incomplete."""
    jobs = parts(*statuses)
    expected = replace(UNJUDGED, status=status, passed=False, reason=reason, jobs=tuple(jobs), findings=found)
    assert conclude(jobs, found, UNJUDGED) == expected


@pytest.mark.parametrize(("status", "found"), [("passed", findings(1)), ("failed", ()), ("incomplete", ())])
def test_a_verdict_and_its_findings_agree(status: JobStatus, found: tuple[Finding, ...]) -> None:
    """A red part without a finding, or a finding without a red part, is our mistake and no verdict."""
    with pytest.raises(AssertionError, match=r"^a verdict and its findings must agree$"):
        conclude(parts(status), found, UNJUDGED)
