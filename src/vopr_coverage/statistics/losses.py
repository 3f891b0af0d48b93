"""Whether a point that is hit less often than before was lost, or whether chance explains it. Pure.

Sources: Fisher, Statistical Methods for Research Workers, 5th ed. (1934), 21.02; Benjamini and Hochberg, Journal of the
Royal Statistical Society B 57 (1995), 289.
"""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.statistics import binomial

LOST_ALPHA = 0.01  # a run that calls a point lost is wrong in less than 1 of 100 cases


def fewer_by_chance(before: tuple[int, int], now: tuple[int, int]) -> float:
    """Fisher's exact p-value: the chance of so few hits now, if both runs have the same rate.

    Args:
        before, now: (seeds that hit, seeds) of each run. The seeds differ, or the simulator does.
    """
    (hits_before, seeds_before), (hits_now, seeds_now) = before, now
    return binomial.hypergeometric_at_most(
        hits_now, total=seeds_before + seeds_now, marked=hits_before + hits_now, drawn=seeds_now
    )


def significant(p_values: Sequence[float], alpha: float = LOST_ALPHA) -> list[bool]:
    """Which of several p-values are too small for chance, so that a share `alpha` of those found is false at most.

    If no point was lost at all, the chance that any is called lost is `alpha` at most (Benjamini-Hochberg).
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    cut = 0
    for rank, index in enumerate(order, 1):
        if p_values[index] <= alpha * rank / len(p_values):
            cut = rank
    found = [False] * len(p_values)
    for index in order[:cut]:
        found[index] = True
    return found
