"""A simulation stream of what was read from other formats. docs/formats/convert.md says what is lost.

What a format doesn't tell is left out, and never written as zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.model.points import POINT_KINDS, InvariantSeen, Location, Observed, Point, add_up
from vopr_coverage.model.report import CoverageReport, Finish, Input, Run
from vopr_coverage.reading.records import CrashedData, FailedData, OkData, RanData
from vopr_coverage.reading.simulation_records import NAME_MAX, SeedLine, StartLine
from vopr_coverage.reading.stretches import SeedRecord, Stretch
from vopr_coverage.reading.tally import NS_PER_MS

FORMAT = "simulation/1"
START_KEYS = ("type", "format", "first_seed", "seeds")  # which every start record has
UNNAMED = "unnamed invariant"
_Record = dict[str, Any]


def stream_of_seeds(read: Input, seeds: Iterable[Stretch], start: StartLine | None = None) -> Iterator[bytes]:
    """The lines of one stream, VOPR's or a simulation stream, or of a recording of one.

    Args:
        read: the whole of it.
        seeds: the same, seed by seed.
        start: the start record of a simulation stream.

    Raises:
        UsageError: it has no start record, so that nobody knows which seeds it is of.
    """
    run = read.run
    if run is None or run.starting_seed is None or run.announced is None:
        raise UsageError(f"{printable(read.source)}: without a start record there is no simulation stream of it")
    per_seed = read.observed is not None and read.observed.unit == "seed"
    yield _line(_as_given(start) | _named(scenario=read.scenario) if start else _start(read, run))
    for _, records in seeds:
        for record in records:
            yield _line(_seed_of(record))
    if run.ended_early is None:
        yield _line(_end(read, run, totals=not per_seed))


def stream_of_files(inputs: Sequence[Input]) -> Iterator[bytes]:
    """The lines of one stream with a record a file, for formats in which a file is a run. Seeds count from 0.

    Without word of its end from every file the stream has no end either.
    """
    observed = add_up([read.observed for read in inputs if read.observed])
    start = {"type": "start", "format": FORMAT, "first_seed": 0, "seeds": len(inputs), "unit": "file"}
    yield _line(start | _declared(observed) | _named(scenario=inputs[0].scenario))
    failed = 0
    for number, read in enumerate(inputs):
        record = _file_record(number, read)
        failed += record["status"] == "failed"
        yield _line(record)
    if all(read.finish and read.finish.known and not read.finish.ended_early for read in inputs):
        end = {"type": "end", "seeds": len(inputs), "failed": failed}
        yield _line(end | ({"counters": observed.counters} if observed.counters else {}))


def with_observed(read: Input) -> Input:
    """A flat report, which has totals of unknown seeds, as a file of its own: it was written when its run ended."""
    report = read.report
    if read.observed is not None or report is None:
        return read
    points = {name: Point("fault", count=None, runs=int(hit)) for name, hit in _hit_or_not(report)}
    points |= {name: Point("phase", count=count, runs=int(count > 0)) for name, count in report.phase_events.items()}
    invariants = {
        name: InvariantSeen(executions=count, runs=int(count > 0))
        for name, count in report.invariant_executions.items()
    }
    counters = {
        name: count
        for name in ("view_changes", "repairs", "unique_query_plans")
        if (count := getattr(report, name)) is not None
    }
    observed = Observed(runs=1, unit="file", points=points, invariants=invariants, counters=counters)
    return replace(read, observed=observed, finish=Finish(known=True))


def _hit_or_not(report: CoverageReport) -> list[tuple[str, bool]]:
    hit = [(name, True) for name in report.hit_fault_points]
    return hit + [(name, False) for name in report.missed_fault_points]


def _start(read: Input, run: Run) -> _Record:
    start = {"type": "start", "format": FORMAT, "first_seed": run.starting_seed, "seeds": run.announced}
    start |= _named(scenario=read.scenario)
    return start | (_declared_by(read.report) if read.report else {})


def _as_given(start: StartLine) -> _Record:
    """A start record without what it leaves out."""
    nothing = msgspec.structs.asdict(StartLine(type="start", format="", first_seed=0, seeds=0))
    given = msgspec.structs.asdict(start).items()
    return {key: value for key, value in given if key in START_KEYS or value != nothing[key]}


def _named(*, scenario: str | None) -> _Record:
    return {"scenario": scenario} if scenario else {}


def _declared(observed: Observed) -> _Record:
    """What was declared, and where it is."""
    points: dict[str, list[str]] = {}
    for kind in POINT_KINDS:
        names = [name for name, point in observed.points.items() if point.declared and point.kind == kind]
        if names:
            points[kind] = names
    invariants = [name for name, seen in observed.invariants.items() if seen.declared and not seen.optional]
    optional = [name for name, seen in observed.invariants.items() if seen.declared and seen.optional]
    places = {
        name: place.file if place.line is None else f"{place.file}:{place.line}" for name, place in _places(observed)
    }
    declared: _Record = {
        "points": points,
        "invariants": invariants,
        "optional_invariants": optional,
        "counters": sorted(observed.counters),
        "locations": places,
    }
    return {key: value for key, value in declared.items() if value}


def _places(observed: Observed) -> Iterator[tuple[str, Location]]:
    for name, point in observed.points.items():
        if point.location:
            yield name, point.location
    for name, seen in observed.invariants.items():
        if seen.location:
            yield name, seen.location


def _declared_by(report: CoverageReport) -> _Record:
    """What a stream of VOPR's lists."""
    faults = [*report.hit_fault_points, *report.missed_fault_points]
    points = {"fault": faults, "phase": list(report.phase_events)}
    declared: _Record = {
        "points": {kind: given for kind, given in points.items() if given},
        "invariants": list(report.invariant_executions),
    }
    return {key: value for key, value in declared.items() if value}


def _seed_of(record: SeedRecord) -> _Record:
    if isinstance(record, SeedLine):
        known = {key: getattr(record, key) for key in record.__struct_fields__}
        if record.counters is not None:
            known["counters"] = record.counters.given()
        return {key: value for key, value in known.items() if value is not None}
    seed: _Record = {"type": "seed", "seed": record.seed, "status": "ok"}
    if isinstance(record, RanData):
        return seed
    if isinstance(record, FailedData):
        failure = {"invariant": record.invariant[:NAME_MAX] or UNNAMED, "message": record.message}
        events = {} if isinstance(record, CrashedData) else {"events": record.events}
        return seed | {"status": "failed", "failure": failure} | events
    assert isinstance(record, OkData) or hasattr(record, "storage_hash"), "seeds of VOPR passed, failed or only ran"
    digest = {"kernel_state_hash": record.kernel_state_hash, "storage_hash": record.storage_hash}
    return seed | {
        "events": record.events,
        "time_ns": round(record.simulated_time_ms * NS_PER_MS),
        "digest": digest,
    }


def _end(read: Input, run: Run, *, totals: bool) -> _Record:
    end: _Record = {"type": "end", "seeds": run.records, "failed": run.failed_records}
    report = read.report
    if report is None:
        return end
    if totals:
        hit = set(report.hit_fault_points)
        hits = {name: count or 1 for name, count in (run.fault_counts or dict.fromkeys(hit, 1)).items() if name in hit}
        end["hits"] = hits | {name: count for name, count in report.phase_events.items() if count}
        end["ran"] = {name: count for name, count in report.invariant_executions.items() if count}
    if read.observed is not None and read.observed.counters:
        end["counters"] = read.observed.counters
    return end


def _file_record(number: int, read: Input) -> _Record:
    """One file. Where its format does not count, what was hit was hit once."""
    observed = read.observed or Observed()
    record: _Record = {
        "type": "seed",
        "seed": number,
        "status": "failed" if observed.broken else "ok",
        "hits": {name: point.count or 1 for name, point in observed.points.items() if point.hit},
        "ran": {name: seen.executions or 1 for name, seen in observed.invariants.items() if seen.ran},
    }
    if observed.broken:
        first = next(iter(observed.broken.values()))
        message = first.line if len(observed.broken) == 1 else f"{first.line}; and {len(observed.broken) - 1} more"
        record["failure"] = {"invariant": first.name[:NAME_MAX], "message": message}
    return record


def _line(record: _Record) -> bytes:
    return msgspec.json.encode(record) + b"\n"
