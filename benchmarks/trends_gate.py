"""How often the gate on the history is wrong: false alarms a night, and losses that it tells on their first night.

    python benchmarks/trends_gate.py

Histories are drawn around the figures of real runs of the simulator (tests/data/real: 8 known fault points hit, 16
invariants, about 20 iterations a second and job, 0.1 to 0.2 relative spread of rates from night to night).
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests.support.histories import records, work
from vopr_coverage.nightly.reached import reached_names
from vopr_coverage.trends.compare import lines_of
from vopr_coverage.trends.history import TrendRecord

HISTORIES = 1_000
NIGHTS = 90
BEFORE = 14  # nights before a loss
ALARMS_MAX = 0.01  # of the nights of stationary histories
FOUND_MIN = 0.99
POINTS, INVARIANTS = 40, 16
STEADY = [f"point {number}" for number in range(39)]
SELDOM_MISSED = ["rare"]
INVARIANT_NAMES = [f"invariant {number}" for number in range(INVARIANTS)]
RARE = 0.02  # how often one of 40 fault points is missed in a night; in the real runs none is

Night = dict[str, object]
Change = Callable[[random.Random, int, Night], None]


def night_of(rng: random.Random, number: int) -> Night:
    """The figures of a usual night."""
    ran = int(100_000 * rng.uniform(0.97, 1.0))
    hit = [*STEADY, *(name for name in SELDOM_MISSED if rng.random() >= RARE)]
    return {
        "ran": ran, "asked": 100_000, "planned": 100_000, "rate": max(1.0, rng.gauss(20.0, 2.0)),
        "hit": hit, "fault_points_known": POINTS, "invariants": INVARIANTS,
        "view_changes": int(ran * 2.4 * rng.uniform(0.95, 1.05)), "failed": 0,
    }  # fmt: skip


def nothing(rng: random.Random, number: int, night: Night) -> None:
    """A stationary history."""


def weekends(rng: random.Random, number: int, night: Night) -> None:
    """Half the budget on two nights of seven."""
    if number % 7 >= 5:
        _scale(night, 0.48, ("ran", "asked", "planned", "view_changes"))


def drift(rng: random.Random, number: int, night: Night) -> None:
    """A rate that falls by a third within 90 nights."""
    _scale(night, 1 - number / NIGHTS / 3, ("rate",))


def missing(rng: random.Random, number: int, night: Night) -> None:
    """Every tenth night is missing."""
    if number % 10 == 3:
        night["missing"] = True


def _scale(night: Night, by: float, names: tuple[str, ...]) -> None:
    for name in names:
        value = night[name]
        assert isinstance(value, int | float)
        night[name] = type(value)(value * by)


HISTORIES_OF: dict[str, Change] = {
    "stationary": nothing,
    "seasonal: half the budget at weekends": weekends,
    "slow drift of the rate": drift,
    "missing nights": missing,
}


def _lose(night: Night, points: int) -> None:
    """Points that every night hit before."""
    hit = night["hit"]
    assert isinstance(hit, list)
    del hit[:points]


LOSSES: dict[str, Callable[[Night], None]] = {
    "10 points of coverage fall": lambda night: _lose(night, 4),
    "a fault point vanishes": lambda night: _lose(night, 1),
    "the rate is a third": lambda night: _scale(night, 0.33, ("rate",)),
}


def drawn(rng: random.Random, nights: int, change: Change) -> Iterator[tuple[TrendRecord, ...]]:
    """The records of each night of one history."""
    for number in range(nights):
        night = night_of(rng, number)
        change(rng, number, night)
        if not night.pop("missing", False):
            yield recorded(number, night)


def recorded(number: int, night: Night) -> tuple[TrendRecord, ...]:
    """The record of a night, with the names of what it hit."""
    hit = night["hit"]
    assert isinstance(hit, list)
    names = reached_names(hit=hit, missed={*STEADY, *SELDOM_MISSED} - set(hit), ran=INVARIANT_NAMES, silent=())
    figures: dict[str, Any] = {key: value for key, value in night.items() if key != "hit"}
    return records(number, work("coverage", fault_points_hit=len(hit), names=names, **figures))


def measured(histories: int = HISTORIES) -> dict[str, float]:
    """The share of nights with a false alarm, by kind of history; and of losses that are told on their first night."""
    found: dict[str, float] = {}
    for name, change in HISTORIES_OF.items():
        alarms = nights = 0
        for number in range(histories):
            before: list[TrendRecord] = []
            for tonight in drawn(random.Random(f"{name} {number}"), NIGHTS, change):
                nights += 1
                alarms += any(line.remark for line in lines_of(before, tonight))
                before += tonight
        found[name] = alarms / nights
    for name, lose in LOSSES.items():
        told = 0
        for number in range(histories):
            rng = random.Random(f"{name} {number}")
            past = [one for night in drawn(rng, BEFORE, nothing) for one in night]
            last = night_of(rng, BEFORE)
            lose(last)
            told += any(line.remark for line in lines_of(past, recorded(BEFORE, last)))
        found[name] = told / histories
    return found


def main() -> int:
    """Measure, print, and fail where a bar is missed."""
    histories = int(sys.argv[1]) if len(sys.argv) > 1 else HISTORIES
    found = measured(histories)
    print(f"{histories:,} histories of {NIGHTS} nights each; losses after {BEFORE} nights")
    for name, share in found.items():
        kind = "of nights have a false alarm" if name in HISTORIES_OF else "told on the first night"
        print(f"  {name:<40}{share:8.2%} {kind}")
    good = found["stationary"] <= ALARMS_MAX
    good &= all(found[name] >= FOUND_MIN for name in ("10 points of coverage fall", "a fault point vanishes"))
    print("within the bars" if good else "a bar is missed")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
