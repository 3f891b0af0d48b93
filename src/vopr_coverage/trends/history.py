"""The nightly's history as NDJSON: a record per night, job and scenario. Pure.

Every night's file holds all nights before it, so histories meet: the same night comes from several
files, and any of them may lack some. `union` puts them together in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Annotated, Literal

import msgspec

from vopr_coverage.errors import ReportError, Words, shown
from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.formats.text import without_mark
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.nightly.night_incidence import NightIncidence
from vopr_coverage.nightly.reached import ReachedNames, joined_names
from vopr_coverage.nightly.verdict import COUNT_MAX

FORMAT_FAMILY = "urn:vopr-coverage:schema:trend:"
TREND_FORMAT: Literal["urn:vopr-coverage:schema:trend:v1"] = "urn:vopr-coverage:schema:trend:v1"
HISTORY_BYTES_MAX = 8 << 20
LATER_BYTES_MAX = 1 << 20
RATE_MAX = 1e15
TEXT_CHARACTERS_MAX = 200

_Count = Annotated[int, msgspec.Meta(ge=0, le=COUNT_MAX)]
_Rate = Annotated[float, msgspec.Meta(ge=0, le=RATE_MAX)]
_Text = Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)]
_Digits = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,20}$(?!\n)")]
_Commit = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{7,64}$(?!\n)")]
_Time = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$(?!\n)")]


_Seed = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$(?!\n)")]
_FirstHash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
_FirstHashes = Annotated[tuple[_FirstHash, ...], msgspec.Meta(max_length=8)]


class TrendRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """What one scenario of one job showed in one night; see schemas/trend.json. None is not measured, never 0.

    Attributes:
        at: the night, in UTC.
        run_id: of the workflow's run, "" outside of GitHub.
        status: the whole night's.
        asked, planned, ran: iterations. `failed`: seeds.
        rate: iterations a second, of one job.
        detected, declared: canaries, in the canary job's records alone.
        seeds_doubled: how many seeds were run twice, in the determinism job's records alone.
        seed_base: the night's first seed.
        first_hashes: a digest of what each of the first seeds did, where every night runs other seeds.
        names: what was reached by name, in the coverage job's records alone; of older nights only part, see `names`.
        incidence: how many seeds did so; of the newest nights alone.
    """

    format: Literal["urn:vopr-coverage:schema:trend:v1"]
    at: _Time
    run_id: _Digits
    run_attempt: _Count
    run_number: _Count
    commit: _Commit | None
    workflow: _Text
    job: _Text
    scenario: _Text
    status: VerdictStatus
    asked: _Count | None
    planned: _Count | None
    ran: _Count | None
    failed: _Count | None
    rate: _Rate | None
    fault_points_hit: _Count | None
    fault_points_known: _Count | None
    invariants: _Count | None
    view_changes: _Count | None
    detected: _Count | None
    declared: _Count | None
    seeds_doubled: _Count | None
    seed_base: _Seed | None = None
    first_hashes: _FirstHashes = ()
    names: ReachedNames | None = None
    incidence: NightIncidence | None = None


class History(msgspec.Struct, frozen=True):
    """A history as it was read. `warnings` say what of it could not be.

    Attributes:
        later: lines that a later version may have written: who writes the history anew keeps them as they are.
    """

    records: tuple[TrendRecord, ...] = ()
    warnings: tuple[str, ...] = ()
    later: tuple[bytes, ...] = ()


def parse_history(data: bytes, source: str) -> History:
    """Read a history, which anybody may have written.

    A line that is no record of ours, or of a version that we don't know, is left out and counted.

    Raises:
        ReportError: there is more of it than 8 MiB.
    """
    if len(data) > HISTORY_BYTES_MAX:
        expected = f"a history of at most {HISTORY_BYTES_MAX >> 20} MiB"
        raise ReportError(source, "", expected=expected, found=Words("more"))
    decoder = msgspec.json.Decoder(TrendRecord)
    records: list[TrendRecord] = []
    later: list[bytes] = []
    broken, first = 0, ""
    for number, line in enumerate(without_mark(data).split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            records.append(_possible(decoder.decode(line)))
        except (msgspec.MsgspecError, ValueError, RecursionError):
            broken += 1
            first = first or str(_complaint(source, number, line))
            if _is_later(line):
                later.append(line.strip())
    twice = _told_twice(records, source)
    if not broken:
        return History(tuple(records), twice)
    are = agreeing(broken, "is no record and was", "are no records and were")
    told = f"{counted(broken, 'line')} {are} left out of the history, the first: {first}"
    if later:
        stay = agreeing(len(later), "stays", "stay")
        told += f"; {counted(len(later), 'line')} of a later version of vopr-coverage {stay} in the file"
        told += ": update to read them"
    if len(later) < broken:
        told += "; an older copy of the file may still have these nights"
    return History(tuple(records), (told, *twice), tuple(later))


def _told_twice(records: Sequence[TrendRecord], source: str) -> tuple[str, ...]:
    """A warning where records of one night, job and scenario differ: this program writes each once."""
    seen: dict[tuple[str, int, str, str], TrendRecord] = {}
    for record in records:
        other = seen.setdefault(key_of(record), record)
        if msgspec.structs.replace(record, names=other.names, incidence=other.incidence) != other:
            where = f"run {record.run_number} on {record.at[:10]}" if record.run_id else record.at
            told = f"{source}: two records of {where}, {shown(record.job)}, {shown(record.scenario)} differ"
            return (f"{told}; the later one counts, so there is nothing to do unless somebody edited the file",)
    return ()


def key_of(record: TrendRecord) -> tuple[str, int, str, str]:
    """What there is one record of."""
    return night_of(record), record.run_attempt, record.job, record.scenario


def _is_later(line: bytes) -> bool:
    """Whether a line that was refused is a record of a later version: of another format, or with keys that we lack."""
    try:
        document = strict_loads(line)
    except JsonError:
        return False
    if not isinstance(document, dict) or not str(document.get("format", "")).startswith(FORMAT_FAMILY):
        return False
    known = {key: value for key, value in document.items() if key in TrendRecord.__struct_fields__}
    return document["format"] != TREND_FORMAT or (
        len(known) < len(document) and not any(contract.problems("trend", known))
    )


def _possible(record: TrendRecord) -> TrendRecord:
    """The record, if its counts can be.

    Raises:
        ValueError: they cannot.
    """
    if (record.detected or 0) > (record.declared or 0):
        raise ValueError("more canaries detected than declared")
    if record.incidence and not record.incidence.is_possible:
        raise ValueError("more hits than seeds")
    return record


def _complaint(source: str, number: int, line: bytes) -> ReportError:
    """What is wrong with a line that was refused, in our words."""
    try:
        problem = next(iter(contract.problems("trend", strict_loads(line))), None)
    except JsonError as error:
        return ReportError(source, f":{number}", expected=error.expected, found=error.found)
    if problem is None:
        found = Words("something else, or counts that cannot be")
        return ReportError(source, f":{number}", expected="a record of a night", found=found)
    at = f":{number}#{problem.pointer}" if problem.pointer else f":{number}"
    return ReportError(source, at, expected=problem.expected, found=problem.found)


def night_of(record: TrendRecord) -> str:
    """Which night a record is of. All attempts of a run are one night; outside of GitHub, each moment is."""
    return record.run_id or record.at


def place_in_time(record: TrendRecord) -> tuple[bool, int, str]:
    """Where its night stands among others: run ids grow, over all workflows, and a run that is started again keeps its.

    Nights outside of GitHub come behind, by their time.
    """
    return (not record.run_id, int(record.run_id or 0), "" if record.run_id else record.at)


def union(*histories: Iterable[TrendRecord]) -> tuple[TrendRecord, ...]:
    """All records of all histories, each once, the oldest night first.

    Where two tell differently of the same attempt, job and scenario, the later one counts.
    """
    found: dict[tuple[str, int, str, str], TrendRecord] = {}
    for record in chain.from_iterable(histories):
        there = found.get(key_of(record))
        if there is None:
            found[key_of(record)] = record
        elif there != record:
            earlier, later = sorted((there, record), key=_recency)
            names = joined_names(earlier.names, later.names)
            incidence = later.incidence or earlier.incidence
            found[key_of(record)] = msgspec.structs.replace(later, names=names, incidence=incidence)
    return tuple(
        sorted(
            found.values(),
            key=lambda record: (place_in_time(record), record.run_attempt, record.job, record.scenario),
        )
    )


def _recency(record: TrendRecord) -> tuple[str, bytes]:
    return record.at, msgspec.json.encode(record)


def text_of(history: Iterable[TrendRecord], later: Iterable[bytes] = ()) -> bytes:
    """A history as NDJSON: of its newest nights, as many as fit in 8 MiB.

    Args:
        later: lines of a later version, which come first; at most 1 MiB of them.
    """
    nights: dict[tuple[bool, int, str], list[bytes]] = {}
    for record in union(history):
        nights.setdefault(place_in_time(record), []).append(msgspec.json.encode(record) + b"\n")
    theirs = _at_most(sorted(set(later)), LATER_BYTES_MAX)
    kept: list[bytes] = []
    left = HISTORY_BYTES_MAX - len(theirs)
    for lines in reversed(nights.values()):
        night = b"".join(lines)
        left -= len(night)
        if left < 0:
            break
        kept.append(night)
    return theirs + b"".join(reversed(kept))


def _at_most(lines: Iterable[bytes], bytes_max: int) -> bytes:
    kept = b""
    for line in lines:
        if len(kept) + len(line) < bytes_max:
            kept += line + b"\n"
    return kept
