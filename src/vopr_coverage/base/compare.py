"""Compares a report with its counterpart on the base branch: what changed, and what is judged less strictly. Pure.

The base's figures are judged by today's bounds, so a difference comes from the simulation and not
from its thresholds. Changes of the thresholds are listed separately, as `loosened`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from vopr_coverage.errors import ReportError
from vopr_coverage.gates import CATEGORIES
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.figures import counted
from vopr_coverage.model.points import Point
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.seen import PointSeen
from vopr_coverage.model.thresholds import BOUND_KEYS, Bound, Bounds, less_than, nothing_layer, resolve
from vopr_coverage.model.verdict import Change, GateBefore, GateResult, JudgedReport, Verdict

EXCUSED_PREFIX = "excused: on_not_measured is "


class Base(msgspec.Struct, frozen=True):
    """The base that a run is compared with, or why there is none (`missing`); its commit, where that is known."""

    origin: str
    verdict: Verdict | None = None
    missing: str | None = None
    commit: str | None = None


class Before(msgspec.Struct, frozen=True):
    """A report's counterpart on the base. `report` is None if there is none; `missing` says why there is no base."""

    report: JudgedReport | None = None
    missing: str | None = None


def counterparts(names: Sequence[tuple[str, str | None]], base: Base | None) -> tuple[list[Before], list[str]]:
    """For each (name, scenario) its counterpart on the base, and the names of the base without a counterpart.

    Reports are paired by scenario first, because file names often contain a run's number, and then by
    name. If one report is left on either side, these two are paired, unless their scenarios differ.
    """
    if base is None or base.verdict is None:
        return [Before(missing=base.missing if base else None)] * len(names), []
    theirs = base.verdict.reports
    pairs: dict[int, int] = {}
    for key in (_scenario_key, _name_key, _any_key):
        mine = _unique({i: key(*name) for i, name in enumerate(names) if i not in pairs})
        paired = set(pairs.values())
        others = {j: key(r.name, r.scenario) for j, r in enumerate(theirs) if j not in paired}
        place = {value: j for j, value in _unique(others).items()}
        for i, value in mine.items():
            j = place.get(value)
            if j is not None and _may_match(names[i][1], theirs[j].scenario):
                pairs[i] = j
    befores = [Before(theirs[pairs[i]]) if i in pairs else Before() for i in range(len(names))]
    paired = set(pairs.values())
    return befores, [report.name for j, report in enumerate(theirs) if j not in paired]


def _scenario_key(_name: str, scenario: str | None) -> str | None:
    return scenario.lower() if scenario else None


def _name_key(name: str, _scenario: str | None) -> str | None:
    return name


def _any_key(_name: str, _scenario: str | None) -> str | None:
    return ""


def _unique(keys: Mapping[int, str | None]) -> dict[int, str]:
    times = Counter(keys.values())
    return {i: key for i, key in keys.items() if key is not None and times[key] == 1}


def _may_match(ours: str | None, theirs: str | None) -> bool:
    return ours is None or theirs is None or ours.lower() == theirs.lower()


def change_of(
    evidence: Evidence, bounds: Bounds, words: str, gates: Sequence[GateResult], before: JudgedReport
) -> Change:
    """What changed against the counterpart. Without figures on both sides what was loosened, and what is broken now.

    A point that nobody declares is in no percentage, and yet it is lost if only the base hit it.

    Raises:
        ReportError: the base's bounds are not valid.
    """
    report, observed = evidence.report, evidence.observed
    loosened_bounds = tuple(loosened(report, bounds, words, gates, before))
    held = {broken.name for broken in before.observed.broken} if before.observed else set()
    new_violations = _without([*observed.broken], [*held]) if observed and before.observed else ()
    then = figures_today(before, report)
    if report is None or then is None:
        return Change(before.name, loosened=loosened_bounds, new_violations=new_violations)
    outcomes = [gate(Evidence(then), bounds) for gate in CATEGORIES]
    ours, theirs = _ran(report), _ran(then)
    hit = {*report.hit_fault_points, *(_hit(observed.points) if observed else ())}
    was_hit = {*then.hit_fault_points, *(_hit({p.name: p for p in before.observed.points}) if before.observed else ())}
    return Change(
        base=before.name,
        gates=tuple(GateBefore(o.gate, o.status, o.measured, o.value) for o in outcomes),
        lost_points=_without([*was_hit], [*hit]),
        new_points=_without([*hit], [*was_hit]),
        lost_invariants=_without(theirs, ours),
        new_invariants=_without(ours, theirs),
        loosened=loosened_bounds,
        new_violations=new_violations,
    )


def figures_today(before: JudgedReport, now: CoverageReport | None) -> CoverageReport | None:
    """The base's figures to compare with; None if it has none.

    A stream's figures get today's total, because the total of streams comes from the config. The total of
    a flat report comes from the simulator: points that are new and not hit are a loss.
    """
    then = before.report
    if then is None or now is None or not all(read.format == "stream" for read in before.inputs):
        return then
    known = {*now.hit_fault_points, *now.missed_fault_points, *then.hit_fault_points}
    missed = sorted(known - set(then.hit_fault_points))
    return dataclasses.replace(
        then,
        total_fault_points=len(known),
        fault_points_hit=len(known) - len(missed),
        missed_fault_points=missed,
    )


def _hit(points: Mapping[str, Point] | Mapping[str, PointSeen]) -> list[str]:
    return [name for name, point in points.items() if point.hit and point.kind != "phase"]


def _ran(report: CoverageReport) -> list[str]:
    return [name for name, count in report.invariant_executions.items() if count]


def _without(names: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    known = set(others)
    return tuple(sorted(name for name in set(names) if name not in known))


def loosened(
    report: CoverageReport | None, bounds: Bounds, words: str, gates: Sequence[GateResult], before: JudgedReport
) -> Iterator[str]:
    """Each way in which a report is judged less strictly than its counterpart, as a sentence."""
    past = bounds_of(before)
    for key, bound in bounds.items():
        for less in less_than(bound.value, getattr(past, key).value):
            yield f"{key}: {less} (set by {bound.origin})"
    if words != before.thresholds and words.startswith("expect"):
        yield f"{words}, instead of {before.thresholds}"
    if report and before.report and report.total_fault_points < before.report.total_fault_points:
        known = counted(report.total_fault_points, "known fault point")
        yield f"{known} instead of {before.report.total_fault_points:,}"
    excused = {gate.gate for gate in before.gates if gate.note.startswith(EXCUSED_PREFIX)}
    for gate in gates:
        if gate.note.startswith(EXCUSED_PREFIX) and gate.gate not in excused:
            yield f"{gate.gate}: {gate.note}"


def bounds_of(judged: JudgedReport) -> Bounds:
    """The bounds of a verdict that was read from a file; bounds that it does not contain require nothing.

    Raises:
        ReportError: a bound has the wrong type.
    """
    fields = {field.name: field for field in msgspec.structs.fields(Bounds)}
    layer: dict[str, Bound[Any]] = {}
    for used in judged.bounds:
        if used.key in BOUND_KEYS:
            try:
                layer[used.key] = msgspec.convert({"value": used.value, "origin": used.origin}, fields[used.key].type)
            except msgspec.ValidationError:
                expected = f"a value of {used.key} as thresholds have it"
                raise ReportError(judged.name, "", expected=expected, found=used.value) from None
    return resolve(layer, nothing_layer("base"))


def changed(verdict: Verdict) -> bool:
    """Whether anything changed against the base, for better or worse."""
    if verdict.base is None or verdict.base.missing is not None:
        return False
    return bool(verdict.base.absent) or any(_differs(report) for report in verdict.reports)


def _differs(report: JudgedReport) -> bool:
    change = report.change
    if change is None:
        return True  # a new report
    now = {gate.gate: (gate.status, gate.value) for gate in report.gates}
    then = {gate.gate: (gate.status, gate.value) for gate in change.gates}
    lists = (change.lost_points, change.new_points, change.lost_invariants, change.new_invariants, change.loosened)
    return any((*lists, change.new_violations)) or any(now.get(gate) != before for gate, before in then.items())
