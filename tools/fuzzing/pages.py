"""Pages made of a verdict: whatever its texts are, a page does nothing but show them."""

from __future__ import annotations

import re

from tests.support.pages import LIVE, page_of
from tools.fuzzing.door import Finding
from vopr_coverage.errors import OLD_COMMAND
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.nightly.verdict import NightVerdict
from vopr_coverage.render.annotations import render_annotations
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.night import render_night_markdown, render_night_text

# What our own templates are made of; links are ours where they lead to our documentation or to GitHub's own pages.
ELEMENTS = frozenset(
    [
        "h1",
        "h2",
        "h3",
        "h4",
        "p",
        "ul",
        "ol",
        "li",
        "code",
        "strong",
        "em",
        "details",
        "summary",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "br",
        "pre",
        "a",
        "blockquote",
        "hr",
        "sub",
    ]
)
OUR_LINK = re.compile(
    r"https://github\.com/org/vopr-coverage-action[\w./#-]*|https?://github\.(?:com|example)/[\w./#?=-]*|#[\w-]*"
)


def hold_pages(verdict: Verdict) -> None:
    """The page, the terminal's text and the annotations of a verdict."""
    hold_text(render_check_text(verdict))
    hold_markdown(render_check_markdown(verdict))
    for line in render_annotations(verdict, fail=True):
        if "\n" in line or not line.startswith("::"):
            raise Finding("an annotation that is no single command", repr(line[:300]))


def hold_night(night: NightVerdict) -> None:
    """The page and the text of a night."""
    hold_text(render_night_text(night))
    hold_markdown(render_night_markdown(night))


def hold_text(text: str) -> None:
    """Lines of printable text, in which a runner finds no command."""
    for line in text.split("\n"):
        if not line.isprintable() or OLD_COMMAND in line:
            raise Finding("a terminal's text with characters that act", repr(line[:300]))


def hold_markdown(markdown: str) -> None:
    """No element, link or mention that a text of a file could have brought."""
    page = page_of.__wrapped__(markdown)
    for _, tag, attributes in page.elements:
        if tag not in ELEMENTS or any(name == "href" and not OUR_LINK.fullmatch(value) for name, value in attributes):
            raise Finding("a page with an element that is not ours", repr((tag, attributes))[:300])
    if live := LIVE.search(page.prose):
        raise Finding("a page with text that acts", repr(page.prose[max(0, live.start() - 80) : live.end() + 80]))
