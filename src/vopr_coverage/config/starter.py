"""A starter config in the simulator's own names, derived from healthy runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates import HEALTH_GATES
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.report import CoverageReport, Input, Run
from vopr_coverage.model.thresholds import nothing_layer, resolve


@dataclass(frozen=True)
class _Healthy:
    """A healthy run, with the parts of it that are used."""

    name: str
    report: CoverageReport
    run: Run


def starter_config(inputs: Sequence[Input]) -> str:
    """A config as YAML, with a comment on the origin of each number.

    Every minimum is half of the lowest figure of the runs, so that all of them pass.

    Raises:
        UsageError: a run that is not healthy, or a format without run records.
    """
    runs = [_healthy(read) for read in inputs]
    names = ", ".join(run.name for run in runs)
    iterations = sum(run.run.iterations for run in runs)
    hit_everywhere = _in_all([run.report.hit_fault_points for run in runs])
    declared = sorted({name for run in runs for name in _points(run.report)})
    share = min(len(run.report.hit_fault_points) / max(len(declared), 1) for run in runs)
    lines = [
        f"# Written by `vopr-coverage init` from {counted(len(runs), 'healthy run')} "
        f"({counted(iterations, 'iteration')}): {names}.",
        "# Floors are half of the least that any of these runs showed. Raise them as you learn",
        "# what your simulator does every night; a floor that never fails proves nothing.",
        "profile: default # the base; every one of its seven thresholds is set below",
        "",
        "# All fault points seen in these runs. A stream lists only what occurred: add those that your",
        "# simulator has and these runs never reached, or the percentage is too high.",
        *_list("fault_points", declared),
        "",
        f"min_iterations: {max(1, min(run.run.iterations for run in runs) // 2)} # half of the shortest run",
        "",
        f"fault_point_coverage_min: {_half(share):.2f} # half of {share:.3f}, the least of these runs",
        "# Hit in every one of these runs.",
        *_list("critical_fault_points", hit_everywhere),
        "",
        "# Ran in every one of these runs.",
        *_list("required_invariants", _in_all([_ran(run.report) for run in runs])),
        "",
        *_unmeasured(runs),
        "",
        "# Rates are used for phases, so that longer runs are asked for more.",
        "min_phase_events: {}",
        *_map("min_per_iteration", _rates(runs), "per iteration"),
        "",
        "# Observed effects: a fault that is scheduled and never lands shows here.",
        *_map("min_fault_effects", _lowest([run.run.fault_effects or {} for run in runs]), "times"),
        *_properties(runs),
    ]
    return "\n".join(lines) + "\n"


def _healthy(read: Input) -> _Healthy:
    if read.run is None:
        raise UsageError(f"{printable(read.source)}: init learns from streams of run records, this is a {read.format}")
    bounds = resolve(nothing_layer("init"))
    for gate in HEALTH_GATES:
        outcome = gate(read, bounds, None)
        if outcome.status in (Status.FAILED, Status.NOT_MEASURED):
            why = printable(outcome.violations[0].line) if outcome.violations else outcome.note
            raise UsageError(f"{printable(read.source)}: init learns from healthy runs only. {why}")
    if read.report is None:
        raise UsageError(f"{printable(read.source)}: init learns from coverage, this stream carries none")
    return _Healthy(printable(read.source), read.report, read.run)


def _points(report: CoverageReport) -> list[str]:
    return [*report.hit_fault_points, *report.missed_fault_points]


def _ran(report: CoverageReport) -> list[str]:
    return [name for name, count in report.invariant_executions.items() if count]


def _in_all(lists: Sequence[Iterable[str]]) -> list[str]:
    return sorted(set.intersection(*(set(names) for names in lists)))


def _half(number: float) -> float:
    return int(number / 2 * 100) / 100  # rounded down, so that the run itself passes


def _lowest(maps: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """The lowest count of each name that is above zero in all maps."""
    return {name: min(m[name] for m in maps) for name in _in_all([[k for k, v in m.items() if v] for m in maps])}


def _rates(runs: Sequence[_Healthy]) -> dict[str, float]:
    per_run = [
        {
            name: count / run.run.simulations
            for name, count in (run.report.phase_events | run.report.invariant_executions).items()
            if count
        }
        for run in runs
    ]
    return {name: min(rates[name] for rates in per_run) for name in _in_all(per_run)}


def _unmeasured(runs: Sequence[_Healthy]) -> list[str]:
    lines = []
    for key, figure in (
        ("view_changes", "view_changes"),
        ("repairs", "repairs"),
        ("unique_query_plans", "query plans"),
    ):
        counts = [count for run in runs if (count := getattr(run.report, key)) is not None]
        if len(counts) == len(runs):
            lines.append(f"min_{key}: {min(counts) // 2} # half of {min(counts)}")
        else:
            lines.append(f"min_{key}: 0 # these runs don't report {figure.replace('_', ' ')}: nothing to require")
    return lines


def _properties(runs: Sequence[_Healthy]) -> list[str]:
    counters = [run.run.properties.counters for run in runs if run.run.properties is not None]
    if len(counters) < len(runs):
        return []
    halves = {name: int(count) // 2 for name, count in _lowest(counters).items()}
    lines = [f"  {name}: {half}" for name, half in halves.items() if half]
    return ["", "# Half of the least that any run showed.", "min_properties:", *lines] if lines else []


def _map(key: str, lowest: Mapping[str, float], unit: str) -> list[str]:
    rows = []
    for name, count in lowest.items():
        half = count / 2
        floor = f"{int(half)}" if half >= 10 else f"{int(half * 1000) / 1000:g}"
        if key == "min_fault_effects":
            floor = str(max(1, int(half)))
        if floor != "0":
            rows.append(f"  {_quoted(name)}: {floor} # half of {count:.6g} {unit}")
    return [f"{key}:", *rows] if rows else [f"{key}: {{}}"]


def _list(key: str, names: Sequence[str]) -> list[str]:
    return [f"{key}:", *(f"  - {_quoted(name)}" for name in names)] if names else [f"{key}: []"]


def _quoted(name: str) -> str:
    """A name as YAML: bare where that is safe, else quoted as in JSON, which YAML reads too."""
    bare = name.replace("_", "a").replace(".", "a").replace("-", "a")
    plain = bare.isascii() and bare.isalnum() and name[0].isalpha() and name.lower() not in ("true", "false", "null")
    return name if plain else json.dumps(name)
