"""Whether tonight's value of a figure is far from the nights before that it can be compared with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.trends.figures import INVARIANTS, POINTS, Figure, median
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.lost_names import Kind, lost_names

NIGHTS_MIN = 7  # to compare with: a week has its weekend
NIGHTS_USED = 13  # of the comparable ones the newest, which say what is usual
NIGHTS_FOR_ONE = 20  # the same for sets: in fewer nights, chance misses one of many things for the first time too often
FAR = 0.9  # of the median: what is less is far below
MADS_MAX = 3.0
MAD_TO_SIGMA = 1.4826  # of normally distributed figures
FARTHER = 2.0  # a set that varies is unusual when it is so many times as far below the median as on any night
ALIKE = 1.5  # budgets that differ by at most this factor
LONGER_MAX = 1.75  # nights that ran more than so many times tonight's iterations reach more by running longer
_NAMES_OF: dict[str, Kind] = {POINTS.name: "hit", INVARIANTS.name: "ran"}
_One = TypeVar("_One")


def unusual(figure: Figure, searched: Sequence[TrendRecord | None], tonight: TrendRecord) -> str:
    """Why somebody should look, or nothing. Names say more than numbers, where there are enough nights with names.

    Args:
        searched: the same job and scenario on each night before, the oldest first; None where it did not run.
    """
    now, before, holds = _compared(figure, searched, tonight)
    if now is None:
        return ""
    if kind := _NAMES_OF.get(figure.name):
        lost = lost_names(kind, [night for night in searched if night], tonight, holds)
        if lost is not None:
            return lost
    return _remark(figure, now, before)


def reached_all(figure: Figure, searched: Sequence[TrendRecord | None], tonight: TrendRecord) -> bool:
    """Whether tonight reached as many as on any comparable night, so that nothing that is always reached is missing."""
    now, before, _ = _compared(figure, searched, tonight)
    return now is not None and len(before) >= NIGHTS_MIN and now >= max(before)


def _compared(
    figure: Figure, searched: Sequence[TrendRecord | None], tonight: TrendRecord
) -> tuple[float | None, list[float], Callable[[TrendRecord], bool]]:
    """Tonight's value, those of the nights that it can be compared with, and which nights these are."""
    there = [(value, night) for night in searched if night and (value := figure.value(night)) is not None]
    budget = _comparable_budget(figure, [night for _, night in there], tonight)
    return figure.value(tonight), [value for value, night in there if budget.holds(night)], budget.holds


class _Comparable(NamedTuple):
    """The nights that can be compared: those with a budget between two bounds."""

    of: Callable[[TrendRecord], int | None]
    least: float
    most: float

    def holds(self, night: TrendRecord) -> bool:
        budget = self.of(night)
        return budget is not None and self.least <= budget <= self.most


def _comparable_budget(figure: Figure, nights: Sequence[TrendRecord], tonight: TrendRecord) -> _Comparable:
    """Which of the nights before are comparable; those that measured the figure are `nights`."""
    if figure.budget == "ran":
        return _iterations_like(nights, tonight)
    if figure.budget == "asked" and tonight.asked:
        alike = _Comparable(lambda night: night.asked, tonight.asked / ALIKE, tonight.asked * ALIKE)
        if _any_earlier(nights, alike.holds, alike.holds):
            return alike  # a night of a weekend, say; the first nights of a new budget are compared with the old one
    return _Comparable(lambda _: 0, 0, 0)


def _iterations_like(nights: Sequence[TrendRecord], tonight: TrendRecord) -> _Comparable:
    """Nights that ran about as much, if there are enough of them; else all that did not run much longer."""
    ran = -1 if tonight.ran is None else tonight.ran
    alike = _Comparable(lambda night: night.ran, ran / ALIKE, ran * ALIKE)
    enough = sum(map(alike.holds, nights)) >= NIGHTS_USED
    return alike if enough else alike._replace(least=0, most=ran * LONGER_MAX)


def _remark(figure: Figure, now: float, before: Sequence[float]) -> str:
    """Far is what lies more than three scaled median absolute deviations from the median, and beyond the figure's
    share of it besides: a constant series has no deviation, and a noisy rate no limit without. What was as far on an
    earlier night happens now and then.

    Args:
        before: of all nights that can be compared.
    """
    is_set = figure.budget == "ran"
    used = before[-NIGHTS_FOR_ONE:] if is_set else before[-NIGHTS_USED:]
    if len(used) < NIGHTS_MIN:
        return ""
    centre = median(used)
    spread = MADS_MAX * MAD_TO_SIGMA * median([abs(value - centre) for value in used])
    lowest = None if figure.below is None else min(centre - spread, centre * figure.below)
    highest = None if figure.above is None else max(centre + spread, centre * figure.above)
    if lowest is not None and now < lowest:
        word = "far below" if now < FAR * centre else "below"
        if word == "below" and is_set and len(used) < NIGHTS_FOR_ONE:
            return ""
        farthest = centre - (centre - now) / FARTHER if is_set else now  # an earlier night that excuses this one
        if _any_earlier(before, lambda value: value < lowest, lambda value: value <= farthest):
            return ""
    elif highest is not None and now > highest:
        word = "far above"
        if _any_earlier(before, lambda value: value > highest, lambda value: value >= now):
            return ""
    else:
        return ""
    nights = counted(len(used), "comparable night")
    return f"{in_digits(now)} is {word} {in_digits(centre)}, the median of {nights} before"


def _any_earlier(nights: Iterable[_One], goes_on: Callable[[_One], bool], is_alike: Callable[[_One], bool]) -> bool:
    """Whether an earlier night was alike. The nights just before, without a gap, are the same change going on."""
    earlier = list(nights)
    while earlier and goes_on(earlier[-1]):
        earlier.pop()
    return any(map(is_alike, earlier))
