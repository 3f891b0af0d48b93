"""Reads one stream seed by seed, in stretches of consecutive seeds and constant memory, to compare two streams.

Reader and checks are those of `read_stream`; the tally also passes on the records that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from vopr_coverage.model.report import Input
from vopr_coverage.reading.envelopes import UINT64_MAX
from vopr_coverage.reading.records import FailedData, OkData, OkLine, RanData
from vopr_coverage.reading.simulation import SimulationReader
from vopr_coverage.reading.simulation_records import StartLine
from vopr_coverage.reading.stream import StreamReader
from vopr_coverage.reading.stretches import Stretch, Stretches
from vopr_coverage.reading.tally import NS_PER_MS, Tally


class SeedsReader(Protocol):
    """A reader of one format that passes on the records of seeds as it reads."""

    @property
    def marks(self) -> Sequence[bytes]:
        """See `Seeds.marks`."""

    @property
    def tally(self) -> _SeedsTally:
        """What it has counted so far."""

    def steps(self, blocks: Iterable[bytes]) -> Iterator[None]:
        """Read one block a step."""

    def finish(self) -> Input:
        """The whole run."""


class _SeedsTally(Protocol):
    starting_seed: int | None
    announced: int | None
    stretches: Stretches


class Seeds:
    """One run while it is read. Iterate once; afterwards `read` has the result.

    Only records in order are returned: ascending seeds, each at most once, within the announced range.
    All others are contradictions of the run.
    """

    def __init__(self, blocks: Iterable[bytes], source: str, reader: SeedsReader | None = None) -> None:
        """`reader` is of another format than VOPR's."""
        self._reader = reader or _Reader(source)
        self._tally = self._reader.tally
        self._steps = self._reader.steps(blocks)
        self._read: Input | None = None
        for _ in self._steps:  # other lines may precede the start record
            if self._tally.starting_seed is not None:
                break

    @property
    def starting_seed(self) -> int | None:
        """The announced starting seed, else the first seed; None if there is neither."""
        return self._tally.starting_seed

    @property
    def announced(self) -> int | None:
        """The number of seeds that the run announced; None without a start record."""
        return self._tally.announced

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What identifies this run, known at its end: the digests of its start and end records, which have timestamps.

        A recording stores these lines unchanged, so it has the same marks as its stream.
        """
        return tuple(self._reader.marks)

    @property
    def start(self) -> StartLine | None:
        """The start record of a simulation stream; None in a stream of VOPR's."""
        reader: object = self._reader
        return reader.start if isinstance(reader, SimulationReader) else None

    def __iter__(self) -> Iterator[Stretch]:
        """The stretches. Raises what `read_stream` raises, at the broken record or at the end."""
        yield from self._tally.stretches.take()
        for _ in self._steps:
            yield from self._tally.stretches.take()
        self._read = self._finish()

    def _finish(self) -> Input:
        return self._reader.finish()

    @property
    def read(self) -> Input:
        """The whole stream, as `read_stream` returns it."""
        assert self._read is not None, "asked before the end"
        return self._read


class _StretchTally(Tally):
    """A tally that also collects its records in stretches."""

    def __init__(self) -> None:
        super().__init__()
        self.stretches = Stretches()

    def add_ok_block(self, lines: Sequence[OkLine]) -> bool:
        """As in Tally, but with one loop for each column, which is faster here."""
        if self.starting_seed is None or not lines:
            return not lines
        count = len(lines)
        due = self.due(count)
        if due is None:
            return False
        healthy = [line.data for line in lines]
        if [record.seed for record in healthy] != list(range(due, due + count)):
            return False
        events = sum([record.events for record in healthy])
        if events > UINT64_MAX:
            return False
        self.took(count)
        self.ok += count
        self.events += events
        self.ok_events += events
        self.time_ns += sum([round(record.simulated_time_ms * NS_PER_MS) for record in healthy])
        self._look_at(lines)
        self.stretches.add(due, healthy)
        return True

    def add(self, data: OkData | FailedData | RanData, number: int) -> None:
        """As in Tally; a record that is out of order is counted, but not passed on."""
        before = self._next
        super().add(data, number)
        if self._next == before:
            return
        self.stretches.add(data.seed, [data])


@dataclass
class _Reader(StreamReader):
    """A reader that stores the digests of the start and end records."""

    tally: _StretchTally = field(default_factory=_StretchTally)
    marks: list[bytes] = field(default_factory=list)

    def _read_line(self, line: bytes, number: int) -> None:
        before = self.started, self.ended
        super()._read_line(line, number)
        if (self.started, self.ended) != before:
            self.marks.append(sha256(line.strip()).digest())
