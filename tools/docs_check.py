"""What must hold of the site that was built: no link leads nowhere, and nothing is loaded from another host.

The builder checks links from page to page, and no others: an image, a link in a table written as HTML, or a script of
the theme are looked at here, in the pages as a browser gets them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

# What a browser loads by itself when it shows a page. A link that a reader clicks may lead anywhere.
LOADED = (("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data"))
_IN_STYLE = re.compile(r"(?:url\(|@import )\s*['\"]?(https?:)?//")


def problems(site: Path) -> list[str]:
    """Every broken link and every foreign resource, one a line, by page."""
    found: list[str] = []
    for page in sorted(site.rglob("*.html")):
        name = page.relative_to(site).as_posix()
        found += [f"{name}: {what}" for what in (*foreign(page), *broken(page, site))]
    for sheet in sorted(site.rglob("*.css")):
        if _IN_STYLE.search(sheet.read_text(encoding="utf-8")):
            found.append(f"{sheet.relative_to(site).as_posix()}: loads from another host")
    return found


def foreign(page: Path) -> Iterator[str]:
    """What the page would load from another host."""
    tree = parsed(page)
    loaded = [(tag, node.attributes.get(name)) for tag, name in LOADED for node in tree.css(tag)]
    for node in tree.css("link"):
        if node.attributes.get("rel") not in ("canonical", "prev", "next"):
            loaded.append(("link", node.attributes.get("href")))
    for tag, address in loaded:
        if address and urlsplit(address).netloc:
            yield f"<{tag}> loads {address}"


def broken(page: Path, site: Path) -> Iterator[str]:
    """Links of the page that lead to no file of the site, or to no heading in it."""
    for node in parsed(page).css("a[href], img[src], link[href], script[src]"):
        address = node.attributes.get("href") or node.attributes.get("src") or ""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        if parts.path.startswith("/"):
            if page.name != "404.html":  # which a server shows at any depth
                yield f"{address} begins at the root of the host"
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.is_file():
            yield f"{address} leads to no file"
        elif parts.fragment and target.suffix == ".html" and unquote(parts.fragment) not in anchors(target):
            yield f"{address} leads to no heading"


@cache
def parsed(page: Path) -> LexborHTMLParser:
    """A page as a browser reads it."""
    return LexborHTMLParser(page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The ids of a page."""
    return frozenset(node.attributes["id"] or "" for node in parsed(page).css("[id]"))
