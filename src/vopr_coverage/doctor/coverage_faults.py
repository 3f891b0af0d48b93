"""Coverage as a sicker simulator would have reported it. Pure.

Each function returns None where its change means nothing for this input, because the figure is not measured or is zero
already. Only figures that a file could really contain are produced: the totals of fault points follow their lists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from msgspec.structs import replace

from vopr_coverage.model.report import CoverageReport, Input


def without_point(read: Input, name: str) -> Input | None:
    """The fault point never fires. A stream no longer lists it; a flat report lists it as missed."""
    report = read.report
    if report is None or name not in report.hit_fault_points:
        return None
    missed = report.missed_fault_points if read.listed_only else [*report.missed_fault_points, name]
    changed = dataclasses.replace(
        report,
        hit_fault_points=[other for other in report.hit_fault_points if other != name],
        missed_fault_points=missed,
        fault_points_hit=max(report.fault_points_hit - 1, 0),
        total_fault_points=report.total_fault_points - read.listed_only,
    )
    run = read.run
    read = _observing(read, points=name)
    if run and run.fault_effects is not None:
        run = replace(run, fault_effects=_without(run.fault_effects, name))
    if run and run.fault_counts is not None:
        attempts = _without(run.attempts_only, name)
        run = replace(run, fault_counts=_without(run.fault_counts, name), attempts_only=attempts)
    return replace(read, report=changed, run=run)


def without_effect(read: Input, name: str) -> Input | None:
    """The fault point still fires, and nothing comes of it."""
    run = read.run
    if run is None or read.report is None or not (run.fault_effects or {}).get(name):
        return None
    return replace(read, run=replace(run, fault_effects={**(run.fault_effects or {}), name: 0}))


def without_invariant(read: Input, name: str) -> Input | None:
    """The invariant never runs."""
    report = read.report
    if report is None or not report.invariant_executions.get(name):
        return None
    missed = report.missed_invariants if read.listed_only else [*report.missed_invariants, name]
    executions = _without(report.invariant_executions, name)
    read = _observing(read, invariants=name)
    return _reporting(read, invariant_executions=executions, missed_invariants=missed)


def without_phase(read: Input, name: str) -> Input | None:
    """The phase event never occurs."""
    if read.report is None or not read.report.phase_events.get(name):
        return None
    return _reporting(read, phase_events=_without(read.report.phase_events, name))


def with_half_the_phase(read: Input, name: str) -> Input | None:
    """The phase event occurs half as often."""
    if read.report is None or read.report.phase_events.get(name, 0) < 2:
        return None
    return _reporting(read, phase_events={**read.report.phase_events, name: read.report.phase_events[name] // 2})


def without_count(read: Input, name: str) -> Input | None:
    """A count of the report (view changes, repairs, query plans) falls to zero."""
    return _reporting(read, **{name: 0}) if read.report and getattr(read.report, name) else None


def with_half_the_count(read: Input, name: str) -> Input | None:
    """A count of the report falls to half."""
    count = getattr(read.report, name) if read.report else None
    return None if count is None or count < 2 else _reporting(read, **{name: count // 2})


def without_property_count(read: Input, name: str) -> Input | None:
    """A property counter falls to zero."""
    return _with_property_count(read, name, 0) if _property_count(read, name) else None


def with_half_the_property_count(read: Input, name: str) -> Input | None:
    """A property counter falls to half."""
    count = _property_count(read, name)
    return _with_property_count(read, name, count // 2) if count > 1 else None


def without_properties(read: Input, _name: str = "") -> Input | None:
    """The stream has no properties any more."""
    return replace(read, run=replace(read.run, properties=None)) if read.run and read.run.properties else None


def without_coverage(read: Input, _name: str = "") -> Input | None:
    """The simulator writes `"coverage": null`."""
    if read.run is None or read.report is None:
        return None
    return replace(read, report=None, run=replace(read.run, fault_effects=None, fault_counts=None, attempts_only={}))


def _observing(read: Input, points: str = "", invariants: str = "") -> Input:
    """The same where the tester never saw this point or invariant; it is still declared."""
    if read.observed is None:
        return read
    observed = read.observed
    seen, ran = dict(observed.points), dict(observed.invariants)
    if points in seen:
        seen[points] = dataclasses.replace(seen[points], count=0, runs=0, evaluated=False)
    if invariants in ran:
        ran[invariants] = dataclasses.replace(ran[invariants], executions=0, runs=0)
    return replace(read, observed=dataclasses.replace(observed, points=seen, invariants=ran))


def _reporting(read: Input, **figures: object) -> Input:
    report = read.report or CoverageReport()
    return replace(read, report=dataclasses.replace(report, **figures))  # type: ignore[arg-type]


def _property_count(read: Input, name: str) -> int:
    properties = read.run.properties if read.run else None
    return properties.counters.get(name, 0) if properties else 0


def _with_property_count(read: Input, name: str, count: int) -> Input | None:
    if read.run is None or read.run.properties is None:
        return None
    properties = read.run.properties
    changed = replace(properties, counters={**properties.counters, name: count})
    return replace(read, run=replace(read.run, properties=changed))


def _without(counts: Mapping[str, int], name: str) -> dict[str, int]:
    return {other: count for other, count in counts.items() if other != name}
