"""The gate `regression`, outcome by outcome: each field as the user reads it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.bases import a_base_report
from tests.support.reports import a_report
from vopr_coverage.base.compare import Before
from vopr_coverage.base.gate import Limit, judge_regression, report_lost
from vopr_coverage.base.losses import Loss, Losses
from vopr_coverage.model.incidence import Incidence
from vopr_coverage.model.known_rates import KnownRate
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.verdict import Change

THREE_OF_FOUR = "hit crash\nhit fsync\nhit drop\nmissed delay\nran agreement 7"
HALF = "hit crash\nhit fsync\nmissed drop\nmissed delay\nran agreement 0"
LOST = Change(base="night", lost_points=("drop",), lost_invariants=("agreement",))
STRICT = Limit(0.0, 0, "--max-regression")
LOOSE = Limit(25.0, 2, "max_regression in vopr.toml")
ADVICE = "Find out why these points are no longer reached, or allow the loss with `max-regression`."
NO_BASE = "Let the base branch run the same check once, or excuse this gate: `on-not-measured: regression=warn`."

DROP_LOST = Shortfall(
    kind="FaultPointLost",
    message="Fault point 'drop' was hit on base, not here",
    expected="At most 0 lost",
    actual="Not here",
    line="Fault point 'drop' was hit on base, not here",
    point="drop",
)
AGREEMENT_LOST = Shortfall(
    kind="InvariantLost",
    message="Invariant 'agreement' ran on base, not here",
    expected="At most 0 lost",
    actual="Not here",
    line="Invariant 'agreement' ran on base, not here",
    invariant="agreement",
)


def judged(limit: Limit, losses: Losses | None = None, now: str | None = HALF) -> Outcome:
    """The gate on a run that lost a point and an invariant of a base that hit three of four points."""
    report = None if now is None else a_report(now)
    return judge_regression(report, LOST, Before(a_base_report(THREE_OF_FOUR)), limit, losses)


def fell(percentage: str, limit: str, expected: str) -> Shortfall:
    """The violation where coverage fell from 75 %."""
    points = f"{75 - float(percentage):.1f} points"
    return Shortfall(
        kind="CoverageFell",
        message="Fault point coverage fell",
        expected=expected,
        actual=points,
        line=f"Fault point coverage fell by {points}, 75.0% to {percentage}% (expected at most {limit})",
    )


# ---- what is lost


def test_coverage_that_fell_and_names_that_are_lost_are_all_violations() -> None:
    """The percentage first, then points, then invariants."""
    assert judged(STRICT) == Outcome(
        gate="regression",
        status=Status.FAILED,
        measured="25.0 points, 2 lost",
        required="at most 0 points, 0 lost",
        origin="--max-regression",
        value=25.0,
        minimum=0.0,
        violations=(fell("50.0", "0", "At most 0 points"), DROP_LOST, AGREEMENT_LOST),
        advice=ADVICE,
    )


def test_a_loss_within_the_limit_passes_and_is_still_shown() -> None:
    """Exactly as much as is allowed, of points and of names."""
    assert judged(LOOSE) == Outcome(
        gate="regression",
        status=Status.PASSED,
        measured="25.0 points, 2 lost",
        required="at most 25 points, 2 lost",
        origin="max_regression in vopr.toml",
        value=25.0,
        minimum=25.0,
        advice=ADVICE,
    )


@pytest.mark.parametrize(
    ("limit", "required", "kinds"),
    [
        (Limit(25.0, 0, "x"), "at most 25 points, 0 lost", ["FaultPointLost", "InvariantLost"]),
        (Limit(25.0, 1, "x"), "at most 25 points, 1 lost", ["FaultPointLost", "InvariantLost"]),
        (Limit(25.0, None, "x"), "at most 25 points, any lost", []),
        (Limit(24.9, 2, "x"), "at most 24.9 points, 2 lost", ["CoverageFell"]),
        (Limit(1.0, 2, "x"), "at most 1 point, 2 lost", ["CoverageFell"]),
    ],
)
def test_each_limit_is_held_for_itself(limit: Limit, required: str, kinds: list[str]) -> None:
    """One name too many reports all that are lost; a fall reports no name that may be lost."""
    outcome = judged(limit)
    assert outcome.required == required
    assert [each.kind for each in outcome.violations] == kinds
    assert outcome.status is (Status.FAILED if kinds else Status.PASSED)


@pytest.mark.parametrize("limit", [1.0, 10.0])
def test_a_limit_is_told_with_the_word_that_agrees(limit: float) -> None:
    """`1 point`, `10 points`; what the user set stands in the violation and in the line."""
    expected = {1.0: "At most 1 point", 10.0: "At most 10 points"}[limit]
    assert judged(Limit(limit, None, "x")).violations == (fell("50.0", f"{limit:g}", expected),)


def test_a_fall_of_exactly_the_limit_passes_although_floats_say_more() -> None:
    """70 % to 60 % is 10.000000000000009 points."""
    then = Before(a_base_report("hit a\ntotal_fault_points 10\nfault_points_hit 7"))
    now = a_report("hit a\ntotal_fault_points 10\nfault_points_hit 6")
    outcome = judge_regression(now, Change("night"), then, Limit(10.0, 0, "x"))
    assert (outcome.status, outcome.measured) == (Status.PASSED, "10.0 points, 0 lost")
    assert judge_regression(now, Change("night"), then, Limit(9.99999, 0, "x")).status is Status.FAILED
    assert judged(Limit(25.0 - 1e-9, None, "x")).status is Status.PASSED
    assert judged(Limit(25.0 - 2e-9, None, "x")).status is Status.FAILED


def test_coverage_that_rose_fell_by_nothing() -> None:
    """Neither the text nor the value is below zero."""
    outcome = judge_regression(a_report(THREE_OF_FOUR), Change("night"), Before(a_base_report(HALF)), STRICT)
    assert (outcome.status, outcome.measured, outcome.value) == (Status.PASSED, "0.0 points, 0 lost", 0.0)


# ---- nothing to compare


def test_a_report_that_base_does_not_have_lost_nothing() -> None:
    """It is new."""
    assert judge_regression(a_report(HALF), None, Before(), LOOSE) == Outcome(
        gate="regression",
        status=Status.NOT_REQUIRED,
        measured="",
        required="nothing",
        origin="max_regression in vopr.toml",
        note="new: the base has no such report",
    )


@pytest.mark.parametrize(
    ("before", "why"),
    [
        (Before(missing="it has expired"), "it has expired"),
        (Before(a_base_report(None)), "the base carries no coverage for this report"),
    ],
)
def test_without_figures_of_base_the_gate_is_not_measured(before: Before, why: str) -> None:
    """The violation says why, and the advice what to do."""
    change = Change("night") if before.report else None
    assert judge_regression(a_report(HALF), change, before, LOOSE) == Outcome(
        gate="regression",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="at most 25 points, 2 lost",
        origin="max_regression in vopr.toml",
        violations=(
            Shortfall(
                kind="RegressionNotMeasured",
                message="Not compared with the base",
                expected="at most 25 points, 2 lost",
                actual="not measured",
                line="Regression against base: not measured (expected at most 25 points, 2 lost)",
                detail=why,
            ),
        ),
        advice=NO_BASE,
    )


def test_without_figures_of_its_own_a_report_has_no_violation_of_this_gate() -> None:
    """Another one reports the missing coverage."""
    for change in (LOST, None):
        outcome = judge_regression(None, change, Before(a_base_report(THREE_OF_FOUR)), STRICT)
        assert (outcome.status, outcome.violations) == (Status.NOT_MEASURED, ())
    outcome = judge_regression(a_report(HALF), None, Before(a_base_report(THREE_OF_FOUR)), STRICT)
    assert (outcome.status, len(outcome.violations)) == (Status.NOT_MEASURED, 1)


def test_a_report_that_is_missing_here_is_a_violation_of_its_own() -> None:
    """With the name that it has on base."""
    assert report_lost("swizzle.json") == Shortfall(
        kind="ReportLost",
        message="A report of the base is missing",
        expected="Judged as on base",
        actual="Missing",
        line="Report 'swizzle.json' was judged on base and is missing here",
    )


# ---- losses that chance explains

SIGNIFICANT = Limit(100.0, 0, "--max-regression", significant=True)
RARE = Loss(True, "drop", KnownRate(Incidence(1, 100), "base"), Incidence(0, 100), 0.5)
GONE = replace(RARE, before=KnownRate(Incidence(60, 100), "base"), chance=2e-24, is_significant=True)
RARE_REMARK = (
    "Fault point 'drop' was hit on base, not here: lost, explained by chance: "
    "1 of 100 seeds on base, 0 of 100 seeds here, p = 0.5"
)


def test_a_loss_that_chance_explains_is_a_remark() -> None:
    """And no loss that counts."""
    assert judged(SIGNIFICANT, Losses((RARE,), (), 3)) == Outcome(
        gate="regression",
        status=Status.PASSED,
        measured="25.0 points, 0 lost beyond chance",
        required="at most 100 points, 0 lost beyond chance",
        origin="--max-regression",
        value=25.0,
        minimum=100.0,
        warnings=(RARE_REMARK,),
        advice=ADVICE,
    )


def test_a_loss_beyond_chance_fails() -> None:
    """With both counts and how many names were compared."""
    outcome = judged(SIGNIFICANT, Losses((GONE,), (), 3))
    assert (outcome.status, outcome.measured) == (Status.FAILED, "25.0 points, 1 lost beyond chance")
    assert [each.line for each in outcome.violations] == [
        "Fault point 'drop' was hit on base, not here: 60 of 100 seeds on base, 0 of 100 seeds here, p = 2e-24"
    ]
    assert judged(replace(SIGNIFICANT, lost=1), Losses((GONE,), (), 3)).status is Status.PASSED


def test_a_loss_that_nobody_can_tell_leaves_the_gate_not_measured() -> None:
    """It comes after the other violations; with one of those the gate failed."""
    outcome = judged(SIGNIFICANT, Losses((RARE,), ("agreement",), 3))
    assert (outcome.status, outcome.measured) == (Status.NOT_MEASURED, "25.0 points, 0 lost beyond chance")
    assert [each.kind for each in outcome.violations] == ["RegressionNotMeasured"]
    outcome = judged(SIGNIFICANT, Losses((GONE,), ("agreement",), 3))
    assert outcome.status is Status.FAILED
    assert [each.kind for each in outcome.violations] == ["FaultPointLost", "RegressionNotMeasured"]


def test_chance_excuses_only_where_the_limit_says_so() -> None:
    """Without `significant`, or without counts, every name counts."""
    for limit, losses in ((STRICT, Losses((RARE,))), (SIGNIFICANT, None)):
        outcome = judged(limit, losses)
        assert outcome.violations[-2:] == (DROP_LOST, AGREEMENT_LOST)
        assert outcome.warnings == ()
