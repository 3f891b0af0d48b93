"""What an earlier attempt of the same run has found and this attempt can no longer see. Pure.

When the failed jobs of a night are started again days later, what the other jobs recorded has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.job_results import by_urgency
from vopr_coverage.nightly.known_seeds import has_run, known_seed_of
from vopr_coverage.nightly.totals import REGRESSION_LINES_MAX
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightVerdict

_NOTHING_SEEN = ("lost run", "job", "plan")  # kinds of findings that say what is missing, not what was found
_FOUND_BY = " (found by attempt "


def keep_earlier(night: NightVerdict, earlier: NightVerdict) -> NightVerdict:
    """The night with the findings of an earlier attempt that it has no evidence on.

    A part that is whole tonight stands for itself. Of a part that is not, what was found before stays, but for seeds
    that ran again. An attempt that judged nothing has no parts, and keeps all that was found.
    """
    attempt = earlier.place.run_attempt
    if earlier.place.run_id != night.place.run_id or attempt >= night.place.run_attempt:
        text = f"findings of run {printable(earlier.place.run_id)}, attempt {attempt}, were not kept: not of this run"
        return replace(night, warnings=(*night.warnings, Remark("summary", text)))
    if night.error is not None:
        kept = _kept(night, (), earlier.findings, attempt)
        return replace(_with_known(night, earlier, kept), findings=tuple(kept))
    findings: list[Finding] = []
    jobs: list[JobSeen] = []
    all_kept: list[Finding] = []
    for job in night.jobs:
        mine = [finding for finding in night.findings if finding.job == job.name]
        before = [finding for finding in earlier.findings if finding.job == job.name]
        kept = [] if _is_whole(mine) else _kept(night, mine, before, attempt)
        findings += by_urgency([*mine, *kept])
        jobs.append(_with_kept(job, kept, attempt))
        all_kept += kept
    if not all_kept:
        return night
    return conclude(jobs, tuple(findings), _with_known(night, earlier, all_kept))


def _with_known(night: NightVerdict, earlier: NightVerdict, kept: Sequence[Finding]) -> NightVerdict:
    """The night with the first seed and the lines for the regression file that go with kept findings."""
    lines = earlier.regressions if any(finding.seed for finding in kept) else ()
    return replace(
        night,
        seed_base=night.seed_base or earlier.seed_base,
        regressions=tuple(dict.fromkeys((*night.regressions, *lines)))[:REGRESSION_LINES_MAX],
    )


def _is_whole(mine: Sequence[Finding]) -> bool:
    """Whether a part has evidence of its own tonight, by its findings."""
    return all(finding.kind not in _NOTHING_SEEN for finding in mine)


def _kept(night: NightVerdict, mine: Sequence[Finding], before: Iterable[Finding], attempt: int) -> list[Finding]:
    """What was found before and stays, of a part that is not whole tonight."""
    there = {_key(finding) for finding in mine}
    kept = []
    for finding in before:
        seed = known_seed_of(finding, "")
        if finding.kind in _NOTHING_SEEN or _key(finding) in there or (seed and has_run(night, seed)):
            continue
        kept.append(
            finding if _FOUND_BY in finding.line else replace(finding, line=f"{finding.line}{_FOUND_BY}{attempt})")
        )
    return kept


def _key(finding: Finding) -> tuple[str, str, str | None, str | None, str | None]:
    return (finding.kind, finding.source, finding.seed, finding.invariant, finding.fault_point)


def _with_kept(job: JobSeen, kept: Sequence[Finding], attempt: int) -> JobSeen:
    if not kept:
        return job
    return replace(job, status="failed", line=f"{job.line}; {counted(len(kept), 'finding')} kept of attempt {attempt}")
