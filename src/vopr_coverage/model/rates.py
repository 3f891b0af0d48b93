"""How often each point is hit, as the verdict lists it: the rate per seed, and how easily a run misses it. Pure.

The chance of a miss is that of another run with as many seeds, if nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import nsmallest

import msgspec

from vopr_coverage.model.figures import counted
from vopr_coverage.model.incidence import Incidences, Samples
from vopr_coverage.statistics.intervals import miss_chance

SEEDS_MAX = 1 << 40  # far beyond, formulas lose their digits
NAMES_MAX = 10_000  # of points and of invariants: a verdict stays a file that people can open


class RateSeen(msgspec.Struct, frozen=True):
    """One point, or one invariant, for which a hit is a run.

    Attributes:
        hit: how many of the samples hit it.
        low, high: the 95 % interval of its rate per seed.
        rate: the share of seeds that hit it; None where samples are pooled.
        missed: the chance that a run of this size misses it, by that rate; None without it.
        missed_at_most: the same by the interval's lower limit.
        first_seed, rare_seed: a seed to replay: the first that hit it, and one that hit it with the rarest others. Only
            of the rarest points, and None where hits are not known seed by seed.
    """

    name: str
    hit: int
    low: float
    high: float
    rate: float | None
    missed: float | None
    missed_at_most: float
    first_seed: str | None = None
    rare_seed: str | None = None


class RatesSeen(msgspec.Struct, frozen=True):
    """All of one report, the rarest first.

    Attributes:
        of, seeds, shortest, longest: see `model.incidence.Samples`.
        left_out: how many names there are beyond the 10,000 rarest points and invariants.
    """

    of: int
    seeds: int
    shortest: int
    longest: int
    points: tuple[RateSeen, ...] = ()
    invariants: tuple[RateSeen, ...] = ()
    left_out: int = 0


def rates_of(incidences: Incidences | None) -> RatesSeen | None:
    """The verdict's list; None where nobody knows how many seeds hit what, or for more seeds than any run has."""
    if incidences is None or incidences.samples.seeds > SEEDS_MAX:
        return None
    samples, names = incidences.samples, (incidences.points, incidences.invariants)
    return RatesSeen(
        of=samples.of,
        seeds=samples.seeds,
        shortest=samples.shortest,
        longest=samples.longest,
        points=_rarest(incidences.points, incidences),
        invariants=_rarest(incidences.invariants, incidences),
        left_out=sum(max(len(each) - NAMES_MAX, 0) for each in names),
    )


def _rarest(hits: Mapping[str, int], incidences: Incidences) -> tuple[RateSeen, ...]:
    rarest = nsmallest(NAMES_MAX, ((hit, name) for name, hit in hits.items()))
    return tuple(_rate(name, hit, incidences) for hit, name in rarest)


def _rate(name: str, hit: int, incidences: Incidences) -> RateSeen:
    seen, seeds = incidences.of(hit), incidences.samples.seeds
    low, high = seen.interval
    return RateSeen(
        name=name,
        hit=hit,
        low=low,
        high=high,
        rate=seen.rate,
        missed=None if seen.rate is None else miss_chance(seen.rate, seeds),
        missed_at_most=miss_chance(low, seeds),
    )


def incidences_in_verdict(rates: RatesSeen) -> Incidences:
    """The incidences that a verdict's list was made of."""
    return Incidences(
        Samples(rates.of, rates.seeds, rates.shortest, rates.longest),
        {each.name: each.hit for each in rates.points},
        {each.name: each.hit for each in rates.invariants},
    )


def impossible(rates: RatesSeen) -> str:
    """What of a list that was read cannot be, in words; "" if it can."""
    if not 1 <= rates.shortest <= rates.longest:
        return f"samples of {rates.shortest:,} to {counted(rates.longest, 'seed')}"
    if not rates.of * rates.shortest <= rates.seeds <= rates.of * rates.longest:
        return f"{counted(rates.seeds, 'seed')} in samples of {rates.shortest:,} to {rates.longest:,}"
    wrong = next((each for each in (*rates.points, *rates.invariants) if not 0 <= each.hit <= rates.of), None)
    return f"{wrong.hit:,} of {counted(rates.of, 'sample')} hit '{wrong.name}'" if wrong else ""
