"""Words of a command as a shell reads them back: on one line, and without a character that moves a cursor. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

_IN_DOLLAR_QUOTES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\\": r"\\", "'": r"\'"}


def shell_word(word: str) -> str:
    """A word, quoted if it has to be.

    One with control characters, or others that a page shows as escapes, becomes `$'…'`: bash, zsh, ksh and POSIX's sh
    of 2024 read its escapes, dash does not.
    """
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_in_dollar_quotes, word)) + "'"


def command_line(words: Iterable[str]) -> str:
    """A command of several words."""
    return " ".join(map(shell_word, words))


def _in_dollar_quotes(character: str) -> str:
    """A character between `$'` and `'`; one that is not printable as its bytes, each in octal digits."""
    if character in _IN_DOLLAR_QUOTES or character.isprintable():
        return _IN_DOLLAR_QUOTES.get(character, character)
    escaped = "\udc80" <= character <= "\udcff"  # a byte that was no UTF-8 where a file named the word
    data = character.encode("utf-8", "surrogateescape" if escaped else "surrogatepass")
    return "".join(f"\\{byte:03o}" for byte in data)
