"""The few seeds that reach all that a run reached: greedy set cover. Pure.

A greedy cover is at most ln(points) + 1 times as large as the smallest (Chvátal, Mathematics of Operations Research 4
(1979), 233), and in practice close to it. Ties go to the lower row, so the answer is always the same.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec

from vopr_coverage.model.bits import columns_of, width_of

SEARCH_ROWS_MAX = 200
SEARCH_STEPS = 20_000  # rows that are tried to find a smaller cover than the greedy one; enough for small sets

Part = tuple[int, ...]  # what is to be reached: a point, or two that meet


class Chosen(msgspec.Struct, frozen=True):
    """A row that was chosen, and what it is for: what no row before it in the list reaches, rarest first."""

    row: int
    reaches: tuple[Part, ...]


class Goal(Protocol):
    """What is to be reached, and what is reached so far. Bit k of a row says that it hit point k."""

    def gain(self, row: int) -> int:
        """How much this row would add."""

    def take(self, row: int) -> None:
        """Count what this row reaches as reached."""

    @staticmethod
    def parts(row: int) -> Iterator[Part]:
        """All that this row reaches."""


class Points:
    """Every point."""

    def __init__(self) -> None:
        self._reached = 0

    def gain(self, row: int) -> int:
        """How many new points it hits."""
        return (row & ~self._reached).bit_count()

    def take(self, row: int) -> None:
        """Its points are reached."""
        self._reached |= row

    @staticmethod
    def parts(row: int) -> Iterator[Part]:
        """Each of its points."""
        return ((point,) for point in points_of(row))


class Pairs:
    """Every point, and every two points that met in a seed."""

    def __init__(self) -> None:
        self._reached = 0
        self._unmet: defaultdict[int, int] = defaultdict(lambda: -1)  # point → all bits but those of points that it met
        self._points: dict[int, list[int]] = {}  # of rows that were asked about more than once

    def gain(self, row: int) -> int:
        """How many new points it hits, and in how many new pairs."""
        if not self._reached:
            return row.bit_count() * (row.bit_count() + 1) // 2
        points = self._points.get(row) or self._points.setdefault(row, list(points_of(row)))
        unmet = [self._unmet[point] for point in points]
        both_ways = sum(map(int.bit_count, map(row.__and__, unmet)))  # a pair counts twice, a point once
        return (both_ways + (row & ~self._reached).bit_count()) // 2

    def take(self, row: int) -> None:
        """All its points met."""
        self._reached |= row
        for point in points_of(row):
            self._unmet[point] &= ~row

    def pairs(self) -> int:
        """How many pairs of points met so far."""
        return sum((~unmet).bit_count() - 1 for unmet in self._unmet.values()) // 2

    @staticmethod
    def parts(row: int) -> Iterator[Part]:
        """Each of its points, and each two of them."""
        points = list(points_of(row))
        for i, point in enumerate(points):
            yield (point,)
            for other in points[i + 1 :]:
                yield point, other


def points_of(row: int) -> Iterator[int]:
    """The points that a row hit, lowest first."""
    while row:
        bit = row & -row
        yield bit.bit_length() - 1
        row ^= bit


def cover(rows: Sequence[int], goal: type[Points] | type[Pairs]) -> list[Chosen]:
    """The fewest rows found that reach what all rows reach, those with the rarest parts first."""
    candidates = _candidates(rows)
    taken = _needed([row for _, row in _greedy(candidates, goal())], goal)
    if goal is Points and taken and len(candidates) <= SEARCH_ROWS_MAX:
        taken = _smaller(candidates, len(taken)) or taken
    return _explained(rows, taken, goal)


def gains(rows: Sequence[int], goal: type[Points] | type[Pairs]) -> list[tuple[int, int]]:
    """The rows that a greedy cover takes, in its order: how much each adds, and which it is."""
    return [(gain, index) for gain, (index, _) in _greedy(_candidates(rows), goal())]


def chosen(rows: Sequence[int], indexes: Iterable[int], goal: type[Points] | type[Pairs]) -> list[Chosen]:
    """These rows as a cover tells them: those with the rarest parts first, and what each is for."""
    return _explained(rows, [(index, rows[index]) for index in indexes], goal)


def _candidates(rows: Sequence[int]) -> list[tuple[int, int]]:
    """Of equal rows the first."""
    first_with: dict[int, int] = {}
    for index, row in enumerate(rows):
        if row:
            first_with.setdefault(row, index)
    return [(index, row) for row, index in first_with.items()]


def _explained(rows: Sequence[int], taken: Sequence[tuple[int, int]], goal: type[Points] | type[Pairs]) -> list[Chosen]:
    counts = _counts_of(rows, (part for _, row in taken for part in goal.parts(row)))
    rarest_first = sorted(taken, key=lambda one: (min(counts[part] for part in goal.parts(one[1])), one[0]))
    told, reached = [], set[Part]()
    for index, row in rarest_first:
        new = sorted((part for part in goal.parts(row) if part not in reached), key=lambda part: (counts[part], part))
        reached.update(new)
        if new:
            told.append(Chosen(index, tuple(new)))
    return told


def _greedy(candidates: Sequence[tuple[int, int]], goal: Goal) -> list[tuple[int, tuple[int, int]]]:
    """Again and again the row that adds most, with what it adds.

    Gains only shrink, so an old gain bounds the new one from above.
    """
    heap = [(-goal.gain(row), index, row) for index, row in candidates]
    heapq.heapify(heap)
    taken = []
    while heap and heap[0][0]:
        loss, index, row = heap[0]
        gain = goal.gain(row)
        if -loss != gain:
            heapq.heapreplace(heap, (-gain, index, row))
        else:
            heapq.heappop(heap)
            goal.take(row)
            taken.append((gain, (index, row)))
    return taken


def _needed(taken: list[tuple[int, int]], goal: type[Points] | type[Pairs]) -> list[tuple[int, int]]:
    """Without the rows of which all parts are reached by others; those taken first are looked at first."""
    times = Counter(part for _, row in taken for part in goal.parts(row))
    needed = []
    for index, row in taken:
        parts = list(goal.parts(row))
        if all(times[part] > 1 for part in parts):
            times.subtract(parts)
        else:
            needed.append((index, row))
    return needed


def _smaller(candidates: Sequence[tuple[int, int]], size: int) -> list[tuple[int, int]] | None:
    """A cover of every point with fewer than `size` rows, if a search of bounded length finds one."""
    rarity = Counter(point for _, row in candidates for point in points_of(row))
    points = sorted(rarity, key=lambda point: (rarity[point], point))
    steps = SEARCH_STEPS

    def search(reached: int, taken: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
        nonlocal steps
        open_point = next((point for point in points if not reached >> point & 1), None)
        if open_point is None:
            return taken
        if len(taken) + 1 >= size:
            return None
        for index, row in candidates:
            if row >> open_point & 1 and (steps := steps - 1) > 0:
                found = search(reached | row, [*taken, (index, row)])
                if found:
                    return found
        return None

    return search(0, [])


def _counts_of(rows: Sequence[int], parts: Iterable[Part]) -> dict[Part, int]:
    """How many rows reach each part."""
    width = width_of(max((row.bit_length() for row in rows), default=0))
    columns = columns_of(b"".join(row.to_bytes(width, "little") for row in rows), width)
    return {part: (columns[part[0]] & columns[part[-1]]).bit_count() for part in set(parts)}
