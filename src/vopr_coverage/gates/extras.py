"""Coverage gates beyond the seed's seven, for what real streams can show. Pure.

They are off unless a config sets them, and then judged like the seven.
"""

from __future__ import annotations

from vopr_coverage.gates.endings import NOT_MEASURED_TEXT, Evidence, Gate, absent, judge_floors, not_required
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.thresholds import Bounds

SILENCE_NOTE = "min_properties.sometimes_total must be set and met, else silence proves nothing"
ADVICE = {
    "fault-effects": "The fault is scheduled but has no effect, or isn't there: look at its injector.",
    "per-iteration": "Each iteration does less than it used to: look for runs that end early.",
    "property-floors": "Fewer properties were evaluated than before: look for code that is no longer reached.",
    "required-properties": "Widen the workload until the property has held at least once.",
}


def judge_fault_effects(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Observed effects of fault points; one that the stream doesn't list had none."""
    return judge_floors(
        "fault-effects",
        evidence,
        bounds.min_fault_effects,
        evidence.fault_effects if evidence.report else None,
        lambda name, measured, least: Shortfall(
            "InsufficientFaultEffects",
            f"Fault point '{name}' took effect too few times",
            f"At least {least}",
            measured,
            f"Fault point '{name}' took effect too few times: {measured} (expected >= {least})",
            point=name,
        ),
        ADVICE["fault-effects"],
    )


def judge_per_iteration(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Phase events and invariant executions, divided by the simulations that were run."""
    rates: dict[str, float] | None = None
    if evidence.report and evidence.simulations:
        counts = evidence.report.phase_events | evidence.report.invariant_executions
        rates = {name: count / evidence.simulations for name, count in counts.items()}
    return judge_floors(
        "per-iteration",
        evidence,
        bounds.min_per_iteration,
        rates,
        lambda name, measured, least: Shortfall(
            "InsufficientPerIteration",
            f"'{name}' occurred too few times per iteration",
            f"At least {least:g}",
            measured,
            f"'{name}' too few per iteration: {measured} (expected >= {least:g})",
            point=name,
        ),
        ADVICE["per-iteration"],
    )


def judge_property_floors(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Floors on the stream's property counters."""
    return judge_floors(
        "property-floors",
        evidence,
        bounds.min_properties,
        evidence.properties.counters if evidence.properties else None,
        lambda name, measured, least: Shortfall(
            "InsufficientProperties",
            f"Property counter '{name}' is too low",
            f"At least {least}",
            measured,
            f"Property counter '{name}' too low: {measured} (expected >= {least})",
        ),
        ADVICE["property-floors"],
    )


def judge_required_properties(evidence: Evidence, bounds: Bounds) -> Outcome:
    """`sometimes` properties that must have held at least once.

    Streams list only unsatisfied ids, so an id that is not listed counts as satisfied only
    where `min_properties.sometimes_total` shows that the properties were there at all.
    """
    gate, bound, found = "required-properties", bounds.required_properties, evidence.properties
    if not bound.value:
        return not_required(gate, bound)
    if found is None and evidence.report is None:
        return absent(gate, bound, f"all {len(bound.value)}")
    least = bounds.min_properties.value.get("sometimes_total", 0)
    silence_counts = found is not None and 0 < least <= found.counters.get("sometimes_total", 0)
    unsatisfied = set(found.unsatisfied_ids) if found else set()
    missed = [name for name in bound.value if name in unsatisfied]
    untold = [] if silence_counts else [name for name in bound.value if name not in unsatisfied]
    satisfied = len(bound.value) - len(missed) - len(untold)
    return Outcome(
        gate,
        Status.FAILED if missed else Status.NOT_MEASURED if untold else Status.PASSED,
        f"{satisfied} of {len(bound.value)} satisfied" if silence_counts or missed else NOT_MEASURED_TEXT,
        f"all {len(bound.value)}",
        bound.origin,
        satisfied,
        len(bound.value),
        tuple(_unsatisfied(name, "never satisfied") for name in missed)
        + tuple(_unsatisfied(name, NOT_MEASURED_TEXT) for name in untold),
        advice=ADVICE[gate],
        note=SILENCE_NOTE if untold else "",
    )


def _unsatisfied(name: str, actual: str) -> Shortfall:
    return Shortfall(
        "PropertyNotSatisfied",
        f"Required property '{name}' was never satisfied",
        "Satisfied at least once",
        actual.capitalize(),
        f"Required property '{name}' {actual}",
        point=name,
    )


def _row(id: str, title: str, judge: Gate, key: str, *notes: str) -> Row:
    return Row(id, Part.EXTRA, title, judge, keys=(key,), advice=(ADVICE[id],), notes=notes)


ROWS = (
    _row("fault-effects", "Fault effects", judge_fault_effects, "min_fault_effects"),
    _row("per-iteration", "Work per iteration", judge_per_iteration, "min_per_iteration"),
    _row("property-floors", "Property counters", judge_property_floors, "min_properties"),
    _row("required-properties", "Required properties", judge_required_properties, "required_properties", SILENCE_NOTE),
)
