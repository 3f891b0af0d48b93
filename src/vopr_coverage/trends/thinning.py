"""Which nights a history keeps: all of the last year, then one a week, after five years one a month. Pure.

Red nights stay, and those in which a fault point or an invariant was reached first or last. So do the two nights
between which the median of a figure changes: the last before, and the first after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from vopr_coverage.trends.figures import FIGURES, MEASURED_MIN, Figure, median
from vopr_coverage.trends.history import TrendRecord, night_of, place_in_time, union
from vopr_coverage.trends.names import with_few_names
from vopr_coverage.trends.unusual import MAD_TO_SIGMA, MADS_MAX

ALL_FOR = timedelta(days=365)
WEEKLY_FOR = timedelta(days=5 * 365)
# A year is counted back from the eighth newest night, so that a clock that was wrong for a night or two thins nothing.
NIGHTS_AFTER = 7
MEDIAN_OF = 7  # nights on either side of a change
LOOKED_AT = 30  # nights on either side in which those are searched
MOVES_BY = 0.1  # of the larger median; figures of which every loss counts may move by less


class _Night(NamedTuple):
    records: tuple[TrendRecord, ...]
    at: datetime | None

    @property
    def is_red(self) -> bool:
        return any(record.status != "passed" for record in self.records)

    @property
    def has_names(self) -> bool:
        """Whether it says when a fault point or an invariant was reached first or last; see `with_few_names`."""
        return any(record.names and (record.names.hit or record.names.ran) for record in self.records)


def thinned(history: Iterable[TrendRecord]) -> tuple[TrendRecord, ...]:
    """The records of the nights that stay, sorted as `union` sorts them; each workflow is thinned by itself.

    A night without a date that a calendar has stays, too.
    """
    nights: dict[str, dict[str, list[TrendRecord]]] = {}
    for record in with_few_names(union(history)):
        nights.setdefault(record.workflow, {}).setdefault(night_of(record), []).append(record)
    kept: list[TrendRecord] = []
    for of_workflow in nights.values():
        in_order = sorted(of_workflow.values(), key=lambda records: place_in_time(records[0]))
        kept += _kept_of([_Night(tuple(records), _moment(records[0].at)) for records in in_order])
    return union(kept)


def _kept_of(nights: Sequence[_Night]) -> list[TrendRecord]:
    moments = sorted(night.at for night in nights if night.at)
    newest = moments[-1 - NIGHTS_AFTER] if len(moments) > NIGHTS_AFTER else None
    kept: list[TrendRecord] = []
    seen: set[tuple[int, int, bool]] = set()
    for index, night in enumerate(nights):
        period = _period(night.at, newest)
        is_first = period is None or period not in seen
        if period:
            seen.add(period)
        if is_first or night.is_red or night.has_names or _stands_at_a_change(nights, index):
            kept += night.records
    return kept


def _period(at: datetime | None, newest: datetime | None) -> tuple[int, int, bool] | None:
    """The week or month of which one night stays; None where all do."""
    if at is None or newest is None or newest - at <= ALL_FOR:
        return None
    if newest - at <= WEEKLY_FOR:
        year, week, _ = at.isocalendar()
        return year, week, True
    return at.year, at.month, False


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # the 31st of February has the form of a time
        return None


def _stands_at_a_change(nights: Sequence[_Night], index: int) -> bool:
    """Whether some figure's median changes between this night and a neighbour that measured the figure, too."""
    first = max(0, index - LOOKED_AT)
    window = nights[first : index + LOOKED_AT + 1]
    here = index - first
    for job, scenario in {(record.job, record.scenario) for record in nights[index].records}:
        found = [_record(night, job, scenario) for night in window]
        if any(_changes_beside(figure, found, here) for figure in FIGURES):
            return True
    return False


def _record(night: _Night, job: str, scenario: str) -> TrendRecord | None:
    """The record of the latest attempt."""
    return next((one for one in reversed(night.records) if one.job == job and one.scenario == scenario), None)


def _changes_beside(figure: Figure, records: Sequence[TrendRecord | None], here: int) -> bool:
    values = [None if record is None else figure.value(record) for record in records]
    if values[here] is None:
        return False
    before = [value for value in values[:here] if value is not None]
    after = [value for value in values[here:] if value is not None]
    return _is_change(figure, before, after) or _is_change(figure, [*before, after[0]], after[1:])


def _is_change(figure: Figure, before: Sequence[float], after: Sequence[float]) -> bool:
    """Whether the first of `after` is the first night of another level: both medians say so, and both neighbours."""
    old, new = before[-MEDIAN_OF:], after[:MEDIAN_OF]
    if len(old) < MEASURED_MIN or len(new) < MEASURED_MIN or old[-1] == new[0]:
        return False
    was, is_now = median(old), median(new)
    middle = (was + is_now) / 2
    if was == is_now or (old[-1] - middle) * (was - middle) <= 0 or (new[0] - middle) * (is_now - middle) <= 0:
        return False
    spread = max(_deviation(old, was), _deviation(new, is_now)) * MADS_MAX * MAD_TO_SIGMA
    share = 0.0 if figure.below == 1 else MOVES_BY
    return abs(is_now - was) > max(spread, share * max(abs(was), abs(is_now)))


def _deviation(values: Sequence[float], centre: float) -> float:
    return median([abs(value - centre) for value in values])
