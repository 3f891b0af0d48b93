"""Two runs read side by side: which seeds are compared, which are missing, and what comes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from tests.support.reports import SEED_COUNT
from tests.support.seed_records import died, failed, passed, simulated
from vopr_coverage.determinism.differences import Constant, Difference
from vopr_coverage.determinism.lockstep import Comparison, Diverging, Ranges, compare, ranges_of
from vopr_coverage.determinism.verdict import SeedsListed, seeds_listed
from vopr_coverage.model.report import Input, SeedList
from vopr_coverage.reading.records import RanData
from vopr_coverage.reading.stretches import SeedRecord, Stretch

HALF = SEED_COUNT // 2
NOTHING: dict[str, Any] = {
    "compared": 0,
    "shared": 0,
    "diverging": 0,
    "kept": (),
    "by_field": {},
    "missing": (Ranges(), Ranges()),
    "constant": (),
}


@dataclass
class ARun:
    """A run of which each stretch is given: its first seed and its records, or how many that all differ."""

    starting_seed: int | None
    announced: int | None
    stretches: Sequence[tuple[int, int | Sequence[SeedRecord]]]

    def __iter__(self) -> Iterator[Stretch]:
        for seed, records in self.stretches:
            made = varying(seed, records) if isinstance(records, int) else records
            yield Stretch(seed % SEED_COUNT, [*made])

    @property
    def read(self) -> Input:
        """Nobody asks for it here."""
        raise AssertionError


def varying(seed: int, count: int) -> list[SeedRecord]:
    """Healthy seeds whose hashes depend on them."""
    seeds = [(seed + i) % SEED_COUNT for i in range(count)]
    return [passed(storage=f"{each:064x}", kernel=f"{each + 1:064x}") for each in seeds]


def a_run(first: int, announced: int, *stretches: tuple[int, int | Sequence[SeedRecord]]) -> ARun:
    """A run that announced its seeds; without stretches it has all of them in one."""
    return ARun(first % SEED_COUNT, announced, stretches or [(first, announced)])


# ---- which seeds are compared, and which are missing


@pytest.mark.parametrize(
    ("left", "right", "found"),
    [
        (a_run(0, 4), a_run(0, 4), {"compared": 4, "shared": 4}),
        # stretches end anywhere
        (a_run(0, 5, (0, 2), (2, 3)), a_run(0, 5, (0, 1), (1, 3), (4, 1)), {"compared": 5, "shared": 5}),
        (a_run(0, 0), a_run(0, 0), {}),
        (a_run(0, 4), a_run(6, 4), {}),
        (a_run(0, 4), a_run(4, 4), {}),
        (a_run(0, 4), a_run(3, 4), {"compared": 1, "shared": 1}),
        (a_run(10, 4), a_run(8, 9), {"compared": 4, "shared": 4}),
        # gaps of one side, at its beginning, in the middle and at its end
        (
            a_run(0, 10),
            a_run(0, 10, (1, 2), (5, 1), (7, 1)),
            {
                "compared": 4,
                "shared": 10,
                "missing": (Ranges(), Ranges(6, ((0, 0), (3, 4), (6, 6), (8, 9)))),
            },
        ),
        # gaps of both sides
        (
            a_run(0, 6, (0, 3)),
            a_run(0, 6, (0, 1), (2, 1), (5, 1)),
            {"compared": 2, "shared": 6, "missing": (Ranges(3, ((3, 5),)), Ranges(3, ((1, 1), (3, 4))))},
        ),
        # only seeds that both announced are missing
        (
            a_run(0, 10, (0, 4), (7, 3)),
            a_run(5, 10, (5, 4), (11, 4)),
            {"compared": 2, "shared": 5, "missing": (Ranges(2, ((5, 6),)), Ranges(1, ((9, 9),)))},
        ),
        # nothing was read of one
        (
            a_run(3, 4),
            ARun(3, 4, []),
            {"shared": 4, "missing": (Ranges(), Ranges(4, ((3, 6),)))},
        ),
        # after 2^64 - 1 comes 0
        (
            a_run(-3, 6),
            a_run(-3, 6, (-3, 1), (2, 1)),
            {"compared": 2, "shared": 6, "missing": (Ranges(), Ranges(4, ((SEED_COUNT - 2, 1),)))},
        ),
        # any seed may be the first
        (a_run(HALF - 2, 4), a_run(HALF - 2, 4, (HALF - 2, 2), (HALF, 2)), {"compared": 4, "shared": 4}),
        (a_run(HALF, 4), a_run(HALF - 1, 4), {"compared": 3, "shared": 3}),
        # without a start record nothing was announced, so that nothing is missing
        (ARun(None, None, [(0, 4)]), a_run(0, 6, (0, 1), (2, 4)), {"compared": 3, "shared": None}),
        (a_run(2, 4), ARun(2, None, [(3, 1)]), {"compared": 1, "shared": None}),
        (a_run(2, 4, (3, 1)), ARun(None, None, []), {"shared": None}),
    ],
)
def test_seeds_that_both_runs_have_are_compared_and_others_that_both_announced_are_missing(
    left: ARun, right: ARun, found: dict[str, Any]
) -> None:
    """The whole result, either way round."""
    comparison = Comparison(**NOTHING | found)
    assert compare(left, right) == comparison
    turned = msgspec.structs.replace(comparison, missing=comparison.missing[::-1])
    assert compare(right, left) == turned


@pytest.mark.parametrize(("gaps", "kept"), [(100, 100), (101, 100)])
def test_a_hundred_gaps_are_kept_and_all_of_their_seeds_counted(gaps: int, kept: int) -> None:
    """Memory does not grow with what is lost."""
    announced = 2 * gaps
    right = a_run(0, announced, *((seed, 1) for seed in range(1, announced, 2)))
    (none, missing) = compare(a_run(0, announced), right).missing
    assert (none, missing) == (Ranges(), Ranges(gaps, tuple((seed, seed) for seed in range(0, 2 * kept, 2))))


# ---- what comes of them


def test_seeds_that_differ_are_kept_with_their_fields_and_counted_by_field() -> None:
    """And a hash that never varied on the left is told."""
    left = a_run(-2, 4, (-2, [passed(1), passed(2), passed(3), failed(4)]))
    right = a_run(-2, 4, (-2, [passed(1), passed(9), passed(9, 11.0), failed(5)]))
    constants = (Constant("storage_hash", "5" * 64, 3), Constant("kernel_state_hash", "8" * 64, 3))
    assert compare(left, right) == Comparison(
        compared=4,
        shared=4,
        diverging=3,
        kept=(
            Diverging(SEED_COUNT - 1, (Difference("events", "2", "9"),)),
            Diverging(0, (Difference("events", "3", "9"), Difference("simulated_time_ms", "10.0", "11.0"))),
            Diverging(1, (Difference("events", "4", "5"),)),
        ),
        by_field={"events": 3, "simulated_time_ms": 1},
        missing=(Ranges(), Ranges()),
        constant=constants,
    )


@pytest.mark.parametrize(("differing", "kept"), [(100, 100), (101, 100)])
def test_a_hundred_differing_seeds_are_kept_and_all_are_counted(differing: int, kept: int) -> None:
    """In stretches of any length."""
    left = a_run(0, differing, *((seed, [passed(1)]) for seed in range(differing)))
    right = a_run(0, differing, (0, [passed(2)] * differing))
    found = compare(left, right)
    assert (found.compared, found.diverging, found.by_field) == (differing, differing, {"events": differing})
    assert [one.seed for one in found.kept] == [*range(kept)]


@pytest.mark.parametrize(
    ("left", "right", "compared", "outcomes"),
    [
        ([passed(), passed()], [passed(), passed()], 2, 0),
        # seeds without a record passed, and no more is known of them
        ([RanData(seed=0), RanData(seed=1)], [RanData(seed=0), passed()], 0, 2),
        ([passed(), passed()], [RanData(seed=0), passed()], 1, 1),
        # a seed that failed or died says what it did
        ([failed(), died(), passed()], [RanData(seed=0), RanData(seed=1), RanData(seed=2)], 2, 1),
        # seeds of a simulation stream show nothing without a digest on both sides, unless they differ
        ([simulated("a"), simulated("b")], [simulated("a"), simulated("b")], 2, 0),
        ([simulated("a"), simulated(None)], [simulated(None), simulated(None)], 0, 2),
        ([simulated(None, events=1), simulated("a")], [simulated(None, events=2), simulated("a")], 2, 0),
        ([simulated({}), simulated("a")], [simulated({}), simulated("a")], 1, 1),
        ([simulated(""), simulated("a")], [simulated(""), simulated("a")], 2, 0),
        # also between seeds that the simulator died at, of which a record is of any stream
        ([died(), simulated(None)], [died(), simulated(None)], 1, 1),
        ([simulated(None), died()], [simulated(None), died()], 1, 1),
        ([died(), simulated(None), died()], [died(), simulated(None), died()], 2, 1),
    ],
)
def test_seeds_of_which_only_their_outcome_is_known_are_not_compared(
    left: list[SeedRecord], right: list[SeedRecord], compared: int, outcomes: int
) -> None:
    """They are counted apart, either way round."""
    runs = a_run(0, len(left), (0, left)), a_run(0, len(right), (0, right))
    for one, other in (runs, runs[::-1]):
        found = compare(one, other)
        assert (found.compared, found.outcomes) == (compared, outcomes)


# ---- ranges


@pytest.mark.parametrize(
    ("seeds", "ranges", "texts"),
    [
        ((), (), ()),
        ((7,), ((7, 7),), ("7",)),
        ((7, 8), ((7, 8),), ("7–8",)),
        ((7, 8, 9, 11), ((7, 9), (11, 11)), ("7–9", "11")),
        ((7, 9), ((7, 7), (9, 9)), ("7", "9")),
        ((SEED_COUNT - 1, 0, 1), ((SEED_COUNT - 1, 1),), ("18446744073709551615–1",)),
    ],
)
def test_seeds_are_listed_as_ranges(
    seeds: tuple[int, ...], ranges: tuple[tuple[int, int], ...], texts: tuple[str, ...]
) -> None:
    """With how many there are in all: a list has the first thousand."""
    assert ranges_of(SeedList(5_000, seeds)) == Ranges(5_000, ranges)
    assert seeds_listed(Ranges(5_000, ranges)) == SeedsListed(5_000, texts)
