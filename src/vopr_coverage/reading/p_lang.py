"""Reads the scenario coverage that the P checker writes, by its documentation. docs/formats/p.md describes it."""

from __future__ import annotations

from typing import Any

from vopr_coverage.errors import ReportError
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.points import Observed, Point
from vopr_coverage.model.report import Finish, Input

KEYS = ("testCase", "scenarios")


def looks_like_p(document: object) -> bool:
    """Whether a JSON value is such a file, perhaps an invalid one."""
    return isinstance(document, dict) and all(key in document for key in KEYS)


def read_p(document: Any, source: str) -> Input:
    """Read one document: each scenario is a point that is hit if a schedule satisfied it.

    How many schedules ran is not in the file, so there are no rates.

    Raises:
        ReportError: a scenario without name or verdict.
    """
    points: dict[str, Point] = {}
    scenarios = document["scenarios"]
    if not isinstance(scenarios, list):
        raise ReportError(source, "#/scenarios", expected="a list of scenarios", found=scenarios)
    for index, scenario in enumerate(scenarios):
        at = f"#/scenarios/{index}"
        if not isinstance(scenario, dict) or not isinstance(scenario.get("name"), str):
            raise ReportError(source, at, expected="a scenario with a name", found=scenario)
        if not isinstance(scenario.get("satisfied"), bool):
            expected = "true or false"
            raise ReportError(source, f"{at}/satisfied", expected=expected, found=scenario.get("satisfied"))
        if scenario["name"] in points:
            raise ReportError(source, f"{at}/name", expected="each scenario once", found=scenario["name"])
        hit = scenario["satisfied"]
        points[scenario["name"]] = Point(kind="sometimes", count=_count(scenario, at, source), runs=int(hit))
        if hit != bool(points[scenario["name"]].count):
            found = scenario.get("satisfyingSchedules")
            expected = "schedules where it is satisfied, and none where it is not"
            raise ReportError(source, f"{at}/satisfyingSchedules", expected=expected, found=found)
    observed = Observed(runs=1, unit="file", points=points)
    return Input(
        source=source,
        format="p",
        report=coverage_of(observed),
        listed_only=True,
        observed=observed,
        finish=Finish(known=True),  # the checker writes it when its schedules have run
    )


def _count(scenario: dict[str, Any], at: str, source: str) -> int:
    count = scenario.get("satisfyingSchedules")
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    raise ReportError(source, f"{at}/satisfyingSchedules", expected="a count", found=count)
