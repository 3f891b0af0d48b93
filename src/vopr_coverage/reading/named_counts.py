"""Adds up counts by name over many seeds, in bounded memory. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from vopr_coverage.reading.simulation_rows import Column

UNDECLARED_KEPT_MAX = 1_000
SEEDS_WAITING_MAX = 2000
NAMES_WAITING_MAX = 20_000


class NamedCounts:
    """Counts by name: how often, and in how many seeds. Of names that were not declared it keeps the first thousand.

    The counts of many seeds are collected by name first, and then added at once: that is the quickest way in Python.
    """

    def __init__(self) -> None:
        self._recorded = 0
        self.dropped: set[str] = set()  # the first further names
        self._declared: frozenset[str] = frozenset()
        self._totals: dict[str, int] = {}
        self._seeds: dict[str, int] = {}
        self._waiting: defaultdict[str, list[int]] = defaultdict(list)
        self._seeds_waiting = 0

    def declare(self, names: Iterable[str]) -> None:
        """Names that are kept whatever else comes."""
        self._declared = frozenset(names)

    def add(self, all_counts: Sequence[Mapping[str, int] | None]) -> None:
        """The counts of several seeds; None where a seed has none."""
        waiting = self._waiting
        known = [counts for counts in all_counts if counts is not None]
        for counts in known:
            for name, count in counts.items():
                waiting[name].append(count)
        self._counted(len(known))

    def _counted(self, seeds: int) -> None:
        """The counts of so many seeds wait."""
        self._seeds_waiting += seeds
        if self._seeds_waiting > SEEDS_WAITING_MAX or len(self._waiting) > NAMES_WAITING_MAX:
            self._fold()

    def add_columns(self, columns: Mapping[str, Column], seeds: int) -> None:
        """The counts of so many seeds, summed up by a recorder."""
        self._fold()
        self._recorded += seeds
        for name, column in columns.items():
            self._add_total(name, column.count, int(column.seeds, 16).bit_count())

    @property
    def recorded(self) -> int:
        """How many seeds have such counts, empty ones included."""
        return self._recorded + self._seeds_waiting

    def totals(self) -> dict[str, int]:
        """How often each name was counted; names that never were are absent."""
        self._fold()
        return self._totals

    def seeds(self) -> dict[str, int]:
        """In how many seeds each name was counted."""
        self._fold()
        return self._seeds

    def _fold(self) -> None:
        for name, counts in self._waiting.items():
            self._add_total(name, sum(counts), len(counts) - counts.count(0))
        self._recorded += self._seeds_waiting
        self._waiting.clear()
        self._seeds_waiting = 0

    def _add_total(self, name: str, count: int, seeds: int) -> None:
        """So many more counts of a name, in so many seeds more."""
        if seeds and self._is_kept(name):
            self._totals[name] = self._totals.get(name, 0) + count
            self._seeds[name] = self._seeds.get(name, 0) + seeds

    def _is_kept(self, name: str) -> bool:
        if name in self._totals or name in self._declared:
            return True
        if len(self._totals) < len(self._declared) + UNDECLARED_KEPT_MAX:
            return True
        if len(self.dropped) < UNDECLARED_KEPT_MAX:
            self.dropped.add(name)
        return False
