"""What a reader sees of a page at first: the text outside of folded parts, as a browser shows it."""

from __future__ import annotations

import re

import cmarkgfm
from cmarkgfm.cmark import Options
from selectolax.lexbor import LexborHTMLParser, LexborNode


def visible_text(markdown: str) -> str:
    """The visible text, white space as one space; of a folded part the line that unfolds it.

    A Mermaid chart has none: GitHub draws it.
    """
    html = cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)
    body = LexborHTMLParser(f"<body>{html}").body
    assert body is not None
    texts: list[str] = []
    _read(body, texts)
    return re.sub(r"\s+", " ", "".join(texts)).strip()


def _read(node: LexborNode, texts: list[str]) -> None:
    for child in node.iter(include_text=True):
        if child.is_text_node:
            texts.append(child.text_content or "")
        elif child.is_comment_node or _is_drawn(child) or (node.tag == "details" and child.tag != "summary"):
            continue
        else:
            _read(child, texts)
            texts.append("" if child.tag in ("code", "a", "strong") else " ")


def _is_drawn(node: LexborNode) -> bool:
    return node.tag == "pre" and node.attributes.get("lang") == "mermaid"
