"""What the records of one simulation stream say of points, invariants and counters, by name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from vopr_coverage.errors import printable, shown
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.hits import Hits
from vopr_coverage.model.points import POINT_KINDS, InvariantSeen, Location, Observed, Point, PointKind
from vopr_coverage.model.report import Properties
from vopr_coverage.reading.named_counts import NamedCounts
from vopr_coverage.reading.simulation_records import EndLine, StartLine
from vopr_coverage.reading.simulation_tally import SimulationTally

NAMES_LISTED = 5


def observed_of(start: StartLine, end: EndLine, tally: SimulationTally) -> Observed:
    """All that was declared, and what the seeds, or else the end record, say of it.

    With totals at the end alone the whole stream is one run: nobody knows how many seeds hit a point.
    """
    by_seed = bool(tally.hits.recorded) or end.hits is None
    places = {name: location_of(place) for name, place in start.locations.items()}
    return Observed(
        runs=tally.records if by_seed else min(tally.records, 1),
        unit="seed" if by_seed and start.unit == "seed" else "file",
        points=_points(start, *_counts(tally.hits, end.hits), places),
        invariants=_invariants(start, *_counts(tally.ran, end.ran), places),
        points_counted=bool(tally.hits.recorded) or end.hits is not None,
        invariants_counted=bool(tally.ran.recorded) or (end.ran is not None and not by_seed),
        counters=dict.fromkeys(start.counters, 0) | tally.counters | given_counters(end),
        undecided=tuple(end.undecided or ()),
    )


def hits_of(start: StartLine | None, tally: SimulationTally) -> Hits | None:
    """Which seeds hit which points; None if the records are not of seeds, or if their hits are not known."""
    if start is None or start.unit != "seed":
        return None
    return tally.hits.by_seed(name for names in start.points.values() for name in names)


def _points(
    start: StartLine, counts: Mapping[str, int], runs: Mapping[str, int], places: Mapping[str, Location]
) -> dict[str, Point]:
    kinds: dict[str, PointKind] = {}
    for kind, names in start.points.items():
        for name in names:  # under two kinds the first counts: as a phase alone it would drop out of the percentage
            kinds[name] = min(kinds.get(name, cast(PointKind, kind)), cast(PointKind, kind), key=_order)
    return {
        name: Point(
            kind=kinds.get(name, "fault"),
            declared=name in kinds,
            count=counts.get(name, 0),
            runs=runs.get(name, 0),
            location=places.get(name),
        )
        for name in dict.fromkeys([*kinds, *counts])
    }


def _invariants(
    start: StartLine, counts: Mapping[str, int], runs: Mapping[str, int], places: Mapping[str, Location]
) -> dict[str, InvariantSeen]:
    declared, optional = (
        {*start.invariants, *start.optional_invariants},
        set(start.optional_invariants) - set(start.invariants),
    )
    return {
        name: InvariantSeen(
            declared=name in declared,
            executions=counts.get(name, 0),
            runs=runs.get(name, 0),
            optional=name in optional,
            location=places.get(name),
        )
        for name in dict.fromkeys([*start.invariants, *start.optional_invariants, *counts])
    }


def _counts(counts: NamedCounts, total: Mapping[str, int] | None) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """How often each name was counted, and in how many runs."""
    if counts.recorded or total is None:
        return counts.totals(), counts.seeds()
    given = {name: count for name, count in total.items() if count}
    return given, dict.fromkeys(given, 1)


def properties_in(end: EndLine | None) -> Properties | None:
    """The properties beside the failed seeds, without counters; None if the stream has none."""
    return None if end is None or end.violated is None else Properties({}, violated_ids=tuple(end.violated))


def _order(kind: str) -> int:
    return POINT_KINDS.index(cast(PointKind, kind))


def declared_twice(start: StartLine) -> Iterator[str]:
    """The first name that is declared as points of two kinds, and the first invariant that must run and need not."""
    kinds: dict[str, str] = {}
    for name, kind in ((name, kind) for kind, names in start.points.items() for name in names):
        if kinds.setdefault(name, kind) != kind:
            counts_as = min(kinds[name], kind, key=_order)
            yield f"{shown(name)} is declared as {kinds[name]} and as {kind}: it counts as {counts_as}"
            break
    for name in sorted(set(start.invariants) & set(start.optional_invariants))[:1]:
        yield f"{shown(name)} is declared as an invariant that must run, and as an optional one: it must run"


def given_counters(end: EndLine) -> dict[str, int]:
    """The counters of an end record."""
    return end.counters.given() if end.counters else {}


def location_of(place: str) -> Location:
    """`path:line`, or a path alone."""
    path, colon, line = place.rpartition(":")
    if colon and line.isascii() and line.isdigit() and len(line) < 10:
        return Location(path, int(line))
    return Location(place)


def undeclared_text(key: str, names: Sequence[str], *, more: bool) -> str:
    """What is said of names that were hit or ran, and that the start record does not declare; `more` may be dropped."""
    listed = ", ".join(printable(name[:60]) for name in names[:NAMES_LISTED])
    rest = f" and {'at least ' if more else ''}{len(names) - NAMES_LISTED} more" if len(names) > NAMES_LISTED else ""
    are = agreeing(len(names), "is", "are")
    undeclared = f"{counted(len(names), 'name')} in `{key}` {are} not declared in the start record"
    return f"{undeclared}, and left out of every percentage unless the config has them: {listed}{rest}"
