"""The page of each format: what it must say, and its commands, followed to the letter in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.followed import follow
from tests.support.markdown_blocks import ROOT
from vopr_coverage.reading.formats import FORMATS

FOLDER = ROOT / "docs" / "formats"
OF_VOPR = {"stream", "report"}  # which docs/formats.md describes
PAGES = sorted({*FORMATS, "hypothesis"} - OF_VOPR)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_leads_from_a_checkout_to_a_verdict(name: str, tmp_path: Path) -> None:
    """To one that passes and to one that fails."""
    page = (FOLDER / f"{name}.md").read_text(encoding="utf-8")
    commands = follow(page, tmp_path)
    assert len([command for command in commands if command.startswith("vopr-coverage check")]) >= 2
    assert "✅ Coverage validation PASSED" in page
    assert "❌ Coverage validation FAILED" in page


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_is_read_what_it_becomes_and_what_is_not_measured(name: str) -> None:
    """In this order, and its commands come last."""
    headings = re.findall(r"^## (.*)$", (FOLDER / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE)
    text = " / ".join(headings)
    assert re.search(r"What is read.*(becomes|says).*What is not measured.*From a checkout to a verdict", text), text


@pytest.mark.parametrize("name", PAGES)
def test_the_list_of_formats_links_each_page(name: str) -> None:
    """Else nobody finds it."""
    listed = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    points = (FOLDER / "points.md").read_text(encoding="utf-8")
    assert f"(formats/{name}.md)" in listed or f"({name}.md)" in points
