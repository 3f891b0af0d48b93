"""Counts hits, and keeps which seed hit which point, while a run is read. Pure.

A few thousand seeds at a time become columns of bits, so that a million seeds take 125 kB a point.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vopr_coverage.model.bits import stacked
from vopr_coverage.model.hits import Hits, SeedSpan
from vopr_coverage.reading.named_counts import NamedCounts

POINTS_MAX = 4_096
CELLS_MAX = 1 << 30  # points times seeds: 128 MiB
STRETCH_SEEDS_MAX = 4_096
_NO_HITS = bytes(STRETCH_SEEDS_MAX)
_BYTE_MAX = 255
_AS_DIGITS = b"0" + b"1" * _BYTE_MAX  # a count as a binary digit: hit or not


class _Stretch(msgspec.Struct, frozen=True, gc=False):
    """Consecutive seeds, and the columns of the points that any of them hit."""

    first: int
    seeds: int
    columns: Mapping[str, int]


class HitCounts(NamedCounts):
    """Hits by point, and by seed for those seeds of which they are known."""

    def __init__(self) -> None:
        super().__init__()
        self._stretches: list[_Stretch] = []
        self._cells = 0
        self._too_many = False
        self._first = 0  # of the seeds that wait
        self._seeds_marked = 0
        self._rows: defaultdict[str, bytearray] = defaultdict(lambda: bytearray(_NO_HITS))  # a byte a seed: its count
        self._above: defaultdict[str, int] = defaultdict(int)  # what did not fit into these bytes

    def add_seeds(self, first: int, all_counts: Sequence[Mapping[str, int] | None]) -> None:
        """The counts of seeds that follow each other, from `first` on; None where a seed has none."""
        unknown = all_counts.count(None)
        if unknown == len(all_counts):
            return
        if unknown or self._too_many or len(all_counts) > STRETCH_SEEDS_MAX:
            for at, counts in enumerate(all_counts):
                if counts is None or self._too_many:
                    self.add([counts])
                else:
                    self._add_known(first + at, [counts])
        else:
            self._add_known(first, all_counts)  # type: ignore[arg-type] # none is None

    def keep(self, first: int, seeds: int, columns: Mapping[str, int]) -> None:
        """Keep which of these seeds hit which points, without counting."""
        self._keep_marked()
        self._cells += seeds * (len(columns) + 1)
        self._too_many = self._too_many or self._cells > CELLS_MAX or len(columns) > POINTS_MAX
        if self._too_many:
            self._stretches = []
        else:
            self._stretches.append(_Stretch(first, seeds, columns))

    def by_seed(self, declared: Iterable[str] = ()) -> Hits | None:
        """Which seeds hit which points, with a column for each declared one, too.

        None if no seed has hits of its own, or if points and seeds are too many to keep.
        """
        self._keep_marked()
        if self._too_many or not self._stretches:
            return None
        spans: list[SeedSpan] = []
        for stretch in self._stretches:
            if spans and spans[-1].first + spans[-1].count == stretch.first:
                spans[-1] = SeedSpan(spans[-1].first, spans[-1].count + stretch.seeds)
            else:
                spans.append(SeedSpan(stretch.first, stretch.seeds))
        names = sorted({*declared, *(name for stretch in self._stretches for name in stretch.columns)})
        return Hits(tuple(spans), {name: self._column(name) for name in names})

    def _column(self, name: str) -> int:
        return stacked([(stretch.columns.get(name, 0), stretch.seeds) for stretch in self._stretches])

    def _add_known(self, first: int, all_counts: Sequence[Mapping[str, int]]) -> None:
        """Store each count as a byte: that tells how often and at which seed, and runs for every hit of every night."""
        if first != self._first + self._seeds_marked or self._seeds_marked + len(all_counts) > STRETCH_SEEDS_MAX:
            self._keep_marked()
            self._first = first
        at, rows = self._seeds_marked, self._rows
        for counts in all_counts:
            for name, count in counts.items():
                try:
                    rows[name][at] = count
                except ValueError:
                    rows[name][at] = _BYTE_MAX
                    self._above[name] += count - _BYTE_MAX
            at += 1
        self._seeds_marked = at
        self._recorded += len(all_counts)
        if len(rows) > POINTS_MAX:
            self._keep_marked()

    def _keep_marked(self) -> None:
        """Turn the bytes into totals and a stretch."""
        if not self._seeds_marked:
            return
        seeds, rows, above = self._seeds_marked, self._rows, self._above
        self._seeds_marked = 0
        self._rows, self._above = defaultdict(lambda: bytearray(_NO_HITS)), defaultdict(int)
        columns = {}
        for name, row in rows.items():
            hits = row.translate(None, b"\0")
            if hits:
                self._add_total(name, sum(hits) + above.get(name, 0), len(hits))
                columns[name] = int(row[seeds - 1 :: -1].translate(_AS_DIGITS), 2)
        self.keep(self._first, seeds, columns)

    def _fold(self) -> None:
        self._keep_marked()
        super()._fold()
