"""Which seeds hit which points, as streams and recordings tell it."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.simulations import a_simulation, begin, finish, seed, simulated
from vopr_coverage.model.hits import Hits, SeedSpan, joined, with_other_names
from vopr_coverage.reading import seed_hits
from vopr_coverage.reading.seed_hits import HitCounts
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.simulation_rows import rows_of

NAMES = ("drop", "repair", "torn")
COUNT = st.integers(0, 3) | st.sampled_from([254, 255, 256, 1_000, (1 << 64) - 1])
COUNTS = st.none() | st.dictionaries(st.sampled_from(NAMES), COUNT)


def told(hits: Hits | None) -> dict[int, set[str]]:
    """The points of each seed."""
    assert hits is not None
    rows = {hits.seed_of(row): row for row in range(hits.seeds)}
    return {number: {name for name, bits in hits.columns.items() if bits >> row & 1} for number, row in rows.items()}


@given(st.lists(st.lists(COUNTS, min_size=1, max_size=5), max_size=6), st.integers(1, 4))
def test_each_seed_has_its_points(blocks: list[list[dict[str, int] | None]], longest: int) -> None:
    """In whatever blocks they come, however few are kept together; a seed without hits of its own is none of them."""
    expected: dict[int, set[str]] = {}
    totals: Counter[str] = Counter()
    counts, first = HitCounts(), 100
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_hits, "STRETCH_SEEDS_MAX", longest)
        for block in blocks:
            counts.add_seeds(first, block)
            expected |= {
                first + at: {name for name, count in hits.items() if count}
                for at, hits in enumerate(block)
                if hits is not None
            }
            for hits in block:
                totals.update({name: count for name, count in (hits or {}).items() if count})
            first += len(block) + 1
        assert told(counts.by_seed() or Hits()) == expected
    assert counts.recorded == len(expected)
    assert counts.totals() == totals
    assert counts.seeds() == {n: times for n in NAMES if (times := sum(n in hits for hits in expected.values()))}


@given(st.lists(COUNTS, min_size=1, max_size=12), st.lists(COUNTS, max_size=12))
def test_more_seeds_never_make_a_hit_unhit(
    some: list[dict[str, int] | None], more: list[dict[str, int] | None]
) -> None:
    """What a seed hit stays, whatever follows, in one run or in another that is joined with it."""
    short, long, other = HitCounts(), HitCounts(), HitCounts()
    short.add_seeds(0, some)
    long.add_seeds(0, [*some, *more])
    other.add_seeds(1_000, more)
    before = told(short.by_seed() or Hits())
    after = told(long.by_seed() or Hits())
    beside = told(joined([other.by_seed() or Hits(), short.by_seed() or Hits()]))
    assert all(after[number] == beside[number] == points for number, points in before.items())


def test_a_recording_tells_the_same_as_its_stream() -> None:
    """Rows of seeds have the columns already."""
    records = [SeedLine(type="seed", seed=7 + i, status="ok", hits={"net.drop": i % 2, "commit": 1}) for i in range(9)]
    start, end = begin(9), finish(9)
    plain = simulated(start, *(seed(7 + i, hits={"net.drop": i % 2, "commit": 1}) for i in range(9)), end)
    lines = [json.dumps(start).encode() + b"\n", *rows_of(records), json.dumps(end).encode() + b"\n"]
    assert read_simulation(lines, "s").hits == plain.hits
    assert plain.hits is not None
    assert plain.hits.spans == (SeedSpan(7, 9),)
    assert plain.hits.columns["net.drop"] == 0b010101010
    assert plain.hits.columns["disk.torn_write"] == 0, "declared, and never hit"


def test_seeds_out_of_order_are_none() -> None:
    """A seed that comes again would count twice."""
    read = simulated(begin(), seed(7), seed(7, hits={"net.drop": 1}), seed(8), finish(3))
    assert sorted(told(read.hits)) == [7, 8]
    assert read.hits is not None
    assert read.hits.columns["net.drop"] == 0


def test_totals_at_the_end_and_records_of_files_are_of_no_seed() -> None:
    """Nobody knows which seed it was."""
    assert simulated(begin(1), seed(7, hits=None), finish(1, hits={"net.drop": 3})).hits is None
    assert simulated(*a_simulation(unit="file")).hits is None


def test_too_many_points_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded; what was counted stays."""
    monkeypatch.setattr(seed_hits, "POINTS_MAX", 2)
    counts = HitCounts()
    counts.add_seeds(0, [{name: 1} for name in NAMES])
    counts.add_seeds(3, [{"drop": 4}, None])
    assert counts.by_seed() is None
    assert counts.totals() == {"drop": 5, "repair": 1, "torn": 1}


def test_too_many_seeds_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for seeds times points."""
    monkeypatch.setattr(seed_hits, "CELLS_MAX", 10)
    counts = HitCounts()
    counts.keep(0, 4, {"drop": 0b1010})
    assert counts.by_seed() is not None
    counts.keep(4, 4, {"drop": 0b1010})
    assert counts.by_seed() is None


def test_points_that_become_one_are_hit_by_the_seeds_of_both() -> None:
    """An alias gives the profile's name to a simulator's."""
    hits = Hits((SeedSpan(0, 3),), {"a": 0b001, "b": 0b100, "c": 0b010})
    assert with_other_names(hits, {"b": "a"}) == Hits((SeedSpan(0, 3),), {"a": 0b101, "c": 0b010})


def test_a_long_stream_keeps_all_of_its_seeds() -> None:
    """More seeds than are marked at a time."""
    count = seed_hits.STRETCH_SEEDS_MAX * 2 + 3
    records = [begin(count, first=0), *(seed(i, hits={"net.drop": 1} if i % 5 == 0 else {}) for i in range(count))]
    read = simulated(*records, finish(count))
    assert read.hits is not None
    assert read.hits.spans == (SeedSpan(0, count),)
    assert read.hits.columns["net.drop"] == sum(1 << i for i in range(0, count, 5))
