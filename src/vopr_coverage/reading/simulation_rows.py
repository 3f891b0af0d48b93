"""Many seeds of a simulation stream on one line, as a recording stores them: `["seeds",{…}]`.

Figures stand in columns. Which seeds hit a point is one hexadecimal number, in which bit 0 is the first seed; how
often they did is one sum. So a hundred points take a few bytes a seed once the file is packed. docs/recording.md has
the form.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import groupby
from typing import Annotated, Any, Literal

import msgspec

from vopr_coverage.reading.simulation_records import UINT64_MAX, Counters, Failed, SeedLine

SEEDS_IN_ROW_MAX = 4096  # few enough that a row is a block for the CPU's cache, and many enough to pack well
BITS_IN_ROW_MAX = 1 << 21  # names times seeds: one by one, these seeds take 75 MB at most
DIGEST_KEPT = 24  # characters; of a longer digest, a part and a digest of its own are as good
_PART_KEPT, _DIGITS_KEPT = 8, 12

_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]
_COUNT_MAX = (1 << 63) - 1
Digest = str | dict[str, str]


class Column(msgspec.Struct, array_like=True, forbid_unknown_fields=True, gc=False):
    """One name: which of a row's seeds have it, and how often all of them together."""

    seeds: Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{1,{SEEDS_IN_ROW_MAX // 4}}}$")]
    count: _Count


class FailedAt(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """One failed seed: its place in the row, and what failed."""

    at: _Count
    invariant: Annotated[str, msgspec.Meta(min_length=1)]
    message: str = ""


class SeedRow(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Consecutive seeds. A column that is None is not measured for any of them."""

    first_seed: Annotated[int, msgspec.Meta(ge=0)]
    seeds: Annotated[int, msgspec.Meta(ge=1, le=SEEDS_IN_ROW_MAX)]
    events: list[_Count | None] | None = None
    time_ns: list[_Count | None] | None = None
    digest: list[Digest | None] | None = None
    hits: dict[str, Column] | None = None
    ran: dict[str, Column] | None = None
    counters: Counters | None = None
    failed: list[FailedAt] = []

    def numbers(self) -> range:
        """The seeds."""
        return range(self.first_seed, self.first_seed + self.seeds)


class _RowLine(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    status: Literal["seeds"]
    row: SeedRow


_decode = msgspec.json.Decoder(_RowLine).decode


# ---- writing


def rows_of(records: Sequence[SeedLine]) -> Iterator[bytes]:
    """The lines for consecutive seeds, each with its line end."""
    for _, alike in groupby(records, key=lambda record: (record.hits is None, record.ran is None)):
        yield from _rows(list(alike))


def fits_row(record: SeedLine) -> bool:
    """Whether a row can hold this seed: a record may have counts up to 2^64-1, a row up to 2^63-1."""
    counters = record.counters.given() if record.counters else {}
    counts = (*(record.hits or {}).values(), *(record.ran or {}).values(), *counters.values())
    return max(record.events or 0, record.time_ns or 0, *counts, 0) <= _COUNT_MAX


def _rows(records: Sequence[SeedLine]) -> Iterator[bytes]:
    row = _row(records) if len(records) <= SEEDS_IN_ROW_MAX else None
    if row is None:
        half = len(records) // 2
        yield from _rows(records[:half])
        yield from _rows(records[half:])
    else:
        yield msgspec.json.encode(["seeds", row]) + b"\n"


def _row(records: Sequence[SeedLine]) -> SeedRow | None:
    """One row; None if several seeds are too much for one."""
    hits = _columns([record.hits for record in records])
    ran = _columns([record.ran for record in records])
    counters = _added([record.counters for record in records if record.counters])
    sums = [column.count for columns in (hits, ran) if columns for column in columns.values()]
    sums += list(counters.values())
    if len(records) > 1 and (max(sums, default=0) > _COUNT_MAX or len(sums) * len(records) > BITS_IN_ROW_MAX):
        return None
    return SeedRow(
        first_seed=records[0].seed,
        seeds=len(records),
        events=_measured([record.events for record in records]),
        time_ns=_measured([record.time_ns for record in records]),
        digest=_measured([kept_digest(record.digest) for record in records]),
        hits=hits,
        ran=ran,
        counters=Counters(**counters) if counters else None,
        failed=[
            FailedAt(at, record.failure.invariant, record.failure.message)
            for at, record in enumerate(records)
            if record.failure is not None
        ],
    )


def _measured(column: list[Any]) -> list[Any] | None:
    return None if column.count(None) == len(column) else column


def _columns(all_counts: Sequence[Mapping[str, int] | None]) -> dict[str, Column] | None:
    seeds = len(all_counts)
    places: defaultdict[str, list[int]] = defaultdict(list)
    sums: defaultdict[str, int] = defaultdict(int)
    digit = seeds  # of a binary number, whose last digit is the first seed
    for counts in all_counts:
        if counts is None:
            return None  # all of them are
        digit -= 1
        for name, count in counts.items():
            if count:
                places[name].append(digit)
                sums[name] += count
    return {name: Column(_bits(places[name], seeds), sums[name]) for name in sorted(places)}


def _bits(places: Sequence[int], seeds: int) -> str:
    if len(places) == seeds:
        return f"{(1 << seeds) - 1:x}"
    digits = bytearray(b"0" * seeds)
    for place in places:
        digits[place] = 49  # "1"
    return f"{int(digits, 2):x}"


def _added(all_counters: Sequence[Counters]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counters in all_counters:
        for name, count in counters.given().items():
            before = total.get(name, 0)
            total[name] = max(before, count) if name == "unique_query_plans" else before + count
    return total


def kept_digest(digest: Digest | None) -> Digest | None:
    """A digest as recordings store it: a long one as its first characters and a digest of it."""
    if digest is None:
        return None
    if isinstance(digest, dict):
        return {name: _kept(text) for name, text in digest.items()}
    return _kept(digest)


def _kept(text: str) -> str:
    if len(text) <= DIGEST_KEPT:
        return text
    return f"{text[:_PART_KEPT]}~{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:_DIGITS_KEPT]}"


# ---- reading


def read_row(line: bytes) -> SeedRow | None:
    """A row that makes sense; None for any other line."""
    if not line.lstrip().startswith(b'["seeds"'):
        return None
    try:
        row = _decode(line).row
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return row if _is_sound(row) else None


def _is_sound(row: SeedRow) -> bool:
    if row.first_seed + row.seeds - 1 > UINT64_MAX:
        return False
    if any(column is not None and len(column) != row.seeds for column in (row.events, row.time_ns, row.digest)):
        return False
    if row.seeds > 1 and row.seeds * (len(row.hits or ()) + len(row.ran or ())) > BITS_IN_ROW_MAX:
        return False
    places = [failed.at for failed in row.failed]
    if any(not 0 <= at < row.seeds for at in places) or sorted(set(places)) != places:
        return False
    return all(
        0 < (bits := int(column.seeds, 16)) < 1 << row.seeds and bits.bit_count() <= column.count
        for columns in (row.hits, row.ran)
        if columns
        for column in columns.values()
    )


def seeds_of(row: SeedRow) -> list[SeedLine]:
    """The seeds one by one. How often each of them hit a point is not known any more: they have 1 for each."""
    nothing = [None] * row.seeds
    failures = {failed.at: Failed(failed.invariant, failed.message) for failed in row.failed}
    hits, ran = _each(row.hits, row.seeds), _each(row.ran, row.seeds)
    events, times, digests = row.events or nothing, row.time_ns or nothing, row.digest or nothing
    return [
        SeedLine(
            type="seed",
            seed=seed,
            status="failed" if at in failures else "ok",
            events=events[at],
            time_ns=times[at],
            hits=hits[at],
            ran=ran[at],
            digest=digests[at],
            failure=failures.get(at),
        )
        for at, seed in enumerate(row.numbers())
    ]


def one_seed(row: SeedRow) -> SeedLine:
    """The seed of a row that has only one, as it was recorded."""
    (seed,) = seeds_of(row)
    for counts, columns in ((seed.hits, row.hits), (seed.ran, row.ran)):
        if counts is not None and columns is not None:
            counts.update((name, column.count) for name, column in columns.items())
    return msgspec.structs.replace(seed, counters=row.counters)


def _each(columns: Mapping[str, Column] | None, seeds: int) -> list[dict[str, int] | None]:
    if columns is None:
        return [None] * seeds
    each: list[dict[str, int]] = [{} for _ in range(seeds)]
    for name, column in columns.items():
        for at, bit in enumerate(reversed(f"{int(column.seeds, 16):b}")):
            if bit == "1":
                each[at][name] = 1
    return [*each]
