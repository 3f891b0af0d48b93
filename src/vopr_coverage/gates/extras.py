"""Coverage gates beyond the seed's seven. Pure.

They are off unless a config sets them, or the profile `general`.
"""

from __future__ import annotations

from collections.abc import Mapping

from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT, Evidence, absent, judge_floors, not_required, with_dots
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.figures import seed_percent
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import Bounds, number_of

SILENCE_NOTE = "min_properties.sometimes_total must be set and met: otherwise the stream may contain no properties"
TOO_SHORT_NOTE = "too short to tell: some minimums apply to longer runs only"
ADVICE = {
    "fault-effects": "The fault is scheduled without effect, or never scheduled: look at its injector.",
    "per-iteration": "Each iteration does less than it used to: look for runs that end early.",
    "property-floors": "Fewer properties were evaluated than before: look for code that is no longer reached.",
    "invariant-coverage": "Run a workload that reaches the code which this invariant checks, or run longer.",
    "required-properties": "Widen the workload until the property has held at least once.",
}


def judge_fault_effects(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Observed effects of fault points; a point that the stream does not list had none.

    A point that the stream lists as a plain integer has no such figure: its effects are not measured.
    """
    effects = evidence.fault_effects if evidence.report else None
    return judge_floors(
        "fault-effects",
        evidence,
        bounds,
        bounds.min_fault_effects,
        effects,
        lambda name, measured, least: Shortfall(
            kind="InsufficientFaultEffects",
            message=f"Fault point '{name}' took effect too few times",
            expected=f"At least {least}",
            actual=measured,
            line=f"Fault point '{name}' took effect too few times: {measured} (expected >= {least})",
            detail=evidence.attempts_in_vain(name),
            point=name,
        ),
        ADVICE["fault-effects"],
        unknown=(evidence.fault_counts or {}).keys() - (effects or {}).keys(),
    )


def judge_per_iteration(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Phase events, invariant executions and counts of fault points, divided by the number of simulations."""
    rates, faults = None, with_dots({name: name for name in fault_names(evidence)})
    unknown = evidence.fault_counts is None and any(name in faults for name in bounds.min_per_iteration.value)
    if evidence.report and evidence.simulations and not unknown:
        counts = counts_by_name(evidence.report, point_counts(evidence))
        rates = {name: count / evidence.simulations for name, count in with_dots(counts).items()}
    return judge_floors(
        "per-iteration",
        evidence,
        bounds,
        bounds.min_per_iteration,
        rates,
        lambda name, measured, least: Shortfall(
            kind="InsufficientPerIteration",
            message=f"'{name}' occurred too few times per iteration",
            expected=f"At least {least:g}",
            actual=measured,
            line=f"'{name}' too few per iteration: {measured} (expected >= {least:g})",
            detail=evidence.attempts_in_vain(name),
            point=name,
            advice=ADVICE["fault-effects"] if name in faults else "",
        ),
        ADVICE["per-iteration"],
    )


def counts_by_name(report: CoverageReport, points: Mapping[str, int] | None) -> dict[str, int]:
    """What `min_per_iteration` can ask for. A phase or an invariant comes before a fault point of the same name."""
    return {**(points or {}), **report.phase_events, **report.invariant_executions}


def point_counts(evidence: Evidence) -> dict[str, int]:
    """The count of each fault point: of its observed effects, or of its hits where the stream counts no effects of it.

    These are points that are plain integers, and those that are hit when they are attempted.
    """
    counts, effects = evidence.fault_counts or {}, evidence.fault_effects
    if effects is None:
        return dict(counts)
    attempts = {name: count for name, count in counts.items() if name not in effects or name in evidence.attempts_only}
    return {name: effects.get(name) or attempts.get(name, 0) for name in {**counts, **effects}}


def fault_names(evidence: Evidence) -> set[str]:
    """The fault points of a report that are known, hit or not, without those that other figures are called by."""
    if evidence.report is None:
        return set()
    points = {*evidence.report.hit_fault_points, *evidence.report.missed_fault_points}
    return points - set(evidence.report.phase_events) - set(evidence.report.invariant_executions)


def judge_property_floors(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Minimums for the stream's property counters."""
    return judge_floors(
        "property-floors",
        evidence,
        bounds,
        bounds.min_properties,
        (evidence.properties.counters or None) if evidence.properties else None,
        lambda name, measured, least: Shortfall(
            kind="InsufficientProperties",
            message=f"Property counter '{name}' is too low",
            expected=f"At least {least}",
            actual=measured,
            line=f"Property counter '{name}' too low: {measured} (expected >= {least})",
        ),
        ADVICE["property-floors"],
    )


def judge_required_properties(evidence: Evidence, bounds: Bounds) -> Outcome:
    """`sometimes` properties that must have held at least once.

    Streams list only unsatisfied ids. An id that is not listed counts as satisfied only if
    `min_properties.sometimes_total` shows that the stream contains the properties.
    """
    gate, bound, properties = "required-properties", bounds.required_properties, evidence.properties
    if not bound.value:
        return not_required(gate, bound)
    if properties is None and evidence.report is None:
        return absent(gate, bound, f"all {len(bound.value)}")
    least = number_of(bounds.min_properties.value.get("sometimes_total", 0))
    unlisted_is_satisfied = properties is not None and 0 < least <= properties.counters.get("sometimes_total", 0)
    unsatisfied = set(properties.unsatisfied_ids) if properties else set()
    missed = [name for name in bound.value if name in unsatisfied]
    unknown = [] if unlisted_is_satisfied else [name for name in bound.value if name not in unsatisfied]
    satisfied = len(bound.value) - len(missed) - len(unknown)
    return Outcome(
        gate=gate,
        status=Status.FAILED if missed else Status.NOT_MEASURED if unknown else Status.PASSED,
        measured=f"{satisfied} of {len(bound.value)} satisfied"
        if unlisted_is_satisfied or missed
        else NOT_MEASURED_TEXT,
        required=f"all {len(bound.value)}",
        origin=bound.origin,
        value=satisfied,
        minimum=len(bound.value),
        violations=tuple(_unsatisfied(name, "never satisfied") for name in missed)
        + tuple(_unsatisfied(name, NOT_MEASURED_TEXT) for name in unknown),
        advice=ADVICE[gate],
        note=SILENCE_NOTE if unknown else "",
    )


def judge_invariant_coverage(evidence: Evidence, bounds: Bounds) -> Outcome:
    """The share of the declared invariants that ran; those that need not run don't count.

    Without a declared invariant it is not measured: nobody knows what should have run.
    """
    gate, bound = "invariant-coverage", bounds.invariant_coverage_min
    required = f"≥ {seed_percent(bound.value)}"
    if not bound.value:
        return not_required(gate, bound)
    if evidence.report is None:
        return absent(gate, bound, required)
    ran = _declared_invariants(evidence)
    missed = [name for name, executed in ran.items() if not executed]
    share = (len(ran) - len(missed)) / len(ran) if ran else None
    status, violations = Status.PASSED, tuple[Shortfall, ...]()
    if share is None:
        status, violations = Status.NOT_MEASURED, (_no_invariants(seed_percent(bound.value)),)
    elif share < bound.value:
        status, violations = Status.FAILED, tuple(_never_executed(name) for name in missed)
    return Outcome(
        gate=gate,
        status=status,
        measured=NOT_MEASURED_TEXT if share is None else f"{len(ran) - len(missed)} of {len(ran)} ran",
        required=required,
        origin=bound.origin,
        value=share,
        minimum=bound.value,
        violations=violations,
        advice=SHARED_ADVICE["no-invariants"] if share is None else ADVICE[gate],
    )


def _declared_invariants(evidence: Evidence) -> dict[str, bool]:
    """Whether each declared invariant ran. A flat report declares what it lists; a VOPR stream lists only what ran."""
    if evidence.observed is not None:
        seen = evidence.observed.invariants.items()
        return {name: each.ran for name, each in seen if each.declared and not each.optional}
    report = evidence.report
    if report is None or evidence.is_stream:
        return {}
    return {
        **dict.fromkeys(report.missed_invariants, False),
        **{n: c > 0 for n, c in report.invariant_executions.items()},
    }


def _no_invariants(minimum: str) -> Shortfall:
    return Shortfall(
        kind="InvariantCoverage",
        message="Invariant coverage not measured: no invariants are declared",
        expected=minimum,
        actual=NOT_MEASURED_TEXT,
        line=f"Invariant coverage not measured: no invariants are declared (expected >= {minimum})",
    )


def _never_executed(name: str) -> Shortfall:
    return Shortfall(
        kind="InvariantCoverage",
        message=f"Declared invariant '{name}' never executed",
        expected="Executed at least once",
        actual="Never executed",
        line=f"Declared invariant '{name}' never executed",
        invariant=name,
    )


def _unsatisfied(name: str, actual: str) -> Shortfall:
    return Shortfall(
        kind="PropertyNotSatisfied",
        message=f"Required property '{name}' was never satisfied",
        expected="Satisfied at least once",
        actual=actual.capitalize(),
        line=f"Required property '{name}' {actual}",
        point=name,
    )


ROWS = (
    Row(
        id="fault-effects",
        part=Part.EXTRA,
        title="Fault effects",
        judge=judge_fault_effects,
        keys=("min_fault_effects",),
        advice=(ADVICE["fault-effects"],),
    ),
    Row(
        id="per-iteration",
        part=Part.EXTRA,
        title="Work per iteration",
        judge=judge_per_iteration,
        keys=("min_per_iteration",),
        advice=(ADVICE["per-iteration"], ADVICE["fault-effects"], SHARED_ADVICE["too-short"]),
        notes=(TOO_SHORT_NOTE,),
    ),
    Row(
        id="property-floors",
        part=Part.EXTRA,
        title="Property counters",
        judge=judge_property_floors,
        keys=("min_properties",),
        advice=(ADVICE["property-floors"],),
        notes=(TOO_SHORT_NOTE,),
    ),
    Row(
        id="required-properties",
        part=Part.EXTRA,
        title="Required properties",
        judge=judge_required_properties,
        keys=("required_properties",),
        advice=(ADVICE["required-properties"],),
        notes=(SILENCE_NOTE,),
    ),
    Row(
        id="invariant-coverage",
        part=Part.EXTRA,
        title="Invariant coverage",
        judge=judge_invariant_coverage,
        keys=("invariant_coverage_min",),
        advice=(ADVICE["invariant-coverage"], SHARED_ADVICE["no-invariants"]),
    ),
)
