"""What the nights of a history showed about points: in how many nights each was hit, and which hit it first. Pure.

A night that counted seeds, or runs, has these samples; of any other night all its seeds are one sample. Nights of the
same seeds are one, and nights of which nobody knows the seeds are none, because they may be the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vopr_coverage.model.incidence import Incidence, added
from vopr_coverage.model.point_lock import FirstSeen, entry_name
from vopr_coverage.points.sightings import Sighting, Sightings
from vopr_coverage.trends.history import TrendRecord, place_in_time
from vopr_coverage.trends.names import FULL_NIGHTS, series_with_names


def sightings_of(records: Iterable[TrendRecord]) -> dict[str, Sightings]:
    """What all nights showed, by scenario as a lockfile names it."""
    return {scenario: _sightings(nights) for scenario, nights in _nights(records).items()}


def sightings_of_last(records: Iterable[TrendRecord]) -> dict[str, Sightings]:
    """What the last night of each scenario showed."""
    return {scenario: _sightings(nights[-1:]) for scenario, nights in _nights(records).items()}


def _nights(records: Iterable[TrendRecord]) -> dict[str, list[TrendRecord]]:
    """The nights of each scenario, oldest first, of the workflow that ran it last."""
    found: dict[str, list[TrendRecord]] = {}
    for (_, _, scenario), nights in series_with_names(records).items():
        entry = entry_name(scenario)
        if entry not in found or place_in_time(nights[-1]) > place_in_time(found[entry][-1]):
            found[entry] = nights
    return dict(sorted(found.items()))


def _sightings(nights: Sequence[TrendRecord]) -> Sightings:
    samples = _samples(nights[-FULL_NIGHTS:])  # of older nights a history has only part of the names
    first: dict[str, TrendRecord] = {}
    names: dict[str, None] = {}
    for night in nights:
        assert night.names is not None, "the series has nights with names"
        for name in night.names.hit:
            first.setdefault(name, night)
        names |= dict.fromkeys((*night.names.hit, *night.names.missed))
    return Sightings(
        {
            name: Sighting(
                kind="fault",
                hit=name in first,
                incidence=_incidence(name, samples),
                first=FirstSeen(first[name].at[:10], first[name].commit) if name in first else None,
            )
            for name in names
        }
    )


def _samples(nights: Sequence[TrendRecord]) -> list[TrendRecord]:
    """Nights of seeds of their own, and of each seed base the last one."""
    return list({night.seed_base: night for night in nights if night.seed_base is not None and night.ran}.values())


def _incidence(name: str, samples: Sequence[TrendRecord]) -> Incidence:
    """A night that names a point neither as hit nor as missed says nothing about it. Counts come first."""
    exact = [
        Incidence(night.incidence.points[name], night.incidence.of, night.incidence.shortest, night.incidence.longest)
        for night in samples
        if night.incidence and name in night.incidence.points
    ]
    if exact:
        return added(exact)
    hit = [bool(night.names and name in night.names.hit) for night in samples]
    told = [
        (each, night.ran or 0)
        for each, night in zip(hit, samples, strict=True)
        if each or (night.names and name in night.names.missed)
    ]
    if not told:
        return Incidence(0, 0)
    lengths = [seeds for _, seeds in told]
    return Incidence(sum(each for each, _ in told), len(told), min(lengths), max(lengths))
