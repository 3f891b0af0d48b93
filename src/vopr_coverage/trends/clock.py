"""A night whose clock is behind that of an earlier night. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vopr_coverage.trends.history import TrendRecord, place_in_time


def clock_went_back(history: Iterable[TrendRecord], tonight: Sequence[TrendRecord]) -> tuple[str, ...]:
    """A sentence where a night before tonight has a later time.

    Nights of runs are in the order of their runs, whatever their clocks say. A run that was started again has the time
    of its last attempt, and is not compared.
    """
    if not tonight or tonight[0].run_attempt > 1:
        return ()
    now = tonight[0]
    times = [
        record.at
        for record in history
        if record.workflow == now.workflow and record.run_attempt <= 1 and _is_before(record, now)
    ]
    if not times or max(times) <= now.at:
        return ()
    told = f"the clock of this night says {now.at}, and an earlier night was at {max(times)}"
    if now.run_id:
        return (f"{told}: set the runner's clock; nights stay in the order of their runs",)
    return (f"{told}: set the clock, or this night is taken for an older one",)


def _is_before(record: TrendRecord, tonight: TrendRecord) -> bool:
    """Whether a record is of an earlier run; without runs all others are, since they are there already."""
    if tonight.run_id:
        return bool(record.run_id) and place_in_time(record) < place_in_time(tonight)
    return not record.run_id
