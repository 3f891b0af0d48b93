"""Several inputs added up into one unit, and which inputs cannot be added up.

Counts are added and names united. Of property counters the maximum is taken, of unsatisfied properties the
intersection: each shard lists what it did not reach itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from itertools import combinations

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import SEED_COUNT, CoverageReport, Input, Properties, Run


class Unit(msgspec.Struct, frozen=True):
    """What is judged for coverage as one: the inputs, and the sum of their figures."""

    name: str
    scenario: str | None
    inputs: tuple[Input, ...]
    evidence: Evidence


def as_unit(name: str, scenario: str | None, inputs: Sequence[Input]) -> Unit:
    """Add inputs up; a single input stays as it is.

    Raises:
        UsageError: a flat report cannot be merged, because its lists do not account for its totals.
    """
    if len(inputs) > 1:
        for read in inputs:
            _refuse_unlisted(read)
    reports = [read.report for read in inputs]
    whole = all(report is not None for report in reports)
    runs = [read.run for read in inputs]
    streams = [run for run in runs if run is not None]
    evidence = Evidence(
        report=reduce(merge_reports, [r for r in reports if r is not None]) if whole else None,
        is_stream=bool(streams),
        simulations=sum(run.simulations for run in streams) if len(streams) == len(inputs) else None,
        fault_effects=_sum_maps([run.fault_effects if run else None for run in runs]),
        properties=_merge_properties([run.properties if run else None for run in runs]),
        via_alias=_unite_aliases(inputs),
    )
    return Unit(name, scenario, tuple(inputs), evidence)


def merge_reports(a: CoverageReport, b: CoverageReport) -> CoverageReport:
    """Two reports over disjoint seeds as one over all of them."""
    hit = _union(a.hit_fault_points, b.hit_fault_points)
    missed = [n for n in _union(a.missed_fault_points, b.missed_fault_points) if n not in set(hit)]
    executions = _add(a.invariant_executions, b.invariant_executions)
    return CoverageReport(
        total_fault_points=len(hit) + len(missed),
        fault_points_hit=len(hit),
        hit_fault_points=hit,
        missed_fault_points=missed,
        invariant_executions=executions,
        missed_invariants=[n for n in _union(a.missed_invariants, b.missed_invariants) if not executions.get(n)],
        view_changes=_add_measured(a.view_changes, b.view_changes),
        repairs=_add_measured(a.repairs, b.repairs),
        unique_query_plans=_add_measured(a.unique_query_plans, b.unique_query_plans, overlap=True),
        phase_events=_add(a.phase_events, b.phase_events),
        total_events=a.total_events + b.total_events,
        simulation_time_ns=a.simulation_time_ns + b.simulation_time_ns,
    )


def overlaps(inputs: Sequence[Input]) -> list[str]:
    """Pairs of runs of one scenario that share seeds, each with both ranges.

    Runs without a name count as one scenario.
    """
    sentences = []
    for a, b in combinations([read for read in inputs if read.run], 2):
        same = (a.scenario or "").lower() == (b.scenario or "").lower()
        if same and a.run and b.run and _share_seeds(a.run, b.run):
            sentences.append(f"{_seeds_of(a)} and {_seeds_of(b)} share seeds")
    return sentences


def with_known_points(unit: Unit, known: Iterable[str]) -> Unit:
    """Add known fault points that a stream does not list: they count as missed."""
    report = unit.evidence.report
    if report is None or not any(read.listed_only for read in unit.inputs):
        return unit
    listed = set(report.hit_fault_points) | set(report.missed_fault_points)
    missed = report.missed_fault_points + [name for name in dict.fromkeys(known) if name not in listed]
    completed = dataclasses.replace(
        report,
        missed_fault_points=missed,
        fault_points_hit=len(report.hit_fault_points),
        total_fault_points=len(report.hit_fault_points) + len(missed),
    )
    return replace(unit, evidence=replace(unit.evidence, report=completed))


def with_aliases(read: Input, aliases: dict[str, str]) -> Input:
    """The input with the profile's names; counts of names that become the same are added."""
    if not aliases or read.report is None:
        return read
    report = read.report
    # Phase events are dotted by now, whichever way the config spells them.
    aliases = aliases | {
        theirs.replace(":", "."): ours.replace(":", ".") for theirs, ours in aliases.items() if ":" in theirs
    }
    seen = {
        *report.hit_fault_points,
        *report.missed_fault_points,
        *report.phase_events,
        *report.invariant_executions,
    }
    used: dict[str, tuple[str, ...]] = {}
    for theirs, ours in aliases.items():
        if theirs in seen:
            used[ours] = (*used.get(ours, ()), theirs)
    hit = _renamed(report.hit_fault_points, aliases)
    missed = [name for name in _renamed(report.missed_fault_points, aliases) if name not in set(hit)]
    renamed = dataclasses.replace(
        report,
        hit_fault_points=hit,
        missed_fault_points=missed,
        total_fault_points=len(hit) + len(missed) if read.listed_only else report.total_fault_points,
        fault_points_hit=len(hit) if read.listed_only else report.fault_points_hit,
        invariant_executions=_renamed_counts(report.invariant_executions, aliases),
        missed_invariants=_renamed(report.missed_invariants, aliases),
        phase_events=_renamed_counts(report.phase_events, aliases),
    )
    run = read.run
    if run and run.fault_effects is not None:
        run = replace(run, fault_effects=_renamed_counts(run.fault_effects, aliases))
    return replace(read, report=renamed, run=run, via_alias=used)


def _refuse_unlisted(read: Input) -> None:
    report = read.report
    if report is None or read.listed_only:
        return
    accounted = len(set(report.hit_fault_points) | set(report.missed_fault_points))
    if accounted != report.total_fault_points or len(set(report.hit_fault_points)) != report.fault_points_hit:
        raise UsageError(
            f"{printable(read.source)} cannot be merged: its lists name {counted(accounted, 'fault point')}, its "
            f"total is {report.total_fault_points}; which points overlap cannot be known"
        )


def _share_seeds(a: Run, b: Run) -> bool:
    if a.starting_seed is None or b.starting_seed is None:
        return False
    distance = (b.starting_seed - a.starting_seed) % SEED_COUNT
    length_a = a.announced if a.announced is not None else a.iterations
    length_b = b.announced if b.announced is not None else b.iterations
    if not length_a or not length_b:
        return False
    return distance < length_a or SEED_COUNT - distance < length_b


def _seeds_of(read: Input) -> str:
    run = read.run
    if run is None or run.starting_seed is None:
        return printable(read.source)
    length = run.announced if run.announced is not None else run.iterations
    last = (run.starting_seed + max(length - 1, 0)) % SEED_COUNT
    return f"{printable(read.source)} (seeds {run.starting_seed} to {last})"


def _merge_properties(given: Sequence[Properties | None]) -> Properties | None:
    if any(properties is None for properties in given):
        return None
    present = [properties for properties in given if properties is not None]
    names = dict.fromkeys(name for properties in present for name in properties.counters)
    counters = {name: max(p.counters.get(name, 0) for p in present) for name in names}
    totals = {p.counters.get("sometimes_total") for p in present}
    unsatisfied_sets = [set(p.unsatisfied_ids) for p in present]
    # If totals differ, a shard that does not list an id may not know it at all.
    unsatisfied = set.intersection(*unsatisfied_sets) if len(totals) == 1 else set.union(*unsatisfied_sets)
    violated = dict.fromkeys(name for properties in present for name in properties.violated_ids)
    return Properties(counters, tuple(sorted(unsatisfied)), tuple(violated))


def _add_measured(a: int | None, b: int | None, *, overlap: bool = False) -> int | None:
    """The sum of two counts, or the maximum where both may have counted the same things (query plans)."""
    if a is None or b is None:
        return None
    return max(a, b) if overlap else a + b


def _union(a: Iterable[str], b: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*a, *b)))


def _add(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    return {name: a.get(name, 0) + b.get(name, 0) for name in _union(a, b)}


def _sum_maps(maps: Sequence[Mapping[str, int] | None]) -> dict[str, int] | None:
    present = [m for m in maps if m is not None]
    if len(present) < len(maps):
        return None
    total: dict[str, int] = {}
    for counts in present:
        total = _add(total, counts)
    return total


def _unite_aliases(inputs: Sequence[Input]) -> dict[str, tuple[str, ...]]:
    united: dict[str, tuple[str, ...]] = {}
    for read in inputs:
        for ours, theirs in read.via_alias.items():
            united[ours] = tuple(dict.fromkeys((*united.get(ours, ()), *theirs)))
    return united


def _renamed(names: Iterable[str], aliases: Mapping[str, str]) -> list[str]:
    return list(dict.fromkeys(aliases.get(name, name) for name in names))


def _renamed_counts(counts: Mapping[str, int], aliases: Mapping[str, str]) -> dict[str, int]:
    renamed: dict[str, int] = {}
    for name, count in counts.items():
        ours = aliases.get(name, name)
        renamed[ours] = renamed.get(ours, 0) + count
    return renamed
