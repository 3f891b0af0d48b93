"""Points that were attempted and never took effect. Which of them are hit is for a config to say. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Container

from msgspec.structs import replace

from vopr_coverage.model.points import with_counts
from vopr_coverage.model.report import Input


def hit_by_attempts(read: Input, declared: Container[str]) -> Input:
    """The input in which, of the points that were attempted and never took effect, exactly those declared are hit.

    The names are the simulator's own: aliases are not applied yet.
    """
    run, report = read.run, read.report
    if report is None or run is None or run.fault_counts is None or not run.attempts_only:
        return read
    hit, missed = set(report.hit_fault_points), set(report.missed_fault_points)
    attempts = {name: count for name, count in run.attempts_only.items() if name in hit or name in missed}
    counts = {**run.fault_counts, **{name: count * (name in declared) for name, count in attempts.items()}}
    listed = [name for name in counts if name in hit or name in missed]
    points = [name for name in listed if counts[name]]
    changed = dataclasses.replace(
        report,
        hit_fault_points=points,
        missed_fault_points=[name for name in listed if not counts[name]],
        fault_points_hit=len(points),
    )
    run = replace(run, fault_counts=counts)
    observed = read.observed and with_counts(read.observed, {name: counts[name] for name in attempts})
    return replace(read, report=changed, run=run, observed=observed)
