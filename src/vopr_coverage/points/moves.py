"""From a lockfile and what runs show to the next lockfile: which moves the counts warrant, and nothing else. Pure.

A rare point that was common is no rare point but a lost one: the counts contradict the file, and no move hides that.
Applied twice, the same runs move nothing more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from vopr_coverage.model.drift import Renamed
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.model.point_lock import FirstSeen, LockedIn, LockedPoint, PointClass, PointLock
from vopr_coverage.points.drift import renames
from vopr_coverage.points.rounding import rounded_outwards
from vopr_coverage.points.sightings import Sighting, Sightings
from vopr_coverage.statistics.intervals import rate_above

MISSED_IN = 0.99  # a rare point is missed by `rare_seeds` seeds in more than 1 of 100 cases
MUCH_NARROWER = 5  # times: only then does a new interval take the place of one that agrees with it


class Move(msgspec.Struct, frozen=True):
    """One change of the file: where, what, and the counts that warrant it."""

    scenario: str
    name: str
    what: str
    why: str


class LostRate(msgspec.Struct, frozen=True):
    """A point that is hit far less often than the file says. The file stays as it is: look at the tester."""

    scenario: str
    name: str
    was: tuple[float, float]
    now: str


class Relocked(msgspec.Struct, frozen=True):
    """The next lockfile, the moves that lead to it, and what contradicts the file and is no move."""

    lock: PointLock
    moves: tuple[Move, ...]
    lost: tuple[LostRate, ...]


def relocked(before: PointLock, seen: Mapping[str, Sightings], *, drop: bool = False) -> Relocked:
    """The lockfile after these runs.

    Args:
        before: an empty one where there is none yet.
        seen: by scenario, in lower case. Scenarios that are not in it stay as they are.
        drop: also remove what the runs no longer declare.
    """
    rare = rare_below(before.rare_seeds)
    points = {point.name: point for point in before.points}
    moves, lost = list[Move](), list[LostRate]()
    for scenario, sightings in sorted(seen.items()):
        for name, sighting in sorted(sightings.points.items()):
            point = points.get(name)
            entry = _entry(point, scenario)
            place = point.scenarios[entry] if point and entry else None
            told = list(_moves(place, sighting, rare))
            after = told[-1][2] if told else place
            assert after is not None, "a point that is new is added"
            moves += [Move(scenario, name, what, why) for what, why, _ in told]
            if place and _is_lost(place, sighting):
                assert place.rate is not None, "what is lost had a rate"
                lost.append(LostRate(scenario, name, place.rate, in_counts(sighting.incidence)))
            points[name] = _with(point, name, entry or scenario, after, sighting)
        gone = sorted(name for name in points if name not in sightings.points) if drop and sightings.declares else []
        gone = [name for name in gone if _entry(points[name], scenario)]
        new = [move.name for move in moves if move.scenario == scenario and move.what.startswith("add")]
        suspects = {each.name: each for each in renames(gone, new)}
        for name in gone:
            entry = _entry(points[name], scenario)
            assert entry is not None, "it is gone from this scenario"
            moves.append(Move(scenario, name, "remove", _why_gone(suspects.get(name))))
            _without(points, name, entry)
    ordered = tuple(points[name] for name in sorted(points))
    return Relocked(msgspec.structs.replace(before, points=ordered), tuple(moves), tuple(lost))


def _why_gone(renamed: Renamed | None) -> str:
    if renamed is None:
        return "no longer declared"
    return (
        f"no longer declared; if it is '{renamed.now}' now (distance {renamed.distance}), rename it in the file instead"
    )


def rare_below(rare_seeds: int) -> float:
    """The rate below which a point is rare."""
    return rate_above(rare_seeds, MISSED_IN)


def _entry(point: LockedPoint | None, scenario: str) -> str | None:
    """The key of a scenario in a point, whatever its case."""
    return next((name for name in point.scenarios if name.lower() == scenario), None) if point else None


def _moves(place: LockedIn | None, sighting: Sighting, rare: float) -> Iterator[tuple[str, str, LockedIn]]:
    """What changes, why, and the place after it, one after the other."""
    counts = in_counts(sighting.incidence)
    rate = rounded_outwards(sighting.incidence.interval) if sighting.incidence.of else None
    if place is None:
        new = LockedIn(_class_of(sighting, rare), sighting.hit, rate)
        yield (
            f"add as {new.class_}",
            counts if sighting.hit else f"declared, never hit{f' ({counts})' * bool(counts)}",
            new,
        )
        return
    if place.class_ == "unreachable":
        if sighting.hit:
            yield "unmark unreachable", counts or "hit", LockedIn(_class_of(sighting, rare), hit=True, rate=rate)
        return
    if sighting.hit and not place.hit:
        place = msgspec.structs.replace(place, hit=True)
        yield "first hit", counts or "hit", place
    if rate is None or _is_lost(place, sighting):
        return
    low, high = sighting.incidence.interval
    if place.class_ == "rare" and low > rare:
        place = LockedIn("common", place.hit, rate)
        yield "unmark rare", counts, place
    elif place.class_ == "common" and high < rare:
        place = LockedIn("rare", place.hit, rate)
        yield "mark rare", f"at most {high:.1e}", place
    if _says_more(rate, place.rate):
        yield "rate", f"{_in_words(rate)}, was {_in_words(place.rate)}: {counts}", _with_rate(place, rate)


def _with_rate(place: LockedIn, rate: tuple[float, float]) -> LockedIn:
    return msgspec.structs.replace(place, rate=rate)


def _class_of(sighting: Sighting, rare: float) -> PointClass:
    if sighting.critical:
        return "critical"
    return "rare" if sighting.incidence.of and sighting.incidence.interval[1] < rare else "common"


def _is_lost(place: LockedIn, sighting: Sighting) -> bool:
    """Whether it is hit less often than the file says, beyond chance: the intervals do not meet."""
    if place.rate is None or not sighting.incidence.of:
        return False
    return sighting.incidence.interval[1] < place.rate[0]


def _says_more(rate: tuple[float, float], before: tuple[float, float] | None) -> bool:
    """Whether a new interval is worth a line in a diff: there was none, it lies above, or it is much narrower."""
    if before is None or rate == before:
        return before is None
    return rate[0] > before[1] or (rate[1] - rate[0]) * MUCH_NARROWER <= before[1] - before[0]


def _in_words(rate: tuple[float, float] | None) -> str:
    return f"{in_digits(rate[0])} to {in_digits(rate[1])}" if rate else "not measured"


def in_counts(incidence: Incidence) -> str:
    """`12 of 10,000`; of pooled samples `3 of 4 runs of 2,500 seeds`; "" of none."""
    if not incidence.of:
        return ""
    if incidence.longest == 1:
        return f"{incidence.hit:,} of {incidence.of:,}"
    seeds = counted(incidence.longest, "seed")
    if incidence.shortest < incidence.longest:
        seeds = f"{incidence.shortest:,} to {seeds}"
    return f"{incidence.hit:,} of {counted(incidence.of, 'run')} of {seeds}"


def _with(point: LockedPoint | None, name: str, entry: str, place: LockedIn, sighting: Sighting) -> LockedPoint:
    if point is None:
        first = sighting.first if sighting.hit else None
        return LockedPoint(name, sighting.kind, {entry: place}, first)
    was_hit = any(each.hit for each in point.scenarios.values())
    scenarios = {**point.scenarios, entry: place}
    first = _earlier(point.first, sighting.first, was_hit) if sighting.hit else point.first
    return msgspec.structs.replace(point, scenarios=dict(sorted(scenarios.items())), first=first)


def _earlier(before: FirstSeen | None, now: FirstSeen | None, was_hit: bool) -> FirstSeen | None:
    """What saw it first. Where it was hit and nobody knows when, a later night did not see it first."""
    if now is None or (before is None and was_hit):
        return before
    return now if before is None else min(before, now, key=lambda first: first.place_in_time)


def _without(points: dict[str, LockedPoint], name: str, entry: str) -> None:
    point = points[name]
    left = {scenario: place for scenario, place in point.scenarios.items() if scenario != entry}
    if left:
        points[name] = msgspec.structs.replace(point, scenarios=left)
    else:
        del points[name]
