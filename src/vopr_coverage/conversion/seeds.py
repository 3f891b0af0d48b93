"""A simulation stream of a run that is known seed by seed: VOPR's stream, a simulation stream, or a recording of one.

docs/formats/convert.md says what is lost. A run that is not known to be whole makes a stream without an end record, so
that nothing passes on the stream that fails on what it was made of.
"""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.conversion.start import (
    Record,
    as_given,
    declared_by,
    declared_in,
    is_whole,
    line_of,
    refuse_two_kinds,
    start_of,
)
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.gates.extras import point_counts
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import CoverageReport, Input, Run
from vopr_coverage.reading.records import CrashedData, FailedData, OkData, RanData
from vopr_coverage.reading.seeds import Seeds
from vopr_coverage.reading.simulation_records import NAME_MAX, SeedLine
from vopr_coverage.reading.stretches import SeedRecord
from vopr_coverage.reading.tally import NS_PER_MS

UNNAMED = "unnamed invariant"


def stream_of_seeds(read: Input, seeds: Seeds) -> Iterator[bytes]:
    """The lines of one stream.

    Args:
        read: the whole run.
        seeds: the same, seed by seed.

    Raises:
        UsageError: it has no start record, so that nobody knows which seeds it is of; or a name of two kinds.
    """
    if read.observed is None:
        refuse_two_kinds(read)
    yield line_of(_start(read, seeds))
    failed = _failed_files(read)
    counted = set[str]()
    for _, records in seeds:
        for record in records:
            seed = _seed_of(record)
            if record.seed in failed:
                seed |= {"status": "failed", "failure": failed[record.seed]}
            counted |= seed.keys() & {"hits", "ran"}
            yield line_of(seed)
    if is_whole(read):
        yield line_of(_end(read, read.run or seeds.read.run) | _totals(read, {"hits", "ran"} - counted))


def _start(read: Input, seeds: Seeds) -> Record:
    if seeds.start:
        return as_given(seeds.start, read.scenario)
    run = read.run
    if run is None or run.starting_seed is None or run.announced is None:
        raise UsageError(f"{printable(read.source)}: without a start record there is no simulation stream of it")
    declared = declared_in(read.observed) if read.observed else declared_by(read.report)
    return start_of(run.starting_seed, run.announced, read.scenario, **declared)


def _failed_files(read: Input) -> dict[int, Record]:
    """The failures of seeds by what they wrote to files, which the records of these seeds do not know."""
    if read.recording is None or not read.recording.writes_output or read.run is None:
        return {}
    return {
        seed: {"invariant": group.invariant[:NAME_MAX] or UNNAMED, "message": group.message}
        for group in read.run.failures
        for seed in group.seeds
        if not group.crash
    }


def _seed_of(record: SeedRecord) -> Record:
    if isinstance(record, SeedLine):
        known = {key: getattr(record, key) for key in record.__struct_fields__}
        if record.counters is not None:
            known["counters"] = record.counters.given()
        return {key: value for key, value in known.items() if value is not None}
    seed: Record = {"type": "seed", "seed": record.seed, "status": "ok"}
    if isinstance(record, RanData):
        return seed
    if isinstance(record, CrashedData):  # never called as an invariant may be, that somebody expects to fail
        crash = {"invariant": f"{record.invariant}, {record.crash.ending}", "message": record.message}
        return seed | {"status": "failed", "failure": crash}
    if isinstance(record, FailedData):
        failure = {"invariant": record.invariant[:NAME_MAX] or UNNAMED, "message": record.message}
        return seed | {"status": "failed", "failure": failure, "events": record.events}
    assert isinstance(record, OkData) or hasattr(record, "storage_hash"), "seeds of VOPR passed, failed or only ran"
    digest = {"kernel_state_hash": record.kernel_state_hash, "storage_hash": record.storage_hash}
    time_ns = round(record.simulated_time_ms * NS_PER_MS)
    return seed | {"events": record.events, "time_ns": time_ns, "digest": digest}


def _end(read: Input, run: Run | None) -> Record:
    assert run is not None, "seeds are of a run"
    end: Record = {"type": "end", "seeds": run.records, "failed": run.failed_records}
    if run.properties is not None:
        end["violated"] = list(run.properties.violated_ids)
    if read.observed is not None and read.observed.undecided:
        end["undecided"] = list(read.observed.undecided)
    if read.observed is not None and read.observed.counters:
        end["counters"] = read.observed.counters
    if run.attempts_only:
        end["attempts"] = dict(run.attempts_only)
    return end


def _totals(read: Input, keys: set[str]) -> Record:
    """The totals that no record of a seed has."""
    if read.report is None:
        return {}
    totals = _totals_in(read.observed) if read.observed else _totals_of(read.report, read.run)
    return {key: {name: count for name, count in totals[key].items() if count} for key in totals if key in keys}


def _totals_in(observed: Observed) -> dict[str, dict[str, int]]:
    return {
        "hits": {name: point.runs if point.count is None else point.count for name, point in observed.points.items()},
        "ran": {name: s.runs if s.executions is None else s.executions for name, s in observed.invariants.items()},
    }


def _totals_of(report: CoverageReport, run: Run | None) -> dict[str, dict[str, int]]:
    """Those of a stream of VOPR's: of each point that was hit its observed effects, per single run of a seed.

    A point that was applied and never observed is left out: it would be hit more often than `check` counts.
    """
    assert run is not None, "a stream has a run"
    evidence = Evidence(
        report=report,
        fault_effects=run.fault_effects,
        fault_counts=run.fault_counts,
        attempts_only=run.attempts_only,
    )
    effects, hit, times = point_counts(evidence), set(report.hit_fault_points), 2 if run.double_runs else 1
    hits = {name: count for name, count in effects.items() if name in hit} | report.phase_events
    return {
        "hits": {name: count // times for name, count in hits.items()},
        "ran": {name: count // times for name, count in report.invariant_executions.items()},
    }
