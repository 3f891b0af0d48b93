"""The last lines that a program wrote before it ended, for manifests, messages and pages: escaped and bounded. Pure."""

from __future__ import annotations

import re

from vopr_coverage.errors import printable

TAIL_BYTES = 1 << 16  # of what was written; earlier lines are never shown
CUT = "…"
# Colours and cursor movements of a terminal: they would be most of a line once they are escaped.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def last_words(data: bytes, *, lines_max: int = 5, characters_max: int = 400) -> tuple[str, ...]:
    """The last lines of a program's output that are not blank, the newest last.

    Args:
        data: its output, or the end of it; it may begin in the middle of a character.
        lines_max: at most so many lines.
        characters_max: at most so many characters in all lines together. The newest lines have precedence, and a line
            that is too long loses its end.
    """
    lines = re.split(r"[\r\n]+", data[-TAIL_BYTES:].decode("utf-8", "backslashreplace"))
    if len(data) > TAIL_BYTES and len(lines) > 1:
        del lines[0]  # its beginning is missing
    words: list[str] = []
    left = characters_max
    for line in reversed(lines):
        word = printable(_CONTROL_SEQUENCE.sub("", line).replace("\t", " ")).strip()
        if not word:
            continue
        if len(words) == lines_max or not left:
            break
        if len(word) > left:
            words.append(word[: left - len(CUT)] + CUT)
            break
        words.append(word)
        left -= len(word)
    return tuple(reversed(words))
