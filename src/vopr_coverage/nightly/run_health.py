"""Recorded runs of a night, each held against what was planned for it: present, whole, healthy, of its own seeds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.flow import Settings, check
from vopr_coverage.check.merge import merge_reports
from vopr_coverage.errors import UserError, printable
from vopr_coverage.gates.health import ADVICE
from vopr_coverage.model.manifest import MANIFEST
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.verdict import Failure, Verdict, Violation
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.plan import SeedRange, Shard
from vopr_coverage.nightly.verdict import Finding, FindingKind
from vopr_coverage.reading.find import find_reports

PlannedRun = Shard | SeedRange
SEED_FAILED, RUN_INCOMPLETE = "SeedFailed", "RunIncomplete"


class FailedSeed(msgspec.Struct, frozen=True):
    """A seed that failed, and which invariant; what a regression file keeps."""

    scenario: str
    seed: str
    invariant: str


class JudgedRun(msgspec.Struct, frozen=True):
    """One planned run as it was found.

    Attributes:
        present: whether there is a recording at all.
        ran, failed: iterations, and seeds that failed.
        rate: iterations a second; None where unknown.
        report: its figures, None without any.
        failures: the first failed seed of each invariant.
    """

    name: str
    scenario: str
    present: bool
    findings: tuple[Finding, ...] = ()
    ran: int = 0
    failed: int = 0
    rate: float | None = None
    report: CoverageReport | None = None
    failures: tuple[FailedSeed, ...] = ()


def judge_runs(
    job: str, planned: Iterable[PlannedRun], folder: Path, settings: Settings, inner: str = ""
) -> list[JudgedRun]:
    """Hold each planned run against the recording in the folder of its name.

    Args:
        settings: of these, `config`, `folder` and `commits` count.
        inner: a folder below each name's.
    """
    return [_judge_shard(job, run, folder / run.name / inner, _source(run.name, inner), settings) for run in planned]


def merged_figures(runs: Sequence[JudgedRun]) -> CoverageReport | None:
    """The figures of several runs added up, None where one of them has none."""
    reports = [run.report for run in runs if run.present]
    known = [report for report in reports if report is not None]
    return reduce(merge_reports, known) if known and len(known) == len(reports) else None


def _source(name: str, inner: str) -> str:
    return f"{name}/{inner}" if inner else name


def _judge_shard(job: str, run: PlannedRun, folder: Path, source: str, settings: Settings) -> JudgedRun:
    last = int(run.seed) + run.iterations - 1
    if not (folder / MANIFEST).exists():
        line = f"no recording of {printable(run.scenario)}, seeds {run.seed} to {last}: it is lost"
        return JudgedRun(run.name, run.scenario, False, (Finding(job, source, "lost run", line, advice.LOST),))
    terms = replace(settings, health_only=True, profile=None, scenario=None, min_iterations=run.iterations)
    try:
        recording = find_reports([str(folder)])[0].recording
        verdict = check([str(folder)], terms)
    except UserError as error:
        line = printable(str(error).splitlines()[0])
        found = Finding(job, source, "run health", line, advice.UNUSABLE)
        return JudgedRun(run.name, run.scenario, True, (found,))
    seen = verdict.reports[0].inputs[0]
    findings = [*_others(job, run, source, seen.scenario, seen.first_seed), *findings_of(job, source, verdict)]
    unexpected = [failure for failure in verdict.failures if not failure.expected]
    return JudgedRun(
        name=run.name,
        scenario=run.scenario,
        present=True,
        findings=tuple(findings),
        ran=seen.iterations or 0,
        failed=sum(failure.count for failure in unexpected),
        rate=recording.rate if recording else None,
        report=verdict.reports[0].report,
        failures=tuple(
            FailedSeed(run.scenario, seed, failure.invariant) for failure in unexpected for seed in failure.seeds[:1]
        ),
    )


def _others(job: str, run: PlannedRun, source: str, scenario: str | None, first_seed: str | None) -> Iterator[Finding]:
    """A recording of something else in a run's place would count one thing twice and another never."""
    if (scenario or "").lower() != run.scenario.lower():
        line = f"a recording of scenario {printable(scenario or 'unknown')}, planned was {printable(run.scenario)}"
        yield Finding(job, source, "run health", line, advice.OTHER_SEEDS)
    if first_seed is not None and first_seed != run.seed:
        line = f"its seeds begin at {first_seed}, planned was {run.seed}"
        yield Finding(job, source, "run health", line, advice.OTHER_SEEDS)


def findings_of(job: str, source: str, verdict: Verdict) -> Iterator[Finding]:
    """What a verdict on run health found, failing seeds first."""
    for failure in verdict.failures:
        if not failure.expected:
            yield failing_seed(job, source, failure)
    for violation in verdict.violations:
        if violation.kind != SEED_FAILED:
            yield from _health(job, source, violation)


def _health(job: str, source: str, violation: Violation) -> Iterator[Finding]:
    kind: FindingKind = "lost run" if violation.kind == RUN_INCOMPLETE else "run health"
    yield Finding(job, source, kind, printable(violation.line), violation.advice)


def counted(number: int, what: str) -> str:
    """`1 run`, `2 runs`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def failing_seed(job: str, source: str, failure: Failure) -> Finding:
    """Seeds that failed one invariant, told by the first of them."""
    seed = failure.seeds[0] if failure.seeds else None
    more = f" (and {counted(failure.count - 1, 'more seed')})" if failure.count > 1 else ""
    message = f": {printable(failure.message)[:200]}" if failure.message else ""
    return Finding(
        job=job,
        source=source,
        kind="failing seed",
        line=f"seed {seed or 'unknown'} failed {printable(failure.invariant)}{more}{message}",
        advice=ADVICE["failures"],
        seed=seed,
        invariant=failure.invariant,
        repro=failure.repro,
        whole_run=failure.whole_run,
    )
