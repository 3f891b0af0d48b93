"""Which pairs of points met in one seed, as the verdict lists it. Plain data."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

STRANGERS_KEPT_MAX = 100
MATRIX_POINTS_MAX = 20
NIGHT_STRANGERS_MAX = 20
NAME_CHARACTERS_MAX = 200


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
        points: the most telling points, at most 20.
        matrix: for each two of these in how many seeds they met; on the diagonal how many seeds hit the point.
    """

    seeds: int
    possible: int
    met: int
    strangers_found: int = 0
    strangers: tuple[Strangers, ...] = ()
    points: tuple[str, ...] = ()
    matrix: tuple[tuple[int, ...], ...] = ()

    @property
    def share(self) -> float | None:
        """The share of pairs that met, from 0 to 1; None if there are no two points."""
        return self.met / self.possible if self.possible else None


def for_night(pairs: PairCoverage | None) -> PairCoverage | None:
    """The same, cut to what the file of a night holds: 20 strangers, names of 200 characters."""
    if pairs is None:
        return None
    strangers = pairs.strangers[:NIGHT_STRANGERS_MAX]
    return replace(
        pairs,
        strangers=tuple(replace(pair, one=_cut(pair.one), other=_cut(pair.other)) for pair in strangers),
        points=tuple(map(_cut, pairs.points)),
    )


def _cut(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS_MAX else f"{name[: NAME_CHARACTERS_MAX - 1]}…"
