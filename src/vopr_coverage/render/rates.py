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
    """One point: by how many samples it was hit, its rate, how easily a run of this size misses it, and its seed.

    `seed` is "" where none is known.
    """

    name: str
    hit: Markup
    rate: Markup
    missed: Markup
    seed: str


def rates_of(report: JudgedReport) -> Sequence[RateRow]:
    """The rarest points; none where that would say nothing."""
    rates = report.rates
    if rates is None or rates.of < SAMPLES_MIN:
        return ()
    return [_row(each, rates) for each in rates.points[:RATES_MAX]]


def _row(seen: RateSeen, rates: RatesSeen) -> RateRow:
    hit = f"{seen.hit:,} of {rates.of:,}"
    if not seen.hit:
        rate = f"at most {_share(seen.high)}"
        return RateRow(name=seen.name, hit=_ours(hit), rate=_ours(rate), missed=Markup("–"), seed="")
    between = f"{_share(seen.low)} to {_share(seen.high)}"
    rate = between if seen.rate is None else f"{_share(seen.rate)} ({between})"
    at_most = f"at most {_share(seen.missed_at_most)}" if seen.missed_at_most >= SHARE_MIN else BELOW
    missed = at_most if seen.missed is None or at_most == BELOW else f"{_share(seen.missed)} ({at_most})"
    seed = seen.first_seed or ""
    return RateRow(name=seen.name, hit=_ours(hit), rate=_ours(rate), missed=_ours(missed), seed=seed)


def _share(share: float) -> str:
    return percent(share) if share >= SHARE_MIN else BELOW


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704 (words and numbers of ours)
