"""The seven coverage categories, each ending compared as a whole: every text and figure that a user reads of it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report, requiring
from vopr_coverage.gates.coverage import (
    judge_critical_fault_points,
    judge_fault_point_coverage,
    judge_query_plans,
    judge_repairs,
    judge_required_invariants,
    judge_view_changes,
)
from vopr_coverage.gates.endings import Evidence, Gate
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.points import Observed, Point

COVERAGE_ADVICE = "Run more iterations, or add scenarios that reach the points missed."
CRITICAL_ADVICE = "Check that this kind of fault is switched on and really gets scheduled."
INVARIANTS_ADVICE = "Run a scenario that reaches the state which this invariant checks."
NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)


# ---- 1: fault point coverage


SHORT_OF_COVERAGE = Outcome(
    gate="fault-point-coverage",
    status=Status.FAILED,
    measured="50.0% (1 of 2)",
    required="≥ 75.0%",
    origin="the test",
    value=0.5,
    minimum=0.75,
    violations=(
        Shortfall(
            kind="FaultPointCoverage",
            message="Fault point coverage below threshold",
            expected="75.0%",
            actual="50.0%",
            line="Fault point coverage too low: 50.0% (expected >= 75.0%)",
            detail="1 of 2 points",
        ),
    ),
    advice=COVERAGE_ADVICE,
)


def test_coverage_that_is_too_low_is_told_with_its_counts() -> None:
    """Both shares, and of how many points."""
    evidence = Evidence(a_report("hit a\nmissed b"))
    assert judge_fault_point_coverage(evidence, requiring(fault_point_coverage_min=0.75)) == SHORT_OF_COVERAGE


def test_coverage_that_is_enough_shows_the_same_figures() -> None:
    """Without a violation; equality passes."""
    outcome = judge_fault_point_coverage(Evidence(a_report("hit a\nmissed b")), requiring(fault_point_coverage_min=0.5))
    enough = replace(SHORT_OF_COVERAGE, status=Status.PASSED, required="≥ 50.0%", minimum=0.5, violations=())
    assert outcome == enough


def test_coverage_that_nobody_requires_is_shown() -> None:
    """The share and the counts, and who asked for nothing."""
    assert judge_fault_point_coverage(Evidence(a_report("hit a\nmissed b\nmissed c")), requiring()) == Outcome(
        gate="fault-point-coverage",
        status=Status.NOT_REQUIRED,
        measured="33.3% (1 of 3)",
        required="nothing",
        origin="nobody",
        value=1 / 3,
    )


def test_coverage_of_one_point_is_told_in_the_singular() -> None:
    """One point, and not one points."""
    outcome = judge_fault_point_coverage(Evidence(a_report("missed a")), requiring(fault_point_coverage_min=0.5))
    assert [violation.detail for violation in outcome.violations] == ["0 of 1 point"]


def test_points_that_were_attempted_in_vain_are_named_the_most_attempts_first() -> None:
    """Three of them at most, and none that was hit."""
    attempts = {"b": 1, "c": 5_000, "d": 3, "e": 4, "a": 9_000}
    evidence = Evidence(a_report("hit a\nmissed b\nmissed c\nmissed d\nmissed e"), attempts_only=attempts)
    outcome = judge_fault_point_coverage(evidence, requiring(fault_point_coverage_min=0.5))
    assert [violation.detail for violation in outcome.violations] == [
        "1 of 5 points; 'c' was attempted 5,000 times, never took effect; "
        "'e' was attempted 4 times, never took effect; 'd' was attempted 3 times, never took effect"
    ]


def test_a_share_of_points_that_nobody_declared_is_not_measured() -> None:
    """Hits alone say nothing of what there is to hit."""
    observed = Observed(points={"a": Point("fault", declared=False, count=1)})
    evidence = Evidence(a_report("hit a"), observed=observed)
    assert judge_fault_point_coverage(evidence, requiring(fault_point_coverage_min=0.75)) == Outcome(
        gate="fault-point-coverage",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="≥ 75.0%",
        origin="the test",
        minimum=0.75,
        violations=(
            Shortfall(
                kind="FaultPointCoverage",
                message="Fault point coverage not measured: no points are declared",
                expected="75.0%",
                actual="not measured",
                line="Fault point coverage not measured: no points are declared (expected >= 75.0%)",
            ),
        ),
        advice="Have the tester declare its points, or lock those that healthy runs hit: `vopr-coverage points lock "
        "RUN…`.",
    )


def test_one_declared_point_makes_a_share() -> None:
    """Then the report's counts are judged."""
    observed = Observed(points={"a": Point("fault", count=1), "b": Point("fault")})
    evidence = Evidence(a_report("hit a\nmissed b"), observed=observed)
    assert judge_fault_point_coverage(evidence, requiring(fault_point_coverage_min=0.75)) == SHORT_OF_COVERAGE


# ---- 2: critical fault points


MISSED_CRITICAL = Shortfall(
    kind="CriticalFaultPointMissed",
    message="Critical fault point 'b' was never hit",
    expected="Hit at least once",
    actual="Never hit",
    line="Critical fault point 'b' never hit",
    point="b",
)


def test_a_critical_point_that_was_never_hit_is_named() -> None:
    """With what was attempted of it in vain."""
    evidence = Evidence(a_report("hit a\nmissed b"), attempts_only={"b": 1}, via_alias={"a": ("x", "y"), "z": ("w",)})
    assert judge_critical_fault_points(evidence, requiring(critical_fault_points=["a", "b"])) == Outcome(
        gate="critical-fault-points",
        status=Status.FAILED,
        measured="1 of 2 hit",
        required="all 2",
        origin="the test",
        value=1,
        minimum=2,
        violations=(replace(MISSED_CRITICAL, detail="attempted 1 time, never took effect"),),
        advice=CRITICAL_ADVICE,
        note="a via alias x, y",
    )


def test_critical_points_that_were_all_hit_pass() -> None:
    """The same figures without a violation."""
    evidence = Evidence(a_report("hit a\nhit b"), via_alias={"a": ("x",), "b": ("y",)})
    assert judge_critical_fault_points(evidence, requiring(critical_fault_points=["a", "b"])) == Outcome(
        gate="critical-fault-points",
        status=Status.PASSED,
        measured="2 of 2 hit",
        required="all 2",
        origin="the test",
        value=2,
        minimum=2,
        advice=CRITICAL_ADVICE,
        note="a via alias x; b via alias y",
    )


def test_a_critical_point_that_nobody_declared_may_be_hit_all_the_same() -> None:
    """It is in no report; a point that was seen and not hit is none."""
    points = {"b": Point("fault", declared=False, count=2), "c": Point("fault", count=0)}
    evidence = Evidence(a_report("hit a"), observed=Observed(points=points))
    outcome = judge_critical_fault_points(evidence, requiring(critical_fault_points=["a", "b", "c"]))
    assert (outcome.measured, [violation.point for violation in outcome.violations]) == ("2 of 3 hit", ["c"])
    without = judge_critical_fault_points(
        Evidence(None, observed=Observed(points=points)), requiring(critical_fault_points=["b"])
    )
    assert (without.status, without.value) == (Status.NOT_MEASURED, None)


# ---- 3: required invariants


def test_an_invariant_that_never_ran_is_named_and_one_that_seldom_ran_is_warned_of() -> None:
    """Nine times is seldom, ten is not; a config with a minimum per iteration knows how often is enough."""
    evidence = Evidence(a_report("ran never 0\nran once 1\nran nine 9\nran ten 10\nran rated 1"))
    names = ["never", "once", "nine", "ten", "rated"]
    bounds = requiring(required_invariants=names, min_per_iteration={"rated": 0.5, "once": 0})
    assert judge_required_invariants(evidence, bounds) == Outcome(
        gate="required-invariants",
        status=Status.FAILED,
        measured="4 of 5 ran",
        required="all 5",
        origin="the test",
        value=4,
        minimum=5,
        violations=(
            Shortfall(
                kind="InvariantNotExecuted",
                message="Required invariant 'never' never executed",
                expected="Executed at least once",
                actual="Never executed",
                line="Required invariant 'never' never executed",
                invariant="never",
            ),
        ),
        warnings=(
            "Invariant 'once' executed only 1 times (may indicate low coverage)",
            "Invariant 'nine' executed only 9 times (may indicate low coverage)",
        ),
        advice=INVARIANTS_ADVICE,
    )


# ---- 4 to 6: counts


def too_few(gate: str, kind: str, message: str, line: str, advice: str) -> Outcome:
    """The outcome for two, where three are required."""
    violation = Shortfall(kind, message, expected="At least 3", actual="2", line=f"{line}: 2 (expected >= 3)")
    return Outcome(gate, Status.FAILED, "2", "≥ 3", "the test", 2, 3, violations=(violation,), advice=advice)


COUNTS = [
    (
        judge_view_changes,
        "min_view_changes",
        "view_changes",
        too_few(
            "view-changes",
            "InsufficientViewChanges",
            "Not enough view changes occurred",
            "Insufficient view changes",
            "Run longer, or inject more faults, so that more leaders are lost.",
        ),
    ),
    (
        judge_repairs,
        "min_repairs",
        "repairs",
        too_few(
            "repairs",
            "InsufficientRepairs",
            "Not enough repair operations occurred",
            "Insufficient repairs",
            "Run longer, or crash and corrupt more, so that replicas have something to repair.",
        ),
    ),
    (
        judge_query_plans,
        "min_unique_query_plans",
        "unique_query_plans",
        too_few(
            "query-plans",
            "InsufficientQueryPlans",
            "Not enough unique query plans exercised",
            "Insufficient unique query plans",
            "Widen the mix of queries that the workload generates, or run longer.",
        ),
    ),
]


@pytest.mark.parametrize(("judge", "key", "field", "short"), COUNTS)
def test_a_count_says_what_was_measured_and_what_is_asked_for(
    judge: Gate, key: str, field: str, short: Outcome
) -> None:
    """One below the minimum, at it, and not measured; each as a whole."""
    three = requiring(**{key: 3})
    assert judge(Evidence(a_report(f"{field} 2")), three) == short
    enough = replace(short, status=Status.PASSED, measured="3", value=3, violations=())
    assert judge(Evidence(a_report(f"{field} 3")), three) == enough
    (violation,) = short.violations
    unmeasured = replace(violation, actual="not measured", line=violation.line.replace(": 2", ": not measured"))
    assert judge(Evidence(a_report()), three) == replace(
        short,
        status=Status.NOT_MEASURED,
        measured="not measured",
        value=None,
        violations=(unmeasured,),
        advice=NOT_REPORTED,
    )


@pytest.mark.parametrize(("judge", "key", "field", "short"), COUNTS)
def test_a_count_that_nobody_requires_is_shown_if_it_is_known(
    judge: Gate, key: str, field: str, short: Outcome
) -> None:
    """Zero is a figure; what is not measured is left blank."""
    unasked = Outcome(short.gate, Status.NOT_REQUIRED, "0", "nothing", "the test", 0)
    assert judge(Evidence(a_report(f"{field} 0")), requiring(**{key: 0})) == unasked
    assert judge(Evidence(None), requiring(**{key: 0})) == replace(unasked, measured="", value=None)
