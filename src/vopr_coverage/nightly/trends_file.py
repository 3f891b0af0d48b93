"""The file that a history is kept in: read, and written whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.nightly.trends import lines_of
from vopr_coverage.nightly.trends_history import (
    HISTORY_BYTES_MAX,
    History,
    TrendRecord,
    parse_history,
    records_of,
    text_of,
    union,
)
from vopr_coverage.nightly.verdict import NightVerdict, TrendLine


def read_history(path: Path) -> History:
    """The history in that file.

    Raises:
        UserError: it can't be read, or is larger than 8 MiB.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(HISTORY_BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"{printable(str(path))} can't be read: {_why(error)}") from None
    return parse_history(data, str(path))


def write_history(path: Path, history: Iterable[TrendRecord]) -> None:
    """Put a history in the place of what is there; who reads meanwhile sees the one or the other.

    Raises:
        UsageError: it can't be written; then the file is as it was.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "xb") as file:
            file.write(text_of(history))
        os.replace(part, path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{printable(str(path))} was not written: {_why(error)}") from None
    finally:
        if os.path.lexists(part):
            os.unlink(part)


def record_night(path: Path, night: NightVerdict, at: datetime) -> tuple[tuple[TrendLine, ...], tuple[str, ...]]:
    """Add a night to the history in that file, and tell its lines and what is to be warned of.

    Nothing that goes wrong here stops a night: where the file can't be used it stays as it is.

    Args:
        path: a file that isn't there yet has no nights.
        at: when the night was, with a time zone.
    """
    tonight = records_of(night, at)
    try:
        there = read_history(path) if path.exists() else History()
    except UserError as error:
        return lines_of((), tonight), (f"this night was not added to the history: {error}",)
    lines = lines_of(there.records, tonight)
    try:
        write_history(path, union(there.records, tonight))
    except UserError as error:
        return lines, (*there.warnings, f"this night was not added to the history: {error}")
    return lines, there.warnings


def _why(error: Exception) -> str:
    return printable((error.strerror or str(error)).lower()) if isinstance(error, OSError) else "not a path"
