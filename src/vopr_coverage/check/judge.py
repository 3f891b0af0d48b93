"""Units of reports to a Verdict: runs the gates, applies `on_not_measured`, draws the conclusion."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from vopr_coverage.base.compare import Base, Before, change_of
from vopr_coverage.base.gate import ADVICE as REGRESSION_ADVICE
from vopr_coverage.base.gate import REGRESSION, Limit, judge_regression, report_lost
from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates.coverage import CATEGORIES, many_missed
from vopr_coverage.gates.endings import ADVICE as LADDER_ADVICE
from vopr_coverage.gates.extras import EXTRAS
from vopr_coverage.gates.health import ADVICE as HEALTH_ADVICE
from vopr_coverage.gates.health import HEALTH_GATES, Expectation
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bounds, lowered
from vopr_coverage.model.verdict import (
    BaseSeen,
    BoundUsed,
    Failure,
    InputSeen,
    JudgedReport,
    Remark,
    Verdict,
    VerdictStatus,
    Violation,
    gate_results,
)

UNNAMED_SCENARIO = "SCENARIO"
RUN_COMPLETE, FAILURES = "run-complete", "failures"


class Terms(msgspec.Struct, frozen=True):
    """What one unit is held against: its bounds, in words too, how absence is taken, and what may be lost.

    With `health_only` no coverage gate runs, and a whole stream is what must be shown.
    """

    bounds: Bounds
    profile: str
    words: str
    on_not_measured: Mapping[str, str]
    repro: str
    expect: Expectation | None = None
    limit: Limit | None = None
    health_only: bool = False


class Judgement(msgspec.Struct, frozen=True):
    """One judged unit, with all that the verdict lists across units."""

    report: JudgedReport
    violations: tuple[Violation, ...]
    warnings: tuple[Remark, ...]
    failures: tuple[Failure, ...]


def judge(unit: Unit, terms: Terms, before: Before | None = None) -> Judgement:
    """Hold one unit against its terms, and compare it with its counterpart on base, if one was asked for.

    Raises:
        UsageError: the terms require nothing at all, so that any run would pass.
        ReportError: the base's bounds are none of ours.
    """
    if terms.expect is None and not terms.health_only and terms.bounds.require_nothing():
        raise UsageError(f"the thresholds for {printable(unit.name)} require nothing: every run would pass them")
    health = {read.source: _judge_health(read, terms) for read in unit.inputs}
    coverage = list(_judge_coverage(unit, terms))
    change = None
    if before and before.report:
        ours = gate_results([_excused(outcome, terms) for outcome in coverage])
        change = change_of(unit.evidence.report, terms.bounds, terms.words, ours, before.report)
    if before and terms.limit:
        coverage.append(judge_regression(unit.evidence.report, change, before, terms.limit))
    rows = [(source, outcome) for source, outcomes in health.items() for outcome in outcomes]
    rows += [(unit.name, outcome) for outcome in coverage]

    violations = [v for source, outcome in rows for v in _violations(source, outcome, terms)]
    violations += _conclusive(unit, terms, health, coverage, bool(violations))
    status: VerdictStatus = "failed" if violations else "passed"
    if any(read.run and not read.run.complete for read in unit.inputs):
        status = "incomplete"
    report = JudgedReport(
        name=unit.name,
        scenario=unit.scenario,
        status=status,
        thresholds=terms.words,
        inputs=tuple(_seen(read, health[read.source]) for read in unit.inputs),
        gates=gate_results([_excused(outcome, terms) for outcome in coverage]),
        report=unit.evidence.report,
        bounds=tuple(BoundUsed(key, bound.value, bound.origin) for key, bound in terms.bounds.items()),
        lowered=() if terms.expect or terms.health_only else tuple(lowered(terms.bounds, terms.profile)),
        change=change,
    )
    warnings = [Remark(read.source, text) for read in unit.inputs for text in read.warnings]
    warnings += [w for source, outcome in rows for w in _warnings(source, outcome, terms)]
    if unit.evidence.report and terms.bounds.fault_point_coverage_min.value:
        warnings += [Remark(unit.name, text) for text in many_missed(unit.evidence.report)]
    failures = chain.from_iterable(_failures(read, terms) for read in unit.inputs)
    return Judgement(report, tuple(violations), tuple(warnings), tuple(failures))


def lost_reports(
    base: Base | None, absent: Sequence[str], limit: Limit | None
) -> tuple[BaseSeen | None, list[Violation]]:
    """What a verdict says of its base as a whole; reports that it had and we don't are a regression, too."""
    if base is None:
        return None, []
    lost = [_violation(name, REGRESSION, report_lost(name), REGRESSION_ADVICE["report-lost"]) for name in absent]
    return BaseSeen(base.origin, base.missing, tuple(absent)), lost if limit else []


def conclude(
    judgements: Sequence[Judgement],
    warnings: Sequence[Remark],
    version: str,
    base: BaseSeen | None = None,
    violations: Sequence[Violation] = (),
) -> Verdict:
    """One verdict over all units, with the `violations` that no unit has; `judgements` is never empty."""
    assert judgements, "a verdict needs something that was judged"
    reports = tuple(j.report for j in judgements)
    statuses = {report.status for report in reports} | ({"failed"} if violations else set())
    status: VerdictStatus = "passed"
    if statuses != {"passed"}:
        status = "incomplete" if "incomplete" in statuses else "failed"
    told = [*(violation for judgement in judgements for violation in judgement.violations), *violations]
    found = tuple(sorted(told, key=lambda violation: violation.gate not in HEALTH_IDS))  # run health first
    assert bool(found) == (status != "passed"), "a verdict and its violations must agree"
    return Verdict(
        status=status,
        passed=status == "passed",
        reason=_reason(status, reports, found),
        version=version,
        violations=found,
        warnings=(*warnings, *chain.from_iterable(j.warnings for j in judgements)),
        failures=tuple(chain.from_iterable(j.failures for j in judgements)),
        reports=reports,
        base=base,
    )


def _judge_health(read: Input, terms: Terms) -> list[Outcome]:
    return [_excused(gate(read, terms.bounds, terms.expect), terms) for gate in HEALTH_GATES]


def _judge_coverage(unit: Unit, terms: Terms) -> Iterator[Outcome]:
    if terms.health_only:
        return
    for gate in CATEGORIES:
        yield gate(unit.evidence, terms.bounds)
    for gate, keys in EXTRAS.items():
        if any(getattr(terms.bounds, key).value for key in keys):
            yield gate(unit.evidence, terms.bounds)


def _policy(outcome: Outcome, terms: Terms) -> str:
    """What to do about a gate that wasn't measured; without violations of its own it can't be excused."""
    if outcome.status is not Status.NOT_MEASURED or not outcome.violations:
        return "fail"
    return terms.on_not_measured.get(outcome.gate, "fail")


def _excused(outcome: Outcome, terms: Terms) -> Outcome:
    policy = _policy(outcome, terms)
    return outcome if policy == "fail" else replace(outcome, note=f"excused: on_not_measured is {policy}")


def _violations(source: str, outcome: Outcome, terms: Terms) -> Iterator[Violation]:
    if _policy(outcome, terms) != "fail":
        return
    assert outcome.violations or outcome.status is not Status.FAILED, f"{outcome.gate} failed without a reason"
    for shortfall in outcome.violations:
        yield _violation(source, outcome.gate, shortfall, outcome.advice)


def _violation(source: str, gate: str, found: Shortfall, advice: str) -> Violation:
    texts = (found.kind, found.message, found.expected, found.actual, found.line, found.detail)
    return Violation(source, gate, *texts, advice)


def _warnings(source: str, outcome: Outcome, terms: Terms) -> Iterator[Remark]:
    for text in outcome.warnings:
        yield Remark(source, text)
    if _policy(outcome, terms) == "warn":
        for shortfall in outcome.violations:
            yield Remark(source, shortfall.line)


def _conclusive(
    unit: Unit,
    terms: Terms,
    health: Mapping[str, Sequence[Outcome]],
    coverage: Sequence[Outcome],
    failed: bool,
) -> Iterator[Violation]:
    """What no single gate can say: shared seeds, coverage that is absent, and nothing that passed."""
    if len(unit.inputs) > 1:
        for sentence in overlaps(unit.inputs):
            found = Shortfall(
                "SeedRangesOverlap",
                "Seed ranges overlap",
                "Disjoint ranges",
                sentence,
                f"Seed ranges overlap: {sentence}",
            )
            yield _violation(unit.name, "seed-ranges", found, HEALTH_ADVICE["seed-ranges"])
    if unit.evidence.report is None and any(outcome.status is Status.NOT_MEASURED for outcome in coverage):
        ended = all(read.run is None or read.run.complete for read in unit.inputs)
        why = "the report carries none" if ended else "the run did not finish"
        found = Shortfall(
            "CoverageNotMeasured", "Coverage not measured", "Measured", why, f"Coverage not measured: {why}"
        )
        yield _violation(unit.name, "coverage", found, LADDER_ADVICE["absent"])
        return
    passed = any(outcome.status is Status.PASSED for outcome in coverage)
    if terms.expect:
        outcomes = chain.from_iterable(health.values())
        passed |= any(o.gate == FAILURES and o.status is Status.PASSED for o in outcomes)
    if terms.health_only:
        complete = [o for outcomes in health.values() for o in outcomes if o.gate == RUN_COMPLETE]
        passed = all(outcome.status is Status.PASSED for outcome in complete)
    if not passed and not failed:
        message = "No run records: nothing shows that a run was healthy"
        if not terms.health_only:
            message = "No coverage gate passed: this report shows nothing"
        found = Shortfall("NothingShown", message, "At least one", "None", message)
        yield _violation(unit.name, "coverage", found, LADDER_ADVICE["absent"])


def _seen(read: Input, outcomes: Sequence[Outcome]) -> InputSeen:
    run = read.run
    return InputSeen(
        source=read.source,
        format=read.format,
        scenario=read.scenario,
        complete=run is None or run.complete,
        iterations=None if run is None else run.iterations,
        first_seed=None if run is None or run.starting_seed is None else str(run.starting_seed),
        gates=gate_results(outcomes),
        commit=read.recording.commit if read.recording else None,
    )


def _failures(read: Input, terms: Terms) -> Iterator[Failure]:
    run = read.run
    if run is None:
        return
    wanted = set(terms.expect.invariants) if terms.expect else set()
    for group in run.failures:
        seeds = tuple(str(seed) for seed in group.seeds)
        recording = read.recording
        repro = recording.replay(seeds[0]) if recording else _repro(terms.repro, read.scenario, seeds[0])
        fill_in = recording is None and read.scenario is None and "{scenario}" in terms.repro
        yield Failure(
            read.source,
            read.scenario,
            group.invariant,
            group.message,
            group.count,
            seeds,
            repro,
            fill_in,
            group.invariant in wanted,
            recording is not None and not recording.replays_one_seed,
        )


def _repro(template: str, scenario: str | None, seed: str) -> str:
    name = UNNAMED_SCENARIO if scenario is None else shlex.quote(scenario)
    return template.replace("{scenario}", name).replace("{seed}", seed)


def _reason(status: VerdictStatus, reports: Sequence[JudgedReport], violations: Sequence[Violation]) -> str:
    if status == "passed":
        iterations = sum(read.iterations or 0 for report in reports for read in report.inputs)
        ran = f" over {iterations:,} iterations" if iterations else ""
        judged = "1 report" if len(reports) == 1 else f"{len(reports)} reports"
        return f"every gate holds for {judged}{ran}"
    if status == "incomplete":
        first = next(v for v in violations if v.gate == RUN_COMPLETE)
        return f"{first.source}: {first.line[0].lower()}{first.line[1:]}"
    gates = list(dict.fromkeys(violation.gate for violation in violations))
    count = "1 violation" if len(violations) == 1 else f"{len(violations)} violations"
    return f"{count} in {', '.join(gates)}"


HEALTH_IDS = frozenset({"run-complete", "iterations", "failures", "properties", "determinism", "seed-ranges"})
