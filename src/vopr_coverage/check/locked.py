"""What is judged against a lockfile of points: its denominator, its critical points, and what drifted. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from vopr_coverage.check.merge import Unit
from vopr_coverage.check.power import incidences_in
from vopr_coverage.check.terms import Terms
from vopr_coverage.config.file import Config
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.point_lock import Locked
from vopr_coverage.model.points import Observed, Point
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import Bound, Bounds
from vopr_coverage.points.drift import RunNames, counting, critical_in, drift_of, lost_among, rates_in
from vopr_coverage.points.sightings import declares_all, hit_in, kinds_in


def as_locked(unit: Unit, terms: Terms, config: Config) -> tuple[Unit, Bounds]:
    """The unit with exactly the points that the lockfile has for its scenarios, and its bounds with the critical ones.

    Without coverage, without a lockfile, and in a scenario that has to fail, both stay as they are. So they do in a
    scenario that the file does not have, and the gate says so.
    """
    lock, evidence = config.lock, unit.evidence
    report, observed = evidence.report, evidence.observed
    if lock is None or terms.expect is not None or report is None:
        return unit, terms.bounds
    scenarios = [read.scenario for read in unit.inputs]
    drift = drift_of(lock, str(config.points), scenarios, _names_in(unit))
    evidence = replace(evidence, drift=drift)
    if drift.missing:
        return replace(unit, evidence=evidence), terms.bounds
    points = counting(lock.points_in(scenarios))
    if len({lock.entry_of(name) for name in scenarios}) == 1:  # a rate is that of one scenario
        evidence = _with_rates(evidence, unit, points)
    if observed is not None:
        observed = _as_declared(observed, points)
        report = coverage_of(observed, report.total_events, report.simulation_time_ns)
    else:
        report = _counted(report, points)
    bounds = replace(
        terms.bounds, critical_fault_points=_critical(terms.bounds, critical_in(points), str(config.points))
    )
    return replace(unit, evidence=replace(evidence, report=report, observed=observed)), bounds


def _with_rates(evidence: Evidence, unit: Unit, points: Mapping[str, Locked]) -> Evidence:
    """With the file's rates, and with the points that they show to be lost, where the run's seeds are known.

    Critical ones have a violation of their own, and so have those that vanished.
    """
    rates = rates_in(points)
    now, drift = incidences_in(unit), evidence.drift
    assert drift is not None, "rates are those of a lockfile, and with one there is a drift"
    lost = lost_among(rates, _names_in(unit).hit, now.samples.seeds) if now else ()
    told = {*drift.vanished, *critical_in(points)}
    drift = replace(drift, lost=tuple(name for name in lost if name not in told))
    return replace(evidence, locked_rates=rates, drift=drift)


def _names_in(unit: Unit) -> RunNames:
    tells_all = [declares_all(read) for read in unit.inputs]
    named, hit = set[str](), set[str]()
    for read, declares in zip(unit.inputs, tells_all, strict=True):
        if declares or not any(tells_all):
            named |= kinds_in(read, declared=declares).keys()
        hit |= hit_in(read)
    return RunNames(frozenset(named), frozenset(hit), any(tells_all))


def _as_declared(observed: Observed, points: Mapping[str, Locked]) -> Observed:
    """The same with these points declared, and no others."""
    kept = {name: dataclasses.replace(point, declared=name in points) for name, point in observed.points.items()}
    gone = {name: Point(locked.kind) for name, locked in points.items() if name not in kept}
    return dataclasses.replace(observed, points={**kept, **gone})


def _counted(report: CoverageReport, points: Mapping[str, Locked]) -> CoverageReport:
    """A report of these points alone. One that it does not list as hit was missed."""
    names = [name for name, locked in points.items() if locked.kind != "phase"]
    seen = set(report.hit_fault_points)
    hit = [name for name in names if name in seen]
    return dataclasses.replace(
        report,
        total_fault_points=len(names),
        fault_points_hit=len(hit),
        hit_fault_points=hit,
        missed_fault_points=[name for name in names if name not in seen],
    )


def _critical(bounds: Bounds, locked: list[str], source: str) -> Bound[Sequence[str]]:
    """The critical points that are asked for already, and those of the file."""
    asked = bounds.critical_fault_points
    new = [name for name in locked if name not in asked.value]
    if not new:
        return asked
    origin = asked.origin if asked.value else source
    entries = {**asked.entries, **dict.fromkeys(new, source)}
    return Bound([*asked.value, *new], origin, entries)
