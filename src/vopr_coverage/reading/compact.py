"""Makes a stream smaller without changing its meaning: seeds that passed become short lines, all else stays.

A line becomes shorter exactly if the reader's own decoder accepts it as the record of a seed that passed
(`records.decode_ok_block`). Line numbers stay. Every other line is copied byte for byte, and the reader
will see it as it was: a stream and its compact form cannot be judged differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import msgspec

from vopr_coverage.formats.text import UTF8_MARK, without_mark
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.reading.compact_simulation import SimulationLines, SimulationSeen, is_simulation
from vopr_coverage.reading.records import (
    CompactData,
    FailedData,
    OkData,
    PlainOkData,
    RanData,
    Record,
    decode_ok_block,
    read_record,
)
from vopr_coverage.reading.simulation_records import Unknown, read_line
from vopr_coverage.reading.source import LINE_BYTES_MAX

HASH_DIGITS = 64  # what the simulator writes, in lower-case hexadecimal
HASH_DIGITS_KEPT = 16  # 64 bits are enough to show that two runs of a seed differ
HALVED_BYTES_MIN = 1 << 10  # about three seeds: smaller blocks are faster line by line
UNKNOWN_TYPES_KEPT_MAX = 10
TYPE_CHARACTERS_MAX = 100
OTHER_TYPES = "(further types)"
_HEX = b"0123456789abcdef"
ITERATIONS = ("iteration_ok", "iteration_failed", "iteration_silent")
_KINDS = ("start", "batch_complete", "coverage_failures")

_Healthy = OkData | PlainOkData | CompactData
_Row = tuple[str, tuple[int, int, float, str, str]]
_encode_lines = msgspec.json.Encoder().encode_lines


class Compactor:
    """Takes a stream in whatever pieces a pipe delivers it, and returns it compacted, in whole lines.

    Attributes:
        lines: the number of lines of each kind: `start`, `iteration_ok`, `iteration_failed`,
            `batch_complete` (of a simulation stream: `end`), `coverage_failures`, `other_records` (of unknown types),
            `broken_records` (which the reader will refuse) and `no_records`; blank lines are not counted. Besides,
            `iteration_silent` counts failed seeds of `batch_complete` that have no line of their own.
        unknown_records: records of unknown types, by type.
        compact, verbatim: the number of lines that were shortened, and of those that were copied.
        start, end: `data` of the first `start` record, and of the `batch_complete` after it; None without them. Those
            of a simulation stream are in `simulation`; here they have only what all streams have.
        due: the seed behind the last record; None without a start.
        failed_seeds: seeds whose record says that they failed.
        torn, at_line_end: at the end, whether the last line is a part of a record, and whether it has a line end.
        results: a digest of the result of every iteration so far, whatever its time of day.
    """

    def __init__(self, hold_ends: bool = False) -> None:
        """`hold_ends` leaves start and end records, and a byte order mark, out of what is returned."""
        self.lines: dict[str, int] = {}
        self.unknown_records: dict[str, int] = {}
        self.compact = 0
        self.verbatim = 0
        self.start: Mapping[str, Any] | None = None
        self.end: Mapping[str, Any] | None = None
        self.due: int | None = None
        self.failed_seeds: list[int] = []
        self.torn = False
        self.at_line_end = True
        self.results = sha256()
        self._hold_ends = hold_ends
        self._is_simulation: bool | None = None  # None: not known yet
        self._simulation = SimulationLines(self.lines, hold_ends)
        self._begin: tuple[str, str] | None = None  # the first digits of the first seed's hashes
        self._head: bytes | None = b""  # the first bytes, while they may be a part of a byte order mark; then None
        self._begun: list[bytes] = []  # parts of a line whose end was not read yet
        self._waiting = 0
        self._too_long = False  # inside a line that no reader accepts

    @property
    def iterations(self) -> int:
        """Iterations so far: those with a record, and at the end the seeds that failed without one."""
        return sum(self.lines.get(kind, 0) for kind in ITERATIONS)

    @property
    def simulation(self) -> SimulationSeen | None:
        """What a simulation stream said so far; None if this is no such stream."""
        return self._simulation.seen if self._is_simulation else None

    @property
    def started(self) -> bool:
        """Whether there was a `start` record."""
        return self.start is not None

    @property
    def ended(self) -> bool:
        """Whether there was a `batch_complete` after it."""
        return self.end is not None

    def feed(self, piece: bytes) -> bytes:
        """The compacted lines that end within this piece. A byte order mark before the first one is kept."""
        out = b""
        if self._head is not None:
            piece = self._head + piece
            self._head = piece if UTF8_MARK.startswith(piece) and piece != UTF8_MARK else None
            if self._head is not None:
                return b""
            unmarked = without_mark(piece)
            out, piece = b"" if self._hold_ends else piece[: len(piece) - len(unmarked)], unmarked
        if self._too_long:
            rest_of_line = piece.find(b"\n") + 1
            if not rest_of_line:
                return piece
            self._too_long = False
            out, piece = out + piece[:rest_of_line], piece[rest_of_line:]
        end = piece.rfind(b"\n") + 1
        if end:
            out += self._compacted(b"".join([*self._begun, memoryview(piece)[:end]]))
            self._begun, self._waiting = [], 0
        if end < len(piece):
            self._begun.append(piece[end:])
            self._waiting += len(self._begun[-1])
        if self._waiting > LINE_BYTES_MAX:
            self._count("no_records")
            self.verbatim += 1
            self._too_long = True
            out += self.flush() + b"".join(self._begun)
            self._begun, self._waiting = [], 0
        return out

    def flush(self) -> bytes:
        """What waits for more of its kind, so that it can be stored."""
        return self._simulation.flush()

    def finish(self) -> bytes:
        """The compacted rest, with the last line if it has no line end."""
        rest = (self._head or b"") + b"".join(self._begun)
        is_record = isinstance(read_record(rest, "", 0), Record) or isinstance(read_line(rest, "", 0), Unknown)
        self.torn = rest.lstrip().startswith(b"{") and not is_record
        self.at_line_end = not (rest or self._too_long)
        self._begun, self._waiting = [], 0
        out = self._compacted(rest) if rest else b""
        last = self.flush()
        self.at_line_end |= bool(last)
        return out + last

    def _compacted(self, block: bytes) -> bytes:
        if self._is_simulation is None:
            self._is_simulation = is_simulation(block)
        if not self._is_simulation:
            return self._compacted_records(block)
        before = self._simulation.compact, self._simulation.verbatim
        out = self._simulation.compacted(block)
        seen = self._simulation.seen
        self.compact += self._simulation.compact - before[0]
        self.verbatim += self._simulation.verbatim - before[1]
        self.due, self.failed_seeds = seen.due, seen.failed_seeds
        if seen.start and self.start is None:
            self.start = {"starting_seed": seen.start.first_seed, "iterations": seen.start.seeds}
        if seen.end and self.end is None:
            self.end = {"coverage": None, "failed_seeds": []}
        return out

    def _compacted_records(self, block: bytes) -> bytes:
        """Compact a block of lines: all at once if all seeds passed, else in halves, and in the end line by line."""
        try:
            records = decode_ok_block(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            records = []
        seeds = [record.data for record in records]
        if seeds and _within_bounds(seeds) and cuttable(seeds):
            self._count("iteration_ok", len(seeds))
            self.compact += len(seeds)
            return self._note(seeds[-1].seed, _encode_lines(self._cut(seeds)))
        half = block.find(b"\n", len(block) // 2) + 1
        if len(block) > HALVED_BYTES_MIN and 0 < half < len(block):
            return self._compacted_records(block[:half]) + self._compacted_records(block[half:])
        return b"\n".join(map(self._line, block.split(b"\n")))

    def _line(self, line: bytes) -> bytes:
        """Compact one line, without its line end."""
        if not line.strip():
            return line
        record = read_record(line, "", 0)
        if record is None:
            kind = "no_records"
        elif isinstance(record, list):
            kind = "broken_records"
        elif isinstance(record.data, FailedData):
            kind = "iteration_failed"
            self.failed_seeds.append(record.data.seed)
            self._note(record.data.seed, msgspec.json.encode(record.data))
        elif isinstance(record.data, RanData):
            kind = "iteration_ok"
            self._note(record.data.seed, line)
        elif record.type == "iteration":
            kind = "iteration_ok"
            seed = record.data
            rows = self._cut([seed]) if cuttable([seed]) else [_whole(seed)]
            self._note(seed.seed, _encode_lines(rows))
            if not record.unknown_keys:
                self._count(kind)
                self.compact += 1
                return _encode_lines(rows).rstrip(b"\n")
        else:
            kind = self._of_another_kind(record)
            if kind == "batch_complete":
                self._note_silent(len(record.data["failed_seeds"]))
        self._count(kind)
        if self._hold_ends and kind in ("start", "batch_complete"):
            return b""
        self.verbatim += 1
        return line

    def _note(self, seed: int, result: bytes) -> bytes:
        """Note the result of an iteration, or of several that end with this seed."""
        self.due = (seed + 1) % SEED_COUNT
        self.results.update(result)
        return result

    def _cut(self, seeds: Sequence[_Healthy]) -> list[_Row]:
        """Seeds that passed as rows with shortened hashes.

        A hash that begins like the first seed's stays whole. Otherwise seeds whose hashes differ only in
        the last digits, such as padded counters, would look the same.
        """
        kept = HASH_DIGITS_KEPT
        if self._begin is None:
            self._begin = (seeds[0].storage_hash[:kept], seeds[0].kernel_state_hash[:kept])
        storage, kernel = self._begin
        return [
            (
                "ok",
                (
                    seed.seed,
                    seed.events,
                    seed.simulated_time_ms,
                    seed.storage_hash if (cut := seed.storage_hash[:kept]) == storage else cut,
                    seed.kernel_state_hash if (cut := seed.kernel_state_hash[:kept]) == kernel else cut,
                ),
            )
            for seed in seeds
        ]

    def _of_another_kind(self, record: Record) -> str:
        kind = record.type
        if kind == "batch_complete" and self.started:
            self.end = self.end or record.data
        if kind == "start" and self.start is None:
            self.start, self.due = record.data, record.data["starting_seed"]
        if kind in _KINDS:
            return kind
        name = kind[:TYPE_CHARACTERS_MAX]
        if name not in self.unknown_records and len(self.unknown_records) >= UNKNOWN_TYPES_KEPT_MAX:
            name = OTHER_TYPES
        self.unknown_records[name] = self.unknown_records.get(name, 0) + 1
        return "other_records"

    def _note_silent(self, failed_seeds: int) -> None:
        silent = failed_seeds - self.lines.get("iteration_failed", 0)
        if silent > 0:
            self.lines["iteration_silent"] = silent

    def _count(self, kind: str, more: int = 1) -> None:
        self.lines[kind] = self.lines.get(kind, 0) + more


def _within_bounds(seeds: Sequence[PlainOkData]) -> bool:
    """Whether numbers meet the bounds that the decoder cannot check."""
    return all(seed.seed < SEED_COUNT and seed.events < SEED_COUNT for seed in seeds)


def cuttable(seeds: Sequence[OkData | PlainOkData | CompactData]) -> bool:
    """Whether all hashes are hexadecimal and of full length, so that their first digits differ if they do."""
    lengths = {len(seed.storage_hash) for seed in seeds} | {len(seed.kernel_state_hash) for seed in seeds}
    if lengths != {HASH_DIGITS}:
        return False
    hashes = "".join([seed.storage_hash + seed.kernel_state_hash for seed in seeds])
    return not hashes.encode().translate(None, _HEX)


def _whole(seed: _Healthy) -> _Row:
    return ("ok", (seed.seed, seed.events, seed.simulated_time_ms, seed.storage_hash, seed.kernel_state_hash))
