"""The lockfile of points: which points a team's tester has, where each can occur, and how often it was hit. Plain data.

See schemas/points.json and docs/points.md. `points/lockfile.py` reads and writes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

import msgspec

from vopr_coverage.model.points import PointKind

POINTS_FORMAT: Literal["urn:vopr-coverage:schema:points:v1"] = "urn:vopr-coverage:schema:points:v1"
LOCK_PATH = ".github/vopr-points.json"
# A point is rare if so many seeds would miss it in more than 1 of 100 cases; FoundationDB's tests draw the line there.
RARE_SEEDS_DEFAULT = 250_000
OTHER_SCENARIOS = "*"  # runs without a scenario, and scenarios that the file does not name
POINTS_MAX = 100_000
NAME_CHARACTERS_MAX = 1_000
SCENARIOS_MAX = 1_000

PointClass = Literal["critical", "common", "rare", "unreachable"]
STRONGEST_FIRST: tuple[PointClass, ...] = ("critical", "common", "rare", "unreachable")

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_CHARACTERS_MAX)]
_Commit = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{7,64}$(?!\n)")]
_Day = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)")]


class FirstSeen(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The night (a day, in UTC) and the commit at which a point was hit first; None where that is not known."""

    night: _Day | None = None
    commit: _Commit | None = None

    @property
    def place_in_time(self) -> tuple[bool, str, str]:
        """Where it stands among others: what is not known comes last."""
        return self.night is None, self.night or "", self.commit or ""


class LockedIn(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename={"class_": "class"}):
    """One point in one scenario.

    Attributes:
        class_: *critical* has to be hit by every run; *common* and *rare* say how often it is hit; *unreachable* points
            cannot occur in this scenario, and count nowhere.
        hit: whether any run ever hit it there.
        rate: the 95 % interval of the share of seeds that hit it, rounded outwards; None where nothing was measured.
    """

    class_: PointClass
    hit: bool = True
    rate: tuple[_Share, _Share] | None = None


class LockedPoint(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One point, and the scenarios that are known of it. One that is not listed cannot be told from a new one there."""

    name: _Name
    kind: PointKind
    scenarios: Annotated[dict[_Name, LockedIn], msgspec.Meta(min_length=1, max_length=SCENARIOS_MAX)]
    first: FirstSeen | None = None


class Locked(msgspec.Struct, frozen=True):
    """One point as a run of certain scenarios has to see it."""

    kind: PointKind
    place: LockedIn


class PointLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All points of a team's tester, sorted by name."""

    format: Literal["urn:vopr-coverage:schema:points:v1"] = POINTS_FORMAT
    rare_seeds: Annotated[int, msgspec.Meta(ge=1, le=(1 << 63) - 1)] = RARE_SEEDS_DEFAULT
    points: Annotated[tuple[LockedPoint, ...], msgspec.Meta(max_length=POINTS_MAX)] = ()

    def scenarios(self) -> set[str]:
        """The scenarios that the file names."""
        return {scenario for point in self.points for scenario in point.scenarios}

    def entry_of(self, scenario: str | None) -> str | None:
        """The file's entry for a scenario, whatever its case; None if it has none."""
        known = {name.lower(): name for name in self.scenarios()}
        return known.get(entry_name(scenario), known.get(OTHER_SCENARIOS))

    def points_in(self, scenarios: Iterable[str | None]) -> dict[str, Locked]:
        """The points of these scenarios by name. In several of them, the strongest class counts."""
        entries = {entry for scenario in scenarios if (entry := self.entry_of(scenario)) is not None}
        found: dict[str, Locked] = {}
        for point in self.points:
            places = [place for scenario, place in point.scenarios.items() if scenario in entries]
            if places:
                found[point.name] = Locked(point.kind, _strongest(places))
        return found


def entry_name(scenario: str | None) -> str:
    """How the file names a scenario."""
    return scenario.lower() if scenario else OTHER_SCENARIOS


def _strongest(places: list[LockedIn]) -> LockedIn:
    first = min(places, key=lambda place: STRONGEST_FIRST.index(place.class_))
    return msgspec.structs.replace(first, hit=any(place.hit for place in places))


def locked_rates(lock: PointLock) -> Mapping[str, Mapping[str, tuple[float, float]]]:
    """The 95 % interval of each point's rate per seed, by scenario as the file names it; only of points with one."""
    rates: dict[str, dict[str, tuple[float, float]]] = {}
    for point in lock.points:
        for scenario, place in point.scenarios.items():
            if place.rate is not None and place.class_ != "unreachable":
                rates.setdefault(scenario.lower(), {})[point.name] = place.rate
    return rates
