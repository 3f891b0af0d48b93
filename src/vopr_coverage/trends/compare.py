"""What the nights show over time: a line per figure, and a remark where tonight is far from the nights before. Pure.

Trends inform. No verdict depends on them, unless `trends/gate.py` is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vopr_coverage.model.figures import counted
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.trends.figures import COVERAGE, FIGURES, INVARIANTS, ITERATIONS, POINTS, Figure, median_of_nights
from vopr_coverage.trends.history import TrendRecord, night_of, place_in_time
from vopr_coverage.trends.unusual import reached_all, unusual

NIGHTS_TOLD = 14
NIGHTS_SEARCHED = 90  # for a night that was as far off: what happens now and then is no news
# Jobs that simulate the same: what one reached is not lost, if the other missed it.
_TWINS = {"coverage": "long-run", "long-run": "coverage"}


class Night(NamedTuple):
    """The records of one night, by job and scenario."""

    place: tuple[bool, int, str]
    records: dict[tuple[str, str], TrendRecord]


class Lately(msgspec.Struct, frozen=True):
    """Where one workflow's history stands: its newest night, and the lines up to it.

    Attributes:
        nights: how many nights of this workflow the history holds.
    """

    workflow: str
    newest: TrendRecord
    nights: int
    lines: tuple[TrendLine, ...]


def lines_of(history: Iterable[TrendRecord], tonight: Sequence[TrendRecord]) -> tuple[TrendLine, ...]:
    """Every figure of tonight over the last 14 nights, and of what ran in them and not tonight.

    Compared are nights of the same workflow, and the same job and scenario in them. Of several attempts of a run
    the latest counts. Nights after tonight's, there when an old run is started again, are left out.

    Args:
        history: in any order; that tonight's records are in it, too, does no harm.
        tonight: as `records_of` gives them; without any there is nothing to compare.
    """
    if not tonight:
        return ()
    searched = _nights_before(history, tonight[0])[-NIGHTS_SEARCHED:]
    before = searched[1 - NIGHTS_TOLD :]
    now = {(record.job, record.scenario): record for record in tonight}
    lines = []
    for key in now:
        lines += _lines_of_part(key, searched, now)
    for key in sorted({key for night in before for key in night.records} - set(now)):
        lines.append(_gone(key, [night.records.get(key) for night in before]))
    return tuple(lines)


def lately(history: Sequence[TrendRecord]) -> tuple[Lately, ...]:
    """The lines of every workflow's newest night; the workflow that ran last comes first."""
    newest: dict[str, TrendRecord] = {}
    for record in sorted(history, key=lambda record: (place_in_time(record), record.run_attempt), reverse=True):
        newest.setdefault(record.workflow, record)
    found = []
    for workflow, record in newest.items():
        here = [record for record in history if record.workflow == workflow]
        attempt = (night_of(record), record.run_attempt)
        tonight = [record for record in here if (night_of(record), record.run_attempt) == attempt]
        nights = len({night_of(record) for record in here})
        found.append(Lately(workflow, record, nights, lines_of(here, tonight)))
    return tuple(found)


def nights_before(history: Iterable[TrendRecord], tonight: Sequence[TrendRecord]) -> int:
    """How many nights of the same workflow a history has before tonight; 0 where tonight has left nothing."""
    return len(_nights_before(history, tonight[0])) if tonight else 0


def _nights_before(history: Iterable[TrendRecord], tonight: TrendRecord) -> list[Night]:
    """The nights of the same workflow before tonight, the oldest first."""
    attempts: dict[str, dict[int, list[TrendRecord]]] = {}
    for record in history:
        if record.workflow == tonight.workflow and place_in_time(record) < place_in_time(tonight):
            attempts.setdefault(night_of(record), {}).setdefault(record.run_attempt, []).append(record)
    latest = (night[max(night)] for night in attempts.values())
    nights = [
        Night(place_in_time(all_of[0]), {(record.job, record.scenario): record for record in all_of})
        for all_of in latest
    ]
    return sorted(nights, key=lambda night: night.place)


def _lines_of_part(
    key: tuple[str, str], searched: Sequence[Night], now: Mapping[tuple[str, str], TrendRecord]
) -> list[TrendLine]:
    """The lines of one job and scenario. The share of the fault points is remarked on where their number is not."""
    nights = [night.records.get(key) for night in searched]
    lines = [line for figure in FIGURES if (line := _line(figure, nights, now[key]))]
    if any(line.figure == POINTS.name and line.remark for line in lines):
        lines = [_without_remark(line) if line.figure == COVERAGE.name else line for line in lines]
    twin = _TWINS.get(key[0], ""), key[1]
    if twin not in now:
        return lines
    of_twin = [night.records.get(twin) for night in searched]
    by_name = {figure.name: figure for figure in (POINTS, INVARIANTS)}
    return [
        _without_remark(line)
        if line.remark and line.figure in by_name and reached_all(by_name[line.figure], of_twin, now[twin])
        else line
        for line in lines
    ]


def _without_remark(line: TrendLine) -> TrendLine:
    return replace(line, remark="")


def _line(figure: Figure, searched: Sequence[TrendRecord | None], record: TrendRecord) -> TrendLine | None:
    before = searched[1 - NIGHTS_TOLD :]
    values = [None if night is None else figure.value(night) for night in before]
    now = figure.value(record)
    measured = [value for value in values if value is not None]
    if now is None and not measured:
        return None
    remark = unusual(figure, searched, record)
    if now is None and figure.is_followed:
        remark = f"not measured, as it was on {len(measured)} of the {counted(len(values), 'night')} before"
    return TrendLine(
        job=record.job,
        scenario=record.scenario,
        figure=figure.name,
        values=(*values, now),
        median=median_of_nights(measured),
        remark=remark,
    )


def _gone(key: tuple[str, str], before: Sequence[TrendRecord | None]) -> TrendLine:
    """What ran in the nights before and is nowhere tonight: one line for all of its figures."""
    nights = sum(record is not None for record in before)
    values = [None if night is None else ITERATIONS.value(night) for night in before]
    median = median_of_nights([value for value in values if value is not None])
    remark = f"did not run, as it did on {nights} of the {counted(len(before), 'night')} before"
    return TrendLine(
        job=key[0],
        scenario=key[1],
        figure=ITERATIONS.name,
        values=(*values, None),
        median=median,
        remark=remark,
    )
