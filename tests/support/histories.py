"""Histories of nights for tests: records and whole nights in a few words, all of them healthy until told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from vopr_coverage.nightly.verdict import NightRun, NightVerdict, TrendLine, Work
from vopr_coverage.trends.compare import lines_of
from vopr_coverage.trends.history import TrendRecord
from vopr_coverage.trends.of_night import records_of

FIRST_RUN = 2_600_000_000
FIRST_NIGHT = datetime(2026, 11, 1, 2, 17, tzinfo=UTC)
WORKFLOW = "Nightly"

ITERATIONS, RATE, FAILED = "iterations", "iterations a second", "failed seeds per 1,000 iterations"
POINTS, COVERAGE, INVARIANTS = "fault points hit", "fault point coverage in %", "invariants run"
VIEW_CHANGES, DETECTED, DOUBLED = "view changes per 1,000 iterations", "canaries detected in %", "seeds run twice"


def work(job: str = "long-run", scenario: str = "combined", **changes: Any) -> Work:
    """A thousand iterations that exercised all there is."""
    figures = {"rate": 5.0, "fault_points_hit": 11, "fault_points_known": 11, "invariants": 19, "view_changes": 3_000}
    plan = {"asked": 1_000, "planned": 1_000, "ran": 1_000, "runs": 2}
    return Work(job, scenario, **{**plan, **figures, **changes})


def a_night(number: int, *works: Work, attempt: int = 1, status: Any = "passed", **changes: Any) -> NightVerdict:
    """The verdict on the night of that number, from 0."""
    place = NightRun(str(FIRST_RUN + number), attempt, 41 + number, "a" * 40, WORKFLOW)
    told = (status, status == "passed", "a reason", "1.0.0", place)
    return NightVerdict(*told, work=works or (work(),), **changes)


def night_at(number: int) -> datetime:
    """When that night was."""
    return FIRST_NIGHT + timedelta(days=number)


def records(number: int, *works: Work, **changes: Any) -> tuple[TrendRecord, ...]:
    """What that night leaves in the history."""
    return records_of(a_night(number, *works, **changes), night_at(number))


def a_record(number: int = 0, **changes: Any) -> TrendRecord:
    """The one record of a night; `changes` replace its fields."""
    (record,) = records(number)
    return replace(record, **changes)


def series(figure: str, values: Iterable[Any]) -> list[TrendRecord]:
    """A night for each value of that field."""
    return [a_record(number, **{figure: value}) for number, value in enumerate(values)]


def line_of(nights: Sequence[TrendRecord], figure: str, job: str = "long-run") -> TrendLine:
    """The line of that figure, the last of the nights being tonight."""
    lines = lines_of(nights[:-1], nights[-1:])
    (line,) = (line for line in lines if (line.figure, line.job) == (figure, job))
    return line
