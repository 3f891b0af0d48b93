"""Seeds to replay for the rarest points of a verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from vopr_coverage.model.hits import Hits, joined
from vopr_coverage.model.rates import RateSeen, RatesSeen
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Verdict

POINTS_MAX = 20  # those that a page lists: of a million seeds, each takes hundredths of a second


def with_example_seeds(verdict: Verdict, inputs: Sequence[Input]) -> Verdict:
    """The verdict, whose rarest points have a seed that hit them, where hits are known seed by seed.

    Args:
        inputs: what was judged, under the names of the config.
    """
    hits_of = {read.source: read.hits for read in inputs}
    reports = []
    for report in verdict.reports:
        parts = [hits for read in report.inputs if (hits := hits_of.get(read.source)) is not None]
        if report.rates is not None and parts and len(parts) == len(report.inputs):
            hits = parts[0] if len(parts) == 1 else joined(parts)
            report = replace(report, rates=_with_seeds(report.rates, hits))
        reports.append(report)
    return replace(verdict, reports=tuple(reports))


def _with_seeds(rates: RatesSeen, hits: Hits) -> RatesSeen:
    rarest = hits.rarest()
    few = [_with_seed(each, hits, rarest) for each in rates.points[:POINTS_MAX]]
    return replace(rates, points=(*few, *rates.points[POINTS_MAX:]))


def _with_seed(seen: RateSeen, hits: Hits, rarest: Sequence[str]) -> RateSeen:
    if not hits.columns.get(seen.name):
        return seen
    return replace(seen, first_seed=str(hits.first_seed(seen.name)), rare_seed=str(hits.rare_seed(seen.name, rarest)))
