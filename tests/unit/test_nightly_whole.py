"""A whole night, judged from its folder: every field of the verdict, and what each of its terms changes."""

from __future__ import annotations

import json
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import BASE, CONFIG, SHARD_SEEDS, a_night, a_plan, a_recorded_run, judged, part
from vopr_coverage import __version__
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.plan import CanaryRanges, SeedRanges, Shards
from vopr_coverage.nightly.verdict import Finding, JobSeen, JobStatus, NightRun, NightVerdict, SeedsRan

SUCCESS = {job: "success" for jobs in PARTS.values() for job in jobs}
BUDGET = "Give the jobs more minutes, allow more jobs, or ask for less."
LOST = "Look at the log of its job: it was stopped, did not start, or could not upload its recording."
EXPIRED = (
    "Start all jobs of this run again, not only those that failed: artifacts between jobs expire after three days."
)
OFF = "Canaries are switched off: nothing shows that this simulator would find a bug."
NONE_ON_PURPOSE = "no canaries are declared, on purpose: nothing shows that this simulator would find a bug"
SAME_STATE = "kernel_state_hash is the same for all 60 seeds, so that comparing it proves nothing"


def findings(verdict: NightVerdict) -> list[tuple[str, str, str]]:
    """Part, run and line of each finding."""
    return [(finding.job, finding.source, finding.line) for finding in verdict.findings]


def reconfigured(home: Path, **changes: Any) -> None:
    """Other settings in the night's config."""
    (home / "config.json").write_text(json.dumps(CONFIG | changes), encoding="utf-8")


# ---- the whole verdict


@pytest.mark.parametrize(("needs", "result"), [(None, ""), (SUCCESS, "success")])
def test_a_green_night_says_all_that_it_has_shown(tmp_path: Path, needs: dict[str, str] | None, result: str) -> None:
    """Its run, its seeds, its parts in their order, its figures, and what its double runs remark."""
    place = NightRun(run_id="7", run_number=3)
    verdict = judged(tmp_path, a_plan({"combined": ["17"]}, remarks=("less than asked for",)), needs, place=place)
    assert verdict.gate is not None
    gate = f"{verdict.gate.noticed} of {verdict.gate.planted} planted faults noticed, score {verdict.gate.score:.3f}"
    lines = {
        "build": "its builds ran",
        "plan": "3 jobs of long run and coverage",
        "long-run": "120 iterations in 2 runs, no seed failed",
        "regressions": "1 regression seed held",
        "determinism": "60 seeds run twice, none differs, so at most 4.87% of all differ (95%)",
        "coverage": "combined: 3 of 3 fault points, against default + 7 overrides",
        "canary": "1 of 1 canary detected",
    }
    assert verdict == NightVerdict(
        status="passed",
        passed=True,
        reason="all 7 parts passed",
        version=__version__,
        place=place,
        seed_base=str(BASE),
        jobs=(
            *(JobSeen(name, result, "passed", line) for name, line in lines.items()),
            JobSeen("gate", "", "not required", gate),
        ),
        work=verdict.work,
        detected=1,
        declared=1,
        seeds_doubled=60,
        seeds_differing=0,
        at_most=1 - 0.05 ** (1 / 60),
        warnings=(Remark("plan", "less than asked for"), Remark("determinism", SAME_STATE)),
        gate=verdict.gate,
        seeds_ran=(
            SeedsRan("long-run", "combined", str(BASE), 120),
            SeedsRan("regressions", "combined", "17", 1),
            SeedsRan("coverage", "combined", str(BASE + 1_000), 60),
            SeedsRan("determinism", "combined", "42", 60),
        ),
    )
    figures = [(work.job, work.ran, work.runs, work.failed_as_expected, bool(work.incidence)) for work in verdict.work]
    assert figures == [
        ("long-run", 120, 2, 0, False),
        ("coverage", 60, 1, 0, True),
        ("canary", 120, 2, 1, False),
        ("determinism", 60, 1, 0, False),
    ]


def test_a_night_without_coverage_and_canaries_has_no_figures_of_them(tmp_path: Path) -> None:
    """None is not measured; double runs are shown all the same."""
    plan = replace(a_plan(), coverage=Shards(), work=a_plan().work[:2])
    verdict = judged(tmp_path, plan, canaries=False)
    assert (verdict.gate, verdict.detected, verdict.declared, verdict.seeds_doubled) == (None, None, None, 60)
    assert verdict.warnings == (Remark("canary", OFF), Remark("determinism", SAME_STATE))
    nothing = Finding("coverage", "", "lost run", "nothing was planned for it", BUDGET)
    assert verdict.findings == (nothing,)
    not_measured = "not measured: coverage is not green, and a red run shows nothing about the gate"
    assert part(verdict, "gate") == JobSeen("gate", "", "not required", not_measured)
    assert part(verdict, "canary") == JobSeen("canary", "", "not required", "no canary was asked for")


def test_parts_without_runs_are_lost(tmp_path: Path) -> None:
    """Each says that nothing was planned for it, and what to do about that."""
    verdict = judged(tmp_path, replace(a_plan(), determinism=SeedRanges(), canary=CanaryRanges()))
    nothing = "nothing was planned for it"
    assert verdict.findings == (
        Finding("determinism", "", "lost run", f"{nothing}: no seed ran twice"),
        Finding("canary", "", "lost run", nothing, BUDGET),
    )
    assert (verdict.at_most, verdict.seeds_doubled) == (None, 0)
    assert (part(verdict, "regressions").line, verdict.status) == ("no regression seeds", "incomplete")


# ---- what its terms change


def test_the_commits_of_a_night_are_asked_of_every_run_but_canaries(tmp_path: Path) -> None:
    """Their code differs by design."""
    a_night(tmp_path, a_plan({"combined": ["17"]}))
    for manifest in (tmp_path / "night").rglob("manifest.json"):
        told = json.loads(manifest.read_text()) | {"commit": "a" * 40, "commit_source": "git", "head": "a" * 40}
        manifest.write_text(json.dumps(told))
    assert judged(tmp_path, commits=("a" * 40,)).passed
    verdict = judged(tmp_path, commits=("b" * 40,))
    jobs = ["long-run", "long-run", "regressions", "determinism", "determinism", "coverage"]
    assert [finding.job for finding in verdict.findings] == jobs
    assert {finding.rule for finding in verdict.findings} == {"OtherCommit"}


def test_the_profile_of_a_night_is_asked_of_its_coverage(tmp_path: Path) -> None:
    """Above that of the config."""
    assert part(judged(tmp_path, profile="smoke_test"), "coverage").line.endswith("against smoke_test + 7 overrides")


def test_earlier_nights_tell_how_often_a_point_was_hit(tmp_path: Path) -> None:
    """So that a finding on it says whether it is lost."""
    a_night(tmp_path)
    reconfigured(tmp_path, critical_fault_points=["gone"])
    known = ({"combined": KnownRates("earlier nights", {"gone": Incidence(50, 100)})},)
    (finding,) = judged(tmp_path, known=known).findings
    assert finding.line.startswith("Critical fault point 'gone' never hit (lost: a run of 60 seeds would miss it")


def test_a_gate_below_its_minimum_is_the_last_finding(tmp_path: Path) -> None:
    """It is no job of its own; the score is that of the coverage runs."""
    a_night(tmp_path)
    reconfigured(tmp_path, doctor_min=1.0)
    verdict = judged(tmp_path)
    (finding,) = verdict.findings
    assert (finding.job, finding.kind) == ("gate", "gate")
    assert verdict.jobs[-1] == JobSeen("gate", "", "failed", finding.line)
    assert verdict.status == "failed"


@pytest.mark.parametrize(
    ("asked", "declared", "tasks"), [(True, True, 6), (False, True, 4), (True, False, 4), (False, False, 4)]
)
def test_canaries_are_read_where_they_are_asked_for_and_declared(
    tmp_path: Path, asked: bool, declared: bool, tasks: int
) -> None:
    """Progress counts runs and pairs: two of the long run, one of coverage, one pair, the control and the canary."""
    a_night(tmp_path)
    if not declared:
        reconfigured(tmp_path, canaries={})
    seen: list[tuple[int, int]] = []
    terms = NightTerms(config=str(tmp_path / "config.json"), canaries=asked)
    verdict = judge_night(tmp_path / "night", None, terms, lambda done, of: seen.append((done, of)), 1)
    assert seen[-1] == (tasks, tasks)
    lines = {(True, True): "1 of 1 canary detected", (True, False): "no canaries are declared"}
    status: JobStatus = "passed" if asked and declared else "not required"
    line = lines.get((asked, declared), "no canary was asked for")
    assert part(verdict, "canary") == JobSeen("canary", "", status, line)
    told = {(True, True): (), (True, False): (Remark("canary", NONE_ON_PURPOSE),)}
    of_canaries = told.get((asked, declared), (Remark("canary", OFF),))
    assert verdict.warnings == (*of_canaries, Remark("determinism", SAME_STATE))


@pytest.mark.parametrize(("asked", "declared"), [(True, True), (False, True), (True, False)])
def test_without_a_plan_canaries_are_missed_where_they_are_asked_for_and_declared(
    tmp_path: Path, asked: bool, declared: bool
) -> None:
    """A team without canaries misses none. The results of the jobs and the run are in that verdict, too."""
    (tmp_path / "night").mkdir()
    reconfigured(tmp_path, canaries=CONFIG["canaries"] if declared else {})
    needs = dict.fromkeys(SUCCESS, "skipped") | {"build": "failure"}
    verdict = judged(tmp_path, needs=needs, canaries=asked, place=NightRun(run_id="7"))
    assert (part(verdict, "canary").status != "not required") == (asked and declared)
    assert (part(verdict, "build").status, verdict.place) == ("failed", NightRun(run_id="7"))


@pytest.mark.parametrize("processes", [1, 2])
def test_as_many_processes_read_a_night_as_may_read_it(tmp_path: Path, processes: int) -> None:
    """With one, this process reads all of it; the verdict is the same."""
    at_work: list[int] = []
    night, terms = a_night(tmp_path), NightTerms(config=str(tmp_path / "config.json"))
    verdict = judge_night(night, None, terms, lambda _done, _of: at_work.append(len(active_children())), processes)
    assert max(at_work) == (0 if processes == 1 else 2)
    assert verdict == judged(tmp_path)


def test_a_gate_is_not_measured_by_runs_that_are_not_as_planned(tmp_path: Path) -> None:
    """Though the doctor would take them: they are healthy."""
    night = a_night(tmp_path)
    a_recorded_run(night / "coverage" / "combined-1", 7, SHARD_SEEDS)
    verdict = judged(tmp_path)
    not_measured = "not measured: coverage is not green, and a red run shows nothing about the gate"
    assert part(verdict, "gate") == JobSeen("gate", "", "not required", not_measured)
    assert verdict.gate is None
