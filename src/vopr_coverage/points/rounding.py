"""Intervals of rates rounded outwards, so that another run of the same tester does not change the file. Pure."""

from __future__ import annotations

from math import floor, log10

STEPS = (1, 2, 5)  # times a power of ten; above one half the same of what is missing to 1
SLACK = 1e-9  # of a limit that is such a step already, and lost its last digit on the way


def rounded_outwards(interval: tuple[float, float]) -> tuple[float, float]:
    """An interval of shares from 0 to 1, its limits moved to the next step beyond them."""
    low, high = interval
    return _below(low), _above(high)


def _below(share: float) -> float:
    if share <= 0:
        return 0.0
    if share > 0.5:
        return _whole(1 - _above(1 - share))
    return max((step for step in _steps_around(share) if step <= share * (1 + SLACK)), default=0.0)


def _above(share: float) -> float:
    if share <= 0:
        return 0.0
    if share > 0.5:
        return _whole(1 - _below(1 - share))
    return min(step for step in _steps_around(share) if step >= share * (1 - SLACK))


def _steps_around(share: float) -> list[float]:
    exponent = floor(log10(share))
    return [float(f"{step}e{power}") for power in range(exponent - 1, exponent + 2) for step in STEPS]


def _whole(share: float) -> float:
    """Without the digits that a subtraction leaves behind."""
    return round(share, 15)
