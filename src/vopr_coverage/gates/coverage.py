"""The seven coverage categories. Pure: no file, no clock, no environment.

One function a gate, `(evidence, bounds) → Outcome`, and its row in `ROWS`. Comparisons are the
seed's: `<` fails, equality passes, and fractions are compared unrounded.
"""

from __future__ import annotations

from vopr_coverage.gates.endings import (
    ADVICE as SHARED_ADVICE,
)
from vopr_coverage.gates.endings import (
    NOT_MEASURED_TEXT,
    OF_PROFILE,
    Evidence,
    Gate,
    absent,
    advice_on,
    judge_count,
    judge_floors,
    judge_names,
    not_required,
    with_dots,
)
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.figures import agreeing, seed_percent
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import Bound, Bounds

LOW_EXECUTIONS = 10
IN_VAIN_NAMED = 3

ADVICE = {
    "fault-point-coverage": "Run more iterations, or add scenarios that reach the points missed.",
    "critical-fault-points": "Check that this kind of fault is switched on and really gets scheduled.",
    "required-invariants": "Run a scenario that reaches the state which this invariant checks.",
    "view-changes": "Run longer, or inject more faults, so that more leaders are lost.",
    "repairs": "Run longer, or crash and corrupt more, so that replicas have something to repair.",
    "query-plans": "Widen the mix of queries that the workload generates, or run longer.",
    "phase-events": "Run longer, or choose a scenario in which this phase takes place.",
}


def judge_fault_point_coverage(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 1: hit / total, at least the minimum; without any points it is 0.0."""
    gate, bound = "fault-point-coverage", bounds.fault_point_coverage_min
    report = evidence.report
    required = f"≥ {seed_percent(bound.value)}"
    if report is None:
        return absent(gate, bound, required) if bound.value else not_required(gate, bound)
    share = report.fault_point_coverage()
    counts = f"{report.fault_points_hit} of {report.total_fault_points}"
    if not bound.value:
        return not_required(gate, bound, f"{seed_percent(share)} ({counts})", share)
    if evidence.observed is not None and not evidence.observed.declares_points:
        return _undeclared(bound, required)
    critical = bounds.critical_fault_points
    unlisted = report.missed_fault_points if {*report.missed_fault_points} <= {*critical.value} else []
    violations: tuple[Shortfall, ...] = ()
    if share < bound.value:
        looks_equal = seed_percent(share) == seed_percent(bound.value)
        points = (
            f"{report.fault_points_hit} of {report.total_fault_points} {agreeing(report.total_fault_points, 'point')}"
        )
        exact = f"{points}, {share:.6f} against {bound.value:.6f}"
        in_vain = "".join(f"; '{name}' was {how}" for name, how in _attempted_in_vain(evidence))
        violations = (
            Shortfall(
                kind="FaultPointCoverage",
                message="Fault point coverage below threshold",
                expected=seed_percent(bound.value),
                actual=seed_percent(share),
                line=f"Fault point coverage too low: {seed_percent(share)} (expected >= {seed_percent(bound.value)})",
                detail=(f"exactly {exact}" if looks_equal else points) + in_vain,
            ),
        )
    return Outcome(
        gate=gate,
        status=Status.FAILED if violations else Status.PASSED,
        measured=f"{seed_percent(share)} ({counts})",
        required=required,
        origin=bound.origin,
        value=share,
        minimum=bound.value,
        violations=violations,
        advice=advice_on(evidence, critical, unlisted, ADVICE[gate]),
    )


def _undeclared(bound: Bound[float], required: str) -> Outcome:
    """The outcome where a tester reports what it hit, and never what there is to hit: nobody knows the share."""
    violation = Shortfall(
        kind="FaultPointCoverage",
        message="Fault point coverage not measured: no points are declared",
        expected=seed_percent(bound.value),
        actual=NOT_MEASURED_TEXT,
        line=f"Fault point coverage not measured: no points are declared (expected >= {seed_percent(bound.value)})",
    )
    return Outcome(
        gate="fault-point-coverage",
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=bound.origin,
        minimum=bound.value,
        violations=(violation,),
        advice=SHARED_ADVICE["undeclared"],
    )


def _attempted_in_vain(evidence: Evidence) -> list[tuple[str, str]]:
    """The first points that were attempted and never took effect, the most attempts first."""
    names = sorted(evidence.attempts_only, key=lambda name: -evidence.attempts_only[name])
    return [(name, how) for name in names if (how := evidence.attempts_in_vain(name))][:IN_VAIN_NAMED]


def judge_critical_fault_points(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 2: each was hit. A point that a stream does not list was not hit."""
    hit = set(evidence.report.hit_fault_points) if evidence.report else set()
    if evidence.report and evidence.observed:  # points that nobody declared are in no report
        hit |= {name for name, point in evidence.observed.points.items() if point.hit}
    return judge_names(
        "critical-fault-points",
        evidence,
        bounds,
        bounds.critical_fault_points,
        {name: int(name in hit) for name in bounds.critical_fault_points.value},
        lambda name: Shortfall(
            kind="CriticalFaultPointMissed",
            message=f"Critical fault point '{name}' was never hit",
            expected="Hit at least once",
            actual="Never hit",
            line=f"Critical fault point '{name}' never hit",
            detail=evidence.attempts_in_vain(name),
            point=name,
        ),
        "hit",
        ADVICE["critical-fault-points"],
    )


def judge_required_invariants(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 3: each ran at least once; fewer than ten times warns."""
    executions = evidence.report.invariant_executions if evidence.report else {}
    counts = {name: executions.get(name, 0) for name in bounds.required_invariants.value}
    return judge_names(
        "required-invariants",
        evidence,
        bounds,
        bounds.required_invariants,
        counts,
        lambda name: Shortfall(
            kind="InvariantNotExecuted",
            message=f"Required invariant '{name}' never executed",
            expected="Executed at least once",
            actual="Never executed",
            line=f"Required invariant '{name}' never executed",
            invariant=name,
        ),
        "ran",
        ADVICE["required-invariants"],
        tuple(
            f"Invariant '{name}' executed only {count} times (may indicate low coverage)"
            for name, count in counts.items()
            if 0 < count < LOW_EXECUTIONS and not bounds.min_per_iteration.value.get(name)  # then that is the measure
        ),
    )


def judge_view_changes(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 4: view changes over all iterations, at least the minimum."""
    return judge_count(
        "view-changes",
        evidence,
        evidence.report.view_changes if evidence.report else None,
        bounds.min_view_changes,
        ("InsufficientViewChanges", "Not enough view changes occurred", "Insufficient view changes"),
        ADVICE["view-changes"],
    )


def judge_repairs(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 5: repairs over all iterations, at least the minimum."""
    return judge_count(
        "repairs",
        evidence,
        evidence.report.repairs if evidence.report else None,
        bounds.min_repairs,
        ("InsufficientRepairs", "Not enough repair operations occurred", "Insufficient repairs"),
        ADVICE["repairs"],
    )


def judge_query_plans(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 6: different query plans over all iterations, at least the minimum."""
    return judge_count(
        "query-plans",
        evidence,
        evidence.report.unique_query_plans if evidence.report else None,
        bounds.min_unique_query_plans,
        (
            "InsufficientQueryPlans",
            "Not enough unique query plans exercised",
            "Insufficient unique query plans",
        ),
        ADVICE["query-plans"],
    )


def judge_phase_events(evidence: Evidence, bounds: Bounds) -> Outcome:
    """Category 7: each phase event at least as often as required, in the profile's order."""
    events = with_dots(evidence.report.phase_events) if evidence.report else {}
    return judge_floors(
        "phase-events",
        evidence,
        bounds,
        bounds.min_phase_events,
        events if evidence.report else None,
        lambda name, measured, least: Shortfall(
            kind="InsufficientPhaseEvents",
            message=f"Phase event '{name}' occurred too few times",
            expected=f"At least {least}",
            actual=measured,
            line=f"Phase event '{name}' too few: {measured} (expected >= {least})",
            point=name,
        ),
        ADVICE["phase-events"],
    )


# In the order of the violations.
_CATEGORIES: tuple[tuple[str, str, Gate], ...] = (
    ("fault-point-coverage", "Fault point coverage", judge_fault_point_coverage),
    ("critical-fault-points", "Critical fault points", judge_critical_fault_points),
    ("required-invariants", "Required invariants", judge_required_invariants),
    ("view-changes", "View changes", judge_view_changes),
    ("repairs", "Repairs", judge_repairs),
    ("query-plans", "Query plans", judge_query_plans),
    ("phase-events", "Phase events", judge_phase_events),
)
ROWS = tuple(
    Row(
        id=gate,
        part=Part.COVERAGE,
        title=title,
        judge=judge,
        number=number,
        advice=(ADVICE[gate], ADVICE[gate] + OF_PROFILE, SHARED_ADVICE["undeclared"]),
    )
    for number, (gate, title, judge) in enumerate(_CATEGORIES, start=1)
)


def many_missed(report: CoverageReport) -> list[str]:
    """The seed's warning if more than a fifth of the points were missed."""
    missed, total = len(report.missed_fault_points), report.total_fault_points
    if missed <= total // 5:
        return []
    return [f"Many fault points missed ({missed}/{total}). Consider longer runs or different scenarios."]
