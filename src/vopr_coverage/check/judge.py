"""Units of reports to a Verdict: runs the gates, applies `on_not_measured`, draws the conclusion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from vopr_coverage.base.compare import Before, change_of
from vopr_coverage.base.gate import judge_regression
from vopr_coverage.base.losses import losses_of
from vopr_coverage.check.in_all import ITERATIONS, as_asked_of_all, bounds_of_each, ran_in_all, short_in_all
from vopr_coverage.check.listed import failures_of, input_seen
from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.check.power import incidences_in, rates_on_base, with_power
from vopr_coverage.check.saturation import saturation_of
from vopr_coverage.check.terms import Terms
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.gates import CATEGORIES, EXTRAS, HEALTH_GATES, LOCKED_GATE
from vopr_coverage.gates.coverage import many_missed
from vopr_coverage.gates.elsewhere import ADVICE, COVERAGE, SEED_RANGES
from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.extras import TOO_SHORT_NOTE
from vopr_coverage.gates.health import ADVICE as HEALTH_ADVICE
from vopr_coverage.model.figures import counted
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.rates import rates_of
from vopr_coverage.model.seen import location_of, seen_of
from vopr_coverage.model.thresholds import PROFILE_ORIGIN, Bounds, in_force
from vopr_coverage.model.verdict import (
    BoundUsed,
    Failure,
    JudgedReport,
    Remark,
    VerdictStatus,
    Violation,
    gate_results,
)

RUN_COMPLETE, FAILURES = "run-complete", "failures"
_Waiting = Mapping[str, Mapping[str, int]]  # key, name, iterations from which on it is required
_Health = Mapping[str, Sequence[Outcome]]  # outcomes of the run-health gates, by input


class Judgement(msgspec.Struct, frozen=True):
    """One judged unit, with all that the verdict lists across units. `warnings` weigh more than `remarks`."""

    report: JudgedReport
    violations: tuple[Violation, ...]
    warnings: tuple[Remark, ...]
    failures: tuple[Failure, ...]
    remarks: tuple[Remark, ...] = ()


def judge(unit: Unit, terms: Terms, before: Before | None = None, known: Sequence[KnownRates] = ()) -> Judgement:
    """Judge one unit by its terms, and compare it with its counterpart on the base, if there is one.

    Args:
        known: how often points were hit before, beside the base's rates; those that are asked first at the beginning.

    Raises:
        UsageError: the terms require nothing at all, so that any run would pass.
        ReportError: the base's bounds are none of ours.
    """
    if terms.expect is None and terms.bounds.require_nothing():
        raise UsageError(f"the thresholds for {printable(unit.name)} require nothing: every run would pass them")
    asked = terms.bounds
    strictest, _ = in_force(asked, None)  # those of the longest runs: what a verdict of any run can be held against
    in_force_here, waiting = in_force(asked, unit.evidence.iterations)
    terms = replace(terms, bounds=in_force_here)
    health = _judge_health(unit, terms)
    coverage = list(_judge_coverage(unit, terms, asked, waiting))
    change, seen = None, incidences_in(unit)
    known = (*known, *rates_on_base(before))
    if before and before.report:
        ours = gate_results([_excused(outcome, terms) for outcome in coverage])
        change = change_of(unit.evidence.report, strictest, terms.words, ours, before.report)
    if before and terms.limit:
        losses = losses_of(change, seen, known) if change and terms.limit.significant else None
        coverage.append(judge_regression(unit.evidence.report, change, before, terms.limit, losses))
    violations = [
        with_power(each, seen, known, unit.evidence.locked_rates)
        for each in _fallen_short(unit, health, coverage, terms)
    ]
    violations += _nothing_covered(unit, terms, health, coverage, waiting, bool(violations))
    judgement = _judgement(unit, replace(terms, bounds=strictest), health, coverage, violations)
    below = dict.fromkeys(chain.from_iterable(terms.looser()))
    report = replace(
        judgement.report,
        lowered=tuple(below),
        too_short=tuple(_too_short(waiting)),
        change=change,
        rates=rates_of(seen),
    )
    missed: list[Remark] = []
    minimum = terms.bounds.fault_point_coverage_min  # a config that sets it has said how many points may be missed
    if unit.evidence.report and minimum.value and minimum.origin == f"{PROFILE_ORIGIN}{terms.profile}":
        missed += [Remark(unit.name, text) for text in many_missed(unit.evidence.report)]
    more = [] if terms.expect else [Remark(unit.name, text) for text in saturation_of(unit)]
    return replace(judgement, report=report, remarks=(*judgement.remarks, *missed, *more))


def judge_health(unit: Unit, terms: Terms) -> Judgement:
    """Judge the health of a unit's runs and no coverage. Without a complete stream nothing is shown."""
    terms = replace(terms, bounds=in_force(terms.bounds, None)[0])
    health = _judge_health(unit, terms)
    violations = list(_fallen_short(unit, health, (), terms))
    complete = [o for outcomes in health.values() for o in outcomes if o.gate == RUN_COMPLETE]
    if not violations and not all(outcome.status is Status.PASSED for outcome in complete):
        violations.append(_nothing_shown(unit, "No run records: nothing shows that a run was healthy"))
    return _judgement(unit, terms, health, (), violations)


def _judgement(
    unit: Unit, terms: Terms, health: _Health, coverage: Sequence[Outcome], violations: Sequence[Violation]
) -> Judgement:
    status: VerdictStatus = "failed" if violations else "passed"
    seen = unit.evidence.observed
    violations = [replace(v, location=location_of(seen, v.point, v.invariant)) for v in violations]
    if any(not read.finished and not (read.run and read.run.crashed) for read in unit.inputs):
        status = "incomplete"  # one that crashed is a finding, with its seed
    report = JudgedReport(
        name=unit.name,
        scenario=unit.scenario,
        status=status,
        thresholds=terms.words,
        inputs=tuple(input_seen(read, health[read.source]) for read in unit.inputs),
        gates=gate_results([_excused(outcome, terms) for outcome in coverage]),
        report=unit.evidence.report,
        bounds=tuple(BoundUsed(key, bound.value, bound.origin) for key, bound in terms.bounds.items()),
        lowered=(),
        observed=seen_of(seen),
        pairs=unit.evidence.pairs,
    )
    remarks = [Remark(read.source, text) for read in unit.inputs for text in read.warnings]
    warnings = [w for source, outcome in _rows(unit, health, coverage) for w in _warnings(source, outcome, terms)]
    failures = chain.from_iterable(failures_of(read, terms) for read in unit.inputs)
    return Judgement(
        report=report,
        violations=tuple(violations),
        warnings=tuple(warnings),
        failures=tuple(failures),
        remarks=tuple(remarks),
    )


def _rows(unit: Unit, health: _Health, coverage: Sequence[Outcome]) -> Iterator[tuple[str, Outcome]]:
    """Every outcome, with the input or the merged report that it is about; run health first."""
    yield from ((source, outcome) for source, outcomes in health.items() for outcome in outcomes)
    yield from ((unit.name, outcome) for outcome in coverage)


def _fallen_short(unit: Unit, health: _Health, coverage: Sequence[Outcome], terms: Terms) -> Iterator[Violation]:
    """The violations of all gates, and of merged inputs that share seeds."""
    for source, outcome in _rows(unit, health, coverage):
        yield from _violations(source, outcome, terms)
    for shortfall in short_in_all(unit, terms.bounds):
        yield violation_of(unit.name, ITERATIONS, shortfall, HEALTH_ADVICE[ITERATIONS])
    for sentence in overlaps(unit.inputs) if len(unit.inputs) > 1 else ():
        shortfall = Shortfall(
            kind="SeedRangesOverlap",
            message="Seed ranges overlap",
            expected="Disjoint ranges",
            actual=sentence,
            line=f"Seed ranges overlap: {sentence}",
        )
        yield violation_of(unit.name, SEED_RANGES, shortfall, ADVICE[SEED_RANGES])


def _judge_health(unit: Unit, terms: Terms) -> _Health:
    """The outcomes of each run."""
    ran = ran_in_all(unit)  # once: there may be thousands of runs
    return {
        read.source: [
            as_asked_of_all(_excused(gate(read, bounds, terms.expect), terms), ran, terms.bounds)
            for bounds in [bounds_of_each(read, unit, terms.bounds)]
            for gate in HEALTH_GATES
        ]
        for read in unit.inputs
    }


def _judge_coverage(unit: Unit, terms: Terms, asked: Bounds, waiting: _Waiting) -> Iterator[Outcome]:
    """The outcomes of all coverage gates. `asked` are the bounds for runs of any length, `waiting` is not due yet."""
    for gate in CATEGORIES:
        yield gate(unit.evidence, terms.bounds)
    for gate, keys in EXTRAS.items():
        if any(getattr(asked, key).value for key in keys):
            outcome = gate(unit.evidence, terms.bounds)
            yield replace(outcome, note=outcome.note or TOO_SHORT_NOTE) if waiting.keys() & set(keys) else outcome
    if unit.evidence.drift is not None:
        yield LOCKED_GATE(unit.evidence.drift)


def _too_short(waiting: _Waiting) -> Iterator[str]:
    """What a run of this length can't tell, the rarest last, each with the iterations that would tell."""
    times = {(iterations, name) for floors in waiting.values() for name, iterations in floors.items()}
    for iterations, name in sorted(times):
        yield f"{name}: required of runs of {counted(iterations, 'iteration')} or more"


def _policy(outcome: Outcome, terms: Terms) -> str:
    """What to do about a gate that was not measured. A gate without violations cannot be excused."""
    if outcome.status is not Status.NOT_MEASURED or not outcome.violations:
        return "fail"
    return terms.on_not_measured.get(outcome.gate, "fail")


def _excused(outcome: Outcome, terms: Terms) -> Outcome:
    policy = _policy(outcome, terms)
    return outcome if policy == "fail" else replace(outcome, note=f"excused: on_not_measured is {policy}")


def _violations(source: str, outcome: Outcome, terms: Terms) -> Iterator[Violation]:
    if _policy(outcome, terms) != "fail":
        return
    in_all = outcome.gate == ITERATIONS  # of merged runs, the violation is about all of them
    assert outcome.violations or in_all or outcome.status is not Status.FAILED, (
        f"{outcome.gate} failed without a reason"
    )
    for shortfall in outcome.violations:
        yield violation_of(source, outcome.gate, shortfall, outcome.advice)


def violation_of(source: str, gate: str, shortfall: Shortfall, advice: str) -> Violation:
    """A shortfall as a violation of the verdict."""
    told = msgspec.structs.asdict(shortfall) | {"advice": shortfall.advice or advice}
    return Violation(source=source, gate=gate, **told)


def _warnings(source: str, outcome: Outcome, terms: Terms) -> Iterator[Remark]:
    for text in outcome.warnings:
        yield Remark(source, text)
    if _policy(outcome, terms) == "warn":
        for shortfall in outcome.violations:
            yield Remark(source, shortfall.line)


def _nothing_covered(
    unit: Unit, terms: Terms, health: _Health, coverage: Sequence[Outcome], waiting: _Waiting, failed: bool
) -> Iterator[Violation]:
    """The violation where coverage is absent, or no gate passed: no single gate can see that."""
    if unit.evidence.report is None and any(outcome.status is Status.NOT_MEASURED for outcome in coverage):
        finished = all(read.finished for read in unit.inputs)
        why = "the report carries none" if finished else "the run did not finish"
        if any(read.run and read.run.crashed for read in unit.inputs):
            why = "the simulator died"
        shortfall = Shortfall(
            kind="CoverageNotMeasured",
            message="Coverage not measured",
            expected="Measured",
            actual=why,
            line=f"Coverage not measured: {why}",
        )
        yield violation_of(unit.name, COVERAGE, shortfall, SHARED_ADVICE["absent"])
        return
    passed = any(outcome.status is Status.PASSED for outcome in coverage)
    if terms.expect:
        passed |= any(o.gate == FAILURES and o.status is Status.PASSED for o in chain.from_iterable(health.values()))
    if passed or failed:
        return
    message, advice = "No coverage gate passed: this report shows nothing", SHARED_ADVICE["absent"]
    if least := min((due for floors in waiting.values() for due in floors.values()), default=0):
        message = f"Run too short: all that is required of it is required of {counted(least, 'iteration')} or more"
        advice = SHARED_ADVICE["too-short"]
    yield _nothing_shown(unit, message, advice)


def _nothing_shown(unit: Unit, message: str, advice: str = SHARED_ADVICE["absent"]) -> Violation:
    shortfall = Shortfall(kind="NothingShown", message=message, expected="At least one", actual="None", line=message)
    return violation_of(unit.name, COVERAGE, shortfall, advice)
