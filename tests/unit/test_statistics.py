"""Intervals, losses and species against values from the literature, exact fractions, and simulation."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.chance import binomial_variate
from vopr_coverage.statistics import binomial
from vopr_coverage.statistics.intervals import (
    clopper_pearson,
    iterations_to_see,
    miss_chance,
    rate_above,
    rate_of_streams,
)
from vopr_coverage.statistics.losses import fewer_by_chance, significant
from vopr_coverage.statistics.species import richness, steady_richness


def exactly_at_most(hits: int, trials: int, share: Fraction) -> Fraction:
    """The chance of `hits` or fewer, in exact fractions."""
    return sum((comb(trials, k) * share**k * (1 - share) ** (trials - k) for k in range(hits + 1)), Fraction(0))


@given(st.integers(1, 60), st.data())
def test_binomial_tails_equal_their_exact_sums(trials: int, data: st.DataObject) -> None:
    """Both tails, for every number of hits."""
    hits = data.draw(st.integers(0, trials))
    share = Fraction(data.draw(st.integers(1, 999)), 1000)
    exact = exactly_at_most(hits, trials, share)
    assert binomial.at_most(hits, trials, float(share)) == pytest.approx(float(exact), rel=1e-9, abs=1e-14)
    assert binomial.at_least(hits + 1, trials, float(share)) == pytest.approx(float(1 - exact), rel=1e-9, abs=1e-14)


@given(st.integers(1, 30), st.integers(1, 30), st.data())
def test_hypergeometric_tails_equal_their_exact_sums(marked: int, others: int, data: st.DataObject) -> None:
    """The number of draws that have so many marked, over all draws."""
    drawn = data.draw(st.integers(0, marked + others))
    hits = data.draw(st.integers(0, drawn))
    ways = sum(comb(marked, k) * comb(others, drawn - k) for k in range(hits + 1) if drawn >= k)
    exact = Fraction(ways, comb(marked + others, drawn))
    chance = binomial.hypergeometric_at_most(hits, total=marked + others, marked=marked, drawn=drawn)
    assert chance == pytest.approx(float(exact), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize(("hits", "trials"), [(1, 10), (3, 10), (9, 10), (4, 20), (25, 500)])
def test_beyond_each_clopper_pearson_limit_lie_two_and_a_half_percent(hits: int, trials: int) -> None:
    """The definition of the interval, in exact fractions."""
    low, high = (Fraction(limit) for limit in clopper_pearson(trials, hits))
    assert float(1 - exactly_at_most(hits - 1, trials, low)) == pytest.approx(0.025, rel=1e-6)
    assert float(exactly_at_most(hits, trials, high)) == pytest.approx(0.025, rel=1e-6)


def test_clopper_pearson_at_the_ends() -> None:
    """With no hit, or nothing but hits, one limit is the end and the other has a closed form."""
    assert list(clopper_pearson(20, 0)) == pytest.approx([0, 1 - 0.025 ** (1 / 20)])
    assert list(clopper_pearson(20, 20)) == pytest.approx([0.025 ** (1 / 20), 1])


def test_clopper_pearson_of_a_million_seeds_is_the_normal_interval() -> None:
    """1.96 standard errors of 0.0005."""
    low, high = clopper_pearson(1_000_000, 500_000)
    assert [low, high] == pytest.approx([0.49902, 0.50098], abs=1e-5)


@pytest.mark.parametrize(
    ("rate", "seeds95", "seeds99"),
    [(0.1, 29, 44), (0.01, 299, 459), (1e-3, 2_995, 4_603), (1e-4, 29_956, 46_050), (1e-5, 299_572, 460_515)],
)
def test_seeds_needed_to_see_a_point(rate: float, seeds95: int, seeds99: int) -> None:
    """ln(1 - confidence) / ln(1 - rate), rounded up, by hand."""
    assert iterations_to_see(rate, 0.95) == seeds95
    assert iterations_to_see(rate) == pytest.approx(seeds99, abs=1)
    assert miss_chance(rate, iterations_to_see(rate)) <= 0.01 < miss_chance(rate, iterations_to_see(rate) - 1)


def test_three_in_n_is_above_what_was_never_seen() -> None:
    """The rule of three, Hanley and Lippman-Hand 1983: none of 100 patients is at most 3 % (exactly 2.95 %)."""
    assert rate_above(100) == pytest.approx(0.0295, abs=5e-5)


def test_streams_of_one_seed_are_seeds() -> None:
    """A pool of one is a seed."""
    assert rate_of_streams(10, 3, shortest=1, longest=1) == pytest.approx(clopper_pearson(10, 3))


def test_streams_of_several_lengths_make_the_interval_wider() -> None:
    """The interval of ten streams of 100 seeds lies within that of ten of 50 to 200."""
    low, high = rate_of_streams(10, 3, shortest=100, longest=100)
    assert [low, high] == pytest.approx([6.905e-4, 1.0513e-2], rel=1e-3)
    wide_low, wide_high = rate_of_streams(10, 3, shortest=50, longest=200)
    assert wide_low < low < high < wide_high


@pytest.mark.parametrize("rate", [1e-4, 1e-3, 0.01, 0.1, 0.5])
@pytest.mark.parametrize("way", ["seeds", "streams"])
def test_the_interval_covers_the_true_rate(rate: float, way: str) -> None:
    """Of 4,000 samples, 94 % to 99.5 % have the rate within their limits. Each is of about 20 hits or more."""
    rng, runs = random.Random(f"{rate} {way}"), 4_000
    size = 1 if way == "seeds" else max(1, round(0.7 / rate))
    trials = round(20 / rate) if way == "seeds" else 40
    share = 1 - (1 - rate) ** size
    covered = 0
    for _ in range(runs):
        low, high = rate_of_streams(trials, binomial_variate(rng, trials, share), shortest=size, longest=size)
        covered += low <= rate <= high
    assert 0.94 <= covered / runs <= 0.995


def test_the_lady_tasting_tea() -> None:
    """Fisher 1935: of eight cups, four with milk first, she names four; three or more are right with chance 17/70."""
    assert fewer_by_chance((3, 4), (1, 4)) == pytest.approx(17 / 70)


def test_a_point_that_vanishes_is_not_chance() -> None:
    """25 of 500 seeds before and none of 500 now: C(975, 25) / C(1000, 25), exactly."""
    exact = Fraction(comb(500, 25), comb(1000, 25))
    assert fewer_by_chance((25, 500), (0, 500)) == pytest.approx(float(exact), rel=1e-9)


def test_which_losses_are_significant() -> None:
    """The example of Benjamini and Hochberg 1995, section 3.2: four of fifteen at 5 %, where Bonferroni finds three."""
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    p_values += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert significant(p_values, alpha=0.05) == [True] * 4 + [False] * 11
    shuffled = list(reversed(p_values))
    assert significant(shuffled, alpha=0.05) == [False] * 11 + [True] * 4
    assert significant([]) == []


def base_and_head(rng: random.Random, rates: list[float], switched_off: int = -1) -> list[float]:
    """The p-value of each point, for two runs of 500 seeds with the same rates."""
    p_values = []
    for point, rate in enumerate(rates):
        now = 0 if point == switched_off else binomial_variate(rng, 500, rate)
        p_values.append(fewer_by_chance((binomial_variate(rng, 500, rate), 500), (now, 500)))
    return p_values


def test_equal_rates_are_hardly_ever_called_a_loss() -> None:
    """1,000 pairs of runs with 60 points and 500 seeds each."""
    rng = random.Random(16)
    rates = [10 ** rng.uniform(-4, -0.05) for _ in range(60)]
    alarms = sum(any(significant(base_and_head(rng, rates))) for _ in range(1_000))
    assert alarms <= 10


def test_a_point_that_was_switched_off_is_called_lost() -> None:
    """A point of rate 0.05 among 60, in at least 99 % of 500 pairs of runs."""
    rng = random.Random(17)
    rates = [0.05, *(10 ** rng.uniform(-4, -0.05) for _ in range(59))]
    found = sum(significant(base_and_head(rng, rates, switched_off=0))[0] for _ in range(500))
    assert found >= 495


def test_chao2_by_hand() -> None:
    """12 species in 10 seeds, 4 seen once and 2 seen twice: 0.9 × 16 / 4 = 3.6 more."""
    found = richness(10, [1, 1, 1, 1, 2, 2, 5, 5, 5, 5, 5, 5])
    assert found.total == pytest.approx(15.6)
    assert found.low < found.total < found.high
    assert found.more_after(0) == 0
    assert 0 < found.more_after(5) < found.more_after(10) < 3.6
    assert found.more_after(1_000) == found.more_after(10)
    assert found.chance_of_new == pytest.approx(0.4)


def test_nothing_seen_once_leaves_nothing_unseen() -> None:
    """A species that no seed showed is none."""
    found = richness(10, [2, 3, 0])
    assert (found.seen, found.total, found.low, found.high, found.more_after(10)) == (2, 2, 2, 2, 0)


def test_an_estimate_that_depends_on_what_is_counted_as_one_is_hidden() -> None:
    """Plans that run in bursts of ten seeds make seeds depend on each other."""
    rng = random.Random(5)
    many = [{rng.randrange(50) for _ in range(3)} for _ in range(1_000)]
    places = [[seed for seed, plans in enumerate(many) if plan in plans] for plan in range(50)]
    found = steady_richness(1_000, places)
    assert found is not None
    assert found.seeds == 1_000
    assert found.total == pytest.approx(50)
    assert steady_richness(1_000, [range(plan * 10, plan * 10 + 10) for plan in range(100)]) is None
    assert steady_richness(99, places) is None


def test_seeds_that_each_show_something_of_their_own_tell_nothing() -> None:
    """Nothing repeats."""
    assert steady_richness(1_000, [[seed] for seed in range(1_000)]) is None


def test_an_estimate_is_steady_where_seeds_are_independent() -> None:
    """Four hundred kinds, the rarest of them seen once or twice: grouped in tens, it says nearly the same."""
    rng = random.Random(7)
    kinds = [rng.sample(range(2_000), 1 + int(rng.expovariate(0.3))) for _ in range(400)]
    found = steady_richness(2_000, kinds)
    assert found is not None
    assert found.seen == 400
    assert 400 < found.low < found.total < found.high
