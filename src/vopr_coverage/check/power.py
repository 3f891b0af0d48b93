"""How often a unit's seeds hit each point, and what that says about a point that none of them hit. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from vopr_coverage.base.compare import Before
from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.incidence.power import Power, p_in_words, power_at, power_of
from vopr_coverage.incidence.samples import incidences_of
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.incidence import Incidences
from vopr_coverage.model.known_rates import KnownRate, KnownRates, hits_in_words, known_invariant, known_point
from vopr_coverage.model.rates import incidences_in_verdict
from vopr_coverage.model.verdict import Violation

Interval = tuple[float, float]
SHARE, NAMED_MAX = "FaultPointCoverage", 5
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

    Where too few points were hit, it says so of those that were not. It stays as it is without a rate, without the
    run's seeds, and where the name was not measured.

    Args:
        locked: the intervals of the lockfile, which is asked last: it has no counts.
    """
    if now is None or violation.actual.lower() == NOT_MEASURED_TEXT:
        return violation
    if violation.kind == SHARE:
        return replace(violation, detail="; ".join([violation.detail, *_missed_in_words(now, known, locked)]))
    if violation.kind not in UNREACHED:
        return violation
    before = known_point(known, violation.point) if violation.point else None
    before = known_invariant(known, violation.invariant) if violation.invariant else before
    power, reached = _power(before, locked.get(violation.point or ""), now.samples.seeds)
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
            f"{p_in_words(power.chance)}"
        )
    return f"underpowered: needs about {counted(power.needed, 'seed')} for 99%, had {power.seeds:,}"


def _power(before: KnownRate | None, locked: Interval | None, seeds: int) -> tuple[Power | None, str]:
    """The power of a run of so many seeds for one name, and what it rests on."""
    if before is not None:
        return power_of(before.incidence, seeds), f"reached by {hits_in_words(before.incidence)} on {before.origin}"
    if locked is None:
        return None, ""
    low, high = locked
    rate = f"{in_digits(low)} to {in_digits(high)}"
    return power_at(low, seeds), f"reached at a rate of {rate} per seed when it was locked"


def _missed_in_words(now: Incidences, known: Sequence[KnownRates], locked: Mapping[str, Interval]) -> Iterator[str]:
    """Which of the points that were not hit are lost, and for which the run was too short; each the first five."""
    missed = [name for name, hit in now.points.items() if not hit]
    told = {name: _power(known_point(known, name), locked.get(name), now.samples.seeds)[0] for name in missed}
    powers = {name: power for name, power in told.items() if power}
    for word, is_lost in (("lost", True), ("underpowered", False)):
        names = [f"'{name}'" for name, power in powers.items() if power.lost is is_lost]
        more = f" and {len(names) - NAMED_MAX:,} more" if len(names) > NAMED_MAX else ""
        if names:
            yield f"{word}: {', '.join(names[:NAMED_MAX])}{more}"
