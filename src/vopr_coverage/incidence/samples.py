"""In how many samples the runs of one scenario hit each point. Pure.

Hits that are known seed by seed count seeds. A stream that has totals only is one pooled sample of all its seeds, hit
or not: never its total divided by its iterations, since all hits may be one seed's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from vopr_coverage.model.incidence import Incidences, Samples
from vopr_coverage.model.report import Input


def incidences_of(
    inputs: Sequence[Input], points: Iterable[str] = (), invariants: Iterable[str] = ()
) -> Incidences | None:
    """The incidences of runs with disjoint seeds: the same in whatever order they are given.

    A name that only some of the runs know was hit by no sample of the others.

    Args:
        inputs: files of one scenario. Who merges them has refused those that share seeds.
        points, invariants: names that count as known, for streams that list only what occurred.

    Returns:
        None if one of the files has no coverage, or does not tell how many seeds it is of, as a flat report. Without
        points, or invariants, if one of the files does not tell how many of its seeds hit or ran them.
    """
    parts = [_incidences_of(read) for read in inputs]
    told = [part for part in parts if part is not None]
    if not told or len(told) < len(parts):
        return None
    samples = [part.samples for part in told]
    observed = [read.observed for read in inputs if read.observed]
    points_counted = all(each.points_counted for each in observed)
    invariants_counted = all(each.invariants_counted for each in observed)
    return Incidences(
        samples=Samples(
            of=sum(each.of for each in samples),
            seeds=sum(each.seeds for each in samples),
            shortest=min(each.shortest for each in samples),
            longest=max(each.longest for each in samples),
        ),
        points=_sum([part.points for part in told], points) if points_counted else {},
        invariants=_sum([part.invariants for part in told], invariants) if invariants_counted else {},
    )


def _incidences_of(read: Input) -> Incidences | None:
    """Those of one file; None without samples."""
    if read.observed is not None:
        return _of_observed(read)
    run, report = read.run, read.report
    if run is None or report is None or run.fault_counts is None or not run.covered:
        return None
    points = dict.fromkeys(report.missed_fault_points, 0) | dict.fromkeys(report.hit_fault_points, 1)
    ran = {name: int(count > 0) for name, count in report.invariant_executions.items()}
    return Incidences(
        Samples(of=1, seeds=run.covered, shortest=run.covered, longest=run.covered),
        points,
        dict.fromkeys(report.missed_invariants, 0) | ran,
    )


def _of_observed(read: Input) -> Incidences | None:
    observed = read.observed
    if observed is None or not observed.runs:
        return None
    pooled = observed.unit == "file" and observed.runs == 1  # a simulation stream with totals alone
    seeds = max(read.run.covered, 1) if pooled and read.run else 1
    points = {name: point.runs for name, point in observed.points.items() if point.kind != "phase"}
    invariants = {name: seen.runs for name, seen in observed.invariants.items()}
    return Incidences(
        Samples(of=observed.runs, seeds=observed.runs * seeds, shortest=seeds, longest=seeds),
        _at_most(observed.runs, points),
        _at_most(observed.runs, invariants),
    )


def _at_most(runs: int, counts: Mapping[str, int]) -> dict[str, int]:
    """The counts in pooled samples, of which a stream is one although it counts invariants seed by seed."""
    return {name: min(count, runs) for name, count in counts.items()}


def _sum(parts: Sequence[Mapping[str, int]], known: Iterable[str]) -> dict[str, int]:
    total = dict.fromkeys(known, 0)
    for part in parts:
        for name, hit in part.items():
            total[name] = total.get(name, 0) + hit
    return dict(sorted(total.items()))
