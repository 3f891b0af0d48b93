"""A night's settings: the workflow's inputs first, then the config's `night`, then a default, each with its origin."""

from __future__ import annotations

import pytest

from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.config.night_settings import NAMES, REQUIRED, merged
from vopr_coverage.errors import UsageError

INPUTS = {name: f"input {name}" for name in REQUIRED}
SECTION = """\
night:
  build: make
  binary: vopr
  command: ./vopr {seed}
  scenarios: {a: 9, b: 4}
  coverage: {a: 3}
  determinism: {a: 2}
"""


def config(text: str = "") -> Config:
    """A config that was read from gate.yml, without canaries unless the text has some."""
    return parse_config(f"{text}\ncanaries: {{}}\n" if "canaries:" not in text else text, "gate.yml")


def texts(inputs: dict[str, str], text: str = "") -> dict[str, str]:
    """The settings without their origins."""
    return {name: one.text for name, one in merged(inputs, config(text)).items()}


def test_a_section_alone_is_enough() -> None:
    """Maps become `NAME=N …`, numbers and switches the words that an input would have."""
    more = """\
  canary_command: ./vopr --twice
  per_seed: true
  parallel: 2
  failed_exit: "101"
  canary: {a: 5}
  determinism_seeds: [42, 7]
  minutes: 30
  jobs: 8
  rates: {a: 0.5, b: 20}
  canary_rates: {a: 2.0}
  profile: smoke_test
  regressions: seeds.txt
  canaries: false
  trends_gate: true
"""
    assert texts({}, SECTION + more) == {
        "build": "make", "binary": "vopr", "command": "./vopr {seed}", "canary-command": "./vopr --twice",
        "per-seed": "true", "parallel": "2", "failed-exit": "101", "scenarios": "a=9 b=4", "coverage": "a=3",
        "canary": "a=5", "determinism": "a=2", "determinism-seeds": "42 7", "minutes": "30", "jobs": "8",
        "rates": "a=0.5 b=20", "canary-rates": "a=2", "profile": "smoke_test", "regressions": "seeds.txt",
        "canaries": "false", "trends-gate": "true",
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_input_comes_before_the_section_and_the_default(name: str) -> None:
    """Each on its own: the others stay the section's. The origin is what a message begins with."""
    word = "true" if name in ("per-seed", "canaries", "trends-gate") else "17"
    for text in ("", SECTION):
        found = merged({**({} if text else INPUTS), name: word}, config(text))
        assert (found[name].text, found[name].origin) == (word, f"The input {name}")
    alone, other = texts({}, SECTION), texts({name: word}, SECTION)
    assert {key: other[key] for key in NAMES if key != name} == {key: alone[key] for key in NAMES if key != name}


def test_a_section_has_defaults_of_its_own() -> None:
    """Those of docs/own-machine.md; but a workflow has no cores to count. Without a section they are the workflow's."""
    names = ("minutes", "jobs", "profile", "regressions", "canaries", "trends-gate", "parallel", "per-seed")
    regressions = ".github/vopr-regressions.txt"
    alone, without = texts({}, SECTION), texts(INPUTS)
    assert [alone[name] for name in names] == ["60", "64", "", regressions, "true", "false", "1", "false"]
    assert [without[name] for name in names] == ["150", "64", "nightly", regressions, "true", "", "1", ""]
    found = merged({}, config(SECTION))
    assert found["minutes"].origin == "gate.yml: night: minutes"
    assert found["jobs"].origin == "The default of jobs"


def test_a_profile_of_the_config_is_not_replaced_by_a_default() -> None:
    """An empty setting lets the config decide."""
    assert texts(INPUTS, "profile: general")["profile"] == ""
    assert texts({**INPUTS, "profile": "nightly"}, "profile: general")["profile"] == "nightly"


@pytest.mark.parametrize("name", REQUIRED)
def test_what_is_required_and_set_nowhere_is_named_with_both_places(name: str) -> None:
    """An empty input is no value."""
    with pytest.raises(UsageError) as refused:
        merged({**INPUTS, name: ""}, config())
    assert str(refused.value) == (
        f"Not set: {name}. A night needs each of them, in the workflow's inputs or under `night` in gate.yml."
    )


def test_all_that_is_missing_is_in_one_error() -> None:
    """Of a section, too."""
    with pytest.raises(UsageError, match=r"^Not set: build, binary, command, scenarios, coverage, determinism\. "):
        merged({}, config())
    with pytest.raises(UsageError, match=r"^Not set: determinism\. "):
        merged({}, config(SECTION.replace("  determinism: {a: 2}\n", "")))


def test_canaries_need_work() -> None:
    """Unless there are none, or none are hunted."""
    hunted = f"{SECTION}canaries: {{mine: {{invariants: [hash_chain]}}}}\n"
    with pytest.raises(UsageError, match=r"^Not set: canary\. "):
        merged({}, config(hunted))
    assert merged({"canaries": "false"}, config(hunted))["canary"].text == ""
    assert merged({"canary": "a=5"}, config(hunted))["canary"].text == "a=5"


@pytest.mark.parametrize("name", ["per-seed", "canaries", "trends-gate"])
@pytest.mark.parametrize("word", ["True", "yes", "0", " "])
def test_a_switch_is_true_or_false(name: str, word: str) -> None:
    """Nothing that looks like a switch is taken for off."""
    with pytest.raises(UsageError, match=f"The input {name}: expected true or false, found"):
        merged({**INPUTS, name: word}, config())
