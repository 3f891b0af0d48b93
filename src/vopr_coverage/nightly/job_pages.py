"""Which job of the workflow run did which part of a night, by the names of the jobs. Pure.

Names are only compared: nothing of a name gets into the verdict. A job that cannot be told for certain has no page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.nightly.plan import NightPlan
from vopr_coverage.nightly.verdict import JobPage

# As .github/workflows/vopr-nightly.yml names them. GitHub puts the calling job's name and a slash before each.
FIRST, LAST = "Prepare", "Summary"


class RunJob(msgspec.Struct, frozen=True):
    """A job of a workflow run; its name is foreign."""

    id: int
    name: str


def job_pages(jobs: Sequence[RunJob], plan: NightPlan | None) -> tuple[JobPage, ...]:
    """The pages of the night's jobs, in the order of the night.

    A run that calls the nightly workflow twice has two jobs of each name. Then none of them is taken.

    Args:
        plan: None where nothing was planned: then only the jobs that are in every night are known.
    """
    names = Counter(job.name for job in jobs)
    callers = [name.removesuffix(LAST) for name in names if name == LAST or name.endswith(f" / {LAST}")]
    callers = [caller for caller in callers if caller + FIRST in names]
    if len(callers) != 1:
        return ()
    ids = {job.name: job.id for job in jobs if names[job.name] == 1 and job.id > 0}
    expected = dict.fromkeys(_expected(plan))
    twice = Counter(name for name, _, _ in expected)
    return tuple(
        JobPage(part, source, str(ids[callers[0] + name]))
        for name, part, source in expected
        if callers[0] + name in ids and twice[name] == 1
    )


def _expected(plan: NightPlan | None) -> Iterator[tuple[str, str, str]]:
    """Name, part of the night, and run in it ("" for the job of the part itself), as the workflow names its jobs."""
    canaries = plan.canary.include if plan else ()
    yield FIRST, "build", ""
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
