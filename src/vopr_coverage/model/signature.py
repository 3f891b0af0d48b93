"""The signature of a message: what stays the same when the same thing happens at another seed, or on another machine.

Pure.
"""

from __future__ import annotations

import re

TEXT_CHARACTERS_MAX = 4_000  # of a text that is read
SIGNATURE_CHARACTERS_MAX = 300

_DELIMITERS = r"\s'\"`(),;:=\[\]{}<>|"
_FOLDERS = re.compile(rf"(?<![^{_DELIMITERS}])[^{_DELIMITERS}]*[/\\]")  # of a path, up to its last name
_HEXADECIMAL = re.compile(r"\b0[xX][0-9a-fA-F]+|\b(?=[a-fA-F]*[0-9])[0-9a-fA-F]{6,}\b")
_NUMBER = re.compile(r"[0-9]+")
_NUMBERS = re.compile(r"[-+]?#(?:[\s.,:;+-]*#)*")  # a list of them, a decimal, a date, a line and a column


def signature_of(text: str) -> str:
    """What identifies a message, a panic or the last words of a simulator, whatever its figures are.

    Numbers, hexadecimal digits and lists of them become `#`, so seeds, times, addresses and line numbers make no
    difference. A path becomes its last name, so the machine that built a program makes none either. Texts with the
    same signature are taken for the same message; "" is the signature of a text without a word.
    """
    words = _FOLDERS.sub("", text[:TEXT_CHARACTERS_MAX])
    words = _NUMBERS.sub("#", _NUMBER.sub("#", _HEXADECIMAL.sub("#", words)))
    return " ".join(words.split())[:SIGNATURE_CHARACTERS_MAX]
