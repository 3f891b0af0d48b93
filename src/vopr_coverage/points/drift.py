"""In which points a run and the lockfile differ, by class. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.model.drift import Drift, Renamed
from vopr_coverage.model.point_lock import Locked, PointLock
from vopr_coverage.statistics.intervals import miss_chance
from vopr_coverage.statistics.losses import significant

SUSPECTS_MAX = 50  # names on each side that are compared with each other
COMPARED_CHARACTERS_MAX = 100  # a longer name is compared with none
DISTANCE_SHARE = 4  # of so many characters one may differ, two in any case, and eight at most
DISTANCE_MIN, DISTANCE_MAX = 2, 8


class RunNames(msgspec.Struct, frozen=True):
    """The points of a run by name: those that it names (declared, where its tester declares), and those that it hit.

    `declares`: it tells all that there are.
    """

    named: frozenset[str]
    hit: frozenset[str]
    declares: bool


def drift_of(lock: PointLock, source: str, scenarios: Sequence[str | None], run: RunNames) -> Drift:
    """How a run differs from the file in these scenarios.

    Args:
        source: the file's name.
        scenarios: those of all the runs that are judged as one.
    """
    missing = tuple(sorted({name or "" for name in scenarios if lock.entry_of(name) is None}))
    points = lock.points_in(scenarios)
    possible = counting(points)
    new = sorted(run.named - points.keys()) if not missing else []
    silent = [name for name in possible if name not in run.hit]
    vanished = sorted(name for name in silent if run.declares and name not in run.named)
    renamed, looks_renamed = list(renames(vanished, new)), list[Renamed]()
    if not run.declares:
        unheard = [name for name in silent if possible[name].place.hit and possible[name].place.class_ != "rare"]
        looks_renamed = list(renames(sorted(unheard), new))
    never = sorted(name for name in silent if not possible[name].place.hit and name not in vanished)
    return Drift(
        lock=source,
        locked=len(possible),
        missing=missing,
        vanished=tuple(vanished),
        renamed=tuple(renamed),
        looks_renamed=tuple(looks_renamed),
        undeclared=tuple(name for name in new if name in run.hit),
        unshown=tuple(name for name in new if name not in run.hit),
        never_hit=tuple(name for name in never if possible[name].place.class_ != "rare"),
        rare_never_hit=tuple(name for name in never if possible[name].place.class_ == "rare"),
        reached=tuple(sorted(name for name in points.keys() - possible.keys() if name in run.hit)),
        can_vanish=run.declares,
    )


def counting(points: Mapping[str, Locked]) -> dict[str, Locked]:
    """The points that can occur."""
    return {name: locked for name, locked in points.items() if locked.place.class_ != "unreachable"}


def critical_in(points: Mapping[str, Locked]) -> list[str]:
    """The points that every run has to hit."""
    return sorted(name for name, locked in points.items() if locked.place.class_ == "critical")


def rates_in(points: Mapping[str, Locked]) -> dict[str, tuple[float, float]]:
    """The intervals of the rates that are known."""
    return {name: locked.place.rate for name, locked in points.items() if locked.place.rate is not None}


def lost_among(rates: Mapping[str, tuple[float, float]], hit: Collection[str], seeds: int) -> tuple[str, ...]:
    """The points that no seed hit although their rates say that some should have.

    By the lower limit of each rate, and over all points together (Benjamini-Hochberg): no false one in 99 of 100 runs.
    """
    missed = sorted(name for name in rates if name not in hit)
    found = significant([miss_chance(rates[name][0], seeds) for name in missed])
    return tuple(name for name, is_lost in zip(missed, found, strict=True) if is_lost)


def renames(gone: Sequence[str], new: Collection[str]) -> Iterator[Renamed]:
    """For each name that is gone the nearest of the new ones, if it is near enough; ties go to the first by name."""
    candidates = [name for name in sorted(new) if len(name) <= COMPARED_CHARACTERS_MAX][:SUSPECTS_MAX]
    for name in [name for name in gone if len(name) <= COMPARED_CHARACTERS_MAX][:SUSPECTS_MAX]:
        limit = min(max(DISTANCE_MIN, len(name) // DISTANCE_SHARE), DISTANCE_MAX)
        best: Renamed | None = None
        for other in candidates:
            found = distance(name, other, limit)
            if found is not None:
                best, limit = Renamed(name, other, found), found - 1
        if best is not None:
            yield best


def distance(one: str, other: str, limit: int) -> int | None:
    """How many letters have to be changed, added or left out to make one name of the other; None if more than `limit`.

    Source: Levenshtein, Soviet Physics Doklady 10 (1966), 707; only the band of `limit` around the diagonal is
    computed.
    """
    if limit < 0 or abs(len(one) - len(other)) > limit or _differing(one, other) > limit:
        return None
    before = {column: column for column in range(min(limit, len(other)) + 1)}
    for row, letter in enumerate(one, 1):
        band = range(max(0, row - limit), min(len(other), row + limit) + 1)
        here: dict[int, int] = {}
        for column in band:
            changed = before.get(column - 1, limit + 1) + (letter != other[column - 1]) if column else row
            here[column] = min(changed, before.get(column, limit) + 1, here.get(column - 1, limit) + 1)
        if min(here.values()) > limit:
            return None
        before = here
    found = before[len(other)]
    return found if found <= limit else None


def _differing(one: str, other: str) -> int:
    """At least so many letters differ, wherever they stand."""
    ours, theirs = Counter(one), Counter(other)
    return max((ours - theirs).total(), (theirs - ours).total())
