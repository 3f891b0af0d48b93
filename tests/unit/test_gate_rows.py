"""Endings that gates on run health share, and the rows of the registry of gates."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from vopr_coverage.gates import ROWS
from vopr_coverage.gates.coverage import judge_repairs
from vopr_coverage.gates.row import Part, Row, sentences_of
from vopr_coverage.gates.run_outcomes import failed, not_required, passed, shortfall, unanswered, unfinished
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Run

NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)


# ---- endings of run health


def test_the_line_of_a_shortfall_is_its_message_unless_one_is_given() -> None:
    """Everything else is as it was given."""
    bare = Shortfall(kind="Kind", message="A message", expected="more", actual="less", line="A message")
    assert shortfall("Kind", "A message", "more", "less") == bare
    assert shortfall("Kind", "A message", "more", "less", "A line", detail="A detail", point="a") == replace(
        bare, line="A line", detail="A detail", point="a"
    )


@pytest.mark.parametrize(
    ("least", "expected", "line"),
    [
        (2, "At least 2", "Iterations: not measured (expected >= 2)"),
        (1, "At least 1", "Iterations: not measured (expected >= 1)"),
        (0, "Measured", "Iterations: not measured"),
        (None, "Measured", "Iterations: not measured"),
    ],
)
def test_a_figure_that_a_format_cannot_have_is_not_measured_where_it_is_required(
    least: int | None, expected: str, line: str
) -> None:
    """With the minimum, where there is one."""
    assert unanswered("iterations", True, "some", "the test", "Iterations", least) == Outcome(
        gate="iterations",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="some",
        origin="the test",
        minimum=least,
        violations=(
            Shortfall(
                kind="NotMeasured",
                message="Iterations: not measured",
                expected=expected,
                actual="not measured",
                line=line,
            ),
        ),
        advice=NOT_REPORTED,
    )


def test_a_figure_that_a_format_cannot_have_is_otherwise_not_required() -> None:
    """And the note says why nothing is judged."""
    assert unanswered("iterations", False, "some", "the test", "Iterations", 2) == Outcome(
        gate="iterations",
        status=Status.NOT_REQUIRED,
        measured="",
        required="nothing",
        note="this format has no run records",
    )


@pytest.mark.parametrize(
    ("crashed", "note"),
    [(False, "the run did not finish"), (True, "the simulator died, see the failing seeds")],
)
def test_a_run_that_did_not_finish_has_one_violation_elsewhere(crashed: bool, note: str) -> None:
    """Here a note says whether it died."""
    run = Run(0, 3, 2, 0, 2, ended_early="after record 3", crashed=crashed)
    assert unfinished("seeds", "none", "the test", run) == Outcome(
        gate="seeds",
        status=Status.NOT_MEASURED,
        measured="not measured",
        required="none",
        origin="the test",
        note=note,
    )


def test_an_ending_has_what_it_is_given() -> None:
    """Not required with warnings, met, and not met."""
    assert not_required("seeds", "a note", "one", "two") == Outcome(
        gate="seeds",
        status=Status.NOT_REQUIRED,
        measured="",
        required="nothing",
        warnings=("one", "two"),
        note="a note",
    )
    met = Outcome(gate="seeds", status=Status.PASSED, measured="none", required="none", origin="always")
    assert passed("seeds", "none", "none") == met
    assert passed("seeds", "none", "none", 0) == replace(met, value=0)
    violation = shortfall("Kind", "A message", "more", "less")
    missed = replace(met, status=Status.FAILED, measured="one", violations=(violation,), advice="An advice")
    assert failed("seeds", "An advice", "one", "none", [violation]) == missed
    assert failed("seeds", "An advice", "one", "none", [violation], value=1) == replace(missed, value=1)


# ---- the registry


def test_the_rows_of_gates_are_in_the_order_of_the_pages() -> None:
    """Run health, then the seven categories under their numbers, then what a config switches on with its key."""
    health, coverage, extra = "Run health", "Coverage", "Beyond the seven"
    assert [(row.id, row.part, row.title, row.number, *row.keys) for row in ROWS] == [
        ("run-complete", health, "Completeness", None),
        ("iterations", health, "Iterations", None),
        ("failures", health, "Failing seeds", None),
        ("properties", health, "Violated properties", None),
        ("determinism", health, "Determinism", None),
        ("reports", health, "Number of reports", None),
        ("seed-ranges", health, "Seed ranges", None),
        ("coverage", coverage, "Coverage as a whole", None),
        ("fault-point-coverage", coverage, "Fault point coverage", 1),
        ("critical-fault-points", coverage, "Critical fault points", 2),
        ("required-invariants", coverage, "Required invariants", 3),
        ("view-changes", coverage, "View changes", 4),
        ("repairs", coverage, "Repairs", 5),
        ("query-plans", coverage, "Query plans", 6),
        ("phase-events", coverage, "Phase events", 7),
        ("fault-effects", extra, "Fault effects", None, "min_fault_effects"),
        ("per-iteration", extra, "Work per iteration", None, "min_per_iteration"),
        ("property-floors", extra, "Property counters", None, "min_properties"),
        ("required-properties", extra, "Required properties", None, "required_properties"),
        ("invariant-coverage", extra, "Invariant coverage", None, "invariant_coverage_min"),
        ("pair-coverage", extra, "Pair coverage", None, "min_pair_coverage"),
        ("locked-points", extra, "Points as locked", None),
        ("regression", extra, "Regression against base", None),
    ]


def test_a_row_of_the_seven_has_the_three_texts_that_the_gate_may_end_with() -> None:
    """Its own advice, the same with a remark on the profile's names, and where to get declared points."""
    repairs = next(row for row in ROWS if row.id == "repairs")
    own = "Run longer, or crash and corrupt more, so that replicas have something to repair."
    assert (repairs.judge, repairs.notes) == (judge_repairs, ())
    assert repairs.advice == (
        own,
        f"{own} These names are the profile's: if the simulator never had them, require its own names in a config.",
        "Have the tester declare its points, or lock those that healthy runs hit: `vopr-coverage points lock RUN…`.",
    )


def test_the_sentences_of_rows_are_their_advice_their_notes_and_what_is_given() -> None:
    """Each once."""
    rows = (
        Row("a", Part.EXTRA, "A", advice=("one", "two"), notes=("three",)),
        Row("b", Part.EXTRA, "B", advice=("two",), notes=("four", "five")),
    )
    assert sentences_of(rows) == {"one", "two", "three", "four", "five"}
    assert sentences_of(rows, "six", "one") == {"one", "two", "three", "four", "five", "six"}
    assert sentences_of(()) == set()
