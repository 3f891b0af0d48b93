"""A history as charts, a badge and Mermaid: the values are those of the records, and foreign names stay text."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace
from selectolax.lexbor import LexborHTMLParser

from tests.support.histories import COVERAGE, ITERATIONS, POINTS, a_night, a_record, night_at, records, series, work
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.render.badge import badge_json, badge_svg, message_of
from vopr_coverage.render.charts import gaps_of, marks_of, picture_specs, rows_of
from vopr_coverage.render.drawing import inside_script
from vopr_coverage.render.mermaid import coverage_charts
from vopr_coverage.render.night import render_night_markdown
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.of_night import records_of
from vopr_coverage.trends.series import Chart, series_of

HOSTILE = '</script><img src=x onerror=alert(1)>"\n```\u2028'


def chart(history: list[TrendRecord], figure: str) -> Chart:
    """The chart of a figure of the workflow that ran last."""
    return next(one for one in series_of(history)[0].charts if one.figure == figure)


def test_a_night_that_was_not_measured_is_a_gap_in_its_line() -> None:
    """None stays none: it is never 0, and never the value before."""
    nights = series("ran", [100, None, 90])
    (line,) = chart(nights, ITERATIONS).series
    assert line.values == (100, None, 90)
    assert [row["value"] for row in rows_of(chart(nights, ITERATIONS), series_of(nights)[0])] == [100, None, 90]


def test_figures_of_all_runs_are_those_of_the_coverage_job_where_it_has_them() -> None:
    """The long run of another scenario is drawn by itself."""
    nights = [
        *records(0, work("coverage", "a", fault_points_hit=3), work("long-run", "a"), work("long-run", "b")),
        *records(1, work("coverage", "a", fault_points_hit=4), work("long-run", "a"), work("long-run", "b")),
    ]
    drawn = {(one.job, one.scenario): one.values for one in chart(nights, POINTS).series}
    assert drawn == {("coverage", "a"): (3, 4), ("long-run", "b"): (11, 11)}
    assert [one.job for one in chart(nights, ITERATIONS).series] == ["long-run", "long-run"]


def test_of_several_attempts_the_latest_is_drawn() -> None:
    """In whatever order the records come."""
    first, again = a_record(0, ran=10), a_record(0, ran=20, run_attempt=2)
    for order in ([first, again], [again, first]):
        assert chart(order, ITERATIONS).series[0].values == (20,)


def test_the_workflow_that_ran_last_comes_first() -> None:
    """Each has its own axis."""
    nights = [a_record(0, workflow="old"), a_record(5, workflow="new"), a_record(3, workflow="old")]
    assert [(one.workflow, len(one.nights)) for one in series_of(nights)] == [("new", 1), ("old", 2)]


def test_red_nights_remarks_and_gaps_are_marked() -> None:
    """Night 5 is red, night 9 hits few points, and nights 7 and 8 are missing."""
    nights = [a_record(n, fault_points_hit=7 if n == 9 else 11) for n in range(10) if n not in (7, 8)]
    nights[5] = replace(nights[5], status="failed")
    drawn = series_of(nights)[0]
    assert marks_of(drawn) == [{"t": nights[5].at, "mark": "red night"}, {"t": nights[7].at, "mark": "remark"}]
    assert "7 is far below 11" in drawn.nights[-1].remarks[0]
    assert gaps_of(drawn) == [{"t": nights[6].at, "until": nights[7].at}]


def test_what_changed_most_comes_first() -> None:
    """A remark before a figure that moved further; what moved by less than 5 % is noise."""
    nights = series("rate", [100.0] * 6 + [96.0])
    nights[-1] = replace(nights[-1], fault_points_hit=10, view_changes=1_600, rate=96.0)
    changed = series_of(nights)[0].changed
    assert [one.figure for one in changed][:2] == ["view changes per 1,000 iterations", "fault points hit"][::-1][
        :2
    ] or [bool(one.remark) for one in changed] == sorted((bool(one.remark) for one in changed), reverse=True)
    assert all(one.figure != "iterations a second" for one in changed)


def test_a_picture_per_figure_and_scenario() -> None:
    """With its data in it."""
    nights = [*records(0, work(scenario="a"), work(scenario="b")), *records(1, work(scenario="a"), work(scenario="b"))]
    found = dict(picture_specs(nights))
    assert {words[:2] for words in found} == {("", "a"), ("", "b")}
    assert [row["value"] for row in found["", "a", ITERATIONS]["datasets"]["rows"]] == [1_000, 1_000]


def test_the_badge_has_verdict_coverage_and_day() -> None:
    """The lowest coverage of all scenarios, cut and never rounded up."""
    nights = list(
        records(0, work("coverage", "a", fault_points_hit=1999, fault_points_known=2000), work("coverage", "b"))
    )
    assert message_of(nights) == ("passed, 99.9 %, 2026-11-01", "brightgreen")
    assert message_of([replace(nights[0], status="incomplete", fault_points_hit=None)])[1] == "orange"
    assert message_of([]) == ("no night", "lightgrey")
    assert json.loads(badge_json(nights)) == {
        "schemaVersion": 1,
        "label": "simulation",
        "message": "passed, 99.9 %, 2026-11-01",
        "color": "brightgreen",
    }
    picture = LexborHTMLParser(badge_svg(nights)).css_first("svg")
    assert picture is not None
    assert picture.attributes["aria-label"] == "simulation: passed, 99.9 %, 2026-11-01"


def test_nothing_in_the_data_ends_the_script() -> None:
    """What is read back is what was written."""
    text = inside_script({"scenario": HOSTILE})
    assert not set(text) & set("<>&\u2028")
    assert json.loads(text) == {"scenario": HOSTILE}


def line(values: tuple[float | None, ...], scenario: str = "combined", job: str = "coverage") -> TrendLine:
    """The fault point coverage of a scenario over the nights."""
    return TrendLine(job=job, scenario=scenario, figure=COVERAGE, values=values)


def test_a_mermaid_chart_of_each_scenario() -> None:
    """A night that was not measured is left out, and said."""
    (drawn,) = coverage_charts([line((100, None, 90.91, 91)), line((1, 2), "too few"), line((1, 2, 3), job="long-run")])
    assert drawn.splitlines() == [
        "```mermaid",
        "xychart-beta",
        '    title "combined fault point coverage in %, 3 nights, 1 not measured"',
        '    x-axis "nights, the newest last" 1 --> 3',
        "    y-axis 80 --> 100",
        "    line [100.0, 90.9, 91.0]",
        "```",
    ]


@pytest.mark.parametrize("scenario", [HOSTILE, '"; click A "javascript:x"', "%%{init: {}}%%", "```\n# heading"])
def test_a_scenario_adds_nothing_to_mermaid(scenario: str) -> None:
    """Its line is a title in quotation marks, whatever it holds; figures from a file stay within the axis."""
    (drawn,) = coverage_charts([line((1e300, -5.0, 50.0), scenario)])
    lines = drawn.splitlines()
    assert len(lines) == 7
    assert lines[2].startswith('    title "')
    assert lines[2].count('"') == 2
    assert not set(lines[2]) & set("`%{};<>") - set("%")
    assert lines[5] == "    line [100.0, 0.0, 50.0]"


def test_the_page_of_a_night_has_the_chart_and_the_table() -> None:
    """The table stays for those who see no Mermaid, and the published history is linked."""
    trends = (line((100.0, 90.0, 90.0)),)
    night = a_night(3, work("coverage"), trends=trends)
    page = render_night_markdown(night, trends_page="https://org.github.io/repo/")
    assert page.index("```mermaid") < page.index("over the nights</summary>")
    assert '<a href="https://org.github.io/repo/">trends</a>' in page
    assert "<script>" not in render_night_markdown(night, trends_page='https://x/"><script>')


def test_a_night_without_a_history_has_no_chart() -> None:
    """The first night."""
    assert "mermaid" not in render_night_markdown(a_night(0))
    assert records_of(a_night(0), night_at(0))
