"""What the nights show over time: a line per figure, and a remark where tonight is far from the nights before. Pure.

Trends inform. No verdict depends on them, unless `trends/gate.py` is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.trends.history import TrendRecord, night_of, place_in_time
from vopr_coverage.trends.lost_names import Kind, lost_names

NIGHTS_TOLD = 14
NIGHTS_SEARCHED = 90  # for a night that was as far off: what happens now and then is no news
FAR = 0.9  # of the median: what is below is far below
MEASURED_MIN = 3  # of fewer nights a median says nothing
MADS_MAX = 3.0
MAD_TO_SIGMA = 1.4826  # of normally distributed figures
LONGER_MAX = 2.0  # nights that ran more than so many times tonight's iterations reach more by running longer


class Figure(NamedTuple):
    """One thing that is followed.

    Attributes:
        value: of a record, None where it was not measured.
        below: tonight is remarked on when it is less than this share of the median; None: never.
        above: the same for more than so many times the median.
        grows: with the iterations, but not in proportion, as the size of a set does.
    """

    name: str
    value: Callable[[TrendRecord], float | None]
    below: float | None = None
    above: float | None = None
    grows: bool = False


def _share(part: int | None, whole: int | None, scale: float) -> float | None:
    return None if part is None or not whole else part / whole * scale


ITERATIONS = Figure("iterations", lambda record: record.ran, below=0.5)
POINTS = Figure("fault points hit", lambda record: record.fault_points_hit, below=1.0, grows=True)
COVERAGE = Figure(
    "fault point coverage in %",
    lambda record: _share(record.fault_points_hit, record.fault_points_known, 100),
    below=0.95,
    grows=True,
)
FIGURES = (
    ITERATIONS,
    Figure("iterations a second", lambda record: record.rate, below=0.5, above=2.0),
    Figure("failed seeds per 1,000 iterations", lambda record: _share(record.failed, record.ran, 1_000), above=2.0),
    POINTS,
    COVERAGE,
    Figure("invariants run", lambda record: record.invariants, below=1.0, grows=True),
    Figure(
        "view changes per 1,000 iterations", lambda record: _share(record.view_changes, record.ran, 1_000), 0.5, 2.0
    ),
    Figure("canaries detected in %", lambda record: _share(record.detected, record.declared, 100), below=1.0),
    Figure("seeds run twice", lambda record: record.seeds_doubled, below=0.5),
)
_NAMES_OF: dict[str, Kind] = {"fault points hit": "hit", "invariants run": "ran"}
_FOLLOWED = {figure.name for figure in FIGURES if figure.below is not None or figure.above is not None}


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
    for key, record in now.items():
        series = [night.records.get(key) for night in searched]
        lines += _without_echo([line for figure in FIGURES if (line := _line(figure, series, record))])
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


def _without_echo(lines: Sequence[TrendLine]) -> list[TrendLine]:
    """The lines of one scenario; the share of the fault points is remarked on where their number is not."""
    is_told = any(line.figure == POINTS.name and line.remark for line in lines)
    return [replace(line, remark="") if is_told and line.figure == COVERAGE.name else line for line in lines]


def _line(figure: Figure, searched: Sequence[TrendRecord | None], record: TrendRecord) -> TrendLine | None:
    before = searched[1 - NIGHTS_TOLD :]
    values = [None if night is None else figure.value(night) for night in before]
    now = figure.value(record)
    measured = [value for value in values if value is not None]
    if now is None and not measured:
        return None
    remark = ""
    if now is None and figure.name in _FOLLOWED:
        remark = f"not measured, as it was on {len(measured)} of the {counted(len(values), 'night')} before"
    elif now is not None:
        named = _lost_names(figure, searched, record)
        remark = _remark(figure, now, _comparable(figure, before, record), _comparable(figure, searched, record))
        remark = remark if named is None else named
    return TrendLine(
        job=record.job,
        scenario=record.scenario,
        figure=figure.name,
        values=(*values, now),
        median=_median_of(measured),
        remark=remark,
    )


def _lost_names(figure: Figure, searched: Sequence[TrendRecord | None], record: TrendRecord) -> str | None:
    """What is lost by name, which says more than a number; None for figures that are of no names, or without them."""
    kind = _NAMES_OF.get(figure.name)
    if kind is None:
        return None
    return lost_names(kind, [night for night in searched if night and _is_comparable(figure, night, record)], record)


def _comparable(figure: Figure, nights: Iterable[TrendRecord | None], tonight: TrendRecord) -> list[float]:
    """The figure's values on those nights that tonight can be compared with, the oldest first."""
    pairs = ((figure.value(night), night) for night in nights if night)
    return [value for value, night in pairs if value is not None and _is_comparable(figure, night, tonight)]


def _is_comparable(figure: Figure, before: TrendRecord, tonight: TrendRecord) -> bool:
    if not figure.grows:
        return True
    return before.ran is not None and tonight.ran is not None and before.ran <= LONGER_MAX * tonight.ran


def _gone(key: tuple[str, str], before: Sequence[TrendRecord | None]) -> TrendLine:
    """What ran in the nights before and is nowhere tonight: one line for all of its figures."""
    nights = sum(record is not None for record in before)
    values = [None if night is None else ITERATIONS.value(night) for night in before]
    median = _median_of([value for value in values if value is not None])
    remark = f"did not run, as it did on {nights} of the {counted(len(before), 'night')} before"
    return TrendLine(
        job=key[0],
        scenario=key[1],
        figure=ITERATIONS.name,
        values=(*values, None),
        median=median,
        remark=remark,
    )


def _remark(figure: Figure, now: float, before: Sequence[float], searched: Sequence[float]) -> str:
    """Why somebody should look, or nothing.

    Far is what lies more than three scaled median absolute deviations from the median, and beyond
    the figure's share of it besides: a constant series has no deviation, and a noisy rate no limit without.
    What was as far on one of the nights `searched` happens now and then.
    """
    centre = _median_of(before)
    if centre is None:
        return ""
    spread = MADS_MAX * MAD_TO_SIGMA * median([abs(value - centre) for value in before])
    lowest = None if figure.below is None else min(centre - spread, centre * figure.below)
    highest = None if figure.above is None else max(centre + spread, centre * figure.above)
    if lowest is not None and now < lowest:
        if _has_been(searched, lambda value: value < lowest, lambda value: value <= now):
            return ""
        word = "far below" if now < FAR * centre else "below"
    elif highest is not None and now > highest:
        if _has_been(searched, lambda value: value > highest, lambda value: value >= now):
            return ""
        word = "far above"
    else:
        return ""
    nights = counted(len(before), "comparable night")
    return f"{in_digits(now)} is {word} {in_digits(centre)}, the median of {nights} before"


def _has_been(searched: Sequence[float], is_far: Callable[[float], bool], is_as_far: Callable[[float], bool]) -> bool:
    """Whether an earlier night was as far off. The nights just before, without a gap, are the same loss going on."""
    nights = list(searched)
    while nights and is_far(nights[-1]):
        nights.pop()
    return any(map(is_as_far, nights))


def _median_of(values: Sequence[float]) -> float | None:
    return median(values) if len(values) >= MEASURED_MIN else None


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ranked = sorted(values)
    half = len(ranked) // 2
    return float(ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2)
