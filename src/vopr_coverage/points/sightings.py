"""What runs show about points: which are declared, which were hit, and in how many seeds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.incidence.samples import incidences_of
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.model.point_lock import NAME_CHARACTERS_MAX, FirstSeen, entry_name
from vopr_coverage.model.points import POINT_KINDS, PointKind
from vopr_coverage.model.report import Input

NOTHING = Incidence(0, 0)


class Sighting(msgspec.Struct, frozen=True):
    """One point in one scenario. `incidence` is of no sample where a format has none; `first` is None if unknown."""

    kind: PointKind
    hit: bool = False
    incidence: Incidence = NOTHING
    first: FirstSeen | None = None
    critical: bool = False


class Sightings(msgspec.Struct, frozen=True):
    """All points of one scenario by name. With `declares`, the runs tell all that there are, hit or not."""

    points: Mapping[str, Sighting]
    declares: bool = False


class AskedOf(msgspec.Struct, frozen=True):
    """What a config says about a scenario: points that it lists, for testers that declare none, and critical ones."""

    listed: Collection[str] = ()
    critical: Collection[str] = ()


NOTHING_ASKED = AskedOf()


def sightings_in(inputs: Sequence[Input], asked: Mapping[str, AskedOf] = {}) -> dict[str, Sightings]:
    """What these runs show, by scenario as a lockfile names it.

    Args:
        inputs: of disjoint seeds, under the config's names.
        asked: by scenario as a lockfile names it.

    Raises:
        UsageError: a run without coverage or without its end, or a name that no lockfile holds.
    """
    groups: dict[str, list[Input]] = {}
    for read in inputs:
        if read.report is None or not read.finished:
            ended = "it carries no coverage" if read.finished else "it did not finish"
            raise UsageError(f"{printable(read.source)} shows nothing about points: {ended}")
        groups.setdefault(entry_name(read.scenario), []).append(read)
    return {
        scenario: _of_scenario(group, asked.get(scenario, NOTHING_ASKED)) for scenario, group in sorted(groups.items())
    }


def _of_scenario(group: Sequence[Input], asked: AskedOf) -> Sightings:
    declares = [declares_all(read) for read in group]
    kinds: dict[str, PointKind] = {}
    for read, tells_all in zip(group, declares, strict=True):
        if tells_all or not any(declares):
            for name, kind in kinds_in(read, declared=tells_all).items():
                kinds[name] = min(kinds.get(name, kind), kind, key=POINT_KINDS.index)  # whatever the order of the runs
    if not any(declares):
        kinds = {**dict.fromkeys(asked.listed, "fault"), **kinds}
    points, counted, hits = {}, incidences_of(group), [hit_in(read) for read in group]
    for name, kind in kinds.items():
        hit = [read for read, names in zip(group, hits, strict=True) if name in names]
        firsts = [first for read in hit if (first := _first_of(read)) is not None]
        if len(name) > NAME_CHARACTERS_MAX:
            raise UsageError(f"the point {shown(name)} has a name of more than {NAME_CHARACTERS_MAX:,} characters")
        points[name] = Sighting(
            kind=kind,
            hit=bool(hit),
            incidence=counted.of(counted.points.get(name, 0)) if counted and kind != "phase" else NOTHING,
            first=min(firsts, key=lambda first: first.place_in_time, default=None),
            critical=name in asked.critical,
        )
    return Sightings(points, any(declares))


def with_history(seen: Mapping[str, Sightings], history: Mapping[str, Sightings]) -> dict[str, Sightings]:
    """What runs show, with what the nights before them showed of the same points.

    Runs may be one of the nights, so counts are not added: of two intervals the narrower one is taken.
    """
    return {
        scenario: Sightings(
            {
                name: _with_earlier(sighting, history[scenario].points.get(name) if scenario in history else None)
                for name, sighting in sightings.points.items()
            },
            sightings.declares,
        )
        for scenario, sightings in seen.items()
    }


def _with_earlier(now: Sighting, earlier: Sighting | None) -> Sighting:
    if earlier is None:
        return now
    return msgspec.structs.replace(
        now,
        hit=now.hit or earlier.hit,
        incidence=min((now.incidence, earlier.incidence), key=_width),
        first=min(filter(None, (now.first, earlier.first)), key=lambda first: first.place_in_time, default=None),
    )


def _width(incidence: Incidence) -> float:
    low, high = incidence.interval
    return high - low


def declares_all(read: Input) -> bool:
    """Whether a run tells all the points that its tester has, and not only those that it hit."""
    if read.observed is not None:
        return read.observed.declares_points
    report = read.report
    if report is None or read.listed_only:
        return False
    return len({*report.hit_fault_points, *report.missed_fault_points}) == report.total_fault_points


def kinds_in(read: Input, *, declared: bool) -> dict[str, PointKind]:
    """The points that a run names, with their kinds; with `declared`, only those that its tester declares."""
    if read.observed is not None:
        return {name: p.kind for name, p in read.observed.points.items() if p.declared or (p.hit and not declared)}
    report = read.report
    return dict.fromkeys((*report.hit_fault_points, *report.missed_fault_points), "fault") if report else {}


def hit_in(read: Input) -> set[str]:
    """The points that a run hit, declared or not."""
    if read.observed is not None:
        return {name for name, point in read.observed.points.items() if point.hit}
    return set(read.report.hit_fault_points) if read.report else set()


def _first_of(read: Input) -> FirstSeen | None:
    recording = read.recording
    return FirstSeen(recording.started_at[:10], recording.commit) if recording else None
