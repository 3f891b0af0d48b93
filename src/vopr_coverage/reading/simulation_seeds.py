"""Reads one simulation stream seed by seed, to compare two of them. Reader and checks are `read_simulation`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from vopr_coverage.reading.records import CrashedData
from vopr_coverage.reading.simulation import SimulationReader
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.simulation_rows import SeedRow, seeds_of
from vopr_coverage.reading.simulation_tally import SimulationTally
from vopr_coverage.reading.stretches import Stretches


class StretchTally(SimulationTally):
    """A tally that also passes on the records that it counts, those in order."""

    def __init__(self) -> None:
        super().__init__()
        self.stretches = Stretches()
        self._in_order: set[int] = set()  # seeds of the row that is being added

    def add_block(self, records: Sequence[SeedLine]) -> bool:
        """As in SimulationTally."""
        added = super().add_block(records)
        if added:
            self.stretches.add(records[0].seed, records)
        return added

    def add(self, record: SeedLine, number: int) -> None:
        """As in SimulationTally."""
        super().add(record, number)
        self._pass_on([record])

    def add_crash(self, died: CrashedData, number: int) -> None:
        """As in SimulationTally."""
        super().add_crash(died, number)
        self._pass_on([died])

    def add_row(self, row: SeedRow, number: int) -> None:
        """As in SimulationTally."""
        whole = self.due(row.seeds) == row.first_seed
        super().add_row(row, number)
        if whole:
            self.stretches.add(row.first_seed, seeds_of(row))
        else:
            self._pass_on(seeds_of(row))

    def follow(self, seed: int, number: int) -> bool:
        """As in SeedOrder."""
        in_order = super().follow(seed, number)
        if in_order:
            self._in_order.add(seed)
        return in_order

    def _pass_on(self, records: Sequence[SeedLine | CrashedData]) -> None:
        for record in records:
            if record.seed in self._in_order:
                self._in_order.remove(record.seed)
                self.stretches.add(record.seed, [record])


@dataclass
class SimulationSeedsReader(SimulationReader):
    """A reader that passes on seeds. A simulation stream has no time of day, so that it has no marks."""

    tally: StretchTally = field(default_factory=StretchTally)
    marks: list[bytes] = field(default_factory=list)
