"""One line of a simulation stream: typed decoders for seeds, and the schema for all other lines.

A block of seed records is decoded at once. A line that the decoder refuses is validated alone by
`schemas/simulation.json`, which decides and explains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec

from vopr_coverage.errors import ReportError
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, JsonSyntaxError, strict_loads
from vopr_coverage.reading.lines import one_a_line

UINT64_MAX = (1 << 64) - 1
NAME_MAX = 500
_TYPES = ("start", "seed", "end")

# The decoder supports no higher bound; larger numbers are left to the schema.
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_Seed = Annotated[int, msgspec.Meta(ge=0)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_MAX)]
_Counts = dict[str, _Count]  # a bound on names would take as long as all the rest; only declared names count anyway


# gc=False: nothing in these can refer back to them; otherwise the garbage collector would visit each again and again.
class Failed(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What failed: an invariant, and in which words."""

    invariant: _Name
    message: str = ""


class Counters(msgspec.Struct, forbid_unknown_fields=True, gc=False, omit_defaults=True):
    """Counts that a profile may ask for by name."""

    view_changes: _Count | None = None
    repairs: _Count | None = None
    unique_query_plans: _Count | None = None

    def given(self) -> dict[str, int]:
        """Those that are measured, by name."""
        every = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: count for name, count in every.items() if count is not None}


class SeedLine(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The record of one seed; None is not measured. Times in nanoseconds of simulated time."""

    type: Literal["seed"]
    seed: _Seed
    status: Literal["ok", "failed"]
    events: _Count | None = None
    time_ns: _Count | None = None
    hits: _Counts | None = None
    ran: _Counts | None = None
    counters: Counters | None = None
    digest: str | dict[str, str] | None = None
    failure: Failed | None = None


class StartLine(msgspec.Struct):
    """What a run announces: its seeds, and what it may hit and run. See schemas/simulation.json."""

    type: Literal["start"]
    format: str
    first_seed: int
    seeds: int
    scenario: str | None = None
    commit: str | None = None
    unit: Literal["seed", "file"] = "seed"
    points: dict[str, list[str]] = {}
    invariants: list[str] = []
    optional_invariants: list[str] = []
    counters: list[str] = []
    locations: dict[str, str] = {}


class EndLine(msgspec.Struct):
    """The counts at the end of a run; totals where no seed has them.

    `violated` are properties that must hold and did not, beside those of failed seeds, and `undecided` those of which
    nobody knows. `attempts` has the points that were attempted and never took effect.
    """

    type: Literal["end"]
    seeds: int
    failed: int
    hits: dict[str, int] | None = None
    ran: dict[str, int] | None = None
    counters: Counters | None = None
    violated: list[str] | None = None
    undecided: list[str] | None = None
    attempts: dict[str, int] | None = None


Line = StartLine | SeedLine | EndLine
KNOWN_KEYS: dict[str, type[Line]] = {"start": StartLine, "seed": SeedLine, "end": EndLine}

_decode_seeds = msgspec.json.Decoder(SeedLine | None).decode_lines
_decode_seed = msgspec.json.Decoder(SeedLine).decode


def decode_seed_block(block: bytes) -> list[SeedLine]:
    """Decode a block of whole lines, each the record of a seed; empty if a line holds anything else.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: the block is no series of such records.
    """
    return one_a_line(_decode_seeds, block)


def are_sound(records: Sequence[SeedLine]) -> bool:
    """Whether records meet what the decoder can't check: a failure where one is due."""
    failed = [record for record in records if record.failure is not None or record.status != "ok"]
    return all(record.failure is not None and record.status != "ok" for record in failed)


def looks_like_simulation(document: object) -> bool:
    """Whether a JSON value is a record of a simulation stream, perhaps a broken one."""
    if not isinstance(document, dict):
        return False
    kind = document.get("type")
    if kind == "start":
        return "format" in document or "first_seed" in document
    return (kind == "seed" and "seed" in document) or (kind == "end" and "seeds" in document)


class Unknown(msgspec.Struct, frozen=True):
    """A record, and the keys in it that no reader knows."""

    record: Line
    keys: tuple[str, ...] = ()


def read_line(line: bytes, source: str, number: int) -> Unknown | list[ReportError] | None:
    """Read one line: a record, the errors of a broken record, or None for any other line."""
    try:
        seed = _decode_seed(line)
        if seed.seed <= UINT64_MAX and are_sound([seed]):
            return Unknown(seed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        document = strict_loads(line)
    except JsonSyntaxError:
        return None  # a line of a log, or one that was torn: then a seed is missing, which is noticed
    except JsonError as error:
        return [ReportError(source, f":{number}", expected=error.expected, found=error.found)]
    if not (isinstance(document, dict) and document.get("type") in _TYPES):
        return None
    return _as_record(document, source, number)


def _as_record(document: dict[str, Any], source: str, number: int) -> Unknown | list[ReportError]:
    kind = document["type"]
    problems = contract.problems("simulation", document, kind)
    if problems:
        return [ReportError(source, f":{number}#{p.pointer}", expected=p.expected, found=p.found) for p in problems]
    known = KNOWN_KEYS[kind]
    unknown = tuple(key for key in document if key not in known.__struct_fields__)
    # Not `msgspec.convert`, which refuses counts above 2^63: the schema has checked them.
    values = {key: value for key, value in document.items() if key not in unknown}
    for key, part in (("failure", Failed), ("counters", Counters)):
        if isinstance(values.get(key), dict):
            values[key] = part(**{name: v for name, v in values[key].items() if name in part.__struct_fields__})
    return Unknown(known(**values), unknown)
