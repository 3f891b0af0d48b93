"""Which job did which run: by the names that the workflow gives its jobs, and only where there is no doubt."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from msgspec.structs import replace

from tests.support.night_folders import CANARY, a_plan
from tests.support.workflow_files import JOBS
from vopr_coverage.nightly.job import JobPage, RunJob
from vopr_coverage.nightly.job_pages import job_pages
from vopr_coverage.nightly.plan import CanaryRange, CanaryRanges, NightPlan, Shards

NAMES = (
    "Prepare",
    "Build (control)",
    f"Build ({CANARY})",
    "Plan",
    "Long run (combined 1/2)",
    "Long run (combined 2/2)",
    "Regressions",
    "Determinism (from seed 42)",
    "Coverage",
    "Coverage run (combined 1/1)",
    "Canaries",
    "Canary run (control)",
    f"Canary run ({CANARY})",
    "Summary",
)
RUNS = {
    ("build", "prepare"): 1,
    ("build", "control"): 2,
    ("build", CANARY): 3,
    ("plan", ""): 4,
    ("long-run", "combined-1"): 5,
    ("long-run", "combined-2"): 6,
    ("regressions", ""): 7,
    ("determinism", "42"): 8,
    ("coverage", ""): 9,
    ("coverage", "combined-1"): 10,
    ("canary", ""): 11,
    ("canary", "control"): 12,
    ("canary", CANARY): 13,
}


def jobs_named(names: Iterable[str], first: int = 1) -> list[RunJob]:
    """Jobs with these names, numbered from `first` on."""
    return [RunJob(number, name) for number, name in enumerate(names, first)]


def found(jobs: list[RunJob], plan: NightPlan | None = None) -> dict[tuple[str, str], int]:
    """The ids by part and run."""
    return {(page.job, page.source): int(page.id) for page in job_pages(jobs, plan or a_plan())}


@pytest.mark.parametrize("caller", ["", "night / ", "outer / night / "])
def test_every_job_of_a_night_is_found(caller: str) -> None:
    """GitHub puts the names of the calling jobs before; a caller's other jobs of the same name are not the night's."""
    others = jobs_named(("Coverage", "Prepare", "night", "evil / Plan") if caller else (), 900)
    assert found([*others, *jobs_named(caller + name for name in NAMES)]) == RUNS


def test_where_two_nights_are_one_run_nothing_is_found() -> None:
    """Which of the two this one is, names do not say."""
    twice = [f"{caller} / {name}" for caller in ("night (a)", "night (b)") for name in NAMES]
    assert found(jobs_named(twice)) == {}
    assert found(jobs_named(["Summary"])) == {}
    assert found([]) == {}


def test_a_name_that_two_jobs_have_is_no_answer() -> None:
    """Neither the jobs' nor the plan's: these two scenarios cannot be told apart by the names of their jobs."""
    names = [*NAMES, "Long run (combined 1/2)"]
    assert ("long-run", "combined-1") not in found(jobs_named(names))
    assert ("long-run", "combined-2") in found(jobs_named(names))
    alike = a_plan()
    first = alike.long_run.include[0]
    alike = replace(alike, long_run=Shards((first, replace(first, name="other"))))
    assert not {("long-run", "combined-1"), ("long-run", "other")} & set(found(jobs_named(NAMES), alike))


def test_nothing_of_a_name_is_kept() -> None:
    """What a scenario is called is compared, and no more; a job that nobody planned is left out."""
    odd = "</code> / Canaries (x 1/1)\n[a](https://evil.example)"
    plan = a_plan()
    shard = replace(plan.long_run.include[0], scenario=odd, name="odd")
    names = [f"night / {name}" for name in (*NAMES, f"Long run ({odd} 1/2)", "Long run (strange 7/7)")]
    pages = job_pages(jobs_named(names), replace(plan, long_run=Shards((shard,))))
    assert JobPage("long-run", "odd", str(len(NAMES) + 1)) in pages
    assert "evil" not in repr(pages)
    assert "strange" not in repr(pages)
    assert len(job_pages([RunJob(-1, "Plan"), *jobs_named(["Prepare", "Summary"])], plan)) == 1


def test_without_a_plan_the_jobs_of_every_night_are_known() -> None:
    """A night that planned nothing has a build and a plan to look at."""
    pages = job_pages(jobs_named(NAMES), None)
    assert [(page.job, page.source) for page in pages] == [("build", "prepare"), ("build", "control"), ("plan", "")]


@pytest.mark.parametrize("how", ["failure", "cancelled", "timed_out"])
def test_a_part_without_a_job_of_its_own_leads_to_the_first_that_failed(how: str) -> None:
    """Somebody who looks for its log has it with one click; a part that is judged by a job leads there."""
    jobs = jobs_named(NAMES)
    for number in (3, 6, 10):
        jobs[number - 1] = replace(jobs[number - 1], conclusion=how)
    assert found(jobs) == {**RUNS, ("build", ""): 3, ("long-run", ""): 6}
    fine = [replace(job, conclusion=word) for job, word in zip(jobs, ["success", "skipped"] * 7, strict=True)]
    assert found(fine) == RUNS


def test_the_names_are_those_of_the_workflow() -> None:
    """Job by job: a job that is renamed there would lose its links without a word."""
    matrix = {
        "matrix.build": CANARY,
        "matrix.scenario": "combined",
        "matrix.shard": "1",
        "matrix.seed": "42",
        "matrix.name": CANARY,
    }
    for job in JOBS.values():
        name = job["name"].replace("${{ matrix.shards }}", "1" if "Coverage" in job["name"] else "2")
        for key, value in matrix.items():
            name = name.replace("${{ " + key + " }}", value)
        assert name in NAMES


def test_pages_come_in_the_order_of_the_night() -> None:
    """Whatever the order of its jobs; a job that failed comes first under its part, and then under its own run."""
    jobs = jobs_named(NAMES)
    jobs[4] = replace(jobs[4], conclusion="failure")
    pages = job_pages(jobs[::-1], a_plan())
    expected = [JobPage(part, source, str(number)) for (part, source), number in RUNS.items()]
    expected.insert(5, JobPage("long-run", "", "5"))
    assert pages == tuple(expected)


@pytest.mark.parametrize("conclusion", [None, "success", "skipped", "neutral"])
def test_a_job_that_did_not_fail_is_not_the_page_of_its_part(conclusion: str | None) -> None:
    """One that is still running has not failed, either."""
    jobs = [replace(job, conclusion=conclusion) for job in jobs_named(NAMES)]
    assert found(jobs) == RUNS


@pytest.mark.parametrize(
    "others",
    [
        ("MySummary", "MyPrepare"),  # no job of a calling workflow: these have a slash before their own name
        ("other / Summary",),
        ("Summary / Prepare", "Plan / Summary"),
    ],
)
def test_other_jobs_with_such_names_are_no_night(others: tuple[str, ...]) -> None:
    """A night has a first job and a last one, behind the same names."""
    assert found([*jobs_named(NAMES), *jobs_named(others, 900)]) == RUNS


@pytest.mark.parametrize(("number", "known"), [(1, True), (0, False)])
def test_jobs_have_numbers_from_one_on(number: int, known: bool) -> None:
    """Others have no page."""
    jobs = [RunJob(number, "Plan"), *jobs_named(["Prepare", "Summary"], 900)]
    assert (("plan", "") in found(jobs)) is known


def test_canaries_that_share_a_build_have_one_build() -> None:
    """In older plans a canary is its own build; that of the control runs is built once, whatever uses it."""
    ranges = (
        CanaryRange("control", "calm", "1", 5),
        CanaryRange("storm-control", "stormy", "1", 5, "control"),
        CanaryRange("old", "calm", "1", 5),
        CanaryRange("calm-bug", "calm", "1", 5, "bug"),
        CanaryRange("storm-bug", "stormy", "1", 5, "bug"),
    )
    plan = replace(a_plan(), canary=CanaryRanges(ranges))
    names = ["Prepare", "Build (bug)", "Build (old)", "Build (control)", "Canary run (storm-bug)", "Summary"]
    assert job_pages(jobs_named(names), plan) == (
        JobPage("build", "prepare", "1"),
        JobPage("build", "control", "4"),
        JobPage("build", "old", "3"),
        JobPage("build", "bug", "2"),
        JobPage("canary", "storm-bug", "5"),
    )
