"""What a simulator died of, in the words of a title. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vopr_coverage.model.crash import PANIC, Crash

SHORT_CHARACTERS_MAX = 80
_PLACED = re.compile(r"\S+:[0-9]+(?::[0-9]+)?:?\s+(.+)")  # as Rust writes it: src/log.rs:551:17: the message
_QUOTED_FIRST = re.compile(r"'(.*)', \S+:[0-9]+(?::[0-9]+)?")  # as it did until 1.72
_PREFIX = re.compile(r"(?:panic|fatal error|thread \d+ panic): ")


def has_panic(words: Sequence[str]) -> bool:
    """Whether one of these lines says why a program gave up."""
    return any(PANIC.search(line) for line in words)


def crash_message(words: Sequence[str]) -> str:
    """The message of the panic among a simulator's last words, without its thread and place; else the last line."""
    said = Crash(last_words=tuple(words)).message
    _, panicked, rest = said.partition("panicked at ")
    if panicked:
        found = _QUOTED_FIRST.fullmatch(rest) or _PLACED.fullmatch(rest)
        return found[1] if found else rest
    prefix = _PREFIX.match(said)
    return said[prefix.end() :] if prefix else said


def short(message: str) -> str:
    """A message for a title: up to its first colon if that leaves two words or more, and at most 80 characters."""
    first, colon, _ = message.partition(": ")
    said = first if colon and len(first.split()) > 1 else message
    return said if len(said) <= SHORT_CHARACTERS_MAX else f"{said[: SHORT_CHARACTERS_MAX - 1].rstrip()}…"
