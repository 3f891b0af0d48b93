"""The pages of the documentation as the site needs them: links between pages, links to the repository, and alerts.

In the repository a page is read on GitHub. There, a link may lead to any file, and a note is written `> [!NOTE]`. In
the site a link leads to another page, or to the file on GitHub, and a note is an admonition. Nothing else is changed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPOSITORY = "https://github.com/org/vopr-coverage-action"
HOME = "docs/README.md"
# Pages beside docs/, and their names in the site.
BESIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "CHANGELOG.md": "changelog.md",
}
ALERTS = {"NOTE": "note", "TIP": "tip", "IMPORTANT": "info", "WARNING": "warning", "CAUTION": "danger"}

_LINK = re.compile(r"(?P<before>\]\(|^\[[^\]]+\]: +)(?P<target>[^)#\s]*)(?P<anchor>#[^)\s]+)?", re.MULTILINE)
_CODE = re.compile(r"(?P<fence>^ *(```+|~~~+)[^\n]*\n.*?^ *\2 *$)|(?P<span>(`+)(?!`).*?(?<!`)\4(?!`))", re.M | re.S)
_ALERT = re.compile(r"^> \[!(?P<kind>[A-Z]+)\]\n(?P<body>(?:>[^\n]*\n?)+)", re.MULTILINE)


class BrokenLink(Exception):
    """A link in a page that leads to no file of the repository."""


def pages(root: Path = ROOT) -> dict[str, str]:
    """Every page by its path in the repository, with its path in the site."""
    inside = sorted(path.relative_to(root).as_posix() for path in (root / "docs").rglob("*.md"))
    names = {page: page.removeprefix("docs/") for page in inside}
    return names | {HOME: "index.md"} | {page: name for page, name in BESIDE.items() if (root / page).exists()}


def images(root: Path = ROOT) -> list[str]:
    """The pictures of the pages, by their paths in the repository."""
    return sorted(path.relative_to(root).as_posix() for path in (root / "docs" / "images").iterdir())


def converted(text: str, page: str, root: Path = ROOT) -> str:
    """The text of a page for the site.

    Args:
        text: the Markdown of the page.
        page: its path in the repository.

    Raises:
        BrokenLink: a link leads to no file.
    """
    names = pages(root)
    return "".join(
        piece if is_code else with_admonitions(_LINK.sub(lambda link: led(link, page, names, root), piece))
        for is_code, piece in pieces(text)
    )


def pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The text in its order: prose, and code in which nothing is a link."""
    end = 0
    for code in _CODE.finditer(text):
        yield False, text[end : code.start()]
        yield True, code[0]
        end = code.end()
    yield False, text[end:]


def led(link: re.Match[str], page: str, names: dict[str, str], root: Path) -> str:
    """A link as the site needs it: to a page of the site, or to the file on GitHub."""
    target, anchor = link["target"], link["anchor"] or ""
    if not target or ":" in target:
        return link[0]
    path = os.path.normpath(os.path.join(os.path.dirname(page), target))
    if path.startswith("..") or not (root / path).exists():
        raise BrokenLink(f"{page}: {target} leads to no file")
    if path in names or path.startswith("docs/images/"):
        here = os.path.dirname(names[page])
        there = names.get(path, path.removeprefix("docs/"))
        return f"{link['before']}{os.path.relpath(there, here or '.')}{anchor}"
    kind = "tree" if (root / path).is_dir() else "blob"
    return f"{link['before']}{REPOSITORY}/{kind}/main/{path}{anchor}"


def with_admonitions(prose: str) -> str:
    """GitHub's alerts as admonitions."""
    return _ALERT.sub(lambda alert: admonition(alert["kind"], alert["body"]), prose)


def admonition(kind: str, body: str) -> str:
    """One alert as an admonition.

    Raises:
        KeyError: GitHub has no such alert.
    """
    lines = (line.removeprefix(">").removeprefix(" ") for line in body.splitlines())
    return "\n".join([f"!!! {ALERTS[kind]}", "", *(f"    {line}".rstrip() for line in lines)]) + "\n"
