"""A history of nights, for a terminal and as Markdown; and its rows, for the pages of a night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite
from typing import Any, NamedTuple

from markupsafe import Markup

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX, TEXT_LINES_MAX, utf8_bytes
from vopr_coverage.trends.compare import Lately
from vopr_coverage.trends.figures import FIGURES
from vopr_coverage.trends.standing import FAILED_SEEDS

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"
NIGHTS_DRAWN_MAX = 100
NOT_MEASURED = "not measured"
TOO_FEW = "–"
NO_NIGHTS = "No nights yet."
_OURS = {FAILED_SEEDS, *(figure.name for figure in FIGURES)}


class TrendRow(NamedTuple):
    """A line as a table has it. What is Markup is ours; the rest is foreign, and inert only once a template has it.

    Attributes:
        drawn: a block per night, the oldest first; a gap where nothing was measured.
        tonight, median: in digits, or in words where there is no figure.
    """

    job: str
    scenario: str
    figure: str
    drawn: Markup
    tonight: Markup
    median: Markup
    remark: str


def sparkline(values: Sequence[float | None]) -> str:
    """A block for each value, from 0 (the lowest) to the largest of them (the highest); `·` for what wasn't measured.

    The scale begins at 0, so that noise stays small and half is half as high. Whatever is less than
    the largest is at least one step lower: one fault point of a hundred that is lost can be seen.
    """
    drawn = values[-NIGHTS_DRAWN_MAX:]
    most = max((value for value in drawn if value is not None and isfinite(value)), default=0.0)
    return "".join(_block(value, most) for value in drawn)


def _block(value: float | None, most: float) -> str:
    if value is None or not isfinite(value):
        return GAP
    top = len(BLOCKS) - 1
    return BLOCKS[int(min(max(value / most, 0.0), 1.0) * top) if most > 0 else 0]


def trend_rows(lines: Sequence[TrendLine]) -> list[TrendRow]:
    """Lines as rows for a template, in their order. The lines may come from a file, and be anybody's."""
    return [
        TrendRow(
            job=line.job,
            scenario=line.scenario,
            figure=Markup(line.figure) if line.figure in _OURS else line.figure,  # noqa: S704 (ours)
            drawn=Markup(sparkline(line.values)),  # noqa: S704 (our blocks)
            tonight=Markup(_tonight(line)),  # noqa: S704 (digits, or our words)
            median=Markup(_median(line)),  # noqa: S704 (digits, or our dash)
            remark=line.remark,
        )
        for line in lines
    ]


def _tonight(line: TrendLine) -> str:
    value = line.values[-1] if line.values else None
    return NOT_MEASURED if value is None else in_digits(value)


def _median(line: TrendLine) -> str:
    return TOO_FEW if line.median is None else in_digits(line.median)


def render_trends_text(chapters: Sequence[Lately]) -> str:
    """A history as tables for a terminal. Nothing in it moves a cursor or ends a line of ours."""
    if not chapters:
        return f"{NO_NIGHTS}\n"
    lines = [line for chapter in chapters for line in _chapter(chapter)]
    if len(lines) > TEXT_LINES_MAX:
        left_out = len(lines) - TEXT_LINES_MAX
        lines = [*lines[:TEXT_LINES_MAX], f"… and {counted(left_out, 'more line')}; --format json has all figures"]
    return "\n".join(lines) + "\n"


def _chapter(chapter: Lately) -> Iterator[str]:
    yield printable(headline(chapter))
    for (job, scenario), group in groupby(chapter.lines, lambda line: (line.job, line.scenario)):
        lines = list(group)
        yield ""
        yield f"  {printable(job)} {printable(scenario)}".rstrip()
        cells = [
            (printable(line.figure), sparkline(line.values), _tonight(line), f"median {_median(line)}")
            for line in lines
        ]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for line, (figure, drawn, tonight, median) in zip(lines, cells, strict=True):
            yield f"    {figure:<{widths[0]}}  {drawn:<{widths[1]}}  {tonight:>{widths[2]}}  {median}"
            if line.remark:
                yield f"      ! {printable(line.remark)}"
    yield ""


def headline(chapter: Lately) -> str:
    """Which night is the newest, and of how many; the workflow's name is foreign."""
    night = chapter.newest
    run = f"run {night.run_number}" if night.run_id else "a run outside of GitHub"
    of = f" of {chapter.workflow}" if chapter.workflow else ""
    return f"{counted(chapter.nights, 'night')}{of}, the newest: {run} on {night.at[:10]}"


def render_trends_markdown(
    chapters: Sequence[Lately], warnings: Sequence[str] = (), budget: int = SUMMARY_BYTES_MAX
) -> str:
    """The same as GitHub-flavoured Markdown, in at most `budget` bytes of UTF-8; all foreign text is inert."""
    from vopr_coverage.render.tiers import draft_page  # jinja2 takes long to load

    variables: dict[str, Any] = {
        "chapters": [(chapter, trend_rows(chapter.lines)) for chapter in chapters],
        "warnings": warnings,
        "no_nights": Markup(NO_NIGHTS),  # noqa: S704 (ours)
    }
    return draft_page("trends.md.j2", variables, budget, utf8_bytes)
