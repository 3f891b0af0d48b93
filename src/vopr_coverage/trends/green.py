"""The last green night before this one: what was red tonight was not red then. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from vopr_coverage.nightly.verdict import GreenNight, NightRun
from vopr_coverage.trends.history import TrendRecord, night_of, place_in_time


def last_green(history: Iterable[TrendRecord], place: NightRun) -> GreenNight | None:
    """The newest night of the same workflow before the run `place` that was green.

    Of several attempts of a night the latest counts. Without a run, as on a laptop, every night is an earlier one.
    """
    tonight = int(place.run_id) if place.run_id else None
    latest: dict[str, TrendRecord] = {}
    for record in history:
        if record.workflow != place.workflow:
            continue
        if tonight is not None and (not record.run_id or int(record.run_id) >= tonight):
            continue
        known = latest.get(night_of(record))
        if known is None or record.run_attempt >= known.run_attempt:
            latest[night_of(record)] = record
    green = [record for record in latest.values() if record.status == "passed"]
    if not green:
        return None
    newest = max(green, key=place_in_time)
    return GreenNight(newest.run_id, newest.run_number, newest.commit, newest.at[:10])
