"""Links of ours on a page: to a file at a commit, and to an address of the run. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote

from markupsafe import Markup, escape

from vopr_coverage.render.inert import inert
from vopr_coverage.render.wording import figure

URL = re.compile(r"https?://[^\s\"<>\\]+")
_LINE_OF_A_FILE = re.compile(r"([^\\:]+\.(?:ya?ml|json)):([0-9]{1,6})")


def link(url: str, text: str | Markup) -> Markup:
    """A link in HTML: in Markdown, the characters of a bare address decide where it ends."""
    assert URL.fullmatch(url), "a link is an address of ours"
    return Markup(f'<a href="{escape(url)}">{escape(text)}</a>')  # noqa: S704 (escaped)


def origin_link(origin: str, place: str) -> Markup:
    """Who set a bound; a line of a config as a link to it, where `place` is the address of its repository's files.

    A path that leads out of the repository is no link.
    """
    found = _LINE_OF_A_FILE.fullmatch(origin)
    if not place or not found or any(part in ("", ".", "..") for part in found[1].split("/")):
        return figure(origin)
    return link(f"{place}/{quote(found[1], errors='replace')}#L{found[2]}", inert(origin))
