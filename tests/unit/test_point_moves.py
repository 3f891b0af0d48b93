"""Which moves the counts warrant, that nothing else moves, and that neither order nor repetition matters."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.point_runs import a_point_run
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.model.point_lock import FirstSeen, LockedIn, LockedPoint, PointClass, PointLock
from vopr_coverage.model.report import Input
from vopr_coverage.points.lockfile import text_of_lock
from vopr_coverage.points.moves import Relocked, rare_below, relocked
from vopr_coverage.points.sightings import Sighting, Sightings, sightings_in, with_history
from vopr_coverage.reading.simulation import read_simulation


def a_lock(place: LockedIn, first: FirstSeen | None = None) -> PointLock:
    """One point in one scenario."""
    return PointLock(points=(LockedPoint("x", "fault", {"combined": place}, first),))


def seen(hit: int, of: int, **changes: object) -> dict[str, Sightings]:
    """The point as so many seeds show it."""
    sighting = Sighting("fault", hit=hit > 0, incidence=Incidence(hit, of))
    return {"combined": Sightings({"x": replace(sighting, **changes)}, declares=True)}


def moves(told: Relocked) -> list[tuple[str, str]]:
    """What moved, and why."""
    return [(move.what, move.why) for move in told.moves]


MOVES: Mapping[str, tuple[LockedIn, tuple[int, int], list[tuple[str, str]], PointClass]] = {
    "unmark rare": (LockedIn("rare", rate=(0.0, 1e-3)), (12, 10_000), [("unmark rare", "12 of 10,000")], "common"),
    "mark rare": (
        LockedIn("common", hit=False, rate=(0.0, 1e-5)),
        (0, 335_000),
        [("mark rare", "at most 1.1e-05")],
        "rare",
    ),
    "too few to mark": (LockedIn("common", hit=False, rate=(0.0, 1e-3)), (0, 100_000), [], "common"),
    "too few to unmark": (LockedIn("rare", rate=(0.0, 2e-3)), (1, 10_000), [], "rare"),
    "hit, though unreachable": (
        LockedIn("unreachable", hit=False),
        (3, 1_000),
        [("unmark unreachable", "3 of 1,000")],
        "common",
    ),
    "unreachable indeed": (LockedIn("unreachable", hit=False), (0, 1_000_000), [], "unreachable"),
    "first hit": (LockedIn("common", hit=False, rate=(0.0, 0.02)), (1, 200), [("first hit", "1 of 200")], "common"),
    "critical stays": (LockedIn("critical", hit=True, rate=(0.0, 1e-5)), (0, 1_000_000), [], "critical"),
    "a rerun": (LockedIn("common", rate=(0.2, 0.5)), (290, 1_000), [], "common"),
    "lost, and not rare": (LockedIn("common", rate=(0.2, 0.5)), (0, 1_000_000), [], "common"),
    "more often": (
        LockedIn("common", rate=(0.001, 0.005)),
        (290, 1_000),
        [("rate", "0.2 to 0.5, was 0.001 to 0.005: 290 of 1,000")],
        "common",
    ),
    "much better known": (
        LockedIn("common", rate=(0.0, 0.5)),
        (100, 10_000),
        [("rate", "0.005 to 0.02, was 0 to 0.5: 100 of 10,000")],
        "common",
    ),
}


@pytest.mark.parametrize("case", MOVES)
def test_a_move_is_made_where_the_counts_warrant_it(case: str) -> None:
    """And said with the counts; what they don't warrant stays."""
    place, (hit, of), expected, class_ = MOVES[case]
    told = relocked(a_lock(place), seen(hit, of))
    assert [move for move in moves(told) if move[0] != "rate" or "rate" in dict(expected)] == expected
    assert told.lock.points[0].scenarios["combined"].class_ == class_


def test_a_loss_is_told_and_moves_nothing() -> None:
    """A point that was common and is never hit any more is no rare point."""
    before = a_lock(LockedIn("common", rate=(0.2, 0.5)))
    told = relocked(before, seen(0, 1_000_000))
    assert told.lock == before
    assert [(each.name, each.now) for each in told.lost] == [("x", "0 of 1,000,000")]


def test_pooled_runs_are_counted_as_runs() -> None:
    """Of a stream that has only totals, nobody knows how many seeds hit a point."""
    pooled = {"combined": Sightings({"x": Sighting("fault", True, Incidence(3, 4, 2_000, 2_500))})}
    told = relocked(PointLock(), pooled)
    assert moves(told) == [("add as common", "3 of 4 runs of 2,000 to 2,500 seeds")]
    again = relocked(a_lock(LockedIn("common")), {"combined": Sightings({"x": Sighting("fault", True)})})
    assert moves(again) == []  # nothing was measured, so nothing moves


def test_a_new_point_has_the_class_that_config_and_counts_say() -> None:
    """Critical by the config, rare by the counts, common otherwise."""
    added = [
        relocked(PointLock(), seen(1, 100, critical=True)),
        relocked(PointLock(), seen(0, 1_000_000)),
        relocked(PointLock(), seen(0, 100)),
    ]
    assert [told.lock.points[0].scenarios["combined"].class_ for told in added] == ["critical", "rare", "common"]
    assert [told.lock.points[0].scenarios["combined"].hit for told in added] == [True, False, False]


def test_only_lock_removes_what_is_no_longer_declared() -> None:
    """And says which new name looks like it; other scenarios keep their entries."""
    places = {"combined": LockedIn("common"), "calm": LockedIn("rare")}
    before = PointLock(points=(LockedPoint("net.drop", "fault", places), LockedPoint("x", "fault", places)))
    runs = {"combined": Sightings({"x": Sighting("fault", True), "net.drap": Sighting("fault", True)}, True)}
    assert "net.drop" in {point.name for point in relocked(before, runs).lock.points}
    told = relocked(before, runs, drop=True)
    assert told.lock.points[1] == LockedPoint("net.drop", "fault", {"calm": LockedIn("rare")})
    assert (
        "remove",
        "no longer declared; if it is 'net.drap' now (distance 1), rename it in the file instead",
    ) in moves(told)
    silent = {"combined": Sightings({"x": Sighting("fault", True)}, declares=False)}
    assert relocked(before, silent, drop=True).lock == before  # a stream that lists what it hit removes nothing


@pytest.mark.parametrize(
    ("before", "now", "hit", "after"),
    [
        (None, "2026-05-01", False, "2026-05-01"),  # it was never hit before
        ("2026-05-03", "2026-05-01", True, "2026-05-01"),  # a history knows more
        ("2026-05-01", "2026-05-03", True, "2026-05-01"),
        (None, "2026-05-03", True, None),  # it was hit, and nobody knows when
    ],
)
def test_the_first_night_is_the_earliest_that_is_known(
    before: str | None, now: str, hit: bool, after: str | None
) -> None:
    """A later night did not see it first."""
    lock = a_lock(LockedIn("common", hit=hit), FirstSeen(before) if before else None)
    told = relocked(lock, seen(1, 10, first=FirstSeen(now)))
    first = told.lock.points[0].first
    assert (first.night if first else None) == after


def test_the_line_of_rare_is_where_so_many_seeds_miss_one_in_a_hundred() -> None:
    """FoundationDB's: (1 - p)^250,000 > 0.01 below 1.842e-5, one in 54,287."""
    assert rare_below(250_000) == pytest.approx(1.842e-5, rel=1e-3)


def test_of_runs_and_history_the_narrower_interval_is_taken() -> None:
    """They may be of the same nights, so they are not added."""
    runs = {"combined": Sightings({"x": Sighting("fault", False, Incidence(0, 100))}, True)}
    first = FirstSeen("2026-05-01", "0123abc")
    nights = {"combined": Sightings({"x": Sighting("fault", True, Incidence(3, 30, 10_000, 10_000), first)})}
    (both,) = with_history(runs, nights)["combined"].points.values()
    assert (both.hit, both.incidence.of, both.first) == (True, 30, first)
    assert with_history(runs, {"calm": nights["combined"]}) == runs


def test_a_rerun_is_no_move_and_no_loss() -> None:
    """60 points of rates from 0.5 % on, 1,000 seeds: of 100 nights by the same tester hardly a line changes."""
    rng = random.Random(16)
    rates = {f"p{number}": 0.005 * 200 ** (number / 60) for number in range(60)}

    def a_night() -> dict[str, Sightings]:
        hits = {name: sum(rng.random() < rate for _ in range(1_000)) for name, rate in rates.items()}
        return {"c": Sightings({n: Sighting("fault", hit > 0, Incidence(hit, 1_000)) for n, hit in hits.items()}, True)}

    moved = lost = 0
    for _ in range(20):
        lock = relocked(PointLock(), a_night()).lock
        for _ in range(5):
            told = relocked(lock, a_night())
            moved, lost = moved + len(told.moves), lost + len(told.lost)
    assert moved <= 6_000 // 1_000
    assert lost <= 6_000 // 1_000


# ---- any order, any repetition

NAMES = ("a", "b", "c", "d")
RUNS = st.lists(
    st.tuples(
        st.sampled_from(["calm", "combined"]), st.dictionaries(st.sampled_from(NAMES), st.integers(0, 20), min_size=1)
    ),
    min_size=1,
    max_size=5,
)


def read(runs: list[tuple[str, dict[str, int]]]) -> list[Input]:
    """Streams of 20 seeds each, of ranges that follow each other."""
    streams = [
        a_point_run(hits, seeds=20, first=20 * place, scenario=scenario) for place, (scenario, hits) in enumerate(runs)
    ]
    return [
        replace(read_simulation([stream], f"{place}.ndjson"), scenario=runs[place][0])
        for place, stream in enumerate(streams)
    ]


@examples(120)
@given(RUNS, st.randoms(use_true_random=False))
def test_runs_in_any_order_make_the_same_file(runs: list[tuple[str, dict[str, int]]], random: object) -> None:
    """Byte for byte."""
    inputs = read(runs)
    shuffled = list(inputs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    texts = [text_of_lock(relocked(PointLock(), sightings_in(each), drop=True).lock) for each in (inputs, shuffled)]
    assert texts[0] == texts[1]


def test_a_name_of_two_kinds_has_the_same_kind_in_any_order() -> None:
    """Two versions of a tester in one night."""
    inputs = [
        read_simulation([a_point_run({"x": 1}, seeds=5, first=first, sometimes=sometimes)], "s")
        for first, sometimes in ((0, []), (5, ["x"]))
    ]
    kinds = [sightings_in(each)["*"].points["x"].kind for each in (inputs, inputs[::-1])]
    assert kinds == ["fault", "fault"]


@examples(200)
@given(
    st.integers(0, 400_000),
    st.integers(0, 400_000),
    st.sampled_from(["critical", "common", "rare", "unreachable"]),
    st.one_of(st.none(), st.tuples(st.sampled_from([0.0, 1e-5, 1e-3, 0.2]), st.sampled_from([0.3, 0.5, 1.0]))),
    st.booleans(),
)
def test_the_same_runs_move_nothing_twice(
    of: int, hit: int, class_: PointClass, rate: tuple[float, float] | None, ever: bool
) -> None:
    """Whatever the file said before: the second update of the same counts has nothing to say."""
    hit = hit % (of + 1)
    place = LockedIn(class_, ever or bool(rate and rate[0]), rate)
    for drop in (False, True):
        once = relocked(a_lock(place), seen(hit, of), drop=drop)
        twice = relocked(once.lock, seen(hit, of), drop=drop)
        assert (twice.lock, twice.moves) == (once.lock, ())
