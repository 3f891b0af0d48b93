"""One line of a VOPR stream: a fast typed decoder, and the schema for all other lines.

The million iteration lines of a healthy night are decoded as `OkLine`, a block at a time. A line that
this decoder refuses is validated alone by `schemas/stream.json`, which decides and explains.
tests/integration/test_fast_path.py checks that both accept the same lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any, Literal, cast

import msgspec

from vopr_coverage.errors import ReportError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, JsonSyntaxError, strict_loads
from vopr_coverage.reading.lines import one_a_line
from vopr_coverage.reading.shapes import fits

UINT64_MAX = (1 << 64) - 1
TIME_MS_MAX = 18446744073709.0  # 2^64 ns
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


class IterationLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A whole line of either kind."""

    data: OkData | FailedData
    timestamp: str
    type: Literal["iteration"]


_decode_ok_lines = msgspec.json.Decoder(OkLine | None).decode_lines
_decode_compact_lines = msgspec.json.Decoder(CompactLine | None).decode_lines
_decode_compact = msgspec.json.Decoder(CompactLine).decode
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


def within_bounds(data: OkData | FailedData | CompactData) -> bool:
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
        ReportError(source, f":{number}#{p.pointer}", expected=p.expected, found=p.found) for p in _problems(document)
    ]
    return broken or _as_record(document)


def looks_compact(document: object) -> bool:
    """Whether a JSON value is a line of a recording."""
    try:
        return isinstance(document, list) and within_bounds(msgspec.convert(document, CompactLine).data)
    except (msgspec.ValidationError, OverflowError):
        return False


def looks_like_record(document: object) -> bool:
    """Whether a JSON value is an envelope `{data, timestamp, type}`, perhaps a broken one.

    Loggers also write objects with a `type` or with `data`: these are no envelopes.
    """
    if not isinstance(document, dict):
        return False
    if "data" in document:
        return "type" in document or document.keys() <= _ENVELOPE
    kind = document.get("type")
    return isinstance(kind, str) and kind in _KNOWN_KEYS


def _compact(line: bytes) -> Record | None:
    """The passed seed of a compact line; any other array is no record."""
    if not line.lstrip().startswith(b"["):
        return None
    try:
        data = _decode_compact(line).data
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return Record("iteration", data) if within_bounds(data) else None


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


def _problems(document: dict[str, Any]) -> list[contract.Problem]:
    if fits(document):
        return []
    broken = contract.problems("stream", document, "record")
    if broken:
        return broken
    kind = document["type"]
    if kind == "iteration":
        broken = contract.problems("stream", document, "iteration")
        return broken or contract.problems("stream", document, f"iteration-{document['data']['status']}")
    if kind == "batch_complete":
        return contract.problems("stream", _without_clean_seeds(document), kind)
    return contract.problems("stream", document, kind) if kind in _KNOWN_KEYS else []


def _without_clean_seeds(document: dict[str, Any]) -> dict[str, Any]:
    """The record without its list of failed seeds, if that contains only seeds.

    The schema's validator takes ten seconds for a million items; this takes a tenth of a second.
    """
    seeds = document["data"].get("failed_seeds")
    clean = isinstance(seeds, list) and all(type(s) is int and 0 <= s <= UINT64_MAX for s in seeds)
    return {**document, "data": {**document["data"], "failed_seeds": []}} if clean else document


def _as_record(document: dict[str, Any]) -> Record:
    kind, data = document["type"], document["data"]
    unknown = tuple(_unknown_keys(document))
    if kind == "iteration":
        known = OkData if data["status"] == "ok" else FailedData
        data = known(**{key: data[key] for key in known.__struct_fields__})
    return Record(kind, data, unknown)


def _known_keys() -> dict[str, frozenset[str]]:
    definitions = contract.schema("stream")["$defs"]
    kinds = ("start", "iteration-ok", "iteration-failed", "batch_complete", "coverage_failures")
    return {kind: frozenset(definitions[kind]["properties"]["data"]["properties"]) for kind in kinds} | {
        "iteration": frozenset()
    }


_KNOWN_KEYS = _known_keys()
_ENVELOPE = frozenset({"data", "timestamp", "type"})


def _unknown_keys(document: dict[str, Any]) -> Iterator[str]:
    kind, data = document["type"], document["data"]
    for key in document:
        if key not in _ENVELOPE:
            yield key
    if kind == "iteration":
        kind = f"iteration-{data['status']}"
    for key in data:
        if key not in _KNOWN_KEYS.get(kind, data):
            yield f"data.{key}"
