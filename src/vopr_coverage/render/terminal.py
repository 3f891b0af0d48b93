"""How a text is shown where people read it: wrapped at words, with colours of ours. Pure.

A text comes from its renderer with all that is foreign escaped. Here only colours of ours are added to it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.render.marks import FAILED, PASSED

WIDTH_UNKNOWN, WIDTH_LOG = 80, 100
WIDTH_MIN = 40
BOLD, RED, GREEN, CYAN, PLAIN = "1", "1;31", "1;32", "36", ""
_OF_MARK = {PASSED: GREEN, FAILED: RED}


class Terminal(msgspec.Struct, frozen=True):
    """What a text is written to; without a terminal, the log of a job.

    Attributes:
        width: columns of a line; commands to copy, and lines that others may read, are never wrapped.
        colours: whether to colour marks, headings and commands.
        screen: whether people read it there, so that the verdict may take several rows; elsewhere it is one line.
    """

    width: int = WIDTH_LOG
    colours: bool = False
    screen: bool = False


UNWRAPPED = Terminal(1 << 20)


def terminal_of(columns: int, *, colours: bool, screen: bool = False) -> Terminal:
    """A terminal of so many columns; in fewer than WIDTH_MIN, lines continue in the next row."""
    return Terminal(max(WIDTH_MIN, columns), colours, screen)


def on_terminal(text: str, terminal: Terminal, commands: Collection[str] = (), exact: Collection[str] = ()) -> str:
    """A text as this terminal shows it. A line that begins with a mark is a verdict: only on a screen, it is wrapped.

    Args:
        commands: lines to copy: they stay on one line, whatever stands around them on it.
        exact: other lines that are not wrapped.
    """
    shown: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        content = line.strip()
        if content and any(f"{content} ".startswith(f"{command} ") for command in commands):
            shown.append(_painted(line, CYAN, terminal))
            continue
        mark = _OF_MARK.get(line[:1])
        is_heading = _is_numbered(line) or (line.endswith(":") and not line.startswith(" "))
        code = mark or (BOLD if is_heading else PLAIN)
        is_whole = (mark and not terminal.screen) or content in exact
        lines = [line] if is_whole else wrapped(line, terminal.width)
        shown += [_painted(part, code, terminal) for part in lines]
    return "\n".join(shown) + "\n"


def _painted(line: str, code: str, terminal: Terminal) -> str:
    """A line in a colour of ours, and in none of its own."""
    line = printable(line)
    return f"\x1b[{code}m{line}\x1b[0m" if terminal.colours and code and line else line


def wrapped(line: str, width: int, lines_max: int | None = None) -> list[str]:
    """A line in lines of at most `width` columns, broken between words; the later ones begin below its first word.

    A word that is longer than a line stays whole.

    Args:
        lines_max: at most so many; then the last of them ends with an ellipsis.
    """
    indent = " " * (len(line) - len(line.lstrip(" ")))
    is_marked = line[:1] in _OF_MARK or _is_numbered(line)
    hanging = indent + " " * (2 if line.lstrip(" ").startswith("- ") else 3 if is_marked else 0)
    lines, begun = [], indent
    for word in line.split(" "):
        if begun.strip() and columns(begun) + columns(word) >= width:
            lines.append(begun.rstrip())
            begun = hanging
        begun += f"{' ' if begun.strip() else ''}{word}"
    lines.append(begun.rstrip())
    if lines_max is not None and len(lines) > lines_max:
        last = lines[lines_max - 1]
        while columns(last) + 2 > width and " " in last.strip():
            last = last.rpartition(" ")[0]
        lines[lines_max - 1 :] = [f"{last} …"]
    return lines


def _is_numbered(line: str) -> bool:
    return line[:1].isdigit() and line[1:3] == ". "


def columns(text: str) -> int:
    """How many columns a text takes on a terminal: some characters take two."""
    return len(text) if text.isascii() else sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def rows(lines: Collection[str], width: int) -> int:
    """How many rows these lines take where a longer one continues in the next row."""
    return sum(max(1, -(-columns(line) // width)) for line in lines)
