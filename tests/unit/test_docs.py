"""What is generated is up to date, and the map of the rooms names rooms and files that exist."""

from __future__ import annotations

import re
from pathlib import Path

from tools.cli_reference import reference
from tools.composite_action import COMPOSITE, composite

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "vopr_coverage"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
ALSO_IN = (ROOT, PACKAGE, ROOT / "tests" / "unit")  # where a name in the document may be meant to start


def test_the_reference_of_the_command_line_is_what_the_parsers_say() -> None:
    """`make generate` writes it."""
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == reference()


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
