"""The remarks on a night's figures as findings of the night, where a team wants that. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.verdict import Finding, JobSeen, JobStatus, NightVerdict, TrendLine
from vopr_coverage.trends.compare import MEASURED_MIN

TRENDS = "trends"
NIGHTS_MIN = 7  # of fewer, a fault point that is missed now and then would fail a night too often
KIND: Literal["trend"] = "trend"


class TrendsJudged(NamedTuple):
    """The part of the night about its trends."""

    job: JobSeen
    findings: tuple[Finding, ...] = ()


def judge_trends(
    lines: Sequence[TrendLine], nights: int, run_number: int, problems: Sequence[str] = ()
) -> TrendsJudged:
    """Every remark on a figure that seven nights before measured is a finding, and so is what is no longer measured.

    A history that can't be used is a finding, too, and so is one with fewer than three nights where there must have
    been more. The first nights of a workflow have nothing to be compared with.

    Args:
        nights: how many nights of this workflow the history has before this one.
        run_number: of this night's run, 0 outside of GitHub.
        problems: why the history can't be used.
    """
    if problems:
        return _seen("incomplete", "the history cannot be used", [_unmeasured(problem) for problem in problems])
    if nights < MEASURED_MIN:
        there = f"the history has {counted(nights, 'night')} before this one, and {MEASURED_MIN} are needed to compare"
        if run_number <= MEASURED_MIN:
            return _seen("not required", there)
        line = f"{there}; this is run {run_number} of the workflow, so its nights were not restored"
        return _seen("incomplete", line, [_unmeasured(line)])
    findings = [_finding(line) for line in lines if line.remark and _is_settled(line)]
    if findings:
        are = agreeing(len(findings), "is", "are")
        return _seen("failed", f"{counted(len(findings), 'figure')} {are} unlike the nights before", findings)
    if nights < NIGHTS_MIN:
        return _seen("not required", f"the history has {nights} nights before this one, and {NIGHTS_MIN} are needed")
    return _seen("passed", f"no figure is unlike the {counted(nights, 'night')} before")


def with_gate(night: NightVerdict, judged: TrendsJudged) -> NightVerdict:
    """The verdict of a night with this part added to it. Where nothing was judged, it stays as it is."""
    if night.error is not None:
        return night
    return conclude([*night.jobs, judged.job], (*night.findings, *judged.findings), night)


def _is_settled(line: TrendLine) -> bool:
    """Whether enough nights say what is usual; that a figure is there at all needs no statistics."""
    *before, now = line.values or (None,)
    return now is None or sum(value is not None for value in before) >= NIGHTS_MIN


def _finding(line: TrendLine) -> Finding:
    where = f" of {printable(line.scenario)}" if line.scenario else ""
    return Finding(
        job=TRENDS,
        source=line.job,
        kind=KIND,
        line=f"{line.figure}{where}: {line.remark}",
        advice=advice.TREND,
        scenario=line.scenario,
        rule=line.figure,
    )


def _unmeasured(line: str) -> Finding:
    return Finding(job=TRENDS, source="", kind=KIND, line=line, advice=advice.NO_TRENDS)


def _seen(status: JobStatus, line: str, findings: Sequence[Finding] = ()) -> TrendsJudged:
    return TrendsJudged(JobSeen(name=TRENDS, result="", status=status, line=line), tuple(findings))
