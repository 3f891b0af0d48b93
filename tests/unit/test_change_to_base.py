"""What changed against base, field by field: names, gates, properties, and what is judged less strictly."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.bases import a_base_report
from tests.support.reports import a_report, requiring
from vopr_coverage.base.compare import bounds_of, change_of, changed, figures_today
from vopr_coverage.errors import ReportError
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.points import Broken, Observed, Point
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.seen import ObservedSeen, seen_of
from vopr_coverage.model.thresholds import Bound, nothing_layer, resolve
from vopr_coverage.model.verdict import (
    BaseSeen,
    BoundUsed,
    Change,
    GateBefore,
    GateResult,
    JudgedReport,
    Verdict,
)

NIGHT = """
    hit crash
    hit fsync
    missed delay
    ran agreement 7
    ran hash_chain 3
    view_changes 4
"""
NOW = """
    hit torn_write
    hit crash
    hit bit_rot
    missed delay
    ran agreement 1
    ran hash_chain 0
    ran linearizability 2
    ran durability 9
"""
NOTHING = requiring()


def change(now: str | CoverageReport | None, before: JudgedReport, *gates: GateResult, **more: Any) -> Change:
    """The change of a report that is judged by the same bounds as its counterpart, or by `words` and `bounds`."""
    report = a_report(now) if isinstance(now, str) else now
    evidence = Evidence(report, observed=more.get("observed"))
    return change_of(evidence, more.get("bounds", NOTHING), more.get("words", "default"), gates, before)


def seen(observed: Observed) -> ObservedSeen:
    """What a verdict lists of it."""
    found = seen_of(observed)
    assert found is not None
    return found


# ---- names and gates


def test_a_change_has_all_names_and_the_gates_of_base_under_the_bounds_of_today() -> None:
    """Names in alphabetical order. An invariant that ran no time did not run."""
    bounds = requiring(fault_point_coverage_min=0.5, min_view_changes=5, required_invariants=["agreement"])
    assert change(NOW, a_base_report(NIGHT), bounds=bounds) == Change(
        base="night",
        gates=(
            GateBefore("fault-point-coverage", Status.PASSED, "66.7% (2 of 3)", 2 / 3),
            GateBefore("critical-fault-points", Status.NOT_REQUIRED, "", None),
            GateBefore("required-invariants", Status.PASSED, "1 of 1 ran", 1),
            GateBefore("view-changes", Status.FAILED, "4", 4),
            GateBefore("repairs", Status.NOT_REQUIRED, "", None),
            GateBefore("query-plans", Status.NOT_REQUIRED, "", None),
            GateBefore("phase-events", Status.NOT_REQUIRED, "", None),
        ),
        lost_points=("fsync",),
        new_points=("bit_rot", "torn_write"),
        lost_invariants=("hash_chain",),
        new_invariants=("durability", "linearizability"),
    )


def test_a_point_that_nobody_declares_is_lost_if_only_base_hit_it() -> None:
    """It is in no percentage. A phase is no point, and a point that was not hit is none that was."""
    then = Observed(
        points={
            "crash": Point("fault", count=1),
            "undeclared": Point("sometimes", declared=False, count=2),
            "phase_then": Point("phase", count=2),
            "idle_then": Point("fault", count=0),
        }
    )
    now = Observed(
        points={
            "crash": Point("fault", count=1),
            "new": Point("reachable", declared=False, count=None, runs=1),
            "phase_now": Point("phase", count=2),
            "idle_now": Point("fault", count=0),
        }
    )
    found = change("hit crash", a_base_report("hit crash", observed=seen(then)), observed=now)
    assert (found.lost_points, found.new_points) == (("undeclared",), ("new",))
    found = change("hit crash", a_base_report("hit crash"), observed=now)
    assert (found.lost_points, found.new_points) == ((), ("new",))
    found = change("hit crash", a_base_report("hit crash", observed=seen(then)))
    assert (found.lost_points, found.new_points) == (("undeclared",), ())


def test_a_property_that_is_broken_since_is_new() -> None:
    """Also without figures. What base did not observe is neither old nor new."""
    then = Observed(broken={"old": Broken("old", "was false"), "mended": Broken("mended", "was false")})
    now = Observed(
        broken={"z": Broken("z", "was false"), "old": Broken("old", "was false"), "a": Broken("a", "was false")}
    )
    before = a_base_report(NIGHT, observed=seen(then))
    assert change(NIGHT, before, observed=now).new_violations == ("a", "z")
    assert change(None, before, observed=now) == Change("night", new_violations=("a", "z"))
    assert change(NIGHT, before).new_violations == ()
    assert change(NIGHT, a_base_report(NIGHT), observed=now).new_violations == ()


@pytest.mark.parametrize(("now", "then"), [(None, NIGHT), (NIGHT, None), (None, None)])
def test_without_figures_on_both_sides_only_the_bounds_are_compared(now: str | None, then: str | None) -> None:
    """What was loosened is still told."""
    before = a_base_report(then, bounds=(BoundUsed("min_view_changes", 2, "profile default"),))
    assert change(now, before) == Change("night", loosened=("min_view_changes: 0 instead of 2 (set by nobody)",))


def test_a_stream_of_base_gets_the_points_that_a_config_lists_today() -> None:
    """Each is counted as missed there, once; a flat report keeps its own total, also beside a stream."""
    then, now = "hit crash\nhit fsync\nmissed old\nview_changes 4", a_report("hit z\nhit crash\nmissed delay\nmissed a")
    expected = a_report("hit crash\nhit fsync\nmissed a\nmissed delay\nmissed z\nview_changes 4")
    assert figures_today(a_base_report(then, "stream", "stream"), now) == expected
    for formats in (("report",), ("stream", "report"), ("report", "stream")):
        assert figures_today(a_base_report(then, *formats), now) == a_report(then)
    short = a_base_report(f"{then}\nfault_points_hit 1\ntotal_fault_points 9", "stream")
    assert figures_today(short, now) == expected  # both counts follow from the names
    assert figures_today(a_base_report(then, "stream"), None) == a_report(then)
    assert figures_today(a_base_report(None, "stream"), now) is None


# ---- what is judged less strictly


@pytest.mark.parametrize(
    ("now", "then", "told"),
    [
        ("hit crash", NIGHT, ("1 known fault point instead of 3",)),
        ("total_fault_points 2", "total_fault_points 1001", ("2 known fault points instead of 1,001",)),
        ("total_fault_points 1001", "total_fault_points 1002", ("1,001 known fault points instead of 1,002",)),
        (NIGHT, NIGHT, ()),
        (NIGHT, "hit crash", ()),
    ],
)
def test_fewer_known_points_are_a_smaller_denominator(now: str, then: str, told: tuple[str, ...]) -> None:
    """As many, or more, are not."""
    assert change(now, a_base_report(then)).loosened == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("expect: violation of a", ("expect: violation of a, instead of default",)),
        ("default", ()),
        ("nightly", ()),  # other bounds are told bound by bound
    ],
)
def test_a_violation_that_is_expected_is_told(words: str, told: tuple[str, ...]) -> None:
    """Such a report is judged by its failures alone."""
    assert change(NIGHT, a_base_report(NIGHT), words=words).loosened == told


def test_a_violation_that_was_expected_before_is_no_news() -> None:
    """The same words."""
    before = a_base_report(NIGHT, thresholds="expect: violation of a")
    assert change(NIGHT, before, words="expect: violation of a").loosened == ()


def test_a_gate_that_is_excused_since_is_told_with_its_name() -> None:
    """One that was excused before, and one with another remark, are not."""

    def a_row(gate: str, note: str) -> GateResult:
        return GateResult(gate, Status.NOT_MEASURED, "not measured", "≥ 1", "x", None, 1, "", note)

    warn, ignore = "excused: on_not_measured is warn", "excused: on_not_measured is ignore"
    before = a_base_report(NIGHT, gates=(a_row("repairs", warn), a_row("view-changes", "crash via alias c")))
    rows = [a_row("repairs", ignore), a_row("view-changes", warn), a_row("query-plans", ignore), a_row("pairs", "new")]
    assert change(NIGHT, before, *rows).loosened == (
        "view-changes: excused: on_not_measured is warn",
        "query-plans: excused: on_not_measured is ignore",
    )


# ---- bounds of a verdict that was read


def test_bounds_of_base_have_their_values_and_origins() -> None:
    """A bound of another version is left out, and one that is not there requires nothing."""
    before = a_base_report(
        NIGHT,
        bounds=(
            BoundUsed("of_tomorrow", 3, "profile default"),
            BoundUsed("min_view_changes", 2, "vopr.toml:3"),
            BoundUsed("critical_fault_points", ["crash"], "profile default"),
        ),
    )
    layer = {
        "min_view_changes": Bound(2, "vopr.toml:3"),
        "critical_fault_points": Bound(["crash"], "profile default"),
    }
    assert bounds_of(before) == resolve(layer, nothing_layer("base"))


def test_a_bound_of_the_wrong_type_is_refused_by_name() -> None:
    """Of which report, which bound and what it is."""
    before = a_base_report(NIGHT, name="swizzle.json", bounds=(BoundUsed("critical_fault_points", 3, "x"),))
    with pytest.raises(ReportError) as raised:
        bounds_of(before)
    assert str(raised.value) == (
        "swizzle.json: expected a value of critical_fault_points as thresholds have it, found 3"
    )


# ---- whether anything changed


def verdict(change: Change | None, base: BaseSeen | None = None, gates: tuple[GateResult, ...] = ()) -> Verdict:
    """A verdict of one report with this change, compared with a base."""
    report = a_base_report(NIGHT, change=change, gates=gates)
    return Verdict("passed", True, "r", "1.0", reports=(report,), base=base or BaseSeen("base"))


@pytest.mark.parametrize(
    "kind",
    ["lost_points", "new_points", "lost_invariants", "new_invariants", "loosened", "new_violations"],
)
def test_any_name_that_changed_is_a_change(kind: str) -> None:
    """For better or worse."""
    names: dict[str, Any] = {kind: ("a",)}
    assert changed(verdict(Change("night", **names)))
    assert not changed(verdict(Change("night")))


def test_a_report_without_counterpart_and_one_that_is_gone_are_changes() -> None:
    """Unless there is no base at all."""
    assert changed(verdict(None))
    assert changed(verdict(Change("night"), BaseSeen("base", absent=("swizzle",))))
    assert not changed(verdict(None, BaseSeen("base", missing="it has expired")))
    assert not changed(verdict(None, BaseSeen("base", missing="")))
    assert not changed(replace(verdict(None), base=None))
    assert not changed(replace(verdict(None), reports=()))


@pytest.mark.parametrize(
    ("then", "is_changed"),
    [
        (GateBefore("repairs", Status.PASSED, "4", 4), False),
        (GateBefore("repairs", Status.PASSED, "4 repairs", 4), False),  # the text alone
        (GateBefore("repairs", Status.PASSED, "4", 5), True),
        (GateBefore("repairs", Status.FAILED, "4", 4), True),
        (GateBefore("view-changes", Status.PASSED, "4", 4), True),  # a gate that is gone
    ],
)
def test_a_gate_with_another_result_is_a_change(then: GateBefore, is_changed: bool) -> None:
    """Status or value; a gate that base did not have is none."""
    row = GateResult("repairs", Status.PASSED, "4", "≥ 1", "x", 4, 1, "", "")
    rows = (row, replace(row, gate="regression"))
    assert changed(verdict(Change("night", gates=(then,)), gates=rows)) is is_changed
