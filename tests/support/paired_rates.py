"""A base and a head drawn from known rates, and what `max-regression: significant` calls lost between them."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.support.chance import binomial_variate
from vopr_coverage.base.losses import losses_of
from vopr_coverage.model.incidence import Incidences, Samples
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.model.verdict import Change

POINTS, SEEDS = 60, 500
RATES = tuple(10 ** (-3 * number / (POINTS - 1)) for number in range(POINTS))  # from 1 down to 0.001, evenly in decades


def drawn(rng: random.Random, rates: Sequence[float], samples: int, length: int = 1) -> Incidences:
    """So many samples of `length` seeds each, of points with these rates per seed."""
    shares = [1 - (1 - rate) ** length for rate in rates]
    hits = {f"point {number:02}": binomial_variate(rng, samples, share) for number, share in enumerate(shares)}
    return Incidences(Samples(samples, samples * length, length, length), hits)


def called_lost(before: Incidences, now: Incidences) -> list[str]:
    """The points that are hit before and not now, and that chance does not explain."""
    lost = tuple(name for name, hit in before.points.items() if hit and not now.points[name])
    change = Change(base="base", lost_points=lost)
    found = losses_of(change, now, [KnownRates("base", before.of_points(), before.of_invariants())])
    return [loss.name for loss in found.losses if loss.is_significant]


def false_alarm(seed: int, samples: int = SEEDS, length: int = 1) -> bool:
    """Whether a head of the same rates as its base is called a loss."""
    rng = random.Random(seed)
    return bool(called_lost(drawn(rng, RATES, samples, length), drawn(rng, RATES, samples, length)))


def noticed(seed: int, rate: float, samples: int = SEEDS, length: int = 1) -> bool:
    """Whether a point of this rate that is switched off, beside 60 others, is called lost."""
    rng = random.Random(seed)
    before, now = drawn(rng, (*RATES, rate), samples, length), drawn(rng, (*RATES, 0.0), samples, length)
    return f"point {POINTS:02}" in called_lost(before, now)
