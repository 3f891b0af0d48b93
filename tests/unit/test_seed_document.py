"""Every example of the seed document, and its fifteen tests: same violations, same order, same text."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

import vopr_coverage
from vopr_coverage import (
    CoverageReport,
    CoverageThresholds,
    CoverageValidationResult,
    CoverageViolation,
    ViolationKind,
    format_validation_result,
    validate_coverage,
)
from vopr_coverage.errors import UserError
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.thresholds import SEED_PROFILES


def a_passing_report(thresholds: CoverageThresholds) -> CoverageReport:
    """A report that meets the thresholds with nothing to spare but warnings."""
    return CoverageReport(
        total_fault_points=100,
        fault_points_hit=95,
        hit_fault_points=list(thresholds.critical_fault_points),
        invariant_executions=dict.fromkeys(thresholds.required_invariants, 10),
        view_changes=thresholds.min_view_changes,
        repairs=thresholds.min_repairs,
        unique_query_plans=thresholds.min_unique_query_plans,
        phase_events=dict(thresholds.min_phase_events),
    )


def test_the_package_exports_what_the_seed_names_and_nothing_else() -> None:
    """The front door is small: seven names."""
    assert sorted(vopr_coverage.__all__) == [
        "CoverageReport",
        "CoverageThresholds",
        "CoverageValidationResult",
        "CoverageViolation",
        "ViolationKind",
        "format_validation_result",
        "validate_coverage",
    ]


@pytest.mark.parametrize("profile", SEED_PROFILES)
def test_a_shipped_profile_meets_the_schema_of_thresholds(profile: str) -> None:
    """Profiles are read without validation, because this test has validated them."""
    assert problems("thresholds", json.loads(CoverageThresholds.of_profile(profile).to_json())) == []


@pytest.mark.parametrize(
    ("thresholds", "share", "points", "invariants", "views", "repairs", "plans", "phases"),
    [
        (CoverageThresholds.smoke_test(), 0.5, 2, 2, 0, 0, 1, []),
        (CoverageThresholds.default(), 0.8, 4, 6, 1, 0, 5, [10, 5, 10]),
        (CoverageThresholds.nightly(), 0.9, 7, 13, 5, 2, 20, [100, 50, 5, 100, 2]),
    ],
    ids=["smoke_test", "default", "nightly"],
)
def test_the_profiles_have_the_seeds_numbers(
    thresholds: CoverageThresholds,
    share: float,
    points: int,
    invariants: int,
    views: int,
    repairs: int,
    plans: int,
    phases: list[int],
) -> None:
    """The three profiles, number for number."""
    assert thresholds.fault_point_coverage_min == share
    assert len(thresholds.critical_fault_points) == points
    assert len(thresholds.required_invariants) == invariants
    assert (thresholds.min_view_changes, thresholds.min_repairs) == (views, repairs)
    assert thresholds.min_unique_query_plans == plans
    assert list(thresholds.min_phase_events.values()) == phases


def test_each_profile_asks_for_more_than_the_one_below() -> None:
    """smoke_test is contained in default, default in nightly."""
    order = [CoverageThresholds.smoke_test(), CoverageThresholds.default(), CoverageThresholds.nightly()]
    for less, more in pairwise(order):
        assert less.fault_point_coverage_min < more.fault_point_coverage_min
        assert set(less.critical_fault_points) < set(more.critical_fault_points)
        assert set(less.required_invariants) < set(more.required_invariants)


def test_fault_point_coverage_is_a_fraction_and_zero_of_zero_is_zero() -> None:
    """An empty report shows nothing; it is never 100 %."""
    assert CoverageReport(total_fault_points=50, fault_points_hit=45).fault_point_coverage() == 0.9
    assert CoverageReport().fault_point_coverage() == 0.0


@pytest.mark.parametrize("profile", SEED_PROFILES)
def test_a_report_that_just_meets_a_profile_passes(profile: str) -> None:
    """Equality passes in every category."""
    thresholds = CoverageThresholds.of_profile(profile)
    assert validate_coverage(a_passing_report(thresholds), thresholds) == CoverageValidationResult(True, [], [])


def test_all_seven_kinds_come_in_the_seeds_order_with_the_seeds_texts() -> None:
    """One report that misses everything shows kinds, texts and order at once."""
    thresholds = CoverageThresholds(0.9, ["sim.storage.crash"], ["hash_chain"], 5, 2, 20, {"vsr.prepare_sent": 100})
    report = CoverageReport(
        total_fault_points=12,
        fault_points_hit=9,
        view_changes=2,
        repairs=0,
        unique_query_plans=3,
        phase_events={"vsr.prepare_sent": 7},
    )
    found = [(v.kind, v.message, v.expected, v.actual) for v in validate_coverage(report, thresholds).violations]
    assert found == [
        (ViolationKind.FaultPointCoverage, "Fault point coverage below threshold", "90.0%", "75.0%"),
        (
            ViolationKind.CriticalFaultPointMissed,
            "Critical fault point 'sim.storage.crash' was never hit",
            "Hit at least once",
            "Never hit",
        ),
        (
            ViolationKind.InvariantNotExecuted,
            "Required invariant 'hash_chain' never executed",
            "Executed at least once",
            "Never executed",
        ),
        (ViolationKind.InsufficientViewChanges, "Not enough view changes occurred", "At least 5", "2"),
        (ViolationKind.InsufficientRepairs, "Not enough repair operations occurred", "At least 2", "0"),
        (ViolationKind.InsufficientQueryPlans, "Not enough unique query plans exercised", "At least 20", "3"),
        (
            ViolationKind.InsufficientPhaseEvents,
            "Phase event 'vsr.prepare_sent' occurred too few times",
            "At least 100",
            "7",
        ),
    ]


def test_an_invariant_that_ran_less_than_ten_times_warns_and_passes() -> None:
    """Warnings inform; they never fail a report."""
    thresholds = CoverageThresholds.default()
    report = a_passing_report(thresholds)
    report.invariant_executions["linearizability"] = 5
    result = validate_coverage(report, thresholds)
    assert result.passed
    assert result.warnings == ["Invariant 'linearizability' executed only 5 times (may indicate low coverage)"]


@pytest.mark.parametrize(("missed", "warns"), [(2, False), (3, True)])
def test_more_than_a_fifth_of_the_points_missed_warns(missed: int, warns: bool) -> None:
    """The fifth is an integer division and the comparison strict, as the seed has it."""
    thresholds = CoverageThresholds(min_view_changes=0)
    report = CoverageReport(total_fault_points=12, missed_fault_points=["x"] * missed)
    expected = [f"Many fault points missed ({missed}/12). Consider longer runs or different scenarios."]
    assert validate_coverage(report, thresholds).warnings == (expected if warns else [])


def test_a_figure_that_is_none_is_a_violation_where_a_minimum_asks_for_it() -> None:
    """Not measured is neither zero nor a pass."""
    result = validate_coverage(CoverageReport(), CoverageThresholds(min_repairs=2))
    assert [(v.kind, v.actual) for v in result.violations] == [(ViolationKind.InsufficientRepairs, "not measured")]


def test_the_formatted_result_is_laid_out_as_the_seeds() -> None:
    """The seed's example of a failing result, warnings added; and of a passing one."""
    violation = CoverageViolation(
        ViolationKind.FaultPointCoverage, "Fault point coverage below threshold", "80.0%", "65.0%"
    )
    assert format_validation_result(CoverageValidationResult(False, [violation], ["look"])) == (
        "❌ Coverage validation FAILED\n\nViolations:\n"
        "  1. Fault point coverage below threshold (expected: 80.0%, actual: 65.0%)\n\n"
        "Warnings:\n  ⚠️  look\n\n"
    )
    assert format_validation_result(CoverageValidationResult(True)) == "✅ Coverage validation PASSED\n\n"


def test_types_survive_json_in_the_order_of_their_fields() -> None:
    """Writing is compact and in declaration order; reading gives the same value back."""
    report = a_passing_report(CoverageThresholds.nightly())
    assert CoverageReport.from_json(report.to_json()) == report
    result = validate_coverage(CoverageReport(), CoverageThresholds.nightly())
    assert CoverageValidationResult.from_json(result.to_json()) == result
    assert CoverageViolation.from_json(result.violations[0].to_json()) == result.violations[0]
    assert result.violations[0].to_json() == (
        '{"kind":"FaultPointCoverage","message":"Fault point coverage below threshold",'
        '"expected":"90.0%","actual":"0.0%"}'
    )
    assert list(json.loads(report.to_json()))[:2] == ["total_fault_points", "fault_points_hit"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "CoverageReport#: expected the key 'total_fault_points', found no such key"),
        ('{"repairs":1,"repairs":2}', "CoverageReport: expected every key once, found the key 'repairs' twice"),
        ("[1]", "CoverageReport#: expected a CoverageReport object, found an array of 1"),
    ],
)
def test_what_serde_would_refuse_is_refused(text: str, told: str) -> None:
    """Missing keys, duplicates and wrong types raise, with a pointer."""
    with pytest.raises(UserError) as raised:
        CoverageReport.from_json(text)
    assert str(raised.value).splitlines()[0] == told
