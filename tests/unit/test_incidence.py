"""Pairs that met, the seeds that reach everything, and hits of several runs as one."""

from __future__ import annotations

import random
from itertools import combinations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.incidence import pairs
from vopr_coverage.incidence.cover import Pairs, Points, cover
from vopr_coverage.incidence.pairs import never_together, pairs_of
from vopr_coverage.model.hits import Hits, SeedSpan, joined

NAMES = ("crash", "drop", "repair", "torn write")
ROWS = st.lists(st.frozensets(st.sampled_from(NAMES)), min_size=1, max_size=12)


def hits_of(rows: list[frozenset[str]], first: int = 100) -> Hits:
    """The hits of seeds that follow each other."""
    columns = {name: sum(1 << row for row, hit in enumerate(rows) if name in hit) for name in NAMES}
    return Hits((SeedSpan(first, len(rows)),), columns)


def as_row(hit: frozenset[str]) -> int:
    """The points of a seed as bits, in the order of NAMES."""
    return sum(1 << NAMES.index(name) for name in hit)


@given(ROWS, ROWS, ROWS, st.permutations([0, 1, 2]))
def test_runs_are_joined_in_any_order(
    one: list[frozenset[str]], two: list[frozenset[str]], three: list[frozenset[str]], order: list[int]
) -> None:
    """Disjoint seeds: every seed keeps its points, whatever is joined first."""
    runs = [hits_of(one), hits_of(two, 1_000), hits_of(three, (1 << 64) - 3)]
    together = joined([runs[i] for i in order])
    assert together == joined(runs) == joined([joined(runs[:2]), runs[2]])
    seen = {
        together.seed_of(row): {n for n in NAMES if together.columns[n] >> row & 1} for row in range(together.seeds)
    }
    assert seen == {
        (first + i) % (1 << 64): set(hit)
        for first, rows in ((100, one), (1_000, two), ((1 << 64) - 3, three))
        for i, hit in enumerate(rows)
    }


def test_the_first_and_the_rare_seed_of_a_point() -> None:
    """Seeds 100 to 103: the torn write is rarest, so a repair is shown where there was one."""
    rows = [{"drop"}, {"drop", "repair"}, {"repair", "torn write"}, {"drop", "repair"}]
    hits = hits_of([frozenset(row) for row in rows])
    assert [hits.first_seed(name) for name in NAMES] == [None, 100, 101, 102]
    assert [hits.rare_seed(name) for name in NAMES] == [None, 101, 102, 102]


@given(ROWS, st.sampled_from([Points, Pairs]))
def test_the_chosen_seeds_reach_what_all_seeds_reach(
    rows: list[frozenset[str]], goal: type[Points] | type[Pairs]
) -> None:
    """Each seed is for something, and together they are for everything, each thing once."""
    bits = [as_row(row) for row in rows]
    chosen = cover(bits, goal)
    told = [part for one in chosen for part in one.reaches]
    assert sorted(told) == sorted({part for row in bits for part in goal.parts(row)})
    assert all(one.reaches for one in chosen)
    assert all(set(one.reaches) <= set(goal.parts(bits[one.row])) for one in chosen)


def test_the_rarest_point_comes_first_and_ties_go_to_the_lower_seed() -> None:
    """Point 2 occurs once, in row 3; rows 0 and 1 are alike."""
    chosen = cover([0b011, 0b011, 0b001, 0b100], Points)
    assert [(one.row, one.reaches) for one in chosen] == [(3, ((2,),)), (0, ((1,), (0,)))]
    assert cover([0, 0], Points) == []


def smallest_cover(rows: list[int]) -> int:
    """By trying all."""
    every = 0
    for row in rows:
        every |= row
    for size in range(len(rows) + 1):
        for some in combinations(set(rows), size):
            reached = 0
            for row in some:
                reached |= row
            if reached == every:
                return size
    raise AssertionError


@pytest.mark.parametrize("case", range(50))
def test_a_cover_is_at_most_a_third_larger_than_the_smallest(case: int) -> None:
    """50 small cases that are solved exactly."""
    rng = random.Random(case)
    rates = [rng.choice([0.05, 0.1, 0.2, 0.4]) for _ in range(rng.randint(6, 20))]
    rows = [sum((rng.random() < rate) << point for point, rate in enumerate(rates)) for _ in range(rng.randint(8, 13))]
    assert len(cover(rows, Points)) <= 1.3 * smallest_cover(rows)


def test_never_together_by_hand() -> None:
    """Of 10 seeds 4 hit one point and 3 the other: C(6, 3) / C(10, 3) is the chance that no seed hits both."""
    assert never_together(4, 3, 10) == pytest.approx(comb(6, 3) / comb(10, 3))
    assert never_together(8, 3, 10) == 0


def test_a_pair_that_never_met_although_chance_expects_it() -> None:
    """2,000 seeds: crashes in 500 and repairs in 400 never meet, where chance expects 100; a rare point is no news."""
    rng = random.Random(1)
    rows = []
    for seed in range(2_000):
        hit = {"crash"} if seed % 4 == 0 else {"repair"} if rng.random() < 400 / 1_500 else set[str]()
        hit |= {"drop"} if rng.random() < 0.5 else set()
        rows.append(frozenset(hit | ({"torn write"} if seed == 7 else set())))
    hits = hits_of(rows)
    found = pairs_of(hits, [*NAMES, "never hit"])
    assert found is not None
    assert [(pair.one, pair.other) for pair in found.strangers] == [("crash", "repair")]
    assert found.strangers[0].expected == pytest.approx(500 * hits.columns["repair"].bit_count() / 2_000)
    assert found.strangers[0].chance < 1e-20
    assert found.possible == 10
    assert found.met == sum(bool(hits.columns[a] & hits.columns[b]) for a, b in combinations(NAMES, 2))
    assert found.points == ("crash", "repair", "torn write", "drop"), "strangers first, then the rarest"
    assert [row[:2] for row in found.matrix[:2]] == [(500, 0), (0, hits.columns["repair"].bit_count())]


def test_pairs_of_independent_points_are_hardly_ever_called_strangers() -> None:
    """At most 1 of 100 runs, whatever the rates are."""
    rng, alarms = random.Random(2), 0
    for _ in range(200):
        rates = [10 ** rng.uniform(-2, -0.2) for _ in NAMES]
        rows = [frozenset(n for n, rate in zip(NAMES, rates, strict=True) if rng.random() < rate) for _ in range(200)]
        found = pairs_of(hits_of(rows), NAMES)
        alarms += found is None or bool(found.strangers_found)
    assert alarms <= 6


def test_without_two_points_there_is_no_share() -> None:
    """Not measured is no share of 0."""
    found = pairs_of(hits_of([frozenset({"drop"})]), ["drop"])
    assert found is not None
    assert found.share is None


def test_more_points_than_can_be_compared_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time is bounded."""
    monkeypatch.setattr(pairs, "POINTS_MAX", 2)
    assert pairs_of(hits_of([frozenset(NAMES[:3])]), NAMES) is None
    assert pairs_of(hits_of([frozenset(NAMES[:2])]), NAMES) is not None


@given(ROWS, ROWS)
def test_pairs_that_met_stay_together_whatever_is_added(rows: list[frozenset[str]], more: list[frozenset[str]]) -> None:
    """More seeds never take a pair apart, in whatever order runs are added."""
    one, other = hits_of(rows), hits_of(more, 1_000)
    before, after = pairs_of(one, NAMES), pairs_of(joined([other, one]), NAMES)
    assert before is not None
    assert after is not None
    assert before.met <= after.met <= after.possible == before.possible == 6
    assert after == pairs_of(joined([one, other]), NAMES)
    together = {(a, b) for a, b in combinations(NAMES, 2) if any({a, b} <= row for row in [*rows, *more])}
    assert after.met == len(together)
