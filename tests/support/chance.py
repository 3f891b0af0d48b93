"""Random counts for simulations of what a gate does, from a seed."""

from __future__ import annotations

import random
from bisect import bisect_left
from functools import lru_cache
from itertools import accumulate


def binomial_variate(rng: random.Random, trials: int, share: float) -> int:
    """How many of `trials` hit, each with the chance `share`."""
    if share > 0.5:
        return trials - binomial_variate(rng, trials, 1 - share)
    return bisect_left(_cumulative(trials, share), rng.random())


@lru_cache(maxsize=1_024)
def _cumulative(trials: int, share: float) -> list[float]:
    """The chance of k hits or fewer, for each k up to where nothing is left; by the ratio of each to the one before."""
    chances = [(1 - share) ** trials]
    while len(chances) <= trials and (len(chances) < trials * share or chances[-1] > 1e-18):
        k = len(chances)
        chances.append(chances[-1] * (trials - k + 1) / k * share / (1 - share))
    return list(accumulate(chances))
