"""A history as charts have it: the nights of each workflow on a time axis, a series per figure and scenario. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise

import msgspec

from vopr_coverage.model.verdict import VerdictStatus
from vopr_coverage.nightly.verdict import TrendLine
from vopr_coverage.trends.compare import NIGHTS_SEARCHED, lines_of
from vopr_coverage.trends.figures import FIGURES, Figure, median
from vopr_coverage.trends.history import TrendRecord, place_in_time

CHANGES_MAX = 5
MOVED_MIN = 0.05  # of the median; less is noise
REMARKS_MAX = 20  # of a night
GAP = 1.75  # of the usual time between two nights; more is a gap
_MEASURED_BY_ALL_RUNS = ("coverage", "long-run")
_JOBS = {
    "fault points hit": _MEASURED_BY_ALL_RUNS,
    "fault point coverage in %": _MEASURED_BY_ALL_RUNS,
    "invariants run": _MEASURED_BY_ALL_RUNS,
    "view changes per 1,000 iterations": _MEASURED_BY_ALL_RUNS,
    "canaries detected in %": ("canary",),
    "seeds run twice": ("determinism",),
}
_JOBS_THAT_RUN = ("long-run", "coverage")
# Most wanted first.
ORDER = (
    "fault point coverage in %", "fault points hit", "invariants run", "failed seeds per 1,000 iterations",
    "canaries detected in %", "iterations", "iterations a second", "view changes per 1,000 iterations",
    "seeds run twice",
)  # fmt: skip


class ChartNight(msgspec.Struct, frozen=True):
    """A night on the axis; `remarks` say what of it was far from the nights before."""

    at: str
    run_id: str
    run_number: int
    commit: str | None
    status: VerdictStatus
    remarks: tuple[str, ...]


class ChartSeries(msgspec.Struct, frozen=True):
    """One figure of a scenario, a value a night; None is not measured."""

    job: str
    scenario: str
    values: tuple[float | None, ...]


class Chart(msgspec.Struct, frozen=True):
    """One figure, a series a scenario."""

    figure: str
    series: tuple[ChartSeries, ...]


class Changed(msgspec.Struct, frozen=True):
    """A figure of the newest night that moved, against the median of the nights before."""

    figure: str
    job: str
    scenario: str
    now: float | None
    median: float | None
    remark: str


class WorkflowSeries(msgspec.Struct, frozen=True):
    """All that is drawn of one workflow.

    Attributes:
        nights: the oldest first.
        gaps: between which two moments nights are missing.
        changed: what moved most on the newest night, most first.
    """

    workflow: str
    nights: tuple[ChartNight, ...]
    gaps: tuple[tuple[str, str], ...]
    charts: tuple[Chart, ...]
    changed: tuple[Changed, ...]


def series_of(history: Iterable[TrendRecord]) -> tuple[WorkflowSeries, ...]:
    """The charts of every workflow, the one that ran last first. Of several attempts of a run the latest counts."""
    workflows: dict[str, dict[tuple[bool, int, str], list[TrendRecord]]] = {}
    for record in history:
        nights = workflows.setdefault(record.workflow, {})
        there = nights.get(place_in_time(record))
        if there and there[0].run_attempt == record.run_attempt:
            there.append(record)
        elif not there or there[0].run_attempt < record.run_attempt:
            nights[place_in_time(record)] = [record]
    newest_first = sorted(workflows.items(), key=lambda item: max(item[1]), reverse=True)
    return tuple(_workflow(name, [nights[place] for place in sorted(nights)]) for name, nights in newest_first)


def _workflow(name: str, nights: Sequence[Sequence[TrendRecord]]) -> WorkflowSeries:
    return WorkflowSeries(
        workflow=name,
        nights=tuple(_night(nights, index) for index in range(len(nights))),
        gaps=tuple(_gaps([night[0].at for night in nights])),
        charts=tuple(chart for figure in _in_order() if (chart := _chart(figure, nights)).series),
        changed=_changed(nights),
    )


def _in_order() -> list[Figure]:
    return sorted(FIGURES, key=lambda figure: ORDER.index(figure.name))


def _night(nights: Sequence[Sequence[TrendRecord]], index: int) -> ChartNight:
    record = nights[index][0]
    remarks = [
        f"{line.figure}{f' ({line.scenario})' if line.scenario else ''}: {line.remark}"
        for line in _lines(nights, index)
        if line.remark
    ]
    return ChartNight(
        at=record.at,
        run_id=record.run_id,
        run_number=record.run_number,
        commit=record.commit,
        status=record.status,
        remarks=tuple(remarks[:REMARKS_MAX]),
    )


def _lines(nights: Sequence[Sequence[TrendRecord]], index: int) -> tuple[TrendLine, ...]:
    before = [record for night in nights[max(0, index - NIGHTS_SEARCHED) : index] for record in night]
    return lines_of(before, nights[index])


def _chart(figure: Figure, nights: Sequence[Sequence[TrendRecord]]) -> Chart:
    jobs = _JOBS.get(figure.name, _JOBS_THAT_RUN)
    found: dict[str, dict[str, list[float | None]]] = {}  # scenario → job → values
    for index, night in enumerate(nights):
        for record in night:
            value = figure.value(record)
            if value is not None and record.job in jobs:
                of_job = found.setdefault(record.scenario, {}).setdefault(record.job, [None] * len(nights))
                of_job[index] = value
    series = []
    for scenario, by_job in sorted(found.items()):
        job = min(by_job, key=jobs.index)
        series.append(ChartSeries(job, scenario, tuple(by_job[job])))
    return Chart(figure.name, tuple(series))


def _gaps(moments: Sequence[str]) -> list[tuple[str, str]]:
    times = [datetime.fromisoformat(moment).astimezone(UTC).timestamp() for moment in moments]
    steps = [later - earlier for earlier, later in pairwise(times)]
    if len(steps) < 2:
        return []
    usual = median(steps)
    return [(moments[i], moments[i + 1]) for i, step in enumerate(steps) if step > GAP * usual]


def _changed(nights: Sequence[Sequence[TrendRecord]]) -> tuple[Changed, ...]:
    """What has a remark comes first, then by how far it is from the median."""
    lines = _lines(nights, len(nights) - 1) if nights else ()
    moved = []
    for line in lines:
        now = line.values[-1] if line.values else None
        far = abs(now - line.median) / (abs(line.median) or 1.0) if now is not None and line.median is not None else 0.0
        if line.remark or far >= MOVED_MIN:
            moved.append((not line.remark, -far, line, now))
    moved.sort(key=lambda one: one[:2])
    first: dict[
        tuple[str, str], tuple[TrendLine, float | None]
    ] = {}  # of a figure in several jobs the one that moved most
    for _, _, line, now in moved:
        first.setdefault((line.figure, line.scenario), (line, now))
    return tuple(
        Changed(
            figure=line.figure, job=line.job, scenario=line.scenario, now=now, median=line.median, remark=line.remark
        )
        for line, now in list(first.values())[:CHANGES_MAX]
    )
