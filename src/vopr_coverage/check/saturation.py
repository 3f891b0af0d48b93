"""What more seeds would show that these did not: kinds of failures, and different runs. Advice, never a gate. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.check.merge import Unit
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.report import SEED_COUNT, Input
from vopr_coverage.statistics.species import Richness, steady_richness

MORE_SEEDS = 1_000
TOLD_MIN = 0.5  # of new kinds: fewer are no news


def saturation_of(unit: Unit) -> Iterator[str]:
    """One sentence on each that is not exhausted, as far as it can be told."""
    yield from _told(_failures(unit), "kind of failure", "kinds of failures")
    for read in unit.inputs:
        if read.run and read.run.different_runs:
            yield from _told(read.run.different_runs, "different run", "different runs")
            return


def _told(found: Richness | None, kind: str, kinds: str) -> Iterator[str]:
    if found is None:
        return
    seeds = min(MORE_SEEDS, found.seeds)
    more = found.more_after(seeds)
    if more >= TOLD_MIN:
        seen = f"{counted(found.seen, kind, kinds)} in {counted(found.seeds, 'seed')}, {found.once:,} of them once"
        in_all = f"{in_digits(found.low)} to {in_digits(found.high)} in all"
        yield (
            f"{seen}: {counted(seeds, 'more seed')} would show about {in_digits(more)} more "
            f"(an estimate by Chao2; {in_all}, 95%)"
        )


def _failures(unit: Unit) -> Richness | None:
    """The kinds of failures of all seeds: an invariant that did not hold, or what the simulator died of."""
    seeds, places = 0, dict[str, list[int]]()
    for read in unit.inputs:
        if read.run is None or read.run.starting_seed is None or not read.finished:
            return None
        for kind, at in _failed(read):
            places.setdefault(kind, []).extend(seeds + place for place in at)
        seeds += read.run.iterations
    return steady_richness(seeds, places.values()) if places else None


def _failed(read: Input) -> Iterator[tuple[str, list[int]]]:
    run = read.run
    assert run is not None, "who asks has looked"
    for group in run.failures:
        kind = f"died of {group.crash.signature}" if group.crash else group.invariant
        yield kind, [(seed - (run.starting_seed or 0)) % SEED_COUNT for seed in group.seeds]
