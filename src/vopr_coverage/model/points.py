"""What a tester reports by name: points that it may reach and invariants that it checks, in one shape for every format.

A *run* is a seed where the format tells seed by seed, else a file. Three things are never mixed: zero, not measured
(None), and not declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import msgspec

PointKind = Literal["fault", "sometimes", "reachable", "phase"]
POINT_KINDS: tuple[PointKind, ...] = get_args(PointKind)
RunUnit = Literal["seed", "file"]


class Location(msgspec.Struct, frozen=True):
    """Where the source code has a point or an invariant: a path as the tester wrote it, and a line, None if unknown."""

    file: str
    line: int | None = None


@dataclass(slots=True)
class Point:
    """One point.

    Attributes:
        declared: whether the tester named it before anything was reached; only these make up a percentage.
        count: how often it was hit; None if the format does not count.
        runs: in how many runs it was hit.
        evaluated: whether it was evaluated, true or not; only for `sometimes`.
        rare: whether the tester says that it is seldom hit.
    """

    kind: PointKind
    declared: bool = True
    count: int | None = 0
    runs: int = 0
    evaluated: bool = False
    rare: bool = False
    location: Location | None = None

    @property
    def hit(self) -> bool:
        """Whether it was hit at all."""
        return self.runs > 0 or bool(self.count)


@dataclass(slots=True)
class InvariantSeen:
    """One invariant: how often it ran (None if the format does not count) and in how many runs.

    An invariant that is `optional` need not run at all.
    """

    declared: bool = True
    executions: int | None = 0
    runs: int = 0
    optional: bool = False
    location: Location | None = None

    @property
    def ran(self) -> bool:
        """Whether it ran at all."""
        return self.runs > 0 or bool(self.executions)


class Broken(msgspec.Struct, frozen=True):
    """A property that did not hold, in a format without failed seeds: in which words, in how many runs, and where."""

    name: str
    line: str
    runs: int = 1
    location: Location | None = None


@dataclass(slots=True)
class Observed:
    """All points and invariants of one file, or of several added up.

    Attributes:
        runs: how many runs the incidences are of.
        unit: what a run is.
        counters: totals that the tester declared, by name: `view_changes`, `repairs`, `unique_query_plans`.
        broken: the properties that did not hold; `undecided`: those of which the tester could not tell.
        events: how often the tester reported each event of its own, by name.
        points_counted, invariants_counted: whether it is known in how many runs points were hit, and invariants ran.
    """

    runs: int = 0
    unit: RunUnit = "seed"
    points: dict[str, Point] = field(default_factory=dict)
    invariants: dict[str, InvariantSeen] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    undecided: tuple[str, ...] = ()
    events: dict[str, int] = field(default_factory=dict)
    points_counted: bool = True
    invariants_counted: bool = True

    @property
    def declares_points(self) -> bool:
        """Whether any point that counts was declared: without one there is no percentage."""
        return any(point.declared and point.kind != "phase" for point in self.points.values())

    def undeclared_points(self) -> list[str]:
        """Points that were hit and never declared, by name."""
        return sorted(name for name, point in self.points.items() if not point.declared and point.kind != "phase")


def add_up(all_observed: Sequence[Observed]) -> Observed:
    """Several files as one: incidences and counts are added, and what one file declares is declared."""
    units = {observed.unit for observed in all_observed}
    total = Observed(
        runs=sum(o.runs for o in all_observed),
        unit="seed" if units == {"seed"} else "file",
        points_counted=all(o.points_counted for o in all_observed),
        invariants_counted=all(o.invariants_counted for o in all_observed),
    )
    for observed in all_observed:
        for name, point in observed.points.items():
            _add_point(total.points, name, point)
        for name, seen in observed.invariants.items():
            _add_invariant(total.invariants, name, seen)
        for name, broken in observed.broken.items():
            before = total.broken.get(name, broken)
            more = broken.runs if name in total.broken else 0
            total.broken[name] = msgspec.structs.replace(before, runs=before.runs + more)
        total.undecided = tuple(dict.fromkeys((*total.undecided, *observed.undecided)))
        for name, count in observed.events.items():
            total.events[name] = total.events.get(name, 0) + count
    total.counters = _added_counters([observed.counters for observed in all_observed])
    return total


def with_declared(observed: Observed, names: Iterable[str]) -> Observed:
    """The same with these points declared, too: those that a config lists."""
    points = dict(observed.points)
    for name in names:
        known = points.get(name)
        if known is None:
            points[name] = Point("fault")
        elif not known.declared:
            points[name] = replace(known, declared=True)
    return replace(observed, points=points)


def with_declared_kinds(observed: Observed, kinds: Mapping[str, PointKind | None]) -> Observed:
    """The same with these points declared, under these kinds; what the tester declared itself stays as it is.

    A kind of None is that of the hit point, else `fault`.
    """
    points = dict(observed.points)
    for name, kind in kinds.items():
        known = points.get(name, Point(kind or "fault", declared=False))
        points[name] = known if known.declared else replace(known, declared=True, kind=kind or known.kind)
    return replace(observed, points=points)


def with_counts(observed: Observed, counts: Mapping[str, int]) -> Observed:
    """The same with these points hit so often; in how many runs is not known, except of those that are not hit."""
    points = dict(observed.points)
    for name, count in counts.items():
        if name in points:
            points[name] = replace(points[name], count=count, runs=max(points[name].runs, 1) if count else 0)
    return replace(observed, points=points)


def with_names(observed: Observed, names: Mapping[str, str]) -> Observed:
    """The same under other names, by old name; what gets the same name is added up.

    Incidences of points that become one can't be added: one run may have hit both, so the larger one is kept.
    """
    renamed = replace(observed, points={}, invariants={})
    for name, point in observed.points.items():
        before = renamed.points.get(names.get(name, name))
        _add_point(renamed.points, names.get(name, name), point)
        if before is not None:
            before.runs = max(before.runs - point.runs, point.runs)
    for name, seen in observed.invariants.items():
        known = renamed.invariants.get(names.get(name, name))
        _add_invariant(renamed.invariants, names.get(name, name), seen)
        if known is not None:
            known.runs = max(known.runs - seen.runs, seen.runs)
    return renamed


def _add_point(points: dict[str, Point], name: str, more: Point) -> None:
    before = points.get(name)
    if before is None:
        points[name] = replace(more)
        return
    before.declared |= more.declared
    before.count = _plus(before.count, more.count)
    before.runs += more.runs
    before.evaluated |= more.evaluated
    before.location = before.location or more.location


def _add_invariant(invariants: dict[str, InvariantSeen], name: str, more: InvariantSeen) -> None:
    before = invariants.get(name)
    if before is None:
        invariants[name] = replace(more)
        return
    before.declared |= more.declared
    before.executions = _plus(before.executions, more.executions)
    before.runs += more.runs
    before.optional &= more.optional
    before.location = before.location or more.location


def _plus(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _added_counters(all_counters: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Counters that every file has: the same query plan may have run in two files, so of plans it is the maximum."""
    names = [name for name in all_counters[0] if all(name in counters for counters in all_counters)]
    return {
        name: (max if name == "unique_query_plans" else sum)(counters[name] for counters in all_counters)
        for name in names
    }
