"""Shards added up are the run that they were cut from."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.support.reports import (
    PROPERTIES,
    REAL,
    a_flat_report,
    a_report,
    a_stream,
    ok,
    start,
)
from tests.support.streams import reading
from vopr_coverage.check.merge import as_unit, merge_reports, overlaps, with_aliases, with_known_points
from vopr_coverage.errors import UsageError
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.report import SEED_COUNT, CoverageReport, Input, Run
from vopr_coverage.reading import read_report
from vopr_coverage.reading.formats import read_document


def test_two_shards_merged_equal_the_whole_run_figure_for_figure() -> None:
    """swizzle-a and swizzle-b cover the seeds of swizzle-ab: all that is judged must come out the same."""
    a, b, ab = (read_report(str(REAL / f"swizzle-{name}.ndjson")) for name in ("a", "b", "ab"))
    merged, whole = as_unit("m", None, [a, b]).evidence, as_unit("w", None, [ab]).evidence
    assert merged.report == whole.report
    assert merged.report is not None
    assert merged.report.total_events > 0
    assert merged.fault_effects == whole.fault_effects
    assert merged.properties == whole.properties
    assert merged.simulations == whole.simulations == 30


@pytest.mark.parametrize(
    ("total_of_b", "unsatisfied"),
    [
        (27, ("both",)),  # the same properties in both: what one shard satisfied is satisfied
        (28, ("both", "only a", "only b")),  # b knows a property that a doesn't: silence about it proves nothing
    ],
)
def test_property_counts_of_shards_take_the_maximum(total_of_b: int, unsatisfied: tuple[str, ...]) -> None:
    """Counters are maxima, what one shard violated is violated, and unsatisfied is what nobody satisfied."""
    a = PROPERTIES | {"always_evaluated": 40, "unsatisfied_sometimes_ids": ["only a", "both"]}
    b = PROPERTIES | {"never_evaluated": 9, "unsatisfied_sometimes_ids": ["both", "only b"]}
    b |= {"sometimes_total": total_of_b, "violation_count": 1, "violated_ids": ["never this"]}
    shards = [reading(a_stream(3, first=first, properties=own)) for first, own in ((0, a), (3, b))]
    merged = as_unit("m", None, shards).evidence.properties
    assert merged is not None
    assert (merged.counters["always_evaluated"], merged.counters["never_evaluated"]) == (40, 9)
    assert merged.counters["sometimes_total"] == total_of_b
    assert (merged.unsatisfied_ids, merged.violated_ids) == (unsatisfied, ("never this",))


# ---- seed ranges


def a_run(first: int | None, announced: int | None, iterations: int = 0, *, scenario: str | None = None) -> Input:
    """A run of which only the seeds matter; its name is its first seed and its length."""
    run = Run(
        starting_seed=first,
        announced=announced,
        records=iterations,
        failed_records=0,
        iterations=iterations,
        ended_early=None,
    )
    return Input(f"{first}+{announced}", "stream", None, run, scenario)


LAST = SEED_COUNT - 1


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        ((0, 10), (9, 5), True),  # one seed
        ((0, 10), (10, 5), False),  # one after the other
        ((10, 5), (0, 10), False),
        ((3, 4), (3, 4), True),  # the same
        ((3, 1), (3, 1), True),
        ((3, 1), (4, 1), False),
        ((0, 100), (40, 2), True),  # one within the other
        ((40, 2), (0, 100), True),
        ((0, 10), (5, 0), False),  # without a seed
        ((5, 0), (5, 0), False),
        ((None, 10), (None, 10), False),  # without a first seed
        ((LAST, 1), (0, 1), False),  # next to each other around 2^64
        ((LAST, 2), (0, 1), True),  # wraps onto 0
        ((LAST, 2), (1, 1), False),
        ((0, 1), (LAST - 1, 2), False),
        ((0, 1), (LAST - 1, 3), True),
        ((LAST - 5, 10), (LAST - 2, 10), True),  # both wrap
        ((2, 5), (4, LAST - 1), True),  # nearly all seeds
        ((2, 2), (4, LAST - 1), False),
        ((2, 3), (4, LAST - 1), True),
    ],
)
def test_two_runs_overlap_if_a_seed_is_in_both(
    a: tuple[int | None, int], b: tuple[int | None, int], shared: bool
) -> None:
    """Ranges wrap around at 2^64; the order of the files does not matter."""
    one, other = a_run(*a), a_run(*b)
    assert (len(overlaps([one, other])), len(overlaps([other, one]))) == (shared, shared)


def test_an_overlap_names_both_runs_with_their_first_and_last_seeds() -> None:
    """In the order of the files, and around 2^64."""
    runs = [a_run(LAST - 1, 4), a_run(0, 2)]
    assert overlaps(runs) == [
        f"{LAST - 1}+4 (seeds {LAST - 1} to 1) and 0+2 (seeds 0 to 1) share seeds",
    ]
    assert overlaps([a_run(7, 1), a_run(7, None, 1)]) == ["7+1 (seeds 7 to 7) and 7+None (seeds 7 to 7) share seeds"]


def test_a_run_that_announced_nothing_covers_the_seeds_that_it_ran() -> None:
    """What was announced counts, although fewer may have run: a part of a run is no proof of the rest."""
    assert not overlaps([a_run(0, None, 3), a_run(3, 3)])
    assert overlaps([a_run(0, None, 4), a_run(3, 3)])
    assert overlaps([a_run(0, 4, 1), a_run(3, 3)])


def test_runs_of_other_scenarios_and_reports_without_runs_do_not_overlap() -> None:
    """Names compare without regard to case; runs without a name are one scenario."""
    assert not overlaps([a_run(0, 3, scenario="x"), a_run(0, 3, scenario="y"), a_run(0, 3)])
    assert overlaps([a_run(0, 3, scenario="X"), a_run(0, 3, scenario="x")])
    assert not overlaps([a_run(0, 3)])
    flat = Input("flat.json", "report", CoverageReport())
    assert not overlaps([flat, a_run(0, 3), flat])


near_the_end = st.tuples(
    st.integers(-12, 12).map(lambda seed: seed % SEED_COUNT), st.one_of(st.integers(0, 9), st.just(SEED_COUNT - 3))
)


@given(st.lists(near_the_end, max_size=8))
def test_every_run_that_shares_seeds_is_named_and_nothing_else(ranges: list[tuple[int, int]]) -> None:
    """Whatever the ranges: each sentence is true, each run that shares seeds is in one, in the order of the files."""
    runs = [replace(a_run(first, count), source=f"run{number}") for number, (first, count) in enumerate(ranges)]

    def shared(a: int, b: int) -> bool:
        distance = (ranges[b][0] - ranges[a][0]) % SEED_COUNT
        return bool(ranges[a][1] and ranges[b][1]) and (distance < ranges[a][1] or SEED_COUNT - distance < ranges[b][1])

    named = []
    for sentence in overlaps(runs):
        a, b = (int(name) for name in re.findall(r"run(\d) \(", sentence))
        assert a < b
        assert shared(a, b)
        named.append((a, b))
    assert named == sorted(set(named))
    sharing = {n for n in range(len(runs)) if any(shared(min(n, m), max(n, m)) for m in range(len(runs)) if m != n)}
    assert {number for pair in named for number in pair} == sharing


def test_thousands_of_runs_of_the_same_seeds_are_told_one_by_one_not_pair_by_pair() -> None:
    """5,000 copies are twelve million pairs: each run is named with one other."""
    assert len(overlaps([a_run(7, 10) for _ in range(5_000)])) == 4_999


# ---- figures


def test_the_totals_of_a_merged_report_follow_from_its_names() -> None:
    """What one shard hit is hit, what none hit is missed once, and an invariant that ran anywhere is not missed."""
    merged = merge_reports(
        [
            a_report("hit a\nhit b\nmissed c\nmissed d\nran x 2\nran y 0\nnever y\nnever z\nphase p 1"),
            a_report("hit c\nhit a\nmissed d\nmissed e\nran x 3\nran z 4\nnever y\nphase p 5\nphase q 7"),
            a_report("hit f\nmissed a\nmissed e\nnever w\nnever y"),
        ]
    )
    names = "hit a\nhit b\nhit c\nhit f\nmissed d\nmissed e\nnever y\nnever w"
    assert merged == a_report(f"{names}\nran x 5\nran y 0\nran z 4\nphase p 6\nphase q 7")
    assert (merged.total_fault_points, merged.fault_points_hit) == (6, 4)


def test_merged_counts_are_sums_but_for_query_plans() -> None:
    """The same plan may have run in every shard. What one shard did not measure, nobody knows of all of them."""
    figures = "view_changes {0}\nrepairs {0}\nunique_query_plans {0}\ntotal_events {0}\nsimulation_time_ns {0}"
    merged = merge_reports([a_report(figures.format(count)) for count in (4, 7, 5)])
    assert (merged.view_changes, merged.repairs, merged.unique_query_plans) == (16, 16, 7)
    assert (merged.total_events, merged.simulation_time_ns) == (16, 16)
    partly = merge_reports([a_report(figures.format(0)), a_report("total_events 1")])
    assert (partly.view_changes, partly.repairs, partly.unique_query_plans) == (None, None, None)
    zero = merge_reports([a_report(figures.format(0))] * 2)
    assert (zero.view_changes, zero.repairs, zero.unique_query_plans) == (0, 0, 0)


def test_a_single_report_stays_as_it_is() -> None:
    """Its lists need not account for its totals: nothing was added up."""
    short = a_report("hit a\ntotal_fault_points 9\nfault_points_hit 5")
    assert merge_reports([short]) == short
    read = Input("short.json", "report", short)
    assert as_unit("short.json", None, [read]).evidence.report == short


def test_a_unit_has_only_what_all_of_its_inputs_have() -> None:
    """One shard without coverage, effects, properties or a count of its runs leaves those of all unknown."""
    whole, cut = reading(a_stream(3)), reading(start(3, 3), ok(3))
    both = as_unit("m", None, [whole, reading(a_stream(2, first=3))]).evidence
    assert (both.simulations, both.fault_effects) == (
        5,
        {"network.drop": 40, "sim.network.send": 0, "sim.storage.write": 0},
    )
    assert whole.run is not None
    assert both.properties == whole.run.properties
    assert as_unit("m", None, [whole, cut]).evidence == Evidence(
        None, is_stream=True, simulations=4, via_alias={}, iterations=4
    )
    old = reading(a_stream(3, first=3, era="feb2026"))
    merged = as_unit("m", None, [whole, old]).evidence
    assert (merged.fault_effects, merged.properties, merged.simulations) == (None, None, 6)
    flat = read_document([a_flat_report()], "flat.json")
    merged = as_unit("m", None, [whole, flat]).evidence
    assert (merged.is_stream, merged.simulations, merged.fault_effects) == (True, None, None)
    assert merged.report is not None
    assert merged.report.total_events == 300 + 5000
    assert not as_unit("m", None, [flat]).evidence.is_stream


@pytest.mark.parametrize(
    ("changes", "accounted"),
    [
        ({"total_fault_points": 5}, 4),  # a point that no list names
        ({"total_fault_points": 3}, 4),
        ({"fault_points_hit": 2}, 4),  # the lists account for the total, and not for what was hit
        ({"hit_fault_points": ["sim.storage.fsync"] * 3}, 2),
    ],
)
def test_reports_whose_lists_do_not_account_for_their_totals_are_not_merged(
    changes: dict[str, object], accounted: int
) -> None:
    """Which of the unlisted points overlap cannot be known. A stream lists what it has, so it can be merged."""
    read = read_document([a_flat_report(**changes)], "short.json")
    other = read_document([a_flat_report()], "other.json")
    with pytest.raises(UsageError, match=rf"short\.json cannot be merged: its lists name {accounted} fault points"):
        as_unit("m", None, [other, read])
    assert as_unit("m", None, [replace(read, listed_only=True), other]).evidence.report is not None
    assert as_unit("m", None, [Input("n", "wrapped", None), other]).evidence.report is None


# ---- aliases and known points


def test_counts_of_names_that_become_the_same_are_added() -> None:
    """Two names of one thing are one point, hit if either was; whoever was counted is remembered."""
    aliases = {"a2": "a", "b2": "b", "c2": "c", "x:y": "x.z", "unused": "u"}
    report = a_report(
        "hit a\nhit a2\nhit b2\nmissed b\nmissed c2\nran a2 1\nran a 2\nphase x.y 3\nphase x.z 4\nnever c2"
    )
    run = Run(0, 1, 1, 0, 1, None, fault_effects={"a": 5, "a2": 6, "d": 7})
    for listed_only in (True, False):
        read = with_aliases(Input("s", "stream", report, run, listed_only=listed_only), aliases)
        assert read.report == a_report("hit a\nhit b\nmissed c\nran a 3\nphase x.z 7\nnever c")
        assert read.run is not None
        assert read.run.fault_effects == {"a": 11, "d": 7}
        assert read.via_alias == {"a": ("a2",), "b": ("b2",), "c": ("c2",), "x.z": ("x.y",)}


def test_aliases_leave_points_that_no_list_names_in_the_count() -> None:
    """Only what becomes one point is counted once; the totals of the rest stay."""
    report = a_report("hit a\nhit a2\ntotal_fault_points 10\nfault_points_hit 9")
    read = with_aliases(Input("f", "report", report), {"a2": "a"})
    assert read.report is not None
    assert (read.report.total_fault_points, read.report.fault_points_hit) == (9, 8)
    none = a_report("hit a\nhit a2\ntotal_fault_points 0\nfault_points_hit 0")
    read = with_aliases(Input("f", "report", none), {"a2": "a"})
    assert read.report is not None
    assert (read.report.total_fault_points, read.report.fault_points_hit) == (0, 0)  # no count is below zero


def test_without_aliases_or_coverage_an_input_stays_as_it_is() -> None:
    """There is nothing to rename, and effects without aliases stay unknown."""
    read = Input("f", "report", a_report("hit a"))
    assert with_aliases(read, {}) is read
    none = Input("f", "wrapped", None)
    assert with_aliases(none, {"a": "b"}) is none
    old = Input("s", "stream", a_report("hit a"), Run(0, 1, 1, 0, 1, None))
    assert with_aliases(old, {"a": "b"}).run == old.run


def test_aliases_of_merged_inputs_are_united() -> None:
    """Each name once, in the order in which they were met."""
    one = Input("1", "report", a_report(), via_alias={"a": ("a2", "a3"), "b": ("b2",)})
    two = Input("2", "report", a_report(), via_alias={"a": ("a4", "a3"), "c": ("c2",)})
    assert as_unit("m", None, [one, two]).evidence.via_alias == {
        "a": ("a2", "a3", "a4"),
        "b": ("b2",),
        "c": ("c2",),
    }


def test_known_points_of_a_stream_that_it_does_not_list_were_missed() -> None:
    """Each counts once; a flat report lists its own, and without coverage there is nothing to complete."""
    stream = Input("s", "stream", a_report("hit a\nmissed b"), listed_only=True)
    completed = with_known_points(as_unit("s", None, [stream]), ["a", "b", "c", "c", "d"]).evidence.report
    assert completed == a_report("hit a\nmissed b\nmissed c\nmissed d")
    flat = as_unit("f", None, [Input("f", "report", a_report("hit a"))])
    assert with_known_points(flat, ["c"]) is flat
    nothing = as_unit("n", None, [Input("n", "stream", None, listed_only=True)])
    assert with_known_points(nothing, ["c"]) is nothing
    both = as_unit("m", None, [Input("f", "report", a_report("hit a")), stream])
    assert with_known_points(both, ["c"]).evidence.report == a_report("hit a\nmissed b\nmissed c")
