"""Two records of one seed of a simulation stream, field by field. Pure.

A digest says whether a seed did the same; without one on both sides, seeds that look the same show nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from vopr_coverage.reading.records import CrashedData
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.simulation_rows import Digest, kept_digest
from vopr_coverage.reading.stretches import SeedRecord

Values = tuple[str, object, object]  # a field, and its value on both sides


def is_of_simulation(*records: SeedRecord) -> bool:
    """Whether one of these records is of a simulation stream. One of a crash is of any stream."""
    return any(isinstance(record, SeedLine) for record in records)


def shows_nothing(left: SeedRecord, right: SeedRecord) -> bool:
    """Whether two records without a difference prove nothing: the seed passed, and a side has no digest."""
    lines = [side for side in (left, right) if isinstance(side, SeedLine) and side.failure is None]
    return len(lines) == 2 and any(not _has_digest(line) for line in lines)


def simulation_values(left: SeedRecord, right: SeedRecord) -> Iterator[Values]:
    """The fields that may differ, with both values; digests first, in the order in which the left side names them."""
    one, other = _SeedSide(left), _SeedSide(right)
    yield "status", one.status, other.status
    yield from _digests(one.digest, other.digest)
    yield from zip(("invariant", "message"), one.failure, other.failure, strict=True)
    if one.record is None or other.record is None:  # of a seed that the simulator died at, no more is known
        return
    for field in ("events", "time_ns"):
        yield field, getattr(one.record, field), getattr(other.record, field)
    for field in ("hits", "ran"):
        names = _names(getattr(one.record, field)), _names(getattr(other.record, field))
        if None not in names:
            yield field, *names


class _SeedSide:
    def __init__(self, side: SeedRecord) -> None:
        self.record = side if isinstance(side, SeedLine) else None
        self.digest = kept_digest(self.record.digest) if self.record and _has_digest(self.record) else None
        self.failure: tuple[str | None, str | None] = (None, None)
        if self.record and self.record.failure:
            self.failure = (self.record.failure.invariant, self.record.failure.message)
        elif isinstance(side, CrashedData):
            self.failure = (side.invariant, side.message)
        self.status = "ok" if self.failure[0] is None else "failed"


def _has_digest(line: SeedLine) -> bool:
    return line.digest is not None and line.digest != {}  # without names, nothing is said


def _digests(left: Digest | None, right: Digest | None) -> Iterator[Values]:
    if left is None or right is None:
        return
    ours, theirs = _named(left), _named(right)
    for name in dict.fromkeys([*ours, *theirs]):
        yield name, ours.get(name), theirs.get(name)


def _named(digest: Digest) -> Mapping[str, str]:
    if isinstance(digest, str):
        return {"digest": digest}
    return {f"digest {name}": text for name, text in digest.items()}


def _names(counts: Mapping[str, int] | None) -> str | None:
    return None if counts is None else ", ".join(sorted(name for name, count in counts.items() if count))


def digest_columns(records: Sequence[SeedRecord]) -> dict[str, list[str]]:
    """The digests of seeds that passed, by name."""
    columns: dict[str, list[str]] = {}
    for digest in _of_passed(records):
        for name, text in _named(digest).items():
            columns.setdefault(name, []).append(text)
    return columns


def _of_passed(records: Iterable[SeedRecord]) -> Iterator[Digest]:
    for record in records:
        if isinstance(record, SeedLine) and record.failure is None:
            digest = kept_digest(record.digest)
            if digest is not None:
                yield digest
