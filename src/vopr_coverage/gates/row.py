"""What is known of a gate beside how it judges: one row of the registry in `gates/__init__.py`. Pure."""

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
        id: as in `on_not_measured` and in verdict.json.
        title: its name for people.
        judge: the gate; None for what is judged elsewhere, where several inputs or a base are needed.
        number: its number among the seven categories of the seed document.
        keys: the bounds that switch an extra gate on; without them it is not even listed.
        advice, notes: every text of ours that it may put on a page.
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
