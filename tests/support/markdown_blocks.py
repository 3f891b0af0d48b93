"""Code in a Markdown page, as GitHub's own parser finds it: blocks, also those in lists, and code within a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cmarkgfm
from cmarkgfm.cmark import Options
from selectolax.lexbor import LexborHTMLParser, LexborNode

ROOT = Path(__file__).parents[2]
_POSITION = re.compile(r"(\d+):\d+-(\d+):\d+")


class Block(NamedTuple):
    """A code block.

    Attributes:
        page: the page's path below the checkout.
        line: the number of its first line: of the fence, if it has one.
        language: the first word behind the fence; empty for an indented block and a fence without one.
        text: its lines, without the indentation of the list that it stands in.
        before: what the page says between the block before and this one, as Markdown.
    """

    page: str
    line: int
    language: str
    text: str
    before: str

    @property
    def where(self) -> str:
        """FILE:LINE, for messages."""
        return f"{self.page}:{self.line}"


class Inline(NamedTuple):
    """Code within a line: where its paragraph or cell begins, and the code with single spaces."""

    where: str
    text: str


def blocks_of(page: str, name: str = "") -> list[Block]:
    """The code blocks of a page, in order. `page` is its Markdown, `name` its path below the checkout."""
    lines, end = page.splitlines(), 0
    found: list[Block] = []
    for node in _body(page).css("pre"):
        first, last = _lines(node)
        before = "\n".join(lines[end : max(first - 1, end)])
        found.append(Block(name, first, node.attributes.get("lang") or "", node.text(), before))
        end = max(last, end)
    return found


def inline_of(page: str, name: str) -> list[Inline]:
    """The code within the lines of a page, in order."""
    codes = (node for node in _body(page).css("code") if node.parent and node.parent.tag != "pre")
    return [Inline(f"{name}:{_lines(_placed(node))[0]}", " ".join(node.text().split())) for node in codes]


@cache
def read_page(name: str) -> str:
    """The Markdown of a page, by its path below the checkout."""
    return (ROOT / name).read_text(encoding="utf-8")


@cache
def _body(page: str) -> LexborNode:
    html = cmarkgfm.github_flavored_markdown_to_html(page, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_SOURCEPOS)
    body = LexborHTMLParser(f"<body>{html}").body
    assert body is not None
    return body


def _lines(node: LexborNode) -> tuple[int, int]:
    """The first and the last line of an element; zeros for one that the page has as HTML, which nobody places."""
    position = _POSITION.fullmatch(node.attributes.get("data-sourcepos") or "")
    return (int(position[1]), int(position[2])) if position else (0, 0)


def _placed(node: LexborNode) -> LexborNode:
    """The nearest element around a node whose lines are known."""
    return next((around for around in _around(node) if "data-sourcepos" in around.attributes), node)


def _around(node: LexborNode | None) -> Iterator[LexborNode]:
    while node is not None:
        yield node
        node = node.parent
