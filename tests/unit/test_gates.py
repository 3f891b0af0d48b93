"""Gate by gate: four endings, and the lines that a shortfall is told in."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report, requiring
from vopr_coverage.gates import CATEGORIES
from vopr_coverage.gates.coverage import ADVICE as COVERAGE_ADVICE
from vopr_coverage.gates.coverage import (
    judge_critical_fault_points,
    judge_fault_point_coverage,
    judge_phase_events,
    judge_query_plans,
    judge_repairs,
    judge_required_invariants,
    judge_view_changes,
    many_missed,
)
from vopr_coverage.gates.endings import ADVICE, OF_PROFILE, Evidence
from vopr_coverage.gates.extras import (
    judge_fault_effects,
    judge_per_iteration,
    judge_property_floors,
    judge_required_properties,
)
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.report import Properties
from vopr_coverage.model.thresholds import profile_layer, resolve


def lines(outcome: Outcome) -> list[str]:
    """What the text output would say."""
    return [violation.line for violation in outcome.violations]


@pytest.mark.parametrize("gate", CATEGORIES)
def test_a_bound_of_nothing_requires_nothing(gate: object) -> None:
    """Zero or empty is *not required*, measured or not."""
    assert gate(Evidence(a_report()), requiring()).status is Status.NOT_REQUIRED  # type: ignore[operator]
    assert gate(Evidence(None), requiring()).status is Status.NOT_REQUIRED  # type: ignore[operator]


@pytest.mark.parametrize(
    ("hit", "total", "minimum", "status"),
    [
        (9, 10, 0.9, Status.PASSED),  # equality passes
        (8996, 10000, 0.9, Status.FAILED),  # compared unrounded: 89.96 % is not 90 %
        (10, 10, 1.0, Status.PASSED),
        (0, 0, 0.1, Status.FAILED),  # 0 of 0 is nothing
        (1, 3, 1 / 3, Status.PASSED),  # the seed's division, in floats
    ],
)
def test_fault_point_coverage_is_compared_unrounded(hit: int, total: int, minimum: float, status: Status) -> None:
    """Category 1 divides and compares as the seed does."""
    report = a_report(f"fault_points_hit {hit}\ntotal_fault_points {total}")
    outcome = judge_fault_point_coverage(Evidence(report), requiring(fault_point_coverage_min=minimum))
    assert outcome.status is status


def test_a_share_that_rounds_to_its_minimum_tells_the_exact_counts() -> None:
    """The seed's line would read `90.0% (expected >= 90.0%)`; the detail resolves it."""
    report = a_report("fault_points_hit 8996\ntotal_fault_points 10000")
    outcome = judge_fault_point_coverage(Evidence(report), requiring(fault_point_coverage_min=0.9))
    assert lines(outcome) == ["Fault point coverage too low: 90.0% (expected >= 90.0%)"]
    assert outcome.violations[0].detail == "exactly 8996 of 10000 points, 0.899600 against 0.900000"


def test_a_critical_point_that_a_stream_does_not_name_was_not_hit() -> None:
    """A stream lists only what occurred, so silence about a critical point is a violation."""
    report = a_report("hit sim.storage.fsync\nmissed sim.network.send")
    bounds = requiring(critical_fault_points=["sim.storage.fsync", "sim.network.send", "sim.storage.crash"])
    assert lines(judge_critical_fault_points(Evidence(report, is_stream=True), bounds)) == [
        "Critical fault point 'sim.network.send' never hit",
        "Critical fault point 'sim.storage.crash' never hit",
    ]


@pytest.mark.parametrize(("missed", "warns"), [(2, False), (3, True)])
def test_more_than_a_fifth_of_the_points_missed_is_a_warning(missed: int, warns: bool) -> None:
    """Of ten points, two are a fifth."""
    names = [*(f"missed m{number}" for number in range(missed)), *(f"hit h{number}" for number in range(10 - missed))]
    expected = [f"Many fault points missed ({missed}/10). Consider longer runs or different scenarios."]
    assert many_missed(a_report("\n".join(names))) == (expected if warns else [])


def test_only_a_point_that_was_attempted_and_never_hit_was_attempted_in_vain() -> None:
    """Of a point that nobody attempted, or that took effect, there is nothing to say."""
    evidence = Evidence(a_report("hit a\nmissed b\nmissed c"), attempts_only={"a": 2, "b": 1, "d": 3})
    assert [evidence.attempts_in_vain(name) for name in "abcd"] == [
        "",
        "attempted 1 time, never took effect",
        "",
        "attempted 3 times, never took effect",
    ]
    assert replace(evidence, report=None).attempts_in_vain("b") == ""


def test_an_invariant_that_ran_once_passes_with_a_warning() -> None:
    """One to nine executions warn; ten don't; none fails."""
    report = a_report("ran once 1\nran often 10\nran zero 0")
    outcome = judge_required_invariants(
        Evidence(report), requiring(required_invariants=["once", "often", "zero", "silent"])
    )
    assert lines(outcome) == [
        "Required invariant 'zero' never executed",
        "Required invariant 'silent' never executed",
    ]
    assert (outcome.measured, outcome.value, outcome.minimum) == ("2 of 4 ran", 2, 4)
    assert outcome.warnings == ("Invariant 'once' executed only 1 times (may indicate low coverage)",)


@pytest.mark.parametrize(
    ("judge", "key", "field", "line"),
    [
        (judge_view_changes, "min_view_changes", "view_changes", "Insufficient view changes"),
        (judge_repairs, "min_repairs", "repairs", "Insufficient repairs"),
        (judge_query_plans, "min_unique_query_plans", "unique_query_plans", "Insufficient unique query plans"),
    ],
)
def test_a_count_is_enough_short_or_not_measured(judge: object, key: str, field: str, line: str) -> None:
    """Categories 4 to 6: equality passes, less fails, None is not measured and no zero."""

    def judged(report: str) -> Outcome:
        outcome: Outcome = judge(Evidence(a_report(report)), requiring(**{key: 2}))  # type: ignore[operator]
        return outcome

    assert judged(f"{field} 2").status is Status.PASSED
    assert lines(judged(f"{field} 1")) == [f"{line}: 1 (expected >= 2)"]
    missing = judged("")
    assert (missing.status, missing.value) == (Status.NOT_MEASURED, None)
    assert lines(missing) == [f"{line}: not measured (expected >= 2)"]
    for report, shown in ((f"{field} 3", ("3", 3)), ("", ("", None))):
        unasked: Outcome = judge(Evidence(a_report(report)), requiring(**{key: 0}))  # type: ignore[operator]
        assert (unasked.status, unasked.measured, unasked.value) == (Status.NOT_REQUIRED, *shown)


def test_phase_events_fall_short_in_the_order_of_the_profile() -> None:
    """Category 7: each has its own minimum; a phase that is absent occurred 0 times."""
    bounds = requiring(min_phase_events={"vsr.b": 5, "vsr.a": 10, "vsr.c": 1})
    outcome = judge_phase_events(Evidence(a_report("phase vsr.a 9\nphase vsr.c 1")), bounds)
    assert lines(outcome) == [
        "Phase event 'vsr.b' too few: 0 (expected >= 5)",
        "Phase event 'vsr.a' too few: 9 (expected >= 10)",
    ]


@pytest.mark.parametrize("gate", CATEGORIES)
def test_without_any_coverage_every_required_category_is_not_measured(gate: object) -> None:
    """No line of their own: the verdict tells once that coverage is absent."""
    bounds = requiring(
        fault_point_coverage_min=0.5,
        critical_fault_points=["a"],
        required_invariants=["b"],
        min_view_changes=1,
        min_repairs=1,
        min_unique_query_plans=1,
        min_phase_events={"c": 1},
    )
    outcome: Outcome = gate(Evidence(None, is_stream=True), bounds)  # type: ignore[operator]
    assert (outcome.status, outcome.violations) == (Status.NOT_MEASURED, ())


def test_a_stream_in_other_names_is_sent_to_init_once() -> None:
    """Where none of a profile's names occurs, the advice is about names. A partial miss is a loss, in any category."""
    bounds = resolve(profile_layer("nightly"))
    stranger = Evidence(a_report("ran commit_history 5"), is_stream=True)
    partial = Evidence(a_report("ran hash_chain 50"), is_stream=True)
    elsewhere = Evidence(a_report("hit sim.storage.fsync\nran commit_history 5"), is_stream=True)
    assert judge_required_invariants(stranger, bounds).advice == ADVICE["other-names"]
    assert judge_required_invariants(partial, bounds).advice != ADVICE["other-names"]
    assert judge_required_invariants(elsewhere, bounds).advice != ADVICE["other-names"]
    own = requiring(required_invariants=["hash_chain", "linearizability"])
    assert judge_required_invariants(stranger, own).advice != ADVICE["other-names"]


def test_a_profiles_name_that_a_stream_never_has_is_perhaps_not_the_simulators() -> None:
    """Then no scenario would reach it. A config has the simulator's own names, and a count shows that the name is."""
    bounds = resolve(profile_layer("nightly"))
    evidence = Evidence(a_report("hit sim.storage.fsync\nran hash_chain 50\nphase vsr.prepare_sent 5"), is_stream=True)
    gates = (judge_critical_fault_points, judge_required_invariants, judge_phase_events)
    assert all(gate(evidence, bounds).advice.endswith(OF_PROFILE) for gate in gates)
    counted = Evidence(a_report("hit a\nmissed sim.network.deliver\nran hash_chain 5"), is_stream=True)
    assert judge_fault_point_coverage(counted, bounds).advice == COVERAGE_ADVICE["fault-point-coverage"] + OF_PROFILE
    declared = Evidence(a_report("hit a\nmissed sim.network.deliver\nmissed b\nran hash_chain 5"), is_stream=True)
    assert judge_fault_point_coverage(declared, bounds).advice == COVERAGE_ADVICE["fault-point-coverage"]
    own = requiring(
        critical_fault_points=["sim.storage.fsync", "b"],
        required_invariants=["hash_chain", "c"],
        min_phase_events={"vsr.prepare_sent": 1, "d": 1},
    )
    assert not any(OF_PROFILE in gate(evidence, own).advice for gate in gates)
    listed = replace(evidence, is_stream=False)
    assert not any(OF_PROFILE in gate(listed, bounds).advice for gate in gates), "a report lists what it lacks"
    few = Evidence(
        a_report("ran hash_chain 50\n" + "\n".join(f"phase {name} 1" for name in bounds.min_phase_events.value)),
        is_stream=True,
    )
    assert judge_phase_events(few, bounds).advice == COVERAGE_ADVICE["phase-events"]


def test_fault_effects_count_what_was_observed() -> None:
    """A point that the stream doesn't list had no effect; integer fault points carry no effects at all."""
    bounds = requiring(min_fault_effects={"network.drop": 2, "storage.corruption": 1})
    evidence = Evidence(a_report(), is_stream=True, fault_effects={"network.drop": 1, "storage.corruption": 1})
    assert lines(judge_fault_effects(evidence, bounds)) == [
        "Fault point 'network.drop' took effect too few times: 1 (expected >= 2)"
    ]
    integers = judge_fault_effects(Evidence(a_report(), is_stream=True), bounds)
    assert integers.status is Status.NOT_MEASURED
    assert lines(integers)[0] == "Fault point 'network.drop' took effect too few times: not measured (expected >= 2)"


def test_rates_are_divided_by_simulations() -> None:
    """Phases and invariants alike; seeds that ran twice were simulated twice."""
    bounds = requiring(min_per_iteration={"storage.fsync_complete": 15, "vsr_agreement": 2.5})
    report = a_report("phase storage.fsync_complete 300\nran vsr_agreement 50")
    assert judge_per_iteration(Evidence(report, True, simulations=20), bounds).status is Status.PASSED
    assert lines(judge_per_iteration(Evidence(report, True, simulations=40), bounds)) == [
        "'storage.fsync_complete' too few per iteration: 7.5 (expected >= 15)",
        "'vsr_agreement' too few per iteration: 1.25 (expected >= 2.5)",
    ]
    assert judge_per_iteration(Evidence(report), bounds).status is Status.NOT_MEASURED


def test_property_counters_have_floors() -> None:
    """Below fails; a stream without properties is not measured."""
    bounds = requiring(min_properties={"always_evaluated": 30})
    low = Evidence(a_report(), True, properties=Properties({"always_evaluated": 29}))
    assert lines(judge_property_floors(low, bounds)) == [
        "Property counter 'always_evaluated' too low: 29 (expected >= 30)"
    ]
    assert judge_property_floors(Evidence(a_report(), True), bounds).status is Status.NOT_MEASURED


@pytest.mark.parametrize(
    ("total", "floor", "unsatisfied", "status"),
    [
        (20, 20, (), Status.PASSED),  # not listed, and shown to be there
        (20, 20, ("vsr.repaired",), Status.FAILED),  # listed as unsatisfied
        (20, 0, (), Status.NOT_MEASURED),  # no floor: silence proves nothing
        (19, 20, (), Status.NOT_MEASURED),  # floor missed: silence proves nothing
        (19, 20, ("vsr.repaired",), Status.FAILED),  # but what is listed is known
    ],
)
def test_a_required_property_needs_more_than_silence(
    total: int, floor: int, unsatisfied: tuple[str, ...], status: Status
) -> None:
    """Streams list only the unsatisfied; an unlisted id counts only where the totals vouch for it."""
    bounds = requiring(required_properties=["vsr.repaired"], min_properties={"sometimes_total": floor})
    evidence = Evidence(a_report(), True, properties=Properties({"sometimes_total": total}, unsatisfied))
    assert judge_required_properties(evidence, bounds).status is status


def test_floors_count_effects_point_by_point() -> None:
    """Where one point is a plain integer, the others still count observed effects, and its own are not measured."""
    report = a_report("hit a.faded 9\nhit a.whole 7")
    known = {"fault_effects": {"a.faded": 1}, "fault_counts": {"a.faded": 9, "a.whole": 7}}
    evidence = Evidence(report, is_stream=True, simulations=1, iterations=1, **known)  # type: ignore[arg-type]
    rate = judge_per_iteration(evidence, requiring(min_per_iteration={"a.faded": 2, "a.whole": 7}))
    assert [violation.point for violation in rate.violations] == ["a.faded"]
    effects = judge_fault_effects(evidence, requiring(min_fault_effects={"a.faded": 1, "a.whole": 1}))
    assert effects.status is Status.NOT_MEASURED
    assert [(violation.point, violation.actual) for violation in effects.violations] == [("a.whole", "not measured")]
    assert effects.measured == "1 of 2 met"
