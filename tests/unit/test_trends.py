"""Lines over the nights: which nights they have, what is compared, and what is worth a remark."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.histories import (
    COVERAGE,
    DETECTED,
    DOUBLED,
    FAILED,
    INVARIANTS,
    ITERATIONS,
    POINTS,
    RATE,
    VIEW_CHANGES,
    a_record,
    line_of,
    records,
    series,
    work,
)
from vopr_coverage.formats import schema as contract
from vopr_coverage.model.figures import in_digits
from vopr_coverage.trends.compare import lately, lines_of
from vopr_coverage.trends.figures import FIGURES, median
from vopr_coverage.trends.history import TrendRecord

thorough = examples(200)


# ---- which nights


def test_a_line_has_the_last_fourteen_nights() -> None:
    """Tonight's value last, and the median of the thirteen before."""
    line = line_of(series("ran", [1] * 10 + [500] * 13 + [700]), ITERATIONS)
    assert line.values == (*[500] * 13, 700)
    assert line.median == 500


def test_a_night_without_the_scenario_is_a_gap() -> None:
    """All lines have the same nights."""
    history = [*records(0, work("coverage")), *records(1, work(), work("coverage"))]
    found = lines_of(history, records(2, work(), work("coverage")))
    lines = {line.job: line for line in found if line.figure == ITERATIONS}
    assert lines["long-run"].values == (None, 1_000, 1_000)
    assert lines["coverage"].values == (1_000, 1_000, 1_000)


def test_of_several_attempts_the_latest_counts() -> None:
    """As a whole: what the first attempt had and the second has not was not measured."""
    first = records(0, work(ran=1), work("coverage"), attempt=1)
    second = records(0, work(ran=2), attempt=2)
    lines = lines_of([*second, *first], records(1, work(), work("coverage")))
    assert next(line for line in lines if line.figure == ITERATIONS).values == (2, 1_000)
    assert next(line for line in lines if line.job == "coverage").values == (None, 1_000)


def test_tonights_own_records_do_not_count_as_a_night_before() -> None:
    """Neither those of an earlier attempt, nor its own, when they are in the history already."""
    tonight = records(3, work(ran=7), attempt=2)
    history = [*series("ran", [1, 2, 3]), *records(3, work(ran=9), attempt=1), *tonight]
    assert line_of([*history, *tonight], ITERATIONS).values == (1, 2, 3, 7)


def test_an_old_run_that_is_started_again_is_compared_with_the_nights_before_it() -> None:
    """What came after it is not in its past."""
    again = a_record(2, ran=7, run_attempt=2, at="2026-12-24T00:00:00Z")
    assert line_of([*series("ran", [1, 2, 3, 4, 5]), again], ITERATIONS).values == (1, 2, 7)


def test_only_nights_of_the_same_workflow_are_compared() -> None:
    """A weekly run may do ten times as much under the same names."""
    weekly = [replace(record, workflow="Weekly") for record in series("ran", [9_000] * 5)]
    nightly = [replace(record, run_id=f"{record.run_id}0") for record in series("ran", [1, 2, 3])]
    assert line_of([*weekly, *nightly], ITERATIONS).values == (1, 2, 3)


def test_nights_outside_of_github_follow_each_other() -> None:
    """By their time."""
    nights = [replace(record, run_id="", run_number=0) for record in series("ran", [1, 2, 3])]
    assert line_of([nights[1], nights[0], nights[2]], ITERATIONS).values == (1, 2, 3)


def test_a_night_that_left_nothing_has_no_lines() -> None:
    """There is nothing to compare, and nothing is made up."""
    assert lines_of(series("ran", [1, 2, 3]), ()) == ()


def test_a_figure_that_nobody_measures_has_no_line() -> None:
    """A long run has no canaries."""
    lines = lines_of(series("ran", [1, 2, 3]), series("ran", [1] * 4)[-1:])
    assert {line.figure for line in lines} == {figure.name for figure in FIGURES} - {DETECTED, DOUBLED}


# ---- figures


def test_counts_that_grow_with_the_iterations_are_told_per_thousand() -> None:
    """The plan differs from night to night, and so does the number of view changes."""
    nights = [a_record(n, ran=ran, planned=ran, view_changes=3 * ran) for n, ran in enumerate([100, 5_000, 800, 90])]
    line = line_of(nights, VIEW_CHANGES)
    assert line.values == (3_000, 3_000, 3_000, 3_000)
    assert (line.median, line.remark) == (3_000, "")


def test_nothing_of_nothing_is_not_measured() -> None:
    """No iterations, no known points, no declared canaries: a share of that is no share."""
    nights = [a_record(n, job="canary", ran=0, fault_points_known=0, detected=0, declared=0) for n in range(4)]
    told = {line.figure for line in lines_of(nights[:-1], nights[-1:])}
    assert told.isdisjoint({FAILED, VIEW_CHANGES, COVERAGE, DETECTED})


@pytest.mark.parametrize(
    ("figure", "field", "before", "tonight", "word"),
    [
        (ITERATIONS, "ran", [1_000, 1_100, 900], 500, ""),
        (ITERATIONS, "ran", [1_000, 1_100, 900], 440, "far below"),
        (ITERATIONS, "ran", [1_000, 1_100, 900], 5_000, ""),  # more is welcome
        (RATE, "rate", [5.0, 5.2, 5.1], 2.4, "far below"),
        (RATE, "rate", [5.0, 5.2, 5.1], 2.6, ""),
        (RATE, "rate", [5.0, 5.2, 5.1], 50.0, "far above"),  # a simulator that is fast may do nothing
        (RATE, "rate", [1.0, 5.0, 9.0], 2.0, ""),  # half, and still within what it does every night
        (FAILED, "failed", [0, 0, 0], 1, "far above"),
        (FAILED, "failed", [10, 12, 11], 20, ""),
        (FAILED, "failed", [10, 12, 11], 30, "far above"),
        (FAILED, "failed", [10, 12, 11], 0, ""),
        (POINTS, "fault_points_hit", [11, 11, 11], 10, "below"),
        (POINTS, "fault_points_hit", [11, 11, 11], 12, ""),
        (POINTS, "fault_points_hit", [8, 10, 9, 11, 9], 7, ""),  # it varies by as much
        (INVARIANTS, "invariants", [19, 19, 19], 18, "below"),
        (VIEW_CHANGES, "view_changes", [3_000, 3_100, 2_900], 1_000, "far below"),
        (VIEW_CHANGES, "view_changes", [3_000, 3_100, 2_900], 9_000, "far above"),
        (VIEW_CHANGES, "view_changes", [3_000, 3_100, 2_900], 2_000, ""),
        (DETECTED, "detected", [5, 5, 5], 4, "far below"),
        (DOUBLED, "seeds_doubled", [800, 810, 790], 80, "far below"),
    ],
)
def test_what_is_far_from_the_nights_before(
    figure: str, field: str, before: list[Any], tonight: Any, word: str
) -> None:
    """More than three deviations from the median, and beyond a share of it besides."""
    weeks = 7
    nights = series(field, [*before * weeks, tonight])
    remark = line_of([replace(one, declared=5) for one in nights], figure).remark
    assert (f" is {word} " in remark) if word else not remark


def test_a_remark_says_both_figures_and_how_many_nights() -> None:
    """So that it can stand alone."""
    line = line_of(series("fault_points_hit", [11, 11, 11, None, *[11] * 18, 10]), POINTS)
    assert line.remark == "10 is below 11, the median of 20 comparable nights before"


@pytest.mark.parametrize(
    ("field", "figure", "few", "enough", "tonight"),
    [
        ("rate", RATE, [5.0] * 6, [5.0] * 7, 1.0),
        ("fault_points_hit", POINTS, [11] * 6, [11] * 7, 3),  # far below
        ("fault_points_hit", POINTS, [11, None] * 6, [11, None] * 7, 3),
        ("fault_points_hit", POINTS, [11] * 19, [11] * 20, 10),  # one of eleven: chance misses one now and then
    ],
)
def test_how_many_nights_a_remark_needs(
    field: str, figure: str, few: list[Any], enough: list[Any], tonight: Any
) -> None:
    """A week has its weekend; and one point fewer says little before twenty nights have hit it."""
    assert line_of(series(field, [*few, tonight]), figure).remark == ""
    assert line_of(series(field, [*enough, tonight]), figure).remark


def test_a_drop_is_told_until_it_has_become_the_rule() -> None:
    """One bad night doesn't excuse the next: it is not that fewer were never hit, but that more are usual."""
    assert line_of(series("fault_points_hit", [11] * 20 + [10] * 7), POINTS).remark
    assert not line_of(series("fault_points_hit", [11] * 10 + [10] * 20), POINTS).remark


def test_fewer_points_of_a_shorter_night_are_no_remark() -> None:
    """Who runs a tenth of the iterations reaches less; that it ran so little is remarked on."""
    nights = [a_record(number, ran=1_000) for number in range(7)]
    short = a_record(7, ran=100, fault_points_hit=7, invariants=12)
    assert line_of([*nights, short], POINTS).remark == ""
    assert line_of([*nights, short], INVARIANTS).remark == ""
    assert line_of([*nights, short], ITERATIONS).remark
    alike = a_record(7, ran=600, fault_points_hit=7)
    assert line_of([*nights, alike], POINTS).remark
    longer = a_record(7, ran=9_000, fault_points_hit=7)
    assert line_of([*nights, longer], POINTS).remark


def test_nights_of_a_like_budget_are_compared_if_there_are_enough() -> None:
    """A point that short nights miss is no excuse for a long one, and their iterations are compared with their own."""
    week = [(1_000, 11)] * 5 + [(200, 8)] * 2
    nights = [a_record(number, asked=ran, ran=ran, fault_points_hit=hit) for number, (ran, hit) in enumerate(week * 6)]
    weekday = a_record(42, asked=1_000, ran=1_000, fault_points_hit=10)
    assert line_of([*nights, weekday], POINTS).remark == "10 is below 11, the median of 20 comparable nights before"
    slow = a_record(42, asked=200, ran=90)
    assert (
        line_of([*nights, slow], ITERATIONS).remark == "90 is far below 200, the median of 12 comparable nights before"
    )
    assert line_of([*nights, a_record(42, asked=200, ran=110)], ITERATIONS).remark == ""


def test_a_budget_that_nobody_had_before_is_told() -> None:
    """From its first night until it is what is usual."""
    nights = [a_record(number) for number in range(20)]
    cut = [a_record(20 + number, asked=100, ran=100) for number in range(14)]
    told = [bool(line_of([*nights, *cut[: number + 1]], ITERATIONS).remark) for number in range(14)]
    assert told == [True] * 7 + [False] * 7


def test_what_the_twin_reached_is_not_lost() -> None:
    """Coverage and long run simulate the same: a point that one missed by chance, and the other hit, is there."""

    def night(number: int, by_coverage: int = 11, by_long_run: int = 11) -> tuple[TrendRecord, ...]:
        hit = {"coverage": by_coverage, "long-run": by_long_run}
        return records(number, *(work(job, fault_points_hit=count) for job, count in hit.items()))

    def remarked(tonight: Sequence[TrendRecord]) -> list[tuple[str, str]]:
        return [(line.job, line.figure) for line in lines_of(before, tonight) if line.remark]

    before = [one for number in range(20) for one in night(number)]
    assert remarked(night(20, by_coverage=10)) == []
    assert remarked(night(20, by_coverage=10, by_long_run=10)) == [("coverage", POINTS), ("long-run", POINTS)]
    elsewhere = records(20, work("coverage", fault_points_hit=10), work("long-run", "swizzle"))
    assert ("coverage", POINTS) in remarked(elsewhere)


def test_what_is_no_longer_measured_is_told() -> None:
    """Once in the window is enough; one that never was is no loss."""
    line = line_of(series("fault_points_hit", [11, None, None, None]), POINTS)
    assert line.values[-1] is None
    assert line.remark == "not measured, as it was on 1 of the 3 nights before"
    assert line_of(series("view_changes", [None, None, None, 4]), VIEW_CHANGES).remark == ""


def test_a_scenario_that_did_not_run_has_one_line() -> None:
    """Not one for each of its figures; and it is gone when no night of the window has it."""
    history = [*records(0, work(), work("coverage")), *records(1, work())]
    (gone,) = (line for line in lines_of(history, records(2, work())) if line.job == "coverage")
    assert (gone.figure, gone.values) == (ITERATIONS, (1_000, None, None))
    assert gone.remark == "did not run, as it did on 1 of the 2 nights before"
    later = [*history, *(record for number in range(2, 15) for record in records(number))]
    assert {line.job for line in lines_of(later, records(15))} == {"long-run"}


figures = st.sampled_from(["ran", "failed", "rate", "fault_points_hit", "invariants", "view_changes", "seeds_doubled"])


@thorough
@given(figures, st.integers(0, 10**12), st.integers(1, 30))
def test_where_nothing_changes_nothing_is_said(field: str, value: int, nights: int) -> None:
    """No false alarm, however long it goes on."""
    history = series(field, [value] * nights)
    assert not any(line.remark for line in lines_of(history[:-1], history[-1:]))


@thorough
@given(st.lists(st.none() | st.integers(0, 50), min_size=1, max_size=20), figures)
def test_lines_hold_together(values: list[int | None], field: str) -> None:
    """At most 14 values, a median of at least three, and the order of the history is of no account."""
    history = series(field, values)
    lines = lines_of(history[:-1], history[-1:])
    assert lines == lines_of(reversed(history[:-1]), history[-1:])
    for line in lines:
        assert len(line.values) == min(len(values), 14)
        assert (line.median is None) == (sum(value is not None for value in line.values[:-1]) < 3)


# ---- a whole history


def test_the_newest_night_of_every_workflow_is_told() -> None:
    """Who ran last comes first."""
    weekly = [replace(record, workflow="Weekly") for record in series("ran", [9_000, 9_001])]
    nightly = [replace(record, run_id=f"{record.run_id}0") for record in series("ran", [1, 2, 3])]
    first, second = lately([*nightly, *weekly])
    assert (first.workflow, first.nights, first.lines[0].values) == ("Nightly", 3, (1, 2, 3))
    assert (second.workflow, second.nights, second.lines[0].values) == ("Weekly", 2, (9_000, 9_001))
    assert lately([]) == ()


def test_the_middle() -> None:
    """Of an odd and of an even number of values, in any order."""
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 3, 2]) == 2.5


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (7, "7"), (1_234_567, "1,234,567"), (5.25, "5.25"), (83.3333, "83.3"), (0.000123, "0.000123"),
     (1234.56, "1,235"), (1e300, "1e+300"), (1e-9, "1e-09")],
)  # fmt: skip
def test_figures_in_digits(value: float, told: str) -> None:
    """Three of them at least, grouped."""
    assert in_digits(value) == told


FIGURES_IN_RECORDS = [
    name
    for name, part in contract.schema("trend")["properties"].items()
    if name == "rate" or part.get("$ref") == "#/$defs/figure"
]


@pytest.mark.parametrize("name", FIGURES_IN_RECORDS)
def test_every_figure_of_a_record_is_followed(name: str) -> None:
    """One that no line shows would be stored for nobody. What was asked and planned is no result."""
    figures = dict.fromkeys(FIGURES_IN_RECORDS, 8)
    one, other = (lines_of((), [a_record(**figures | {name: value})]) for value in (8, 4))
    assert (one != other) == (name not in ("asked", "planned"))
