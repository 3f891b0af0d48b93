"""The last lines that a simulator wrote to stderr, short enough for a manifest and a page. Pure."""

from __future__ import annotations

import re

from vopr_coverage.errors import printable

# Colours and cursor movements of a terminal: they would be most of a line once they are escaped.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def last_words(data: bytes, *, lines_max: int = 5, characters_max: int = 400) -> tuple[str, ...]:
    """The last lines of this output that are not blank, in order, as printable text.

    Args:
        data: the end of the output; it may begin in the middle of a character.
        lines_max: how many lines at most.
        characters_max: how many characters at most, all lines together. The beginning of the first line that does
            not fit is kept, and ends with "…".
    """
    lines: list[str] = []
    left = characters_max
    for raw in reversed(re.split(r"[\r\n]+", data.decode("utf-8", "backslashreplace"))):
        line = printable(_CONTROL_SEQUENCE.sub("", raw).replace("\t", " ")).strip()
        if not line:
            continue
        if len(line) > left:
            lines.append(line[: left - 1] + "…")
            break
        lines.append(line)
        left -= len(line)
        if len(lines) == lines_max or not left:
            break
    return tuple(reversed(lines))
