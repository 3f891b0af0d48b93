"""What is lost beyond chance: by hand, and by simulation of runs whose rates are known."""

from __future__ import annotations

from math import comb

import pytest
from msgspec.structs import replace

from tests.support.examples import some_of
from tests.support.pages import a_missed_point
from tests.support.paired_rates import false_alarm, noticed
from vopr_coverage.base.losses import losses_of
from vopr_coverage.base.told_losses import told
from vopr_coverage.check.power import with_power
from vopr_coverage.incidence.power import chance_of_fewer, p_in_words, power_of
from vopr_coverage.model.incidence import Incidence, Incidences, Samples
from vopr_coverage.model.known_rates import KnownRates, hits_in_words
from vopr_coverage.model.verdict import Change


def test_counts_of_seeds_are_compared_by_fishers_test() -> None:
    """All three hits fall into the base's 10 of 15 seeds in 120 of 455 ways."""
    chance = chance_of_fewer(Incidence(3, 10), Incidence(0, 5), 5)
    assert chance == pytest.approx(comb(10, 3) / comb(15, 3))


def test_pooled_samples_are_compared_by_the_lower_limit() -> None:
    """Of 10 streams of 100 seeds all hit it, so a stream does with a chance of 0.69 at least: 0.025^(1/10)."""
    before = Incidence(10, 10, 100, 100)
    assert chance_of_fewer(before, Incidence(0, 2, 100, 100), 200) == pytest.approx((1 - 0.025**0.1) ** 2)
    assert chance_of_fewer(before, Incidence(1, 2, 100, 100), 200) == 1.0


def test_as_many_hits_as_before_need_no_explanation() -> None:
    """Whatever the size of the runs."""
    assert chance_of_fewer(Incidence(2, 1_000_000), Incidence(1, 500_000), 500_000) == 1.0
    assert chance_of_fewer(Incidence(1, 2), Incidence(500_000, 1_000_000), 1_000_000) == 1.0


@pytest.mark.parametrize(
    ("hit", "of", "seeds", "lost", "needed"),
    [
        (1, 1, 100, False, 182),  # the lower limit is 0.025
        (500, 500, 2, True, 1),  # 0.025^(1/500) = 0.9926, so one seed is enough
        (480, 12_000, 2_000, True, 124),  # 0.0366
        (2, 12_000, 2_000, False, 228_158),  # 0.0000202
    ],
)
def test_power_is_that_of_the_lower_limit(hit: int, of: int, seeds: int, lost: bool, needed: int) -> None:
    """A run misses the point with (1 - low)^seeds; so many seeds miss it in one of 100 cases."""
    power = power_of(Incidence(hit, of), seeds)
    assert power is not None
    low = Incidence(hit, of).interval[0]
    assert power.chance == pytest.approx((1 - low) ** seeds)
    assert power.needed == pytest.approx(needed, rel=0.002)
    assert power.lost == lost


def test_of_a_point_that_was_never_hit_nothing_is_known() -> None:
    """Its rate may be 0."""
    assert power_of(Incidence(0, 1_000), 1_000) is None
    assert power_of(Incidence(0, 0), 1_000) is None


def test_hits_are_told_with_what_a_sample_is() -> None:
    """A seed, or a run of so many."""
    assert hits_in_words(Incidence(1, 1)) == "1 of 1 seed"
    assert hits_in_words(Incidence(480, 12_000)) == "480 of 12,000 seeds"
    assert hits_in_words(Incidence(4, 4, 1_000, 1_000)) == "4 of 4 runs of 1,000 seeds"
    assert hits_in_words(Incidence(0, 1, 10, 2_000)) == "0 of 1 run of 10 to 2,000 seeds"


def test_a_p_value_is_never_zero() -> None:
    """A float holds no smaller one than 5e-324."""
    assert (p_in_words(5.8e-7), p_in_words(0.0)) == ("p = 5.8e-07", "p < 1e-99")


@pytest.mark.parametrize("hit", [0, 1, 10_000, 10_001, 1 << 39, (1 << 40) - 10_001, (1 << 40) - 1, 1 << 40])
def test_the_largest_counts_that_a_file_may_hold_have_an_interval(hit: int) -> None:
    """A base's verdict is as untrusted as any report."""
    low, high = Incidence(hit, 1 << 40).interval
    assert low <= hit / (1 << 40) <= high
    assert 0 <= chance_of_fewer(Incidence(hit, 1 << 40), Incidence(0, 1 << 40), 1 << 40) <= 1


def test_a_name_that_is_lost_was_hit_by_no_seed() -> None:
    """Whatever an incidence says: the loss is what the reports tell."""
    before = KnownRates("base", {"a": Incidence(60, 100)})
    now = Incidences(Samples(100, 100), {"a": 60})
    (loss,) = losses_of(Change(base="b", lost_points=("a",)), now, [before]).losses
    assert (loss.now.hit, loss.is_significant) == (0, True)


def test_points_and_invariants_of_one_name_are_two_names() -> None:
    """And of what neither side counts, nobody knows."""
    now = Incidences(Samples(100, 100), {"a": 0}, {"a": 50})
    before = KnownRates("base", {"a": Incidence(60, 100)}, {"a": Incidence(60, 100)})
    found = losses_of(Change(base="b", lost_points=("a", "b")), now, [before])
    assert [(loss.is_point, loss.name, loss.is_significant) for loss in found.losses] == [(True, "a", True)]
    assert (found.unknown, found.compared) == (("b",), 2)
    assert losses_of(Change(base="b", lost_points=("a",)), None, [before]).unknown == ("a",)


def test_an_invariant_is_lost_as_a_point_is() -> None:
    """Its counts stand in one sentence, with the chance."""
    now = Incidences(Samples(100, 100), {"a": 50}, {"a": 0})
    before = KnownRates("main", {"a": Incidence(60, 100)}, {"a": Incidence(60, 100)})
    found = losses_of(Change(base="b", lost_invariants=("a",)), now, [before])
    assert [(loss.is_point, loss.name, loss.is_significant) for loss in found.losses] == [(False, "a", True)]
    assert found.unknown == ()
    assert found.losses[0].counts == "60 of 100 seeds on main, 0 of 100 seeds here, p = 2e-24"


@pytest.mark.parametrize(
    ("hit", "of", "seeds", "others", "could_be"),
    [
        (1, 2, 13, 0, True),  # both of 2 and none of 13 have a chance of 1 in 105
        (1, 2, 12, 0, False),  # 1 in 91
        (1, 1, 100, 1, False),  # 1 in 101, and two names share the 1 in 100
        (1, 1, 200, 1, True),
        (1, 1, 100, 0, True),
        (1, 1, 98, 0, False),  # 1 in 99
    ],
)
def test_a_loss_could_be_told_from_chance_by_samples_enough(
    hit: int, of: int, seeds: int, others: int, could_be: bool
) -> None:
    """Enough are those that would show the loss of a point that every seed hit before."""
    names = ["a", *(f"kept{number}" for number in range(others))]
    now = Incidences(Samples(seeds, seeds), dict.fromkeys(names, 1))
    before = KnownRates("base", dict.fromkeys(names, Incidence(hit, of)))
    (loss,) = losses_of(Change(base="b", lost_points=("a",)), now, [before]).losses
    assert loss.could_be == could_be


def test_many_losses_by_chance_are_counted_after_the_first_ten() -> None:
    """Each was hit by one of 1,000 seeds."""
    names = [f"p{number:02}" for number in range(12)]
    now = Incidences(Samples(1_000, 1_000), dict.fromkeys(names, 0))
    before = KnownRates("base", dict.fromkeys(names, Incidence(1, 1_000)))
    lost, by_chance, untold = told(losses_of(Change(base="b", lost_points=tuple(names)), now, [before]))
    assert (lost, untold, len(by_chance)) == ([], None, 11)
    assert by_chance[-1] == "2 more names lost, explained by chance"


@pytest.mark.parametrize(("actual", "is_told"), [("Never satisfied", True), ("Not measured", False)])
def test_what_was_not_measured_is_neither_lost_nor_underpowered(actual: str, is_told: bool) -> None:
    """A stream that does not list a property says nothing of it."""
    violation = replace(a_missed_point("a"), kind="PropertyNotSatisfied", actual=actual)
    now = Incidences(Samples(100, 100), {"a": 0})
    told_of = with_power(violation, now, [KnownRates("base", {"a": Incidence(60, 100)})])
    assert ("lost:" in told_of.line) == is_told


# ---- by simulation; `make power-bench` does the same with 1,000 pairs


def test_runs_of_the_same_rates_are_seldom_called_a_loss() -> None:
    """At most 1 of 100, also where each run is ten streams of 50 seeds."""
    pairs = some_of(range(400))
    assert sum(false_alarm(seed) for seed in pairs) <= len(pairs) / 100
    assert sum(false_alarm(seed, samples=10, length=50) for seed in pairs) <= len(pairs) / 100


def test_a_point_that_is_switched_off_is_noticed() -> None:
    """5 of 100 seeds hit it, and 500 seeds are run."""
    pairs = some_of(range(400))
    assert sum(noticed(seed, 0.05) for seed in pairs) >= len(pairs) * 0.99
