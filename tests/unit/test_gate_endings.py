"""What gates share: the ending without coverage, and advice on names; and the gate on pairs as a whole."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report, requiring
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
from vopr_coverage.gates.endings import Evidence, Gate
from vopr_coverage.gates.extras import (
    judge_fault_effects,
    judge_invariant_coverage,
    judge_per_iteration,
    judge_property_floors,
)
from vopr_coverage.gates.pairs import judge_pair_coverage
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.pairs import PairCoverage, Strangers
from vopr_coverage.model.report import Properties
from vopr_coverage.model.thresholds import Bound, Bounds, nothing_layer, resolve

ABSENT = "Pass the whole output of a run that finished and reports its coverage."
OTHER_NAMES = (
    "None of the profile's names occurs in this stream: the simulator uses other names. `vopr-coverage init` writes a "
    "config with the simulator's names, from runs that you know to be healthy."
)
OF_PROFILE = " These names are the profile's: if the simulator never had them, require its own names in a config."


@pytest.mark.parametrize(
    ("judge", "gate", "thresholds", "required"),
    [
        (judge_fault_point_coverage, "fault-point-coverage", {"fault_point_coverage_min": 0.5}, "≥ 50.0%"),
        (judge_critical_fault_points, "critical-fault-points", {"critical_fault_points": ["a"]}, "all 1"),
        (judge_required_invariants, "required-invariants", {"required_invariants": ["a", "b"]}, "all 2"),
        (judge_view_changes, "view-changes", {"min_view_changes": 1}, "≥ 1"),
        (judge_repairs, "repairs", {"min_repairs": 2}, "≥ 2"),
        (judge_query_plans, "query-plans", {"min_unique_query_plans": 3}, "≥ 3"),
        (judge_phase_events, "phase-events", {"min_phase_events": {"a": 1}}, "1 minimum"),
        (judge_fault_effects, "fault-effects", {"min_fault_effects": {"a": 1, "b": 1}}, "2 minimums"),
        (judge_per_iteration, "per-iteration", {"min_per_iteration": {"a": 1}}, "1 minimum"),
        (judge_invariant_coverage, "invariant-coverage", {"invariant_coverage_min": 0.9}, "≥ 90.0%"),
        (judge_pair_coverage, "pair-coverage", {"min_pair_coverage": 0.25}, "≥ 25.0%"),
    ],
)
def test_without_coverage_a_gate_says_what_to_pass(
    judge: Gate, gate: str, thresholds: dict[str, object], required: str
) -> None:
    """Not measured, without figures of its own and without a violation: the verdict has one for all gates."""
    evidence = Evidence(None, is_stream=True, fault_effects={"a": 1}, simulations=1)
    assert judge(evidence, requiring(**thresholds)) == Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured="not measured",
        required=required,
        origin="the test",
        advice=ABSENT,
    )
    off = Outcome(gate=gate, status=Status.NOT_REQUIRED, measured="", required="nothing", origin="nobody")
    assert judge(evidence, requiring()) == off


@pytest.mark.parametrize(
    ("missed", "total", "warned"), [(2, 10, False), (3, 10, True), (1, 4, True), (0, 0, False), (1, 5, False)]
)
def test_more_than_a_fifth_of_all_points_is_many(missed: int, total: int, warned: bool) -> None:
    """In the seed's words; its fifth is a whole number, rounded down."""
    report = a_report("\n".join(f"missed {name}" for name in range(missed)) + f"\ntotal_fault_points {total}")
    sentence = f"Many fault points missed ({missed}/{total}). Consider longer runs or different scenarios."
    assert many_missed(report) == ([sentence] if warned else [])


# ---- whose names are they


def of_profile(**thresholds: object) -> Bounds:
    """Bounds that a profile sets, and nothing else."""
    layer = {key: Bound(value, "profile nightly") for key, value in thresholds.items()}
    return resolve(layer, nothing_layer("nobody"))


NAMES = {"required_invariants": ["x"], "critical_fault_points": ["y"], "min_phase_events": {"z": 1}}


@pytest.mark.parametrize(
    ("told", "is_stream", "advice"),
    [
        ("ran other 1", True, OTHER_NAMES),
        ("ran other 1\nhit y", True, None),  # one of the profile's names occurs, in any category
        ("ran other 1\nphase z 1", True, None),
        ("ran other 1", False, ""),  # a report lists what it lacks
        ("hit other", True, ""),  # a stream without invariants has other problems
        ("", True, ""),
    ],
)
def test_advice_is_about_names_where_a_stream_has_none_of_the_profiles(
    told: str, is_stream: bool, advice: str | None
) -> None:
    """None: it has some of them, so the gate's own advice is followed by a remark on names."""
    evidence = Evidence(a_report(told), is_stream=is_stream)
    own = {
        judge_required_invariants: "Run a scenario that reaches the state which this invariant checks.",
        judge_fault_effects: "The fault is scheduled without effect, or never scheduled: look at its injector.",
        judge_per_iteration: "Each iteration does less than it used to: look for runs that end early.",
        judge_property_floors: "Fewer properties were evaluated than before: look for code that is no longer reached.",
    }
    bounds = of_profile(**NAMES, min_fault_effects={"w": 1}, min_per_iteration={"w": 1}, min_properties={"w": 1})
    counted = replace(evidence, fault_effects={"other": 1}, simulations=1, properties=Properties({"other": 1}))
    for judge, ending in own.items():
        expected = ending + OF_PROFILE if advice is None else advice or ending
        assert judge(counted, bounds).advice == expected


def test_a_name_that_occurred_too_seldom_is_the_simulators() -> None:
    """Only a count of zero may be a name that the simulator never had; so is a list that is all hit."""
    evidence = Evidence(a_report("ran x 1\nphase z 4"), is_stream=True)
    advice = "Run longer, or choose a scenario in which this phase takes place."
    assert judge_phase_events(evidence, of_profile(**NAMES | {"min_phase_events": {"z": 5}})).advice == advice
    gone = of_profile(**NAMES | {"min_phase_events": {"z": 5, "gone": 1}})
    assert judge_phase_events(evidence, gone).advice == advice + OF_PROFILE
    assert judge_required_invariants(evidence, of_profile(**NAMES)).advice == (
        "Run a scenario that reaches the state which this invariant checks."
    )


@pytest.mark.parametrize(
    ("told", "is_of_profile"),
    [
        ("missed y", True),  # one of the critical points
        ("missed y\nmissed v", True),  # all of them
        ("missed y\nmissed other", False),  # a point that the profile does not name
        ("hit y", False),
    ],
)
def test_coverage_may_lack_nothing_but_the_profiles_names(told: str, is_of_profile: bool) -> None:
    """Then the simulator may not have them; what it lists itself, it has."""
    bounds = of_profile(fault_point_coverage_min=0.5, critical_fault_points=["v", "y"])
    evidence = Evidence(a_report(f"ran x 1\n{told}"), is_stream=True)
    advice = "Run more iterations, or add scenarios that reach the points missed."
    assert judge_fault_point_coverage(evidence, bounds).advice == advice + OF_PROFILE * is_of_profile


@pytest.mark.parametrize(
    ("told", "attempts", "phrase"),
    [
        ("missed a", {"a": 1}, "attempted 1 time, never took effect"),
        ("missed a", {"a": 1_000}, "attempted 1,000 times, never took effect"),
        ("missed a", {"a": 0}, ""),
        ("missed a", {"b": 1}, ""),
        ("hit a", {"a": 1}, ""),
        ("", {"a": 1}, "attempted 1 time, never took effect"),
    ],
)
def test_attempts_are_in_vain_if_the_point_was_not_hit(told: str, attempts: dict[str, int], phrase: str) -> None:
    """A point without attempts, and one that was hit, have no such phrase."""
    assert Evidence(a_report(told), attempts_only=attempts).attempts_in_vain("a") == phrase
    assert Evidence(None, attempts_only=attempts).attempts_in_vain("a") == ""


# ---- pairs of points


def strangers(*names: str) -> tuple[Strangers, ...]:
    """Points that never met `repair`."""
    return tuple(Strangers(name, "repair", expected=2.25, chance=1e-9) for name in names)


SHORT_OF_PAIRS = Outcome(
    gate="pair-coverage",
    status=Status.FAILED,
    measured="50.0% (3 of 6)",
    required="≥ 75.0%",
    origin="the test",
    value=0.5,
    minimum=0.75,
    violations=(
        Shortfall(
            kind="PairCoverage",
            message="Pair coverage below minimum",
            expected="75.0%",
            actual="50.0%",
            line="Pair coverage: 50.0% (expected >= 75.0%)",
            detail="a × repair: never together in 2 seeds, 2.2 expected; "
            "b × repair: never together in 2 seeds, 2.2 expected; "
            "c × repair: never together in 2 seeds, 2.2 expected",
        ),
    ),
    advice="Run longer, or look for a fault that is switched off while another one is on (docs/seeds.md).",
)


def test_pairs_that_never_met_are_named_three_at_most() -> None:
    """Every text of the gate, below its minimum, at it, and without hits seed by seed."""
    pairs = PairCoverage(seeds=2, possible=6, met=3, strangers=strangers("a", "b", "c", "d"))
    evidence, bounds = Evidence(a_report("hit a"), pairs=pairs), requiring(min_pair_coverage=0.75)
    assert judge_pair_coverage(evidence, bounds) == SHORT_OF_PAIRS
    enough = replace(SHORT_OF_PAIRS, status=Status.PASSED, required="≥ 50.0%", minimum=0.5, violations=())
    assert judge_pair_coverage(evidence, requiring(min_pair_coverage=0.5)) == enough
    unmeasured = replace(
        SHORT_OF_PAIRS,
        status=Status.NOT_MEASURED,
        measured="not measured",
        value=None,
        violations=(
            Shortfall(
                kind="PairCoverage",
                message="Pair coverage not measured",
                expected="75.0%",
                actual="not measured",
                line="Pair coverage: not measured (expected >= 75.0%)",
            ),
        ),
        advice="Have the simulator write which seed hit which point (docs/formats/simulation.md), or set "
        "`min_pair_coverage` to 0.",
    )
    assert judge_pair_coverage(replace(evidence, pairs=None), bounds) == unmeasured
    assert judge_pair_coverage(replace(evidence, pairs=PairCoverage(seeds=1, possible=0, met=0)), bounds) == unmeasured
