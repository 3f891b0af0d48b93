"""Whether shards are missing: fewer reports than required, and seeds that none of the merged runs has. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.check.judge import violation_of
from vopr_coverage.check.merge import seed_ranges
from vopr_coverage.errors import printable
from vopr_coverage.gates.elsewhere import ADVICE, REPORTS
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import SEED_COUNT, Input
from vopr_coverage.model.thresholds import Bound
from vopr_coverage.model.verdict import Violation

ALL_REPORTS = "all reports"
GAPS_NAMED_MAX = 3
SHARDS_MAX = 256  # a job's matrix has no more


def too_few_reports(count: int, fewest: Bound[int]) -> list[Violation]:
    """The violation of `min_reports`. `count` is of files and recordings, however they are merged."""
    if count >= fewest.value:
        return []
    shortfall = Shortfall(
        kind="TooFewReports",
        message="Too few reports",
        expected=f"At least {fewest.value}",
        actual=str(count),
        line=f"Too few reports: {count} (expected >= {fewest.value}, set by {fewest.origin})",
    )
    return [violation_of(ALL_REPORTS, REPORTS, shortfall, ADVICE[REPORTS])]


def gaps(inputs: Sequence[Input]) -> list[str]:
    """Sentences on seeds between the runs of one scenario that none of them has.

    Runs without a name count as one scenario. If no two of three or more runs have adjacent seeds, only gaps that are
    wider than the narrowest one count: such shards begin at a fixed distance from each other. A wide gap counts only if
    shards as long as the longest run would fill it: seeds that were picked by hand leave gaps of any width.
    """
    by_scenario: dict[str, list[Input]] = {}
    for read in inputs:
        by_scenario.setdefault((read.scenario or "").lower(), []).append(read)
    return [
        f"No run{f' of {printable(runs[0].scenario)}' if runs[0].scenario else ''} has {_named(found)}: if a shard is "
        "missing, `min-reports` makes that a failure."
        for runs in by_scenario.values()
        if (found := _gaps([seeds for read in runs if read.run for seeds in seed_ranges(read.run)]))
    ]


def _gaps(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The gaps between ranges [first, end), without the widest: seeds wrap around, and the widest gap lies outside."""
    between: list[tuple[int, int]] = []
    end = 0
    for first, next_end in sorted(ranges):
        between.append((end, max(first, end)))
        end = max(end, next_end)
    if not between:
        return []
    around = (end, SEED_COUNT + between.pop(0)[1])  # from the last range to the first, past 2^64
    gaps = sorted([*between, around], key=lambda gap: gap[0] - gap[1])[1:]
    narrowest = gaps[-1][1] - gaps[-1][0] if len(gaps) > 1 else 0
    ran, longest = sum(end - first for first, end in ranges), max(end - first for first, end in ranges)
    return sorted(
        gap
        for gap in gaps
        if (width := gap[1] - gap[0]) > narrowest
        and (width <= ran or _holds_shards(width, longest, longest + narrowest))
    )


def _holds_shards(width: int, length: int, distance: int) -> bool:
    """Whether shards of one length, which begin at one distance from each other, fit exactly into a gap."""
    return (width + length) % distance == 0 and width // distance < SHARDS_MAX


def _named(found: Sequence[tuple[int, int]]) -> str:
    named = [f"the {counted(end - at, 'seed')} from {at % SEED_COUNT} to {(end - 1) % SEED_COUNT}" for at, end in found]
    more = len(named) - GAPS_NAMED_MAX
    return ", ".join(named[:GAPS_NAMED_MAX]) + (f" and {counted(more, 'more gap')}" if more > 0 else "")
