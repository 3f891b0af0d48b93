"""Whether a run was long enough to hit a point that is known from before. Pure."""

from __future__ import annotations

from math import ceil, log, log1p

import msgspec

from vopr_coverage.model.incidence import Incidence
from vopr_coverage.statistics.intervals import miss_chance
from vopr_coverage.statistics.losses import LOST_ALPHA, fewer_by_chance

P_MIN = 1e-99  # of a p-value that is told in digits


class Power(msgspec.Struct, frozen=True):
    """What it says that a run of `seeds` did not hit a point.

    Attributes:
        chance: that it misses the point if nothing has changed, by the lower limit of the rate before.
        needed: about how many seeds miss it in 1 of 100 cases.
    """

    seeds: int
    chance: float
    needed: int

    @property
    def lost(self) -> bool:
        """Whether chance does not explain it: a run of this size misses the point in less than 1 of 100 cases."""
        return self.chance < LOST_ALPHA


def p_in_words(chance: float) -> str:
    """`p = 5.8e-07`; what no float holds is never 0."""
    return f"p = {chance:.2g}" if chance >= P_MIN else f"p < {P_MIN:g}"


def power_of(before: Incidence, seeds: int) -> Power | None:
    """The power of a run of so many seeds; None for a point that was never hit before, of which nothing is known."""
    return power_at(before.interval[0], seeds) if before.hit else None


def power_at(low: float, seeds: int) -> Power | None:
    """The same by the lower limit of a rate; None of a limit of 0, which says nothing."""
    if not low or not seeds:
        return None
    needed = 1 if low >= 1 else ceil(log(LOST_ALPHA) / log1p(-low))
    return Power(seeds, miss_chance(low, seeds), needed)


def chance_of_fewer(before: Incidence, now: Incidence, seeds: int) -> float:
    """The chance of so few hits in a run of `seeds`, if the rate is what it was before.

    Fisher's exact test where both count seeds. Of pooled samples only is known whether any seed hit: there it is the
    chance that no seed of the run does, by the lower limit of the rate before, and 1 if some did.
    """
    if now.hit * before.of >= before.hit * now.of:
        return 1.0
    if before.longest == now.longest == 1:
        return fewer_by_chance((before.hit, before.of), (now.hit, now.of))
    return miss_chance(before.interval[0], seeds) if not now.hit else 1.0
