"""A simulation stream of formats in which a file is a run: a record a file, which counts from 0.

docs/formats/convert.md says what is lost. If nothing says that all of them finished, the stream has no end record, so
that nothing passes on the stream that fails on what it was made of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from vopr_coverage.check.merge import unlisted
from vopr_coverage.conversion.start import Record, declared_in, is_whole, line_of, refuse_two_kinds, start_of
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.model.points import InvariantSeen, Observed, Point, add_up
from vopr_coverage.model.report import CoverageReport, Finish, Input
from vopr_coverage.reading.simulation_records import NAME_MAX


def stream_of_files(inputs: Sequence[Input]) -> Iterator[bytes]:
    """The lines of one stream, of inputs that `with_observed` returned.

    Raises:
        UsageError: one of several has no coverage, which the others would hide.
    """
    bare = [read for read in inputs if read.report is None]
    if bare and len(bare) < len(inputs):
        raise UsageError(f"{printable(bare[0].source)} has no coverage: convert it by itself")
    observed = add_up([read.observed for read in inputs if read.observed])
    yield line_of(start_of(0, len(inputs), inputs[0].scenario, unit="file", **declared_in(observed)))
    failed = 0
    for number, read in enumerate(inputs):
        record = _record(number, read)
        failed += record["status"] == "failed"
        yield line_of(record)
    if all(map(is_whole, inputs)):
        yield line_of(_end(inputs, observed, failed))


def with_observed(read: Input) -> Input:
    """A flat report, which has totals of unknown seeds, as a file of its own; any other input as it is.

    Raises:
        UsageError: its lists do not account for its totals, or a name is of two kinds.
    """
    report = read.report
    if read.observed is not None or report is None:
        return read
    if problem := unlisted(read):
        raise UsageError(f"{printable(read.source)} cannot be converted: {problem}")
    refuse_two_kinds(read)
    counters = {
        name: count
        for name in ("view_changes", "repairs", "unique_query_plans")
        if (count := getattr(report, name)) is not None
    }
    observed = Observed(runs=1, unit="file", points=_points(report), invariants=_invariants(report), counters=counters)
    return replace(read, observed=observed, finish=Finish(known=is_whole(read)))


def _points(report: CoverageReport) -> dict[str, Point]:
    hit, missed = dict.fromkeys(report.hit_fault_points, 1), dict.fromkeys(report.missed_fault_points, 0)
    points = {name: Point("fault", count=None, runs=runs) for name, runs in (missed | hit).items()}
    return points | {
        name: Point("phase", count=count, runs=int(count > 0)) for name, count in report.phase_events.items()
    }


def _invariants(report: CoverageReport) -> dict[str, InvariantSeen]:
    counts = dict.fromkeys(report.missed_invariants, 0) | report.invariant_executions
    return {name: InvariantSeen(executions=count, runs=int(count > 0)) for name, count in counts.items()}


def _record(number: int, read: Input) -> Record:
    """One file. Where its format does not count, what was hit was hit once."""
    observed = read.observed or Observed()
    record: Record = {"type": "seed", "seed": number, "status": "failed" if observed.broken else "ok"}
    if read.report is not None:
        record["hits"] = {name: point.count or 1 for name, point in observed.points.items() if point.hit}
        record["ran"] = {name: seen.executions or 1 for name, seen in observed.invariants.items() if seen.ran}
    if observed.broken:
        first = next(iter(observed.broken.values()))
        record["failure"] = {"invariant": first.name[:NAME_MAX], "message": first.line}
    return record


def _end(inputs: Sequence[Input], observed: Observed, failed: int) -> Record:
    """With the broken properties that no record has room for."""
    first = {next(iter(read.observed.broken)) for read in inputs if read.observed and read.observed.broken}
    more = {
        "violated": [name for name in observed.broken if name not in first],
        "undecided": list(observed.undecided),
        "counters": observed.counters,
    }
    end: Record = {"type": "end", "seeds": len(inputs), "failed": failed}
    return end | {key: value for key, value in more.items() if value}
