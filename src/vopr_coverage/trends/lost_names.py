"""Fault points and invariants that every night before reached, and tonight does not. Pure.

A number that is one less may be one that chance misses now and then. A name says which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from vopr_coverage.errors import shown
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.trends.history import TrendRecord

NIGHTS_WITH_ALL_NAMES = 29  # before tonight; of older ones a history keeps what was missed now and then
NIGHTS_MIN = 11
GOING_ON_MAX = 7  # nights on which a loss is still told; then it is what is usual
NAMES_SHOWN = 3

Kind = Literal["hit", "ran"]


def lost_names(
    kind: Kind, before: Sequence[TrendRecord], tonight: TrendRecord, is_comparable: Callable[[TrendRecord], bool]
) -> str | None:
    """What is lost, in words; "" if nothing is, and None where there are too few nights with names to tell.

    Args:
        before: the nights before, the oldest first.
    """
    if tonight.names is None:
        return None
    every = [night for night in before if night.names]
    # Of nights before those some names are left: they tell what was missed, and not what was reached.
    nights, older = (
        [night.names for night in part if night.names and is_comparable(night)]
        for part in (every[-NIGHTS_WITH_ALL_NAMES:], every[:-NIGHTS_WITH_ALL_NAMES])
    )
    if len(nights) < NIGHTS_MIN:
        return None
    reached = set(_of(kind, tonight.names))
    now_and_then = {name for night in older for name in (night.missed if kind == "hit" else night.silent)}
    once = {name for night in nights for name in _of(kind, night)} - reached - now_and_then
    lost = sorted(name for name in once if _was_reached_always(kind, name, nights))
    if not lost:
        return ""
    more = f" and {len(lost) - NAMES_SHOWN} more" if len(lost) > NAMES_SHOWN else ""
    names = ", ".join(shown(name) for name in lost[:NAMES_SHOWN])
    verb = "was not hit" if kind == "hit" else "did not run"
    if len(lost) > 1:
        verb = verb.replace("was", "were")
    return f"{names}{more} {verb}, unlike on the nights before"


def _was_reached_always(kind: Kind, name: str, nights: Sequence[ReachedNames]) -> bool:
    """On every night, but for the newest ones, on which it may be lost already."""
    there = [name in _of(kind, night) for night in nights]
    going_on = 0
    while there and not there[-1]:
        there.pop()
        going_on += 1
    return all(there) and len(there) >= NIGHTS_MIN and going_on < GOING_ON_MAX


def _of(kind: Kind, names: ReachedNames) -> tuple[str, ...]:
    return names.hit if kind == "hit" else names.ran
