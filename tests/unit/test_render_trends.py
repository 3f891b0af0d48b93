"""A history on the page and on a terminal: blocks and gaps, and foreign names that do nothing."""

from __future__ import annotations

from math import inf, nan

import pytest
from msgspec.structs import replace

from tests.support.histories import POINTS, RATE, a_record, line_of, records, series, work
from tests.support.loops import for_each
from tests.support.pages import HOSTILE, LIVE, NAME, page_of
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.render.budget import SUMMARY_BYTES_MIN
from vopr_coverage.render.trends import render_trends_markdown, render_trends_text, sparkline, trend_rows
from vopr_coverage.trends.compare import lately

ODD = "\x1b[2J\n::error::x"


@pytest.mark.parametrize(
    ("values", "drawn"),
    [
        ((), ""),
        ((None, None), "··"),
        ((0, 0), "▁▁"),
        ((7,), "█"),
        ((5, 5, 5), "███"),  # nothing changes, nothing moves
        ((0, 1, 2, 3, 4, 5, 6, 7), "▁▂▃▄▅▆▇█"),
        ((8, 4), "█▄"),  # the scale begins at 0: half is half as high
        ((1_000_000, 999_999), "█▇"),  # one that is lost can be seen
        ((4, None, 8), "▄·█"),  # not measured is neither low nor 0
        ((-1, nan, inf, 2), "▁··█"),  # lines may come from a file
        ((1e308, 1e-300), "█▁"),
    ],
)
def test_a_sparkline(values: tuple[float | None, ...], drawn: str) -> None:
    """A block a night, a gap where nothing was measured."""
    assert sparkline(values) == drawn


def test_rows_say_what_a_line_has() -> None:
    """In digits, with words where there is no figure."""
    (row,) = trend_rows([line_of(series("fault_points_hit", [11, None, 11, 11, 10]), POINTS)])
    told = (row.figure, row.drawn, row.tonight, row.median)
    assert told == ("fault points hit", "█·██▇", "10", "11")
    (row,) = trend_rows([line_of(series("rate", [5.25, None]), RATE)])
    assert (row.drawn, row.tonight, row.median) == ("█·", "not measured", "–")
    assert trend_rows([TrendLine("j", "s", "f", ())])[0].tonight == "not measured"


def test_text_has_a_table_per_scenario_and_says_what_moved() -> None:
    """The columns stand below each other, and a remark below its line."""
    text = render_trends_text(lately([*series("fault_points_hit", [11] * 7), a_record(7, fault_points_hit=9)]))
    lines = text.splitlines()
    assert lines[0] == "8 nights of Nightly, the newest: run 48 on 2026-11-08"
    assert "  long-run combined" in lines
    at = next(index for index, line in enumerate(lines) if POINTS in line)
    assert lines[at].split()[-4:] == ["███████▆", "9", "median", "11"]
    assert lines[at + 1] == "      ! 9 is far below 11, the median of 7 comparable nights before"
    assert len({line.index("median") for line in lines if "  median " in line}) == 1
    assert render_trends_text([]) == "No nights yet.\n"


def test_foreign_names_are_printable_in_text() -> None:
    """No cursor moves, no line ends, and no workflow command begins."""
    night = replace(a_record(), job=ODD, scenario=ODD, workflow=ODD)
    text = render_trends_text(lately([night]))
    assert "\x1b" not in text
    assert not any(line.lstrip().startswith("::") for line in text.splitlines())


@for_each(HOSTILE)
def test_foreign_names_are_inert_in_markdown(text: str) -> None:
    """Job, scenario, workflow, figure and remark do what a plain name does, which is nothing."""
    assert page_of(hostile(text)).elements == page_of(hostile(NAME)).elements
    assert page_of(hostile(text)).prose == page_of(hostile(NAME)).prose
    assert not LIVE.search(page_of(hostile(text)).prose)


def hostile(text: str) -> str:
    """The page of a history in which somebody has put this text wherever a file may hold one."""
    night = replace(a_record(), job=text, scenario=text, workflow=text)
    (chapter,) = lately([night])
    foreign = TrendLine(text, text, text, (1.0, 2.0), 1.0, text)
    return render_trends_markdown([replace(chapter, lines=(foreign,))], [text])


def test_markdown_tells_what_moved_first() -> None:
    """Then the table, with a row per figure."""
    history = [*series("fault_points_hit", [11] * 7), a_record(7, fault_points_hit=9)]
    page = render_trends_markdown(lately(history), ["the nights may not all be there"])
    assert "1 of 7 figures is far from the nights before." in page
    assert page.index("fault points hit: <code>9 is far below 11") < page.index("| Job |")
    assert "| <code>long&#45;run</code> | <code>combined</code> | fault points hit | ███████▆ | 9 | 11 |" in page
    assert "Warning: <code>the nights may not all be there</code>" in page
    assert "No nights yet." in render_trends_markdown([])


def test_a_large_history_fits_and_says_what_was_left_out() -> None:
    """By the thousand scenarios, down to the smallest page."""
    night = records(0, *(work(scenario=f"{number}-{'x' * 150}") for number in range(1_000)))
    for budget in (SUMMARY_BYTES_MIN, 100_000):
        page = render_trends_markdown(lately(night), budget=budget)
        assert len(page.encode()) <= budget
    assert "more figures, all in the history itself" in page
    assert "more lines" in render_trends_text(lately(night)).splitlines()[-1]
