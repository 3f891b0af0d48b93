"""Charts that GitHub draws itself, as Mermaid: a picture of the last nights on the page of a night.

Mermaid knows no gaps, so a night on which a figure was not measured is left out, and the title says so. GitHub
Enterprise Server and mails show the text, so a table with the same figures stands beside.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from markupsafe import Markup

from vopr_coverage.model.figures import counted
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.trends.figures import MEASURED_MIN

COVERAGE = "fault point coverage in %"
CHARTS_MAX = 4
TITLE_CHARACTERS_MAX = 60
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._-]+")


def coverage_charts(lines: Sequence[TrendLine]) -> list[Markup]:
    """The fault point coverage of each scenario of the coverage job, at most four."""
    charts = [chart for line in lines if line.job == "coverage" and line.figure == COVERAGE and (chart := _chart(line))]
    return charts[:CHARTS_MAX]


def _chart(line: TrendLine) -> Markup | None:
    values = [value for value in line.values if value is not None and isfinite(value)]
    if len(values) < MEASURED_MIN:
        return None
    scenario = " ".join(_UNSAFE.sub(" ", line.scenario).split())[:TITLE_CHARACTERS_MAX]  # foreign: no word of Mermaid's
    gaps = len(line.values) - len(values)
    title = f"{scenario} fault point coverage in %, {counted(len(values), 'night')}".strip()
    title += f", {gaps} not measured" if gaps else ""
    drawn = ", ".join(f"{min(max(value, 0.0), 100.0):.1f}" for value in values)
    floor = max(0, int((min(values) - 5) // 10 * 10))
    rows = (
        "```mermaid",
        "xychart-beta",
        f'    title "{title}"',
        f'    x-axis "nights, the newest last" 1 --> {len(values)}',
        f"    y-axis {floor} --> 100",
        f"    line [{drawn}]",
        "```",
    )
    return Markup("\n".join(rows))  # noqa: S704 (digits, and a title without anything that marks up)
