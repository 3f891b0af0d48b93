"""Pages are followed by a reader with a checkout: every command ends as the page says, and prints what it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.sessions import SESSIONS, followed
from tests.support.followed import follow
from tests.support.markdown_blocks import ROOT


@pytest.mark.parametrize("page", SESSIONS)
def test_a_page_can_be_followed_in_a_checkout(page: str, tmp_path: Path) -> None:
    """What the page leaves to the reader is in the table of sessions."""
    for path in ROOT.iterdir():
        if not path.name.startswith(".") and path.name != "build":
            (tmp_path / path.name).symlink_to(path)
    (tmp_path / "build").mkdir()
    assert follow(followed(page), tmp_path, reader=SESSIONS[page])
