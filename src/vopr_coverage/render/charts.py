"""The charts of a history as Vega-Lite specifications: plain data, for the page and for pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.series import Chart, WorkflowSeries, series_of

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"  # a name that Vega-Lite knows; nothing is fetched
COLOURS_LIGHT = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf3989", "#4d5560", "#9a6700", "#0a7ea4")
COLOURS_DARK = ("#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#f778ba", "#b1bac4", "#d29922", "#56d4dd")
RED_LIGHT, RED_DARK = "#cf222e", "#f85149"
REMARK_LIGHT, REMARK_DARK = "#9a6700", "#d29922"
HEIGHT = 130
PICTURE_WIDTH = 640
PERCENT = "%"
LEGEND = {"orient": "top", "title": None, "labelLimit": 140, "columns": {"expr": "width < 400 ? 2 : 4"}}


def rows_of(chart: Chart, workflow: WorkflowSeries) -> list[dict[str, Any]]:
    """A row for each value that was measured, and one without a value where a line is to break."""
    return [
        {"t": night.at, "scenario": series.scenario, "value": value}
        for series in chart.series
        for night, value in zip(workflow.nights, series.values, strict=True)
    ]


def marks_of(workflow: WorkflowSeries) -> list[dict[str, Any]]:
    """The nights that are marked on the axis: red ones, and those with remarks."""
    found = []
    for night in workflow.nights:
        if night.status != "passed":
            found.append({"t": night.at, "mark": "red night"})
        elif night.remarks:
            found.append({"t": night.at, "mark": "remark"})
    return found


def gaps_of(workflow: WorkflowSeries) -> list[dict[str, str]]:
    """Where nights are missing."""
    return [{"t": start, "until": end} for start, end in workflow.gaps]


def spec_of(chart: Chart, *, dark: bool = False) -> dict[str, Any]:
    """One figure over the nights. Its data sets have names: `rows`, `marks`, `gaps`."""
    colours = COLOURS_DARK if dark else COLOURS_LIGHT
    scenarios = [series.scenario for series in chart.series]
    share = chart.figure.endswith(PERCENT)
    most = max((value for series in chart.series for value in series.values if value is not None), default=0.0)
    x = {"field": "t", "type": "temporal", "title": None, "axis": {"labelOverlap": True, "tickCount": 6}}
    value_scale: dict[str, Any] = (
        {"domain": [_floor_of(chart), 100]} if share else {"domain": [0, 1]} if most <= 0 else {"zero": True}
    )
    gap = {
        "data": {"name": "gaps"},
        "mark": {"type": "rect", "opacity": 0.25, "color": "#8c959f", "clip": True, "aria": False},
        "encoding": {"x": x, "x2": {"field": "until"}},
    }
    line = {
        "data": {"name": "rows"},
        "mark": {"type": "line", "clip": True, "strokeWidth": 1.5, "invalid": "break-paths-show-domains"},
        "encoding": {
            "x": x,
            "y": {
                "field": "value", "type": "quantitative", "title": None, "scale": value_scale,
                "axis": {"tickCount": 4} if share else {"tickCount": 4, "format": "~s" if most >= 10 else "~g"},
            },
            "color": {
                "field": "scenario", "type": "nominal",
                "scale": {"domain": scenarios, "range": [colours[i % len(colours)] for i in range(len(scenarios))]},
                "legend": LEGEND if len(scenarios) > 1 else None,
            },
        },
    }  # fmt: skip
    marks = ["red night", "remark"]
    mark_colours = [RED_DARK, REMARK_DARK] if dark else [RED_LIGHT, REMARK_LIGHT]
    tick = {
        "data": {"name": "marks"},
        "mark": {"type": "point", "filled": True, "size": 45, "opacity": 1, "clip": True, "aria": False},
        "encoding": {
            "x": x,
            "y": {"value": HEIGHT - 5},
            "shape": {"field": "mark", "type": "nominal", "legend": None,
                      "scale": {"domain": marks, "range": ["triangle-up", "circle"]}},
            "color": {"field": "mark", "type": "nominal", "legend": None,
                      "scale": {"domain": marks, "range": mark_colours}},
        },
    }  # fmt: skip
    return {
        "$schema": SCHEMA,
        "height": HEIGHT,
        "description": f"{chart.figure}, by night",
        "layer": [gap, line, tick],
        "resolve": {"scale": {"color": "independent", "shape": "independent"}},
        "config": theme(dark=dark),
    }


def _floor_of(chart: Chart) -> int:
    """Where the axis of a share begins: a ten below all values, so that the loss of one point of many can be seen."""
    measured = [value for series in chart.series for value in series.values if value is not None]
    return max(0, int((min(measured, default=0) - 5) // 10 * 10))


def page_spec(chart: Chart, *, dark: bool = False) -> dict[str, Any]:
    """The same for the page, whose script zooms by the signals `from` and `to` and shows a night by `at`."""
    spec = spec_of(chart, dark=dark)
    for layer in spec["layer"]:
        scale = {"domainMin": {"expr": "from"}, "domainMax": {"expr": "to"}}
        layer["encoding"]["x"] = {**layer["encoding"]["x"], "scale": scale}
    night = {
        "data": {"name": "night"},
        "mark": {"type": "rule", "strokeDash": [3, 3], "color": "#8c959f", "clip": True, "aria": False},
        "encoding": {"x": spec["layer"][0]["encoding"]["x"]},
    }
    params = [{"name": name, "value": 0} for name in ("from", "to")]
    return {**spec, "width": "container", "params": params, "layer": [*spec["layer"], night]}


def theme(*, dark: bool) -> Mapping[str, Any]:
    """Colours and fonts of a chart, on whatever the page has behind it."""
    text, line = ("#c9d1d9", "#30363d") if dark else ("#24292f", "#d0d7de")
    return {
        "background": None,
        "font": "system-ui, sans-serif",
        "view": {"stroke": None},
        "axis": {"labelColor": text, "titleColor": text, "gridColor": line, "domainColor": line, "tickColor": line},
        "legend": {"labelColor": text},
        "title": {"color": text},
    }


def picture_specs(records: Iterable[TrendRecord]) -> list[tuple[tuple[str, str, str], dict[str, Any]]]:
    """A picture per figure and scenario, with the words that name it: workflow, scenario, figure."""
    found = []
    workflows = series_of(records)
    for workflow in workflows:
        for chart in workflow.charts:
            for series in chart.series:
                words = (workflow.workflow if len(workflows) > 1 else "", series.scenario, chart.figure)
                found.append((words, _picture(Chart(chart.figure, (series,)), workflow)))
    return found


def _picture(chart: Chart, workflow: WorkflowSeries) -> dict[str, Any]:
    """A chart with its data, a title and a background, since a picture stands alone."""
    spec = spec_of(chart)
    sets = {"rows": rows_of(chart, workflow), "marks": marks_of(workflow), "gaps": gaps_of(workflow)}
    title = f"{chart.figure}, {chart.series[0].scenario}" if chart.series[0].scenario else chart.figure
    config = {**spec["config"], "background": "white"}
    layers = [layer for layer in spec["layer"] if sets[layer["data"]["name"]]]
    return {**spec, "layer": layers, "width": PICTURE_WIDTH, "title": title, "datasets": sets, "config": config}
