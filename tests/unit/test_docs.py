"""What is generated is up to date, and the map of the rooms names rooms and files that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

import pytest

from tools import cli_reference, config_reference, inputs_reference
from tools.composite_action import COMPOSITE, composite
from vopr_coverage.formats.schema import schema


class Reference(Protocol):
    """A tool that writes a page of the documentation."""

    PAGE: Path

    def reference(self) -> str:
        """The text of the page."""


ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "vopr_coverage"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ALSO_IN = (ROOT, PACKAGE, ROOT / "tests" / "unit")  # where a name in the document may be meant to start


@pytest.mark.parametrize("tool", [cli_reference, config_reference, inputs_reference], ids=lambda tool: tool.PAGE.name)
def test_a_reference_is_what_the_program_knows(tool: Reference) -> None:
    """`make generate` writes it: from parsers, from the schema of the config, from the metadata of action and night."""
    assert tool.PAGE.read_text(encoding="utf-8") == tool.reference()


def test_the_reference_of_the_config_tells_defaults_of_keys_that_exist() -> None:
    """And has a table for each part of the config that is a map with keys of ours."""
    assert set(config_reference.DEFAULTS) <= set(schema("config")["properties"])
    maps = {name for name, part in schema("config")["$defs"].items() if part.get("properties")}
    assert maps - {"rate_step", "count_step"} == {name for _, name, _ in config_reference.PARTS}


def test_the_composite_action_is_made_from_the_docker_action() -> None:
    """`make generate` writes it."""
    assert COMPOSITE.read_text(encoding="utf-8") == composite()


def test_the_architecture_names_every_room_and_nothing_else() -> None:
    """A folder that is missing in the table is one that a newcomer does not find."""
    rooms = set(
        re.findall(r"`([a-z_]+)/`", ARCHITECTURE[ARCHITECTURE.index("| room |") : ARCHITECTURE.index("## Where")])
    )
    assert rooms == {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}


def test_every_file_that_the_architecture_names_is_there() -> None:
    """A file that was renamed must be renamed there, too."""
    for name in re.findall(r"`([\w/.-]+\.(?:py|json|yml|md))`", ARCHITECTURE):
        assert any((folder / name).exists() for folder in ALSO_IN), name
