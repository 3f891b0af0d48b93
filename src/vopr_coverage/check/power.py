"""How often a unit's seeds hit each point, and what that says about a point that none of them hit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from vopr_coverage.base.compare import Before
from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.incidence.power import Power, power_at, power_of
from vopr_coverage.incidence.samples import incidences_of
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.incidence import Incidences
from vopr_coverage.model.known_rates import KnownRate, KnownRates, hits_in_words, known_invariant, known_point
from vopr_coverage.model.rates import incidences_in_verdict
from vopr_coverage.model.verdict import Violation

Interval = tuple[float, float]

# The violations of names that were not reached at all.
UNREACHED = frozenset({"CriticalFaultPointMissed", "InvariantNotExecuted", "InvariantCoverage", "PropertyNotSatisfied"})


def incidences_in(unit: Unit) -> Incidences | None:
    """How many of the unit's samples hit each point; None where that is not known, or seeds would count twice."""
    report = unit.evidence.report
    if report is None or (len(unit.inputs) > 1 and overlaps(unit.inputs)):
        return None
    return incidences_of(unit.inputs, report.missed_fault_points, report.missed_invariants)


def rates_on_base(before: Before | None) -> Iterator[KnownRates]:
    """What the base's verdict knows of rates; nothing without a counterpart, or if an earlier version wrote it."""
    if before and before.report and before.report.rates:
        then = incidences_in_verdict(before.report.rates)
        yield KnownRates("base", then.of_points(), then.of_invariants())


def with_power(
    violation: Violation, now: Incidences | None, known: Sequence[KnownRates], locked: Mapping[str, Interval] = {}
) -> Violation:
    """The violation of a name that was not reached, with what its rate before says: it is lost, or the run too short.

    Without a rate, or without the run's seeds, it stays as it is.

    Args:
        locked: the intervals of the lockfile, which is asked last: it has no counts.
    """
    if violation.kind not in UNREACHED or now is None:
        return violation
    before = known_point(known, violation.point) if violation.point else None
    before = known_invariant(known, violation.invariant) if violation.invariant else before
    if before is not None:
        power, reached = power_of(before.incidence, now.samples.seeds), _before_in_words(before)
    else:
        low, high = locked.get(violation.point or "", (0.0, 1.0))
        power = power_at(low, now.samples.seeds)
        reached = f"reached at a rate of {in_digits(low)} to {in_digits(high)} per seed when it was locked"
    if power is None:
        return violation
    return replace(
        violation,
        line=f"{violation.line} ({power_in_words(power)})",
        detail="; ".join(filter(None, [violation.detail, reached])),
    )


def power_in_words(power: Power) -> str:
    """`lost: …` or `underpowered: …`."""
    if power.lost:
        return (
            f"lost: a run of {counted(power.seeds, 'seed')} would miss it in less than 1 of 100 cases, "
            f"p = {power.chance:.2g}"
        )
    return f"underpowered: needs about {counted(power.needed, 'seed')} for 99%, had {power.seeds:,}"


def _before_in_words(before: KnownRate) -> str:
    return f"reached by {hits_in_words(before.incidence)} on {before.origin}"
