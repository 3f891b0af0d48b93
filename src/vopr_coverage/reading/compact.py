"""A stream made smaller without a change in what it says: healthy seeds as short lines, all else byte for byte.

What becomes shorter is exactly what the reader's own decoder takes for the record of a seed
that held (`records.decode_ok_block`), line for line, so that line numbers stay. Whatever that
decoder doesn't take is passed on as it came, for the reader to meet again: a stream and its
compacted form can't be judged differently.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.reading.records import (
    CompactData,
    FailedData,
    OkData,
    PlainOkData,
    decode_ok_block,
    read_record,
)
from vopr_coverage.reading.source import LINE_BYTES_MAX, count_lines

HASH_DIGITS = 64  # what the simulator writes, in lower-case hexadecimal
HASH_DIGITS_KEPT = 16  # 64 bits: two runs of a seed that differ do so here, too
HALVED_BYTES_MIN = 1 << 10  # some three seeds: below that it is faster to look at each
UNKNOWN_TYPES_KEPT_MAX = 10
TYPE_CHARACTERS_MAX = 100
OTHER_TYPES = "(further types)"
_HEX = b"0123456789abcdef"
_KINDS = ("start", "batch_complete", "coverage_failures")

_Healthy = OkData | PlainOkData | CompactData
_Row = tuple[str, tuple[int, int, float, str, str]]
_encode_lines = msgspec.json.Encoder().encode_lines


class Compactor:
    """Takes a stream in whatever pieces a pipe delivers it, and gives it back compacted, in whole lines.

    Attributes:
        lines: how many lines of each kind came by: `start`, `iteration_ok`, `iteration_failed`,
            `batch_complete`, `coverage_failures`, `other_records` (of unknown types),
            `broken_records` (which the reader will refuse) and `no_records`; blank ones don't count.
        unknown_records: records of unknown types, by type.
        compact, verbatim: how many lines were made shorter, and how many left alone.
        started, ended: a `start` record came by, and a `batch_complete` after it.
    """

    def __init__(self) -> None:
        self.lines: dict[str, int] = {}
        self.unknown_records: dict[str, int] = {}
        self.compact = 0
        self.verbatim = 0
        self.started = False
        self.ended = False
        self._begin: tuple[str, str] | None = None  # how the hashes of the first seed begin
        self._begun: list[bytes] = []  # the parts of a line whose end is still to come
        self._waiting = 0
        self._too_long = False  # in the middle of a line that no reader will take

    @property
    def iterations(self) -> int:
        """Iteration records so far."""
        return self.lines.get("iteration_ok", 0) + self.lines.get("iteration_failed", 0)

    def feed(self, piece: bytes) -> bytes:
        """What to keep of the lines that end within this piece."""
        out = b""
        if self._too_long:
            rest_of_line = piece.find(b"\n") + 1
            if not rest_of_line:
                return piece
            self._too_long = False
            out, piece = piece[:rest_of_line], piece[rest_of_line:]
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
            out += b"".join(self._begun)
            self._begun, self._waiting = [], 0
        return out

    def finish(self) -> bytes:
        """What to keep of a last line without its end."""
        rest = b"".join(self._begun)
        self._begun, self._waiting = [], 0
        return self._compacted(rest) if rest else b""

    def _compacted(self, block: bytes) -> bytes:
        """A block of lines: all at once if they are healthy seeds, else by halves, and at last one by one."""
        try:
            records = decode_ok_block(block)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            records = []
        seeds = [record.data for record in records]
        if seeds and len(seeds) == count_lines(block) and _within_bounds(seeds) and _cuttable(seeds):
            self._count("iteration_ok", len(seeds))
            self.compact += len(seeds)
            return _encode_lines(self._cut(seeds))
        half = block.find(b"\n", len(block) // 2) + 1
        if len(block) > HALVED_BYTES_MIN and 0 < half < len(block):
            return self._compacted(block[:half]) + self._compacted(block[half:])
        return b"\n".join(map(self._line, block.split(b"\n")))

    def _line(self, line: bytes) -> bytes:
        """One line, without its end."""
        if not line.strip():
            return line
        record = read_record(line, "", 0)
        if record is None:
            kind = "no_records"
        elif isinstance(record, list):
            kind = "broken_records"
        elif isinstance(record.data, FailedData):
            kind = "iteration_failed"
        elif record.type == "iteration":
            kind = "iteration_ok"
            seed = record.data
            rows = self._cut([seed]) if _cuttable([seed]) else [_whole(seed)]
            if not record.unknown_keys:
                self._count(kind)
                self.compact += 1
                return _encode_lines(rows).rstrip(b"\n")
        else:
            kind = self._of_another_kind(record.type)
        self._count(kind)
        self.verbatim += 1
        return line

    def _cut(self, seeds: Sequence[_Healthy]) -> list[_Row]:
        """Healthy seeds as rows, their hashes cut.

        A hash that begins like that of the first seed stays whole: so seeds that are all alike
        are told from seeds whose hashes differ late, as those of a padded counter do.
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

    def _of_another_kind(self, kind: str) -> str:
        self.ended |= self.started and kind == "batch_complete"
        self.started |= kind == "start"
        if kind in _KINDS:
            return kind
        name = kind[:TYPE_CHARACTERS_MAX]
        if name not in self.unknown_records and len(self.unknown_records) >= UNKNOWN_TYPES_KEPT_MAX:
            name = OTHER_TYPES
        self.unknown_records[name] = self.unknown_records.get(name, 0) + 1
        return "other_records"

    def _count(self, kind: str, more: int = 1) -> None:
        self.lines[kind] = self.lines.get(kind, 0) + more


def _within_bounds(seeds: Sequence[PlainOkData]) -> bool:
    """The bounds that the decoder can't check."""
    return all(seed.seed < SEED_COUNT and seed.events < SEED_COUNT for seed in seeds)


def _cuttable(seeds: Sequence[_Healthy]) -> bool:
    """Whether all hashes are the simulator's: of these, the first digits tell as much as any others."""
    lengths = {len(seed.storage_hash) for seed in seeds} | {len(seed.kernel_state_hash) for seed in seeds}
    if lengths != {HASH_DIGITS}:
        return False
    hashes = "".join([seed.storage_hash + seed.kernel_state_hash for seed in seeds])
    return not hashes.encode().translate(None, _HEX)


def _whole(seed: _Healthy) -> _Row:
    return ("ok", (seed.seed, seed.events, seed.simulated_time_ms, seed.storage_hash, seed.kernel_state_hash))
