"""What changed against base, in our own words: a difference is made of numbers and never longer than a cell."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.examples import examples
from tests.support.pages import NAME, a_change, a_gate, a_judged, a_verdict, compared
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import BaseSeen, GateBefore, Verdict
from vopr_coverage.render.changes import (
    before_in_words,
    befores_of,
    change_of_gate,
    change_of_report,
    gained_of,
    is_beyond,
    is_compared,
    lost_of,
    shared_of,
)

NUMBERS = st.integers() | st.integers(-(1 << 5_000), 1 << 5_000) | st.floats(allow_nan=False, allow_infinity=False)


def difference(now: float | None, then: float | None, gate: str = "repairs") -> str:
    """The Change cell of one gate, as a reader sees it."""
    before = GateBefore(gate, Status.PASSED, NAME, then)
    return str(change_of_gate(a_gate(gate, value=now), before)).replace("&nbsp;", " ")


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        (7, 4, "+3"),
        (4, 7, "−3"),
        (4, 4, "="),
        (4, 4.0, "="),
        (0, 1_234_567, "−1,234,567"),  # grouped, so that GitHub can't take it for a commit
        (2.5, 1, "+1.5"),
        (1.01, 1, "≈"),  # no count of ours, and no reason to claim a change of nothing
        (4, None, "new"),  # base did not measure it
        (None, 4, "gone"),
        (None, None, "–"),
        (10**13, 4, "much more"),
        (-(1 << 4_000), 1e308, "much less"),
        (1e308, 1e308, "="),
    ],
)
def test_a_count_changes_by_a_count(now: float | None, then: float | None, told: str) -> None:
    """How much more or less; the same, new or gone in a word."""
    assert difference(now, then) == told


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        (0.8182, 0.7273, "+9.1 points"),
        (0.875, 1.0, "−12.5 points"),
        (0.7, 7 / 10, "="),
        (0.1 + 0.2, 0.3, "="),  # floats, not figures
        (0.9999, 1.0, "≈"),  # one of ten thousand: rounded to nothing, and yet not the same
        (1.0, 0.0, "+100.0 points"),
        (1e12, 0, "+100,000,000,000,000.0 points"),
    ],
)
def test_a_share_changes_by_percentage_points(now: float, then: float, told: str) -> None:
    """Fault point coverage is a fraction: its change is told in points, never in per cent of a per cent."""
    assert difference(now, then, "fault-point-coverage") == told


def test_without_a_counterpart_nothing_is_compared() -> None:
    """Gates beyond the seven have none on base."""
    assert str(change_of_gate(a_gate("fault-effects"), None)) == "–"


@examples(300)
@given(NUMBERS, NUMBERS, st.sampled_from(["repairs", "fault-point-coverage"]))
def test_any_two_numbers_have_a_difference(now: float, then: float, gate: str) -> None:
    """A verdict file may hold any numbers: the cell stays short, and its sign is right."""
    told = difference(now, then, gate)
    assert len(told) <= 40
    if told.startswith("+") or told == "much more":
        assert now > then
    elif told.startswith("−") or told == "much less":
        assert now < then
    else:
        assert told in ("=", "≈")
        assert now == then or abs(now - then) < 0.1


@pytest.mark.parametrize(
    ("here", "on_base", "told"),
    [
        ("failed", "passed", "passed on base"),
        ("not measured", "passed", "passed on base"),
        ("failed", "failed", "as on base"),
        ("passed", "failed", "failed on base"),
        ("passed", "passed", ""),
        ("not required", "not required", ""),
        ("not measured", "not measured", ""),
    ],
)
def test_whose_doing_an_ending_is(here: str, on_base: str, told: str) -> None:
    """A gate that fell is this change's doing, one that failed on base as well is not."""
    assert str(before_in_words(a_gate("repairs", here), GateBefore("repairs", Status(on_base), "", 1))) == told


def test_what_is_excused_has_not_fallen() -> None:
    """Not measured and excused is neither a pass nor a failure."""
    excused = a_gate("repairs", "not measured", note="excused: on_not_measured is warn")
    assert str(before_in_words(excused, GateBefore("repairs", Status.PASSED, "", 1))) == ""
    report = replace(a_judged("passed"), gates=(excused,))
    change = a_change(GateBefore("repairs", Status.PASSED, "", 1))
    assert str(change_of_report(replace(report, change=change))) == "–, 2&nbsp;lost"


def test_words_that_we_do_not_know_say_nothing() -> None:
    """A status from a file that is none of the four is not compared with anything."""
    strange: Any = "failed!"
    row = replace(a_gate("repairs"), status=strange)
    assert str(before_in_words(row, GateBefore("repairs", strange, "", 1))) == ""


def test_a_report_among_several_tells_its_change_in_a_cell() -> None:
    """The share of fault points, how many names were lost, and how many gates fail that did not."""
    share = a_gate("fault-point-coverage", value=0.875)
    befores = (GateBefore(share.gate, Status.PASSED, "", 1.0), GateBefore("repairs", Status.PASSED, "", 1))
    report = replace(a_judged("failed"), gates=(share, a_gate("repairs", "not measured")))
    changed = replace(report, change=a_change(*befores))
    assert str(change_of_report(changed)) == "−12.5&nbsp;points, 2&nbsp;lost, 2&nbsp;newly&nbsp;failing"
    quiet = replace(report, change=a_change(lost_points=(), lost_invariants=()))
    assert str(change_of_report(quiet)) == "–"
    assert str(change_of_report(report)) == "new"


def test_what_was_lost_is_told_by_name_in_order() -> None:
    """Reports first, then fault points, then invariants; what was won likewise."""
    verdict = compared(a_verdict())
    assert [(item.never, item.texts) for item in lost_of(verdict).items] == [
        ("Reports of the base that are missing here", (NAME,)),
        ("Fault points hit on base, not here", (NAME,)),
        ("Invariants run on base, not here", (NAME,)),
    ]
    assert [item.never for item in gained_of(verdict).items] == ["Fault points newly hit", "Invariants newly run"]


def test_reports_that_lost_the_same_share_a_line() -> None:
    """What is switched off is missing in every scenario, and that is one thing to look into."""
    reports = tuple(replace(a_judged("failed", f"r{n}"), change=a_change(lost_points=("p",))) for n in range(5))
    lost = shared_of(lost_of(Verdict("failed", False, "", "1.0", reports=reports)))
    assert [(one.texts, one.sources) for one in lost] == [
        (("p",), ("r0", "r1", "r2", "r3", "r4")),
        ((NAME,), ("r0", "r1", "r2", "r3", "r4")),
    ]
    assert is_beyond(lost, 10)  # two reports are not named in the open
    assert not is_beyond([dataclasses.replace(one, sources=("r0", "r1", "r2")) for one in lost], 10)


def test_a_base_without_any_of_these_reports_is_a_comparison() -> None:
    """That everything is new is something that was found out; that there is no base is not."""
    verdict = a_verdict()
    assert not is_compared(verdict)
    assert not is_compared(replace(verdict, base=BaseSeen("x", "no such file")))
    assert is_compared(replace(verdict, base=BaseSeen("x")))
    assert befores_of(verdict.reports[0]) == {}
