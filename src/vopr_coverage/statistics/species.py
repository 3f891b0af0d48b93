"""How much of an open set has been seen: query plans, failure signatures, digests. Advice, never a gate. Pure.

Of points that are declared the universe is known; for these see `intervals` and `losses`. Where a search prefers seeds
that found something new, seeds are not independent, and none of this holds. Sources: Good, Biometrika 40 (1953), 237;
Chao, Biometrics 43 (1987), 783 (there for captures, so "Chao2"); Colwell and others, Journal of Plant Ecology 5 (2012),
3, for the extrapolation, which is trusted up to twice the seeds; Kuznetsov and others (2024) and arXiv 2507.17093 for
how far such estimates can be trusted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from math import exp, log1p, sqrt

import msgspec

GROUP = 10  # seeds that are taken as one, to see whether an estimate depends on what is counted as one
MOVED_MAX = 0.2  # an estimate that moves by more when seeds are grouped is not shown
FEWEST_SEEDS = 100  # fewer, in tens, are too few groups
Z95 = 1.959963984540054


class Richness(msgspec.Struct, frozen=True):
    """How many species there are, from how many seeds showed each.

    Attributes:
        seeds: the sample's size.
        seen: species seen; `once`, `twice`: those that exactly one seed, or two, showed.
        total: a lower bound on the number of all species (Chao2), and its 95 % interval `low`, `high`.
    """

    seeds: int
    seen: int
    once: int
    twice: int
    total: float
    low: float
    high: float

    def more_after(self, seeds: int) -> float:
        """How many more species so many more seeds show on average; at most as many seeds as there were."""
        unseen = self.total - self.seen
        if not unseen or not self.once:
            return 0.0
        chance = self.once / (self.seeds * unseen + self.once)
        return unseen * (1 - exp(min(seeds, self.seeds) * log1p(-chance))) if chance < 1 else unseen

    @property
    def chance_of_new(self) -> float:
        """About the chance that the next seed shows something new (Good-Turing)."""
        return min(1.0, self.once / self.seeds)


def richness(seeds: int, incidences: Iterable[int]) -> Richness:
    """Chao2 from how many of `seeds` showed each species."""
    counts = [count for count in incidences if count]
    once, twice = counts.count(1), counts.count(2)
    share = (seeds - 1) / seeds
    if twice:
        unseen, ratio = share * once * once / (2 * twice), once / twice
        variance = twice * (0.5 * ratio**2 + ratio**3 + 0.25 * ratio**4)
    else:
        unseen = share * once * (once - 1) / 2
        total = len(counts) + unseen
        variance = unseen + share * once * (2 * once - 1) ** 2 / 4 - (once**4 / (4 * total) if total else 0)
    low, high = _log_normal(len(counts), unseen, variance)
    return Richness(
        seeds=seeds, seen=len(counts), once=once, twice=twice, total=len(counts) + unseen, low=low, high=high
    )


def _log_normal(seen: int, unseen: float, variance: float) -> tuple[float, float]:
    if unseen <= 0 or variance <= 0:
        return float(seen), float(seen + max(unseen, 0.0))
    spread = exp(Z95 * sqrt(log1p(variance / unseen**2)))
    return seen + unseen / spread, seen + unseen * spread


def steady_richness(seeds: int, places: Iterable[Collection[int]]) -> Richness | None:
    """Chao2 over seeds in their order; None where it is not to be trusted.

    The estimate must not depend on what is counted as one: it is made again with ten seeds as one, and where it moves
    by more than a fifth, or there are fewer than 100 seeds, there is none. Nor is there one where every seed showed
    something of its own: nothing repeats, so nothing says where it ends.

    Args:
        places: for each species the seeds that showed it, counted from 0. Of one that many showed, some are enough.
    """
    if seeds < FEWEST_SEEDS:
        return None
    groups = seeds // GROUP
    sets = [set(species) for species in places]
    estimate = richness(seeds, [len(species) for species in sets])
    in_groups = ({place // GROUP for place in species if place < groups * GROUP} for species in sets)
    grouped = richness(groups, [len(species) for species in in_groups])
    if estimate.once == seeds or abs(grouped.total - estimate.total) > MOVED_MAX * estimate.total:
        return None
    return estimate
