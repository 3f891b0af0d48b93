"""How many seeds of a night hit each point, as its file holds it: as much as every reader can use, the rarest first."""

from __future__ import annotations

import pytest

from vopr_coverage.model.incidence import Incidence, Incidences, Samples
from vopr_coverage.nightly.night_incidence import NightIncidence, night_incidence

POOLED = Samples(of=4, seeds=90, shortest=10, longest=40)


def test_a_night_has_the_counts_of_its_samples() -> None:
    """Of points and of invariants."""
    night = night_incidence(Incidences(POOLED, {"b": 4, "a": 1}, {"log": 3}))
    assert night == NightIncidence(of=4, shortest=10, longest=40, points={"a": 1, "b": 4}, invariants={"log": 3})
    assert night.of_points() == {"a": Incidence(1, 4, 10, 40), "b": Incidence(4, 4, 10, 40)}
    assert night.of_invariants() == {"log": Incidence(3, 4, 10, 40)}


def test_what_nobody_knows_is_not_in_the_file() -> None:
    """Nor more seeds than anybody can run: 2^40."""
    assert night_incidence(None) is None
    assert night_incidence(Incidences(Samples(of=1, seeds=(1 << 40) + 1))) is None
    assert night_incidence(Incidences(Samples(of=1, seeds=1 << 40))) == NightIncidence(1)


def test_the_500_rarest_are_held_in_the_order_of_their_names() -> None:
    """Of two that are as rare, the first by name. Names of more than 200 characters are left out."""
    common = {f"c{n:03}": 9 for n in range(400)}
    rare = {f"r{n:03}": 1 for n in range(200)}
    night = night_incidence(Incidences(POOLED, {**common, **rare, "x" * 200: 2, "y" * 201: 0}))
    assert night is not None
    assert list(night.points) == [*(f"c{n:03}" for n in range(299)), *rare, "x" * 200]
    assert {night.points[name] for name in rare} == {1}


@pytest.mark.parametrize(
    ("night", "possible"),
    [
        (NightIncidence(5), True),
        (NightIncidence(5, points={"a": 5}, invariants={"i": 5}), True),
        (NightIncidence(5, points={"a": 6}), False),
        (NightIncidence(5, points={"a": 1}, invariants={"i": 6}), False),
        (NightIncidence(5, shortest=3, longest=3), True),
        (NightIncidence(5, shortest=4, longest=3), False),
    ],
)
def test_no_count_is_larger_than_what_it_is_of(night: NightIncidence, possible: bool) -> None:
    """And no sample is longer than the longest."""
    assert night.is_possible is possible
