"""The file that a history is kept in: read, and written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.files import is_there, read_bytes, refuse_outside, replace_file, why
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.nightly.verdict import GreenNight, NightVerdict, TrendLine
from vopr_coverage.trends.clock import clock_went_back
from vopr_coverage.trends.compare import lines_of, nights_before
from vopr_coverage.trends.gate import gated, lost_history
from vopr_coverage.trends.green import last_green
from vopr_coverage.trends.history import (
    HISTORY_BYTES_MAX,
    History,
    TrendRecord,
    parse_history,
    text_of,
    union,
)
from vopr_coverage.trends.of_night import records_of
from vopr_coverage.trends.rates import known_rates
from vopr_coverage.trends.repeats import repeats
from vopr_coverage.trends.thinning import thinned


def read_history(path: Path) -> History:
    """The history in that file.

    Raises:
        FileError: it can't be read, or is larger than 8 MiB.
    """
    return parse_history(read_bytes(path, HISTORY_BYTES_MAX), str(path))


def rates_in_file(path: str, roots: Sequence[Path] = ()) -> dict[str, KnownRates]:
    """How often points were hit on the nights of the history in that file; see `known_rates`.

    Raises:
        UserError: it can't be read, is outside `roots`, or has no night that tells.
    """
    refuse_outside(path, roots)
    known = known_rates(read_history(Path(path)).records)
    if not known:
        raise UsageError(f"{printable(path)} has no night that tells how many seeds hit which point")
    return known


def rates_before(path: Path, run_id: str) -> tuple[dict[str, KnownRates], ...]:
    """How often points were hit on the nights before this run. Nothing of a history that can't be used: `record_night`
    says why."""
    try:
        known = known_rates(read_history(path).records, but=run_id) if is_there(path) else {}
    except UserError:
        return ()
    return (known,) if known else ()


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


class Recorded(NamedTuple):
    """What the history shows about a night: its lines, the last green night before it, and what is to be warned of."""

    lines: tuple[TrendLine, ...]
    warnings: tuple[str, ...]
    last_green: GreenNight | None = None


def record_night(path: Path, night: NightVerdict, at: datetime) -> Recorded:
    """Add a night to the history in that file, and compare it with the nights before.

    Nothing that goes wrong here stops a night: where the file can't be used it stays as it is.

    Args:
        path: a file that isn't there yet has no nights.
        at: when the night was, with a time zone.
    """
    tonight = records_of(night, at)
    try:
        there = read_history(path) if is_there(path) else History()
    except UserError as error:
        return Recorded(lines_of((), tonight), (f"this night was not added to the history: {error}",))
    lines = lines_of(there.records, tonight)
    warnings = (*there.warnings, *clock_went_back(there.records, tonight), *repeats(there.records, tonight))
    green = last_green(there.records, night.place)
    try:
        write_history(path, union(there.records, tonight), there.later)
    except UserError as error:
        return Recorded(lines, (*warnings, f"this night was not added to the history: {error}"), green)
    return Recorded(lines, warnings, green)


def gate_night(path: Path, night: NightVerdict, at: datetime) -> NightVerdict:
    """The night with the gate on the history in that file, before it is recorded: the history then has it as red.

    A history that can't be used, or has lost its nights, makes the night incomplete.
    """
    tonight = records_of(night, at)
    try:
        there = read_history(path) if is_there(path) else History()
    except UserError as error:
        return gated(night, (), f"the history cannot be used: {error}")
    lost = lost_history(nights_before(there.records, tonight), night.place.run_number) if tonight else ""
    return gated(night, lines_of(there.records, tonight), lost)
