"""What healthy runs of one scenario support as minimums, and from how many iterations on. Pure.

A minimum is only as good as the counts behind it: `statistics/prediction.py` has the statistics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import floor, log10

import msgspec

from vopr_coverage.gates.extras import counts_by_name
from vopr_coverage.model.hits import Hits
from vopr_coverage.model.report import CoverageReport, Run
from vopr_coverage.model.thresholds import FloorStep
from vopr_coverage.statistics.prediction import Sample, iterations_to_show, least_distinct, least_expected, supports

RUNS_ENOUGH = 3  # fewer say too little of how far healthy runs differ
ITERATIONS_SHORTEST = 5  # shorter runs are refused, if those given are not shorter themselves
LENGTHS = (20, 100, 500)  # where a stricter minimum may begin, in iterations
SHARE_MAX = 0.75  # of the mean: a count that halves is noticed, and one that drifts is not
GAIN_MIN = 1.25  # a step that is not stricter by this factor is left out


class Healthy(msgspec.Struct, frozen=True):
    """A healthy run: its name in the output, its scenario if it has one, and what it contains.

    `counters` has those of view changes, repairs and query plans that its simulator declares; None if it can't say.
    `hits` is None where nobody knows which seed hit which point.
    """

    name: str
    scenario: str | None
    report: CoverageReport
    run: Run
    counters: Mapping[str, int] | None = None
    hits: Hits | None = None


class Learnt(msgspec.Struct, frozen=True):
    """A name, its count in each run, and the minimums per iteration that these support, by the run's length.

    `to_show` is the number of iterations in which a healthy run has at least one, at 99.9 %.
    """

    name: str
    sample: Sample
    to_show: int | None
    steps: tuple[FloorStep, ...]


class Section(msgspec.Struct, frozen=True):
    """What is asked of one scenario, or of runs without a name.

    Attributes:
        critical, invariants: occur in every run of `min_iterations` or more.
        rates: phases, invariants and effects of faults.
        unsure: fault points that no minimum can be asked for.
        properties: the least of each property counter, in runs of `properties_from` iterations or more.
    """

    scenario: str | None
    runs: tuple[Healthy, ...]
    min_iterations: int
    critical: tuple[Learnt, ...]
    invariants: tuple[str, ...]
    rates: tuple[Learnt, ...]
    unsure: tuple[Learnt, ...]
    properties: Mapping[str, tuple[int, tuple[int, ...]]]
    properties_from: int

    @property
    def iterations(self) -> tuple[int, ...]:
        """Of each run."""
        return tuple(run.run.iterations for run in self.runs)


def learn(runs: Sequence[Healthy]) -> Section:
    """What these runs, all of one scenario, support."""
    shortest = min(run.run.iterations for run in runs)
    least = min(shortest, ITERATIONS_SHORTEST)
    points = tuple(_learnt(runs, lambda run: run.run.fault_counts or {}, least))
    rates = tuple(_learnt(runs, _rated, least))
    ran = {name for run in runs for name, count in run.report.invariant_executions.items() if count}
    counted = {each.name for each in rates if each.steps}
    critical = tuple(each for each in points if _always(each, least))
    sure = {each.name for each in critical}
    return Section(
        scenario=runs[0].scenario,
        runs=tuple(runs),
        min_iterations=least,
        critical=critical,
        invariants=tuple(each.name for each in rates if each.name in ran and _always(each, least)),
        rates=tuple(each for each in rates if each.steps),
        unsure=tuple(each for each in points if each.name not in sure and each.name not in counted),
        properties=dict(_properties(runs)),
        properties_from=shortest,
    )


def _rated(run: Healthy) -> Mapping[str, int]:
    """What `min_per_iteration` counts: of a fault point its effects, or its hits where it is a plain integer."""
    return counts_by_name(run.report, {**(run.run.fault_counts or {}), **(run.run.fault_effects or {})})


def at_best(learnt: Learnt, runs: int, iterations: int) -> int | None:
    """From how many iterations on a name could be asked for, if so many runs agreed with each other."""
    again = round(learnt.sample.mean * iterations)
    return iterations_to_show(Sample((again,) * runs, (iterations,) * runs))


def _always(learnt: Learnt, iterations: int) -> bool:
    return learnt.to_show is not None and learnt.to_show <= iterations and min(learnt.sample.counts) > 0


def _learnt(
    runs: Sequence[Healthy], counts_of: Callable[[Healthy], Mapping[str, int]], shortest: int
) -> Iterator[Learnt]:
    """Every name that occurred in some run. Counts of seeds that ran twice are halved."""
    counts = [{name: _once(count, run.run) for name, count in counts_of(run).items()} for run in runs]
    iterations = tuple(run.run.iterations for run in runs)
    for name in sorted({name for each in counts for name, count in each.items() if count}):
        sample = Sample(tuple(each.get(name, 0) for each in counts), iterations)
        if sample.total:
            to_show = iterations_to_show(sample)
            steps = () if to_show is None else tuple(_steps(sample, max(shortest, to_show)))
            yield Learnt(name, sample, to_show, steps)


def _once(count: int, run: Run) -> int:
    return count * run.iterations // max(run.simulations, 1)


def _steps(sample: Sample, first: int) -> Iterator[FloorStep]:
    """The least count per iteration from each length on, as long as longer runs support a stricter one."""
    before = 0.0
    for length in (first, *(length for length in LENGTHS if length > first)):
        most = SHARE_MAX * sample.mean
        for count, iterations in zip(sample.counts, sample.iterations, strict=True):
            if iterations >= length:
                most = min(most, count / iterations)
        whole = int(most * length)
        least = whole if supports(sample, length, whole) else least_expected(sample, length)
        rate = rounded_down(most if least == whole and whole else min(most, least / length))
        if rate > before * GAIN_MIN:
            yield FloorStep(length, rate)
            before = rate


def rounded_down(number: float) -> float:
    """To three digits, never up: the least that is expected stays enough."""
    if number <= 0:
        return 0.0
    factor = 10.0 ** (2 - floor(log10(number)))
    return floor(number * factor) / factor


def _properties(runs: Sequence[Healthy]) -> Iterator[tuple[str, tuple[int, tuple[int, ...]]]]:
    """The least of each property counter, with its values: they count distinct properties, so they don't add up."""
    counters = [run.run.properties.counters for run in runs if run.run.properties is not None]
    if len(counters) < len(runs):
        return
    for name in counters[0]:
        values = tuple(each.get(name, 0) for each in counters)
        least = min(least_distinct(values), int(SHARE_MAX * max(values)), min(values))
        if least > 0:
            yield name, (least, values)
