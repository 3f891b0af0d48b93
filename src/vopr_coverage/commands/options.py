"""Arguments that several commands share, and the types of arguments: words, pairs, numbers."""

from __future__ import annotations

import argparse
import math
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from vopr_coverage.errors import UsageError, nearest, shown
from vopr_coverage.model.manifest import unknown_placeholders
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.model.thresholds import PROFILE_CHOICES

if TYPE_CHECKING:
    from vopr_coverage.check.flow import Known
    from vopr_coverage.check.terms import Overrides

Number = TypeVar("Number", int, float)

DURATION_MAX = 1e15  # as manifests and plans have it, which these numbers are written to
WATCH_S = 1.0  # between two looks at files that grow


def add_simulator(parser: argparse.ArgumentParser) -> None:
    """Let a command take the simulator's command: the words behind `--`, or one text."""
    parser.set_defaults(simulator=[])  # by this the parser knows that words may stand behind `--`
    parser.add_argument(
        "--command", dest="template", metavar="TEMPLATE",
        help="COMMAND as one text instead of the words behind --; it is split as a shell does, but no shell runs it",
    )  # fmt: skip


def add_config(parser: argparse.ArgumentParser) -> None:
    """The flag that names the config."""
    parser.add_argument(
        "--config", metavar="FILE", help="the config file (default: .github/vopr-coverage.yml, if it exists)"
    )


def add_canaries(parser: argparse.ArgumentParser, without: str) -> None:
    """The flag for a night without canaries, and the same as a word, for a workflow's input."""
    parser.add_argument("--no-canaries", action="store_true", help=without)
    parser.add_argument(
        "--canaries",
        dest="no_canaries",
        type=_is_false,
        metavar="true|false",
        help="false is the same as --no-canaries",
    )


def _is_false(word: str) -> bool:
    return or_empty(one_of(("true", "false")))(word) == "false"


def simulator_command(template: str | None, words: Sequence[str], flag: str = "--command") -> tuple[str, ...]:
    """The simulator's command, a word each: the text of `--command`, or the words behind `--`. Empty without both.

    Args:
        flag: the name of the flag that the text was given to, for messages.

    Raises:
        UsageError: both of them, or a text that can't be split into words.
    """
    try:
        split = shlex.split(template or "", posix=True)
    except ValueError as error:
        found = f"{str(error).lower()} before the text's end"
        raise UsageError(f"{flag}: expected words quoted as for a shell, found {found}") from None
    if split and words:
        raise UsageError("the command stands behind -- and in --command: give it once")
    return tuple(split or words)


def refuse_unknown_placeholders(command: Sequence[str]) -> None:
    """Refuse words in braces that stand for nothing.

    Raises:
        UsageError: the first of them.
    """
    for name in unknown_placeholders(command):
        raise UsageError(f"the simulator's command: no placeholder {shown(name)} is known")


def add_terms(parser: argparse.ArgumentParser) -> None:
    """The flags that say by which thresholds a report is judged."""
    parser.add_argument(
        "--profile", type=one_of(PROFILE_CHOICES), metavar="default|smoke_test|nightly|general|none",
        help="the profile to start from (default: the config's, else `default`)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of reports that do not name their own")
    parser.add_argument(
        "--min-iterations",
        type=count,
        metavar="N",
        help="fail a stream with fewer iterations than this, or merged streams with fewer in all",
    )


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The flags that say what the reports are, where their content doesn't."""
    from vopr_coverage.reading.formats import FORMAT_NAMES

    parser.add_argument(
        "--from", dest="form", type=one_of(FORMAT_NAMES), metavar="NAME",
        help=f"the format that every report has to be of: {', '.join(FORMAT_NAMES)} (default: the config's, else "
        "whichever the content shows)",
    )  # fmt: skip
    parser.add_argument(
        "--declared", metavar="FILE",
        help="all points that a run may reach, one name a line, with `--from points` or beside any other format "
        "(default: the config's)",
    )  # fmt: skip


def add_gate(parser: argparse.ArgumentParser) -> None:
    """The flags that say how several reports are judged, and what they are compared with."""
    from vopr_coverage.check.request import MERGES

    parser.add_argument(
        "--merge", type=one_of(MERGES), default="none", metavar="none|scenario|all",
        help="none (the default): judge each report by itself; scenario: add up the reports of each scenario; "
        "all: add up all reports",
    )  # fmt: skip
    parser.add_argument(
        "--min-reports", type=count, metavar="N",
        help="fail if fewer files and recordings than this are read, for example because a shard is missing",
    )  # fmt: skip
    parser.add_argument(
        "--on-not-measured", metavar="POLICY",
        help="what to do if a required figure is not in a report: fail (the default), warn or ignore, for the gates "
        "view-changes, repairs and query-plans; or GATE=POLICY,… for each gate",
    )  # fmt: skip
    parser.add_argument(
        "--points", metavar="FILE",
        help="the lockfile of points (default: the config's, else .github/vopr-points.json, if it exists)",
    )  # fmt: skip
    parser.add_argument(
        "--base", metavar="VERDICT", help="compare with this verdict file of another run, such as the base branch's"
    )
    parser.add_argument(
        "--max-regression", metavar="POINTS[,lost=N][,significant]",
        help="fail if fault point coverage fell by more than so many percentage points, or if more than N (default: 0) "
        "fault points and invariants of the base are lost; with `significant`, only losses that chance does not "
        "explain count",
    )  # fmt: skip
    parser.add_argument(
        "--history", metavar="F",
        help="the history of nights (trends.ndjson): what was hit on them tells whether a point that is missing is "
        "lost, or the run was too short for it",
    )  # fmt: skip


def overrides_of(arguments: argparse.Namespace) -> Overrides:
    """What flags set above the config."""
    from vopr_coverage.check.terms import Overrides

    return Overrides(
        profile=arguments.profile,
        min_iterations=arguments.min_iterations,
        min_reports=getattr(arguments, "min_reports", None),
        on_not_measured=getattr(arguments, "on_not_measured", None),
    )


def known_of(arguments: argparse.Namespace) -> Known:
    """How often points were hit before, by the history that a flag names.

    Raises:
        UserError: it can't be used.
    """
    if not arguments.history:
        return ()
    from vopr_coverage.trends.file import rates_in_file  # takes long to load

    return (rates_in_file(arguments.history),)


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of several texts, divided by white space or commas: a workflow's input is one text."""
    return [word for text in texts for word in text.replace(",", " ").split()]


def pair(text: str, where: str, kind: Callable[[str], Number]) -> tuple[str, Number]:
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
    """An argument that is one of these words; the error names the nearest."""

    def checked(word: str) -> str:
        if word not in words:
            raise argparse.ArgumentTypeError(f"unknown {shown(word)}; {nearest(word, words)}")
        return word

    return checked


def or_empty(kind: Callable[[str], str]) -> Callable[[str], str]:
    """An argument that may be an empty word, which is no word: a workflow hands on what its inputs hold."""
    return lambda word: kind(word) if word else ""


def count(text: str) -> int:
    """An argument that is an integer of 0 or more."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise argparse.ArgumentTypeError(f"expected an integer of 0 or more, found {shown(text)}")
    return int(text)


def uint64(text: str) -> int:
    """An argument that is a seed or a count."""
    if not (text.isascii() and text.isdigit() and len(text) <= 20 and int(text) < SEED_COUNT):
        raise argparse.ArgumentTypeError(f"expected an integer from 0 to 2^64-1, found {shown(text)}")
    return int(text)


def seconds(text: str) -> float:
    """An argument that is a duration in seconds."""
    return _positive(text, "seconds")


def minutes(text: str) -> float:
    """An argument that is a duration in minutes."""
    return _positive(text, "minutes")


def _positive(text: str, unit: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number <= DURATION_MAX:
        limit = f" and up to {DURATION_MAX:g}" if number > DURATION_MAX else ""
        raise argparse.ArgumentTypeError(f"expected {unit} above 0{limit}, found {shown(text)}")
    return number


def add_watch(parser: argparse.ArgumentParser) -> None:
    """The flag that waits for runs."""
    parser.add_argument(
        "--watch", type=_watch_interval, nargs="?", const=WATCH_S, metavar="S",
        help="wait until every run has finished, and judge it then; look at files that changed every S seconds "
        f"(default: {WATCH_S:g}). Ctrl-C judges what is there",
    )  # fmt: skip


def _watch_interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.01 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"expected seconds from 0.01 to 3600, found {shown(text)}")
    return seconds
