"""The site of the documentation: links are led, alerts become admonitions, and what is wrong in a page is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.docs_check import problems
from tools.docs_pages import REPOSITORY, ROOT, BrokenLink, converted, pages


def test_every_page_can_be_converted() -> None:
    """Each link of each page leads to a file of the repository."""
    for page in pages():
        converted((ROOT / page).read_text(encoding="utf-8"), page)


@pytest.mark.parametrize(
    ("written", "led"),
    [
        ("[a](README.md#words)", "[a](index.md#words)"),
        ("[a](../README.md)", f"[a]({REPOSITORY}/blob/main/README.md)"),
        ("[a](../SECURITY.md)", "[a](security-policy.md)"),
        ("[a](../examples/)", f"[a]({REPOSITORY}/tree/main/examples)"),
        ("`[a](nowhere.md)`", "`[a](nowhere.md)`"),
        ("> [!NOTE]\n> One.\n", "!!! note\n\n    One.\n"),
    ],
)
def test_a_link_is_led_and_an_alert_is_an_admonition(written: str, led: str) -> None:
    """What stands in code stays as it is."""
    assert converted(written, "docs/adopt.md") == led


def leaves(entries: Iterable[dict[str, Any]]) -> Iterator[str]:
    """The pages of a navigation, in its order."""
    for entry in entries:
        for target in entry.values():
            if isinstance(target, str):
                yield target
            else:
                yield from leaves(target)


def test_each_page_stands_in_the_navigation_once() -> None:
    """A page that is not there is found by search alone."""
    written = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("\nnav:", 1)[1].split("\ntheme:", 1)[0]
    listed = list(leaves(yaml.safe_load(f"nav:{written}")["nav"]))
    assert sorted(listed) == sorted(pages().values())
    assert listed[0] == "index.md"


def test_the_home_has_the_first_commands_of_the_readme_in_view() -> None:
    """Word for word, before any table."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme[readme.index("```console") : readme.index("```\n", readme.index("```console") + 3)]
    assert first in (ROOT / "docs" / "README.md").read_text(encoding="utf-8").split("\n|", 1)[0]


def test_a_link_to_no_file_is_an_error() -> None:
    """With the page and the target."""
    with pytest.raises(BrokenLink, match=r"docs/adopt\.md: nowhere\.md leads to no file"):
        converted("[a](nowhere.md)", "docs/adopt.md")


def test_what_is_wrong_in_a_page_is_found(tmp_path: Path) -> None:
    """Links to nothing, and resources of other hosts; links that a reader clicks may lead anywhere."""
    (tmp_path / "a.html").write_text(
        '<h1 id="x"></h1><a href="#x"></a><a href="#y"></a><a href="b.html"></a><a href="/c"></a>'
        '<a href="https://example.com"></a><script src="https://example.com/s.js"></script>'
    )
    assert problems(tmp_path) == [
        "a.html: <script> loads https://example.com/s.js",
        "a.html: #y leads to no heading",
        "a.html: b.html leads to no file",
        "a.html: /c begins at the root of the host",
    ]
