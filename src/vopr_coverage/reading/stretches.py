"""Records of consecutive seeds, while a run is read seed by seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vopr_coverage.reading.records import CompactData, FailedData, OkData, PlainOkData, RanData
from vopr_coverage.reading.simulation_records import SeedLine

SeedRecord = OkData | PlainOkData | CompactData | FailedData | RanData | SeedLine


class Stretch(NamedTuple):
    """Records of consecutive seeds, starting at `seed`; after 2^64 - 1 comes 0."""

    seed: int
    records: list[SeedRecord]


class Stretches:
    """Those that were read and not taken yet."""

    def __init__(self) -> None:
        self._fresh: list[Stretch] = []

    def take(self) -> list[Stretch]:
        """The stretches since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def add(self, seed: int, records: Sequence[SeedRecord]) -> None:
        """Records from this seed on; they lengthen the last stretch if they follow it."""
        if self._fresh and self._fresh[-1].seed + len(self._fresh[-1].records) == seed:
            self._fresh[-1].records.extend(records)
        else:
            self._fresh.append(Stretch(seed, [*records]))
