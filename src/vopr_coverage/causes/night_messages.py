"""The message of a crash among a simulator's last words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

SHORT_CHARACTERS_MAX = 80
_PANICKED = "panicked at "
_PLACE = re.compile(r"(\S+:[0-9]+(?::[0-9]+)?):?(?:\s+(.*))?")
_QUOTED_FIRST = re.compile(r"'(.*)', (\S+:[0-9]+(?::[0-9]+)?)")  # as Rust wrote it until 1.72
_PANIC_PREFIXES = ("panic: ", "fatal error: ")
_NOTE_PREFIXES = ("note:", "stack backtrace", "goroutine ")


class Panic(NamedTuple):
    """The message of a crash, and the place in the source that it names; "" if it names none."""

    message: str
    place: str = ""


def panic_in(words: Sequence[str]) -> Panic | None:
    """The panic or failed assertion among these lines; None if there is none."""
    for number, line in enumerate(words):
        _, panicked, rest = line.partition(_PANICKED)
        if panicked:
            after = words[number + 1] if number + 1 < len(words) else ""
            return _rust(rest.strip(), after)
        prefix = next((prefix for prefix in _PANIC_PREFIXES if line.startswith(prefix)), None)
        if prefix:
            return Panic(line.removeprefix(prefix))
        lowered = line.lower()
        if "assertion" in lowered and "fail" in lowered:
            return Panic(line)
    return None


def _rust(rest: str, next_line: str) -> Panic:
    """What follows `panicked at`: the place, and the message on the same line or the next, or first in quotes."""
    quoted = _QUOTED_FIRST.fullmatch(rest)
    if quoted:
        return Panic(quoted[1], quoted[2])
    placed = _PLACE.fullmatch(rest)
    if not placed:
        return Panic(rest)
    return Panic(placed[2] or next_line or rest, placed[1])


def last_line(words: Sequence[str]) -> str:
    """The last of these lines that is no note on a backtrace; "" without any."""
    said = [line for line in words if not line.startswith(_NOTE_PREFIXES)]
    return said[-1] if said else ""


def short(message: str) -> str:
    """A message for a title: up to its first colon if that leaves two words or more, and at most 80 characters."""
    first, colon, _ = message.partition(": ")
    said = first if colon and len(first.split()) > 1 else message
    return said if len(said) <= SHORT_CHARACTERS_MAX else f"{said[: SHORT_CHARACTERS_MAX - 1].rstrip()}…"
