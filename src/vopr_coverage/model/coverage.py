"""The seed document's view of what was observed by name."""

from __future__ import annotations

from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import CoverageReport


def coverage_of(observed: Observed, total_events: int = 0, simulation_time_ns: int = 0) -> CoverageReport:
    """The figures of the seed document: declared points, invariants, phases and counters.

    Where a format doesn't count, an invariant has the number of runs that it ran in: it ran at least so often.
    """
    points = {name: p for name, p in observed.points.items() if p.declared and p.kind != "phase"}
    hit = [name for name, point in points.items() if point.hit]
    return CoverageReport(
        total_fault_points=len(points),
        fault_points_hit=len(hit),
        hit_fault_points=hit,
        missed_fault_points=[name for name, point in points.items() if not point.hit],
        invariant_executions={
            name: seen.runs if seen.executions is None else seen.executions
            for name, seen in observed.invariants.items()
        },
        missed_invariants=[
            name for name, seen in observed.invariants.items() if seen.declared and not seen.optional and not seen.ran
        ],
        view_changes=observed.counters.get("view_changes"),
        repairs=observed.counters.get("repairs"),
        unique_query_plans=observed.counters.get("unique_query_plans"),
        phase_events={
            name: point.runs if point.count is None else point.count
            for name, point in observed.points.items()
            if point.kind == "phase"
        },
        total_events=total_events,
        simulation_time_ns=simulation_time_ns,
    )
