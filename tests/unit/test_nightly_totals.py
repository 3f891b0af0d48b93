"""The figures of a night by scenario, and its lines for the regression file: whole ones, from runs in a few words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.model.incidence import Incidences, Samples
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.nightly.findings import Covered
from vopr_coverage.nightly.night_incidence import NightIncidence
from vopr_coverage.nightly.plan import CanaryRange, CanaryRanges, NightPlan, PlannedJob, PlannedWork, Shards
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.nightly.run_health import FailedSeed, JudgedRun
from vopr_coverage.nightly.totals import regression_lines, work_of
from vopr_coverage.nightly.verdict import Work

KNOWN: Config = parse_config(json.dumps({"profile": "none", "fault_points": ["a", "z"]}), "gate.json")


def a_plan(*work: PlannedWork, canaries: tuple[CanaryRange, ...] = ()) -> NightPlan:
    """A night with this work."""
    return NightPlan(
        seed_base="42",
        run_number=1,
        minutes=5.0,
        enough=True,
        remarks=(),
        work=work,
        long_run=Shards(),
        canary=CanaryRanges(canaries),
    )


def planned(job: PlannedJob, scenario: str = "Calm") -> PlannedWork:
    """Ten iterations of which nine were planned, in three jobs."""
    return PlannedWork(job, scenario, 10, 9, 0, 5.0, 3, 1.0)


def ran(name: str, figures: str | None = None, scenario: str = "calm", **more: Any) -> JudgedRun:
    """A run with these figures; None: without any."""
    return JudgedRun(name, scenario, True, report=None if figures is None else a_report(figures), **more)


def nothing_ran(job: PlannedJob, **more: Any) -> Work:
    """The figures of that work where no run left anything."""
    return replace(Work(job, "Calm", asked=10, planned=9, ran=0, runs=3), **more)


def totals(plan: NightPlan, canaries: CanaryVerdict | None = None, covered: Covered | None = None, **runs: Any) -> Any:
    """The work of a night with these runs, by job."""
    by_job = {job.replace("_", "-"): found for job, found in runs.items()}
    return list(work_of(plan, by_job, canaries, KNOWN, covered))


# ---- work


@pytest.mark.parametrize("job", ["long-run", "coverage", "canary", "determinism"])
def test_work_that_left_no_run_is_zero_and_has_no_figures(job: PlannedJob) -> None:
    """Nothing that was not measured becomes a zero."""
    assert totals(a_plan(planned(job))) == [nothing_ran(job)]


def test_runs_of_one_scenario_are_added_up() -> None:
    """Whatever the case of its name; runs of other scenarios and of other jobs are not in it."""
    figures = "hit a\nhit b\nmissed c\nran x 1\nran y 0\nview_changes 3"
    runs = (
        ran("one", figures, ran=3, failed=1, expected=2, rate=1.0, first_hashes=("h", "i")),
        ran("two", "hit c\nran y 0\nview_changes 4", "CALM", ran=4, failed=10, expected=20, rate=2.0),
        ran("slow", "view_changes 5", ran=5, rate=None),
        JudgedRun("lost", "calm", False),
        ran("other", "hit d", "stormy", ran=100, failed=100, expected=100, rate=100.0),
    )
    summed = nothing_ran(
        "long-run",
        ran=12,
        lost=1,
        failed=11,
        failed_as_expected=22,
        rate=1.5,
        fault_points_hit=3,
        fault_points_known=4,  # three that were hit, and one that only the config knows
        invariants=1,
        view_changes=12,
        first_hashes=("h", "i"),
    )
    assert totals(a_plan(planned("long-run")), long_run=runs, coverage=(ran("c", "hit e"),)) == [summed]


def test_a_rate_is_the_mean_in_three_decimals() -> None:
    """Of the runs that have one."""
    runs = (ran("one", rate=1.0), ran("two", rate=1.0), ran("three", rate=2.0), ran("four", rate=0.0))
    assert totals(a_plan(planned("long-run")), long_run=runs) == [nothing_ran("long-run", rate=1.333)]


def test_figures_are_unknown_where_one_run_has_none() -> None:
    """A sum without it would be too small; points that a config knows are none of it."""
    assert totals(a_plan(planned("long-run")), long_run=(ran("one", "hit a"), ran("two"))) == [nothing_ran("long-run")]


@pytest.mark.parametrize(
    ("job", "kept"), [("long-run", True), ("coverage", True), ("canary", True), ("determinism", False)]
)
def test_first_hashes_are_those_of_jobs_with_new_seeds_every_night(job: PlannedJob, kept: bool) -> None:
    """Double runs may have the same seeds every night, which nobody would call a repetition."""
    runs: dict[str, Any] = {job.replace("-", "_"): (ran("one", first_hashes=("h",)), ran("two", first_hashes=("i",)))}
    assert totals(a_plan(planned(job)), **runs) == [nothing_ran(job, first_hashes=("h",) if kept else ())]


def test_only_the_coverage_job_has_names_incidences_and_pairs() -> None:
    """By scenario in lower case; a part of the verdict on all its runs."""
    pairs, samples = PairCoverage(seeds=5, possible=1, met=1), Samples(of=5, seeds=5)
    covered = Covered(
        "",
        (),
        pairs={"calm": pairs, "stormy": replace(pairs, met=0)},
        incidences={"calm": Incidences(samples, {"a": 2}, {"x": 3}), "stormy": Incidences(samples, {}, {})},
    )
    run = ran("one", "hit a\nhit b\nmissed c\nran x 1\nran y 0", ran=5)
    measured = {"ran": 5, "fault_points_hit": 2, "fault_points_known": 4, "invariants": 1}
    plan = a_plan(planned("long-run"), planned("coverage"))
    assert totals(plan, covered=covered, long_run=(run,), coverage=(run,)) == [
        nothing_ran("long-run", **measured),
        nothing_ran(
            "coverage",
            **measured,
            names=ReachedNames(hit=("a", "b"), missed=("c", "z"), ran=("x",), silent=("y",)),
            incidence=NightIncidence(of=5, points={"a": 2}, invariants={"x": 3}),
            pairs=pairs,
        ),
    ]


def test_a_scenario_whose_incidences_nobody_knows_has_its_names() -> None:
    """None is not known; another scenario's are not taken for it."""
    (work,) = totals(a_plan(planned("coverage")), covered=None, coverage=(ran("one", "hit a", ran=5),))
    assert (work.names, work.incidence, work.pairs) == (ReachedNames(hit=("a",), missed=("z",)), None, None)
    elsewhere = Covered("", (), pairs={"stormy": PairCoverage(5, 1, 1)})
    assert totals(a_plan(planned("coverage")), covered=elsewhere) == [nothing_ran("coverage")]


# ---- canaries


def result(name: str, ending: CanaryEnding, iterations: int | None = 5, failed: int = 0) -> CanaryResult:
    """How a canary ended."""
    return CanaryResult(name, ending, "model_verification", "", iterations=iterations, failed=failed)


CANARIES = (
    CanaryRange("control", "Calm", "1", 5, "control"),
    CanaryRange("found", "Calm", "1", 5, "found"),
    CanaryRange("storm-control", "stormy", "1", 5, "control"),
    CanaryRange("silent", "STORMY", "1", 5, "silent"),
)
RESULTS = (
    result("found", CanaryEnding.DETECTED, failed=2),
    result("unplanned", CanaryEnding.WRONG_INVARIANT, failed=3),
    result("silent", CanaryEnding.NOT_RUN, iterations=None),
    result("elsewhere", CanaryEnding.NOT_RUN, iterations=None),
)


def a_verdict(*results: CanaryResult) -> CanaryVerdict:
    """A verdict with these results."""
    return CanaryVerdict(True, "", "1.0", "", (), results, 0, 0, 0.0, 1.0)


def test_canaries_are_counted_in_the_scenario_that_they_were_planned_in() -> None:
    """Beside the control run. What one was planted for fails as expected, and one that nobody planned is in the first
    scenario."""
    plan = a_plan(planned("canary"), planned("canary", "Stormy"), planned("determinism"), canaries=CANARIES)
    control = ran("control", ran=5, failed=1, expected=7)
    lost = JudgedRun("storm-control", "stormy", False)
    calm, stormy, doubles = totals(plan, a_verdict(*RESULTS), canary=(control, lost))
    assert calm == nothing_ran("canary", ran=15, lost=1, failed=4, failed_as_expected=9)
    assert stormy == nothing_ran("canary", scenario="Stormy", lost=2)
    assert doubles == nothing_ran("determinism")


def test_without_a_planned_canary_all_are_in_the_scenario_itself() -> None:
    """Plans of older versions list no scenarios."""
    (calm,) = totals(a_plan(planned("canary")), a_verdict(*RESULTS))
    assert calm == nothing_ran("canary", ran=10, lost=2, failed=3, failed_as_expected=2)


# ---- the regression file


def failing(*failures: tuple[str, str]) -> JudgedRun:
    """A run whose seeds failed: scenario and seed of each."""
    return ran("one", failures=tuple(FailedSeed(scenario, seed, "hash_chain") for scenario, seed in failures))


def lines(*runs: JudgedRun, kept: set[tuple[str, str]] | None = None) -> list[str]:
    """The new lines of the file."""
    return list(regression_lines(runs, kept or set(), "2026-11-26"))


def test_each_failed_seed_is_a_line_once() -> None:
    """In the order of the runs, without those that the file has under any case of its scenario."""
    runs = failing(("Calm", "1"), ("Calm", "2")), failing(("Calm", "1"), ("two nodes", "3"))
    two, three = "Calm 2  # hash_chain, 2026-11-26", '"two nodes" 3  # hash_chain, 2026-11-26'
    assert lines(*runs) == ["Calm 1  # hash_chain, 2026-11-26", two, three]
    assert lines(*runs, kept={("calm", "1"), ("calm", "3")}) == [two, three]
    assert lines() == []


def test_what_the_file_cannot_hold_is_no_line() -> None:
    """A scenario with a line break would be two lines."""
    assert lines(failing(("a\nb", "1"), ("calm", "2"))) == ["calm 2  # hash_chain, 2026-11-26"]


def test_a_night_adds_a_hundred_lines_at_most() -> None:
    """Of new seeds: those that the file has do not count."""
    failed = [("calm", str(seed)) for seed in range(102)]
    assert len(lines(failing(*failed[:100]))) == 100
    assert len(lines(failing(*failed[:101]))) == 100
    assert lines(failing(*failed), kept={("calm", "0")})[-1] == "calm 100  # hash_chain, 2026-11-26"
