"""The few seeds of each scenario that reach all that its runs reached, and what each of them is for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from vopr_coverage.incidence.cover import Chosen, Pairs, Points, chosen, cover, gains
from vopr_coverage.model.bits import rows_of
from vopr_coverage.model.hits import Hits

SEEDS_FORMAT = "urn:vopr-coverage:schema:seeds:v1"
CoverKind = Literal["points", "pairs"]
COVERS: tuple[CoverKind, ...] = ("points", "pairs")
_GOALS: Mapping[CoverKind, type[Points] | type[Pairs]] = {"points": Points, "pairs": Pairs}


class SeedFor(msgspec.Struct, frozen=True):
    """A seed, and what it is for: each a point, or two that it hits together."""

    seed: str
    reaches: tuple[tuple[str, ...], ...]


class ChosenSeeds(msgspec.Struct, frozen=True):
    """The seeds that were chosen of one scenario, those with the rarest points first.

    Attributes:
        of: how many seeds there were.
        reached, pairs_reached: how many points these seeds hit, and how many pairs of them met in one.
        points, pairs: the same for all seeds. Pairs are 0 unless they were asked for.
    """

    scenario: str
    of: int
    points: int
    reached: int
    seeds: tuple[SeedFor, ...]
    pairs: int = 0
    pairs_reached: int = 0


class SeedChoice(msgspec.Struct, frozen=True):
    """The answer as a document; see schemas/seeds.json."""

    cover: CoverKind
    scenarios: tuple[ChosenSeeds, ...]
    version: str
    format: str = SEEDS_FORMAT


def choose(runs: Mapping[str, Hits], kind: CoverKind, most: int | None = None) -> list[ChosenSeeds]:
    """The smallest sets of seeds found, one for each scenario, in the order of their names.

    Args:
        runs: the hits by scenario.
        most: of how many seeds all sets together may consist. They are then those that add most, one after the other.
    """
    goal = _GOALS[kind]
    rows = {name: rows_of(list(hits.columns.values()), hits.seeds) for name, hits in sorted(runs.items())}
    picked = {name: cover(of_scenario, goal) for name, of_scenario in rows.items()}
    if most is not None and sum(map(len, picked.values())) > most:
        best = sorted((-gain, name, row) for name, each in rows.items() for gain, row in gains(each, goal))[:most]
        picked = {name: chosen(each, [row for _, n, row in best if n == name], goal) for name, each in rows.items()}
    return [_named(name, runs[name], picked[name], rows[name], kind) for name in rows]


def _named(scenario: str, hits: Hits, picked: Iterable[Chosen], rows: Sequence[int], kind: CoverKind) -> ChosenSeeds:
    names = list(hits.columns)
    seeds = tuple(
        SeedFor(str(hits.seed_of(one.row)), tuple(tuple(names[point] for point in part) for part in one.reaches))
        for one in picked
    )
    parts = [part for one in seeds for part in one.reaches]
    reached = sum(len(part) == 1 for part in parts)
    return ChosenSeeds(
        scenario=scenario,
        of=hits.seeds,
        points=sum(1 for column in hits.columns.values() if column),
        reached=reached,
        seeds=seeds,
        pairs=_pairs_in(rows) if kind == "pairs" else 0,
        pairs_reached=len(parts) - reached,
    )


def _pairs_in(rows: Sequence[int]) -> int:
    """How many pairs of points met in a row."""
    met = Pairs()
    for row in set(rows):
        met.take(row)
    return met.pairs()
