"""How often points are hit, as a page shows it: the rarest first, with the interval and the chance of a miss. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from vopr_coverage.model.figures import percent
from vopr_coverage.model.rates import RateSeen, RatesSeen
from vopr_coverage.model.verdict import JudgedReport

RATES_MAX = 20  # points of a report; the verdict has all
SAMPLES_MIN = 2  # of one sample, every rate is the same
SHARE_MIN = 1e-7  # of a share that is told in digits
BELOW = f"below {percent(SHARE_MIN)}"


class RateRow(NamedTuple):
    """One point: by how many samples it was hit, its rate, and how easily a run of this size misses it."""

    name: str
    hit: Markup
    rate: Markup
    missed: Markup


def rates_of(report: JudgedReport) -> Sequence[RateRow]:
    """The rarest points; none where that would say nothing."""
    rates = report.rates
    if rates is None or rates.of < SAMPLES_MIN:
        return ()
    return [_row(each, rates) for each in rates.points[:RATES_MAX]]


def _row(seen: RateSeen, rates: RatesSeen) -> RateRow:
    hit = f"{seen.hit:,} of {rates.of:,}"
    if not seen.hit:
        return RateRow(seen.name, _ours(hit), _ours(f"at most {_share(seen.high)}"), Markup("–"))
    between = f"{_share(seen.low)} to {_share(seen.high)}"
    rate = between if seen.rate is None else f"{_share(seen.rate)} ({between})"
    at_most = f"at most {_share(seen.missed_at_most)}" if seen.missed_at_most >= SHARE_MIN else BELOW
    if seen.missed is None or at_most == BELOW:
        return RateRow(seen.name, _ours(hit), _ours(rate), _ours(at_most))
    return RateRow(seen.name, _ours(hit), _ours(rate), _ours(f"{_share(seen.missed)} ({at_most})"))


def _share(share: float) -> str:
    return percent(share) if share >= SHARE_MIN else BELOW


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704 (words and numbers of ours)
