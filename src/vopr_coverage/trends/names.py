"""Fault points and invariants over the nights: when each was seen first and last, and how steadily. Pure.

Names are most of a record, so a history keeps all of them for the newest nights only. Of older nights it keeps the
names that were reached for the first or for the last time in them, and those that were missed between two nights that
reached them: nothing that is told of names is lost by that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.trends.history import TrendRecord, place_in_time

FULL_NIGHTS = 30  # of each workflow and scenario, that keep all names

NameKind = Literal["fault point", "invariant"]
_Key = tuple[NameKind, str]
_Series = tuple[str, str, str]  # workflow, job, scenario


class NameHistory(msgspec.Struct, frozen=True):
    """One fault point or invariant of a scenario over the nights.

    Attributes:
        first, last: the day on which it was reached first and last, None if it never was. Before the history's oldest
            night nothing is known.
        nights: on how many of the last `of` nights with names it was reached; at most 30.
    """

    workflow: str
    scenario: str
    kind: NameKind
    name: str
    first: str | None
    last: str | None
    nights: int
    of: int


def names_over_time(records: Iterable[TrendRecord]) -> tuple[NameHistory, ...]:
    """Every name that any night knew, those first that have not been reached for longest."""
    found = []
    for (workflow, _, scenario), nights in _series(records).items():
        newest = nights[-FULL_NIGHTS:]
        known: dict[_Key, list[TrendRecord]] = {}
        for night in nights:
            for key, reached in _told(night.names):
                known.setdefault(key, []).extend([night] if reached else [])
        found += [
            NameHistory(
                workflow=workflow,
                scenario=scenario,
                kind=kind,
                name=name,
                first=reached[0].at[:10] if reached else None,
                last=reached[-1].at[:10] if reached else None,
                nights=sum(night in newest for night in reached[-FULL_NIGHTS:]),
                of=len(newest),
            )
            for (kind, name), reached in known.items()
        ]
    return tuple(sorted(found, key=lambda one: (one.last or "", one.nights, one.workflow, one.scenario, one.name)))


def _told(names: ReachedNames | None) -> list[tuple[_Key, bool]]:
    """Each name of a night, and whether it was reached."""
    if names is None:
        return []
    told: list[tuple[_Key, bool]] = [(("fault point", name), True) for name in names.hit]
    told += [(("fault point", name), False) for name in names.missed]
    told += [(("invariant", name), True) for name in names.ran]
    return told + [(("invariant", name), False) for name in names.silent]


def _series(records: Iterable[TrendRecord]) -> dict[_Series, list[TrendRecord]]:
    """The records with names, of each night its latest attempt, the oldest first."""
    latest: dict[_Series, dict[tuple[bool, int, str], TrendRecord]] = defaultdict(dict)
    for record in records:
        if record.names is not None:
            nights = latest[record.workflow, record.job, record.scenario]
            there = nights.get(place_in_time(record))
            if there is None or record.run_attempt >= there.run_attempt:
                nights[place_in_time(record)] = record
    return {key: [nights[place] for place in sorted(nights)] for key, nights in latest.items()}


def with_few_names(records: Sequence[TrendRecord]) -> tuple[TrendRecord, ...]:
    """The same records; all but the newest nights keep only names that were reached first or last in them."""
    kept: dict[int, ReachedNames | None] = {}
    for nights in _series(records).values():
        spans = _spans(nights)
        for index, night in enumerate(nights[:-FULL_NIGHTS]):
            kept[id(night)] = _few_of(night.names or ReachedNames(), index, spans)
    return tuple(msgspec.structs.replace(one, names=kept[id(one)]) if id(one) in kept else one for one in records)


def _spans(nights: Sequence[TrendRecord]) -> dict[_Key, tuple[int, int]]:
    """The first and the last night, by its place among all, on which each name was reached."""
    spans: dict[_Key, tuple[int, int]] = {}
    for index, night in enumerate(nights):
        for key, reached in _told(night.names):
            if reached:
                spans[key] = spans.get(key, (index, index))[0], index
    return spans


def _few_of(names: ReachedNames, night: int, spans: dict[_Key, tuple[int, int]]) -> ReachedNames:
    """Names that were reached for the first or last time that night, or missed between two nights that reached them."""

    def ends(kind: NameKind, reached: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in reached if night in spans[kind, name])

    def between(kind: NameKind, missed: Sequence[str]) -> tuple[str, ...]:
        found = ((name, spans.get((kind, name))) for name in missed)
        return tuple(name for name, span in found if span and span[0] < night < span[1])

    return ReachedNames(
        hit=ends("fault point", names.hit),
        missed=between("fault point", names.missed),
        ran=ends("invariant", names.ran),
        silent=between("invariant", names.silent),
    )
