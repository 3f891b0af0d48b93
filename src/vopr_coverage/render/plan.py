"""The plan of a night, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.nightly.plan import NightPlan, PlannedWork

HEADINGS = {"long-run": "long run", "coverage": "coverage", "canary": "canaries", "determinism": "determinism"}


def render_plan_text(plan: NightPlan) -> str:
    """The whole plan as text. Nothing in it moves a cursor or ends a line of ours."""
    return "\n".join(_lines(plan))


def _lines(plan: NightPlan) -> Iterator[str]:
    jobs = counted(sum(work.jobs for work in plan.work), "job")
    yield f"run {plan.run_number}, seeds {plan.seed_base} and up, {jobs} of at most {in_digits(plan.minutes)} min"
    for job, work_of_job in groupby(plan.work, lambda work: work.job):
        yield f"{HEADINGS[job]}:"
        yield from (f"  {printable(work.scenario)}: {_work_text(work, plan)}" for work in work_of_job)
    if plan.regressions:
        yield "regressions:"
    for regressions in plan.regressions:
        yield f"  {printable(regressions.scenario)}: {counted(len(regressions.seeds), 'seed')} that failed once"
    if plan.remarks:
        yield from ("", "Not all of it is planned:", *(f"  - {printable(remark)}" for remark in plan.remarks))
    if not plan.enough:
        yield from ("", "❌ A scenario would get less than its min_iterations")


def _work_text(work: PlannedWork, plan: NightPlan) -> str:
    runs = {
        "canary": f"control and {counted(work.jobs - 1, 'canary', 'canaries')}, ",
        "determinism": f"from {counted(work.jobs, 'seed')} on, each twice, ",
    }
    jobs = f"in {counted(work.jobs, 'job')} of {in_digits(work.minutes)} min"
    seeds = [run.seed for run in plan.canary.controls if run.scenario == work.scenario]
    first = f", from {seeds[0]} on" if work.job == "canary" and seeds else ""
    iterations = f"{work.planned:,} of {counted(work.asked, 'iteration')} {jobs} at {in_digits(work.rate)} a second"
    return f"{runs.get(work.job, '')}{iterations}{first}"
