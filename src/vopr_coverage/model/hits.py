"""Which seeds of a scenario hit which points, for all seeds of one run or of several. Plain data.

A million seeds make 125 kB a point: see `bits`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate

import msgspec

from vopr_coverage.model.bits import lowest

SEED_COUNT = 1 << 64  # after the last seed comes seed 0


class SeedSpan(msgspec.Struct, frozen=True):
    """Seeds that follow each other: the first, and how many."""

    first: int
    count: int

    def seed(self, place: int) -> int:
        """The seed at a place from 0."""
        return (self.first + place) % SEED_COUNT


class Hits(msgspec.Struct, frozen=True):
    """Which seeds hit which points.

    Attributes:
        spans: the seeds; row i of a column is the i-th of them.
        columns: for each point, by name, the rows that hit it as bits. A point that no seed hit has 0.
    """

    spans: tuple[SeedSpan, ...] = ()
    columns: Mapping[str, int] = {}

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return sum(part.count for part in self.spans)

    def seed_of(self, row: int) -> int:
        """The seed of a row."""
        ends = list(accumulate(part.count for part in self.spans))
        index = bisect_right(ends, row)
        return self.spans[index].seed(row - (ends[index - 1] if index else 0))

    def first_seed(self, point: str) -> int | None:
        """The first seed that hit a point, in the order of the runs; None if none did."""
        row = lowest(self.columns[point])
        return None if row is None else self.seed_of(row)

    def rare_seed(self, point: str) -> int | None:
        """A seed that hit a point together with the rarest others: where a replay shows most. None if none hit it.

        The rarest other point comes first: of the seeds that are left those that hit it stay, if there are any. Of
        several seeds it is the first.
        """
        rows = self.columns[point]
        if not rows:
            return None
        others = sorted((column.bit_count(), name) for name, column in self.columns.items() if column)
        for _, name in others:
            rows = rows & self.columns[name] or rows
        row = lowest(rows)
        return None if row is None else self.seed_of(row)


def joined(parts: Sequence[Hits]) -> Hits:
    """The hits of disjoint seeds as one, in the order of their first seeds; so any order of `parts` gives the same."""
    pieces = [piece for part in parts for piece in _by_range(part)]
    pieces.sort(key=lambda piece: piece.spans[0].first)
    columns: dict[str, int] = {name: 0 for part in parts for name in part.columns}
    spans, row = list[SeedSpan](), 0
    for piece in pieces:
        for name, column in piece.columns.items():
            columns[name] |= column << row
        row += piece.seeds
        spans += piece.spans
    return Hits(tuple(spans), dict(sorted(columns.items())))


def _by_range(hits: Hits) -> list[Hits]:
    """One part a range of seeds."""
    pieces, row = [], 0
    for part in hits.spans:
        mask = (1 << part.count) - 1
        pieces.append(Hits((part,), {name: column >> row & mask for name, column in hits.columns.items()}))
        row += part.count
    return pieces
