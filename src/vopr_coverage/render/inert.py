"""Text from reports, made inert for Markdown: it makes no link, mention, image or element."""

from __future__ import annotations

import re
import string
from functools import lru_cache

from markupsafe import Markup

from vopr_coverage.errors import OLD_COMMAND, shown, visible
from vopr_coverage.model.figures import in_digits

CHARACTERS_MAX = 300
SENTENCE_CHARACTERS_MAX = 600  # of a detail, which may end with the last lines of a simulator
KEY_CHARACTERS_MAX = 40  # of what should have been a word of ours
TOO_LONG = "# too long for this page: the verdict file has it"
FENCE_MAX = 40  # of a longer one, GitHub's renderer counts only the first 255
UNCUT = 1 << 20  # more than any tier lets through

# Inside <code> GitHub links nothing; as entities not even a punctuation mark can end the code.
# Only a mail address would still be linked: cmark-gfm looks for them in decoded text. A comment before @ prevents it.
_ENTITIES = {ord(mark): f"&#{ord(mark)};" for mark in string.punctuation} | {ord("@"): "<!-- -->&#64;"}


def inert(value: object, most: int = CHARACTERS_MAX) -> Markup:
    """A value as Markdown that shows it and has no other effect.

    Markup of ours and numbers pass as they are; None is empty; any other value becomes
    escaped text in `<code>`, cut at `most` characters.
    """
    if isinstance(value, Markup):
        return value
    if value is None or value == "":
        return Markup()
    if isinstance(value, float):
        return Markup(in_digits(value))  # noqa: S704 (digits)
    if isinstance(value, int) and abs(value) < 1 << 128:  # Python won't print the largest integers
        return Markup(f"{value:,}")  # noqa: S704 (digits)
    text = value if isinstance(value, str) else shown(value)
    return (_code_again if most <= SENTENCE_CHARACTERS_MAX else _code)(text[: most + 1], most)


def _code(text: str, most: int) -> Markup:
    return Markup(f"<code>{entities(text, most)}</code>")  # noqa: S704 (escaped)


_code_again = lru_cache(maxsize=1_024)(_code)  # the same names stand in many rows, and in each draft of a page


def entities(text: str, most: int) -> str:
    """Text with every ASCII punctuation mark as an entity and nothing unprintable, cut at `most`."""
    escaped = visible(text[: most + 1])
    if len(escaped) > most:
        escaped = escaped[: most - 1] + "…"
    return escaped.translate(_ENTITIES)


def inert_block(text: str, most: int | None = None) -> Markup:
    """Lines to copy, as a block of their own. A command isn't cut: half of one is worse than none."""
    lines = (text if most is None else text[:most]).split("\n")
    escaped = "\n".join(entities(line, len(line) * 10) for line in lines)
    return Markup(f"<pre><code>{escaped}</code></pre>")  # noqa: S704 (escaped)


# What begins no row, tag, comment or workflow command, even for a reader who does not see the fence.
_FENCED = re.compile(r"(?!\s*(?:::|\|))(?:[^<]|<(?![A-Za-z/!?]))*")
_BACKTICKS = re.compile(r"`+")


def copyable(text: str, most: int = UNCUT) -> Markup:
    """A command to copy, in a fence, since GitHub puts its button for copying there; an odd one as `inert_block`.

    The fence is longer than every run of backticks in it, so that nothing ends it. The command is not cut: in place of
    one above `most` characters stands where it is.
    """
    text = text if len(text) <= most else TOO_LONG
    lines = [visible(line) for line in text.split("\n")]
    fence = "`" * (1 + max([2, *(len(run) for line in lines for run in _BACKTICKS.findall(line))]))
    if len(fence) > FENCE_MAX or not all(_FENCED.fullmatch(line) and OLD_COMMAND not in line for line in lines):
        return inert_block(text)
    return Markup("\n".join([fence, *lines, fence]))  # noqa: S704 (nothing acts in a fence, nothing ends it)
