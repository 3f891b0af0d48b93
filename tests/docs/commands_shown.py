"""Holds command lines that nobody runs to the parsers: the command, its options and its choices exist."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence

from tests.support.markdown_blocks import ROOT
from vopr_coverage.commands.parser import build_parser, parse
from vopr_coverage.errors import UserError
from vopr_coverage.formats.schema import schema_text

TARGETS = frozenset(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# A make target of the reader's own project, as pages on other people's workflows show it.
THEIRS = frozenset({"simulate", "simulator"})
_ELLIPSIS = re.compile(r"…|\.\.\.")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z_=/….{}\w]*|.*[{…$\[].*", re.DOTALL)
_TOP = frozenset({"examples", "tests", "tools", "benchmarks", "src", "requirements", "docs", "composite", "setup"})


def whole_problem(words: Sequence[str]) -> str:
    """What is wrong with a whole `vopr-coverage …`; empty where its parser takes it."""
    try:
        parse([re.sub(r"\$\w+", "1", word) for word in words[1:]])  # a variable may stand for a number
    except UserError as problem:
        return str(problem).partition("\n")[0]
    except SystemExit as ended:  # --help and --version
        return "" if ended.code in (0, None) else "argparse refuses it"
    return ""


def prefix_problem(text: str) -> str:
    """What is wrong with the beginning of a command as prose names it; empty where nothing is.

    Placeholders and left-out words are taken as they are; commands, options, and words that stand for one of several
    choices have to exist.
    """
    try:
        words = shlex.split(_ELLIPSIS.sub(" ", re.split(r" [|;>&]|;", text)[0]))
    except ValueError:
        return "its quotes do not match"
    if len(words) < 2 or _PLACEHOLDER.fullmatch(words[1]):
        return ""
    root, commands = build_parser()
    if words[1].startswith("-"):
        return "" if words[1] in root._option_string_actions else f"no option {words[1]}"
    if words[1] not in commands:
        return f"no command {words[1]}"
    if words[1] == "schema" and len(words) > 2 and not _PLACEHOLDER.fullmatch(words[2]):
        return _schema_problem(words[2])
    return _words_problem(commands[words[1]], words[2:])


def _schema_problem(name: str) -> str:
    try:
        schema_text(name)
    except (OSError, KeyError, ValueError, UserError):
        return f"no schema {name}"
    return ""


def _words_problem(parser: argparse.ArgumentParser, words: Sequence[str]) -> str:
    expected: argparse.Action | None = next((action for action in parser._actions if not action.option_strings), None)
    for word in words:
        if word == "--":
            return ""
        if word.startswith("-") and len(word) > 1:
            action = parser._option_string_actions.get(word.partition("=")[0])
            if action is None:
                return f"{parser.prog} has no option {word.partition('=')[0]}"
            expected = action if action.nargs != 0 and "=" not in word else None
            continue
        choices = _choices_of(expected)
        if choices and word not in choices and not _PLACEHOLDER.fullmatch(word) and "|" not in word:
            return f"{word} is none of {', '.join(map(str, choices))}"
        expected = None
    return ""


def _choices_of(action: argparse.Action | None) -> list[str]:
    """The words that an argument takes, as its help lists them; none where any word will do."""
    shown = action.metavar if action is not None and isinstance(action.metavar, str) else ""
    return shown.split("|") if re.fullmatch(r"[a-z_]+(\|[a-z_]+)+", shown) else []


def make_problem(words: Sequence[str]) -> str:
    """What is wrong with a `make …`: each target has to exist, here or in the reader's project."""
    targets = [word for word in words[1:] if re.fullmatch(r"[a-z][a-z-]*", word)]
    lost = [target for target in targets if target not in TARGETS | THEIRS]
    return f"no target {', '.join(lost)}" if lost else ""


def path_problem(words: Sequence[str]) -> str:
    """Paths below a folder of this repository that do not exist; in `build`, everything may be made."""
    paths = [word for word in words if word.split("/")[0] in _TOP and "/" in word and not re.search(r"[*{$<>]", word)]
    lost = [path for path in paths if not (ROOT / path.partition("::")[0]).exists()]
    return f"no such path: {', '.join(lost)}" if lost else ""
