"""A night without a plan: it was never planned, or what its jobs handed on has expired. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from vopr_coverage import __version__
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.job_results import job_seen, result_of, was_planned
from vopr_coverage.nightly.verdict import Finding, NightRun, NightVerdict

PLAN = "plan.json"
NO_CANARY_ASKED = "no canary was asked for"
PARTS_BY_PLAN = ("long-run", "regressions", "determinism", "coverage", "canary")


def night_without_a_plan(needs: Mapping[str, str] | None, place: NightRun, *, canaries: bool) -> NightVerdict:
    """The verdict without a plan: no run can be expected, so only the results of the jobs are known.

    If these say that there was a plan, it has expired: the run was started again after days.
    """
    missing, line = _expired() if was_planned(needs) else _never_planned()
    seen = [job_seen("build", needs, (), "no build ran"), job_seen("plan", needs, (missing,))]
    for part in PARTS_BY_PLAN:
        if part == "canary" and not canaries:
            seen.append(job_seen(part, needs, (), NO_CANARY_ASKED, required=False))
        elif was_planned(needs) and result_of(part, needs) == "skipped":
            seen.append(job_seen(part, needs, ()))  # it recorded nothing that could have expired
        else:
            seen.append(job_seen(part, needs, (lost(part, line, missing.advice),)))
    verdict = NightVerdict(status="failed", passed=False, reason="", version=__version__, place=place)
    return conclude([job for job, _ in seen], tuple(chain.from_iterable(findings for _, findings in seen)), verdict)


def _expired() -> tuple[Finding, str]:
    """The finding on the plan, and the line on each part."""
    line = f"{PLAN} has expired: the night was planned, and what its jobs handed on is gone"
    return lost("plan", line, advice.EXPIRED), "what it recorded has expired, or cannot be judged without the plan"


def _never_planned() -> tuple[Finding, str]:
    """The finding on the plan, and the line on each part."""
    line = f"there is no {PLAN}: nothing was planned"
    missing = Finding(job="plan", source="", kind="plan", line=line, advice=advice.NO_PLAN)
    return missing, "nothing was planned for it"


def lost(part: str, line: str, what_to_do: str) -> Finding:
    """The finding on a part that shows nothing."""
    return Finding(job=part, source="", kind="lost run", line=line, advice=what_to_do)
