"""Several inputs added up into one unit, and which inputs cannot be added up.

Counts are added and names united. Of property counters the maximum is taken, of unsatisfied properties the
intersection: each shard lists what it did not reach itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.figures import counted
from vopr_coverage.model.hits import with_other_names
from vopr_coverage.model.points import Observed, add_up, with_declared, with_names
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
            if problem := unlisted(read):
                which = "which points overlap cannot be known"
                raise UsageError(f"{printable(read.source)} cannot be merged: {problem}; {which}")
    reports = [read.report for read in inputs]
    whole = all(report is not None for report in reports)
    named = [read.observed for read in inputs if read.observed is not None]
    observed = add_up(named) if len(named) == len(inputs) else None
    runs = [read.run for read in inputs]
    streams = [run for run in runs if run is not None]
    evidence = Evidence(
        report=_merged([r for r in reports if r is not None], observed) if whole else None,
        is_stream=bool(streams),
        simulations=sum(run.simulations for run in streams) if len(streams) == len(inputs) else None,
        fault_effects=_sum_effects(runs),
        properties=_merge_properties([run.properties if run else None for run in runs]),
        via_alias=_unite_aliases(inputs),
        iterations=sum(run.covered for run in streams) if len(streams) == len(inputs) else None,
        fault_counts=_sum_maps([run.fault_counts if run else None for run in runs]),
        attempts_only=_sum(run.attempts_only for run in streams) if whole else {},
        observed=observed,
    )
    return Unit(name, scenario, tuple(inputs), evidence)


def merge_reports(reports: Sequence[CoverageReport]) -> CoverageReport:
    """Reports over disjoint seeds as one over all of them. A single report stays as it is."""
    if len(reports) == 1:
        return reports[0]
    hit = _union(report.hit_fault_points for report in reports)
    missed = _union(report.missed_fault_points for report in reports)
    never_ran = _union(report.missed_invariants for report in reports)
    executions = _sum(report.invariant_executions for report in reports)
    missed_points = [name for name in missed if name not in hit]
    return CoverageReport(
        total_fault_points=len(hit) + len(missed_points),
        fault_points_hit=len(hit),
        hit_fault_points=[*hit],
        missed_fault_points=missed_points,
        invariant_executions=executions,
        missed_invariants=[name for name in never_ran if not executions.get(name)],
        view_changes=_measured(sum, [report.view_changes for report in reports]),
        repairs=_measured(sum, [report.repairs for report in reports]),
        unique_query_plans=_measured(max, [report.unique_query_plans for report in reports]),  # the same may have run
        phase_events=_sum(report.phase_events for report in reports),
        total_events=sum(report.total_events for report in reports),
        simulation_time_ns=sum(report.simulation_time_ns for report in reports),
    )


def _merged(reports: Sequence[CoverageReport], observed: Observed | None) -> CoverageReport:
    merged = merge_reports(reports)
    if observed is None:
        return merged
    return coverage_of(observed, merged.total_events, merged.simulation_time_ns)


def overlaps(inputs: Sequence[Input]) -> list[str]:
    """Runs of one scenario that share seeds: each of them with one that it shares seeds with, and both ranges.

    Runs without a name count as one scenario.
    """
    by_scenario: dict[str | None, list[tuple[int, int, int]]] = {}
    for number, read in enumerate(inputs):
        ranges = by_scenario.setdefault(read.scenario.lower() if read.scenario else None, [])
        ranges += [(first, end, number) for first, end in (seed_ranges(read.run) if read.run else ())]
    pairs = {pair for ranges in by_scenario.values() for pair in _sharing(ranges)}
    return [f"{_seeds_of(inputs[a])} and {_seeds_of(inputs[b])} share seeds" for a, b in sorted(pairs)]


def with_known_points(unit: Unit, known: Iterable[str]) -> Unit:
    """Add known fault points that a stream does not list: they count as missed."""
    report, observed = unit.evidence.report, unit.evidence.observed
    if report is None or not any(read.listed_only for read in unit.inputs):
        return unit
    if observed is not None:
        observed = with_declared(observed, known)
        report = coverage_of(observed, report.total_events, report.simulation_time_ns)
        return replace(unit, evidence=replace(unit.evidence, report=report, observed=observed))
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
    hit_now = set(hit)
    missed = [name for name in _renamed(report.missed_fault_points, aliases) if name not in hit_now]
    hit_before = set(report.hit_fault_points)
    listed_before = hit_before | set(report.missed_fault_points)
    renamed = dataclasses.replace(
        report,
        hit_fault_points=hit,
        missed_fault_points=missed,
        # Points whose names become the same are one point.
        total_fault_points=max(report.total_fault_points - len(listed_before) + len(hit) + len(missed), 0),
        fault_points_hit=max(report.fault_points_hit - len(hit_before) + len(hit), 0),
        invariant_executions=_renamed_counts(report.invariant_executions, aliases),
        missed_invariants=_renamed(report.missed_invariants, aliases),
        phase_events=_renamed_counts(report.phase_events, aliases),
    )
    run = read.run
    if run and run.fault_effects is not None:
        run = replace(run, fault_effects=_renamed_counts(run.fault_effects, aliases))
    if run and run.fault_counts is not None:
        attempts = _renamed_counts(run.attempts_only, aliases)
        run = replace(run, fault_counts=_renamed_counts(run.fault_counts, aliases), attempts_only=attempts)
    observed = read.observed and with_names(read.observed, aliases)
    hits = read.hits and with_other_names(read.hits, aliases)
    return replace(read, report=renamed, run=run, via_alias=used, observed=observed, hits=hits)


def unlisted(read: Input) -> str:
    """Why nobody knows by name what a flat report counts; "" if its lists account for its totals."""
    report = read.report
    if report is None or read.listed_only:
        return ""
    accounted = len(set(report.hit_fault_points) | set(report.missed_fault_points))
    if accounted == report.total_fault_points and len(set(report.hit_fault_points)) == report.fault_points_hit:
        return ""
    return f"its lists name {counted(accounted, 'fault point')}, its total is {report.total_fault_points}"


def _sharing(ranges: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Of (first seed, end, number of the run), the pairs of runs that share seeds, at most one pair for each range.

    All pairs would be millions if thousands of runs had the same seeds.
    """
    furthest_end = furthest = 0  # of the ranges so far, which begin no later than the next one
    for first, end, number in sorted(ranges):
        if first < furthest_end:
            yield min(number, furthest), max(number, furthest)
        if end > furthest_end:
            furthest_end, furthest = end, number


def seed_ranges(run: Run) -> Iterator[tuple[int, int]]:
    """The seeds of a run as ranges [first, end) below 2^64: two ranges if its seeds wrap around."""
    if run.starting_seed is None or not _seed_count(run):
        return
    end = run.starting_seed + _seed_count(run)
    yield run.starting_seed, min(end, SEED_COUNT)
    if end > SEED_COUNT:
        yield 0, end - SEED_COUNT


def _seed_count(run: Run) -> int:
    return run.announced if run.announced is not None else run.iterations


def _seeds_of(read: Input) -> str:
    run = read.run
    assert run is not None, "only runs share seeds"
    assert run.starting_seed is not None, "a run without a first seed shares none"
    last = (run.starting_seed + _seed_count(run) - 1) % SEED_COUNT
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


def _measured(of: Callable[[list[int]], int], figures: Sequence[int | None]) -> int | None:
    """The sum or maximum of figures; None if one of them was not measured."""
    known = [figure for figure in figures if figure is not None]
    return of(known) if len(known) == len(figures) else None


def _union(lists: Iterable[Iterable[str]]) -> dict[str, None]:
    """The names of all lists, each once, in the order of their first occurrence."""
    return dict.fromkeys(chain.from_iterable(lists))


def _sum(maps: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in maps:
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return total


def _sum_maps(maps: Sequence[Mapping[str, int] | None]) -> dict[str, int] | None:
    present = [m for m in maps if m is not None]
    return _sum(present) if len(present) == len(maps) else None


def _sum_effects(runs: Sequence[Run | None]) -> dict[str, int] | None:
    """Effects added up, without fault points that have only a plain integer in some run: their sum is not known."""
    total = _sum_maps([run.fault_effects if run else None for run in runs])
    plain = {name for run in runs if run for name in (run.fault_counts or {}) if name not in (run.fault_effects or {})}
    return None if total is None else {name: count for name, count in total.items() if name not in plain}


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
