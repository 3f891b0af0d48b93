"""What a sample of seeds says about all seeds, at 95 % confidence. Pure."""

from __future__ import annotations

from math import ceil, log, log1p, sqrt

Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


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
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def iterations_to_see(share: float, confidence: float = 0.99) -> int:
    """How many iterations show at least one seed of a kind with this confidence, when `share` of all seeds are of it.

    Args:
        share: above 0, at most 1.
    """
    return 1 if share >= 1 else ceil(log(1 - confidence) / log1p(-share))
