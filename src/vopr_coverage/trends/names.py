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
_Name = tuple[NameKind, str]
SeriesKey = tuple[str, str, str]  # workflow, job, scenario


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
    for (workflow, _, scenario), nights in series_with_names(records).items():
        newest = nights[-FULL_NIGHTS:]
        known: dict[_Name, list[TrendRecord]] = {}
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


def _told(names: ReachedNames | None) -> list[tuple[_Name, bool]]:
    """Each name of a night, and whether it was reached."""
    if names is None:
        return []
    told: list[tuple[_Name, bool]] = [(("fault point", name), True) for name in names.hit]
    told += [(("fault point", name), False) for name in names.missed]
    told += [(("invariant", name), True) for name in names.ran]
    return told + [(("invariant", name), False) for name in names.silent]


def series_with_names(records: Iterable[TrendRecord]) -> dict[SeriesKey, list[TrendRecord]]:
    """The records with names, of each night its latest attempt, the oldest first."""
    latest: dict[SeriesKey, dict[tuple[bool, int, str], TrendRecord]] = defaultdict(dict)
    for record in records:
        if record.names is not None:
            nights = latest[record.workflow, record.job, record.scenario]
            there = nights.get(place_in_time(record))
            if there is None or record.run_attempt >= there.run_attempt:
                nights[place_in_time(record)] = record
    return {key: [nights[place] for place in sorted(nights)] for key, nights in latest.items()}


def with_few_names(records: Sequence[TrendRecord]) -> tuple[TrendRecord, ...]:
    """The same records; all but the newest nights keep only names that were reached first or last in them.

    Those keep no counts of seeds either.
    """
    kept: dict[int, ReachedNames | None] = {}
    for nights in series_with_names(records).values():
        reached: dict[_Name, tuple[int, int]] = {}  # the first and the last night that did
        for index, night in enumerate(nights):
            for key, was_reached in _told(night.names):
                if was_reached:
                    reached[key] = (reached.get(key, (index, index))[0], index)
        for index, night in enumerate(nights[:-FULL_NIGHTS]):
            telling = {
                key
                for key, was_reached in _told(night.names)
                if key in reached and _tells(index, *reached[key], was_reached=was_reached)
            }
            names = night.names or ReachedNames()
            kept[id(night)] = ReachedNames(
                hit=tuple(name for name in names.hit if ("fault point", name) in telling),
                missed=tuple(name for name in names.missed if ("fault point", name) in telling),
                ran=tuple(name for name in names.ran if ("invariant", name) in telling),
                silent=tuple(name for name in names.silent if ("invariant", name) in telling),
            )
    return tuple(
        msgspec.structs.replace(one, names=kept[id(one)], incidence=None) if id(one) in kept else one for one in records
    )


def _tells(night: int, first: int, last: int, *, was_reached: bool) -> bool:
    """Whether a night says something about a name: it is an end of its nights, or a gap between them."""
    return night in (first, last) if was_reached else first < night < last
