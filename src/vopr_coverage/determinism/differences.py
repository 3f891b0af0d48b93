"""Two records of one seed, field by field, and hashes that never vary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from vopr_coverage.reading.records import FailedData, RanData
from vopr_coverage.reading.seeds import SeedRecord

VALUE_CHARACTERS_MAX = 500
HASH_DIGITS_MIN = 16  # what a recording keeps of a hash; less than that proves too little
NS_PER_MS = 1e6

HASHES = ("storage_hash", "kernel_state_hash")


def _storage_hashes(records: Iterable[Any]) -> list[str]:
    return [record.storage_hash for record in records]  # half the time that a getter by name takes


def _kernel_state_hashes(records: Iterable[Any]) -> list[str]:
    return [record.kernel_state_hash for record in records]


_COLUMNS = dict(zip(HASHES, (_storage_hashes, _kernel_state_hashes), strict=True))


class Difference(msgspec.Struct, frozen=True):
    """One field of a seed's record with both values; None where a record has no such field."""

    field: str
    left: str | None
    right: str | None


class Constant(msgspec.Struct, frozen=True):
    """A hash that was the same for all of `seeds` healthy seeds, two or more."""

    field: str
    value: str
    seeds: int


def differences(left: SeedRecord, right: SeedRecord) -> tuple[Difference, ...]:
    """Which fields of two records of one seed differ.

    Hashes are compared as far as both go, 16 digits or more; simulated time in whole nanoseconds.
    """
    if left == right:
        return ()
    failed = isinstance(left, FailedData), isinstance(right, FailedData)
    status = _difference("status", *("failed" if side else "ok" for side in failed))
    if isinstance(left, RanData) or isinstance(right, RanData):  # of such a seed no more is known
        return (status,) if status else ()
    found = [status, _difference("events", left.events, right.events)]
    if any(failed):
        for name in ("invariant", "message"):
            found.append(_difference(name, getattr(left, name, None), getattr(right, name, None)))
    else:
        found += [_hash_difference(name, getattr(left, name), getattr(right, name)) for name in HASHES]
        times = left.simulated_time_ms, right.simulated_time_ms  # type: ignore[union-attr]
        if round(times[0] * NS_PER_MS) != round(times[1] * NS_PER_MS):
            found.append(_difference("simulated_time_ms", *times))
    return tuple(difference for difference in found if difference)


def alike(left: Sequence[SeedRecord], right: Sequence[SeedRecord]) -> bool:
    """Whether records of the same seeds, healthy all of them, don't differ: quickly, and False where in doubt.

    For a stream against a recording, whose records are of another type and have shorter hashes.
    """
    try:
        if [seed.events for seed in left] != [seed.events for seed in right]:
            return False
        if [seed.simulated_time_ms for seed in left] != [seed.simulated_time_ms for seed in right]:  # type: ignore[union-attr]
            return False
        return all(_agree(column(left), column(right)) for column in _COLUMNS.values())
    except AttributeError:
        return False


def _agree(left: list[str], right: list[str]) -> bool:
    longer, shorter = (left, right) if len(left[0]) > len(right[0]) else (right, left)
    digits = len(shorter[0])
    return digits >= HASH_DIGITS_MIN and [value[:digits] for value in longer] == shorter


def told_apart(left: str, right: str, most: int) -> tuple[str, str]:
    """Two different texts, each in about `most` characters that show where they differ."""
    if left[:most] != right[:most] or left == right:
        return _cut(left, 0, most), _cut(right, 0, most)
    same = next(i for i in range(most, max(len(left), len(right))) if left[i : i + 1] != right[i : i + 1])
    return _cut(left, same - most // 2, most), _cut(right, same - most // 2, most)


def _cut(text: str, start: int, most: int) -> str:
    return ("…" if start else "") + text[start : start + most] + ("…" if len(text) > start + most else "")


def _difference(name: str, left: object, right: object) -> Difference | None:
    if left == right:
        return None
    one, other = (None if value is None else str(value) for value in (left, right))
    if one is not None and other is not None:
        return Difference(name, *told_apart(one, other, VALUE_CHARACTERS_MAX))
    return Difference(name, one and _cut(one, 0, VALUE_CHARACTERS_MAX), other and _cut(other, 0, VALUE_CHARACTERS_MAX))


def _hash_difference(name: str, left: str, right: str) -> Difference | None:
    digits = min(len(left), len(right))
    if digits >= HASH_DIGITS_MIN and left[:digits] == right[:digits]:
        return None
    return _difference(name, left, right)


class Constancy:
    """Watches whether each hash varies over healthy seeds; a hash that has varied costs nothing more."""

    def __init__(self) -> None:
        self._first: dict[str, str | None] = dict.fromkeys(HASHES)
        self._seeds = 0

    def see(self, records: Sequence[SeedRecord]) -> None:
        """More records of the same run."""
        if not self._first or not records:
            return
        try:
            columns = [(name, _COLUMNS[name](records)) for name in self._first]
        except AttributeError:  # failed seeds have no hashes
            self.see([record for record in records if not isinstance(record, (FailedData, RanData))])
            return
        self._seeds += len(records)
        for name, values in columns:
            first = self._first[name] = self._first[name] or values[0]
            if values.count(first) != len(values):
                del self._first[name]

    def constants(self) -> Iterator[Constant]:
        """The hashes that were the same for two or more seeds."""
        for name, value in self._first.items():
            if value is not None and self._seeds > 1:
                yield Constant(name, told_apart(value, value, VALUE_CHARACTERS_MAX)[0], self._seeds)
