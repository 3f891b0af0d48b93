"""The terms that a report is judged by: flag or input, scenario, config and profile, key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from vopr_coverage.base.gate import Limit
from vopr_coverage.config.file import Config, as_policy
from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.formats.schema import schema
from vopr_coverage.gates.failing_seeds import Expectation
from vopr_coverage.model.figures import counted
from vopr_coverage.model.thresholds import (
    EXPECT_ORIGIN,
    HEALTH_ONLY_ORIGIN,
    NO_PROFILE,
    PROFILE_NAMES,
    Bound,
    Bounds,
    Layer,
    in_force,
    lowered,
    nothing_layer,
    over,
    profile_layer,
    resolve,
)

POLICIES = ("fail", "warn", "ignore")


class Overrides(msgspec.Struct, frozen=True):
    """What flags or inputs set above the config. None: the config decides.

    Attributes:
        on_not_measured: as `parse_policy` reads it.
        spelling: how a setting is written where the user set it, `--{}` or `input {}`.
    """

    profile: str | None = None
    min_iterations: int | None = None
    min_reports: int | None = None
    on_not_measured: str | None = None
    spelling: str = "--{}"

    def spelled(self, setting: str) -> str:
        """A setting as the user writes it."""
        return self.spelling.format(setting)


class Terms(msgspec.Struct, frozen=True):
    """The terms that one unit is judged by.

    Attributes:
        words: the thresholds in words: `nightly + 3 overrides`.
        top_level: the bounds for scenarios that set none of their own; None where they do not apply.
        on_not_measured: `fail`, `warn` or `ignore` by gate.
        repro: the template of replay commands; None: the recorded command, or that of VOPR.
        limit: what may be lost compared with the base.
    """

    bounds: Bounds
    profile: str
    words: str
    on_not_measured: Mapping[str, str]
    repro: str | None
    expect: Expectation | None = None
    limit: Limit | None = None
    top_level: Bounds | None = None

    def looser(self) -> tuple[list[str], list[str]]:
        """What requires less than the profile, and what less than the top level of the config; for the longest runs."""
        bounds, _ = in_force(self.bounds, None)
        if self.top_level is None:
            return [], []
        above, _ = in_force(self.top_level, None)
        return lowered(bounds, profile_layer(self.profile)), lowered(bounds, above)


def terms_for(scenario_name: str | None, overrides: Overrides, config: Config) -> Terms:
    """The bounds in force for a scenario, top layer first: flag or input, scenario, config, profile."""
    profile = overrides.profile or config.profile or "default"
    scenario = config.scenario(scenario_name)
    own: Layer = scenario.layer if scenario else {}
    expect = scenario.expect if scenario else None
    top_level = None
    if expect:  # only what the scenario sets itself, and how many iterations must run, which is not coverage
        floor = _only_iterations(config.layer)
        bounds = resolve(_given(overrides), over(own, {}), floor, nothing_layer(EXPECT_ORIGIN))
        words = f"expect: violation of {' or '.join(expect.invariants)}"
    else:
        below = over_profile(config.layer, profile)
        bounds, top_level = resolve(_given(overrides), over(own, below)), resolve(_given(overrides), below)
        words = _words(profile, bounds)
    return Terms(
        bounds=bounds,
        profile=profile,
        words=words,
        on_not_measured=_policy(overrides, config),
        repro=config.repro,
        expect=expect,
        top_level=top_level,
    )


def over_profile(layer: Layer, profile: str) -> Layer:
    """The top level of a config over a profile: each of its values takes the place of the profile's, maps too."""
    return {**profile_layer(profile), **layer}


def health_terms_for(scenario_name: str | None, overrides: Overrides, config: Config) -> Terms:
    """The bounds on run health alone: of all thresholds, only min_iterations."""
    scenario = config.scenario(scenario_name)
    own = _only_iterations(scenario.layer) if scenario else {}
    bounds = resolve(_given(overrides), own, _only_iterations(config.layer), nothing_layer(HEALTH_ONLY_ORIGIN))
    expect = scenario.expect if scenario else None
    policy = _policy(overrides, config)
    return Terms(
        bounds=bounds,
        profile=config.profile or "default",
        words="run health alone",
        on_not_measured=policy,
        repro=config.repro,
        expect=expect,
    )


def fewest_reports(overrides: Overrides, config: Config) -> Bound[int]:
    """How many reports must be there: by flag or input, else by the config; 0 without either."""
    if overrides.min_reports is not None:
        return Bound(overrides.min_reports, overrides.spelled("min-reports"))
    return config.min_reports


def parse_policy(text: str, origin: str) -> dict[str, str]:
    """`fail`, or `view-changes=warn,repairs=ignore` (commas or lines).

    Raises:
        UsageError: an unknown gate or word; names the nearest.
    """
    words = [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]
    if len(words) == 1 and "=" not in words[0]:
        _refuse_unknown(words[0], POLICIES, origin)
        return as_policy(words[0])
    excusable = schema("config")["properties"]["on_not_measured"]["properties"]
    policy: dict[str, str] = {}
    for word in words:
        gate, _, what = (part.strip() for part in word.partition("="))
        _refuse_unknown(gate, excusable, origin)
        _refuse_unknown(what, POLICIES, origin)
        policy[gate] = what
    return policy


def _refuse_unknown(word: str, known: Sequence[str] | Mapping[str, object], origin: str) -> None:
    if word not in known:
        raise UsageError(f"{origin}: unknown {shown(word)}; {nearest(word, known)}")


def _given(overrides: Overrides) -> Layer:
    if overrides.min_iterations is None:
        return {}
    return {"min_iterations": Bound(overrides.min_iterations, overrides.spelled("min-iterations"))}


def _only_iterations(layer: Layer) -> Layer:
    return {key: bound for key, bound in layer.items() if key == "min_iterations"}


def _policy(overrides: Overrides, config: Config) -> dict[str, str]:
    policy = dict(config.on_not_measured)
    if overrides.on_not_measured:
        policy |= parse_policy(overrides.on_not_measured, overrides.spelled("on-not-measured"))
    return policy


def _words(profile: str, bounds: Bounds) -> str:
    own = f"profile {profile}"
    overrides = sum(
        bound.origin != own and bool(bound.value or key in _SET_BY_PROFILES) for key, bound in bounds.items()
    )
    if profile == NO_PROFILE:
        return f"{counted(overrides, 'bound')} of the config"
    if not overrides:
        return profile
    return f"{profile} + {counted(overrides, 'override')}"


_SET_BY_PROFILES = frozenset(key for name in PROFILE_NAMES for key, bound in profile_layer(name).items() if bound.value)
