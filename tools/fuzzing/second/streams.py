"""The small judge of VOPR's streams and of reports: docs/formats.md."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tools.fuzzing.second import SEEDS, Evidence, Unreadable, objects

OPERATIONS = {  # hit by an attempt, as long as no config says otherwise
    "sim.network.deliver", "sim.network.send", "sim.storage.fsync", "sim.storage.read", "sim.storage.write",
}  # fmt: skip
REPORT_KEYS = {
    "total_fault_points", "fault_points_hit", "hit_fault_points", "missed_fault_points", "invariant_executions",
    "missed_invariants", "view_changes", "repairs", "unique_query_plans", "phase_events", "total_events",
    "simulation_time_ns",
}  # fmt: skip


def read_stream(data: bytes) -> Evidence:
    """A stream of `vopr --json`."""
    records = [each for each in objects(data) if each.get("type") in ("start", "iteration", "batch_complete")]
    if not records:
        raise Unreadable
    found = Evidence()
    types = [each["type"] for each in records]
    if types[0] != "start" or types[-1] != "batch_complete" or types[1:-1] != ["iteration"] * len(types[1:-1]):
        found.complete = False
        return found
    start, end, runs = records[0]["data"], records[-1]["data"], [each["data"] for each in records[1:-1]]
    found.complete = _seeds_agree(start, end, runs) and _properties_agree(end.get("properties"))
    coverage = end["coverage"]
    if coverage is not None:
        _take_coverage(found, coverage)
    return found


def _seeds_agree(start: Any, end: Any, runs: list[Any]) -> bool:
    """Seeds follow each other, each gap is a failed seed, and the counts are those of the records."""
    announced = [(start["starting_seed"] + place) % SEEDS for place in range(min(start["iterations"], 10_000))]
    seen = [run["seed"] for run in runs]
    failed = Counter(end["failed_seeds"])
    told_failed = Counter(run["seed"] for run in runs if run["status"] == "failed")
    gaps = Counter(announced) - Counter(seen)
    in_order = [seed for seed in announced if seed in set(seen)] == seen
    ok = sum(run["status"] == "ok" for run in runs)
    return (
        in_order
        and failed == told_failed + gaps
        and end["successes"] == ok
        and end["failures"] == len(end["failed_seeds"])
        and len(announced) == start["iterations"]
    )


def _properties_agree(told: Any) -> bool:
    if told is None:
        return True
    return bool(
        told["violation_count"] == len(told["violated_ids"])
        and told["sometimes_satisfied"] <= told["sometimes_total"]
        and told["reached_hit"] <= told["reached_total"]
    )


def _take_coverage(found: Evidence, coverage: Any) -> None:
    points, invariants, phases = (coverage[name] for name in ("fault_points", "invariants", "phases"))
    found.hit, attempted = set(), 0
    for name, counts in points["fault_points"].items():
        if isinstance(counts, dict):
            found.complete &= counts["observed"] <= counts["applied"]
            effect = max(counts["applied"], counts["observed"])
            attempted += counts["attempted"] > 0
        else:
            effect = counts
            attempted += counts > 0
        if effect or (name in OPERATIONS and isinstance(counts, dict) and counts["attempted"]):
            found.hit.add(name)
    found.listed = set(points["fault_points"])
    found.ran = {name for name, count in invariants["invariant_counts"].items() if count}
    named = Counter[str]()
    for name, count in phases["phase_counts"].items():
        named[name.replace(":", ".")] += count
    found.phases = named
    found.complete &= points["total"] == len(points["fault_points"]) and points["hit"] == attempted
    found.complete &= invariants["total"] == len(invariants["invariant_counts"])
    found.complete &= invariants["executed"] == len(found.ran)
    found.complete &= phases["unique_phases"] == len(phases["phase_counts"])
    found.complete &= phases["total_events"] == sum(phases["phase_counts"].values())


# ---- a report


def read_report(data: bytes) -> Evidence:
    """A CoverageReport."""
    report = json.loads(data)
    if not isinstance(report, dict) or not report.keys() >= REPORT_KEYS:
        raise Unreadable
    hit, missed, ran = report["hit_fault_points"], report["missed_fault_points"], report["invariant_executions"]
    phases = Counter[str]()
    for name, count in report["phase_events"].items():
        phases[name.replace(":", ".")] += count
    found = Evidence(
        hit=set(hit),
        hit_count=report["fault_points_hit"],
        known_count=report["total_fault_points"],
        phases=phases,
        counters={name: report[name] for name in ("view_changes", "repairs", "unique_query_plans")},
    )
    listed = ((hit, found.hit_count), (missed, found.known_count - found.hit_count))
    ran_names = {name for name, count in ran.items() if count}
    found.ran = ran_names
    found.complete = (
        found.hit_count <= found.known_count
        and all(len(set(names)) <= count for names, count in listed)
        and all(len(set(names)) >= count for names, count in listed if len(set(names)) < len(names))
        and not set(hit) & set(missed)
        and not ran_names & set(report["missed_invariants"])
        and len(phases) == len(report["phase_events"])
    )
    return found
