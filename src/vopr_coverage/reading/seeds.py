"""Reads one stream seed by seed, in stretches of consecutive seeds and constant memory, to compare two streams.

Reader and checks are those of `read_stream`; the tally also passes on the records that it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from vopr_coverage.model.report import Input
from vopr_coverage.reading.envelopes import UINT64_MAX
from vopr_coverage.reading.records import CompactData, FailedData, OkData, OkLine, PlainOkData, RanData
from vopr_coverage.reading.stream import StreamReader
from vopr_coverage.reading.tally import NS_PER_MS, Tally

SeedRecord = OkData | PlainOkData | CompactData | FailedData | RanData


class Stretch(NamedTuple):
    """Records of consecutive seeds, starting at `seed`; after 2^64 - 1 comes 0."""

    seed: int
    records: list[SeedRecord]


class Seeds:
    """One run while it is read. Iterate once; afterwards `read` has the result.

    Only records in order are returned: ascending seeds, each at most once, within the announced range.
    All others are contradictions of the run.
    """

    def __init__(self, blocks: Iterable[bytes], source: str) -> None:
        self._tally = _StretchTally()
        self._reader = _Reader(source, self._tally)
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

    def __iter__(self) -> Iterator[Stretch]:
        """The stretches. Raises what `read_stream` raises, at the broken record or at the end."""
        yield from self._tally.take()
        for _ in self._steps:
            yield from self._tally.take()
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
        self._fresh: list[Stretch] = []

    def take(self) -> list[Stretch]:
        """The stretches since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

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
        self._fresh.append(Stretch(due, [*healthy]))
        return True

    def add(self, data: OkData | FailedData | RanData, number: int) -> None:
        """As in Tally; a record that is out of order is counted, but not passed on."""
        before = self._next
        super().add(data, number)
        if self._next == before:
            return
        if self._fresh and self._fresh[-1].seed + len(self._fresh[-1].records) == data.seed:
            self._fresh[-1].records.append(data)
        else:
            self._fresh.append(Stretch(data.seed, [data]))


@dataclass
class _Reader(StreamReader):
    """A reader that stores the digests of the start and end records."""

    marks: list[bytes] = field(default_factory=list)

    def _read_line(self, line: bytes, number: int) -> None:
        before = self.started, self.ended
        super()._read_line(line, number)
        if (self.started, self.ended) != before:
            self.marks.append(sha256(line.strip()).digest())
