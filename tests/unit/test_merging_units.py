"""Inputs added up, figure by figure: what a unit has, and the sentences about inputs that cannot be added up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report
from vopr_coverage.check.merge import Unit, as_unit, unlisted, with_aliases, with_known_points
from vopr_coverage.errors import UsageError
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.hits import Hits, SeedSpan
from vopr_coverage.model.points import InvariantSeen, Observed, Point
from vopr_coverage.model.report import CoverageReport, Input, Properties, Run


def a_run(iterations: int = 3, first: int | None = 0, **more: Any) -> Run:
    """A whole run of so many seeds."""
    return Run(first, iterations, iterations, 0, iterations, None, **more)


def a_stream(told: str, run: Run, **more: Any) -> Input:
    """A stream of this run with the figures of `a_report(told)`."""
    return Input("night.ndjson", "stream", a_report(told), run, listed_only=True, **more)


def flat(told: str) -> Input:
    """A flat report."""
    return Input("flat.json", "report", a_report(told))


# ---- units


def test_a_unit_of_two_streams_has_the_sum_of_their_figures() -> None:
    """Counts are added, of counters the maximum is taken, names are united."""
    one = a_stream(
        "hit crash\nmissed drop\nran agreement 7\ntotal_events 100\nsimulation_time_ns 5",
        a_run(
            3,
            double_runs=True,
            fault_effects={"crash": 4, "drop": 1},
            fault_counts={"crash": 9, "drop": 2},
            attempts_only={"send": 5},
            properties=Properties({"total_observed": 2, "sometimes_total": 4}, ("b", "a"), ("z",)),
        ),
        via_alias={"crash": ("boom",)},
    )
    two = a_stream(
        "hit drop\nmissed delay\nran agreement 1\ntotal_events 10\nsimulation_time_ns 7",
        a_run(
            4,
            3,
            measured=2,
            fault_effects={"crash": 2},
            fault_counts={"crash": 3},
            attempts_only={"send": 6, "read": 1},
            properties=Properties({"total_observed": 3, "sometimes_total": 4, "reached_hit": 1}, ("c", "b", "a"), ()),
        ),
        via_alias={"crash": ("bang",)},
    )
    assert as_unit("night", "combined", [one, two]) == Unit(
        name="night",
        scenario="combined",
        inputs=(one, two),
        evidence=Evidence(
            report=a_report(
                "hit crash\nhit drop\nmissed delay\nran agreement 8\ntotal_events 110\nsimulation_time_ns 12"
            ),
            is_stream=True,
            simulations=8,
            fault_effects={"crash": 6, "drop": 1},
            properties=Properties({"total_observed": 3, "sometimes_total": 4, "reached_hit": 1}, ("a", "b"), ("z",)),
            via_alias={"crash": ("boom", "bang")},
            iterations=5,
            fault_counts={"crash": 12, "drop": 2},
            attempts_only={"send": 11, "read": 1},
        ),
    )


def test_a_unit_beside_a_flat_report_has_no_figures_of_streams() -> None:
    """Attempts are of the streams alone: a flat report has none."""
    run = a_run(
        fault_effects={"crash": 4},
        fault_counts={"crash": 4},
        attempts_only={"send": 5},
        properties=Properties({"sometimes_total": 4}),
    )
    found = as_unit("m", None, [a_stream("hit crash", run), flat("hit drop")]).evidence
    assert found == Evidence(a_report("hit crash\nhit drop"), is_stream=True, via_alias={}, attempts_only={"send": 5})


def test_a_unit_without_coverage_in_one_input_has_none() -> None:
    """Nor attempts, of which nobody knows whether they took effect elsewhere."""
    run = a_run(attempts_only={"send": 5})
    found = as_unit("m", None, [a_stream("hit crash", run), replace(a_stream("", a_run(4, 3)), report=None)]).evidence
    assert found == Evidence(None, is_stream=True, simulations=7, via_alias={}, iterations=7)


def test_what_inputs_observed_by_name_is_added_up_if_all_did() -> None:
    """The coverage follows from it; events and time, which no name has, are added."""
    one = Observed(
        3,
        points={"crash": Point("fault", count=2, runs=1), "drop": Point("fault")},
        invariants={"agreement": InvariantSeen(executions=7, runs=3)},
    )
    two = Observed(
        4,
        points={"crash": Point("fault", count=1, runs=1), "new": Point("fault", declared=False, count=1, runs=1)},
        invariants={"agreement": InvariantSeen(executions=0)},
    )
    figures = "hit crash\nmissed drop\ntotal_events 100\nsimulation_time_ns 5"
    inputs = [replace(flat(figures), observed=each, listed_only=True) for each in (one, two)]
    found = as_unit("m", None, inputs).evidence
    assert found.observed == Observed(
        7,
        points={
            "crash": Point("fault", count=3, runs=2),
            "drop": Point("fault"),
            "new": Point("fault", declared=False, count=1, runs=1),
        },
        invariants={"agreement": InvariantSeen(executions=7, runs=3)},
    )
    assert found.report == a_report("hit crash\nmissed drop\nran agreement 7\ntotal_events 200\nsimulation_time_ns 10")
    assert as_unit("m", None, [inputs[0], flat(figures)]).evidence.observed is None


def test_properties_of_one_input_without_any_are_not_known() -> None:
    """Nobody knows what it would have counted."""
    properties = Properties({"sometimes_total": 4}, ("a",), ("v",))
    runs = [a_run(properties=properties), a_run(3, 3)]
    assert as_unit("m", None, [a_stream("", run) for run in runs]).evidence.properties is None
    assert as_unit("m", None, [a_stream("", runs[0])]).evidence.properties == properties


def test_what_is_unsatisfied_where_totals_differ_is_so_by_any_input() -> None:
    """One that does not list an id may not know it. Violated ids stand in the order of the files."""
    one = Properties({"sometimes_total": 4}, ("b",), ("v", "u"))
    two = Properties({"sometimes_total": 5, "total_observed": 0}, ("a", "b"), ("w", "v"))
    inputs = [a_stream("", a_run(3, 3 * n, properties=each)) for n, each in enumerate((one, two))]
    assert as_unit("m", None, inputs).evidence.properties == Properties(
        {"sometimes_total": 5, "total_observed": 0}, ("a", "b"), ("v", "u", "w")
    )


def test_an_effect_that_one_run_only_counts_has_no_sum() -> None:
    """Its plain number says how often it was hit, and not how often it took effect."""
    one = a_run(fault_effects={"crash": 4, "drop": 1}, fault_counts={"crash": 9, "drop": 2})
    two = a_run(4, 3, fault_effects={"drop": 2}, fault_counts={"crash": 3, "drop": 2})
    three = a_run(4, 7, fault_effects={"drop": 3})
    inputs = [a_stream("", run) for run in (one, two, three)]
    found = as_unit("m", None, inputs).evidence
    assert (found.fault_effects, found.fault_counts) == ({"drop": 6}, None)
    assert as_unit("m", None, inputs[:1]).evidence.fault_effects == {"crash": 4, "drop": 1}
    assert as_unit("m", None, [a_stream("", a_run(fault_counts={"crash": 3}))]).evidence.fault_effects is None


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("hit a\nmissed b", ""),
        ("total_fault_points 0", ""),
        ("hit a\ntotal_fault_points 2", "its lists name 1 fault point, its total is 2"),
        ("hit a\nmissed b\ntotal_fault_points 1", "its lists name 2 fault points, its total is 1"),
        ("hit a\nmissed b\nfault_points_hit 0", "its lists name 2 fault points, its total is 2"),
        ("total_fault_points 1200", "its lists name 0 fault points, its total is 1200"),
    ],
)
def test_a_report_whose_lists_do_not_name_all_is_told(told: str, problem: str) -> None:
    """With both numbers. One that lists only what it hit is completed later, and without coverage there is nothing."""
    assert unlisted(flat(told)) == problem
    assert unlisted(replace(flat(told), listed_only=True)) == ""
    assert unlisted(replace(flat(told), report=None)) == ""


def test_a_report_that_cannot_be_merged_is_refused_with_the_reason() -> None:
    """Whichever of the inputs it is; alone it can be judged."""
    short = replace(flat("hit a\ntotal_fault_points 2"), source="short\x1b.json")
    expected = (
        r"short\x1b.json cannot be merged: its lists name 1 fault point, its total is 2; which points overlap cannot "
        "be known"
    )
    for inputs in ([short, flat("hit a")], [flat("hit a"), short]):
        with pytest.raises(UsageError, match=f"^{re.escape(expected)}$"):
            as_unit("m", None, inputs)
    assert as_unit("m", None, [short]).evidence.report == short.report


# ---- known points and aliases


def test_known_points_complete_what_streams_observed_by_name() -> None:
    """They are declared, and in the report; events and time stay."""
    observed = Observed(3, points={"crash": Point("fault", count=2, runs=1)})
    read = replace(flat("hit crash\ntotal_events 100\nsimulation_time_ns 5"), observed=observed, listed_only=True)
    unit = as_unit("m", None, [read])
    found = with_known_points(unit, ["drop", "crash"])
    assert found == replace(
        unit,
        evidence=replace(
            unit.evidence,
            report=a_report("hit crash\nmissed drop\ntotal_events 100\nsimulation_time_ns 5"),
            observed=Observed(3, points={"crash": Point("fault", count=2, runs=1), "drop": Point("fault")}),
        ),
    )


def test_known_points_change_nothing_but_the_fault_points() -> None:
    """Counts follow from the lists, whatever they were before."""
    unit = as_unit(
        "m", None, [a_stream("hit a\nran i 3\nview_changes 2\ntotal_fault_points 9\nfault_points_hit 5", a_run())]
    )
    found = with_known_points(unit, ["b"])
    assert found == replace(
        unit, evidence=replace(unit.evidence, report=a_report("hit a\nmissed b\nran i 3\nview_changes 2"))
    )


def test_names_of_a_config_take_the_place_of_the_simulators_everywhere() -> None:
    """In the report, in what the run counted, in what was observed and in the hits seed by seed."""
    read = Input(
        "night.ndjson",
        "stream",
        a_report("hit a2\nhit a\nmissed b2\nran i2 3\nnever j2\nphase s.x 4"),
        a_run(fault_effects={"a2": 1, "a": 2}, fault_counts={"a2": 3, "b2": 0}, attempts_only={"c2": 5, "c": 1}),
        observed=Observed(3, points={"a2": Point("fault", count=1, runs=1)}),
        hits=Hits((SeedSpan(0, 3),), {"a2": 0b001, "a": 0b100}),
    )
    aliases = {"a2": "a", "b2": "b", "c2": "c", "i2": "i", "j2": "j", "s:x": "s:y", "none": "a"}
    assert with_aliases(read, aliases) == replace(
        read,
        report=a_report("hit a\nmissed b\nran i 3\nnever j\nphase s.y 4"),
        run=a_run(fault_effects={"a": 3}, fault_counts={"a": 3, "b": 0}, attempts_only={"c": 6}),
        via_alias={"a": ("a2",), "b": ("b2",), "i": ("i2",), "s.y": ("s.x",)},
        observed=Observed(3, points={"a": Point("fault", count=1, runs=1)}),
        hits=Hits((SeedSpan(0, 3),), {"a": 0b101}),
    )


def test_names_with_colons_are_found_in_both_spellings() -> None:
    """A phase has dots by now, a fault point its colon still."""
    read = with_aliases(flat("hit s:x\nphase s.x 4"), {"s:x": "s:y"})
    assert read.report == a_report("hit s:y\nphase s.y 4")
    assert read.via_alias == {"s:y": ("s:x",), "s.y": ("s.x",)}
    read = with_aliases(flat("phase a.b.c 4"), {"a:b:c": "x:y:z"})
    assert read.report == a_report("phase x.y.z 4")


def test_several_aliases_of_one_name_are_all_remembered() -> None:
    """Those that occurred, in the order of the config; what a run does not tell stays unknown."""
    read = with_aliases(
        a_stream("hit a3\nmissed a2", a_run(attempts_only={"a2": 1})), {"a2": "a", "a3": "a", "a4": "a"}
    )
    assert read.via_alias == {"a": ("a2", "a3")}
    assert read.report == a_report("hit a")
    assert read.run == a_run(attempts_only={"a2": 1})
    nothing: CoverageReport = a_report("total_fault_points 0")
    assert with_aliases(Input("f", "report", nothing), {"a": "b"}).report == nothing
