"""Text from reports, made inert for Markdown: no link, mention, image or element comes of it."""

from __future__ import annotations

import string

from markupsafe import Markup

from vopr_coverage.errors import printable

CHARACTERS_MAX = 300

# Inside <code> GitHub links nothing; as entities not even a punctuation mark can end the code.
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in string.punctuation}


def inert(value: object) -> Markup:
    """A value as Markdown that says it and does nothing else.

    Markup of ours and numbers pass as they are; None is empty; any other value becomes
    escaped text in `<code>`, cut at 300 characters.
    """
    if isinstance(value, Markup):
        return value
    if value is None or value == "":
        return Markup()
    if isinstance(value, int | float):
        return Markup(f"{value:,}")  # noqa: S704 (digits)
    return Markup(f"<code>{entities(str(value), CHARACTERS_MAX)}</code>")  # noqa: S704 (escaped)


def entities(text: str, most: int) -> str:
    """Text with every ASCII punctuation mark as an entity and nothing unprintable, cut at `most`."""
    escaped = printable(text[: most + 1])
    if len(escaped) > most:
        escaped = escaped[: most - 1] + "…"
    return escaped.translate(_ENTITIES)


def inert_block(command: str) -> Markup:
    """A command to copy, as a block of its own. Never cut: half a command is worse than none."""
    return Markup(f"<pre><code>{entities(command, len(command) * 10)}</code></pre>")  # noqa: S704 (escaped)
