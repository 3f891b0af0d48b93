"""One line of a VOPR stream: a fast typed decoder, and the schema for all other lines.

The million iteration lines of a healthy night are decoded as `OkLine`, a block at a time. A line that
this decoder refuses is validated alone by `schemas/stream.json`, which decides and explains.
tests/integration/test_fast_path.py checks that both accept the same lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar, cast

import msgspec

from vopr_coverage.errors import ReportError
from vopr_coverage.formats.strict_json import JsonError, JsonSyntaxError, strict_loads
from vopr_coverage.model.crash import CRASH, Crash, crash_of
from vopr_coverage.reading.envelopes import UINT64_MAX, looks_like_record, problems, unknown_keys
from vopr_coverage.reading.lines import one_a_line

TIME_MS_MAX = 18446744073709.0  # 2^64 ns
_Line = TypeVar("_Line")
LOG_LINE_BYTES_MAX = 1 << 20  # longer lines are not parsed just to see whether they are records

_Count = Annotated[int, msgspec.Meta(ge=0)]  # the decoder supports no bound above 2^63
_Hash = Annotated[str, msgspec.Meta(min_length=1)]
_TimeMs = Annotated[float, msgspec.Meta(ge=0, le=TIME_MS_MAX)]


# gc=False: these contain no containers; otherwise the garbage collector would visit every block again and again.
class OkData(msgspec.Struct, forbid_unknown_fields=True, gc=False, tag_field="status", tag="ok"):
    """`data` of a seed that passed; times in milliseconds of simulated time."""

    events: _Count
    kernel_state_hash: _Hash
    seed: _Count
    simulated_time_ms: _TimeMs
    storage_hash: _Hash


class FailedData(msgspec.Struct, forbid_unknown_fields=True, gc=False, tag_field="status", tag="failed"):
    """`data` of a seed that failed an invariant."""

    events: _Count
    invariant: str
    message: str
    seed: _Count


class PlainOkData(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """`OkData` without a tag field, which would cost a look-ahead: a quarter faster."""

    events: _Count
    kernel_state_hash: _Hash
    seed: _Count
    simulated_time_ms: _TimeMs
    status: Literal["ok"]
    storage_hash: _Hash


class OkLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A whole line of a seed that passed."""

    data: PlainOkData
    timestamp: str
    type: Literal["iteration"]


class CompactData(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """`OkData` as a recording stores it: `[seed, events, simulated_time_ms, storage_hash, kernel_state_hash]`."""

    seed: _Count
    events: _Count
    simulated_time_ms: _TimeMs
    storage_hash: _Hash
    kernel_state_hash: _Hash


class CompactLine(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A whole line of a recording, `["ok",[…]]`; compact.py writes them."""

    status: Literal["ok"]
    data: CompactData


class CrashedData(FailedData, forbid_unknown_fields=True, tag="crashed"):
    """A seed that the simulator died at, as a failed seed. Its message has no numbers, so that two runs compare."""

    crash: Crash


class RanData(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A seed that passed, of which nothing else is known: its process wrote no record."""

    seed: _Count

    @property
    def events(self) -> int:
        """None are known."""
        return 0


class _RanLine(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """A line that a recorder writes: `["ran",[seed]]`."""

    status: Literal["ran"]
    data: RanData


class _Died(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    seed: _Count
    exit_code: Annotated[int, msgspec.Meta(ge=0, le=4294967295)] | None
    signal: Annotated[int, msgspec.Meta(ge=1, le=255)] | None
    last_words: Annotated[list[Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=20)]


class _DiedLine(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """A line that a recorder writes: `["died",[seed, exit code or null, signal or null, last words]]`."""

    status: Literal["died"]
    data: _Died


class IterationLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A whole line of either kind."""

    data: OkData | FailedData
    timestamp: str
    type: Literal["iteration"]


_decode_ok_lines = msgspec.json.Decoder(OkLine | None).decode_lines
_decode_compact_lines = msgspec.json.Decoder(CompactLine | None).decode_lines
_decode_compact = msgspec.json.Decoder(CompactLine).decode
_decode_ran = msgspec.json.Decoder(_RanLine).decode
_decode_died = msgspec.json.Decoder(_DiedLine).decode
_decode_iteration = msgspec.json.Decoder(IterationLine).decode


def decode_ok_block(block: bytes) -> list[OkLine]:
    """Decode a block of whole lines, each the record of a seed that passed; empty if a line holds anything else.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: the block is no series of such records.
    """
    return one_a_line(_decode_ok_lines, block)


def decode_compact_block(block: bytes) -> list[OkLine]:
    """The same for compact lines. They have the attributes of `OkLine`s, and callers need no more."""
    return cast("list[OkLine]", one_a_line(_decode_compact_lines, block))


def within_bounds(data: OkData | FailedData | CompactData | RanData) -> bool:
    """Whether numbers meet the bounds of the schema that the decoder cannot check."""
    return data.seed <= UINT64_MAX and data.events <= UINT64_MAX


class Record(msgspec.Struct, gc=False):
    """A valid record; `data` is typed for iterations, a dict otherwise."""

    type: str
    data: Any
    unknown_keys: tuple[str, ...] = ()


def read_record(line: bytes, source: str, number: int) -> Record | list[ReportError] | None:
    """Read one line of a stream: a record, the errors of a broken record, or None for any other line.

    Text that is not JSON, and JSON that is not an envelope (such as a log line), is no record: a
    simulator's stderr is often in the same file.
    """
    try:
        typed = _decode_iteration(line)
        if within_bounds(typed.data):
            return Record("iteration", typed.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        document = _document(line)
    except JsonError as error:
        return [ReportError(source, f":{number}", expected=error.expected, found=error.found)]
    if document is None:
        return _compact(line)
    broken = [
        ReportError(source, f":{number}#{p.pointer}", expected=p.expected, found=p.found) for p in problems(document)
    ]
    return broken or _as_record(document)


def looks_compact(document: object) -> bool:
    """Whether a JSON value is a line of a recording."""
    return isinstance(document, list) and _compact(msgspec.json.encode(document)) is not None


def _compact(line: bytes) -> Record | None:
    """The seed of a line that only recordings have; any other array is no record."""
    if not line.lstrip().startswith(b"["):
        return None
    for read in _READ_ROWS:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            data = read(line)
            return Record("iteration", data) if within_bounds(data) else None
    return None


def _crashed(died: _Died) -> CrashedData:
    crash = crash_of(died.exit_code, died.signal, died.last_words)
    return CrashedData(events=0, invariant=CRASH, message=crash.signature, seed=died.seed, crash=crash)


_READ_ROWS: tuple[Callable[[bytes], CompactData | CrashedData | RanData], ...] = (
    lambda line: _decode_compact(line).data,
    lambda line: _decode_ran(line).data,
    lambda line: _crashed(_decode_died(line).data),
)


def read_died(line: bytes) -> CrashedData | None:
    """The seed that a simulator died at, as a recorder writes it; None for any other line."""
    record = _compact(line) if line.lstrip().startswith(b'["died"') else None
    return record.data if record and isinstance(record.data, CrashedData) else None


def failed_line(data: FailedData) -> bytes:
    """The record of a failed seed without its time of day, with its line end."""
    return msgspec.json.encode({"data": data, "timestamp": "", "type": "iteration"}) + b"\n"


def passed_line(data: OkData) -> bytes:
    """The compact line of a seed that passed, hashes in full, with its line end."""
    row = [data.seed, data.events, data.simulated_time_ms, data.storage_hash, data.kernel_state_hash]
    return msgspec.json.encode(["ok", row]) + b"\n"


def ran_line(seed: int) -> bytes:
    """The line of a recording for a seed that passed without a word, with its line end."""
    return msgspec.json.encode(["ran", [seed]]) + b"\n"


def died_line(seed: int, crash: Crash) -> bytes:
    """The line of a recording for a seed that the simulator died at, with its line end."""
    line = ["died", [seed, crash.exit_code, crash.signal, crash.last_words]]
    return msgspec.json.encode(line) + b"\n"


def start_line(data: Mapping[str, Any]) -> bytes:
    """A `start` record, with its line end."""
    return msgspec.json.encode({"data": data, "timestamp": "", "type": "start"}) + b"\n"


def _document(line: bytes) -> dict[str, Any] | None:
    """The envelope on this line, or None. Raises JsonError for an envelope that we refuse."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        document = strict_loads(line)
    except JsonSyntaxError:
        return None
    except JsonError:
        if _is_foreign(line):
            return None
        raise
    return document if looks_like_record(document) else None


def _is_foreign(line: bytes) -> bool:
    """Whether JSON that we refuse (NaN, duplicate keys …) is no envelope, and so no record."""
    try:
        return len(line) <= LOG_LINE_BYTES_MAX and not looks_like_record(json.loads(line))
    except (ValueError, RecursionError):
        return False


def _as_record(document: dict[str, Any]) -> Record:
    kind, data = document["type"], document["data"]
    unknown = tuple(unknown_keys(document))
    if kind == "iteration":
        known = OkData if data["status"] == "ok" else FailedData
        data = known(**{key: data[key] for key in known.__struct_fields__})
    return Record(kind, data, unknown)
