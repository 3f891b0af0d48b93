"""A night's work as job matrices: disjoint seeds, sized from what was measured, honest about what doesn't fit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from vopr_coverage.errors import UsageError
from vopr_coverage.nightly.plan import NightPlan, SeedRange, Shard, plan_from_json
from vopr_coverage.nightly.planner import HEADROOM, LOW_STEP, plan_night, seed_base_of
from vopr_coverage.nightly.wish import (
    DETERMINISM_SEEDS,
    JOBS_MAX,
    RATE_MAX,
    RATE_MIN,
    SEEDS_PER_NIGHT,
    Asked,
    Wish,
)

RATES = {"combined": 5.2, "multi-tenant": 32.0, "swizzle": 68.0, "baseline": 80.0}
SEED_DOCUMENT = Wish(
    long_run=(
        Asked("baseline", 1_000_000),
        Asked("combined", 1_000_000),
        Asked("multi-tenant", 500_000),
        Asked("swizzle", 500_000),
    ),
    coverage=(Asked("combined", 100_000),),
    canary=Asked("combined", 10_000),
    canaries=("canary-skip-fsync", "canary-wrong-hash"),
    determinism=Asked("combined", 10_000),
)


def only(*asked: Asked) -> Wish:
    """A night of the long run alone."""
    return Wish(asked)


def ends_of(job: Shard | SeedRange) -> tuple[int, int]:
    """The seeds of a job, first and one behind the last."""
    return int(job.seed), int(job.seed) + job.iterations


def ranges(plan: NightPlan) -> list[tuple[int, int]]:
    """The seeds of each job that has some of the night's own; canaries share theirs."""
    jobs: list[Shard | SeedRange] = [*plan.long_run.include, *plan.coverage.include, *plan.canary.include[:1]]
    return [ends_of(job) for job in jobs]


def matrices(plan: NightPlan) -> dict[str, Sequence[Shard | SeedRange]]:
    """The jobs of each kind, as `work` calls them."""
    return {
        "long-run": plan.long_run.include,
        "coverage": plan.coverage.include,
        "canary": plan.canary.include,
        "determinism": plan.determinism.include,
    }


def test_what_fits_is_planned_whole() -> None:
    """As many jobs as it takes, each within its time, and nothing to remark."""
    plan = plan_night(only(Asked("swizzle", 500_000)), RATES, 1, minutes=60)
    shards = plan.long_run.include
    assert sum(shard.iterations for shard in shards) == 500_000
    assert all(shard.iterations / 68.0 <= 60 * 60 * HEADROOM for shard in shards)
    assert plan.remarks == ()
    assert plan.enough


def test_fifty_three_hours_are_not_planned_into_three() -> None:
    """One job of three hours holds 45 thousand of a million iterations, and the plan says so."""
    plan = plan_night(only(Asked("combined", 1_000_000, 1_000)), {"combined": 5.2}, 0, minutes=180, jobs_max=1)
    (told,) = plan.remarks
    assert told == (
        "long-run combined: 44,928 of 1,000,000 iterations fit into 1 job of 180 min, "
        "all would take 53.4 h at 5.2 a second"
    )
    assert plan.enough


def test_less_than_what_is_required_is_not_enough() -> None:
    """A config's min_iterations is a promise that the night can't keep: of long run and coverage, cut or asked so."""
    plan = plan_night(only(Asked("combined", 1_000_000, 100_000)), RATES, 0, minutes=180, jobs_max=1)
    assert not plan.enough
    assert "at least 100,000 are required" in plan.remarks[0]
    coverage = Wish((Asked("combined", 1_000),), coverage=(Asked("combined", 100, 1_000),))
    plan = plan_night(coverage, RATES, 0, minutes=180)
    assert not plan.enough
    assert plan.remarks == ("coverage combined: 100 iterations were asked for, at least 1,000 are required",)


def test_a_canary_below_the_minimum_is_only_remarked() -> None:
    """It's there to show that a bug is seen, not to cover anything."""
    plan = plan_night(
        Wish((Asked("combined", 9),), canary=Asked("combined", 5, 8), canaries=("c",)), RATES, 0, minutes=9
    )
    assert plan.enough
    assert plan.remarks == ("canary combined: 5 iterations were asked for, at least 8 are required",)


def test_a_budget_is_shared_in_proportion() -> None:
    """The night of the document on few jobs: each scenario gets its part, none gets nothing."""
    plan = plan_night(only(*SEED_DOCUMENT.long_run), RATES, 0, minutes=170, jobs_max=12)
    jobs = {one.scenario: one.jobs for one in plan.work}
    assert sum(jobs.values()) == 12
    assert min(jobs.values()) >= 1
    assert jobs["combined"] > jobs["multi-tenant"] >= jobs["swizzle"]


def test_coverage_gets_the_jobs_that_the_long_run_leaves() -> None:
    """And one where it leaves none."""
    wish = Wish((Asked("combined", 1_000_000),), coverage=(Asked("combined", 100_000),))
    assert len(plan_night(wish, RATES, 0, minutes=170, jobs_max=26).coverage.include) == 2
    assert len(plan_night(wish, RATES, 0, minutes=170, jobs_max=24).coverage.include) == 1
    assert len(plan_night(wish, RATES, 0, minutes=170, jobs_max=256).coverage.include) == 3


def test_canaries_and_control_run_the_same_seeds_each_in_one_job() -> None:
    """What doesn't fit is cut for all of them alike: they are compared."""
    plan = plan_night(SEED_DOCUMENT, RATES, 7, minutes=20)
    runs = plan.canary.include
    assert [run.name for run in runs] == ["control", "canary-skip-fsync", "canary-wrong-hash"]
    assert len({(run.scenario, run.seed, run.iterations) for run in runs}) == 1
    assert runs[0].iterations == int(5.2 * 20 * 60 * HEADROOM)
    assert any(remark.startswith("canary combined: 4,992 of 10,000 iterations") for remark in plan.remarks)


def test_ranges_that_run_twice_end_where_the_next_one_begins() -> None:
    """The ten of the document overlap: 64 % of their seeds ran several times."""
    plan = plan_night(SEED_DOCUMENT, RATES, 1, minutes=170)
    entries = plan.determinism.include
    assert [entry.name for entry in entries] == [str(seed) for seed in DETERMINISM_SEEDS]
    assert [(entry.seed, entry.iterations) for entry in entries][:2] == [("42", 81), ("123", 333)]
    assert sum(entry.iterations for entry in entries) == 36_342
    assert "determinism combined: ranges end where the next one begins: 81 from 42 on" in plan.remarks[-1]


def test_seeds_that_run_twice_take_half_of_a_job() -> None:
    """Each range is run twice in one job, in the order that was asked for."""
    wish = Wish((Asked("combined", 1),), determinism=Asked("combined", 10_000), determinism_seeds=(90_000, 5))
    plan = plan_night(wish, RATES, 1, minutes=30)
    assert [(entry.name, entry.iterations) for entry in plan.determinism.include] == [
        ("90000", int(5.2 * 30 * 60 * HEADROOM) // 2),
        ("5", int(5.2 * 30 * 60 * HEADROOM) // 2),
    ]
    (told,) = plan.remarks
    assert told == (
        "determinism combined: 3,744 of 10,000 iterations fit twice into 1 job of 30 min, "
        "all would take 1.07 h at 5.2 a second"
    )
    assert plan.work[-1].minutes <= 30


def test_what_was_not_asked_for_is_empty() -> None:
    """No canaries, no coverage, no determinism: then there is no work in them."""
    plan = plan_night(Wish((Asked("combined", 1),), canary=Asked("combined", 5)), RATES, 1, minutes=30)
    assert not plan.canary.include
    assert not plan.coverage.include
    assert not plan.determinism.include
    assert [one.job for one in plan.work] == ["long-run"]


def test_every_night_has_seeds_of_its_own() -> None:
    """A re-run of a night plays its seeds again, the next night plays others."""
    first, again, second = (plan_night(SEED_DOCUMENT, RATES, number, 170) for number in (41, 41, 42))
    assert first == again
    assert max(end for _, end in ranges(first)) <= int(second.seed_base)
    assert seed_base_of(1) == 2 * SEEDS_PER_NIGHT + LOW_STEP
    assert 0 <= seed_base_of(1 << 23) < SEEDS_PER_NIGHT  # they come round in the end


@given(st.integers(0, (1 << 23) - 1), st.integers(0, (1 << 23) - 1))
def test_no_two_of_eight_million_nights_share_seeds(one: int, other: int) -> None:
    """Each may use 2^40 of them, and no night goes beyond the last seed."""
    first, second = seed_base_of(min(one, other)), seed_base_of(max(one, other))
    assert first == second if one == other else first + SEEDS_PER_NIGHT <= second
    assert second + SEEDS_PER_NIGHT <= 1 << 64


def test_a_simulator_of_32_bits_runs_other_seeds_every_night() -> None:
    """Its nights differ in the bits that it uses; the nights of the document share none for two and a half years."""
    bases = [seed_base_of(number) & 0xFFFF_FFFF for number in range(987)]
    assert len(set(bases)) == len(bases)
    asked = (*SEED_DOCUMENT.long_run, *SEED_DOCUMENT.coverage, Asked("combined", 10_000))
    night = sum(work.iterations for work in asked)
    assert all(after - before >= night for before, after in pairwise(sorted(bases)))
    assert min(bases) + (1 << 32) - max(bases) >= night
    assert len({seed_base_of(number) & 0xFFFF for number in range(1 << 16)}) == 1 << 16  # of sixteen bits, too


def test_a_night_may_be_given_its_first_seed() -> None:
    """Then all of its jobs follow it, and the run number is only told."""
    plan = plan_night(SEED_DOCUMENT, RATES, 7, 170, seed_base=1_000)
    assert (plan.seed_base, plan.run_number, plan.long_run.include[0].seed) == ("1000", 7, "1000")
    assert min(ranges(plan))[0] == 1_000


def test_canaries_are_sized_by_their_own_rate() -> None:
    """A command that runs each seed twice takes twice as long: planned by another's rate, every canary would be cut."""
    plan = plan_night(SEED_DOCUMENT, RATES, 1, minutes=20, canary_rates={"Combined": 2.6})
    assert {run.iterations for run in plan.canary.include} == {int(2.6 * 20 * 60 * HEADROOM)}
    assert {work.job: work.rate for work in plan.work if work.scenario == "combined"} == {
        "long-run": 5.2, "coverage": 5.2, "canary": 2.6, "determinism": 5.2,
    }  # fmt: skip
    with pytest.raises(UsageError, match="'combined' has no rate"):
        plan_night(SEED_DOCUMENT, RATES, 1, minutes=20, canary_rates={})


def test_seeds_are_text() -> None:
    """A browser or a jq would round the large ones."""
    plan = plan_night(only(Asked("a", 10)), {"a": 1.0}, 1, 1, seed_base=(1 << 64) - 1)
    assert [shard.seed for shard in plan.long_run.include] == [str((1 << 64) - 1)]


def test_names_are_safe_for_files_whatever_scenarios_are_called() -> None:
    """And still differ."""
    names = ["combined", "a/b", "a:b", "../x", ".", "-rf", "ü", "x" * 150]
    plan = plan_night(only(*(Asked(name, 1) for name in names)), dict.fromkeys(names, 1.0), 1, 1)
    assert plan.long_run.include[0].name == "combined-1"
    assert plan_from_json(plan.to_json().encode(), "plan.json") == plan
    assert all(entry.name[0] not in ".-" for entry in plan.long_run.include)


def test_a_scenario_has_one_rate_however_it_is_spelled() -> None:
    """Scenarios are the same whatever their case."""
    wish = Wish((Asked("Combined", 10),), coverage=(Asked("combined", 10),))
    assert [one.rate for one in plan_night(wish, {"COMBINED": 2.0}, 1, 1).work] == [2.0, 2.0]


def asked_of(prefix: str, most: int, least: int = 1) -> st.SearchStrategy[list[tuple[Asked, float]]]:
    """Scenarios with their rates."""
    one = st.tuples(st.integers(1, 10**7), st.floats(0.01, 1e5))
    return st.lists(one, min_size=least, max_size=most).map(
        lambda work: [(Asked(f"{prefix}{at}", count), rate) for at, (count, rate) in enumerate(work)]
    )


@examples(150)
@given(
    asked_of("s", 8),
    asked_of("c", 3, 0),
    st.lists(st.integers(0, 50_000), min_size=1, max_size=12, unique=True),
    st.floats(0.1, 400),
    st.integers(8, JOBS_MAX),
    st.integers(0, 1 << 25),
)
def test_any_plan_can_be_carried_out(
    long_run: list[tuple[Asked, float]],
    coverage: list[tuple[Asked, float]],
    seeds: list[int],
    minutes: float,
    jobs_max: int,
    run_number: int,
) -> None:
    """Never more jobs than allowed, none without work or too long, no seed twice, and what is cut is said."""
    rates = {one.scenario: rate for one, rate in (*long_run, *coverage)}
    first = long_run[0][0]
    wish = Wish(
        tuple(one for one, _ in long_run), tuple(one for one, _ in coverage), first, ("x", "y"), first, tuple(seeds)
    )
    plan = plan_night(wish, rates, run_number, minutes, jobs_max)
    assert plan_from_json(plan.to_json().encode(), "plan.json") == plan
    assert len(long_run) <= len(plan.long_run.include) <= jobs_max
    assert len(coverage) <= len(plan.coverage.include) <= max(JOBS_MAX - len(plan.long_run.include), len(coverage))
    twice = plan.determinism.include
    for kind, jobs in matrices(plan).items():
        share = HEADROOM / 2 if kind == "determinism" else HEADROOM
        assert all(1 <= job.iterations <= max(1, rates[job.scenario] * minutes * 60 * share) for job in jobs)
    night = sorted(ranges(plan))
    assert night[0][0] == seed_base_of(run_number) == int(plan.seed_base)
    assert night[-1][1] <= int(plan.seed_base) + SEEDS_PER_NIGHT
    for disjoint in (night, sorted(map(ends_of, twice))):
        assert all(end <= start for (_, end), (start, _) in pairwise(disjoint))
    for one in plan.work:
        if one.planned < one.asked:
            assert any(remark.startswith(f"{one.job} {one.scenario}: ") for remark in plan.remarks)
        own = [job for job in matrices(plan)[one.job] if job.scenario == one.scenario]
        assert (one.jobs, one.planned) == (len(own), sum(job.iterations for job in own))
    if len(plan.long_run.include) < jobs_max:
        assert not any(one.planned < one.asked for one in plan.work if one.job == "long-run"), "jobs were left over"


A = Asked("a", 1)


@pytest.mark.parametrize(
    ("wish", "rates", "more", "told"),
    [
        (only(), {}, {}, "at least one scenario"),
        (only(Asked("a", 0)), {"a": 1.0}, {}, "at least 1 iteration"),
        (only(Asked("a", SEEDS_PER_NIGHT + 1)), {"a": 1.0}, {}, "at most 2\\^40 iterations"),
        (only(A, Asked("A", 1)), {"a": 1.0}, {}, "twice"),
        (Wish((A,), coverage=(A, A)), {"a": 1.0}, {}, "twice"),
        (only(Asked("a\x1b", 1)), {"a\x1b": 1.0}, {}, "a printable name"),
        (only(Asked("a" * 201, 1)), {}, {}, "at most 200 characters"),
        (only(A), {}, {}, "no rate"),
        (only(A), {"a": 0.0}, {}, "no rate"),
        (only(A), {"a": float("inf")}, {}, "no rate"),
        (only(A), {"a": float("nan")}, {}, "no rate"),
        (only(A), {"a": RATE_MIN / 2}, {}, "no rate"),
        (Wish((A,), determinism=Asked("b", 1)), {"a": 1.0}, {}, "'b' has no rate"),
        (only(A), {"a": 1.0}, {"minutes": 0}, "more than 0 minutes"),
        (only(A), {"a": 1.0}, {"jobs_max": 257}, "from 1 to 256 jobs"),
        (only(A), {"a": 1.0}, {"run_number": -1}, "run number"),
        (only(A, Asked("b", 1)), {"a": 1.0, "b": 1.0}, {"jobs_max": 1}, "from 2 to 256 jobs"),
        (only(*(Asked(n, 1 << 40) for n in "ab")), {"a": RATE_MAX, "b": RATE_MAX}, {}, "2\\^40 seeds of its own"),
        (Wish((A,), determinism=A, determinism_seeds=(1, 1)), {"a": 1.0}, {}, "each once"),
        (Wish((A,), determinism=A, determinism_seeds=()), {"a": 1.0}, {}, "at least one"),
        (Wish((A,), determinism=A, determinism_seeds=(1 << 64,)), {"a": 1.0}, {}, "below 2\\^64"),
        (Wish((A,), determinism=A, determinism_seeds=tuple(range(257))), {"a": 1.0}, {}, "at most 256"),
        (Wish((A,), canary=A, canaries=("a/b",)), {"a": 1.0}, {}, "canary 'a/b': expected a name of letters"),
        (Wish((A,), canary=A, canaries=("..",)), {"a": 1.0}, {}, "expected a name of letters"),
        (Wish((A,), canary=A, canaries=("-x",)), {"a": 1.0}, {}, "expected a name of letters"),
        (Wish((A,), canary=A, canaries=("",)), {"a": 1.0}, {}, "expected a name of letters"),
        (Wish((A,), canary=A, canaries=("Control",)), {"a": 1.0}, {}, "the run without a canary"),
        (Wish((A,), canary=A, canaries=("x", "X")), {"a": 1.0}, {}, "differ in more than their case"),
        (Wish((A,), canary=A, canaries=tuple(f"c{n}" for n in range(256))), {"a": 1.0}, {}, "at most 255"),
    ],
)
def test_what_cannot_be_planned(wish: Wish, rates: dict[str, float], more: dict[str, Any], told: str) -> None:
    """Each with what was expected: an empty matrix would be a night that nobody notices."""
    with pytest.raises(UsageError, match=told):
        plan_night(wish, rates, **{"run_number": 0, "minutes": 10, **more})


def test_a_simulator_slower_than_a_job_is_said() -> None:
    """One iteration is planned all the same: it may be faster tonight."""
    plan = plan_night(only(A), {"a": 0.001}, 0, minutes=1)
    assert plan.remarks == ("long-run a: one iteration takes longer than a job has, at 0.001 a second",)
    assert plan.long_run.include[0].iterations == 1
