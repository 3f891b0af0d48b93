"""The verdict on a night: each part in its words, and one line for all of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import BASE, CANARY, CONFIG, SHARD_SEEDS, a_night, a_plan, a_recorded_run, judged, part
from tests.support.reports import a_stream
from vopr_coverage.canaries.judge import NONE_DECLARED
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.night import NO_CANARIES, NightTerms, judge_night
from vopr_coverage.nightly.no_plan import NO_CANARY_ASKED
from vopr_coverage.nightly.plan import CanaryRanges, PlannedWork, Shards
from vopr_coverage.nightly.verdict import NightRun, NightVerdict

NEEDS = {job: "success" for jobs in PARTS.values() for job in jobs} | {"regressions": "skipped"}


def lines(verdict: NightVerdict) -> dict[str, str]:
    """What each part says."""
    return {job.name: job.line for job in verdict.jobs}


def told(verdict: NightVerdict) -> list[tuple[str, str, str]]:
    """Part, kind and line of each finding."""
    return [(finding.job, finding.kind, finding.line) for finding in verdict.findings]


# ---- a green night


def test_each_part_of_a_green_night_says_what_it_shows(tmp_path: Path) -> None:
    """In one line, and the night in one for all."""
    verdict = judged(tmp_path, a_plan({"combined": ["17"]}))
    parts = lines(verdict)
    assert parts.pop("gate").split(", ")[0].endswith(" planted faults noticed")
    assert parts == {
        "build": "its builds ran",
        "plan": "3 jobs of long run and coverage",
        "long-run": "120 iterations in 2 runs, no seed failed",
        "regressions": "1 regression seed held",
        "determinism": "60 seeds run twice, none differs, so at most 4.87% of all differ (95%)",
        "coverage": "combined: 3 of 3 fault points, against default + 7 overrides",
        "canary": "1 of 1 canary detected",
    }
    assert (verdict.status, verdict.passed, verdict.reason) == ("passed", True, "all 7 parts passed")
    assert (verdict.seeds_doubled, verdict.seeds_differing) == (60, 0)


def test_parts_that_were_not_asked_for_do_not_count_as_passed(tmp_path: Path) -> None:
    """Without regression seeds and canaries five remain; a warning says what that leaves open."""
    verdict = judged(tmp_path, canaries=False)
    assert verdict.reason == "all 5 parts passed"
    assert (lines(verdict)["regressions"], lines(verdict)["canary"]) == ("no regression seeds", NO_CANARY_ASKED)
    assert [warning.text for warning in verdict.warnings if warning.source == "canary"] == [NO_CANARIES]
    assert (verdict.detected, verdict.declared) == (None, None)


def test_remarks_of_the_plan_are_warnings(tmp_path: Path) -> None:
    """With where they come from; a night with canaries has no word on them."""
    verdict = judged(tmp_path, a_plan(remarks=("combined: 60 of 120 iterations fit",)))
    assert (verdict.warnings[0].source, verdict.warnings[0].text) == (
        "plan", "combined: 60 of 120 iterations fit",
    )  # fmt: skip
    assert {warning.source for warning in verdict.warnings} == {"plan", "determinism"}


def test_one_job_in_the_singular(tmp_path: Path) -> None:
    """One shard of one iteration, and no coverage job."""
    plan = a_plan()
    one = replace(plan.long_run.include[0], shards=1, iterations=1)
    verdict = judged(tmp_path, replace(plan, long_run=Shards((one,)), coverage=Shards(())))
    assert lines(verdict)["plan"] == "1 job of long run and coverage"
    assert lines(verdict)["long-run"] == "1 iteration in 1 run, no seed failed"


# ---- a plan that holds too little


def work_of(job: str, planned: int, least: int) -> PlannedWork:
    """What was planned of a scenario, and its minimum."""
    return PlannedWork(job, "combined", planned, planned, least, 5.0, 1, 1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("job", ["long-run", "coverage"])
@pytest.mark.parametrize(("planned", "fits"), [(59, False), (60, True)])
def test_a_minimum_that_does_not_fit_is_told(tmp_path: Path, job: str, planned: int, fits: bool) -> None:
    """Exactly the minimum fits."""
    verdict = judged(tmp_path, a_plan(work=(work_of(job, planned, 60),), enough=fits))
    line = f"{job} of combined: 59 iterations fit into the budget, at least 60 are required"
    assert told(verdict) == ([] if fits else [("plan", "plan", line)])
    assert all(finding.advice == advice.BUDGET and finding.source == "combined" for finding in verdict.findings)


@pytest.mark.parametrize("job", ["canary", "determinism"])
def test_other_jobs_have_no_minimum(tmp_path: Path, job: str) -> None:
    """Whatever a plan says."""
    assert judged(tmp_path, a_plan(work=(work_of(job, 1, 60),))).passed


def test_a_plan_that_calls_itself_too_small_is_too_small(tmp_path: Path) -> None:
    """Even where no line of it says why; once only where one does."""
    verdict = judged(tmp_path, a_plan(enough=False))
    assert told(verdict) == [("plan", "plan", "the required iterations do not fit into the budget")]
    assert verdict.findings[0].advice == advice.BUDGET


# ---- parts that nothing was planned for


@pytest.mark.parametrize(
    ("name", "nothing"),
    [
        ("coverage", {"coverage": Shards(())}),
        ("canary", {"canary": CanaryRanges(())}),
    ],
)
def test_a_part_that_nothing_was_planned_for_is_incomplete(tmp_path: Path, name: str, nothing: dict[str, Any]) -> None:
    """A night without it would show nothing of it."""
    verdict = judged(tmp_path, replace(a_plan(), **nothing))
    assert told(verdict) == [(name, "lost run", "nothing was planned for it")]
    assert (part(verdict, name).status, verdict.status) == ("incomplete", "incomplete")
    assert verdict.findings[0].advice == advice.BUDGET
    assert verdict.reason == f"{name}: nothing was planned for it"


@pytest.mark.parametrize("canaries", [True, False])
def test_without_a_plan_all_parts_say_so(tmp_path: Path, canaries: bool) -> None:
    """Canaries too, unless none was asked for."""
    (tmp_path / "night").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    verdict = judged(
        tmp_path, needs=None, canaries=canaries, place=NightRun(run_id="7")
    )  # with `needs` it may have expired
    parts = ["long-run", "regressions", "determinism", "coverage", *(["canary"] if canaries else [])]
    assert told(verdict) == [
        ("plan", "plan", "there is no plan.json: nothing was planned"),
        *((name, "lost run", "nothing was planned for it") for name in parts),
    ]
    assert {finding.advice for finding in verdict.findings} == {advice.NO_PLAN}
    assert lines(verdict)["build"] == "no build ran"
    assert part(verdict, "canary").status == ("incomplete" if canaries else "not required")
    assert (verdict.status, verdict.passed, verdict.place.run_id) == ("failed", False, "7")
    assert (verdict.seed_base, verdict.work, verdict.detected) == (None, (), None)


def test_without_a_folder_nothing_can_be_judged(tmp_path: Path) -> None:
    """Neither by a file of that name."""
    (tmp_path / "night").write_text("x")
    with pytest.raises(UsageError, match=r"is not a folder: expected the night's, which contains plan\.json"):
        judge_night(tmp_path / "night", None, NightTerms())


# ---- the line of a red night


def test_the_reason_is_the_first_finding_and_how_many_more(tmp_path: Path) -> None:
    """Part, run and line; a failed part makes the night failed though others are incomplete."""
    night = a_night(tmp_path)
    seed = BASE + 3
    stream = a_stream(SHARD_SEEDS, first=BASE, failing={seed: "hash_chain"})
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    one = judged(tmp_path)
    assert one.reason == f"long-run, combined-1: seed {seed} failed hash_chain: read mismatch"
    shutil.rmtree(night / "coverage" / "combined-1")
    two = judged(tmp_path)
    assert (two.status, two.reason) == ("failed", f"{one.reason}; 1 more finding")
    shutil.rmtree(night / "determinism")
    assert judged(tmp_path).reason == f"{one.reason}; 3 more findings"


def test_lines_for_the_regression_file_are_new_ones(tmp_path: Path) -> None:
    """Not those that the plan replays, or that the file has by now."""
    night = a_night(tmp_path, a_plan({"combined": [str(BASE + 3)]}))
    failing = {BASE + 3: "hash_chain", BASE + 4: "vsr_agreement", BASE + 5: "other"}
    stream = a_stream(SHARD_SEEDS, first=BASE, failing=failing)
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    kept = frozenset({("combined", str(BASE + 4))})
    verdict = judged(tmp_path, kept=kept, today="2026-11-26")
    assert verdict.regressions == (f"combined {BASE + 5}  # other, 2026-11-26",)


# ---- canaries of a night


def test_a_control_run_that_is_not_there_leaves_canaries_unjudged(tmp_path: Path) -> None:
    """Lost, or not to be read: one finding, and no score."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "canary" / "control")
    verdict = judged(tmp_path)
    assert [(finding.source, finding.kind) for finding in verdict.findings] == [("control", "lost run")]
    assert (verdict.detected, verdict.declared) == (None, None)


def test_a_control_run_with_a_violated_property_is_told_once(tmp_path: Path) -> None:
    """By its own finding, which has more to say than the verdict on canaries."""
    night = a_night(tmp_path)
    stream = a_stream(SHARD_SEEDS, first=BASE + 2_000, lost=[BASE + 2_001])
    a_recorded_run(night / "canary" / "control", BASE + 2_000, SHARD_SEEDS, stream, exit_code=1)
    verdict = judged(tmp_path)
    assert [(finding.source, finding.kind) for finding in verdict.findings] == [("control", "run health")]
    assert (verdict.detected, verdict.declared) == (1, 1)


def test_a_missed_canary_says_why(tmp_path: Path) -> None:
    """Its seeds beside those of the control run."""
    night = a_night(tmp_path)
    a_recorded_run(night / "canary" / CANARY, BASE + 2_000, SHARD_SEEDS)
    verdict = judged(tmp_path)
    assert "60 of 60 seeds identical to the control" in verdict.findings[0].line
    assert (verdict.detected, verdict.declared) == (0, 1)


def test_only_the_results_of_jobs_can_make_a_green_night_red(tmp_path: Path) -> None:
    """A skipped replay is fine where there is nothing to replay."""
    assert judged(tmp_path, needs=NEEDS).passed
    red = judged(tmp_path, needs=NEEDS | {"build": "failure"})
    assert told(red) == [("build", "job", "the job failed, and nothing that it left behind explains why")]


@pytest.mark.parametrize("declared", [{}, None])
def test_canaries_that_are_empty_on_purpose_are_one_warning(tmp_path: Path, declared: object) -> None:
    """The night is green without them, whether the plan says so too or has planned jobs for them."""
    plan = a_plan(remarks=(NONE_DECLARED,))
    for planned in (plan, replace(plan, canary=CanaryRanges())):
        shutil.rmtree(tmp_path / "night", ignore_errors=True)
        a_night(tmp_path, planned)
        config = json.loads((tmp_path / "config.json").read_text()) | {"canaries": declared}
        (tmp_path / "none.json").write_text(json.dumps(config))
        verdict = judged(tmp_path, config=str(tmp_path / "none.json"))
        assert (verdict.passed, verdict.reason) == (True, "all 5 parts passed")
        assert [warning.text for warning in verdict.warnings if "canaries" in warning.text] == [NONE_DECLARED]
        assert (verdict.detected, verdict.declared) == (None, None)
