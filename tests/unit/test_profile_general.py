"""The profile `general`: declared points and invariants of any tester, and nothing of VSR or SQL."""

from __future__ import annotations

import pytest

from tests.support.reports import a_report
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.gates.extras import judge_invariant_coverage
from vopr_coverage.model.coverage import coverage_of
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.points import InvariantSeen, Observed
from vopr_coverage.model.thresholds import Bounds, profile_layer, resolve

GENERAL = resolve(profile_layer("general"))


def judged(invariants: dict[str, InvariantSeen], bounds: Bounds = GENERAL) -> Outcome:
    """The outcome for a tester that saw these."""
    observed = Observed(runs=1, invariants=invariants)
    return judge_invariant_coverage(Evidence(coverage_of(observed), observed=observed), bounds)


RAN, NEVER = InvariantSeen(executions=3, runs=1), InvariantSeen(executions=0)
OPTIONAL = InvariantSeen(executions=0, optional=True)
UNDECLARED = InvariantSeen(executions=3, runs=1, declared=False)


def test_general_asks_for_points_and_invariants_and_nothing_else() -> None:
    """80 % of the points, all invariants; no name and no count of one simulator."""
    asked = {key: bound.value for key, bound in GENERAL.items() if bound.value}
    assert asked == {"fault_point_coverage_min": 0.8, "invariant_coverage_min": 1.0}
    assert GENERAL.names() == set()


@pytest.mark.parametrize("profile", ["default", "smoke_test", "nightly", "none"])
def test_no_other_profile_asks_for_declared_invariants(profile: str) -> None:
    """What they ask for stays as it was."""
    assert resolve(profile_layer(profile)).invariant_coverage_min.value == 0


@pytest.mark.parametrize(
    ("invariants", "status", "measured"),
    [
        ({"a": RAN, "b": RAN}, Status.PASSED, "2 of 2 ran"),
        ({"a": RAN, "b": NEVER}, Status.FAILED, "1 of 2 ran"),
        ({"a": RAN, "b": OPTIONAL}, Status.PASSED, "1 of 1 ran"),  # need not run
        ({"a": UNDECLARED}, Status.NOT_MEASURED, "not measured"),  # nobody knows what should have run
        ({"a": UNDECLARED, "b": NEVER}, Status.FAILED, "0 of 1 ran"),  # and it makes up for nothing
        ({"b": OPTIONAL}, Status.NOT_MEASURED, "not measured"),
        ({}, Status.NOT_MEASURED, "not measured"),
    ],
)
def test_every_declared_invariant_ran(invariants: dict[str, InvariantSeen], status: Status, measured: str) -> None:
    """Only those that are declared and must run make up the share; without one it is not measured."""
    outcome = judged(invariants)
    assert (outcome.status, outcome.measured) == (status, measured)
    assert bool(outcome.violations) == (status is not Status.PASSED)


def test_each_invariant_that_never_ran_is_named() -> None:
    """A share alone would not say where to look."""
    lines = [each.line for each in judged({"a": NEVER, "b": RAN, "c": NEVER}).violations]
    assert lines == ["Declared invariant 'a' never executed", "Declared invariant 'c' never executed"]


def test_a_flat_report_declares_what_it_lists_and_a_stream_nothing() -> None:
    """A stream lists only what ran: its share would always be 100 %."""
    report = a_report("ran a 5")
    report.missed_invariants = ["b"]
    assert judge_invariant_coverage(Evidence(report), GENERAL).measured == "1 of 2 ran"
    assert judge_invariant_coverage(Evidence(report, is_stream=True), GENERAL).status is Status.NOT_MEASURED
