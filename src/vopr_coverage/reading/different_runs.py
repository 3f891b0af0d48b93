"""How many different runs the first seeds of a stream made, by their digests. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from vopr_coverage.reading.simulation_rows import Digest
from vopr_coverage.statistics.species import Richness, steady_richness

SEEDS_MAX = 10_000  # enough to see whether they repeat


class DifferentRuns:
    """The digests of the first seeds, in their order."""

    def __init__(self) -> None:
        self._places: defaultdict[int, list[int]] = defaultdict(list)  # hash of a digest → the seeds that had it
        self._seeds = 0
        self._told = True

    def add(self, digests: Iterable[Digest | None]) -> None:
        """The digests of the next seeds; without one of a seed nobody can tell."""
        if not self._told or self._seeds >= SEEDS_MAX:
            return
        for digest in digests:
            if digest is None:
                self._told = False
                self._places.clear()
                return
            same = digest if isinstance(digest, str) else tuple(sorted(digest.items()))
            self._places[hash(same)].append(self._seeds)
            self._seeds += 1
            if self._seeds == SEEDS_MAX:
                return

    def richness(self) -> Richness | None:
        """How many there are, and may be; None where that can't be told."""
        return steady_richness(self._seeds, self._places.values()) if self._told and self._seeds else None
