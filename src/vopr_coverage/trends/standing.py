"""Four figures of a night that always stand on its pages, over the nights: how much ran, how fast, and how much of the
declared faults that was. Pure.

Long run and coverage have one line a scenario; here each figure is one line for all scenarios together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite

from vopr_coverage.nightly.verdict import NightVerdict, TrendLine, Work
from vopr_coverage.trends.figures import FIGURES, MEASURED_MIN, median

LONG_RUN, COVERAGE = "long-run", "coverage"
FAILED_SEEDS = "failed seeds"
_ITERATIONS, _RATE, _FAILED, _COVERAGE = (FIGURES[number].name for number in (0, 1, 2, 4))
Series = tuple[float | None, ...]


def standing_figures(night: NightVerdict) -> tuple[TrendLine, ...]:
    """Fault point coverage (of several scenarios the lowest), iterations, failed seeds, and iterations a second.

    The last three are of the long run. Earlier nights are those of the night's trends; without trends tonight stands
    alone. A night on which a scenario was not measured is a gap, since a part of a sum would look like a loss.
    """
    ran, rates, failed = (_of(night, LONG_RUN, name) for name in (_ITERATIONS, _RATE, _FAILED))
    lines = (
        (_COVERAGE, _together(_of(night, COVERAGE, _COVERAGE), min)),
        (_ITERATIONS, _together(ran, sum)),
        (FAILED_SEEDS, _failed(failed, ran)),
        (_RATE, _rate(rates, ran)),
    )
    return tuple(_line(figure, values) for figure, values in lines if values)


def _of(night: NightVerdict, job: str, figure: str) -> list[Series]:
    """The series of a figure, one a scenario; of tonight alone where there are no trends."""
    there = [line.values for line in night.trends if line.job == job and line.figure == figure and line.values]
    if there or night.trends:
        return there
    read: dict[str, Callable[[Work], float | None]] = {
        _ITERATIONS: lambda work: work.ran,
        _RATE: lambda work: work.rate,
        _FAILED: lambda work: work.failed / work.ran * 1_000 if work.ran else None,
        _COVERAGE: lambda work: (
            None
            if work.fault_points_hit is None or not work.fault_points_known
            else work.fault_points_hit / work.fault_points_known * 100
        ),
    }
    return [(read[figure](work),) for work in night.work if work.job == job]


def _nights(series: Sequence[Series]) -> list[list[float | None]]:
    """The values of each night; histories of different lengths end with the same night."""
    most = max((len(one) for one in series), default=0)
    padded = [(None,) * (most - len(one)) + one for one in series]
    return [list(night) for night in zip(*padded, strict=True)]


def _together(series: Sequence[Series], add: Callable[[list[float]], float]) -> Series:
    known = ([value for value in night if value is not None] for night in _nights(series))
    return tuple(_finite(add(values)) if len(values) == len(series) else None for values in known)


def _failed(shares: Sequence[Series], ran: Sequence[Series]) -> Series:
    """How many seeds failed: of each 1,000 iterations so many did."""
    if len(shares) != len(ran):
        return ()
    pairs = zip(shares, ran, strict=True)
    counts = [_by_night(share, number, lambda of, all_of: of * all_of / 1_000) for share, number in pairs]
    return tuple(None if value is None else float(round(value)) for value in _together(counts, sum))


def _rate(rates: Sequence[Series], ran: Sequence[Series]) -> Series:
    """Iterations a second of one job: all iterations by the time that they take."""
    if len(rates) != len(ran):
        return ()
    pairs = zip(ran, rates, strict=True)
    times = [_by_night(number, rate, lambda all_of, a_second: all_of / a_second) for number, rate in pairs]
    whole, time = _together(ran, sum), _together(times, sum)
    return _by_night(whole, time, lambda all_of, seconds: all_of / seconds)


def _by_night(left: Series, right: Series, compute: Callable[[float, float], float]) -> Series:
    """One figure of two, night by night, from the newest back; a gap where either is missing or not to be computed."""
    pairs = zip(reversed(left), reversed(right), strict=False)
    values = [_value(one, other, compute) for one, other in pairs]
    return tuple(reversed(values))


def _value(one: float | None, other: float | None, compute: Callable[[float, float], float]) -> float | None:
    if one is None or other is None:
        return None
    try:
        return _finite(compute(one, other))
    except (ZeroDivisionError, OverflowError):
        return None


def _finite(value: float) -> float | None:
    """The value, unless it is beyond all measure: files may have any number."""
    return value if isfinite(value) else None


def _line(figure: str, values: Series) -> TrendLine:
    before = [value for value in values[:-1] if value is not None]
    middle = median(before) if len(before) >= MEASURED_MIN else None
    return TrendLine(job="", scenario="", figure=figure, values=values, median=middle)
