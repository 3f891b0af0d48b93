"""Two runs of the same seeds, compared record by record while both are read. Pure, in constant memory.

Seeds are followed by their distance from one of them, between -2^63 and 2^63, so that ranges
that wrap round 2^64 are ranges like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from vopr_coverage.determinism.differences import Constancy, Constant, Difference, alike, differences
from vopr_coverage.determinism.simulation_differences import shows_nothing
from vopr_coverage.model.report import SEED_COUNT, Input, SeedList
from vopr_coverage.reading.records import FailedData, RanData
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.stretches import SeedRecord, Stretch

DIVERGENCES_KEPT_MAX = 100
RANGES_KEPT_MAX = 100


class Diverging(msgspec.Struct, frozen=True):
    """One seed that came out differently."""

    seed: int
    differences: tuple[Difference, ...]


class Ranges(msgspec.Struct, frozen=True):
    """Seeds without a record: how many, and the first hundred ranges, first and last seed each."""

    count: int = 0
    ranges: tuple[tuple[int, int], ...] = ()


class Readable(Protocol):
    """A run seed by seed; `reading.seeds.Seeds` is one. Its announced range is known from the beginning."""

    @property
    def starting_seed(self) -> int | None:
        """The first announced seed."""

    @property
    def announced(self) -> int | None:
        """How many."""

    def __iter__(self) -> Iterator[Stretch]:
        """In the order of the seeds."""

    @property
    def read(self) -> Input:
        """What the run said as a whole, known at the end."""


class Comparison(msgspec.Struct, frozen=True):
    """What the two had to say about the seeds that both have.

    Attributes:
        compared: seeds with a record on both sides that says what they did.
        outcomes: seeds of which a side says only that they passed.
        shared: how many seeds both announced; None where one of them announced nothing.
        diverging: how many of the compared ones differ, and the first hundred of them.
        by_field: how many seeds differ in each field.
        missing: per side, shared seeds without a record.
        constant: hashes that never vary, so that comparing them proves nothing.
    """

    compared: int
    shared: int | None
    diverging: int
    kept: tuple[Diverging, ...]
    by_field: dict[str, int]
    missing: tuple[Ranges, Ranges]
    constant: tuple[Constant, ...]
    outcomes: int = 0


def compare(left: Readable, right: Readable) -> Comparison:
    """Read both to their ends, side by side, and compare the seeds that both have."""
    origin = left.starting_seed or 0
    low, high = _shared_range(left, right, origin)
    sides = _Side(left, origin, low, high), _Side(right, origin, low, high)
    found = _Differences()
    one, other = sides
    while one.fill() and other.fill():
        if one.at != other.at:
            behind, ahead = sides if one.at < other.at else (other, one)
            behind.take(min(len(behind.records), ahead.at - behind.at))
            continue
        count = min(len(one.records), len(other.records))
        found.add((origin + one.at) % SEED_COUNT, one.take(count), other.take(count))
    for side in sides:
        side.drain()
    return Comparison(
        compared=found.compared,
        shared=None if low is None or high is None else max(high - low, 0),
        diverging=found.diverging,
        kept=tuple(found.kept),
        by_field=dict(found.by_field),
        missing=(one.missing(), other.missing()),
        constant=tuple(found.constancy.constants()),
        outcomes=found.outcomes,
    )


def ranges_of(seeds: SeedList) -> Ranges:
    """Seeds that are kept one by one, as ranges."""
    ranges: list[tuple[int, int]] = []
    for seed in seeds.seeds:
        if ranges and (ranges[-1][1] + 1) % SEED_COUNT == seed:
            ranges[-1] = (ranges[-1][0], seed)
        else:
            ranges.append((seed, seed))
    return Ranges(seeds.count, tuple(ranges))


def _shared_range(left: Readable, right: Readable, origin: int) -> tuple[int | None, int | None]:
    """The range that both announced, [first, end) as distances from `origin`; None where that isn't known."""
    ends = []
    for side in (left, right):
        if side.starting_seed is None or side.announced is None:
            return None, None
        start = _distance(side.starting_seed, origin)
        ends.append((start, start + side.announced))
    return max(start for start, _ in ends), min(end for _, end in ends)


def _distance(seed: int, origin: int) -> int:
    return (seed - origin + SEED_COUNT // 2) % SEED_COUNT - SEED_COUNT // 2


class _Side:
    """One run: the records in hand, the first of them at distance `at`, and the gaps so far."""

    def __init__(self, seeds: Iterable[Stretch], origin: int, low: int | None, high: int | None) -> None:
        self._stretches = iter(seeds)
        self._origin = origin
        self._due, self._high = low, high  # no gaps are reported where the shared range isn't known
        self._gaps: list[tuple[int, int]] = []
        self._lost = 0
        self.at = 0
        self.records: list[SeedRecord] = []

    def fill(self) -> bool:
        """Have records in hand; False when there are no more."""
        while not self.records:
            stretch = next(self._stretches, None)
            if stretch is None:
                return False
            self.at, self.records = _distance(stretch.seed, self._origin), stretch.records
            self._note_gap(self.at)
            if self._due is not None:
                self._due = max(self._due, self.at + len(self.records))
        return True

    def take(self, count: int) -> list[SeedRecord]:
        """The next `count` of the records in hand."""
        taken = self.records
        if count == len(taken):
            self.records = []
        else:
            taken, self.records = taken[:count], taken[count:]
        self.at += count
        return taken

    def drain(self) -> None:
        """Read on to the end."""
        while self.fill():
            self.records = []
        if self._high is not None:
            self._note_gap(self._high)

    def missing(self) -> Ranges:
        """Shared seeds without a record."""
        spelled = tuple(
            ((self._origin + first) % SEED_COUNT, (self._origin + end - 1) % SEED_COUNT) for first, end in self._gaps
        )
        return Ranges(self._lost, spelled)

    def _note_gap(self, end: int) -> None:
        if self._due is None or self._high is None:
            return
        end = min(end, self._high)
        if end > self._due:
            self._lost += end - self._due
            if len(self._gaps) < RANGES_KEPT_MAX:
                self._gaps.append((self._due, end))
            self._due = end


def _without_result(left: Sequence[SeedRecord], right: Sequence[SeedRecord]) -> int:
    """How many seeds passed on both sides, with nothing to compare on one of them."""
    kinds, pairs = {*map(type, left), *map(type, right)}, zip(left, right, strict=True)
    if SeedLine in kinds:
        return sum(shows_nothing(a, b) and not differences(a, b) for a, b in pairs)
    if RanData not in kinds:
        return 0
    return sum(
        RanData in (both := (type(a), type(b))) and not any(issubclass(kind, FailedData) for kind in both)
        for a, b in pairs
    )


@dataclass
class _Differences:
    """What came of the pairs so far."""

    compared: int = 0
    outcomes: int = 0
    diverging: int = 0
    kept: list[Diverging] = field(default_factory=list)
    by_field: Counter[str] = field(default_factory=Counter)
    constancy: Constancy = field(default_factory=Constancy)

    def add(self, seed: int, left: list[SeedRecord], right: list[SeedRecord]) -> None:
        """Compare records of the same consecutive seeds, from `seed` on."""
        silent = _without_result(left, right)
        self.outcomes += silent
        self.compared += len(left) - silent
        self.constancy.see(left)
        if left == right or alike(left, right):  # by far the most: one comparison for all of them
            return
        for number, (one, other) in enumerate(zip(left, right, strict=True)):
            found = differences(one, other)
            if not found:
                continue
            self.diverging += 1
            self.by_field.update(difference.field for difference in found)
            if len(self.kept) < DIVERGENCES_KEPT_MAX:
                self.kept.append(Diverging((seed + number) % SEED_COUNT, found))
