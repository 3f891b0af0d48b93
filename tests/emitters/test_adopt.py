"""docs/adopt.md works with the toy simulator of each language."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.followed import follow
from tests.support.markdown_blocks import ROOT
from tests.support.toys import LANGUAGES, Command


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_can_be_followed_in_each_language(language: str, toys: dict[str, Command], tmp_path: Path) -> None:
    """From ten lines to a canary."""
    follow((ROOT / "docs" / "adopt.md").read_text(encoding="utf-8"), tmp_path, toys[language])
