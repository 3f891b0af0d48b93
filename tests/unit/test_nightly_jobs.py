"""The jobs of a night: whole parts and findings from their results, and the verdict on a night without a plan."""

from __future__ import annotations

import pytest

from vopr_coverage import __version__
from vopr_coverage.errors import ReportError
from vopr_coverage.nightly.job_results import job_seen, needs_from_json, result_of, title, was_planned
from vopr_coverage.nightly.no_plan import night_without_a_plan
from vopr_coverage.nightly.verdict import Finding, FindingKind, JobSeen, JobStatus, NightRun

UNEXPLAINED = "the job failed, and nothing that it left behind explains why"
LOG = "Look at its log."
NEEDED = "List every job of the night under `needs` of the summary job."


def a_finding(kind: FindingKind = "coverage", source: str = "", line: str = "too low") -> Finding:
    """A finding of this kind."""
    return Finding(job="coverage", source=source, kind=kind, line=line)


def of_job(part: str, line: str, what_to_do: str) -> Finding:
    """The finding on a job's result."""
    return Finding(job=part, source="", kind="job", line=line, advice=what_to_do)


# ---- what GitHub says of the jobs


def test_results_are_read_by_job() -> None:
    """Whatever else `needs` has of them; a byte order mark at its beginning is none of them."""
    needs = b'\xef\xbb\xbf{"build": {"result": "success", "outputs": {"a": "b"}}, "plan": {"result": "skipped"}}'
    assert needs_from_json(needs, "needs") == {"build": "success", "plan": "skipped"}
    assert needs_from_json(b"{}", "needs") == {}


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        (b" " * ((4 << 20) + 1), "more than 4 MiB"),
        (b'{"a": ', "its end"),
        (b'{"a": 1, "a": 1}', "the key 'a' twice"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"plan": {}}', "Object missing required field `result` - at `$[...]`"),
        (b'{"plan": {"result": 1}}', "Expected `str`, got `int` - at `$[...].result`"),
    ],
)
def test_what_is_no_needs_is_refused_by_its_name(needs: bytes, found: str) -> None:
    """With what was expected, and what was found in its place."""
    with pytest.raises(ReportError) as raised:
        needs_from_json(needs, "needs.json")
    assert str(raised.value) == (
        "needs.json: expected the workflow's `needs` as JSON, {JOB: {result: …}}, found " + found
    )


@pytest.mark.parametrize(
    ("needs", "planned"),
    [
        (None, False),
        ({}, False),
        ({"plan": "success"}, True),
        ({"plan": "failure", "build": "success", "coverage": "success"}, False),
        ({"long-run": "success"}, True),
        ({"coverage-run": "failure"}, True),
        ({"canary-run": "success"}, True),
        ({"determinism": "failure"}, True),
        ({"regressions": "success"}, True),
        ({"plan": "skipped", "long-run": "skipped", "determinism": "cancelled"}, False),
    ],
)
def test_a_night_was_planned_if_its_plan_succeeded_or_jobs_ran_by_it(
    needs: dict[str, str] | None, planned: bool
) -> None:
    """A job that was skipped or cancelled may never have seen a plan."""
    assert was_planned(needs) is planned


def test_parts_have_titles_for_people() -> None:
    """One that has none is called by its name, in printable form."""
    assert (title("long-run"), title("canary"), title("trends")) == ("Long run", "Canaries", "Trends")
    assert title("no\tpart") == "no\\tpart"


def test_two_unknown_results_are_worse_than_every_other() -> None:
    """The first of them is told: neither is a success."""
    assert result_of("coverage", {"coverage-run": "odd", "coverage": "even"}) == "odd"
    assert result_of("coverage", {"coverage-run": "failure", "coverage": "even"}) == "even"


# ---- a part of the night


@pytest.mark.parametrize(
    ("result", "required", "status"),
    [
        ("success", True, "passed"),
        ("success", False, "not required"),
        ("skipped", False, "not required"),
        (None, True, "passed"),
        (None, False, "not required"),
    ],
)
def test_a_part_without_problems_shows_its_line(result: str | None, required: bool, status: JobStatus) -> None:
    """With GitHub's word beside it; nothing is known of it on a laptop."""
    needs = None if result is None else {"plan": result}
    expected = JobSeen("plan", result or "", status, "3 jobs")
    assert job_seen("plan", needs, (), "3 jobs", required=required) == (expected, [])


@pytest.mark.parametrize("required", [True, False])
@pytest.mark.parametrize(
    ("result", "status", "line", "what_to_do"),
    [
        ("failure", "failed", UNEXPLAINED, LOG),
        ("cancelled", "incomplete", "the job was cancelled or ran out of time", "Run the night again."),
        ("missing", "failed", "the job is not among those that the summary needs", NEEDED),
        ("neu\ttral", "failed", "the job ended as neu\\ttral, which is not a success", LOG),
    ],
)
def test_a_result_that_nothing_explains_is_a_finding(
    result: str, status: JobStatus, line: str, what_to_do: str, required: bool
) -> None:
    """Whether or not anything was planned: somebody or something stopped it."""
    needs = {} if result == "missing" else {"plan": result}
    seen, findings = job_seen("plan", needs, (), "3 jobs", required=required)
    assert seen == JobSeen("plan", result, status, line)
    assert findings == [of_job("plan", line, what_to_do)]


def test_a_part_that_has_nothing_to_show_has_no_line() -> None:
    """Neither is one made up."""
    assert job_seen("plan", {"plan": "success"}, ()) == (JobSeen("plan", "success", "passed", ""), [])


def test_a_skipped_job_is_incomplete_where_something_was_planned() -> None:
    """GitHub itself counts it as a success."""
    line = "the job was skipped"
    look = "Look at the jobs before it: one of them failed."
    expected = JobSeen("plan", "skipped", "incomplete", line), [of_job("plan", line, look)]
    assert job_seen("plan", {"plan": "skipped"}, (), "3 jobs") == expected


@pytest.mark.parametrize(
    ("result", "found", "status", "line"),
    [
        ("failure", [a_finding(source="a\tb")], "failed", "a\\tb: too low"),
        ("success", [a_finding(), a_finding()], "failed", "too low, and 1 more"),
        ("failure", [a_finding()] * 3, "failed", "too low, and 2 more"),
        ("failure", [a_finding("lost run", "r1", "no recording")], "incomplete", "r1: no recording"),
        ("failure", [a_finding("lost run", "r1", "no recording"), a_finding()], "failed", "too low, and 1 more"),
        ("failure", [a_finding("job", "", "gone")], "failed", "gone"),
    ],
)
def test_the_first_finding_is_the_line_of_its_part(
    result: str, found: list[Finding], status: JobStatus, line: str
) -> None:
    """With its run, and how many more there are; a failed job that they explain adds none."""
    seen, findings = job_seen("coverage", {"coverage": result, "coverage-run": "success"}, found, "")
    assert seen == JobSeen("coverage", result, status, line)
    assert sorted(findings, key=repr) == sorted(found, key=repr)


@pytest.mark.parametrize(
    ("result", "status"), [("cancelled", "incomplete"), ("skipped", "incomplete"), ("odd", "failed")]
)
def test_a_job_that_did_not_run_is_told_beside_what_is_lost(result: str, status: JobStatus) -> None:
    """Behind it, and once; only such jobs leave a part incomplete."""
    found = [a_finding("lost run", "r1", "no recording")]
    seen, findings = job_seen("plan", {"plan": result}, found, "")
    assert seen == JobSeen("plan", result, status, "r1: no recording, and 1 more")
    assert [finding.kind for finding in findings] == ["lost run", "job"]
    assert len(found) == 1


# ---- a night without a plan

NO_PLAN = "Look at the logs of the build and of the plan: without a plan nothing was run."
EXPIRED = (
    "Start all jobs of this run again, not only those that failed: artifacts between jobs expire after three days."
)


def lost(part: str, line: str, what_to_do: str) -> Finding:
    """The finding on a part that shows nothing."""
    return Finding(job=part, source="", kind="lost run", line=line, advice=what_to_do)


def test_a_night_that_was_never_planned_says_so_in_every_part() -> None:
    """The plan has failed, and the others are incomplete."""
    verdict = night_without_a_plan(None, NightRun(run_id="7"), canaries=True)
    parts = ("long-run", "regressions", "determinism", "coverage", "canary")
    line = "there is no plan.json: nothing was planned"
    nothing = "nothing was planned for it"
    assert verdict.findings == (
        Finding(job="plan", source="", kind="plan", line=line, advice=NO_PLAN),
        *(lost(part, nothing, NO_PLAN) for part in parts),
    )
    assert verdict.jobs == (
        JobSeen("build", "", "passed", "no build ran"),
        JobSeen("plan", "", "failed", line),
        *(JobSeen(part, "", "incomplete", nothing) for part in parts),
    )
    assert (verdict.status, verdict.passed, verdict.place) == ("failed", False, NightRun(run_id="7"))
    assert verdict.reason == f"plan: {line}; 5 more findings"
    assert verdict.version == __version__


def test_a_plan_that_has_expired_is_no_plan_that_never_was() -> None:
    """The jobs say that there was one: all is incomplete, and a job that was skipped recorded nothing."""
    needs = dict.fromkeys(
        ("prepare", "build", "plan", "long-run", "determinism", "coverage-run", "coverage"), "success"
    ) | {"regressions": "skipped", "canary-run": "skipped", "canary": "skipped"}
    verdict = night_without_a_plan(needs, NightRun(), canaries=False)
    line = "plan.json has expired: the night was planned, and what its jobs handed on is gone"
    gone = "what it recorded has expired, or cannot be judged without the plan"
    skipped = "the job was skipped"
    assert verdict.findings == (
        lost("plan", line, EXPIRED),
        lost("long-run", gone, EXPIRED),
        of_job("regressions", skipped, "Look at the jobs before it: one of them failed."),
        lost("determinism", gone, EXPIRED),
        lost("coverage", gone, EXPIRED),
    )
    assert verdict.jobs == (
        JobSeen("build", "success", "passed", "no build ran"),
        JobSeen("plan", "success", "incomplete", line),
        JobSeen("long-run", "success", "incomplete", gone),
        JobSeen("regressions", "skipped", "incomplete", skipped),
        JobSeen("determinism", "success", "incomplete", gone),
        JobSeen("coverage", "success", "incomplete", gone),
        JobSeen("canary", "skipped", "not required", "no canary was asked for"),
    )
    assert verdict.status == "incomplete"


def test_a_skipped_job_of_a_night_that_was_never_planned_is_told_as_well() -> None:
    """Beside that nothing was planned for it."""
    needs = dict.fromkeys(("prepare", "build"), "success") | {"plan": "failure", "long-run": "skipped"}
    verdict = night_without_a_plan(needs, NightRun(), canaries=True)
    seen = {job.name: job for job in verdict.jobs}
    assert seen["long-run"] == JobSeen("long-run", "skipped", "incomplete", "nothing was planned for it, and 1 more")
    assert seen["canary"] == JobSeen("canary", "missing", "failed", "nothing was planned for it, and 1 more")
