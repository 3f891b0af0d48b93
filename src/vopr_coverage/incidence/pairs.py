"""Which pairs of points met in one seed, and which never did although chance would expect it. Pure.

Kuhn, Kacker, Lei: Introduction to Combinatorial Testing (2013), chapter 7, for combinatorial coverage of strength 2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import combinations
from math import exp

from vopr_coverage.model.hits import Hits
from vopr_coverage.model.pairs import MATRIX_POINTS_MAX, STRANGERS_KEPT_MAX, PairCoverage, Strangers
from vopr_coverage.statistics.binomial import log_choose

STRANGERS_ALPHA = 0.01  # the chance to tell of any pair that would have met but for chance
POINTS_MAX = 1_000  # that were hit; of a million seeds these take five seconds if no two of them meet
_FIRST_SEEDS = (1 << 8_192) - 1  # most pairs meet within them


def pairs_of(hits: Hits, points: Collection[str]) -> PairCoverage | None:
    """The pairs of `points`, those that can occur in the scenario: declared, and not excluded there.

    A point that no seed hit makes pairs that did not meet; that is no news about pairs, so no stranger. None if more
    points were hit than can be compared.
    """
    names = sorted(set(points))
    counts = {name: hits.columns.get(name, 0).bit_count() for name in names}
    hit = [name for name in names if counts[name]]
    if len(hit) > POINTS_MAX:
        return None
    apart = _apart(hits, hit)
    tests = len(hit) * (len(hit) - 1) // 2
    limit = STRANGERS_ALPHA / max(1, tests)  # Bonferroni: of all pairs that could have met
    seeds, strangers = hits.seeds, list[Strangers]()
    for one, other in apart:
        chance = never_together(counts[one], counts[other], seeds)
        if chance < limit:
            strangers.append(Strangers(one, other, counts[one] * counts[other] / seeds, chance))
    strangers.sort(key=lambda pair: (pair.chance, -pair.expected, pair.one, pair.other))
    shown = telling(strangers, {name: counts[name] for name in hit}, MATRIX_POINTS_MAX)
    return PairCoverage(
        seeds=seeds,
        possible=len(names) * (len(names) - 1) // 2,
        met=tests - len(apart),
        strangers_found=len(strangers),
        strangers=tuple(strangers[:STRANGERS_KEPT_MAX]),
        points=tuple(shown),
        matrix=matrix(hits, shown),
    )


def _apart(hits: Hits, names: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs that never met."""
    columns = [(name, hits.columns[name], hits.columns[name] & _FIRST_SEEDS) for name in names]
    return [
        (one, other)
        for (one, column, first), (other, other_column, other_first) in combinations(columns, 2)
        if not first & other_first and not column & other_column
    ]


def never_together(one: int, other: int, seeds: int) -> float:
    """The chance that no seed hits both, if `one` and `other` of all seeds hit each, independently of each other."""
    return exp(log_choose(seeds - one, other) - log_choose(seeds, other))


def telling(strangers: Iterable[Strangers], counts: Mapping[str, int], most: int) -> list[str]:
    """The points of a small matrix: those of strangers first, then the rarest of those that were hit."""
    rarest = sorted(counts, key=lambda name: (counts[name], name))
    names = [name for pair in strangers for name in (pair.one, pair.other)]
    return list(dict.fromkeys([*names, *rarest]))[:most]


def matrix(hits: Hits, names: Sequence[str]) -> tuple[tuple[int, ...], ...]:
    """For each two of these points in how many seeds they met; on the diagonal how many seeds hit the point."""
    columns = [hits.columns[name] for name in names]
    return tuple(tuple((one & other).bit_count() for other in columns) for one in columns)
