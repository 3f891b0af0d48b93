"""The pairs of points of a night, for its page: what met, what never did, and a small matrix. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage.model.figures import counted, in_digits, percent
from vopr_coverage.model.pairs import PairCoverage, Strangers
from vopr_coverage.nightly.verdict import NightVerdict
from vopr_coverage.render.inert import inert

LEAST_CHANCE = 1e-300  # smaller ones are 0 in a float


class MatrixRow(NamedTuple):
    """One point: its number, its name, and a cell for each point from itself on."""

    number: int
    point: str
    cells: list[Markup]


class ScenarioPairs(NamedTuple):
    """One scenario, in Markup of ours around foreign names."""

    scenario: str
    met: Markup
    strangers: list[Markup]
    rows: list[MatrixRow]


def pairs_of_night(night: NightVerdict) -> list[ScenarioPairs]:
    """Every scenario whose pairs are known, and are of several seeds."""
    return [
        ScenarioPairs(
            scenario=work.scenario,
            met=_met(work.pairs),
            strangers=[_stranger(pair, work.pairs.seeds) for pair in work.pairs.strangers],
            rows=list(_rows(work.pairs)),
        )
        for work in night.work
        if work.pairs and work.pairs.possible and work.pairs.seeds > 1
    ]


def _met(pairs: PairCoverage) -> Markup:
    share = percent(pairs.met / pairs.possible)
    of = f"{pairs.met:,} of {counted(pairs.possible, 'pair')} of points ({share}) met in one of"
    never = f"; {pairs.strangers_found:,} never did, although chance would expect it" if pairs.strangers_found else ""
    return Markup(f"{of} {counted(pairs.seeds, 'seed')}{never}")  # noqa: S704 (digits)


def _stranger(pair: Strangers, seeds: int) -> Markup:
    chance = in_digits(pair.chance) if pair.chance > LEAST_CHANCE else f"less than {LEAST_CHANCE:g}"
    expected = in_digits(round(pair.expected, 1))
    told = f": never together in {counted(seeds, 'seed')}, {expected} expected; the chance of that is {chance}"
    return inert(pair.one) + Markup(" × ") + inert(pair.other) + Markup(told)  # noqa: S704 (digits)


def _rows(pairs: PairCoverage) -> Iterator[MatrixRow]:
    """The upper half of the matrix. A pair that is listed as never together is bold."""
    listed = {frozenset((pair.one, pair.other)) for pair in pairs.strangers}
    for at, (point, counts) in enumerate(zip(pairs.points, pairs.matrix, strict=False)):
        others = list(zip(pairs.points, counts, strict=False))[at:]
        yield MatrixRow(at + 1, point, [_cell(count, frozenset((point, name)) in listed) for name, count in others])


def _cell(count: int, apart: bool) -> Markup:
    return Markup(f"**{count:,}**" if apart else f"{count:,}")  # noqa: S704 (digits)
