"""Makes a simulation stream smaller without changing what is judged: seeds become rows, all other lines stay."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

import msgspec

from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.reading.simulation_records import (
    UINT64_MAX,
    EndLine,
    SeedLine,
    StartLine,
    Unknown,
    are_sound,
    decode_seed_block,
    looks_like_simulation,
    read_line,
)
from vopr_coverage.reading.simulation_rows import SEEDS_IN_ROW_MAX, fits_row, rows_of

WAITING_BYTES_MAX = 4 << 20


class Digest(Protocol):
    """What hashlib makes; its own type has no name at run time."""

    def update(self, data: bytes, /) -> None:
        """Add to it."""

    def hexdigest(self) -> str:
        """What it is so far."""


@dataclass
class SimulationSeen:
    """What a simulation stream said so far.

    Attributes:
        start, end: the first start record, and the end record behind it; None without them.
        by_seed: which of `hits`, `ran` and `counters` stand in seed records.
        results: a digest of the result of every seed so far.
    """

    start: StartLine | None = None
    end: EndLine | None = None
    by_seed: set[str] = field(default_factory=set)
    due: int | None = None
    failed_seeds: list[int] = field(default_factory=list)
    results: Digest = field(default_factory=sha256)


class SimulationLines:
    """Takes whole lines of a simulation stream, and returns them with seeds in rows."""

    def __init__(self, lines: dict[str, int], hold_ends: bool = False) -> None:
        """`lines` counts lines by kind; `hold_ends` leaves start and end records out of what is returned."""
        self.seen = SimulationSeen()
        self.compact = 0
        self.verbatim = 0
        self._lines = lines
        self._hold_ends = hold_ends
        self._waiting: list[SeedLine] = []
        self._waiting_bytes = 0

    def compacted(self, block: bytes) -> bytes:
        """These lines, with rows for the seeds before and between them; the last seeds wait for more."""
        records = _seeds_in(block)
        if records:
            return self._take(records, len(block))
        out = []
        lines = block.split(b"\n")
        for number, line in enumerate(lines):
            text = self._line(line, line + b"\n" if number < len(lines) - 1 else line)
            out.append(text)
        return b"".join(out)

    def flush(self) -> bytes:
        """The rows of the seeds that wait."""
        rows = b"".join(rows_of(self._waiting)) if self._waiting else b""
        self._waiting, self._waiting_bytes = [], 0
        return rows

    def _take(self, records: list[SeedLine], size: int) -> bytes:
        """Consecutive seeds, or one."""
        out = b""
        if self._waiting and records[0].seed != self._waiting[-1].seed + 1:
            out = self.flush()
        self._note(records)
        self._waiting += records
        self._waiting_bytes += size
        if len(self._waiting) >= SEEDS_IN_ROW_MAX or self._waiting_bytes >= WAITING_BYTES_MAX:
            out += self.flush()
        return out

    def _note(self, records: list[SeedLine]) -> None:
        seen = self.seen
        seen.due = (records[-1].seed + 1) % SEED_COUNT
        failed = [record.seed for record in records if record.failure is not None]
        seen.failed_seeds += failed
        self._count("iteration_failed", len(failed))
        self._count("iteration_ok", len(records) - len(failed))
        self.compact += len(records)
        if len(seen.by_seed) < 3:
            for key in ("hits", "ran", "counters"):
                if any(getattr(record, key) is not None for record in records):
                    seen.by_seed.add(key)

    def _line(self, line: bytes, whole: bytes) -> bytes:
        """One line; `whole` with its line end."""
        if not line.strip():
            return whole
        found = read_line(line, "", 0)
        seed = found.record if isinstance(found, Unknown) and not found.keys else None
        if isinstance(seed, SeedLine) and fits_row(seed):
            return self._take([seed], len(line))
        kind = self._kind_of(found)
        self._count(kind, 1)
        out = self.flush()
        if self._hold_ends and kind in ("start", "end"):
            return out
        self.verbatim += 1
        return out + whole

    def _kind_of(self, found: object) -> str:
        seen = self.seen
        if found is None:
            return "no_records"
        if not isinstance(found, Unknown):
            return "broken_records"
        record = found.record
        if isinstance(record, SeedLine):  # with a key that the reader will warn about, or a count that no row has
            seen.by_seed |= {key for key in ("hits", "ran", "counters") if getattr(record, key) is not None}
            seen.due = (record.seed + 1) % SEED_COUNT
            seen.failed_seeds += [record.seed] if record.failure else []
            return "iteration_failed" if record.failure else "iteration_ok"
        if isinstance(record, StartLine):
            if seen.start is None:
                seen.start, seen.due = record, record.first_seed
            return "start"
        if seen.start is not None:
            seen.end = seen.end or record
        return "end"

    def _count(self, kind: str, more: int) -> None:
        if more:
            self._lines[kind] = self._lines.get(kind, 0) + more


def _seeds_in(block: bytes) -> list[SeedLine]:
    """The seeds of a block in which every line is one, each after the one before; else none."""
    try:
        records = decode_seed_block(block)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    if not records or not are_sound(records) or records[-1].seed > UINT64_MAX:
        return []
    first = records[0].seed
    return records if [record.seed for record in records] == list(range(first, first + len(records))) else []


def is_simulation(block: bytes) -> bool | None:
    """Whether these lines are of a simulation stream, by the first one that is any record; None if none is."""
    from vopr_coverage.reading.envelopes import looks_like_record

    for line in block.split(b"\n"):
        if not line.lstrip().startswith(b"{"):
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
        if looks_like_simulation(value):
            return True
        if looks_like_record(value):
            return False
    return None
