"""The start record of a simulation stream: which runs, and what they may reach. And what all its records share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.gates.health import judge_run_complete
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.points import POINT_KINDS, Location, Observed
from vopr_coverage.model.report import CoverageReport, Input
from vopr_coverage.model.thresholds import nothing_layer, resolve
from vopr_coverage.reading.simulation_records import StartLine

FORMAT = "simulation/1"
START_KEYS = ("type", "format", "first_seed", "seeds")  # which every start record has
Record = dict[str, Any]


def line_of(record: Record) -> bytes:
    """A record as a line of the stream."""
    return msgspec.json.encode(record) + b"\n"


def is_whole(read: Input) -> bool:
    """Whether a run is known to have finished, and agrees with itself and with its recording."""
    outcome = judge_run_complete(read, resolve(nothing_layer("convert")), None)
    return outcome.status in (Status.PASSED, Status.NOT_REQUIRED)


def start_of(first_seed: int, seeds: int, scenario: str | None, **more: object) -> Record:
    """A start record; what is empty is left out."""
    start: Record = {"type": "start", "format": FORMAT, "first_seed": first_seed, "seeds": seeds}
    return start | {key: value for key, value in {**more, "scenario": scenario}.items() if value}


def as_given(start: StartLine, scenario: str | None) -> Record:
    """A start record that was read, without what it leaves out."""
    nothing = msgspec.structs.asdict(StartLine(type="start", format="", first_seed=0, seeds=0))
    given = msgspec.structs.asdict(start).items()
    record = {key: value for key, value in given if key in START_KEYS or value != nothing[key]}
    return record | ({"scenario": scenario} if scenario else {})


def declared_in(observed: Observed) -> Record:
    """What a tester declares, and where it is."""
    points = {
        kind: [name for name, point in observed.points.items() if point.declared and point.kind == kind]
        for kind in POINT_KINDS
    }
    declared = [(name, seen) for name, seen in observed.invariants.items() if seen.declared]
    places = {
        name: place.file if place.line is None else f"{place.file}:{place.line}" for name, place in _places(observed)
    }
    return {
        "points": {kind: names for kind, names in points.items() if names},
        "invariants": [name for name, seen in declared if not seen.optional],
        "optional_invariants": [name for name, seen in declared if seen.optional],
        "counters": sorted(observed.counters),
        "locations": places,
    }


def declared_by(report: CoverageReport | None) -> Record:
    """The points that a stream of VOPR's lists. Its invariants are those that ran, so that it declares none."""
    if report is None:
        return {}
    faults = [*report.hit_fault_points, *report.missed_fault_points]
    points = {"fault": faults, "phase": list(report.phase_events)}
    return {"points": {kind: names for kind, names in points.items() if names}}


def refuse_two_kinds(read: Input) -> None:
    """Refuse a name that is a fault point and a phase event: a simulation stream has one kind a name.

    Raises:
        UsageError: the first such name.
    """
    report = read.report
    both = sorted({*report.hit_fault_points, *report.missed_fault_points} & set(report.phase_events)) if report else ()
    if both:
        raise UsageError(
            f"{printable(read.source)} cannot be converted: {shown(both[0])} is a fault point and a phase event, and a "
            "simulation stream has one kind a name"
        )


def _places(observed: Observed) -> Iterator[tuple[str, Location]]:
    for name, point in observed.points.items():
        if point.location:
            yield name, point.location
    for name, seen in observed.invariants.items():
        if seen.location:
            yield name, seen.location
