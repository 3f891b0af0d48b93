"""The errors that users can fix, how they are printed, and the exit codes.

    UserError                 nothing was judged, and the user can fix the cause
    ├── UsageError            flags, inputs or the combination of files
    ├── FileError             a file that cannot be read or written, whatever it contains
    ├── ConfigError           the config file
    └── ReportError           a report that cannot be read

Everything that reaches a terminal from a file passes `printable` or `shown` first:
names and messages come from programs that we do not trust.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from enum import IntEnum

SHOWN_CHARACTERS_MAX = 40
PROBLEMS_SHOWN_MAX = 10
# What GitHub's runner takes for a command: the one form anywhere in a line, the other where a line begins with it.
OLD_COMMAND, OLD_COMMAND_BROKEN = "##[", r"#\x23["
_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


class ExitCode(IntEnum):
    """How the program ends; the numbers are a contract with every workflow that calls it."""

    PASSED = 0
    GATE_FAILED = 1
    UNUSABLE = 2
    OUR_BUG = 3


class UserError(Exception):
    """Unusable reports, config or flags: nothing was judged."""


class UsageError(UserError):
    """Flags or inputs that are unknown, contradictory or ask for nothing."""


class FileError(UserError):
    """A file that cannot be read or written: its name, what was expected and what was found."""

    def __init__(self, name: str, expected: str, found: str) -> None:
        self.name, self.found = name, found
        self.complaint = f"expected {expected}, found {found}"
        super().__init__(f"{printable(name)}: {self.complaint}")


class ConfigError(UserError):
    """An unusable config file. Each line names the file, the place and what was expected."""


class ReportError(UserError):
    """A report that cannot be read.

    `at` is the place inside `source`: `:LINE`, `#/JSON/POINTER`, both, or "" for the whole file.
    """

    def __init__(self, source: str, at: str, *, expected: str, found: object) -> None:
        self.source, self.at, self.expected, self.found = source, at, expected, found
        super().__init__(f"{printable(source)}{printable(at)}: expected {expected}, found {shown(found)}")


class ManyErrors(UserError):
    """Several errors at once, in the order of the files; the first ten are printed."""

    def __init__(self, errors: Sequence[UserError]) -> None:
        lines = [str(error) for error in errors[:PROBLEMS_SHOWN_MAX]]
        more = len(errors) - PROBLEMS_SHOWN_MAX
        if more > 0:
            lines.append("… and 1 more problem" if more == 1 else f"… and {more} more problems")
        super().__init__("\n".join(lines))


def as_one(errors: Sequence[UserError]) -> UserError:
    """One or several errors as one."""
    return errors[0] if len(errors) == 1 else ManyErrors(errors)


class Words(str):
    """Text of ours in place of a value that was found: `shown` prints it without quotes."""


def printable(text: str) -> str:
    """Text for a terminal or a log, on one line: `visible`, and with no command of a runner in the middle of it.

    GitHub's runner looks for `##[error]` anywhere in a line; for `::error::` see `without_commands`.
    """
    return visible(text).replace(OLD_COMMAND, OLD_COMMAND_BROKEN)


def without_commands(text: str) -> str:
    """Lines that are about to be printed: where GitHub's runner would find a command in one of them, it is escaped."""
    return _COMMAND.sub(r"\1\\x3a", text).replace(OLD_COMMAND, OLD_COMMAND_BROKEN)


def document_without_commands(text: str) -> str:
    """The same for a document whose strings are quoted as in JSON: it holds the same values, and no line of it begins
    with a string of its own."""
    return text.replace(OLD_COMMAND, "#\\u0023[")


def visible(text: str) -> str:
    """Escape every character that could move a cursor, end a line or reverse the reading direction."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode("ascii") for c in text)


def encodable(text: str) -> str:
    """A foreign name as valid UTF-8: bytes that are not UTF-8 become visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def shown(found: object) -> str:
    """A value that was found, for an error message: escaped, at most 40 characters."""
    if isinstance(found, Words):
        return str.__str__(found)
    if isinstance(found, str):
        cut = printable(found[: SHOWN_CHARACTERS_MAX + 1])
        return f"'{cut}'" if len(cut) <= SHOWN_CHARACTERS_MAX else f"'{cut[: SHOWN_CHARACTERS_MAX - 1]}…'"
    if found is None or isinstance(found, bool):
        return {None: "null", True: "true", False: "false"}[found]
    if isinstance(found, dict):
        return "an object with 1 key" if len(found) == 1 else f"an object with {len(found)} keys"
    if isinstance(found, list | tuple):
        return f"an array of {len(found)}"
    if isinstance(found, int) and found.bit_length() > 128:
        return f"an integer of {found.bit_length()} bits"
    return printable(str(found))[:SHOWN_CHARACTERS_MAX]


def nearest(word: str, known: Iterable[str]) -> str:
    """The tail of an "unknown name" message: the closest known name, or all of them if few."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word.lower(), [name.lower() for name in names], n=1, cutoff=0.6)
    if close:
        return f"did you mean {shown(next(name for name in names if name.lower() == close[0]))}?"
    if len(names) <= PROBLEMS_SHOWN_MAX:
        return f"known: {', '.join(printable(name) for name in names) or 'none'}"
    return f"{len(names)} names are known"
