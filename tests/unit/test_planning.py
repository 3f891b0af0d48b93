"""A night's work as a job matrix: disjoint seeds, sized from what was measured, honest about what doesn't fit."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vopr_coverage.errors import ConfigError, UsageError
from vopr_coverage.nightly.planning import HEADROOM, JOBS_MAX, SEEDS_PER_NIGHT, Asked, Plan, plan_night, seed_base_of
from vopr_coverage.nightly.regressions import parse_regressions

RATES = {"combined": 5.2, "multi-tenant": 32.0, "swizzle": 68.0, "baseline": 80.0}
SEED_DOCUMENT = [
    Asked("baseline", 1_000_000),
    Asked("combined", 1_000_000),
    Asked("multi-tenant", 500_000),
    Asked("swizzle", 500_000),
]


def ranges(plan: Plan) -> list[tuple[int, int]]:
    """The seeds of each job, first and one behind the last."""
    return [(int(shard.seed), int(shard.seed) + shard.iterations) for shard in plan.shards]


def test_what_fits_is_planned_whole() -> None:
    """As many jobs as it takes, each within its time, and nothing to remark."""
    plan = plan_night([Asked("swizzle", 500_000)], RATES, 0, minutes=60)
    assert sum(shard.iterations for shard in plan.shards) == 500_000
    assert all(shard.iterations / 68.0 <= 60 * 60 * HEADROOM for shard in plan.shards)
    assert plan.remarks == ()
    assert plan.enough


def test_fifty_three_hours_are_not_planned_into_three() -> None:
    """One job of three hours holds 45 thousand of a million iterations, and the plan says so."""
    plan = plan_night([Asked("combined", 1_000_000, 1_000)], {"combined": 5.2}, 0, minutes=180, jobs_max=1)
    (told,) = plan.remarks
    assert told == (
        "combined: 44,928 of 1,000,000 iterations fit into 1 job of 180 min, all would take 53.4 h at 5.2 a second"
    )
    assert plan.enough


def test_less_than_what_is_required_is_not_enough() -> None:
    """A config's min_iterations is a promise that the night can't keep."""
    plan = plan_night([Asked("combined", 1_000_000, 100_000)], RATES, 0, minutes=180, jobs_max=1)
    assert not plan.enough
    assert "at least 100,000 are required" in plan.remarks[0]


def test_a_budget_is_shared_in_proportion() -> None:
    """The night of the document on few jobs: each scenario gets its part, none gets nothing."""
    plan = plan_night(SEED_DOCUMENT, RATES, 0, minutes=170, jobs_max=12)
    jobs = {one.scenario: one.jobs for one in plan.scenarios}
    assert sum(jobs.values()) == 12
    assert min(jobs.values()) >= 1
    assert jobs["combined"] > jobs["multi-tenant"] >= jobs["swizzle"]


def test_every_night_has_seeds_of_its_own() -> None:
    """A re-run of a night plays its seeds again, the next night plays others."""
    first, again, second = (plan_night(SEED_DOCUMENT, RATES, seed_base_of(n), 170) for n in (41, 41, 42))
    assert first == again
    assert max(end for _, end in ranges(first)) <= int(second.seed_base)
    assert seed_base_of(1) == SEEDS_PER_NIGHT
    assert 0 <= seed_base_of(1 << 24) < SEEDS_PER_NIGHT  # they come round in the end


def test_seeds_are_text() -> None:
    """A browser or a jq would round the large ones."""
    plan = plan_night([Asked("a", 10)], {"a": 1.0}, (1 << 64) - 3, 1)
    assert [shard.seed for shard in plan.shards] == [str((1 << 64) - 3)]


@settings(max_examples=150, derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.floats(0.01, 1e5)), min_size=1, max_size=8),
    st.floats(0.1, 400),
    st.integers(8, JOBS_MAX),
)
def test_any_plan_can_be_carried_out(work: list[tuple[int, float]], minutes: float, jobs_max: int) -> None:
    """Never more jobs than allowed, none without work or too long, no seed twice, and what is cut is said."""
    asked = [Asked(f"s{number}", iterations) for number, (iterations, _) in enumerate(work)]
    rates = {f"s{number}": rate for number, (_, rate) in enumerate(work)}
    plan = plan_night(asked, rates, 0, minutes, jobs_max)
    assert len(asked) <= len(plan.shards) <= jobs_max
    assert all(shard.iterations >= 1 for shard in plan.shards)
    assert all(s.iterations <= max(1, rates[s.scenario] * minutes * 60 * HEADROOM) for s in plan.shards)
    seeds = sorted(ranges(plan))
    assert all(end <= start for (_, end), (start, _) in pairwise(seeds))
    cut = [one.scenario for one in plan.scenarios if one.planned < one.asked]
    assert [remark.partition(":")[0] for remark in plan.remarks] == cut
    assert sum(one.planned for one in plan.scenarios) == sum(shard.iterations for shard in plan.shards)
    if len(plan.shards) < jobs_max:
        assert not cut, "jobs were left over, and work was cut"


@pytest.mark.parametrize(
    ("asked", "rates", "more", "told"),
    [
        ([], {}, {}, "at least one scenario"),
        ([Asked("a", 0)], {"a": 1.0}, {}, "at least 1 iteration"),
        ([Asked("a", 1), Asked("A", 1)], {"a": 1.0, "A": 1.0}, {}, "twice"),
        ([Asked("a", 1)], {}, {}, "no measured rate"),
        ([Asked("a", 1)], {"a": 0.0}, {}, "no measured rate"),
        ([Asked("a", 1)], {"a": float("inf")}, {}, "no measured rate"),
        ([Asked("a", 1)], {"a": float("nan")}, {}, "no measured rate"),
        ([Asked("a", 1)], {"a": 1.0}, {"minutes": 0}, "more than 0 minutes"),
        ([Asked("a", 1)], {"a": 1.0}, {"jobs_max": 257}, "from 1 to 256 jobs"),
        ([Asked("a", 1), Asked("b", 1)], {"a": 1.0, "b": 1.0}, {"jobs_max": 1}, "from 2 to 256 jobs"),
    ],
)
def test_what_cannot_be_planned(asked: list[Asked], rates: dict[str, float], more: dict[str, Any], told: str) -> None:
    """Each with what was expected: an empty matrix would be a night that nobody notices."""
    with pytest.raises(UsageError, match=told):
        plan_night(asked, rates, 0, **{"minutes": 10, **more})


def test_regressions_are_read_by_scenario() -> None:
    """In the order of the file, each seed once, comments and empty lines left out."""
    text = "combined 7  # vsr_agreement\n\n# none\nswizzle 9\nCombined 007\ncombined 18446744073709551615\n"
    assert [(one.scenario, one.seeds) for one in parse_regressions(text, "seeds.txt")] == [
        ("combined", ("7", "18446744073709551615")),
        ("swizzle", ("9",)),
    ]


@pytest.mark.parametrize(
    "line", ["combined", "combined 1 2", "combined -1", "combined 0x7", "combined ٣", f"a {1 << 64}"]
)
def test_a_line_that_is_no_regression_is_told_with_its_number(line: str) -> None:
    """A seed that is never played again must not look as if it were."""
    with pytest.raises(ConfigError, match=r"seeds\.txt:2: expected SCENARIO SEED"):
        parse_regressions(f"# first\n{line}\n", "seeds.txt")
