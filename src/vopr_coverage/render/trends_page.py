"""A history as one HTML page that opens offline: charts, the newest night, and every name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from vopr_coverage import __version__
from vopr_coverage.model.figures import counted
from vopr_coverage.render import charts
from vopr_coverage.render.drawing import inside_script, script
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.names import names_over_time
from vopr_coverage.trends.series import ChartNight, WorkflowSeries, series_of

NO_NIGHTS = "No nights yet."
SIGNIFICANT_DIGITS = 7
_REPOSITORY_URL = re.compile(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+")


def is_repository_url(text: str) -> bool:
    """Whether runs and commits can be linked below this address."""
    return bool(_REPOSITORY_URL.fullmatch(text))


def render_trends_page(records: Sequence[TrendRecord], repository: str = "") -> str:
    """The page.

    Args:
        repository: the address below which runs and commits are, `https://github.com/ORG/REPO`; "" for no links.

    Raises:
        UsageError: the package that draws is not installed.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    workflows = series_of(records)
    data = {
        "workflows": [_workflow(workflow, repository) for workflow in workflows],
        "names": [_fields(name) for name in names_over_time(records)],
    }
    environment = Environment(
        loader=PackageLoader("vopr_coverage.render"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template("trends_page.html.j2").render(
        css=Markup(_asset("trends_page.css")),  # noqa: S704 (ours)
        data=Markup(inside_script(data)),  # noqa: S704 (can't end its element)
        script=Markup(_own_script()),  # noqa: S704 (ours, and the library's)
        verdict=_verdict(workflows),
        version=__version__,
        records=counted(len(records), "record"),
    )


def _verdict(workflows: Sequence[WorkflowSeries]) -> str:
    """What the page says without its script, which adds how long ago that was."""
    if not workflows or not workflows[0].nights:
        return NO_NIGHTS
    newest = workflows[0].nights[-1]
    return f"The newest night, on {newest.at[:10]}: {newest.status}."


@cache
def _own_script() -> str:
    """The library and the page's script; nothing in it ends the script element."""
    return script(_asset("trends_page.js")).replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _asset(name: str) -> str:
    return files("vopr_coverage.render").joinpath("templates", name).read_text(encoding="utf-8")


def _workflow(workflow: WorkflowSeries, repository: str) -> dict[str, Any]:
    return {
        "workflow": workflow.workflow,
        "nights": [_night(night, repository) for night in workflow.nights],
        "gaps": workflow.gaps,
        "changed": [_fields(changed) for changed in workflow.changed],
        "charts": [
            {
                "figure": chart.figure,
                "light": charts.page_spec(chart),
                "dark": charts.page_spec(chart, dark=True),
                "series": [
                    {"scenario": one.scenario, "values": [_short(value) for value in one.values]}
                    for one in chart.series
                ],
            }
            for chart in workflow.charts
        ],
    }


def _night(night: ChartNight, repository: str) -> dict[str, Any]:
    """A night with its links, which are made of digits and hexadecimal digits alone."""
    return {
        "at": night.at,
        "run": night.run_id,
        "number": night.run_number,
        "commit": night.commit,
        "status": night.status,
        "remarks": night.remarks,
        "url": f"{repository}/actions/runs/{night.run_id}" if repository and night.run_id else "",
        "commitUrl": f"{repository}/commit/{night.commit}" if repository and night.commit else "",
    }


def _fields(struct: Any) -> dict[str, Any]:
    return {field: getattr(struct, field) for field in struct.__struct_fields__}


def _short(value: float | None) -> float | int | None:
    """A value with no more digits than a chart can show; rounding it is told nowhere, since nobody sees it."""
    if value is None:
        return None
    short = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return int(short) if short.is_integer() else short
