"""Reads `batch_complete`, and compares its counts with those of the records before it.

Every complete run of the simulator passes these cross-checks (docs/formats.md). Each contradiction
names both numbers. Percentages are ignored.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import msgspec

from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import (
    ATTEMPT_ONLY_BY_DEFAULT,
    SEED_COUNT,
    SEEDS_KEPT_MAX,
    CoverageReport,
    Properties,
    SeedList,
)
from vopr_coverage.reading.order import Contradictions
from vopr_coverage.reading.shapes import PROPERTY_COUNTERS
from vopr_coverage.reading.tally import Tally


class StreamEnding(msgspec.Struct, frozen=True):
    """The figures at the end of a stream. `fault_effects` has the points with counters; None if there are none."""

    report: CoverageReport | None
    fault_effects: Mapping[str, int] | None
    fault_counts: Mapping[str, int] | None
    attempts_only: Mapping[str, int]
    properties: Properties | None
    silent_failures: SeedList


def read_ending(data: Mapping[str, Any], tally: Tally) -> StreamEnding:
    """Turn a valid `batch_complete` record into figures; contradictions go to the tally."""
    contradictions = tally.contradictions
    silent = _silent_failures(data["failed_seeds"], tally)
    _check_totals(data, tally, silent.count)
    coverage, properties = data["coverage"], data.get("properties")
    points: Mapping[str, Any] = {}
    if coverage is not None:
        _check_coverage(coverage, contradictions)
        points = coverage["fault_points"]["fault_points"]
    return StreamEnding(
        report=None if coverage is None else _report(coverage, tally),
        fault_effects=None if coverage is None else _effects(points),
        fault_counts=None if coverage is None else _counts(points),
        attempts_only=_attempts_only(points),
        properties=None if properties is None else _properties(properties, contradictions),
        silent_failures=silent,
    )


def _silent_failures(failed: list[int], tally: Tally) -> SeedList:
    """The failed seeds without a record. A seed that is in the list or in a record only is a contradiction."""
    contradictions, unlisted = tally.contradictions, set(tally.failed_seeds)
    missing, gaps = tally.close_gaps()
    starts = [first for first, _ in gaps]
    silent, distances, last = array("Q"), set[int](), -1
    for seed, distance in zip(failed, tally.distances(failed), strict=True):
        gap = bisect_right(starts, distance) - 1
        if distance <= last:
            contradictions.add(f"failed_seeds has seed {seed} twice or out of order")
        elif seed in unlisted:
            unlisted.discard(seed)
        elif gap >= 0 and distance < gaps[gap][1]:
            silent.append(seed)
            distances.add(distance)
        else:
            contradictions.add(f"failed_seeds has seed {seed}, its record does not say so")
        last = max(last, distance)
    if unlisted:
        records = f"{counted(len(unlisted), 'failed record')} {agreeing(len(unlisted), 'is', 'are')}"
        contradictions.add(f"{records} not in failed_seeds, the first is seed {min(unlisted)}")
    lost_seeds = missing - len(silent)
    if lost_seeds > 0:
        lost = next(d for first, end in gaps for d in range(first, end) if d not in distances)
        seed = ((tally.starting_seed or 0) + lost) % SEED_COUNT
        seeds = f"{counted(lost_seeds, 'seed')} {agreeing(lost_seeds, 'has', 'have')}"
        contradictions.add(f"{seeds} neither a record nor a failure, the first is {seed}")
    return SeedList(len(silent), tuple(silent[:SEEDS_KEPT_MAX]))


def _check_totals(data: Mapping[str, Any], tally: Tally, silent: int) -> None:
    contradictions = tally.contradictions
    successes, failures, listed = data["successes"], data["failures"], len(data["failed_seeds"])
    if successes != tally.ok:
        contradictions.add(
            f"successes is {successes}, {counted(tally.ok, 'record')} {agreeing(tally.ok, 'says', 'say')} ok"
        )
    if failures != tally.failed + silent:
        contradictions.add(
            f"failures is {failures}, {counted(tally.failed, 'record')} failed and {silent} failed without one"
        )
    if failures != listed:
        contradictions.add(f"failures is {failures}, failed_seeds lists {listed}")
    if tally.announced is not None and successes + failures != tally.announced:
        contradictions.add(
            f"successes and failures make {successes + failures}, the start record announced {tally.announced}"
        )


def _check_coverage(coverage: Mapping[str, Any], contradictions: Contradictions) -> None:
    points, phases, invariants = coverage["fault_points"], coverage["phases"], coverage["invariants"]
    listed, counts = points["fault_points"], invariants["invariant_counts"]
    # The simulator's own "hit" means attempted; ours (it took effect) is in `_counts`.
    attempted = sum((p if isinstance(p, int) else p["attempted"]) > 0 for p in listed.values())
    pairs = (
        ("fault_points.total", points["total"], len(listed), "point is listed", "points are listed"),
        ("fault_points.hit", points["hit"], attempted, "point was attempted", "points were attempted"),
        ("invariants.total", invariants["total"], len(counts), "invariant is listed", "invariants are listed"),
        ("invariants.executed", invariants["executed"], sum(n > 0 for n in counts.values()), "ran", "ran"),
        (
            "phases.unique_phases",
            phases["unique_phases"],
            len(phases["phase_counts"]),
            "phase is listed",
            "phases are listed",
        ),
        (
            "phases.total_events",
            phases["total_events"],
            sum(phases["phase_counts"].values()),
            "is counted",
            "are counted",
        ),
    )
    for name, reported, found, one, many in pairs:
        if reported != found:
            contradictions.add(f"{name} is {reported}, {found} {agreeing(found, one, many)}")
    for name, point in listed.items():
        if not isinstance(point, int) and point["observed"] > point["applied"]:
            contradictions.add(f"{name} was observed {point['observed']} times, applied {point['applied']} times")


def _report(coverage: Mapping[str, Any], tally: Tally) -> CoverageReport:
    points = coverage["fault_points"]["fault_points"]
    fired = _counts(points)
    hit = [name for name, count in fired.items() if count]
    missed = [name for name, count in fired.items() if not count]
    counts = coverage["invariants"]["invariant_counts"]
    return CoverageReport(
        total_fault_points=len(points),
        fault_points_hit=len(hit),
        hit_fault_points=hit,
        missed_fault_points=missed,
        invariant_executions=dict(counts),
        missed_invariants=[name for name, count in counts.items() if not count],
        phase_events=dotted(coverage["phases"]["phase_counts"]),
        total_events=tally.events,
        simulation_time_ns=tally.time_ns,
    )


def dotted(phases: Mapping[str, int]) -> dict[str, int]:
    """Phase counts with dots in their names: the simulator writes `storage:fsync_complete`."""
    events: dict[str, int] = {}
    for name, count in phases.items():
        key = name.replace(":", ".")
        events[key] = events.get(key, 0) + count
    return events


def _counts(points: Mapping[str, Any]) -> dict[str, int]:
    """How often each point was hit: how often it took effect, where the stream has the counters."""
    attempts = {name: count for name, count in _attempts_only(points).items() if name in ATTEMPT_ONLY_BY_DEFAULT}
    effects = {name: point if isinstance(point, int) else _effect(point) for name, point in points.items()}
    return effects | attempts


def _attempts_only(points: Mapping[str, Any]) -> dict[str, int]:
    """The attempts of each point that was attempted and never took effect."""
    return {
        name: point["attempted"]
        for name, point in points.items()
        if not isinstance(point, int) and point["attempted"] and not _effect(point)
    }


def _effect(point: Mapping[str, int]) -> int:
    return max(point["applied"], point["observed"])


def _effects(points: Mapping[str, Any]) -> dict[str, int] | None:
    """The observed effects of the points that have counters; None if all points are plain integers."""
    counted_points = {name: point["observed"] for name, point in points.items() if not isinstance(point, int)}
    return counted_points if counted_points or not points else None


def _properties(data: Mapping[str, Any], contradictions: Contradictions) -> Properties:
    violated = tuple(data["violated_ids"])
    if data["violation_count"] != len(violated):
        contradictions.add(f"violation_count is {data['violation_count']}, violated_ids lists {len(violated)}")
    for part, whole in (("sometimes_satisfied", "sometimes_total"), ("reached_hit", "reached_total")):
        if data[part] > data[whole]:
            contradictions.add(f"{part} is {data[part]}, {whole} {data[whole]}")
    counters = {name: data[name] for name in PROPERTY_COUNTERS if name in data}
    return Properties(counters, tuple(data["unsatisfied_sometimes_ids"]), violated)
