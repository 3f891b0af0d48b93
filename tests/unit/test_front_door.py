"""action.yml, the composite, the flags and the README's tables say the same, row by row."""

from __future__ import annotations

import ast
import re
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import yaml

from vopr_coverage.commands.parser import build_parser
from vopr_coverage.errors import ExitCode
from vopr_coverage.formats.schema import schema
from vopr_coverage.gates import CATEGORIES
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.github.api import PAGES_MAX, PER_PAGE
from vopr_coverage.github.artifact_zip import VERDICT_BYTES_MAX, ZIP_BYTES_MAX
from vopr_coverage.github.comment_plan import MODES
from vopr_coverage.github.retry import WAIT_S_MAX, WAITS_S_MAX
from vopr_coverage.model.thresholds import PROFILE_CHOICES, CoverageThresholds, nothing_layer, resolve
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX
from vopr_coverage.runner.inputs import COMMANDS, INPUTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PULL_REQUESTS = (ROOT / "docs" / "pull-requests.md").read_text(encoding="utf-8")


def metadata(path: str) -> dict[str, Any]:
    """An action's metadata file."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return parsed


def cells(text: str, heading: str) -> list[list[str]]:
    """The cells of the table whose header row starts with `heading`, as they are written."""
    rows = text[text.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def table(text: str, heading: str) -> list[list[str]]:
    """The cells of that table, backticks around them removed."""
    return [[cell.strip("`") for cell in row] for row in cells(text, heading)]


def commands() -> dict[str, ArgumentParser]:
    """The parsers of all commands, by name."""
    return build_parser()[1]


def flags() -> set[str]:
    """The flags of `check`, from its own help."""
    options = commands()["check"]._option_string_actions
    return {option for option in options if option.startswith("--")} - {"--help"}


def texts_of_ours() -> str:
    """Every literal text of the package, the pieces of f-strings too."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "src").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_both_actions_take_the_inputs_that_the_program_knows() -> None:
    """Same names, same order, same defaults, same descriptions."""
    docker, composite = metadata("action.yml"), metadata("composite/action.yml")
    assert tuple(docker["inputs"]) == INPUTS
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
    for name in INPUTS:
        assert step["env"][f"INPUT_{name.upper().replace('-', '_')}"] == f"${{{{ inputs.{name} }}}}"
    assert "${{" not in step["run"]
    assert step["env"]["PYTHONUTF8"] == "1"


def test_the_composite_takes_each_output_from_its_own_step() -> None:
    """By the same name: GitHub puts an empty text in the place of one that is misspelt."""
    composite = metadata("composite/action.yml")
    (step,) = composite["runs"]["steps"]
    for name, output in composite["outputs"].items():
        assert output["value"] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"


def test_the_setup_action_uses_the_inputs_that_it_declares() -> None:
    """All of them, and no others."""
    text = (ROOT / "setup" / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"\binputs\.([\w-]+)", text)) == set(metadata("setup/action.yml")["inputs"])


def test_every_exit_code_is_explained() -> None:
    """In the README; a command's help names no other, and always those of an error."""
    assert {int(row[0]) for row in table(README, "exit code")} == set(ExitCode)
    for name, parser in commands().items():
        text = (parser.epilog or "").partition("exit codes:\n")[2]
        codes = {int(code) for code in re.findall(r"^  (\d+)  ", text, re.M)}
        assert {ExitCode.PASSED, ExitCode.UNUSABLE, ExitCode.OUR_BUG} <= codes <= set(ExitCode), name


def test_the_readme_has_every_input_and_output() -> None:
    """Row by row, in order."""
    assert [row[0] for row in table(README, "input")] == list(INPUTS)
    assert [row[0] for row in table(README, "output")] == list(metadata("action.yml")["outputs"])


def test_the_readme_has_every_flag_beside_its_input() -> None:
    """A flag's twin is the input of that name."""
    rows = table(README, "flag of `check`")
    assert {row[0] for row in rows} == flags()
    for flag, twin in rows:
        name = {"--from": "format", "--format": ""}.get(flag, flag.removeprefix("--"))
        assert twin == (name if name in INPUTS else "")


def test_the_readme_has_every_command() -> None:
    """In the order of the help; and every word that the action's input `command` takes."""
    assert [row[0].split()[1] for row in table(README, "command")] == list(commands())
    (told,) = (row[2] for row in cells(README, "input") if row[0] == "`command`")
    assert all(f"`{word}`" in told for word in COMMANDS)


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
    assert schema("config")["properties"]["profile"]["enum"] == list(PROFILE_CHOICES)


def test_the_config_page_has_every_gate_that_can_be_excused() -> None:
    """Those that the schema takes under `on_not_measured`."""
    page = (ROOT / "docs" / "config.md").read_text(encoding="utf-8")
    told = page[page.index("`on_not_measured` excuses") :]
    for gate in schema("config")["properties"]["on_not_measured"]["properties"]:
        assert f"`{gate}`" in told, gate


def test_the_verdict_page_has_every_key() -> None:
    """All that a verdict file holds, but for what says which format it is."""
    page = (ROOT / "docs" / "verdict.md").read_text(encoding="utf-8")
    told = {word for row in table(page, "key") for word in re.findall(r"[\w.\[\]]+", row[0])}
    assert {key for key in told if not key.startswith("reports[]")} == set(schema("verdict")["properties"]) - {
        "version",
        "format",
    }


def test_the_page_on_pull_requests_has_every_mode_and_the_limits() -> None:
    """As the code has them."""
    assert tuple(row[0] for row in table(PULL_REQUESTS, "`comment`")) == MODES
    limits = dict(table(PULL_REQUESTS, "what"))
    assert limits["comment"] == f"{COMMENT_CHARACTERS_MAX:,} characters"
    waits = f"{WAIT_S_MAX:.0f} s at a time, {WAITS_S_MAX:.0f} s in all"
    assert limits["waiting for GitHub (rate limits, failures)"].startswith(waits)
    assert limits["comments searched on a pull request"] == f"{PER_PAGE * PAGES_MAX:,}"
    assert limits["artifact, verdict file in it"] == f"{ZIP_BYTES_MAX >> 20} MiB each"
    assert ZIP_BYTES_MAX == VERDICT_BYTES_MAX


def test_every_message_that_has_an_advice_is_still_one_of_ours() -> None:
    """Word for word; … stands for what differs, and so does a status."""
    texts = texts_of_ours()
    for cell, _ in cells(PULL_REQUESTS, "message"):
        code = re.match(r"(`+) ?(.+?) ?\1(?!`)", cell)
        assert code, cell
        for part in re.split(r"…|[0-9]{3}", code[2]):
            assert part.strip() in texts, cell


def heading_links(page: Path) -> set[str]:
    """What a link to one of a page's headings says behind its #, by GitHub's rule."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_links_in_the_documentation_lead_somewhere() -> None:
    """Relative links name files that exist, and headings that are in them."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    for page in pages:
        for target, _, heading in re.findall(r"\]\(([^)#:]*)(#([^)]+))?\)", page.read_text(encoding="utf-8")):
            found = page.parent / target if target else page
            assert found.exists(), f"{page.name}: {target}"
            assert not heading or heading in heading_links(found), f"{page.name}: {target}#{heading}"
