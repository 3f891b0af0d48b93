"""The runs of a night, each compared with its plan: is it there, whole and healthy, and are the seeds its own?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.flow import judge_health_of
from vopr_coverage.check.merge import merge_reports
from vopr_coverage.check.terms import Overrides
from vopr_coverage.config.file import Config
from vopr_coverage.errors import UserError, printable
from vopr_coverage.gates.failing_seeds import ADVICE, SEED_FAILED
from vopr_coverage.gates.manifest import RUN_INCOMPLETE
from vopr_coverage.model.crash import last_words_in_words, seeds_not_run
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.replay import seeds_to_keep
from vopr_coverage.model.report import FIRST_SEEDS_MIN, CoverageReport, same_first_results
from vopr_coverage.model.verdict import Failure, Verdict, Violation
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.recordings import PlannedRun, ReadRun
from vopr_coverage.nightly.verdict import Finding, FindingKind

MESSAGE_CHARACTERS_MAX = 200  # of a seed's own words


class FailedSeed(msgspec.Struct, frozen=True):
    """A seed that failed an invariant, for the regression file."""

    scenario: str
    seed: str
    invariant: str


class JudgedRun(msgspec.Struct, frozen=True):
    """One planned run, judged.

    Attributes:
        present: whether there is a recording.
        ran: how many iterations ran.
        failed, expected: how many seeds failed, with a record or without, and how many failed as their scenario's
            `expect: violation` wants it.
        rate: iterations per second; None if unknown.
        report: its figures; None if it has none.
        failures: its first failed seeds, one of each invariant before others.
        first_seed: where its seeds begin; None if it is unknown, or not as planned.
        first_hashes: of its first seeds; see `model.report.Run`.
    """

    name: str
    scenario: str
    present: bool
    findings: tuple[Finding, ...] = ()
    ran: int = 0
    failed: int = 0
    expected: int = 0
    rate: float | None = None
    report: CoverageReport | None = None
    failures: tuple[FailedSeed, ...] = ()
    first_seed: str | None = None
    first_hashes: tuple[str, ...] = ()


def judge_runs(job: str, runs: Iterable[ReadRun], config: Config) -> list[JudgedRun]:
    """Judge each run that was read by its plan, and whether the runs of other seeds are really others."""
    judged: list[JudgedRun] = []
    compared: list[tuple[ReadRun, JudgedRun]] = []
    runs = list(runs)
    recording = next((run.read.recording for run in runs if run.read and run.read.recording), None)
    for run in runs:
        result = _judge_run(job, run, config) if run.present else _lost(job, run, recording)
        if len(result.first_hashes) >= FIRST_SEEDS_MIN:
            compared.append((run, result))
            result = replace(result, findings=(*result.findings, *_played_before(job, compared)))
        judged.append(result)
    return judged


def _played_before(job: str, compared: Sequence[tuple[ReadRun, JudgedRun]]) -> Iterator[Finding]:
    """A finding if the last of these runs did what an earlier one did. In a plan, all of them have other seeds."""
    *others, (this, result) = compared
    for other, earlier in others:
        same_scenario = earlier.scenario.lower() == result.scenario.lower()
        if same_scenario and same_first_results(earlier.first_hashes, result.first_hashes):
            line = (
                f"its first seeds, from {this.planned.seed} on, did exactly what those of {printable(other.source)} "
                f"did, from {other.planned.seed} on: the simulator uses only a part of its seed"
            )
            yield Finding(job=job, source=this.source, kind="run health", line=line, advice=advice.SEED_CUT)
            return


def merged_figures(runs: Sequence[JudgedRun]) -> CoverageReport | None:
    """The figures of several runs added up; None if one of them has none."""
    reports = [run.report for run in runs if run.present]
    known = [report for report in reports if report is not None]
    return merge_reports(known) if known and len(known) == len(reports) else None


def _judge_run(job: str, run: ReadRun, config: Config) -> JudgedRun:
    planned, read = run.planned, run.read
    try:
        verdict = judge_health_of([read], Overrides(min_iterations=planned.iterations), config) if read else None
        problem = run.problem
    except UserError as error:
        verdict, problem = None, printable(str(error).splitlines()[0])
    if read is None or verdict is None:
        finding = Finding(job=job, source=run.source, kind="run health", line=problem, advice=advice.UNUSABLE)
        return _unjudged(run, finding)
    seen = verdict.reports[0].inputs[0]
    other = list(_not_as_planned(job, planned, run.source, seen.scenario, seen.first_seed))
    findings = [*other, *findings_of(job, run.source, verdict)]
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    silent = read.run.silent_failures.count if read.run else 0
    return JudgedRun(
        name=planned.name,
        scenario=planned.scenario,
        present=True,
        findings=tuple(findings),
        ran=seen.iterations or 0,
        failed=sum(failure.count for failure in unexpected) + silent,
        expected=sum(failure.count for failure in verdict.failures if failure.expected),
        rate=read.recording.rate if read.recording else None,
        report=verdict.reports[0].report,
        failures=tuple(FailedSeed(planned.scenario, seed, invariant) for seed, invariant in seeds_to_keep(unexpected)),
        first_seed=None if other else seen.first_seed,
        first_hashes=read.run.first_hashes if read.run else (),
    )


def _lost(job: str, run: ReadRun, other: Recording | None) -> JudgedRun:
    """A run without a recording. The command of another run of its part runs its seeds, too."""
    planned, again = run.planned, ""
    last = int(planned.seed) + planned.iterations - 1
    line = f"no recording of {printable(planned.scenario)}, seeds {planned.seed} to {last}"
    if other:
        again = replace(other, scenario=planned.scenario, seed=planned.seed, iterations=planned.iterations).run_again
    found = Finding(job=job, source=run.source, kind="lost run", line=line, advice=advice.LOST, repro=again)
    return _unjudged(run, found)


def _unjudged(run: ReadRun, finding: Finding) -> JudgedRun:
    return JudgedRun(run.planned.name, run.planned.scenario, run.present, (finding,))


def _not_as_planned(
    job: str, run: PlannedRun, source: str, scenario: str | None, first_seed: str | None
) -> Iterator[Finding]:
    """A recording of something else. Otherwise one run could be counted twice, and another one never be missed."""
    lines = []
    if (scenario or "").lower() != run.scenario.lower():
        lines.append(f"it is of scenario {printable(scenario or 'unknown')}, planned was {printable(run.scenario)}")
    if first_seed is not None and first_seed != run.seed:
        lines.append(f"its seeds begin at {first_seed}, planned was {run.seed}")
    for line in lines:
        yield Finding(job=job, source=source, kind="run health", line=line, advice=advice.OTHER_SEEDS)


def findings_of(job: str, source: str, verdict: Verdict) -> Iterator[Finding]:
    """The findings in a verdict on run health, failing seeds first."""
    for failure in verdict.failures:
        if not failure.expected:
            yield failing_seed(job, source, failure)
    for violation in verdict.violations:
        if violation.kind != SEED_FAILED:
            yield from _health(job, source, violation)


def _health(job: str, source: str, violation: Violation) -> Iterator[Finding]:
    kind: FindingKind = "lost run" if violation.kind == RUN_INCOMPLETE else "run health"
    yield Finding(
        job=job,
        source=source,
        kind=kind,
        line=printable(violation.line),
        advice=violation.advice,
        detail=printable(violation.detail),
        invariant=violation.invariant,
        rule=violation.kind,
        name=violation.point or violation.invariant or "",
        repro=violation.repro,
    )


def failing_seed(job: str, source: str, failure: Failure) -> Finding:
    """One finding for all seeds of a run that failed one invariant, or crashed alike; it names the first of them."""
    seed, crash = failure.seeds[0] if failure.seeds else None, failure.crash
    more = f" (and {counted(failure.count - 1, 'more seed')})" if failure.count > 1 else ""
    message = f": {printable(failure.message)[:MESSAGE_CHARACTERS_MAX]}" if failure.message else ""
    what = f"failed {printable(failure.invariant)}"
    if crash:
        left = seeds_not_run([crash])
        what = f"crashed, {crash.ending}{f'; {left}' if left else ''}"
    return Finding(
        job=job,
        source=source,
        kind="failing seed",
        line=f"seed {seed or 'unknown'} {what}{more}{message}",
        advice=ADVICE["crash" if crash else "failures"],
        seed=seed,
        invariant=failure.invariant,
        repro=failure.repro,
        whole_run=failure.whole_run,
        scenario=failure.scenario or "",
        message=printable(failure.message)[:MESSAGE_CHARACTERS_MAX],
        seeds=failure.count,
        detail=printable(last_words_in_words(crash.last_words)) if crash and crash.says_more else "",
        crash=crash,
    )
