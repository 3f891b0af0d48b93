"""What a history of nights says about points: only nights of seeds of their own are samples."""

from __future__ import annotations

from typing import Any

from tests.support.histories import a_record
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.nightly.night_incidence import NightIncidence
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.points.sightings import Sighting
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.point_history import sightings_of, sightings_of_last


def a_night(number: int, hit: str = "", missed: str = "", **changes: Any) -> TrendRecord:
    """A coverage job's record of 1,000 seeds of its own."""
    told = {
        "job": "coverage",
        "scenario": "combined",
        "ran": 1_000,
        "seed_base": str(number),
        "commit": f"{number:07x}",
        "names": ReachedNames(hit=tuple(hit.split()), missed=tuple(missed.split())),
    }
    return a_record(number, **(told | changes))


def x_in(nights: list[TrendRecord]) -> Sighting:
    """The point x in `combined`."""
    return sightings_of(nights)["combined"].points["x"]


def test_a_night_is_one_sample_of_its_seeds() -> None:
    """Hit or not; how many of its seeds hit the point nobody knows."""
    seen = x_in([a_night(1, missed="x"), a_night(2, hit="x"), a_night(3, hit="x", ran=2_000)])
    assert (seen.hit, seen.incidence.hit, seen.incidence.of) == (True, 2, 3)
    assert (seen.incidence.shortest, seen.incidence.longest) == (1_000, 2_000)
    assert seen.first is not None
    assert seen.first.commit == "0000002"


def test_a_night_that_counted_seeds_has_them_as_samples() -> None:
    """Nights without counts, or whose counts leave it out, are not mixed in: one sample of theirs is many seeds."""
    counted = [a_night(n, hit="x", incidence=NightIncidence(1_000, points={"x": n})) for n in (3, 4)]
    seen = x_in([a_night(1, missed="x"), *counted, a_night(5, hit="x", incidence=NightIncidence(1_000))])
    assert seen.incidence == Incidence(7, 2_000)


def test_nights_of_the_same_seeds_are_one_sample() -> None:
    """And nights of which nobody knows the seeds are none: they may be the same."""
    assert x_in([a_night(1, hit="x"), a_night(2, hit="x", seed_base="1")]).incidence.of == 1
    assert x_in([a_night(1, hit="x", seed_base=None), a_night(2, hit="x", ran=None)]).incidence.of == 0


def test_a_night_that_does_not_name_a_point_says_nothing_about_it() -> None:
    """Names are cut at 500, and the tester may have been another."""
    seen = x_in([a_night(1, hit="x"), a_night(2, hit="y"), a_night(3, missed="x")])
    assert (seen.incidence.hit, seen.incidence.of) == (1, 2)


def test_of_older_nights_only_the_first_is_taken() -> None:
    """A history keeps only part of their names: the first hit is there, the misses are not."""
    nights = [a_night(0, hit="x"), *(a_night(number, missed="x") for number in range(1, 41))]
    seen = x_in(nights)
    assert (seen.hit, seen.incidence.hit, seen.incidence.of) == (True, 0, 30)
    assert seen.first is not None
    assert seen.first.commit == "0000000"


def test_the_last_night_stands_for_itself() -> None:
    """For a table that says what it adds; a run without a scenario has the entry *."""
    nights = [a_night(1, hit="x", scenario=""), a_night(2, missed="x", scenario="")]
    last = sightings_of_last(nights)["*"].points["x"]
    assert (last.hit, last.incidence.of) == (False, 1)
