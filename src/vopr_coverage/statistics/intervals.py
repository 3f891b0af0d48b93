"""What a sample of seeds says about all seeds, at 95 % confidence. Pure.

A *rate* is the chance that one seed does something, for example hits a fault point. Seeds are independent and of one
simulator, scenario and configuration: where a search prefers seeds that found something, none of this holds.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, exp, expm1, log, log1p, sqrt

from vopr_coverage.statistics import binomial

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution
EXACT_MAX, EXACT_TRIALS_MAX = 10_000, 10**12
TAIL = 0.025  # what a two-sided 95 % interval leaves at each end


def bounds_of(seeds: int, differing: int) -> tuple[float, float]:
    """95 % bounds on the share of nondeterministic seeds, when `differing` of `seeds` were nondeterministic.

    Exact for none of them (1 - 0.05^(1/n), roughly 3/n), otherwise Wilson's interval.
    """
    return wilson(seeds, differing) if differing else (0.0, 1 - 0.05 ** (1 / seeds))


def wilson(trials: int, hits: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, when `hits` of `trials` were counted."""
    assert 0 <= hits <= trials > 0, "counts are checked where they are read"
    share, z2 = hits / trials, Z95 * Z95
    centre, scale = share + z2 / (2 * trials), 1 + z2 / trials
    spread = Z95 * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials))
    low = max((centre - spread) / scale, 0.0) if hits else 0.0
    return low, min((centre + spread) / scale, 1.0) if hits < trials else 1.0  # what digits of a double would miss


@lru_cache(maxsize=4_096)
def clopper_pearson(trials: int, hits: int) -> tuple[float, float]:
    """The exact 95 % interval of a share, when `hits` of `trials` were counted; 2.5 % lie beyond each limit at most.

    Where more than 10,000 hit and more than 10,000 did not, it is Wilson's, which differs by less than 1 in 10,000; and
    so it is of more than 10^12 trials, where the digits of a double no longer suffice for the exact one.

    Source: Clopper and Pearson, Biometrika 26 (1934), 404.
    """
    assert 0 <= hits <= trials > 0, "counts are checked where they are read"
    if trials > EXACT_TRIALS_MAX or min(hits, trials - hits) > EXACT_MAX:
        return wilson(trials, hits)
    low = binomial.beta_quantile(TAIL, hits, trials - hits + 1) if hits else 0.0
    high = binomial.beta_quantile(1 - TAIL, hits + 1, trials - hits) if hits < trials else 1.0
    return low, high


def rate_of_streams(streams: int, hits: int, *, shortest: int, longest: int) -> tuple[float, float]:
    """The 95 % interval of the rate per seed, from streams of which only is known whether any seed hit the point.

    This is group testing (Dorfman, Annals of Mathematical Statistics 14 (1943), 436): if all streams have n seeds and
    a share q of them hit, the rate is 1 - (1 - q)^(1/n), and so are its limits from the Clopper-Pearson limits of q.
    Streams of several lengths are taken to be as long as the longest for the lower limit, and as long as the shortest
    for the upper one: the more of them are hit, the higher the rate, so the interval is wider and never wrong.

    A count divided by the iterations is no rate: all hits may be one seed's.

    Args:
        streams: how many there are; `hits`: how many of them have a seed that hit.
        shortest, longest: how many seeds they have.
    """
    low, high = clopper_pearson(streams, hits)
    return _per_seed(low, longest), _per_seed(high, shortest)


def _per_seed(share: float, seeds: int) -> float:
    return 1.0 if share >= 1 else -expm1(log1p(-share) / seeds)


def miss_chance(rate: float, seeds: int) -> float:
    """The chance that none of `seeds` hits a point of this rate."""
    return 0.0 if rate >= 1 else exp(seeds * log1p(-rate))


def rate_above(seeds: int, confidence: float = 0.95) -> float:
    """The rate that a point which none of `seeds` hit doesn't exceed, one-sided; roughly 3/n at 95 %.

    Source: the rule of three, Hanley and Lippman-Hand, JAMA 249 (1983), 1743.
    """
    return -expm1(log(1 - confidence) / seeds)


def iterations_to_see(share: float, confidence: float = 0.99) -> int:
    """How many iterations show at least one seed of a kind with this confidence, when `share` of all seeds are of it.

    Args:
        share: above 0, at most 1.
    """
    return 1 if share >= 1 else ceil(log(1 - confidence) / log1p(-share))
