"""Which job of the workflow run did which part of a night, by the names of the jobs. Pure.

Names are only compared: nothing of a name gets into the verdict. A job that cannot be told for certain has no page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.nightly.job import JobPage, RunJob
from vopr_coverage.nightly.plan import NightPlan

# As .github/workflows/vopr-nightly.yml names them. GitHub puts the calling job's name and a slash before each.
FIRST, LAST = "Prepare", "Summary"
_OF_RUNS_ALONE = ("build", "long-run", "determinism")
_NOT_FAILED = (None, "success", "skipped", "neutral")


def job_pages(jobs: Sequence[RunJob], plan: NightPlan | None) -> tuple[JobPage, ...]:
    """The pages of the night's jobs, in the order of the night.

    The page of a part is that of the job that judged it. A part that consists of its runs has that of the first one
    that failed, if one did. A run that calls the nightly workflow twice has two jobs of each name; then none is taken.

    Args:
        plan: None where nothing was planned: then only the jobs that are in every night are known.
    """
    names = Counter(job.name for job in jobs)
    callers = [name.removesuffix(LAST) for name in names if name == LAST or name.endswith(f" / {LAST}")]
    callers = [caller for caller in callers if caller + FIRST in names]
    if len(callers) != 1:
        return ()
    known = {job.name: job for job in jobs if names[job.name] == 1 and job.id > 0}
    expected = dict.fromkeys(_expected(plan))
    twice = Counter(name for name, _, _ in expected)
    found: dict[tuple[str, str], RunJob] = {}
    for name, part, source in expected:
        job = known.get(callers[0] + name)
        if job and twice[name] == 1:
            found.setdefault((part, source), job)
            if part in _OF_RUNS_ALONE and job.conclusion not in _NOT_FAILED:
                found.setdefault((part, ""), job)
    return tuple(JobPage(part, source, str(job.id)) for (part, source), job in found.items())


def _expected(plan: NightPlan | None) -> Iterator[tuple[str, str, str]]:
    """Name, part of the night, and run in it ("" for the job of the part itself), as the workflow names its jobs."""
    canaries = plan.canary.include if plan else ()
    yield FIRST, "build", "prepare"
    yield from ((f"Build ({build})", "build", build) for build in _builds(run.build or run.name for run in canaries))
    yield "Plan", "plan", ""
    if plan is None:
        return
    for shard in plan.long_run.include:
        yield f"Long run ({shard.scenario} {shard.shard}/{shard.shards})", "long-run", shard.name
    yield "Regressions", "regressions", ""
    for run in plan.determinism.include:
        yield f"Determinism (from seed {run.seed})", "determinism", run.name
    yield "Coverage", "coverage", ""
    for shard in plan.coverage.include:
        yield f"Coverage run ({shard.scenario} {shard.shard}/{shard.shards})", "coverage", shard.name
    yield "Canaries", "canary", ""
    for canary in canaries:
        yield f"Canary run ({canary.name})", "canary", canary.name


def _builds(names: Iterable[str]) -> Iterator[str]:
    yield CONTROL
    yield from (name for name in dict.fromkeys(names) if name != CONTROL)
