"""docs/troubleshooting.md quotes messages that the code has."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (`.+`) \| [^|]+ \| [^|]+ \|$", PAGE, re.MULTILINE)
FIXED_MIN = 3  # of characters: what is shorter stands in any text


def texts() -> str:
    """All texts of the package, the fixed parts of f-strings too; a space between a text and what is put into it."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "src").rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return "\n".join(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


TEXTS = texts()


def fixed_parts(cell: str) -> list[str]:
    """What is the same in each message of a row."""
    quoted = re.findall(r"`([^`]+)`", cell)
    return [part.strip() for text in quoted for part in text.split("…") if len(part.strip()) >= FIXED_MIN]


def test_there_are_messages_enough_and_each_stands_once() -> None:
    """A row whose layout is broken would be no row."""
    assert len(ROWS) >= 35
    assert len(ROWS) == len(set(ROWS)) == sum(line.startswith("| `") for line in PAGE.splitlines())


@pytest.mark.parametrize("cell", ROWS)
def test_a_message_of_the_page_is_one_of_the_code(cell: str) -> None:
    """Someone who searches for it finds the words that were printed."""
    parts = fixed_parts(cell)
    assert parts
    assert [part for part in parts if part not in TEXTS] == []
