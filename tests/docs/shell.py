"""Reads shell commands without running them: which programs they start, and with which words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from tests.support.followed import commands_in
from tests.support.markdown_blocks import Block

_BREAKS = re.compile(r"[;&|()\n]+")
_BEFORE = ("!", "if", "then", "else", "do", "while", "until", "time", "exec", "env", "nice", "sudo")
_ASSIGNMENT = re.compile(r"\w+=.*", re.DOTALL)


def script_of(block: Block) -> str:
    """A block's commands, without prompts and output, as a script."""
    if block.language != "console":
        return block.text
    return "".join(f"{shown.command}\n" for shown in commands_in(block.text))


def commands_of(script: str) -> Iterator[list[str]]:
    """The simple commands of a script: the program as it is typed, and its words, without redirections."""
    words: list[str] = []
    # A comment takes the end of its line with it; the second one still separates two commands.
    for word in (*_words(script.replace("\\\n", " ").replace("\n", "\n\n")), ";"):
        if _BREAKS.fullmatch(word):
            if words := _program_first(words):
                yield words
            words = []
        else:
            words.append(word)


def programs_in(block: Block) -> list[str]:
    """The names of the programs that a block starts; a path stands for its last part."""
    return [words[0].rpartition("/")[2] for words in commands_of(script_of(block))]


def _words(script: str) -> Iterator[str]:
    """Words as bash splits them; what separates commands is a word of its own."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=";&|()<>\n")
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, "#"
    after_redirection = False
    for word in lexer:
        if re.fullmatch(r"[<>&]*[<>][<>&]*", word):
            after_redirection = True
        elif after_redirection:
            after_redirection = False
        else:
            yield word


def _program_first(words: list[str]) -> list[str]:
    """Without what may stand before a program: keywords, assignments, and programs that start it."""
    while words and (words[0] in _BEFORE or _ASSIGNMENT.fullmatch(words[0])):
        words = words[1:]
    return words
