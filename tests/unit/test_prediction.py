"""What the counts of healthy runs say about the next one: against values worked out by hand, and against chance."""

from __future__ import annotations

import math
import random

import pytest

from vopr_coverage.statistics.prediction import (
    ALPHA,
    Sample,
    chi_square_quantile,
    iterations_to_show,
    least_distinct,
    least_expected,
    supports,
)


@pytest.mark.parametrize(
    ("probability", "degrees", "value"),
    [(0.95, 1, 3.8415), (0.05, 2, 0.1026), (0.5, 10, 9.3418), (0.05, 5, 1.1455), (0.99, 30, 50.8922)],
)
def test_quantiles_are_those_of_the_tables(probability: float, degrees: int, value: float) -> None:
    """NIST/SEMATECH e-Handbook, 1.3.6.7.4."""
    assert chi_square_quantile(probability, degrees) == pytest.approx(value, abs=5e-5)


def test_counts_that_agree_are_taken_as_poisson_counts() -> None:
    """15 in 30 iterations: none in N more has the chance (30 / (30 + N)) ^ 15, which is 1 in 1,000 at N = 17.5."""
    sample = Sample((5, 5, 5), (10, 10, 10))
    assert iterations_to_show(sample) == math.ceil(30 * (1000 ** (1 / 15) - 1)) == 18
    assert supports(sample, 18, 1)
    assert not supports(sample, 17, 1)


def test_one_run_is_taken_as_if_each_iteration_varied_as_much_as_it_counts() -> None:
    """Then the counts of two single iterations are geometric: none, given 999 in both, has the chance 1 in 1,000."""
    assert supports(Sample((999,), (1,)), 1, 1)
    assert not supports(Sample((998,), (1,)), 1, 1)


def test_counts_that_differ_support_less() -> None:
    """The more healthy runs differ from each other, the lower the next one may be, and the longer it must be."""
    alike, apart = Sample((30, 30, 30), (30, 30, 30)), Sample((5, 30, 55), (30, 30, 30))
    assert least_expected(alike, 30) > least_expected(apart, 30)
    assert (iterations_to_show(alike) or 0) < (iterations_to_show(apart) or 0)


def test_what_never_occurred_supports_nothing() -> None:
    """And what occurred once in a long run supports next to nothing."""
    never = Sample((0, 0, 0), (30, 30, 30))
    assert (iterations_to_show(never), least_expected(never, 10_000)) == (None, 0)
    assert supports(never, 30, 0)
    assert not supports(never, 30, 1)
    once = iterations_to_show(Sample((1, 0, 0), (30, 30, 30)))
    assert once is None or once > 10_000


@pytest.mark.parametrize("mean", [0.2, 1.0, 7.0])
@pytest.mark.parametrize("spread", [1.0, 4.0])
def test_the_next_healthy_run_is_rarely_below(mean: float, spread: float) -> None:
    """Of 1,500 next runs, each judged by three others, at most 6: 1 in 1,000 is what is promised, and chance adds."""
    chance = random.Random(f"{mean} {spread}")  # repeatable, and no secret
    below = 0
    for _ in range(1_500):
        counts = [_count(mean * 30, spread, chance) for _ in range(4)]
        sample = Sample(tuple(counts[:3]), (30, 30, 30))
        below += counts[3] < least_expected(sample, 30)
    assert below <= 6


def _count(mean: float, spread: float, chance: random.Random) -> int:
    """A Poisson count, or a negative binomial one whose variance is `spread` times its mean."""
    rate = chance.gammavariate(mean / (spread - 1), spread - 1) if spread > 1 else mean
    count, left = 0, chance.expovariate(1)
    while left < rate:
        count, left = count + 1, left + chance.expovariate(1)
    return count


def test_the_least_number_of_distinct_things_leaves_room_for_some_more_misses() -> None:
    """Counts of different properties don't grow with the run: what is bounded is how many of the most are missed."""
    assert least_distinct((17, 17, 17)) < 17
    assert least_distinct((17, 17, 17)) >= 11
    assert least_distinct((17, 9, 17)) < least_distinct((17, 16, 17))
    assert least_distinct((0, 0)) == 0


def test_nothing_is_promised_beyond_the_chance() -> None:
    """The bound is the largest one that is supported, for counts small enough to be exact."""
    sample = Sample((40, 44, 47), (20, 20, 20))
    least = least_expected(sample, 20)
    assert least > 0
    assert supports(sample, 20, least)
    assert not supports(sample, 20, least + 1)
    assert ALPHA == 0.001
