"""Which seeds of a scenario hit which points, for all seeds of one run or of several. Plain data.

A million seeds make 125 kB a point: see `bits`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from vopr_coverage.model.bits import digits_of, lowest

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

    def rarest(self) -> list[str]:
        """The points that were hit, the rarest first."""
        return [
            name for _, name in sorted((column.bit_count(), name) for name, column in self.columns.items() if column)
        ]

    def rare_seed(self, point: str, rarest: Sequence[str] | None = None) -> int | None:
        """A seed that hit a point together with the rarest others: where a replay shows most. None if none hit it.

        The rarest other point comes first: of the seeds that are left those that hit it stay, if there are any. Of
        several seeds it is the first.

        Args:
            rarest: as `rarest` returns it, for who asks for many points.
        """
        rows = self.columns[point]
        if not rows:
            return None
        for name in self.rarest() if rarest is None else rarest:
            rows = rows & self.columns[name] or rows
        row = lowest(rows)
        return None if row is None else self.seed_of(row)


def with_other_names(hits: Hits, names: Mapping[str, str]) -> Hits:
    """The same under other names, by old name; a seed that hit one of those that become one hit that one."""
    columns: dict[str, int] = {}
    for name, column in hits.columns.items():
        ours = names.get(name, name)
        columns[ours] = columns.get(ours, 0) | column
    return Hits(hits.spans, dict(sorted(columns.items())))


def joined(parts: Sequence[Hits]) -> Hits:
    """The hits of disjoint seeds as one, in the order of their first seeds; so any order of `parts` gives the same."""
    if len(parts) == 1 and len(parts[0].spans) == 1:
        return parts[0]
    pieces = sorted((piece for number, part in enumerate(parts) for piece in _pieces(number, part)), key=_first_seed)
    columns: dict[str, int] = {}
    for name in sorted({name for part in parts for name in part.columns}):
        digits = [digits_of(part.columns.get(name, 0), part.seeds) for part in parts]
        columns[name] = int("".join(digits[piece.part][piece.digits] for piece in reversed(pieces)) or "0", 2)
    return Hits(tuple(piece.span for piece in pieces), columns)


class _Piece(NamedTuple):
    """The seeds of one span, and where they are among the binary digits of a column of their part."""

    part: int
    span: SeedSpan
    digits: slice


def _first_seed(piece: _Piece) -> int:
    return piece.span.first


def _pieces(number: int, part: Hits) -> Iterator[_Piece]:
    end = part.seeds
    for span in part.spans:
        yield _Piece(number, span, slice(end - span.count, end))
        end -= span.count
