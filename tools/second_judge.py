"""A second, small judge of three formats, to compare the real one with: VOPR's stream and report, simulation streams.

It was written from docs/formats.md, docs/formats/simulation.md and docs/config.md, and imports nothing of ours. It says
what the seven categories are, and whether the run is complete. It is no part of the product: it is slow, reads valid
files only, and its errors say little.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

OPERATIONS = {  # hit by an attempt, as long as no config says otherwise
    "sim.network.deliver", "sim.network.send", "sim.storage.fsync", "sim.storage.read", "sim.storage.write",
}  # fmt: skip
SEEDS = 1 << 64
REPORT_KEYS = {
    "total_fault_points", "fault_points_hit", "hit_fault_points", "missed_fault_points", "invariant_executions",
    "missed_invariants", "view_changes", "repairs", "unique_query_plans", "phase_events", "total_events",
    "simulation_time_ns",
}  # fmt: skip
PASSED, FAILED, NOT_MEASURED, NOT_REQUIRED = "passed", "failed", "not measured", "not required"


class Unreadable(Exception):
    """The file is none that can be judged."""


@dataclass
class Evidence:
    """What a file says; None is not measured.

    Of `listed` points the percentage is taken, and of those that the config declares; None: the file has its own total.
    """

    complete: bool = True
    hit: set[str] | None = None
    hit_count: int = 0
    known_count: int = 0
    listed: set[str] | None = None
    declares: bool = True  # without declared points a simulation stream has no percentage
    ran: set[str] | None = None
    phases: Mapping[str, int] | None = None
    counters: dict[str, int | None] = field(default_factory=dict)


def opinion(evidence: Evidence, bounds: Mapping[str, Any]) -> dict[str, str]:
    """The seven categories, by the names of their gates."""
    share = None
    if evidence.hit is not None and evidence.declares:
        hit, known = evidence.hit_count, evidence.known_count
        if evidence.listed is not None:
            all_known = evidence.listed | {*bounds["critical_fault_points"]}
            hit, known = len(evidence.hit & all_known), len(all_known)
        share = hit / known if known else 0.0
    return {
        "fault-point-coverage": _least(share, bounds["fault_point_coverage_min"]),
        "critical-fault-points": _all_of(bounds["critical_fault_points"], evidence.hit),
        "required-invariants": _all_of(bounds["required_invariants"], evidence.ran),
        "view-changes": _least(evidence.counters.get("view_changes"), bounds["min_view_changes"]),
        "repairs": _least(evidence.counters.get("repairs"), bounds["min_repairs"]),
        "query-plans": _least(evidence.counters.get("unique_query_plans"), bounds["min_unique_query_plans"]),
        "phase-events": _all_at_least(bounds["min_phase_events"], evidence.phases),
    }


def _least(figure: float | None, minimum: float) -> str:
    if not minimum:
        return NOT_REQUIRED
    if figure is None:
        return NOT_MEASURED
    return PASSED if figure >= minimum else FAILED


def _all_of(names: Iterable[str], seen: set[str] | None) -> str:
    names = set(names)
    if not names:
        return NOT_REQUIRED
    if seen is None:
        return NOT_MEASURED
    return PASSED if names <= seen else FAILED


def _all_at_least(minimums: Mapping[str, int], counts: Mapping[str, int] | None) -> str:
    if not any(minimums.values()):
        return NOT_REQUIRED
    if counts is None:
        return NOT_MEASURED
    return PASSED if all(counts.get(name, 0) >= least for name, least in minimums.items()) else FAILED


# ---- VOPR's stream


def read_stream(data: bytes) -> Evidence:
    """A stream of `vopr --json`."""
    records = [each for each in _objects(data) if each.get("type") in ("start", "iteration", "batch_complete")]
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


# ---- a simulation stream


def read_simulation(data: bytes) -> Evidence:
    """A simulation stream."""
    records = [each for each in _objects(data) if each.get("type") in ("start", "seed", "end")]
    types = [each["type"] for each in records]
    if not types or types[0] != "start":
        raise Unreadable
    found = Evidence()
    if types[-1] != "end" or types[1:-1] != ["seed"] * len(types[1:-1]):
        found.complete = False
        return found
    start, end, seeds = records[0], records[-1], records[1:-1]
    announced = [(start["first_seed"] + place) % SEEDS for place in range(min(start["seeds"], 10_000))]
    failed = sum(each["status"] == "failed" for each in seeds)
    found.complete = [each["seed"] for each in seeds] == announced
    found.complete &= len(seeds) == start["seeds"] == end["seeds"] and failed == end["failed"]
    hits, found.complete = _totals("hits", seeds, end, found.complete)
    ran, found.complete = _totals("ran", seeds, end, found.complete)
    points = start.get("points", {})
    counted = {name for kind, names in points.items() if kind != "phase" for name in names}
    if hits is not None:
        hit = {name for name, count in hits.items() if count}
        found.hit, found.listed, found.declares = hit, counted, bool(counted)
        found.phases = {name: hits.get(name, 0) for name in {*points.get("phase", ())} - counted}
    if ran is not None:
        found.ran = {name for name, count in ran.items() if count}
    counters, found.complete = _totals("counters", seeds, end, found.complete)
    known = {*start.get("counters", ()), *(counters or {})}
    found.counters = {name: (counters or {}).get(name, 0) for name in known}
    return found


def _totals(key: str, seeds: list[Any], end: Any, complete: bool) -> tuple[Mapping[str, int] | None, bool]:
    """The sums of the seeds, or the totals at the end; they must agree where both are there."""
    told = [each[key] for each in seeds if key in each]
    sums = Counter[str]()
    for each in told:
        sums.update(each)
    if key in end:
        total = Counter({name: count for name, count in end[key].items() if count})
        return end[key], complete and (not told or total == Counter({n: c for n, c in sums.items() if c}))
    return (sums if told else None), complete


def _objects(data: bytes) -> list[dict[str, Any]]:
    """The JSON objects among the lines."""
    found = []
    for line in data.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
