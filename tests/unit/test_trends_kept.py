"""Which nights a history keeps, the text files that are made from it, and what is remarked on."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.drawn_histories import (
    a_simulator,
    a_tenth_of_the_rate,
    alarms,
    half_at_weekends,
    more_points_declared,
    one_point_gone,
    seasonal,
    stationary,
    ten_points_of_coverage,
    told_at_once,
)
from tests.support.histories import (
    COVERAGE,
    FIRST_NIGHT,
    ITERATIONS,
    POINTS,
    a_record,
    line_of,
    records,
    series,
    work,
)
from vopr_coverage.errors import UsageError
from vopr_coverage.trends.history import TrendRecord, night_of, union
from vopr_coverage.trends.store import Address, address_of
from vopr_coverage.trends.text_files import text_files
from vopr_coverage.trends.thinning import thinned

YEAR = 365


def night(number: int, **changes: Any) -> TrendRecord:
    """The record of the night so many days after the first; its run's id grows with them."""
    at = (FIRST_NIGHT + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return replace(a_record(), **{"at": at, "run_id": str(1_000 + number), "run_number": number, **changes})


def days(history: tuple[TrendRecord, ...]) -> list[int]:
    """The nights of a history, by number."""
    return [record.run_number for record in history]


# ---- thinning


def test_old_nights_are_thinned() -> None:
    """All of the last year, one a week to the fifth year, one a month before; by calendar, and the first of each."""
    kept = days(thinned([night(number) for number in range(10 * YEAR)]))
    newest = 10 * YEAR - 8
    assert kept[-(YEAR + 8) :] == list(range(newest - YEAR, 10 * YEAR))
    weekly = [number for number in kept if newest - 5 * YEAR <= number < newest - YEAR]
    assert {after - before for before, after in pairwise(weekly[1:])} == {7}
    monthly = [number for number in kept if number < newest - 5 * YEAR - 31]
    assert {(FIRST_NIGHT + timedelta(days=number)).day for number in monthly} == {1}
    assert len(kept) < 366 + 8 + 4 * 53 + 5 * 12 + 3


def test_thinning_again_changes_nothing_and_a_short_history_is_whole() -> None:
    """However often a night is added; a year and a week are not thinned at all."""
    once = thinned([night(number) for number in range(3 * YEAR)])
    assert thinned(once) == once
    whole = [night(number) for number in range(YEAR)]
    assert thinned(whole) == tuple(whole)


def test_red_nights_stay() -> None:
    """They are what somebody looks for."""
    red = {5, 9, 100}
    history = [night(number, status="failed" if number in red else "passed") for number in range(7 * YEAR)]
    assert red <= set(days(thinned(history)))


@pytest.mark.parametrize(("figure", "was", "then"), [("fault_points_hit", 11, 10), ("rate", 5.0, 4.0), ("rate", 5, 9)])
def test_the_nights_beside_a_change_of_a_median_stay(figure: str, was: float, then: float) -> None:
    """The last before and the first after, through all the years in which the history is written again and again."""
    changes = {40: was, 75: then}
    level, history = was, []
    for number in range(6 * YEAR):
        level = changes.get(number, level)
        history.append(night(number, **{figure: level}))
    kept: tuple[TrendRecord, ...] = ()
    for number in range(0, 6 * YEAR, 30):
        kept = thinned([*kept, *history[number : number + 30]])
    assert {74, 75} <= set(days(kept))
    assert len([number for number in days(kept) if 60 <= number < 90]) <= 4


def test_one_bad_night_is_no_change() -> None:
    """The median of seven nights stays what it was, so the night is thinned like others."""
    history = [night(number, fault_points_hit=3 if number == 40 else 11) for number in range(2 * YEAR)]
    assert 40 not in days(thinned(history))


def test_a_clock_that_is_wrong_removes_nothing() -> None:
    """A few nights in the year 2199 make no other night old; dates that no calendar has stay."""
    history = [night(number) for number in range(100)]
    future = [night(100 + number, at=f"2199-01-0{number + 1}T00:00:00Z") for number in range(7)]
    past = [night(107 + number, at="1970-01-01T00:00:00Z") for number in range(2)]
    odd = [night(109, at="2026-02-31T00:00:00Z")]
    assert set(days(thinned([*history, *future, *past, *odd]))) >= {*range(108), 109}


def test_workflows_are_thinned_by_themselves() -> None:
    """A weekly run in the same history keeps its own nights."""
    daily = [night(number) for number in range(2 * YEAR)]
    weekly = [night(number, workflow="Weekly", run_id=str(90_000 + number)) for number in range(3, 2 * YEAR, 7)]
    kept = thinned([*daily, *weekly])
    assert [record for record in kept if record.workflow == "Weekly"] == list(union(weekly))


# ---- text files


def test_text_files_are_equal_in_length() -> None:
    """One line a night, `nan` where a figure was not measured, of the latest attempt."""
    history = [
        *records(0, work("coverage", fault_points_hit=5, fault_points_known=8, invariants=16, view_changes=7)),
        *records(1, work("long-run")),
        *records(2, work("coverage", fault_points_hit=None, view_changes=None, invariants=3)),
        *records(2, work("coverage", fault_points_hit=8, fault_points_known=8, view_changes=None), attempt=2),
    ]
    found = text_files(history)
    assert found.files["dates.txt"] == b"2026-11-01\n2026-11-02\n2026-11-03\n"
    assert found.files["fault-coverage.txt"] == b"62.50\nnan\n100.00\n"
    assert found.files["invariant-count.txt"] == b"16\nnan\n19\n"
    assert found.files["view-changes.txt"] == b"7\nnan\nnan\n"
    assert found.said == "combined of the coverage job of Nightly"
    assert text_files(()).files == dict.fromkeys(found.files, b"")


def test_the_series_of_text_files() -> None:
    """The coverage job's scenario that ran most, or the named one; one that never ran is all nan, and said."""
    night_of_all = (work("long-run", "swizzle"), work("coverage", "combined", ran=10), work("coverage", "gray", ran=20))
    history = records(0, *night_of_all)
    assert text_files(history).said.startswith("gray of the coverage job")
    assert text_files(history, "COMBINED").said.startswith("combined of the coverage job")
    assert text_files(history, "swizzle").said.startswith("swizzle of the long-run job")
    unknown = text_files(history, "swizle")
    assert unknown.problem == "--series: no night ran 'swizle'; did you mean 'swizzle'?"
    assert unknown.files["view-changes.txt"] == b"nan\n"


# ---- names of stores


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("artifact", Address("artifact")),
        ("branch", Address("branch", "vopr-trends")),
        ("branch=trends/of-2026", Address("branch", "trends/of-2026")),
        ("branch=refs/heads/x", Address("branch", "x")),
        ("dir=a=b/c", Address("dir", "a=b/c")),
        *(
            (text, None)
            for text in ("", "dir", "dir=", "branch=", "branch=a..b", "branch=-x", "branch=a b", "branch=a/")
        ),
        *((text, None) for text in ("branch=x.lock", "artifact=x", "Branch", "branch=" + "x" * 201, "branch=a\n")),
    ],
)
def test_the_name_of_a_store(text: str, address: Address | None) -> None:
    """A kind, and where; no name that git would not take."""
    if address is None:
        with pytest.raises(UsageError, match="--store: expected"):
            address_of(text)
    else:
        assert address_of(text) == address


# ---- remarks


def test_what_happens_now_and_then_is_no_news() -> None:
    """A night as low as tonight, among the last 90; the nights just before are the same loss going on."""
    rarely = [11] * 20 + [10] + [11] * 20
    assert line_of(series("fault_points_hit", [*rarely, 10]), POINTS).remark == ""
    assert line_of(series("fault_points_hit", [*rarely, 9]), POINTS).remark == ""  # a second one by chance
    assert line_of(series("fault_points_hit", [*rarely, 8]), POINTS).remark
    assert line_of(series("fault_points_hit", [10] + [11] * 90 + [10]), POINTS).remark  # too long ago
    assert line_of(series("fault_points_hit", [11] * 20 + [10, 10, 10]), POINTS).remark
    weekends = ([1_000] * 5 + [200] * 2) * 3
    assert line_of(series("ran", weekends), ITERATIONS).remark == ""
    assert line_of(series("ran", [*weekends, 1_000, 100]), ITERATIONS).remark


def test_more_points_that_nobody_hits_are_a_loss_of_coverage() -> None:
    """The number of points hit stays; where it falls, the share has no remark of its own."""
    usual = [a_record(number) for number in range(8)]
    more = line_of([*usual, a_record(8, fault_points_known=13)], COVERAGE)
    assert more.remark == "84.6 is far below 100, the median of 8 comparable nights before"
    fewer = [*usual, a_record(8, fault_points_hit=9)]
    assert (bool(line_of(fewer, POINTS).remark), line_of(fewer, COVERAGE).remark) == (True, "")
    assert line_of([*usual, a_record(8, fault_points_hit=22, fault_points_known=23)], COVERAGE).remark == ""


# ---- the gate on histories drawn from real figures; benchmarks/trends_gate.py plays a thousand


@pytest.mark.parametrize("kind", [stationary, seasonal, half_at_weekends])
@pytest.mark.parametrize("budget", [20, 1_000])
def test_the_gate_is_silent_where_nothing_is_lost(kind: Any, budget: int) -> None:
    """Also with small scenarios and with weekends; 1 % of 1,000 nights is measured by `make trends-gate-bench`."""
    played = [kind(a_simulator(seed, budget), 40) for seed in range(8)]
    assert sum(map(alarms, played)) <= 0.02 * 8 * 40


@pytest.mark.parametrize("loss", [one_point_gone, ten_points_of_coverage, more_points_declared, a_tenth_of_the_rate])
def test_a_loss_is_told_on_its_first_night(loss: Any) -> None:
    """With 14 nights before it."""
    assert all(told_at_once(seed, loss, 1_000) for seed in range(40))


@pytest.mark.parametrize("loss", [one_point_gone, ten_points_of_coverage])
def test_a_loss_is_told_in_a_small_scenario(loss: Any) -> None:
    """Of 20 iterations a night."""
    assert all(told_at_once(seed, loss, 20) for seed in range(40))


def test_a_night_is_named_by_its_run() -> None:
    """What the helpers here rely on."""
    assert night_of(night(3)) == "1003"
