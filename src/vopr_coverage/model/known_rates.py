"""How often points were hit before this run, as far as anybody knows. Plain data.

Whoever knows rates makes one of these a scenario: the base's verdict, a history of nights, a list of points that were
locked. The first that knows a name is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from vopr_coverage.model.figures import counted
from vopr_coverage.model.incidence import Incidence


class KnownRates(msgspec.Struct, frozen=True):
    """The incidences of one scenario, by name; `origin` is where they come from, as it follows "on" in a sentence."""

    origin: str
    points: Mapping[str, Incidence] = {}
    invariants: Mapping[str, Incidence] = {}


class KnownRate(NamedTuple):
    """One incidence, and where it comes from."""

    incidence: Incidence
    origin: str


def known_point(known: Iterable[KnownRates], name: str) -> KnownRate | None:
    """The first that is known of a point."""
    return next((KnownRate(each.points[name], each.origin) for each in known if name in each.points), None)


def known_invariant(known: Iterable[KnownRates], name: str) -> KnownRate | None:
    """The first that is known of an invariant."""
    return next((KnownRate(each.invariants[name], each.origin) for each in known if name in each.invariants), None)


def hits_in_words(seen: Incidence) -> str:
    """`480 of 12,000 seeds`, or `4 of 4 runs of 1,000 to 2,000 seeds`."""
    if seen.longest == 1:
        return f"{seen.hit:,} of {counted(seen.of, 'seed')}"
    seeds = counted(seen.longest, "seed")
    length = seeds if seen.shortest == seen.longest else f"{seen.shortest:,} to {seeds}"
    return f"{seen.hit:,} of {counted(seen.of, 'run')} of {length}"
