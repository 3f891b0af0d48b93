"""Which pairs of points met in one seed, and which never did although chance would expect it. Pure.

Kuhn, Kacker, Lei: Introduction to Combinatorial Testing (2013), chapter 7, for combinatorial coverage of strength 2.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations
from math import exp

import msgspec

from vopr_coverage.model.hits import Hits
from vopr_coverage.statistics.binomial import log_choose

STRANGERS_ALPHA = 0.01  # the chance to tell of any pair that would have met but for chance
STRANGERS_KEPT_MAX = 100


class Strangers(msgspec.Struct, frozen=True):
    """Two points that never met in one seed, though `expected` seeds would have hit both if they were independent.

    `chance` is that of no meeting under independence: hypergeometric, given how many seeds hit each.
    """

    one: str
    other: str
    expected: float
    chance: float


class PairCoverage(msgspec.Struct, frozen=True):
    """How many pairs of points met.

    Attributes:
        seeds: of how many seeds.
        possible: pairs of points that can occur; `met`: those that one seed or more hit both of.
        strangers: the pairs that chance doesn't explain, least likely first, at most 100; `strangers_found` has all.
    """

    seeds: int
    possible: int
    met: int
    strangers_found: int
    strangers: tuple[Strangers, ...]

    @property
    def share(self) -> float | None:
        """The share of pairs that met, from 0 to 1; None if there are no two points."""
        return self.met / self.possible if self.possible else None


def pairs_of(hits: Hits, points: Collection[str]) -> PairCoverage:
    """The pairs of `points`, those that can occur in the scenario: declared, and not excluded there.

    A point that no seed hit makes pairs that did not meet; that is no news about pairs, so no stranger.
    """
    names = sorted(points)
    counts = {name: hits.columns.get(name, 0).bit_count() for name in names}
    met, strangers = 0, list[Strangers]()
    tests = sum(1 for name in names if counts[name])
    limit = STRANGERS_ALPHA / max(1, tests * (tests - 1) // 2)  # Bonferroni: of all pairs that could have met
    for one, other in combinations([name for name in names if counts[name]], 2):
        if hits.columns[one] & hits.columns[other]:
            met += 1
            continue
        chance = never_together(counts[one], counts[other], hits.seeds)
        if chance < limit:
            strangers.append(Strangers(one, other, counts[one] * counts[other] / hits.seeds, chance))
    strangers.sort(key=lambda pair: (pair.chance, -pair.expected, pair.one, pair.other))
    return PairCoverage(
        seeds=hits.seeds,
        possible=len(names) * (len(names) - 1) // 2,
        met=met,
        strangers_found=len(strangers),
        strangers=tuple(strangers[:STRANGERS_KEPT_MAX]),
    )


def never_together(one: int, other: int, seeds: int) -> float:
    """The chance that no seed hits both, if `one` and `other` of all seeds hit each, independently of each other."""
    return exp(log_choose(seeds - one, other) - log_choose(seeds, other))


def telling(coverage: PairCoverage, hits: Hits, most: int) -> list[str]:
    """The points of a small matrix: those of strangers first, then the rarest that were hit."""
    rarest = sorted((column.bit_count(), name) for name, column in hits.columns.items() if column)
    names = [name for pair in coverage.strangers for name in (pair.one, pair.other)]
    return list(dict.fromkeys([*names, *(name for _, name in rarest)]))[:most]


def matrix(hits: Hits, names: Sequence[str]) -> list[list[int]]:
    """For each two of these points in how many seeds they met; on the diagonal how many seeds hit the point."""
    return [[(hits.columns[one] & hits.columns[other]).bit_count() for other in names] for one in names]
