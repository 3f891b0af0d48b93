"""The last lines that a program wrote before it ended, for manifests, messages and pages: escaped and bounded. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from vopr_coverage.errors import visible
from vopr_coverage.model.crash import PANIC

TAIL_BYTES = 1 << 16  # of what was written; earlier lines are never shown
CUT = "…"
# Colours and cursor movements of a terminal: they would be most of a line once they are escaped.
_CONTROL_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


def last_words(data: bytes, *, lines_max: int = 5, characters_max: int = 400) -> tuple[str, ...]:
    """The last lines of a program's output that are not blank, the newest last.

    If it panicked, they are the lines from the last panic on, without the end of the backtrace that follows.

    Args:
        data: its output, or the end of it; it may begin in the middle of a character.
        lines_max: at most so many lines.
        characters_max: at most so many characters in all lines together. The newest lines have precedence, and a line
            that is too long loses its end.
    """
    lines = re.split(r"[\r\n]+", data[-TAIL_BYTES:].decode("utf-8", "backslashreplace"))
    if len(data) > TAIL_BYTES and len(lines) > 1:
        del lines[0]  # its beginning is missing
    cleaned = (visible(_CONTROL_SEQUENCE.sub("", line).replace("\t", " ")).strip() for line in lines)
    written = [line for line in cleaned if line]
    panic = next((at for at in reversed(range(len(written))) if PANIC.search(written[at])), None)
    if panic is not None:
        return tuple(_within(written[panic : panic + lines_max], characters_max))
    return tuple(reversed(list(_within(written[: -lines_max - 1 : -1], characters_max))))


def _within(lines: Iterable[str], characters_max: int) -> Iterator[str]:
    """The first lines, of so many characters together; the last of them may lose its end."""
    left = characters_max
    for line in lines:
        if len(line) > left:
            if left:
                yield line[: left - len(CUT)] + CUT
            return
        yield line
        left -= len(line)
