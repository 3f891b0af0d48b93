"""A report against its counterpart on base: what changed, and what may be lost."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report, requiring
from vopr_coverage.base.compare import Base, Before, bounds_of, changed, counterparts, loosened
from vopr_coverage.base.gate import Limit, parse_limit
from vopr_coverage.check.conclude import conclude, lost_reports
from vopr_coverage.check.judge import judge
from vopr_coverage.check.merge import Unit
from vopr_coverage.check.terms import Terms
from vopr_coverage.errors import ReportError, UsageError
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import BoundUsed, Change, JudgedReport, Verdict

HALF: dict[str, Any] = {"fault_point_coverage_min": 0.5}
NIGHT = """
    hit crash
    hit fsync
    hit drop
    missed delay
    ran agreement 7
    ran hash_chain 3
    view_changes 4
"""
SWAPPED_NIGHT = NIGHT.replace("hit drop", "missed drop").replace("missed delay", "hit delay")


def verdict_of(
    told: str = NIGHT,
    base: Verdict | str | None = None,
    limit: Limit | None = None,
    policy: str = "fail",
    name: str = "combined.json",
    scenario: str | None = None,
    **thresholds: Any,
) -> Verdict:
    """Judge one flat report, against a base if one is given; a text says why there is none."""
    read = Input(name, "report", a_report(told))
    unit = Unit(name, scenario, (read,), Evidence(read.report))
    terms = Terms(requiring(**(thresholds or HALF)), "default", "default", {"regression": policy}, "", limit=limit)
    past = Base("base", missing=base) if isinstance(base, str) else Base("base", base) if base else None
    (before,), absent = counterparts([(name, scenario)], past)
    return conclude([judge(unit, terms, before if past else None)], (), "1.0", *lost_reports(past, absent, limit))


def change_of(verdict: Verdict) -> Change:
    """The change of a verdict's only report."""
    change = verdict.reports[0].change
    assert change is not None
    return change


def lines_of(verdict: Verdict) -> list[str]:
    """Its violations."""
    return [violation.line for violation in verdict.violations]


def test_what_was_hit_and_no_longer_is_has_a_name() -> None:
    """A stream doesn't list what it missed: whatever isn't hit here is lost, missed or silent."""
    now = verdict_of(NIGHT.replace("hit fsync", "").replace("hit drop", "missed drop") + "hit torn_write", verdict_of())
    change = change_of(now)
    assert (change.lost_points, change.new_points) == (("drop", "fsync"), ("torn_write",))
    assert (change.lost_invariants, change.new_invariants) == ((), ())
    now = verdict_of(NIGHT.replace("ran agreement 7", "ran agreement 0\nran linearizability 1"), verdict_of())
    assert (change_of(now).lost_invariants, change_of(now).new_invariants) == (("agreement",), ("linearizability",))


def test_the_bases_figures_are_held_against_the_bounds_of_today() -> None:
    """A change is one of the simulation: raising a minimum doesn't look like a fall."""
    now = verdict_of(NIGHT.replace("view_changes 4", "view_changes 6"), verdict_of(), min_view_changes=5, **HALF)
    (gate,) = [gate for gate in change_of(now).gates if gate.gate == "view-changes"]
    assert (gate.status, gate.value, gate.measured) == (Status.FAILED, 4, "4")
    assert [gate.value for gate in now.reports[0].gates if gate.gate == "view-changes"] == [6]


@pytest.mark.parametrize(
    ("limit", "told", "lines"),
    [
        ("0", NIGHT, []),
        # 75 % of 4 points to 60 % of 5: a point that is new and not hit yet
        ("15", NIGHT + "missed torn_write", []),
        (
            "14.9",
            NIGHT + "missed torn_write",
            ["Fault point coverage fell by 15.0 points, 75.0% to 60.0% (expected at most 14.9)"],
        ),
        # one is lost, another one won: the percentage is as it was
        ("0", SWAPPED_NIGHT, ["Fault point 'drop' was hit on base, not here"]),
        ("0, lost=1", SWAPPED_NIGHT, []),
        ("lost=any", NIGHT.replace("hit drop", "missed drop"), []),
        ("50", NIGHT.replace("ran hash_chain 3", "never hash_chain"), ["Invariant 'hash_chain' ran on base, not here"]),
        ("50, lost=1", NIGHT.replace("ran hash_chain 3", ""), []),
        # more than before is no regression
        ("0", NIGHT.replace("missed delay", "hit delay"), []),
    ],
)
def test_what_may_be_lost(limit: str, told: str, lines: list[str]) -> None:
    """Percentage points, and names that a percentage hides."""
    now = verdict_of(told, verdict_of(), parse_limit(limit, "--max-regression"))
    assert lines_of(now) == lines
    assert now.passed is not bool(lines)


def test_without_a_limit_a_change_never_fails() -> None:
    """Comparing informs; only `max-regression` makes a gate of it."""
    now = verdict_of(NIGHT.replace("hit drop", "missed drop"), verdict_of())
    assert now.passed
    assert changed(now)


def test_a_base_that_is_missing_fails_nothing_by_itself() -> None:
    """It is told, and that is all."""
    now = verdict_of(NIGHT, "it has expired")
    assert now.passed
    assert now.base is not None
    assert now.base.missing == "it has expired"
    assert not changed(now)


def test_a_limit_that_cannot_be_held_against_anything_is_not_measured() -> None:
    """Whoever asks for the gate gets no pass out of silence, but may excuse it."""
    limit = parse_limit("0", "--max-regression")
    now = verdict_of(NIGHT, "it has expired", limit)
    assert lines_of(now) == ["Regression against base: not measured (expected at most 0 points, 0 lost)"]
    assert now.violations[0].detail == "it has expired"
    assert verdict_of(NIGHT, "it has expired", limit, policy="warn").passed


def test_a_report_that_is_new_has_lost_nothing_and_one_that_is_gone_has() -> None:
    """Renaming a scenario is no way round the gate: the old name is missed."""
    limit = parse_limit("0", "--max-regression")
    then = verdict_of(scenario="combined")
    renamed = verdict_of(NIGHT, then, limit, scenario="swizzle", name="swizzle.json")
    assert lines_of(renamed) == ["Report 'combined.json' was judged on base and is missing here"]
    assert not renamed.passed
    assert [gate.status for gate in renamed.reports[0].gates][-1] == Status.NOT_REQUIRED
    assert verdict_of(NIGHT, then, None, scenario="swizzle", name="swizzle.json").passed


def judged(name: str, scenario: str | None = None) -> JudgedReport:
    """A report of a base."""
    return replace(verdict_of().reports[0], name=name, scenario=scenario)


@pytest.mark.parametrize(
    ("names", "theirs", "pairs", "absent"),
    [
        # the scenario, whatever its case, beats the file's name
        ([("a", "Combined"), ("b", "swizzle")], [("b", "combined"), ("a", "swizzle")], ["b", "a"], []),
        # two shards of one scenario: by name
        ([("s-1", "swizzle"), ("s-2", "swizzle")], [("s-2", "swizzle"), ("s-1", "swizzle")], ["s-1", "s-2"], []),
        # a run's number in the file's name: the only one left on either side
        ([("run-12.json", None)], [("run-11.json", None)], ["run-11.json"], []),
        ([("a", None), ("x-12", None)], [("a", None), ("x-11", None)], ["a", "x-11"], []),
        # but not two different scenarios, and not one of many
        ([("a", "combined")], [("b", "swizzle")], [None], ["b"]),
        ([("x", None), ("y", None)], [("b", None)], [None, None], ["b"]),
        ([("x", None)], [("b", None), ("c", None)], [None], ["b", "c"]),
    ],
)  # fmt: skip
def test_counterparts(
    names: list[tuple[str, str | None]],
    theirs: list[tuple[str, str | None]],
    pairs: list[str | None],
    absent: list[str],
) -> None:
    """Which report of the base is compared with which of ours."""
    base = Base("base", replace(verdict_of(), reports=tuple(judged(*one) for one in theirs)))
    found, left = counterparts(names, base)
    assert [before.report and before.report.name for before in found] == pairs
    assert left == absent


def test_a_gate_that_was_loosened_is_told() -> None:
    """Lower bounds, dropped names, a smaller denominator, absence excused, violations expected."""
    strict = verdict_of(fault_point_coverage_min=0.7, critical_fault_points=["crash", "fsync"], min_view_changes=2)
    now = verdict_of(
        NIGHT.replace("missed delay", ""), strict, fault_point_coverage_min=0.6, critical_fault_points=["crash"]
    )
    assert change_of(now).loosened == (
        "fault_point_coverage_min: 0.6 instead of 0.7 (set by the test)",
        "critical_fault_points: without fsync (set by the test)",
        "min_view_changes: 0 instead of 2 (set by nobody)",
        "3 known fault points instead of 4",
    )
    assert changed(now)


def test_a_figure_that_is_excused_since_is_told() -> None:
    """`on_not_measured` is a bound like any other: loosening it must not go unsaid."""
    then = verdict_of(NIGHT, min_view_changes=1, **HALF)
    report = then.reports[0]
    excused = [
        replace(gate, note="excused: on_not_measured is ignore") for gate in report.gates if gate.gate == "repairs"
    ]
    told = loosened(report.report, bounds_of(report), report.thresholds, excused, report)
    assert list(told) == ["repairs: excused: on_not_measured is ignore"]
    assert list(loosened(report.report, bounds_of(report), "expect: violation of a", [], report)) == [
        "expect: violation of a, instead of default"
    ]


def test_a_streams_base_is_held_against_todays_fault_points() -> None:
    """What a config declares since is no fall: a stream's denominator is made of names that somebody wrote down."""
    stream = Input("combined.ndjson", "stream", a_report(NIGHT))
    unit = Unit("combined.ndjson", None, (stream,), Evidence(stream.report))
    terms = Terms(requiring(**HALF), "default", "default", {}, "", limit=parse_limit("0", "x"))
    then = conclude([judge(unit, terms)], (), "1.0")
    declared = a_report(NIGHT + "missed torn_write\nmissed bit_rot")
    now = judge(replace(unit, evidence=Evidence(declared)), terms, Before(then.reports[0]))
    assert now.violations == ()
    assert now.report.change is not None
    assert now.report.change.gates[0].measured == "50.0% (3 of 6)"


def test_tightening_is_no_loosening() -> None:
    """A stricter bound is nothing to warn of."""
    now = verdict_of(NIGHT, verdict_of(), fault_point_coverage_min=0.7, critical_fault_points=["crash"])
    assert change_of(now).loosened == ()


def test_bounds_that_are_none_of_ours_are_refused() -> None:
    """A base is a file like any other: a number where names belong must not crash the comparison."""
    strange = replace(judged("a"), bounds=(BoundUsed("critical_fault_points", 3, "x"), BoundUsed("unknown", {}, "x")))
    with pytest.raises(ReportError, match="critical_fault_points"):
        bounds_of(strange)
    assert bounds_of(replace(strange, bounds=())).require_nothing()


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("0", (0.0, 0)),
        ("2.5", (2.5, 0)),
        ("2, lost=3", (2.0, 3)),
        ("lost = any", (100.0, None)),
        ("lost=1\n10", (10.0, 1)),
    ],
)
def test_limits(text: str, limit: tuple[float, int | None]) -> None:
    """Points, names, or both, in any order."""
    found = parse_limit(text, "x")
    assert (found.points, found.lost) == limit


@pytest.mark.parametrize(
    "text", ["", "-1", "101", "1e3", "nan", "٣", "lost=", "lost=-1", "lost=1.5", "2%", "points=2", "2 3"]
)
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    """A typo must not become a gate that never fails."""
    with pytest.raises(UsageError, match="percentage points from 0 to 100"):
        parse_limit(text, "x")


def test_nothing_changed_is_nothing_to_tell() -> None:
    """The same figures under the same bounds."""
    assert not changed(verdict_of(NIGHT, verdict_of()))
    assert not changed(verdict_of())
    assert changed(verdict_of(NIGHT.replace("view_changes 4", "view_changes 5"), verdict_of()))
