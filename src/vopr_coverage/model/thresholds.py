"""Thresholds, the profiles, and bounds with their origins."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, Self, TypeVar

import msgspec

from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.formats.schema import shipped_text
from vopr_coverage.formats.serde import Serde

SEED_PROFILES = ("default", "smoke_test", "nightly")
PROFILE_NAMES = (*SEED_PROFILES, "general")  # the last has nothing of one simulator's, and bounds beyond the seed's

T = TypeVar("T", covariant=True)


@dataclass(slots=True)
class CoverageThresholds(Serde):
    """The seven thresholds of the seed document, spelled as there.

    `fault_point_coverage_min` is a fraction from 0 to 1; the rest are counts over a whole
    campaign, or names. The order of `min_phase_events` is the order of its violations.
    """

    schema_name: ClassVar[str] = "thresholds"

    fault_point_coverage_min: float = 0.0
    critical_fault_points: list[str] = field(default_factory=list)
    required_invariants: list[str] = field(default_factory=list)
    min_view_changes: int = 0
    min_repairs: int = 0
    min_unique_query_plans: int = 0
    min_phase_events: dict[str, int] = field(default_factory=dict)

    @classmethod
    def default(cls) -> Self:
        """The profile for pull requests."""
        return cls.of_profile("default")

    @classmethod
    def smoke_test(cls) -> Self:
        """The profile for runs of less than a minute."""
        return cls.of_profile("smoke_test")

    @classmethod
    def nightly(cls) -> Self:
        """The profile for a night of a million iterations."""
        return cls.of_profile("nightly")

    @classmethod
    def of_profile(cls, name: str) -> Self:
        """The shipped profile of that name.

        Raises:
            UsageError: no such profile; names the nearest.
        """
        if name not in PROFILE_NAMES:
            raise UsageError(f"unknown profile {shown(name)}; {nearest(name, PROFILE_NAMES)}")
        return cls(**{key: value for key, value in _shipped(name).items() if key in SEED_KEYS})


def _shipped(name: str) -> dict[str, Any]:
    """All that a profile sets. The file is ours, and a test holds it to the schema."""
    settings: dict[str, Any] = json.loads(shipped_text(f"profiles/{name}.json"))
    return settings


class FloorStep(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """A minimum for runs of at least so many iterations: shorter ones may fall below it by chance."""

    from_: int
    at_least: int | float


Floor = int | float | tuple[FloorStep, ...]  # for every run, or by the iterations of the run that is judged


class Bound(msgspec.Struct, Generic[T], frozen=True):
    """A required value, and what set it: a profile, a line of the config file, a flag.

    `entries` has the line of the config for each name of a list or a map.
    """

    value: T
    origin: str
    entries: Mapping[str, str] = {}

    def set_by(self, name: str) -> str:
        """What set the entry of a list or a map."""
        return self.entries.get(name, self.origin)


class Bounds(msgspec.Struct, frozen=True):
    """Every bound in force for one report. The first seven are those of the seed document.

    `min_per_iteration` is per simulated iteration; `min_iterations` is per stream. Both maps that can have
    steps have numbers alone once `in_force` has chosen among them.
    """

    fault_point_coverage_min: Bound[float]
    critical_fault_points: Bound[Sequence[str]]
    required_invariants: Bound[Sequence[str]]
    min_view_changes: Bound[int]
    min_repairs: Bound[int]
    min_unique_query_plans: Bound[int]
    min_phase_events: Bound[Mapping[str, int]]
    min_iterations: Bound[int]
    min_fault_effects: Bound[Mapping[str, int]]
    min_per_iteration: Bound[Mapping[str, Floor]]
    min_properties: Bound[Mapping[str, Floor]]
    required_properties: Bound[Sequence[str]]
    invariant_coverage_min: Bound[float]
    min_pair_coverage: Bound[float]

    def items(self) -> Iterator[tuple[str, Bound[Any]]]:
        """Key and bound, in order."""
        return ((name, getattr(self, name)) for name in self.__struct_fields__)

    def require_nothing(self) -> bool:
        """Whether all bounds are zero or empty, so that any run would pass."""
        return not any(any(b.value.values()) if isinstance(b.value, Mapping) else b.value for _, b in self.items())

    def names(self) -> set[str]:
        """All fault points, invariants and phase events that some bound names."""
        return {name for bound in self._naming() for name in bound.value}

    def names_of_profile(self) -> set[str]:
        """Those of them that a profile names, and no config."""
        return {name for bound in self._naming() if bound.origin.startswith(PROFILE_ORIGIN) for name in bound.value}

    def _naming(self) -> tuple[Bound[Any], ...]:
        lists = (self.critical_fault_points, self.required_invariants)
        return (*lists, self.min_phase_events, self.min_fault_effects, self.min_per_iteration)


Layer = Mapping[str, Bound[Any]]
HEALTH_ONLY_ORIGIN, EXPECT_ORIGIN = "--health-only", "expect: violation"
_LOWEST = (HEALTH_ONLY_ORIGIN, EXPECT_ORIGIN, "init")  # origins of layers that require nothing
PROFILE_ORIGIN = "profile "  # what the origin of a profile's bound begins with

BOUND_KEYS = Bounds.__struct_fields__
STEPPED_KEYS = ("min_per_iteration", "min_properties")
MAP_KEYS = ("min_phase_events", "min_fault_effects", *STEPPED_KEYS)
NO_PROFILE = "none"  # stands where a profile's name would: the config is all there is
PROFILE_CHOICES = (*PROFILE_NAMES, NO_PROFILE)
SEED_KEYS = tuple(f.name for f in fields(CoverageThresholds))
_OFF: Mapping[str, Any] = {
    "min_iterations": 0,
    "min_fault_effects": {},
    "min_per_iteration": {},
    "min_properties": {},
    "required_properties": [],
    "invariant_coverage_min": 0.0,
    "min_pair_coverage": 0.0,
}


def profile_layer(name: str) -> Layer:
    """A profile as the lowest layer: it sets every key; what its file does not name is off."""
    if name == NO_PROFILE:
        return nothing_layer(f"{PROFILE_ORIGIN}{name}")
    thresholds = CoverageThresholds.of_profile(name)
    values = {**_OFF, **_shipped(name)}
    return {
        key: Bound(getattr(thresholds, key) if key in SEED_KEYS else values[key], f"{PROFILE_ORIGIN}{name}")
        for key in BOUND_KEYS
    }


def nothing_layer(origin: str) -> Layer:
    """A lowest layer that requires nothing, for scenarios that are judged by their own bounds."""
    return {
        key: Bound(getattr(CoverageThresholds(), key) if key in SEED_KEYS else _OFF[key], origin) for key in BOUND_KEYS
    }


def is_set_by_config(bound: Bound[Any]) -> bool:
    """Whether a config sets the key, if only to ask for nothing."""
    return bound.origin not in _LOWEST and not bound.origin.startswith(PROFILE_ORIGIN)


def resolve(*layers: Layer) -> Bounds:
    """The bounds in force: each key comes from the first layer that sets it."""
    return Bounds(**{key: next(layer[key] for layer in layers if key in layer) for key in BOUND_KEYS})


def over(upper: Layer, lower: Layer) -> Layer:
    """A scenario's layer over that of the top level: its maps add to the maps below, and a name set to None is removed.

    All other values take the place of what is below.
    """
    layer = {**lower, **upper}
    for key in MAP_KEYS:
        if key in upper:
            own, below = upper[key], lower.get(key, Bound({}, ""))
            value = {name: least for name, least in {**below.value, **own.value}.items() if least is not None}
            layer[key] = Bound(value, own.origin, {**below.entries, **own.entries})
    return layer


def in_force(bounds: Bounds, iterations: int | None) -> tuple[Bounds, dict[str, dict[str, int]]]:
    """The bounds for a run of that length, and what is not required of it: key, name, iterations that it would take.

    Of several steps the last that the run is long enough for counts. Where the length is not known, it is the last.
    """
    chosen: dict[str, Bound[Any]] = {}
    waiting: dict[str, dict[str, int]] = {}
    for key in STEPPED_KEYS:
        bound: Bound[Mapping[str, Floor]] = getattr(bounds, key)
        numbers: dict[str, int | float] = {}
        for name, floor in bound.value.items():
            steps = floor if isinstance(floor, tuple) else (FloorStep(0, floor),)
            reached = [step for step in steps if iterations is None or step.from_ <= iterations]
            if reached:
                numbers[name] = max(reached, key=lambda step: step.from_).at_least
            else:
                waiting.setdefault(key, {})[name] = min(step.from_ for step in steps)
        chosen[key] = Bound(numbers, bound.origin, bound.entries)
    return msgspec.structs.replace(bounds, **chosen), waiting


def number_of(floor: Floor) -> int | float:
    """A floor as a number: `in_force` has chosen among its steps."""
    assert not isinstance(floor, tuple), "a floor is chosen by the length of the run before it is judged"
    return floor


def thresholds_of(bounds: Bounds) -> CoverageThresholds:
    """The seed's seven, without their origins."""
    values = {key: getattr(bounds, key).value for key in SEED_KEYS}
    return CoverageThresholds(**values)


def lowered(bounds: Bounds, below: Layer | Bounds) -> list[str]:
    """The bounds that require less than those below them (a profile, the top level), each with both values.

    Floors are numbers on both sides: `in_force` has chosen among their steps.
    """
    sentences = []
    for key, base in below.items():
        ours = getattr(bounds, key)
        if ours != base:
            sentences += [f"{key}: {less} (set by {ours.origin})" for less in less_than(ours.value, base.value)]
    return sentences


def less_than(ours: Any, base: Any) -> list[str]:
    """How one bound's value requires less than another's. Both are numbers, lists of names or maps."""
    if isinstance(base, Mapping):
        return [f"{name} {ours.get(name, 0)} instead of {n}" for name, n in base.items() if ours.get(name, 0) < n]
    if isinstance(base, list):
        dropped = [name for name in base if name not in ours]
        return [f"without {', '.join(dropped)}"] if dropped else []
    return [f"{ours} instead of {base}"] if ours < base else []
