"""The screenshots of the documentation show pages as they are now, are small, and are used with a description."""

from __future__ import annotations

import re

import pytest

from tools.screenshots import BYTES_MAX, IMAGES, PICTURES, ROOT, digest, stamp_of, stamped


@pytest.mark.parametrize("name", PICTURES)
def test_a_screenshot_shows_the_page_as_it_is_now(name: str) -> None:
    """If this fails, the page has changed: `make screenshots`, and look at the pictures."""
    png = (IMAGES / f"{name}.png").read_bytes()
    assert stamp_of(png) == digest(PICTURES[name].page())
    assert len(png) <= BYTES_MAX


def test_each_screenshot_is_used_once_or_more_and_described() -> None:
    """A reader who cannot see it reads what it shows."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    used = re.findall(r"!\[([^\]]*)\]\((?:\.\./)*images/([\w-]+)\.png\)", pages)
    assert {name for _, name in used} == set(PICTURES) == {path.stem for path in IMAGES.glob("*.png")}
    assert all(len(description) >= 40 for description, _ in used)


def test_a_stamp_replaces_an_older_one() -> None:
    """And a picture of nothing else is refused."""
    png = (IMAGES / "night.png").read_bytes()
    assert stamp_of(stamped(stamped(png, "one"), "two")) == "two"
    assert stamped(png, stamp_of(png) or "") == png
    with pytest.raises(ValueError, match="expected a PNG file"):
        stamp_of(b"GIF89a")
