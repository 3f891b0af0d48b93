"""Maps of a scenario add to those of the top level; null removes a name; what is looser is listed."""

from __future__ import annotations

import pytest

from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.config.file import parse_config
from vopr_coverage.errors import ConfigError
from vopr_coverage.model.thresholds import MAP_KEYS, FloorStep

TOP = """\
profile: none
min_iterations: 20
min_per_iteration: {write: 8, "vote:won": 2, read: [{from: 5, at_least: 1}, {from: 50, at_least: 3}]}
min_fault_effects: {drop: 5}
min_phase_events: {vote.won: 9}
min_properties: {always_evaluated: 4, reached_hit: 2}
scenarios:
  calm:
    min_iterations: 10
    min_per_iteration:
      write: 4
      vote.won: null
    min_fault_effects: {delay: 1}
    min_properties: {reached_hit: null}
  loud: {}
  broken:
    expect: violation
    invariants: [agreement]
    min_per_iteration: {write: null, read: 1}
"""


def test_a_scenarios_maps_add_to_the_top_levels() -> None:
    """Three floors once went without a word where a scenario changed one."""
    bounds = terms_for("calm", Overrides(), parse_config(TOP, "gate.yml")).bounds
    assert bounds.min_per_iteration.value == {"write": 4, "read": (FloorStep(5, 1), FloorStep(50, 3))}
    assert bounds.min_fault_effects.value == {"drop": 5, "delay": 1}
    assert bounds.min_phase_events.value == {"vote.won": 9}
    assert bounds.min_properties.value == {"always_evaluated": 4}
    assert [bounds.min_per_iteration.set_by(name) for name in ("write", "read")] == ["gate.yml:11", "gate.yml:3"]


def test_what_is_looser_than_the_top_level_is_listed() -> None:
    """As what is looser than the profile is; a scenario that adds nothing is not looser."""
    config = parse_config(TOP, "gate.yml")
    assert terms_for("calm", Overrides(), config).looser()[1] == [
        "min_iterations: 10 instead of 20 (set by gate.yml:9)",
        "min_per_iteration: write 4 instead of 8 (set by gate.yml:10)",
        "min_per_iteration: vote.won 0 instead of 2 (set by gate.yml:10)",
        "min_properties: reached_hit 0 instead of 2 (set by gate.yml:14)",
    ]
    assert terms_for("loud", Overrides(), config).looser() == ([], [])
    assert terms_for("broken", Overrides(), config).looser() == ([], [])


def test_an_expected_violation_has_its_own_maps_alone() -> None:
    """Nothing is inherited there, so null removes nothing."""
    bounds = terms_for("broken", Overrides(), parse_config(TOP, "gate.yml")).bounds
    assert bounds.min_per_iteration.value == {"read": 1}


def test_a_scenario_adds_to_the_profiles_phases_where_the_top_level_has_none() -> None:
    """They apply at the top level, whoever set them."""
    config = parse_config("scenarios: {s: {min_phase_events: {x: 1, vsr.prepare_sent: null}}}", "gate.yml")
    bounds = terms_for("s", Overrides(), config).bounds
    assert bounds.min_phase_events.value == {"vsr.commit_broadcast": 5, "storage.fsync_complete": 10, "x": 1}
    assert terms_for("s", Overrides(profile="none"), config).bounds.min_phase_events.value == {"x": 1}


@pytest.mark.parametrize("key", MAP_KEYS)
def test_null_at_the_top_level_is_refused(key: str) -> None:
    """There is nothing below it to remove."""
    with pytest.raises(ConfigError, match=f"gate.yml:1#/{key}/reached_hit: expected .* found null"):
        parse_config(f"{key}: {{reached_hit: null}}", "gate.yml")


def test_null_for_a_name_that_is_not_there_is_refused() -> None:
    """A misspelt name would stay required."""
    with pytest.raises(ConfigError) as caught:
        parse_config(TOP.replace("vote.won: null", "vote.one: null"), "gate.yml")
    assert str(caught.value) == (
        "gate.yml:12#/min_per_iteration: expected a name that the top level requires, found 'vote.one'; "
        "did you mean 'vote.won'?"
    )


def test_without_a_profile_the_config_is_all_there_is() -> None:
    """No bound but its own, and none is below anything."""
    terms = terms_for(None, Overrides(), parse_config("profile: none\nmin_iterations: 5\nmin_repairs: 2", "gate.yml"))
    assert [key for key, bound in terms.bounds.items() if bound.value] == ["min_repairs", "min_iterations"]
    assert terms.words == "2 bounds of the config"
    assert terms.looser() == ([], [])
    by_flag = terms_for(None, Overrides(profile="none"), parse_config("profile: nightly\nmin_repairs: 2", "gate.yml"))
    assert by_flag.words == "1 bound of the config"
