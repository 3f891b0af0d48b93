"""Two records of one seed, field by field, and hashes that never vary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vopr_coverage.determinism.simulation_differences import digest_columns, is_of_simulation, simulation_values
from vopr_coverage.reading.records import FailedData, RanData
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.stretches import SeedRecord

VALUE_CHARACTERS_MAX = 500
HASH_DIGITS_MIN = 16  # what a recording keeps of a hash; less than that proves too little
NS_PER_MS = 1e6
VARIED_MAX = 100  # names of digests that are watched

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
    if is_of_simulation(left, right):
        values = (_difference(name, one, other) for name, one, other in simulation_values(left, right))
        return tuple(difference for difference in values if difference)
    assert not isinstance(left, SeedLine)
    assert not isinstance(right, SeedLine)
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
        self._watched: dict[
            str, tuple[str, int]
        ] = {}  # by name: the first value, and for how many seeds it was the same
        self._varied: set[str] = set()

    def see(self, records: Sequence[SeedRecord]) -> None:
        """More records of the same run."""
        if not records or len(self._varied) >= VARIED_MAX:
            return
        if is_of_simulation(records[0]):
            if not self._varied or self._watched:
                self._look(digest_columns(records))
            return
        if self._varied.issuperset(HASHES):
            return
        try:
            columns = {name: column(records) for name, column in _COLUMNS.items() if name not in self._varied}
        except AttributeError:  # failed seeds have no hashes
            self.see([record for record in records if not isinstance(record, (FailedData, RanData))])
            return
        self._look(columns)

    def _look(self, columns: Mapping[str, Sequence[str]]) -> None:
        for name, values in columns.items():
            if name in self._varied:
                continue
            first, seeds = self._watched.get(name, (values[0], 0))
            if values.count(first) == len(values):
                self._watched[name] = (first, seeds + len(values))
            else:
                self._varied.add(name)
                self._watched.pop(name, None)

    def constants(self) -> Iterator[Constant]:
        """The hashes that were the same for two or more seeds."""
        for name, (value, seeds) in self._watched.items():
            if seeds > 1:
                yield Constant(name, _cut(value, 0, VALUE_CHARACTERS_MAX), seeds)
