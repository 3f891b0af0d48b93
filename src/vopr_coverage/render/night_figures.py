"""The figures of a night on its pages: what always stands, what moved, and the bounds on what was not run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage.causes.night_trends import Moved, moved_figures
from vopr_coverage.model.cause import Cause
from vopr_coverage.model.figures import agreeing, counted, in_digits, percent, share_that_may_differ
from vopr_coverage.nightly.verdict import NightVerdict, TrendLine, Work
from vopr_coverage.render.job_links import part_title
from vopr_coverage.render.trends import TrendRow, sparkline, trend_rows
from vopr_coverage.render.wording import figure, ours
from vopr_coverage.statistics.intervals import wilson
from vopr_coverage.trends.figures import FIGURES
from vopr_coverage.trends.standing import standing_figures

REMARKS_MAX = 5
_FIGURES = {one.name: one.name for one in FIGURES}


class Remarks(NamedTuple):
    """What moved, in lines of Markup; `more` of them are left out."""

    shown: list[Markup]
    more: int


def standing_rows(night: NightVerdict) -> list[TrendRow]:
    """Four figures, for all scenarios together."""
    return trend_rows(standing_figures(night))


def remarks_of(night: NightVerdict, causes: Sequence[Cause]) -> Remarks:
    """At most five remarks, one a cause."""
    moved = moved_figures(night, causes)
    shown = [_remark(one, len(causes)) for one in moved[:REMARKS_MAX]]
    return Remarks(shown, len(moved) - len(shown))


def _remark(moved: Moved, causes: int) -> Markup:
    first, others = moved.lines[0], moved.lines[1:]
    if moved.cause is None:
        said = _place(first) + Markup(", ") + ours(_FIGURES, first.figure) + Markup(": ") + figure(first.remark)
        also = Markup(", ").join(_place(line) for line in others[:REMARKS_MAX])
        more = f" and {len(others) - REMARKS_MAX} more" if len(others) > REMARKS_MAX else ""
        said += Markup(" ") + Markup(sparkline(first.values)) if first.values else Markup()  # noqa: S704 (our blocks)
        return said + (Markup("; also in ") + also + Markup(more) if others else Markup())  # noqa: S704 (digits)
    places = list(dict.fromkeys(map(_place, moved.lines)))
    where = Markup("; ").join(places[:2]) + Markup(f" and {len(places) - 2} more" if len(places) > 2 else "")  # noqa: S704 (digits)
    cause = f"cause {moved.cause + 1}" if causes > 1 else "this cause"
    by = Markup(f": {counted(len(moved.lines), 'figure')} moved with {cause}; ")  # noqa: S704 (digits)
    return where + by + ours(_FIGURES, first.figure) + Markup(": ") + figure(first.remark)


def _place(line: TrendLine) -> Markup:
    return Markup(", ").join(filter(None, [part_title(line.job), figure(line.scenario)]))


def rate_of(work: Work) -> Markup | None:
    """Iterations a second, in digits for people; None is not measured."""
    return None if work.rate is None else Markup(in_digits(work.rate))  # noqa: S704 (digits)


def bounds(verdict: NightVerdict) -> list[str]:
    """What double runs and canaries show about all seeds and bugs, in our own words and numbers."""
    lines = []
    if verdict.seeds_doubled and verdict.seeds_differing:
        differ = agreeing(verdict.seeds_differing, "differs", "differ")
        lines.append(f"{verdict.seeds_differing:,} of {counted(verdict.seeds_doubled, 'seed')} that ran twice {differ}")
    elif verdict.seeds_doubled and verdict.at_most is not None:
        ran = f"{counted(verdict.seeds_doubled, 'seed')} ran twice"
        lines.append(f"{ran}: {share_that_may_differ(verdict.at_most, '95 %')}")
    elif verdict.seeds_doubled == 0:
        lines.append("No seed ran twice and was compared")
    if verdict.declared:
        detected = verdict.detected or 0
        low, high = wilson(verdict.declared, detected)
        score = f"{detected} of {counted(verdict.declared, 'canary', 'canaries')} detected"
        lines.append(f"{score}: mutation score from {percent(low)} to {percent(high)} (95 %)")
    return lines
