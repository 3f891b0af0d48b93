"""Determinism, coverage and canaries of a night, judged, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from vopr_coverage.canaries.judge import CanaryEnding, CanaryVerdict
from vopr_coverage.check.copies import refuse_copies
from vopr_coverage.check.flow import Known, Rules, judge_inputs
from vopr_coverage.check.terms import Overrides
from vopr_coverage.config.file import Config
from vopr_coverage.determinism.judge import EMPTY_STATE, ORDINARY_FAILURES, SEEDS_ENOUGH
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UserError, printable
from vopr_coverage.gates import HEALTH_IDS
from vopr_coverage.gates.elsewhere import SEED_RANGES
from vopr_coverage.model.figures import SHARE_TOLD_MAX, agreeing, counted, percent, share_that_may_differ
from vopr_coverage.model.incidence import Incidences
from vopr_coverage.model.manifest import MANIFEST, STREAM
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.rates import incidences_in_verdict
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Remark, Verdict
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.plan import CanaryRange
from vopr_coverage.nightly.recordings import ReadPair, ReadRun
from vopr_coverage.nightly.run_health import JudgedRun, judge_runs
from vopr_coverage.nightly.verdict import Finding
from vopr_coverage.reading.find import find_reports
from vopr_coverage.statistics.intervals import bounds_of

NAMES_LISTED = 10
_FAULT_POINT_GATES = ("critical-fault-points", "fault-effects")  # those of other gates are phases and properties


class Doubles(msgspec.Struct, frozen=True):
    """The result of the runs that were compared with each other.

    Attributes:
        shown: the result in one line, for a part without findings.
        runs: the first run of each pair; `compared`: of each pair that was compared.
        seeds, differing: how many seeds ran twice and were compared, and how many of them differ.
        at_most: the 95 % bound on the share of nondeterministic seeds, a fraction; None without seeds.
    """

    shown: str
    findings: tuple[Finding, ...]
    runs: tuple[JudgedRun, ...]
    compared: tuple[JudgedRun, ...]
    seeds: int
    differing: int
    at_most: float | None
    warnings: tuple[Remark, ...]


class Covered(msgspec.Struct, frozen=True):
    """The result of all coverage runs together.

    Attributes:
        shown: one line for a part without findings.
        inputs, rules: what was judged, and by which rules.
        pairs: which pairs of points met, by scenario in lower case.
        incidences: how many seeds hit what, by scenario in lower case, where that is known.
    """

    shown: str
    findings: tuple[Finding, ...]
    inputs: tuple[Input, ...] = ()
    rules: Rules = Rules("scenario")
    pairs: Mapping[str, PairCoverage | None] = {}
    incidences: Mapping[str, Incidences] = {}


def judge_doubles(pairs: Sequence[ReadPair], config: Config) -> Doubles:
    """Judge each pair of runs of the same seeds by two processes."""
    first = judge_runs("determinism", (pair.runs[0] for pair in pairs), config)
    second = judge_runs("determinism", (pair.runs[1] for pair in pairs), config)
    findings: list[Finding] = []
    remarks: dict[str, str] = {}  # one for each field, which is the first word: ten ranges would repeat it ten times
    seeds = differing = 0
    compared: list[JudgedRun] = []
    for pair, left, right in zip(pairs, first, second, strict=True):
        findings += left.findings
        findings += [finding for finding in right.findings if finding.kind != "failing seed"]  # the same seeds
        if not (left.present and right.present):
            continue
        if pair.verdict is None:
            findings.append(_finding(left.name, pair.problem, advice.TWO_PROCESSES))
            continue
        verdict = pair.verdict
        seeds, differing = seeds + verdict.seeds, differing + verdict.nondeterministic
        compared.append(left)
        findings += _differences(left, verdict, known=bool(left.findings or right.findings))
        of_runs = [warning.text for warning in verdict.warnings if warning.source]
        remarks |= {text.partition(" ")[0]: text for text in of_runs if ORDINARY_FAILURES not in text}
    empty = [remarks.pop(field) for field, text in list(remarks.items()) if EMPTY_STATE in text]
    if not pairs:
        findings.append(Finding("determinism", "", "lost run", "nothing was planned for it: no seed ran twice"))
    at_most = bounds_of(seeds, differing)[1] if seeds else None
    ran = f"{counted(seeds, 'seed')} run twice"
    shown = f"{ran}, none differs, so {share_that_may_differ(1 if at_most is None else at_most)}"
    if empty:  # as in every night of VOPR, so it is part of the result and no warning
        shown += ", kernel_state_hash never varies"
    warnings = [Remark("determinism", text) for text in remarks.values()]
    if at_most is not None and seeds < SEEDS_ENOUGH and not differing:
        little = f"{counted(seeds, 'seed')} {agreeing(seeds, 'shows', 'show')} little"
        up_to = "" if at_most > SHARE_TOLD_MAX else f": up to {percent(at_most)} of all may differ"
        warnings.append(Remark("determinism", little + up_to))
    return Doubles(
        shown=shown,
        findings=tuple(findings),
        runs=tuple(first),
        compared=tuple(compared),
        seeds=seeds,
        differing=differing,
        at_most=at_most,
        warnings=tuple(warnings),
    )


def _finding(source: str, line: str, advice_on_it: str, rule: str = "") -> Finding:
    return Finding(job="determinism", source=source, kind="determinism", line=line, advice=advice_on_it, rule=rule)


def _differences(run: JudgedRun, verdict: DeterminismVerdict, *, known: bool) -> Iterator[Finding]:
    """The findings of a comparison. With `known`, findings on the runs themselves are listed already."""
    for finding in verdict.findings:
        if finding.kind == "SeedsDiffer" and verdict.divergences:
            seed = verdict.divergences[0].seed
            command = next((replay.command for replay in verdict.replays if replay.seed == seed), "")
            found = _finding(run.name, printable(finding.line), finding.advice, finding.kind)
            seeds = verdict.nondeterministic
            yield msgspec.structs.replace(found, seed=seed, repro=command, scenario=run.scenario, seeds=seeds)
        elif finding.kind in ("SeedsDiffer", "NothingCompared", "NoDigests") or not known:
            yield _finding(run.name, printable(finding.line), finding.advice, finding.kind)


def judge_coverage(
    runs: Sequence[JudgedRun], read: Sequence[ReadRun], profile: str | None, config: Config, known: Known = ()
) -> Covered:
    """Judge the coverage of each scenario over all its runs. `runs` is the judged health of those in `read`.

    Args:
        known: how often points were hit before; see `Rules`.
    """
    usable = [(found.read, found.folder) for judged, found in zip(runs, read, strict=True) if judged.ran and found.read]
    if not usable:
        told = any(run.findings for run in runs)  # each run has a finding that says why
        nothing = Finding("coverage", "", "coverage", "Coverage not measured: no run can be used")
        return Covered("", () if told else (nothing,))
    planned: dict[str, int] = {}  # by scenario: what the runs of one were to run together
    for found in read:
        scenario = found.planned.scenario.lower()
        planned[scenario] = planned.get(scenario, 0) + found.planned.iterations
    least = min(planned.values())
    # The plan knows which runs are missing, whatever number of reports the config asks of other checks.
    overrides = Overrides(profile=profile, min_iterations=least, min_reports=len(usable))
    rules = Rules("scenario", overrides, known=known)
    try:
        refuse_copies([str(folder / STREAM) for _, folder in usable])
        verdict = judge_inputs([run for run, _ in usable], rules, config)
    except UserError as error:
        return Covered("", (Finding("coverage", "", "coverage", printable(str(error).splitlines()[0])),))
    inputs = tuple(run for run, _ in usable)
    return Covered(
        shown=_shown(verdict),
        findings=tuple(_shortfalls(verdict)),
        inputs=inputs,
        rules=rules,
        pairs={(report.scenario or "").lower(): report.pairs for report in verdict.reports},
        incidences={
            (report.scenario or "").lower(): incidences_in_verdict(report.rates)
            for report in verdict.reports
            if report.rates
        },
    )


def _shown(verdict: Verdict) -> str:
    lines = []
    for report in verdict.reports:
        if report.report:
            points = f"{report.report.fault_points_hit} of {counted(report.report.total_fault_points, 'fault point')}"
            lines.append(
                f"{printable(report.scenario or report.name)}: {points}, against {printable(report.thresholds)}"
            )
    return "; ".join(lines) or verdict.reason


def _shortfalls(verdict: Verdict) -> Iterator[Finding]:
    for violation in verdict.violations:
        if violation.gate in HEALTH_IDS and violation.gate != SEED_RANGES:
            continue
        line, name = violation.line, violation.point or violation.invariant or ""
        if violation.kind == "FaultPointCoverage":
            missed = _missed(verdict, violation.source)
            line += _in_words(missed)
            name = missed[0] if len(missed) == 1 else ""
        yield Finding(
            job="coverage",
            source=violation.source,
            kind="coverage",
            line=printable(line),
            advice=violation.advice,
            fault_point=violation.point if violation.gate in _FAULT_POINT_GATES else None,
            invariant=violation.invariant,
            rule=violation.kind,
            name=name,
            detail=printable(violation.detail) if violation.point else "",
        )


def _missed(verdict: Verdict, name: str) -> list[str]:
    """The fault points that are missing where their share is below its minimum."""
    reports = [judged.report for judged in verdict.reports if judged.name == name]
    return [point for report in reports if report for point in report.missed_fault_points]


def _in_words(missed: Sequence[str]) -> str:
    more = f" and {len(missed) - NAMES_LISTED} more" if len(missed) > NAMES_LISTED else ""
    return (
        f": never hit {agreeing(len(missed), 'is', 'are')} {', '.join(missed[:NAMES_LISTED])}{more}" if missed else ""
    )


def canary_findings(verdict: CanaryVerdict) -> Iterator[Finding]:
    """A canary that wasn't detected, and a control run that isn't green."""
    for control in verdict.controls:
        for problem in control.problems:
            line = f"the control run is not green: {printable(problem)}"
            yield _canary_finding(control.source, line, advice.CONTROL)
    for result in verdict.results:
        if result.ending is not CanaryEnding.DETECTED:
            detail = f": {printable(result.detail)}" if result.detail else ""
            why = f"; {printable(result.why)}" if result.why else ""
            line = f"{result.ending}{detail}{why}; expected: {printable(result.expected)}"
            found = _canary_finding(result.name, line, result.advice)
            yield msgspec.structs.replace(found, rule=str(result.ending), message=printable(result.expected))


def other_seeds(planned: Sequence[CanaryRange], folder: Path) -> Iterator[Finding]:
    """Canaries that did not run what was planned, which may be the reason of any difference to the control run."""
    for run in planned:
        path = folder / run.name
        if run.is_control or not (path / MANIFEST).exists():
            continue
        try:
            recording = find_reports([str(path)])[0].recording
        except UserError:
            continue  # the canary is unusable, and has a finding
        if recording and (recording.seed, recording.iterations) != (run.seed, run.iterations):
            line = (
                f"{printable(run.name)} ran {counted(recording.iterations, 'iteration')} from seed {recording.seed}, "
                f"planned were {run.iterations:,} from {run.seed}"
            )
            yield _canary_finding(run.name, line, advice.OTHER_SEEDS)
        if recording and recording.scenario.lower() != run.scenario.lower():
            ran, meant = printable(recording.scenario), printable(run.scenario)
            yield _canary_finding(run.name, f"it is of scenario {ran}, planned was {meant}", advice.OTHER_SEEDS)


def _canary_finding(source: str, line: str, advice_on_it: str) -> Finding:
    return Finding(job="canary", source=source, kind="canary", line=line, advice=advice_on_it)
