"""Gates on properties and on declared invariants, each ending compared as a whole."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report, requiring
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.gates.extras import judge_invariant_coverage, judge_property_floors, judge_required_properties
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.points import InvariantSeen, Observed
from vopr_coverage.model.report import Properties

COUNTERS_ADVICE = "Fewer properties were evaluated than before: look for code that is no longer reached."
PROPERTIES_ADVICE = "Widen the workload until the property has held at least once."
INVARIANTS_ADVICE = "Run a workload that reaches the code which this invariant checks, or run longer."
ABSENT = "Pass the whole output of a run that finished and reports its coverage."


def test_a_property_counter_that_is_too_low_is_told_with_its_minimum() -> None:
    """A counter that the stream lacks is zero; a stream without counters is not measured."""
    bounds = requiring(min_properties={"always_evaluated": 30, "reached_hit": 1, "total_observed": 7})
    counters = Properties({"always_evaluated": 29, "total_observed": 7})
    too_low = Shortfall(
        kind="InsufficientProperties",
        message="Property counter 'always_evaluated' is too low",
        expected="At least 30",
        actual="29",
        line="Property counter 'always_evaluated' too low: 29 (expected >= 30)",
    )
    lacking = Shortfall(
        kind="InsufficientProperties",
        message="Property counter 'reached_hit' is too low",
        expected="At least 1",
        actual="0",
        line="Property counter 'reached_hit' too low: 0 (expected >= 1)",
    )
    assert judge_property_floors(Evidence(a_report(), True, properties=counters), bounds) == Outcome(
        gate="property-floors",
        status=Status.FAILED,
        measured="1 of 3 met",
        required="3 minimums",
        origin="the test",
        value=1,
        minimum=3,
        violations=(too_low, lacking),
        advice=COUNTERS_ADVICE,
    )
    for properties in (None, Properties({})):
        outcome = judge_property_floors(Evidence(a_report(), True, properties=properties), bounds)
        assert (outcome.status, outcome.measured) == (Status.NOT_MEASURED, "not measured")


# ---- required properties


def never(name: str) -> Shortfall:
    """The violation for a property that is listed as unsatisfied."""
    return Shortfall(
        kind="PropertyNotSatisfied",
        message=f"Required property '{name}' was never satisfied",
        expected="Satisfied at least once",
        actual="Never satisfied",
        line=f"Required property '{name}' never satisfied",
        point=name,
    )


def unknown(name: str) -> Shortfall:
    """The violation for a property of which the stream says nothing."""
    return replace(never(name), actual="Not measured", line=f"Required property '{name}' not measured")


SILENCE = "min_properties.sometimes_total must be set and met: otherwise the stream may contain no properties"


@pytest.mark.parametrize(
    ("least", "unsatisfied", "ending"),
    [
        (  # the counter vouches for all that is not listed
            3,
            (),
            Outcome("", Status.PASSED, "2 of 2 satisfied", "", value=2),
        ),
        (3, ("b",), Outcome("", Status.FAILED, "1 of 2 satisfied", "", value=1, violations=(never("b"),))),
        (
            3,
            ("b", "a"),
            Outcome("", Status.FAILED, "0 of 2 satisfied", "", value=0, violations=(never("a"), never("b"))),
        ),
        (
            4,  # one more than the stream has: what is not listed is unknown
            ("b",),
            Outcome(
                "", Status.FAILED, "0 of 2 satisfied", "", value=0, violations=(never("b"), unknown("a")), note=SILENCE
            ),
        ),
        (
            0,  # no such minimum
            ("c",),
            Outcome(
                "",
                Status.NOT_MEASURED,
                "not measured",
                "",
                value=0,
                violations=(unknown("a"), unknown("b")),
                note=SILENCE,
            ),
        ),
    ],
)
def test_what_is_known_of_a_required_property(least: int, unsatisfied: tuple[str, ...], ending: Outcome) -> None:
    """A stream lists those that never held; of any other it says nothing unless the counter is met."""
    properties = Properties({"sometimes_total": 3}, unsatisfied)
    bounds = requiring(required_properties=["a", "b"], min_properties={"sometimes_total": least} if least else {})
    assert judge_required_properties(Evidence(a_report(), True, properties=properties), bounds) == replace(
        ending,
        gate="required-properties",
        required="all 2",
        origin="the test",
        minimum=2,
        advice=PROPERTIES_ADVICE,
    )


def test_one_property_vouches_for_one() -> None:
    """The smallest counter that is a minimum at all."""
    bounds = requiring(required_properties=["a"], min_properties={"sometimes_total": 1})
    properties = Properties({"sometimes_total": 1})
    assert judge_required_properties(Evidence(a_report(), True, properties=properties), bounds).status is Status.PASSED
    without = judge_required_properties(Evidence(a_report(), True, properties=Properties({})), bounds)
    assert without.status is Status.NOT_MEASURED


def test_properties_are_not_measured_without_a_stream_that_has_them() -> None:
    """Each is named where there is a report; without any coverage the verdict says so once."""
    bounds = requiring(required_properties=["a"], min_properties={"sometimes_total": 1})
    assert judge_required_properties(Evidence(a_report()), bounds) == Outcome(
        gate="required-properties",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="all 1",
        origin="the test",
        value=0,
        minimum=1,
        violations=(unknown("a"),),
        advice=PROPERTIES_ADVICE,
        note=SILENCE,
    )
    assert judge_required_properties(Evidence(None), bounds) == Outcome(
        gate="required-properties",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="all 1",
        origin="the test",
        advice=ABSENT,
    )
    properties = Properties({"sometimes_total": 1}, ("a",))
    listed = judge_required_properties(Evidence(None, properties=properties), bounds)
    assert (listed.status, listed.violations) == (Status.FAILED, (never("a"),))


def test_no_property_need_hold_unless_a_config_says_so() -> None:
    """The outcome names who asked for nothing."""
    assert judge_required_properties(Evidence(None), requiring()) == Outcome(
        "required-properties", Status.NOT_REQUIRED, "", "nothing", "nobody"
    )


# ---- declared invariants


NEVER_RAN = Shortfall(
    kind="InvariantCoverage",
    message="Declared invariant 'b' never executed",
    expected="Executed at least once",
    actual="Never executed",
    line="Declared invariant 'b' never executed",
    invariant="b",
)
HALF = Outcome(
    gate="invariant-coverage",
    status=Status.FAILED,
    measured="1 of 2 ran",
    required="≥ 75.0%",
    origin="the test",
    value=0.5,
    minimum=0.75,
    violations=(NEVER_RAN,),
    advice=INVARIANTS_ADVICE,
)


def test_a_declared_invariant_that_never_ran_is_named() -> None:
    """In a flat report, and in a format that says which are declared and which need not run."""
    bounds = requiring(invariant_coverage_min=0.75)
    assert judge_invariant_coverage(Evidence(a_report("ran a 1\nnever b")), bounds) == HALF
    assert judge_invariant_coverage(Evidence(a_report("ran a 1\nran b 0")), bounds) == HALF
    assert judge_invariant_coverage(Evidence(a_report("ran a 1\nran b 0\nnever b\nnever a")), bounds) == HALF
    seen = {
        "a": InvariantSeen(executions=1),
        "b": InvariantSeen(executions=0),
        "optional": InvariantSeen(executions=0, optional=True),
        "undeclared": InvariantSeen(executions=4, declared=False),
    }
    assert judge_invariant_coverage(Evidence(a_report(), observed=Observed(invariants=seen)), bounds) == HALF


def test_a_share_of_invariants_that_is_enough_passes() -> None:
    """Equality passes, and nothing is said of those that did not run."""
    outcome = judge_invariant_coverage(Evidence(a_report("ran a 1\nnever b")), requiring(invariant_coverage_min=0.5))
    assert outcome == replace(HALF, status=Status.PASSED, required="≥ 50.0%", minimum=0.5, violations=())


def test_without_a_declared_invariant_the_share_is_not_measured() -> None:
    """A stream lists only what ran, which declares nothing; without any coverage the verdict says so once."""
    bounds = requiring(invariant_coverage_min=0.75)
    undeclared = Outcome(
        gate="invariant-coverage",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="≥ 75.0%",
        origin="the test",
        minimum=0.75,
        violations=(
            Shortfall(
                kind="InvariantCoverage",
                message="Invariant coverage not measured: no invariants are declared",
                expected="75.0%",
                actual="not measured",
                line="Invariant coverage not measured: no invariants are declared (expected >= 75.0%)",
            ),
        ),
        advice="Have the tester declare its invariants before the run (docs/formats.md says how, for each format). A "
        "format without invariants: set `invariant_coverage_min` to 0, or excuse the gate with `on_not_measured`.",
    )
    assert judge_invariant_coverage(Evidence(a_report("ran a 1"), is_stream=True), bounds) == undeclared
    assert judge_invariant_coverage(Evidence(a_report(), observed=Observed()), bounds) == undeclared
    assert judge_invariant_coverage(Evidence(None), bounds) == replace(
        undeclared, minimum=None, violations=(), advice=ABSENT
    )
    assert judge_invariant_coverage(Evidence(a_report("never b")), requiring()) == Outcome(
        "invariant-coverage", Status.NOT_REQUIRED, "", "nothing", "nobody"
    )
