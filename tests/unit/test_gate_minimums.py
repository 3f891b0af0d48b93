"""Minimums by name, of phases, effects and rates: each ending compared as a whole."""

from __future__ import annotations

from tests.support.reports import a_report, requiring
from vopr_coverage.gates.coverage import judge_phase_events
from vopr_coverage.gates.endings import Evidence, with_dots
from vopr_coverage.gates.extras import (
    counts_by_name,
    fault_names,
    judge_fault_effects,
    judge_per_iteration,
    point_counts,
)
from vopr_coverage.model.outcome import Outcome, Shortfall, Status

PHASES_ADVICE = "Run longer, or choose a scenario in which this phase takes place."
EFFECTS_ADVICE = "The fault is scheduled without effect, or never scheduled: look at its injector."
RATES_ADVICE = "Each iteration does less than it used to: look for runs that end early."
NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)

# ---- phase events


def test_a_phase_that_occurred_too_few_times_is_told_with_its_minimum() -> None:
    """A phase that no report has occurred 0 times; a minimum of 0 is none."""
    evidence = Evidence(a_report("phase vsr:a 9\nphase vsr.c 1"), via_alias={"vsr.c": ("x",)})
    bounds = requiring(min_phase_events={"vsr.a": 10, "vsr.b": 5, "vsr.c": 1, "vsr.d": 0})
    too_few = Shortfall(
        kind="InsufficientPhaseEvents",
        message="Phase event 'vsr.a' occurred too few times",
        expected="At least 10",
        actual="9",
        line="Phase event 'vsr.a' too few: 9 (expected >= 10)",
        point="vsr.a",
    )
    none = Shortfall(
        kind="InsufficientPhaseEvents",
        message="Phase event 'vsr.b' occurred too few times",
        expected="At least 5",
        actual="0",
        line="Phase event 'vsr.b' too few: 0 (expected >= 5)",
        point="vsr.b",
    )
    assert judge_phase_events(evidence, bounds) == Outcome(
        gate="phase-events",
        status=Status.FAILED,
        measured="1 of 3 met",
        required="3 minimums",
        origin="the test",
        value=1,
        minimum=3,
        violations=(too_few, none),
        advice=PHASES_ADVICE,
        note="vsr.c via alias x",
    )


def test_a_phase_that_occurred_often_enough_passes() -> None:
    """One minimum, in the singular."""
    evidence = Evidence(a_report("phase vsr.a 10"))
    many = judge_phase_events(Evidence(a_report("phase vsr.a 12345")), requiring(min_phase_events={"vsr.a": 20_000}))
    assert [violation.actual for violation in many.violations] == ["12345"], "a count has all its digits"
    assert judge_phase_events(evidence, requiring(min_phase_events={"vsr.a": 10})) == Outcome(
        gate="phase-events",
        status=Status.PASSED,
        measured="1 of 1 met",
        required="1 minimum",
        origin="the test",
        value=1,
        minimum=1,
        advice=PHASES_ADVICE,
    )


def test_a_name_with_colons_is_found_with_dots_and_one_that_has_dots_comes_first() -> None:
    """VOPR writes one phase in both ways."""
    assert with_dots({"a:b:c": 1, "d.e": 2, "d:e": 3}) == {"a.b.c": 1, "a:b:c": 1, "d.e": 2, "d:e": 3}


# ---- effects of fault points


def test_a_fault_without_enough_effects_is_told_with_its_attempts() -> None:
    """Three endings of one gate: enough, too few, and a point whose effects nobody counts."""
    evidence = Evidence(
        a_report("hit enough\nmissed few\nhit integer"),
        is_stream=True,
        fault_effects={"enough": 2, "few": 0},
        fault_counts={"enough": 2, "few": 0, "integer": 7},
        attempts_only={"few": 1_000},
    )
    bounds = requiring(min_fault_effects={"enough": 2, "few": 1, "integer": 3})
    assert judge_fault_effects(evidence, bounds) == Outcome(
        gate="fault-effects",
        status=Status.FAILED,
        measured="1 of 3 met",
        required="3 minimums",
        origin="the test",
        value=1,
        minimum=3,
        violations=(
            Shortfall(
                kind="InsufficientFaultEffects",
                message="Fault point 'few' took effect too few times",
                expected="At least 1",
                actual="0",
                line="Fault point 'few' took effect too few times: 0 (expected >= 1)",
                detail="attempted 1,000 times, never took effect",
                point="few",
            ),
            Shortfall(
                kind="InsufficientFaultEffects",
                message="Fault point 'integer' took effect too few times",
                expected="At least 3",
                actual="not measured",
                line="Fault point 'integer' took effect too few times: not measured (expected >= 3)",
                point="integer",
                advice=NOT_REPORTED,
            ),
        ),
        advice=EFFECTS_ADVICE,
    )


def test_a_fault_point_that_no_record_has_took_no_effect() -> None:
    """That is zero, in a stream that counts effects; its integers alone are not measured."""
    bounds = requiring(min_fault_effects={"gone": 1})
    counted = Evidence(a_report("hit a"), is_stream=True, fault_effects={"a": 1})
    assert judge_fault_effects(counted, bounds).status is Status.FAILED
    integers = Evidence(a_report("hit a"), is_stream=True, fault_counts={"gone": 1})
    assert judge_fault_effects(integers, bounds) == Outcome(
        gate="fault-effects",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="1 minimum",
        origin="the test",
        violations=(
            Shortfall(
                kind="InsufficientFaultEffects",
                message="Fault point 'gone' took effect too few times",
                expected="At least 1",
                actual="not measured",
                line="Fault point 'gone' took effect too few times: not measured (expected >= 1)",
                point="gone",
            ),
        ),
        advice=NOT_REPORTED,
    )


# ---- work per iteration


def test_a_rate_that_is_too_low_is_told_in_four_digits() -> None:
    """Phases, invariants and fault points; a fault point has advice and attempts of its own."""
    evidence = Evidence(
        a_report("hit net:drop\nmissed disk.torn\nphase vsr:a 10\nran agreement 4"),
        is_stream=True,
        simulations=3,
        iterations=1,
        fault_effects={"net:drop": 7, "disk.torn": 0},
        fault_counts={"net:drop": 9, "disk.torn": 0},
        attempts_only={"disk.torn": 8},
    )
    bounds = requiring(min_per_iteration={"vsr.a": 3.5, "agreement": 2, "net.drop": 2.25, "disk.torn": 1, "b": 0})
    assert judge_per_iteration(evidence, bounds) == Outcome(
        gate="per-iteration",
        status=Status.FAILED,
        measured="1 of 4 met",
        required="4 minimums",
        origin="the test",
        value=1,
        minimum=4,
        violations=(
            Shortfall(
                kind="InsufficientPerIteration",
                message="'vsr.a' occurred too few times per iteration",
                expected="At least 3.5",
                actual="3.333",
                line="'vsr.a' too few per iteration: 3.333 (expected >= 3.5)",
                point="vsr.a",
            ),
            Shortfall(
                kind="InsufficientPerIteration",
                message="'agreement' occurred too few times per iteration",
                expected="At least 2",
                actual="1.333",
                line="'agreement' too few per iteration: 1.333 (expected >= 2)",
                point="agreement",
            ),
            Shortfall(
                kind="InsufficientPerIteration",
                message="'disk.torn' occurred too few times per iteration",
                expected="At least 1",
                actual="0",
                line="'disk.torn' too few per iteration: 0 (expected >= 1)",
                detail="attempted 8 times, never took effect",
                point="disk.torn",
                advice=EFFECTS_ADVICE,
            ),
        ),
        advice=RATES_ADVICE,
    )


def test_a_rate_needs_the_number_of_simulations_and_the_counts_of_faults() -> None:
    """Without them it is not measured, and not zero; a fault point of another name is not asked for."""
    bounds = requiring(min_per_iteration={"net.drop": 0.5})
    report = a_report("hit net:drop 3\nran a 1")
    unmeasured = Outcome(
        gate="per-iteration",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="1 minimum",
        origin="the test",
        violations=(
            Shortfall(
                kind="InsufficientPerIteration",
                message="'net.drop' occurred too few times per iteration",
                expected="At least 0.5",
                actual="not measured",
                line="'net.drop' too few per iteration: not measured (expected >= 0.5)",
                point="net.drop",
                advice=EFFECTS_ADVICE,
            ),
        ),
        advice=NOT_REPORTED,
    )
    assert judge_per_iteration(Evidence(report, True, simulations=1), bounds) == unmeasured
    colons = judge_per_iteration(Evidence(report, True, simulations=1), requiring(min_per_iteration={"net:drop": 0.5}))
    assert [(violation.point, violation.advice) for violation in colons.violations] == [("net:drop", EFFECTS_ADVICE)]
    counts = {"net:drop": 3}
    assert judge_per_iteration(Evidence(report, True, simulations=None, fault_counts=counts), bounds) == unmeasured
    assert (
        judge_per_iteration(Evidence(report, True, simulations=1, fault_counts=counts), bounds).measured == "1 of 1 met"
    )
    other = requiring(min_per_iteration={"a": 1})
    assert judge_per_iteration(Evidence(report, True, simulations=1), other).status is Status.PASSED
    without = judge_per_iteration(Evidence(None, True, simulations=1, fault_counts=counts), bounds)
    assert (without.status, without.violations) == (Status.NOT_MEASURED, ())


def test_a_fault_point_counts_its_effects_and_a_plain_one_its_hits() -> None:
    """A point that is hit when it is attempted counts its attempts, unless it took effect."""
    evidence = Evidence(
        a_report(),
        fault_counts={"plain": 5, "effective": 9, "in vain": 4, "once": 8},
        fault_effects={"effective": 2, "in vain": 0, "once": 1, "uncounted": 3, "none": 0},
        attempts_only={"in vain": 4, "once": 8},
    )
    assert point_counts(evidence) == {
        "plain": 5,
        "effective": 2,
        "in vain": 4,
        "once": 1,
        "uncounted": 3,
        "none": 0,
    }
    assert point_counts(Evidence(a_report(), fault_counts={"plain": 5})) == {"plain": 5}
    assert point_counts(Evidence(a_report())) == {}


def test_a_phase_or_an_invariant_comes_before_a_fault_point_of_its_name() -> None:
    """And an invariant before a phase; such a point is none of the fault points that are known by name."""
    report = a_report("hit a\nhit b\nmissed c\nmissed d\nphase b 2\nphase c 3\nran c 4")
    assert counts_by_name(report, {"a": 10, "b": 20, "c": 30}) == {"a": 10, "b": 2, "c": 4}
    assert counts_by_name(report, None) == {"b": 2, "c": 4}
    assert fault_names(Evidence(report)) == {"a", "d"}
    assert fault_names(Evidence(None)) == set()
