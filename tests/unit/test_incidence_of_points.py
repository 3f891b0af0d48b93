"""How often a point was hit, in samples of one seed and in pooled ones."""

import pytest

from vopr_coverage.model.incidence import Incidence, added
from vopr_coverage.statistics.intervals import clopper_pearson, rate_of_streams


def test_of_seeds_the_interval_is_that_of_a_share() -> None:
    """One sample a seed."""
    seen = Incidence(12, 1_000)
    assert seen.interval == pytest.approx(clopper_pearson(1_000, 12))
    assert seen.rate == 0.012


def test_of_pooled_samples_there_is_an_interval_and_no_rate() -> None:
    """Four streams of 500 seeds, all of which hit the point."""
    seen = Incidence(4, 4, shortest=500, longest=500)
    assert seen.interval == rate_of_streams(4, 4, shortest=500, longest=500)
    assert seen.rate is None


def test_no_sample_says_nothing() -> None:
    """Not even that the rate is small."""
    assert (Incidence(0, 0).interval, Incidence(0, 0).rate) == ((0.0, 1.0), None)


def test_disjoint_seeds_are_added() -> None:
    """Samples of other lengths widen the interval; what has no sample changes nothing."""
    parts = [Incidence(0, 0), Incidence(1, 2, 100, 200), Incidence(3, 3, 50, 400, first_seed=7, rare_seed=9)]
    assert added(parts) == Incidence(4, 5, 50, 400, first_seed=7, rare_seed=9)
    assert added([]) == Incidence(0, 0)
