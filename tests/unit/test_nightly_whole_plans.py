"""Whole nights as they are planned: each job with its seeds, each figure of the work, and each remark."""

from __future__ import annotations

import pytest

from vopr_coverage.nightly.plan import (
    CanaryRange,
    CanaryRanges,
    NightPlan,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
)
from vopr_coverage.nightly.planner import _within, plan_night
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.nightly.wish import Asked, Wish


def test_a_night_that_fits() -> None:
    """Jobs of a scenario differ by one iteration at most. Seeds follow each other: long run, coverage, canaries."""
    regressions = (RegressionSeeds("swizzle", ("17",)),)
    wish = Wish(
        long_run=(Asked("Combined", 1_001, 900), Asked("a/b", 3)),
        coverage=(Asked("combined", 400, 400),),
        canary=Asked("combined", 90),
        canaries=("x", "y"),
        determinism=Asked("combined", 100),
        determinism_seeds=(500, 42),
        regressions=regressions,
        own={"y": Asked("a/b", 60)},
        crashes={"x": "no quorum"},
    )
    assert plan_night(wish, {"combined": 10.0, "a/b": 0.5}, 3, 1, seed_base=100) == NightPlan(
        seed_base="100",
        run_number=3,
        minutes=1,
        enough=True,
        remarks=("canary a/b: 24 of 60 iterations fit into 1 job of 1 min, all would take 0.0333 h at 0.5 a second",),
        work=(
            PlannedWork("long-run", "Combined", 1_001, 1_001, 900, 10.0, 3, 334 / 10 / 60),
            PlannedWork("long-run", "a/b", 3, 3, 0, 0.5, 1, 0.1),
            PlannedWork("coverage", "combined", 400, 400, 400, 10.0, 1, 400 / 10 / 60),
            PlannedWork("canary", "combined", 180, 180, 0, 10.0, 2, 0.15),
            PlannedWork("canary", "a/b", 120, 48, 0, 0.5, 2, 0.8),
            PlannedWork("determinism", "combined", 200, 200, 0, 10.0, 2, 2 * 100 / 10 / 60),
        ),
        long_run=Shards(
            (
                Shard("Combined-1", "Combined", 1, 3, "100", 334),
                Shard("Combined-2", "Combined", 2, 3, "434", 334),
                Shard("Combined-3", "Combined", 3, 3, "768", 333),
                Shard("a-b-c14cddc0-1", "a/b", 1, 1, "1101", 3),
            )
        ),
        coverage=Shards((Shard("combined-1", "combined", 1, 1, "1104", 400),)),
        determinism=SeedRanges((SeedRange("500", "combined", "500", 100), SeedRange("42", "combined", "42", 100))),
        canary=CanaryRanges(
            (
                CanaryRange("control", "combined", "1504", 90, "control"),
                CanaryRange("x", "combined", "1504", 90, "x", "no quorum"),
                CanaryRange("control-a-b-c14cddc0", "a/b", "1594", 24, "control"),
                CanaryRange("y", "a/b", "1594", 24, "y"),
            )
        ),
        regressions=regressions,
    )


def test_a_night_that_does_not_fit() -> None:
    """Each remark says how much of it does, how long all of it would take, and what it lacks of the minimum."""
    wish = Wish(
        long_run=(Asked("a", 1_000, 500), Asked("b", 1, 2)),
        coverage=(Asked("a", 481, 100),),
        canary=Asked("a", 600, 490),
        canaries=("x",),
        determinism=Asked("a", 300),
        determinism_seeds=(7, 100, 90),
    )
    plan = plan_night(wish, {"a": 10.0, "b": 0.01}, 0, 1, jobs_max=2, canary_rates={"a": 5.0})
    assert (plan.seed_base, plan.run_number, plan.enough) == ("0", 0, False)
    assert plan.remarks == (
        "long-run a: 480 of 1,000 iterations fit into 1 job of 1 min, all would take 0.0278 h at 10 a second; "
        "at least 500 are required",
        "long-run b: 1 iteration was asked for, at least 2 are required",
        "long-run b: one iteration takes longer than a job has, at 0.01 a second",
        "coverage a: 480 of 481 iterations fit into 1 job of 1 min, all would take 0.0134 h at 10 a second",
        "canary a: 240 of 600 iterations fit into 1 job of 1 min, all would take 0.0333 h at 5 a second; "
        "at least 490 are required",
        "determinism a: 240 of 300 iterations fit twice into 1 job of 1 min, all would take 0.0167 h at 10 a second",
        "determinism a: ranges end where the next one begins: 83 from 7 on, 10 from 90 on",
    )
    assert [(work.planned, work.jobs, work.minutes) for work in plan.work] == [
        (480, 1, 0.8), (1, 1, 1 / 0.01 / 60), (480, 1, 0.8), (480, 2, 0.8), (333, 3, 0.8),
    ]  # fmt: skip


def test_what_does_not_fit_is_told_in_hours() -> None:
    """In all digits, where there are many."""
    plan = plan_night(Wish((Asked("a", 3_600_000_000),)), {"a": 1.0}, 0, 1, jobs_max=1)
    assert plan.remarks == (
        "long-run a: 48 of 3,600,000,000 iterations fit into 1 job of 1 min, all would take 1,000,000 h at 1 a second",
    )


def test_what_is_required_is_required_of_long_run_and_coverage() -> None:
    """Exactly the minimum is enough."""
    for asked, enough in ((Asked("a", 480, 480), True), (Asked("a", 481, 481), False), (Asked("a", 479, 480), False)):
        assert plan_night(Wish((asked,)), {"a": 10.0}, 0, 1, jobs_max=1).enough is enough
        assert plan_night(Wish((Asked("b", 1),), (asked,)), {"a": 10.0, "b": 1.0}, 0, 1, jobs_max=1).enough is enough


@pytest.mark.parametrize(
    ("rate", "twice", "slow"),
    [(1 / 96, False, False), (0.99 / 96, False, True), (2 / 96, True, False), (1.98 / 96, True, True)],
)
def test_an_iteration_should_fit_into_a_job(rate: float, twice: bool, slow: bool) -> None:
    """Twice, where it is run twice. One is planned either way."""
    some = Asked("a", 3)
    wish = Wish((Asked("b", 1),), determinism=some) if twice else Wish((some,))
    plan = plan_night(wish, {"a": rate, "b": 1.0}, 0, 2, jobs_max=1)
    told = f"{'determinism' if twice else 'long-run'} a: one iteration takes longer than a job has, at "
    assert sum(remark.startswith(told) for remark in plan.remarks) == slow
    sizes = [run.iterations for run in plan.long_run.include] + [run.iterations for run in plan.determinism.include]
    assert set(sizes) == {1}


def test_seeds_come_round_behind_the_last_one() -> None:
    """2^64 of them; a range that runs twice ends there."""
    last = (1 << 64) - 1
    wish = Wish(
        (Asked("a", 2), Asked("b", 1)), canary=Asked("a", 1), canaries=("x",), determinism=Asked("a", 5),
        determinism_seeds=(last - 1,),
    )  # fmt: skip
    plan = plan_night(wish, {"a": 9.0, "b": 9.0}, 0, 1, seed_base=last)
    seeds = [*(run.seed for run in plan.long_run.include), *(run.seed for run in plan.canary.include)]
    assert seeds == [str(last), "1", "2", "2"]
    assert [(run.seed, run.iterations) for run in plan.determinism.include] == [(str(last - 1), 2)]


@pytest.mark.parametrize(
    ("coverage", "jobs_max", "jobs"),
    [((300, 300), 9, [3, 3]), ((300, 300), 5, [1, 1]), ((300, 300), 8, [3, 2]), ((300,), 3, [1])],
)
def test_coverage_has_the_jobs_that_are_left(coverage: tuple[int, ...], jobs_max: int, jobs: list[int]) -> None:
    """One for each scenario at least; the long run takes three."""
    wish = Wish((Asked("a", 240),), tuple(Asked(f"s{n}", count) for n, count in enumerate(coverage)))
    plan = plan_night(wish, {"a": 2.0, "s0": 2.5, "s1": 2.5}, 0, 1, jobs_max)
    assert [work.jobs for work in plan.work] == [3, *jobs]


@pytest.mark.parametrize(
    ("wanted", "jobs_max", "jobs"),
    [
        ([3, 2], 5, [3, 2]),
        ([3, 2], 4, [2, 2]),
        ([2, 3], 4, [2, 2]),
        ([3, 3], 5, [3, 2]),  # of two that lose as much, the first
        ([1, 1, 1], 3, [1, 1, 1]),
        ([100, 1, 100], 12, [6, 1, 5]),
        ([900, 90, 9], 30, [25, 4, 1]),
        ([5, 5, 5], 8, [3, 3, 2]),
    ],
)
def test_jobs_are_shared_in_proportion(wanted: list[int], jobs_max: int, jobs: list[int]) -> None:
    """None is left over, and none is more than a scenario wants. What rounding leaves goes to who lost most by it."""
    assert _within(wanted, jobs_max) == jobs


def test_a_rate_for_canaries_that_is_none_is_no_rate_of_theirs() -> None:
    """Their names have no case either. Of a night without a canary nothing is planned for one."""
    wish = Wish((Asked("A", 1),), canary=Asked("a", 90), canaries=("x",))
    plan = plan_night(wish, {"a": 10.0}, 0, 1, canary_rates={"A": 1.0})
    assert [run.iterations for run in plan.canary.include] == [48, 48]
    assert plan_night(Wish((Asked("A", 1),), canary=Asked("a", 90)), {"a": 10.0}, 0, 1).canary == CanaryRanges()
