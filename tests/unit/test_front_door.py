"""action.yml, the composite, the flags and the README's tables say the same, row by row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from vopr_coverage import action
from vopr_coverage.contract import schema
from vopr_coverage.flags import the_parser
from vopr_coverage.gates import CATEGORIES
from vopr_coverage.ladder import Evidence
from vopr_coverage.thresholds import PROFILE_NAMES, CoverageThresholds, nothing_layer, resolve

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def metadata(path: str) -> dict[str, Any]:
    """An action's metadata file."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return parsed


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header row starts with `heading`, backticks removed."""
    rows = text[text.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def flags() -> set[str]:
    """The flags of `check`, from its own help."""
    subparsers = the_parser()._subparsers
    assert subparsers is not None
    check = subparsers._group_actions[0].choices["check"]  # type: ignore[index]
    return {option for option in check._option_string_actions if option.startswith("--")} - {"--help"}


def test_both_actions_take_the_inputs_that_the_program_knows() -> None:
    """Same names, same order, same defaults, same descriptions."""
    docker, composite = metadata("action.yml"), metadata("composite/action.yml")
    assert tuple(docker["inputs"]) == action.INPUTS
    assert docker["inputs"] == composite["inputs"]


def test_both_actions_give_the_same_outputs() -> None:
    """The composite adds where each value comes from, and nothing else."""
    docker, composite = metadata("action.yml"), metadata("composite/action.yml")
    described = {name: {"description": output["description"]} for name, output in composite["outputs"].items()}
    assert docker["outputs"] == described


def test_an_input_with_a_twin_in_the_config_has_no_default() -> None:
    """A default would silence the config."""
    inputs = metadata("action.yml")["inputs"]
    for key in schema("config")["properties"]:
        assert inputs.get(key.replace("_", "-"), {"default": ""})["default"] == "", key


def test_the_composite_hands_every_input_on_through_the_environment() -> None:
    """And interpolates none of them into its script."""
    (step,) = metadata("composite/action.yml")["runs"]["steps"]
    for name in action.INPUTS:
        assert step["env"][f"INPUT_{name.upper().replace('-', '_')}"] == f"${{{{ inputs.{name} }}}}"
    assert "${{" not in step["run"]
    assert step["env"]["PYTHONUTF8"] == "1"


def test_the_readme_has_every_input_and_output() -> None:
    """Row by row, in order."""
    assert [row[0] for row in table(README, "input")] == list(action.INPUTS)
    assert [row[0] for row in table(README, "output")] == list(metadata("action.yml")["outputs"])


def test_the_readme_has_every_flag_beside_its_input() -> None:
    """A flag's twin is the input of that name."""
    rows = table(README, "flag of `check`")
    assert {row[0] for row in rows} == flags()
    for flag, twin in rows:
        assert twin == (flag.removeprefix("--") if flag.removeprefix("--") in action.INPUTS else "")


def test_the_readme_has_the_gates_and_the_profiles_numbers() -> None:
    """The seven categories in order, with what each profile asks."""
    bounds = resolve(nothing_layer("x"))
    rows = table(README, "#")
    assert [row[1] for row in rows] == [gate(Evidence(None), bounds).gate for gate in CATEGORIES]
    for column, name in enumerate(["smoke_test", "default", "nightly"], 2):
        profile = CoverageThresholds.of_profile(name)
        asked = [
            f"{profile.fault_point_coverage_min * 100:g} %",
            len(profile.critical_fault_points),
            len(profile.required_invariants),
            profile.min_view_changes,
            profile.min_repairs,
            profile.min_unique_query_plans,
            len(profile.min_phase_events),
        ]
        assert [row[column] for row in rows] == [str(number) for number in asked]


def test_the_config_page_has_every_key() -> None:
    """And the schema's profiles are those that are shipped."""
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    assert {row[0] for row in table(page, "key")} == set(schema("config")["properties"])
    assert schema("config")["properties"]["profile"]["enum"] == list(PROFILE_NAMES)


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Relative links name files that exist."""
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
