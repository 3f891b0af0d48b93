"""What the counts of healthy runs say about the count of the next one. Pure; the standard library only.

The model: what one iteration adds to a count has a negative binomial distribution, iterations are independent, and
the next run is of the same simulator and scenario as those before it. Then the count of N iterations is negative
binomial too, with a shape that grows with N, and the count of a new run, given the sum of both, is beta-binomial
(Johnson, Kemp, Kotz: Univariate Discrete Distributions, 3rd ed., 5.3 and 6.2.2; for Poisson counts, where it is
binomial, Nelson: Applied Life Data Analysis, 1982, 6.4). So the unknown mean needs no estimate. The dispersion does:
it is the upper 95 % bound from Pearson's statistic, and never less than that of Poisson counts.

It must not be used for counts that do not grow with the iterations (sets of names, maximums), nor where runs of
different scenarios or versions are mixed as if they were one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from math import exp, inf, lgamma, log

import msgspec

ALPHA = 0.001  # the chance that a healthy run falls below a bound: 99.9 % stay above
DISPERSION_ALPHA = 0.05  # the chance that the true dispersion is larger than the one used
ITERATIONS_MAX = 1 << 40  # more than any night runs


class Sample(msgspec.Struct, frozen=True):
    """One count of a name in several healthy runs, and how many iterations each of them had."""

    counts: tuple[int, ...]
    iterations: tuple[int, ...]

    @property
    def total(self) -> int:
        """The count of all runs together."""
        return sum(self.counts)

    @property
    def length(self) -> int:
        """The iterations of all runs together."""
        return sum(self.iterations)

    @property
    def mean(self) -> float:
        """The count per iteration."""
        return self.total / self.length


def _shape_of(sample: Sample) -> float:
    """The shape of the negative binomial per iteration that is used for a sample; infinite for Poisson counts.

    One run says nothing about how runs differ: its shape is 1, which assumes that the standard deviation of one
    iteration is its mean.
    """
    if len(sample.counts) < 2:
        return 1.0
    pearson = sum(
        (count - sample.mean * length) ** 2 / (sample.mean * length)
        for count, length in zip(sample.counts, sample.iterations, strict=True)
    )
    dispersion = pearson / chi_square_quantile(DISPERSION_ALPHA, len(sample.counts) - 1)
    return sample.mean / (dispersion - 1) if dispersion > 1 else inf


@lru_cache(maxsize=4_096)  # a name may be a fault point and a fault's effect, with the same counts
def least_expected(sample: Sample, iterations: int, alpha: float = ALPHA) -> int:
    """The least count that a healthy run of `iterations` has: fewer occur with a chance of `alpha` at most.

    0 says that the sample supports no bound for a run of this length. Large bounds may be a thousandth too low.
    """
    if not sample.total:
        return 0
    shape, low, high = _shape_of(sample), 0, max(1, int(sample.mean * iterations) + 1)
    while high - low > high // 1000:  # the least count whose chance, with all smaller ones, is above alpha
        middle = (low + high) // 2
        if _at_most(middle, sample, iterations, shape, alpha) > alpha:
            high = middle
        else:
            low = middle + 1
    return low


def supports(sample: Sample, iterations: int, least: int, alpha: float = ALPHA) -> bool:
    """Whether fewer than `least` in a healthy run of `iterations` have a chance of `alpha` at most."""
    if least <= 0:
        return True
    return bool(sample.total) and _at_most(least - 1, sample, iterations, _shape_of(sample), alpha) <= alpha


def iterations_to_show(sample: Sample, alpha: float = ALPHA) -> int | None:
    """The least number of iterations in which a count of 0 has a chance of `alpha` at most; None: no number has."""
    if not supports(sample, ITERATIONS_MAX, 1, alpha):
        return None
    low, high = 1, ITERATIONS_MAX
    while low < high:
        middle = (low + high) // 2
        if supports(sample, middle, 1, alpha):
            high = middle
        else:
            low = middle + 1
    return low


def least_distinct(counts: Sequence[int], alpha: float = ALPHA) -> int:
    """The least value of a number of distinct things (properties that held) in another run of about the same length.

    What a run misses of the largest number seen is taken as a Poisson count, so that the misses of a new run, given
    those of all runs, are binomial. It holds for runs at least as long as those given.
    """
    most, runs = max(counts), len(counts)
    missed = Sample(tuple(most - count for count in counts), (1,) * runs)
    more = 1
    while more <= most and 1 - _binomial_at_most(more - 1, missed.total + more, 1 / (runs + 1)) > alpha:
        more += 1
    return max(0, most - more + 1)


@cache
def chi_square_quantile(probability: float, degrees: int) -> float:
    """The value below which a chi-square variable of that many degrees of freedom lies with this probability."""
    low, high = 0.0, 1.0
    while _chi_square_below(high, degrees) < probability:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if _chi_square_below(middle, degrees) >= probability else (middle, high)
    return high


def _chi_square_below(value: float, degrees: int) -> float:
    """The regularised lower incomplete gamma function, by its power series (Abramowitz and Stegun, 6.5.29)."""
    half, x = degrees / 2, value / 2
    if not x:
        return 0.0
    term = total = 1 / half
    step = half
    while term > total * 1e-16:
        step += 1
        term *= x / step
        total += term
    return min(1.0, total * exp(half * log(x) - x - lgamma(half)))


def _at_most(count: int, sample: Sample, iterations: int, shape: float, enough: float) -> float:
    """The chance of `count` or fewer in `iterations`, given that it and the sample's total make their sum.

    Above `enough` it may be too low: the caller asks no more than whether it is above.
    """
    together = sample.total + count
    if shape == inf:
        return _binomial_at_most(count, together, iterations / (iterations + sample.length), enough)
    new, old = shape * iterations, shape * sample.length
    logarithm = lgamma(count + new) - lgamma(count + 1) - lgamma(new)
    logarithm += lgamma(sample.total + old) - lgamma(sample.total + 1) - lgamma(old)
    logarithm -= lgamma(together + new + old) - lgamma(together + 1) - lgamma(new + old)
    term = total = exp(logarithm)
    for lower in range(count, 0, -1):  # each term from the one above it
        rest = together - lower
        term *= lower / (rest + 1) * (rest + old) / (lower - 1 + new)
        total += term
        if total > enough or (new >= 1 and term < total * 1e-9):  # with a shape below 1, they grow again towards 0
            break
    return min(1.0, total)


def _binomial_at_most(count: int, trials: int, chance: float, enough: float = 1.0) -> float:
    """The chance of `count` or fewer hits in `trials`; above `enough` it may be too low."""
    if count >= trials:
        return 1.0
    logarithm = lgamma(trials + 1) - lgamma(count + 1) - lgamma(trials - count + 1)
    logarithm += count * log(chance) + (trials - count) * log(1 - chance)
    term = total = exp(logarithm)
    for lower in range(count, 0, -1):
        term *= lower / (trials - lower + 1) * (1 - chance) / chance
        total += term
        if total > enough or term < total * 1e-9:
            break
    return min(1.0, total)
