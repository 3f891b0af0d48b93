"""The last lines that a program wrote before it ended, for messages: escaped and bounded. Pure."""

from __future__ import annotations

from vopr_coverage.errors import printable

TAIL_BYTES = 1 << 16  # of what was written; earlier lines are never shown
CUT = "…"


def last_words(data: bytes, *, lines_max: int = 5, characters_max: int = 400) -> tuple[str, ...]:
    """The last lines of a program's output that are not blank, the newest last.

    Args:
        data: its output, or the end of it.
        lines_max: at most so many lines.
        characters_max: at most so many characters in all lines together. The newest lines have precedence, and a line
            that is too long loses its end.
    """
    tail = data[-TAIL_BYTES:]
    lines = tail.decode("utf-8", "replace").splitlines()
    if len(data) > len(tail) and len(lines) > 1:
        del lines[0]  # its beginning is missing
    words: list[str] = []
    left = characters_max
    for line in reversed([line for line in lines if line.strip()][-lines_max:]):
        word = printable(line[: characters_max + 1].rstrip())
        if len(word) > left:
            if left > len(CUT):
                words.append(word[: left - len(CUT)] + CUT)
            break
        words.append(word)
        left -= len(word)
    return tuple(reversed(words))
