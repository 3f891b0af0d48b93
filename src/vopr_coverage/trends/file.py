"""The file that a history is kept in: read, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.files import is_there, read_bytes, replace_file, why
from vopr_coverage.nightly.verdict import GreenNight, NightVerdict, TrendLine
from vopr_coverage.trends.compare import lines_of, nights_before
from vopr_coverage.trends.green import last_green
from vopr_coverage.trends.history import (
    HISTORY_BYTES_MAX,
    History,
    TrendRecord,
    parse_history,
    records_of,
    text_of,
    union,
)
from vopr_coverage.trends.repeats import repeats
from vopr_coverage.trends.thinning import thinned


def read_history(path: Path) -> History:
    """The history in that file.

    Raises:
        FileError: it can't be read, or is larger than 8 MiB.
    """
    return parse_history(read_bytes(path, HISTORY_BYTES_MAX), str(path))


def stored_text(history: Iterable[TrendRecord], later: Iterable[bytes] = ()) -> bytes:
    """A history as every file and store holds it: thinned, and of at most 8 MiB.

    Args:
        later: lines of a later version, which stay.
    """
    return text_of(thinned(history), later)


def write_history(path: Path, history: Iterable[TrendRecord], later: Iterable[bytes] = ()) -> None:
    """Put a history in the place of what is there; who reads meanwhile sees the one or the other.

    Raises:
        UsageError: it can't be written; then the file is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, stored_text(history, later))
    except (OSError, ValueError) as error:
        raise UsageError(f"{printable(str(path))} was not written: {why(error)}") from None


class ComparedNight(NamedTuple):
    """A night beside the nights before it.

    Attributes:
        history: the nights before; None where the file can't be used, and then it stays as it is.
        problem: why it can't, "" if it can.
        nights: how many nights of the same workflow it has before this one.
        lines: the figures over the nights; warnings: what is to be warned of; last_green: the last green night before.
    """

    history: History | None
    problem: str
    nights: int
    lines: tuple[TrendLine, ...]
    warnings: tuple[str, ...]
    last_green: GreenNight | None = None


def compare_night(path: Path, night: NightVerdict, at: datetime) -> ComparedNight:
    """Compare a night with the history in that file. Nothing that goes wrong here stops a night.

    Args:
        path: a file that isn't there yet has no nights.
        at: when the night was, with a time zone.
    """
    tonight = records_of(night, at)
    try:
        there = read_history(path) if is_there(path) else History()
    except UserError as error:
        return ComparedNight(history=None, problem=str(error), nights=0, lines=lines_of((), tonight), warnings=())
    return ComparedNight(
        history=there,
        problem="",
        nights=nights_before(there.records, tonight),
        lines=lines_of(there.records, tonight),
        warnings=(*there.warnings, *repeats(there.records, tonight)),
        last_green=last_green(there.records, night.place),
    )


def add_night(path: Path, compared: ComparedNight, night: NightVerdict, at: datetime) -> tuple[str, ...]:
    """Add a night to the history in that file; returns a warning where that was not possible."""
    problem = compared.problem
    if compared.history is not None:
        try:
            write_history(path, union(compared.history.records, records_of(night, at)), compared.history.later)
        except UserError as error:
            problem = str(error)
    return (f"this night was not added to the history: {problem}",) if problem else ()
