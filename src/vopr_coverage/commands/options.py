"""What several commands read from their arguments: the simulator's command, lists in one word, numbers."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.model.report import SEED_COUNT


def add_template(parser: argparse.ArgumentParser) -> None:
    """The flag that takes the place of the words behind `--`."""
    parser.add_argument(
        "--command", dest="template", metavar="TEMPLATE",
        help="COMMAND as one text, instead of the words behind --: quoted as for a POSIX shell, but none takes part",
    )  # fmt: skip


def add_config(parser: argparse.ArgumentParser) -> None:
    """The flag that names the config."""
    parser.add_argument(
        "--config", metavar="FILE", help="the config (default: .github/vopr-coverage.yml where there is one)"
    )


def add_canaries(parser: argparse.ArgumentParser, without: str) -> None:
    """The flag for a night without canaries, and its twin that takes a workflow's input."""
    parser.add_argument("--no-canaries", action="store_true", help=without)
    parser.add_argument(
        "--canaries", dest="no_canaries", type=_is_false, metavar="true|false", help="false: as --no-canaries"
    )


def _is_false(word: str) -> bool:
    return one_of(("true", "false"))(word) == "false"


def the_command(template: str | None, simulator: Sequence[str]) -> tuple[str, ...]:
    """The simulator's command, a word each, from `--command` or from behind `--`; none where there is neither.

    Raises:
        UsageError: both of them, or a text that can't be split into words.
    """
    try:
        words = shlex.split(template or "", posix=True)
    except ValueError as error:
        raise UsageError(f"--command: expected words quoted as for a shell, found {_found(error)}") from None
    if words and simulator:
        raise UsageError("the command stands behind -- and in --command: give it once")
    return tuple(words or simulator)


def _found(error: ValueError) -> str:
    return f"{str(error).lower()} before the text's end"


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of several texts, divided by white space or commas: a workflow's input is one text."""
    return [word for text in texts for word in text.replace(",", " ").split()]


def pair(text: str, where: str, kind: Any) -> tuple[str, Any]:
    """`NAME=NUMBER`, as name and number.

    Raises:
        UsageError: something else.
    """
    name, equals, number = text.partition("=")
    try:
        if not name or not equals or not number.isascii():
            raise ValueError
        return name, kind(number)
    except ValueError:
        raise UsageError(f"{where}: expected SCENARIO=NUMBER, found {shown(text)}") from None


def one_of(words: Sequence[str]) -> Callable[[str], str]:
    """An argument that is one of these words; of another one the nearest is told."""

    def chosen(word: str) -> str:
        if word not in words:
            raise argparse.ArgumentTypeError(f"unknown {shown(word)}; {nearest(word, words)}")
        return word

    return chosen


def or_empty(kind: Callable[[str], str]) -> Callable[[str], str]:
    """An argument that may be an empty word, which is no word: a workflow hands on what its inputs hold."""
    return lambda word: kind(word) if word else ""


def uint64(text: str) -> int:
    """An argument that is a seed or a count."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < SEED_COUNT):
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 2^64-1, found {shown(text)}")
    return int(text)


def seconds(text: str) -> float:
    """An argument that is a duration in seconds."""
    return _above_0(text, "seconds")


def minutes(text: str) -> float:
    """An argument that is a duration in minutes."""
    return _above_0(text, "minutes")


def _above_0(text: str, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"expected {unit} above 0, found {shown(text)}")
    return number
