"""One row of the registry of gates in `gates/__init__.py`: the gate's function, its title and its texts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from vopr_coverage.model.outcome import Outcome


class Part(StrEnum):
    """The part of a report's table in which a gate stands."""

    RUN_HEALTH = "Run health"
    COVERAGE = "Coverage"
    EXTRA = "Beyond the seven"


class Row(NamedTuple):
    """One gate.

    Attributes:
        id: its name in `on_not_measured` and in verdict.json.
        title: its name on pages.
        judge: its function; None for gates that need several inputs or a base: `check/` and `base/` judge them.
        number: its number among the seven categories of the seed document.
        keys: the bounds that switch an extra gate on; without one of them it is not listed.
        advice, notes: every text that it may put on a page.
    """

    id: str
    part: Part
    title: str
    judge: Callable[..., Outcome] | None = None
    number: int | None = None
    keys: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def sentences_of(rows: tuple[Row, ...], *more: Any) -> frozenset[str]:
    """Every text that these gates may put on a page."""
    return frozenset(text for row in rows for text in (*row.advice, *row.notes)) | frozenset(more)
