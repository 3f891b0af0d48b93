"""Figures of a night that moved, one remark a cause: what a crash has moved is one, not nineteen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vopr_coverage.model.cause import Cause, CauseKind
from vopr_coverage.nightly.verdict import Finding, NightVerdict, TrendLine

# Words that the names of figures begin with (`trends/compare.py`), by the causes that move them in any part.
_MOVED_BY: dict[str, tuple[CauseKind, ...]] = {
    "fault point": ("missed", "shortfall", "lost"),
    "invariants": ("missed", "lost"),
    "view changes": ("shortfall",),
    "canaries": ("canary",),
    "failed seeds": ("violation", "crash"),
}
_LEFT_NOTHING: tuple[CauseKind, ...] = ("crash", "unusable")  # these move every figure of their part


class Moved(NamedTuple):
    """Figures that moved together. `cause` is the place of their cause among the night's; None if none is known."""

    lines: tuple[TrendLine, ...]
    cause: int | None


def moved_figures(night: NightVerdict, causes: Sequence[Cause]) -> tuple[Moved, ...]:
    """What is unusual about tonight, in the order of the causes.

    Behind them stands what no cause explains: a figure that moved in several parts or scenarios is one.
    """
    explained: dict[int, list[TrendLine]] = {}
    others: dict[tuple[str, bool], list[TrendLine]] = {}
    for line in night.trends:
        if not line.remark:
            continue
        number = next((number for number, cause in enumerate(causes) if _moves(cause, night.findings, line)), None)
        if number is not None:
            explained.setdefault(number, []).append(line)
        else:
            measured = bool(line.values) and line.values[-1] is not None
            others.setdefault((line.figure, measured), []).append(line)
    by_cause = [Moved(tuple(lines), number) for number, lines in sorted(explained.items())]
    return (*by_cause, *(Moved(tuple(lines), None) for lines in others.values()))


def _moves(cause: Cause, findings: Sequence[Finding], line: TrendLine) -> bool:
    """Whether a cause explains that this figure moved."""
    if any(line.figure.startswith(word) and cause.kind in kinds for word, kinds in _MOVED_BY.items()):
        return True
    if cause.kind not in _LEFT_NOTHING:
        return False
    mine = (findings[position] for position in cause.findings)
    return any(one.job == line.job and one.scenario.lower() in ("", line.scenario.lower()) for one in mine)
