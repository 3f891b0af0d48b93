"""What is told to the outside: the records of vopr's stream, and the flat coverage report."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from .cluster import Outcome
from .coverage import ALWAYS, FAULT_POINTS, NEVER, SOMETIMES, Coverage
from .invariants import INVARIANTS
from .scheduler import MS

Data = dict[str, Any]


def write_record(kind: str, data: Data) -> None:
    """Write one line to standard output, whole and at once, so that a kill leaves no half of it."""
    record = {"data": data, "timestamp": datetime.now(UTC).isoformat(), "type": kind}
    sys.stdout.write(json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def iteration(seed: int, outcome: Outcome) -> Data:
    """One seed: what it led to, or which invariant it broke."""
    if outcome.invariant:
        told: Data = {"status": "failed", "invariant": outcome.invariant, "message": outcome.message}
    else:
        told = {
            "status": "ok",
            "simulated_time_ms": outcome.time_ns / MS,
            "storage_hash": outcome.storage_hash,
            "kernel_state_hash": outcome.kernel_state_hash,
        }
    return {"seed": seed, "events": outcome.events, **told}


def batch_complete(coverage: Coverage, iterations: int, failed_seeds: Sequence[int], elapsed_s: float) -> Data:
    """The end of a batch. As in vopr, what never occurred is absent from the coverage."""
    return {
        "successes": iterations - len(failed_seeds),
        "failures": len(failed_seeds),
        "failed_seeds": failed_seeds,
        "elapsed_secs": elapsed_s,
        "rate": iterations / elapsed_s,
        "coverage": {
            "fault_points": _fault_points(coverage),
            "phases": {
                "total_events": sum(coverage.phases.values()),
                "unique_phases": len(coverage.phases),
                "phase_counts": coverage.phases,
            },
            "invariants": {
                "total": len(coverage.invariants),
                "executed": len(coverage.invariants),
                "coverage_percent": 100.0,
                "invariant_counts": coverage.invariants,
            },
        },
        "properties": _properties(coverage),
    }


def _fault_points(coverage: Coverage) -> Data:
    stages = {"attempted": coverage.attempted, "applied": coverage.applied, "observed": coverage.observed}
    seen = [name for name in FAULT_POINTS if coverage.attempted[name]]
    return {
        "total": len(seen),
        "hit": len(seen),
        "coverage_percent": 100.0,
        "fault_points": {name: {stage: counts[name] for stage, counts in stages.items()} for name in seen},
    }


def _properties(coverage: Coverage) -> Data:
    evaluated = coverage.evaluated
    return {
        "total_observed": len(evaluated) + len(SOMETIMES) + len(coverage.phases),
        "always_evaluated": len(evaluated & set(ALWAYS)),
        "never_evaluated": len(evaluated & set(NEVER)),
        "sometimes_satisfied": len(coverage.satisfied),
        "sometimes_total": len(SOMETIMES),
        "reached_hit": len(coverage.phases),  # each phase is a place that was reached
        "reached_total": len(coverage.phases),
        "violation_count": len(coverage.violated),
        "unsatisfied_sometimes_ids": sorted(set(SOMETIMES) - coverage.satisfied),
        "unreached_ids": [],
        "violated_ids": sorted(coverage.violated),
    }


def flat_report(coverage: Coverage, events: int, time_ns: int) -> Data:
    """The coverage report with all that is known to exist, hit or missed; times in ns."""
    hit = [name for name in FAULT_POINTS if coverage.attempted[name]]
    phases: Mapping[str, int] = {name.replace(":", "."): count for name, count in sorted(coverage.phases.items())}
    return {
        "total_fault_points": len(FAULT_POINTS),
        "fault_points_hit": len(hit),
        "hit_fault_points": hit,
        "missed_fault_points": [name for name in FAULT_POINTS if name not in hit],
        "invariant_executions": {name: coverage.invariants[name] for name in INVARIANTS if coverage.invariants[name]},
        "missed_invariants": [name for name in INVARIANTS if not coverage.invariants[name]],
        "view_changes": coverage.phases["vsr:view_change_complete"],
        "repairs": coverage.phases["storage:repair_complete"],
        "unique_query_plans": len(coverage.query_plans),
        "phase_events": phases,
        "total_events": events,
        "simulation_time_ns": time_ns,
    }
