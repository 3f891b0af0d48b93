"""The config file: what it says, where each bound came from, and what it refuses."""

from __future__ import annotations

import pytest

from vopr_coverage.check.terms import Overrides, parse_policy, terms_for
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.errors import ConfigError, UsageError

SAMPLE = """\
profile: nightly
min_repairs: 0
min_phase_events:
  "vsr:prepare_sent": 7
scenarios:
  Combined:
    min_view_changes: 3
  merge:
    expect: violation
    invariants: [agreement]
"""


def test_each_bound_knows_who_set_it() -> None:
    """Flag, scenario, top level, profile: the first that sets a key answers, and says so."""
    config = parse_config(SAMPLE, "gate.yml")
    bounds = terms_for("combined", Overrides(min_iterations=9), config).bounds
    assert (bounds.min_iterations.value, bounds.min_iterations.origin) == (9, "--min-iterations")
    assert (bounds.min_view_changes.value, bounds.min_view_changes.origin) == (3, "gate.yml:7")
    assert (bounds.min_repairs.value, bounds.min_repairs.origin) == (0, "gate.yml:2")
    assert bounds.min_phase_events.value == {"vsr.prepare_sent": 7}
    assert bounds.min_unique_query_plans.origin == "profile nightly"


def test_the_profile_flag_replaces_the_base_only() -> None:
    """What the config sets stays set, and the headline counts it."""
    terms = terms_for(None, Overrides(profile="smoke_test"), parse_config(SAMPLE, "gate.yml"))
    assert terms.words == "smoke_test + 2 overrides"
    assert terms.bounds.min_phase_events.origin == "gate.yml:3"
    assert terms_for(None, Overrides(), Config()).words == "default"


def test_an_expected_violation_is_held_to_the_scenarios_own_bounds() -> None:
    """Neither profile nor top level ask for coverage there."""
    terms = terms_for("merge", Overrides(), parse_config(SAMPLE + "min_iterations: 5\n", "gate.yml"))
    assert terms.expect is not None
    assert terms.expect.invariants == ("agreement",)
    assert terms.bounds.fault_point_coverage_min.value == 0.0
    assert terms.bounds.min_iterations.value == 5


def test_scenarios_go_by_name_whatever_their_case() -> None:
    """An unknown name is an error with the nearest; no name means the top level."""
    config = parse_config(SAMPLE, "gate.yml")
    assert terms_for("COMBINED", Overrides(), config).bounds.min_view_changes.value == 3
    assert terms_for(None, Overrides(), config).bounds.min_view_changes.value == 5
    with pytest.raises(UsageError, match=r"scenario 'combind' is not in gate\.yml; did you mean 'Combined'\?"):
        terms_for("combind", Overrides(), config)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "fault_point_coverage_min: 90",
            "1#/fault_point_coverage_min: expected a fraction from 0 to 1 (0.9 for 90 %), found 90",
        ),
        ("min_repairs: -1", "1#/min_repairs: expected an integer from 0 to 2^64-1, found -1"),
        ("min_repairs: 2.0", "1#/min_repairs: expected an integer from 0 to 2^64-1, found 2.0"),
        ("min_repairs: .nan", "1#/min_repairs: expected an integer from 0 to 2^64-1, found '.nan'"),
        ("\nmin_repair: 1", "2#/min_repair: expected a known key (did you mean 'min_repairs'?), found 'min_repair'"),
        ("profile: nightyl", "1#/profile: expected default, smoke_test, nightly, general or none, found 'nightyl'"),
        ("min_repairs: 1\nmin_repairs: 2", "2: expected every key once, found 'min_repairs' twice"),
        (
            "repro: !!python/name:os.system x",
            "1: expected plain YAML, found the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("- a", "1#: expected a map of settings, found an array of 1"),
        (
            "scenarios:\n  a:\n    expect: violation",
            "2#/scenarios/a: expected invariants beside expect, found no such key",
        ),
        ("aliases: {hash_chain: x}", "1: expected a name of the simulator, found the profile's own 'hash_chain'"),
        (
            "on_not_measured: {failures: warn}",
            "1#/on_not_measured/failures: expected a known key (15 names are known), found 'failures'",
        ),
        (
            "critical_fault_points: [a, a]",
            "1#/critical_fault_points: expected a list of names, each once, found an array of 2",
        ),
        ("a: [", "1: expected plain YAML, found '<stream end>'"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    """File, line, pointer, what was expected and what was found."""
    with pytest.raises(ConfigError) as raised:
        parse_config(text, "gate.yml")
    assert str(raised.value) == f"gate.yml:{told}"


def test_names_that_yaml_1_1_takes_for_something_else_stay_names() -> None:
    """`no` is a name, `1:30` is text, and 007 is seven."""
    config = parse_config("critical_fault_points: [no, on, y, 1:30]\nmin_repairs: 007", "gate.yml")
    assert config.layer["critical_fault_points"].value == ["no", "on", "y", "1:30"]
    assert config.layer["min_repairs"].value == 7


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x]\nb: &b [*a, *a]\n" + "".join(f"c{i}: &c{i} [*b, *b, *b, *b, *b, *b, *b, *b]\n" for i in range(9)),
        "x: &x\n  y: *x",
        "[" * 200 + "]" * 200,
    ],
    ids=["wide", "endless", "deep"],
)
def test_a_yaml_bomb_is_refused_without_going_off(text: str) -> None:
    """Aliases may repeat a value, they may not multiply it."""
    with pytest.raises(ConfigError):
        parse_config(text + "\nfault_points: [" + "*b," * 9000 + "]" if "&b" in text else text, "gate.yml")


def test_json_is_read_with_its_lines() -> None:
    """A config may be JSON, and its bounds still know their line."""
    config = parse_config('{\n  "min_repairs": 2,\n  "fault_point_coverage_min": 5e-1\n}', "gate.json")
    assert (config.layer["min_repairs"].value, config.layer["min_repairs"].origin) == (2, "gate.json:2")
    assert config.layer["fault_point_coverage_min"].value == 0.5


def test_an_empty_config_changes_nothing() -> None:
    """A file of comments is a file without settings."""
    assert terms_for(None, Overrides(), parse_config("# nothing yet\n", "gate.yml")).words == "default"


def test_a_policy_is_a_word_or_a_list_of_gates() -> None:
    """A plain word covers the three figures that streams can't carry."""
    assert parse_policy("warn", "x") == {"view-changes": "warn", "repairs": "warn", "query-plans": "warn"}
    assert parse_policy("repairs=ignore,\n iterations = warn", "x") == {"repairs": "ignore", "iterations": "warn"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wran", "x: unknown 'wran'; did you mean 'warn'?"),
        ("repair=warn", "x: unknown 'repair'; did you mean 'repairs'?"),
        ("critical-fault-points=ignore", "x: unknown 'critical-fault-points'"),
        ("repairs=maybe", "x: unknown 'maybe'; known: fail, ignore, warn"),
    ],
)
def test_an_unknown_gate_or_word_in_a_policy_is_refused(text: str, told: str) -> None:
    """Coverage itself can't be excused, and a typo is no policy."""
    with pytest.raises(UsageError) as raised:
        parse_policy(text, "x")
    assert str(raised.value).startswith(told)


def test_other_scenarios_are_judged_where_the_config_says_so() -> None:
    """By the entry `*`, whose empty form is the top level; without it they are a mistake, told with the nearest."""
    with pytest.raises(UsageError, match=r"'combine' is not in gate\.yml; did you mean 'Combined'"):
        terms_for("combine", Overrides(), parse_config(SAMPLE, "gate.yml"))
    config = parse_config(SAMPLE + "  '*': {min_repairs: 2}\n", "gate.yml")
    other = terms_for("gray", Overrides(), config)
    assert (other.bounds.min_repairs.value, other.bounds.min_repairs.origin) == (2, "gate.yml:11")
    assert other.bounds.min_view_changes.origin == "profile nightly"
    assert terms_for("combined", Overrides(), config).bounds.min_view_changes.value == 3
    assert terms_for("combined", Overrides(), config).bounds.min_repairs.value == 0, "* is no layer below the others"
    assert terms_for("merge", Overrides(), config).expect
    assert terms_for(None, Overrides(), config).bounds.min_repairs.value == 0
    assert [config.complaint(name) for name in ("COMBINED", "gray", "anything")] == ["", "", ""]


def test_all_other_scenarios_cannot_be_expected_to_fail() -> None:
    """A misspelt name would be a scenario that must fail, and a healthy run of it would be red."""
    with pytest.raises(ConfigError, match=r"gate\.yml:11: expected no expect for all other scenarios"):
        parse_config(SAMPLE + "  '*': {expect: violation, invariants: [agreement]}\n", "gate.yml")
