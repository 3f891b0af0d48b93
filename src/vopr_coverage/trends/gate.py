"""A gate on the history, if somebody wants one: what is remarked on makes a night red that is green otherwise. Pure.

A night that is red already is not judged: what it found may have moved its figures.
"""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightVerdict, TrendLine
from vopr_coverage.trends.unusual import NIGHTS_MIN

PART = "trends"


def remarks_in(lines: Sequence[TrendLine]) -> list[str]:
    """What is remarked on, a sentence each."""
    return [_sentence(line) for line in lines if line.remark]


def lost_history(nights: int, run_number: int) -> str:
    """Why a history can't be what the workflow has run, "" if it can.

    A workflow that has run more often than the history has nights has lost them. Its first nights have none to lose.

    Args:
        nights: of this workflow, before this one.
        run_number: of this night's run, 0 outside of GitHub.
    """
    if nights >= NIGHTS_MIN or run_number <= NIGHTS_MIN:
        return ""
    there = f"the history has {counted(nights, 'night')} before this one, and {NIGHTS_MIN} are needed to compare"
    return f"{there}; this is run {run_number} of the workflow, so its nights were not restored"


def gated(night: NightVerdict, lines: Sequence[TrendLine], lost: str = "") -> NightVerdict:
    """The night with one more part, which fails where a figure got a remark.

    Args:
        lost: why there is no history to compare with although there must be one: a gate that can't be evaluated fails.
    """
    remarked = [line for line in lines if line.remark]
    if not night.passed:
        part = JobSeen(
            PART, "", "not required", "not judged: the night is red already, which may have moved its figures"
        )
        return conclude([*night.jobs, part], night.findings, night)
    if lost:
        finding = Finding(job=PART, source="", kind="trend", line=lost, advice=advice.NO_TRENDS)
        return conclude([*night.jobs, JobSeen(PART, "", "incomplete", f"not measured: {lost}")], (finding,), night)
    findings = tuple(
        Finding(job=PART, source="", kind="trend", line=_sentence(line), advice=advice.TREND, scenario=line.scenario)
        for line in remarked
    )
    if not findings:
        told = "no figure is far from the nights before" if lines else "no night before to compare with"
        return conclude([*night.jobs, JobSeen(PART, "", "passed", told)], (), night)
    are = agreeing(len(findings), "is", "are")
    told = f"{counted(len(findings), 'figure')} {are} far from the nights before"
    return conclude([*night.jobs, JobSeen(PART, "", "failed", told)], findings, night)


def _sentence(line: TrendLine) -> str:
    where = " ".join(filter(None, [line.job, line.scenario]))
    return f"{where}: {line.figure}: {line.remark}" if where else f"{line.figure}: {line.remark}"
