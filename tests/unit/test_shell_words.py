"""Commands to copy: a real shell reads back the words that they were made of."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.support.pages import HOSTILE
from vopr_coverage.model.shell_words import command_line, shell_word


def can_be_passed_on(text: str) -> bool:
    """Whether a program can get this text as an argument."""
    return "\0" not in text and text.encode("utf-8", "ignore").decode() == text


ODD = ["", "a b", "it's", '`id` $(id) \\ "x"', "a\nb", "tab\t\r\x1b[31m", "\x07'\\'", "é\u202e\u2028x", "\udcff7"]


@pytest.mark.parametrize("word", [*ODD, *filter(can_be_passed_on, HOSTILE)])
def test_bash_reads_back_what_was_quoted(word: str, tmp_path: Path) -> None:
    """Byte for byte, from one line without a character that is not printable."""
    command = command_line(["printf", "%s", word])
    assert command.isprintable()
    ended = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True)
    assert ended.stdout == os.fsencode(word)


def test_a_printable_word_is_quoted_for_every_shell() -> None:
    """`$'…'` stands only where nothing else would do."""
    assert shell_word("a`b'c") == shlex.quote("a`b'c")
    assert shell_word("a\tb'c\\") == r"$'a\tb\'c\\'"


def test_half_a_character_is_quoted_too() -> None:
    """JSON may have one, and no shell can pass it on; the command stays one that can be printed."""
    assert shell_word("\ud800") == r"$'\355\240\200'"
