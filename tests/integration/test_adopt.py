"""docs/adopt.md, followed to the letter in an empty folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.followed import follow
from tests.support.markdown_blocks import ROOT, blocks_of

PAGE = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")


def test_a_newcomer_gets_from_nothing_to_a_canary(tmp_path: Path) -> None:
    """Every command ends as the page says, and nothing is needed that the page does not name."""
    commands = follow(PAGE, tmp_path)
    tried = {command.split()[1] for command in commands if command.startswith("vopr-coverage ")}
    assert tried >= {"check", "record", "init", "canary", "determinism"}


def test_it_has_five_steps_with_times() -> None:
    """The first verdict stands in the first step."""
    steps = re.findall(r"^## (\d)\. .*\((\d+) minutes\)$", PAGE, re.MULTILINE)
    assert [number for number, _ in steps] == ["1", "2", "3", "4", "5"]
    assert int(steps[0][1]) <= 10


def test_every_field_of_the_ten_lines_is_explained() -> None:
    """And the stream to copy has ten lines."""
    stream = next(block.text for block in blocks_of(PAGE) if block.language == "json")
    records = [json.loads(line) for line in stream.splitlines()]
    assert len(records) == 10
    rows = re.findall(r"^\| (`[^|]*) \|", PAGE, re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {key for record in records for key in record} - {"failed"} <= explained


def test_a_page_that_shows_another_ending_is_noticed(tmp_path: Path) -> None:
    """What follows the page must be able to fail."""
    with pytest.raises(AssertionError, match="Coverage validation FAILED"):
        follow(PAGE.replace("❌ Coverage validation FAILED", "✅ Coverage validation PASSED"), tmp_path)
