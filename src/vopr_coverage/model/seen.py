"""What was observed by name, as the verdict lists it: each point, invariant and broken property, with its place."""

from __future__ import annotations

from itertools import islice

import msgspec

from vopr_coverage.model.points import Broken, Location, Observed, PointKind, RunUnit

NAMES_MAX = 10_000  # of points and of invariants: a verdict stays a file that people can open


class PointSeen(msgspec.Struct, frozen=True):
    """One point; `count` is None if the format does not count, `evaluated` only for `sometimes`."""

    name: str
    kind: PointKind
    declared: bool
    hit: bool
    count: int | None
    runs: int
    evaluated: bool = False
    location: Location | None = None


class InvariantRan(msgspec.Struct, frozen=True):
    """One invariant; `executions` is None if the format does not count. One that is `optional` need not run."""

    name: str
    declared: bool
    ran: bool
    executions: int | None
    runs: int
    optional: bool = False
    location: Location | None = None


class ObservedSeen(msgspec.Struct, frozen=True):
    """All of one report. `runs` is what the incidences are of; `left_out` counts names beyond the first 10,000."""

    runs: int
    unit: RunUnit
    points: tuple[PointSeen, ...] = ()
    invariants: tuple[InvariantRan, ...] = ()
    broken: tuple[Broken, ...] = ()
    undecided: tuple[str, ...] = ()
    left_out: int = 0


def seen_of(observed: Observed | None) -> ObservedSeen | None:
    """The verdict's list of it; None for a format that has only a report."""
    if observed is None:
        return None
    lists = (observed.points, observed.invariants, observed.broken)
    return ObservedSeen(
        runs=observed.runs,
        unit=observed.unit,
        points=tuple(
            PointSeen(
                name=name,
                kind=point.kind,
                declared=point.declared,
                hit=point.hit,
                count=point.count,
                runs=point.runs,
                evaluated=point.evaluated,
                location=point.location,
            )
            for name, point in islice(observed.points.items(), NAMES_MAX)
        ),
        invariants=tuple(
            InvariantRan(
                name=name,
                declared=each.declared,
                ran=each.ran,
                executions=each.executions,
                runs=each.runs,
                optional=each.optional,
                location=each.location,
            )
            for name, each in islice(observed.invariants.items(), NAMES_MAX)
        ),
        broken=tuple(islice(observed.broken.values(), NAMES_MAX)),
        undecided=observed.undecided[:NAMES_MAX],
        left_out=sum(max(len(names) - NAMES_MAX, 0) for names in lists),
    )


def location_of(observed: Observed | None, point: str | None, invariant: str | None) -> Location | None:
    """Where the source has what a violation is about; None where the tester does not say."""
    if observed is None:
        return None
    for name, among in ((invariant, observed.invariants), (point, observed.broken), (point, observed.points)):
        found = among.get(name) if name else None
        if found is not None and found.location is not None:
            return found.location
    return None
