"""In how many samples runs hit each point: seeds where they are known, else each stream as one pooled sample."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.reports import a_flat_report, a_stream
from tests.support.simulations import begin, finish, seed, simulated
from tests.support.streams import reading
from vopr_coverage.check.merge import as_unit
from vopr_coverage.check.power import incidences_in
from vopr_coverage.incidence.samples import incidences_of
from vopr_coverage.model.incidence import Incidence, Samples
from vopr_coverage.model.rates import impossible, incidences_in_verdict, rates_of
from vopr_coverage.model.report import Input
from vopr_coverage.reading.formats import read_document

SENT, DROPPED = "sim.network.send", "network.drop"
HITS = st.lists(st.sets(st.sampled_from(["disk.torn_write", "net.drop", "leader changes"])), min_size=1, max_size=6)


def a_stream_of(seeds: int, first: int = 0) -> Input:
    """A VOPR stream, which has totals only."""
    return replace(reading(a_stream(seeds, first=first)), source=f"{first}.ndjson")


def a_simulation_of(rows: list[set[str]], first: int = 0) -> Input:
    """A simulation stream whose seeds hit these points."""
    seeds = [seed(first + i, hits=dict.fromkeys(sorted(row), 3)) for i, row in enumerate(rows)]
    return simulated(begin(len(rows), first), *seeds, finish(len(rows)))


def test_a_stream_with_totals_is_one_sample_of_all_its_seeds() -> None:
    """400 hits in 30 seeds may all be one seed's, so they say no more than that one of the 30 hit."""
    found = incidences_of([a_stream_of(30)])
    assert found is not None
    assert found.samples == Samples(of=1, seeds=30, shortest=30, longest=30)
    assert found.of_points()[SENT] == Incidence(1, 1, 30, 30)


def test_streams_of_other_lengths_are_samples_side_by_side() -> None:
    """A point that is known from the config alone was hit by none of them."""
    found = incidences_of([a_stream_of(30), a_stream_of(10, first=100)], points=["disk.crash"])
    assert found is not None
    assert found.samples == Samples(of=2, seeds=40, shortest=10, longest=30)
    assert (found.points[SENT], found.points["disk.crash"]) == (2, 0)
    assert found.invariants["vsr_agreement"] == 2


def test_hits_that_are_known_seed_by_seed_count_seeds() -> None:
    """How often a seed hit a point does not matter, and phases are no points."""
    found = incidences_of([a_simulation_of([{"net.drop"}, {"net.drop", "disk.torn_write"}, set(), set()])])
    assert found is not None
    assert found.samples == Samples(of=4, seeds=4)
    assert found.points == {"disk.torn_write": 1, "leader changes": 0, "net.drop": 2}
    assert found.invariants == {"agreement": 4, "durability": 4}


def test_a_simulation_stream_with_totals_at_its_end_is_one_sample() -> None:
    """Nobody knows which of its three seeds hit the point."""
    seeds = [{"type": "seed", "seed": i, "status": "ok"} for i in range(3)]
    found = incidences_of([simulated(begin(3, 0), *seeds, finish(3, hits={"net.drop": 9}, ran={}))])
    assert found is not None
    assert found.samples == Samples(of=1, seeds=3, shortest=3, longest=3)
    assert (found.points["net.drop"], found.points["disk.torn_write"]) == (1, 0)


def test_invariants_that_count_seeds_beside_totals_of_points_are_one_sample_too() -> None:
    """All that a run tells is of the same samples."""
    seeds = [{"type": "seed", "seed": i, "status": "ok", "ran": {"agreement": 1}} for i in range(3)]
    found = incidences_of([simulated(begin(3, 0), *seeds, finish(3, hits={"net.drop": 9}))])
    assert found is not None
    assert (found.samples.of, found.points["net.drop"]) == (1, 1)
    assert found.invariants == {"agreement": 1, "durability": 0}


def test_what_is_not_measured_has_no_incidence() -> None:
    """Invariants with totals alone beside points that count seeds, and points that nobody counted at all."""
    counted = [{"type": "seed", "seed": i, "status": "ok", "hits": {"net.drop": 1}} for i in range(3)]
    found = incidences_of([simulated(begin(3, 0), *counted, finish(3, ran={"agreement": 9}))])
    assert found is not None
    assert (found.samples.of, found.points["net.drop"], dict(found.invariants)) == (3, 3, {})
    silent = [{"type": "seed", "seed": i, "status": "ok", "ran": {"agreement": 1}} for i in range(3)]
    found = incidences_in(as_unit("m", None, [simulated(begin(3, 0), *silent, finish(3))]))
    assert found is not None
    assert (dict(found.points), found.invariants["agreement"]) == ({}, 3)


def test_a_report_that_tells_no_seeds_has_no_incidence() -> None:
    """Nor has what is merged with it: zero of an unknown number is no rate."""
    flat = read_document([a_flat_report()], "flat.json")
    assert incidences_of([flat]) is None
    assert incidences_of([a_stream_of(30), flat]) is None
    assert incidences_of([]) is None


def test_runs_that_share_seeds_have_no_incidence() -> None:
    """The seed that both ran would count twice."""
    shared = [a_simulation_of([{"net.drop"}, set()]), a_simulation_of([{"net.drop"}], first=1)]
    assert incidences_in(as_unit("m", None, shared)) is None


@examples(40)
@given(HITS, HITS, HITS, st.permutations([0, 1, 2]))
def test_runs_are_added_in_any_order(
    one: list[set[str]], two: list[set[str]], three: list[set[str]], order: list[int]
) -> None:
    """Three runs together are the one run of all their seeds."""
    runs = [a_simulation_of(one), a_simulation_of(two, 100), a_simulation_of(three, 200)]
    together = incidences_of([runs[i] for i in order])
    assert together == incidences_of(runs) == incidences_of([a_simulation_of([*one, *two, *three])])


@examples(40)
@given(HITS, HITS)
def test_more_seeds_never_make_a_hit_unhit(one: list[set[str]], two: list[set[str]]) -> None:
    """Every count stays or grows."""
    few = incidences_of([a_simulation_of(one)])
    many = incidences_of([a_simulation_of(one), a_simulation_of(two, 100)])
    assert few is not None
    assert many is not None
    assert all(many.points[name] >= hit for name, hit in few.points.items())


# ---- in the verdict


def test_the_verdict_lists_the_rarest_first() -> None:
    """With the rate, its interval, and the chance that four other seeds miss the point."""
    found = incidences_of([a_simulation_of([{"net.drop"}, {"net.drop", "disk.torn_write"}, {"net.drop"}, set()])])
    rates = rates_of(found)
    assert rates is not None
    assert [each.name for each in rates.points] == ["leader changes", "disk.torn_write", "net.drop"]
    torn = rates.points[1]
    assert (torn.hit, torn.rate) == (1, 0.25)
    assert torn.missed == pytest.approx(0.75**4)
    assert (torn.low, torn.high) == Incidence(1, 4).interval
    assert torn.missed_at_most == pytest.approx((1 - torn.low) ** 4)
    assert incidences_in_verdict(rates) == found
    assert impossible(rates) == ""


def test_pooled_samples_have_an_interval_and_no_rate() -> None:
    """The chance of a miss is then only known to be at most that of the lower limit."""
    rates = rates_of(incidences_of([a_stream_of(30), a_stream_of(30, first=100)]))
    assert rates is not None
    sent = next(each for each in rates.points if each.name == SENT)
    assert (sent.hit, sent.rate, sent.missed) == (2, None, None)
    assert 0 < sent.low < sent.high == 1
    assert sent.missed_at_most == pytest.approx((1 - sent.low) ** 60)


def test_a_list_that_cannot_be_is_seen() -> None:
    """A verdict file is as untrusted as any report."""
    rates = rates_of(incidences_of([a_stream_of(30)]))
    assert rates is not None
    first = replace(rates.points[0], hit=2)
    assert impossible(replace(rates, points=(first,))) == f"2 of 1 sample hit '{first.name}'"
    assert impossible(replace(rates, shortest=31)) == "samples of 31 to 30 seeds"
    assert impossible(replace(rates, seeds=29)) == "29 seeds in samples of 30 to 30"
