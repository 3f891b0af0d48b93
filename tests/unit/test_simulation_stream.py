"""The open stream: what its records become, and what it can't be if it is cut or contradicts itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import Record
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed, simulated
from vopr_coverage.errors import ManyErrors, ReportError
from vopr_coverage.model.points import Location
from vopr_coverage.reading.named_counts import UNDECLARED_KEPT_MAX
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.source import NoRecords


def test_points_and_invariants_are_counted_and_so_are_the_seeds_that_show_them() -> None:
    """A total of 30 may be one seed's: the incidence says in how many seeds it was."""
    first = seed(7, hits={"net.drop": 30, "commit": 4})
    read = simulated(begin(3), first, seed(8), seed(9, hits={}), finish(3))
    observed = read.observed
    assert observed is not None
    points = {name: (p.kind, p.declared, p.count, p.runs) for name, p in observed.points.items()}
    assert points == {
        "disk.torn_write": ("fault", True, 2, 1),
        "net.drop": ("fault", True, 30, 1),
        "leader changes": ("sometimes", True, 0, 0),
        "commit": ("phase", True, 14, 2),
    }
    assert (observed.runs, observed.unit) == (3, "seed")
    assert {name: (s.executions, s.runs) for name, s in observed.invariants.items()} == {
        "agreement": (15, 3),
        "durability": (3, 3),
    }


def test_the_seeds_report_has_declared_points_alone() -> None:
    """A point that nobody declared is told of, and is in no percentage: it would only ever be a hit."""
    read = simulated(begin(1), seed(7, hits={"net.drop": 1, "surprise": 9}), finish(1))
    assert read.report is not None
    assert (read.report.total_fault_points, read.report.hit_fault_points) == (3, ["net.drop"])
    assert read.report.missed_fault_points == ["disk.torn_write", "leader changes"]
    assert read.report.phase_events == {"commit": 0}
    assert [w for w in read.warnings if "surprise" in w and "not declared" in w]


def test_a_whole_stream_has_events_time_and_no_contradiction() -> None:
    """The figures that the seeds have are added up."""
    read = simulated(*a_simulation(4))
    assert read.run is not None
    assert read.run.complete
    assert read.run.contradictions == ()
    assert read.warnings == ()
    assert read.report is not None
    assert (read.report.total_events, read.report.simulation_time_ns) == (4 * 100 + 7 + 8 + 9 + 10, 20_000)
    assert (read.run.starting_seed, read.run.announced, read.run.iterations) == (7, 4, 4)
    assert len(set(read.run.first_hashes)) == 4


@pytest.mark.parametrize("key", ["events", "time_ns", "digest", "hits", "ran"])
def test_what_a_simulator_leaves_out_is_no_error_and_shows_nothing(key: str) -> None:
    """Without events nothing can be said of idle seeds, without digests nothing of seeds that are ignored."""
    records = a_simulation(4)
    for record in records:
        record.pop(key, None)
    read = simulated(*records)
    assert read.run is not None
    assert read.run.complete
    assert not read.run.ran_nothing
    assert not read.run.seed_ignored
    assert (read.run.first_hashes == ()) == (key == "digest")
    assert any(f"no record has `{key}`" in warning for warning in read.warnings) == (key in ("hits", "ran"))


def test_totals_at_the_end_alone_are_one_pooled_run() -> None:
    """How many seeds hit a point is not known then: the stream is one sample of all its seeds."""
    plain = [seed(n, hits=None, ran=None) for n in (7, 8)]
    read = simulated(begin(2), *plain, finish(2, hits={"net.drop": 12, "commit": 3}, ran={"agreement": 4}))
    assert read.observed is not None
    assert (read.observed.runs, read.observed.unit) == (1, "file")
    assert read.observed.points["net.drop"].runs == 1
    assert read.observed.points["leader changes"].runs == 0
    assert read.report is not None
    assert read.report.invariant_executions == {"agreement": 4, "durability": 0}


def test_without_hits_and_runs_there_is_no_coverage() -> None:
    """Declared is not measured: seeds alone say nothing of points."""
    bare = [seed(n, hits=None, ran=None) for n in (7, 8)]
    read = simulated(begin(2), *bare, finish(2))
    assert read.report is None


def test_a_count_of_zero_is_no_hit() -> None:
    """A simulator may list all its points with zeros."""
    read = simulated(begin(1), seed(7, hits={"net.drop": 0, "disk.torn_write": 1}), finish(1))
    assert read.observed is not None
    assert not read.observed.points["net.drop"].hit
    assert read.observed.points["disk.torn_write"].runs == 1


def test_a_name_that_is_declared_twice_asks_for_more_and_not_for_less() -> None:
    """As a phase a point would drop out of the percentage, and an optional invariant need not run."""
    points = {"phase": ["net.drop", "commit"], "reachable": ["net.drop"], "fault": ["a"]}
    start = begin(1, points=points, invariants=["agreement"], optional_invariants=["agreement", "order"])
    observed = simulated(start, seed(7, hits={}, ran={}), finish(1)).observed
    assert observed is not None
    kinds = {name: point.kind for name, point in observed.points.items()}
    assert kinds == {"net.drop": "reachable", "commit": "phase", "a": "fault"}
    assert [name for name, seen in observed.invariants.items() if seen.optional] == ["order"]


def test_counters_add_up_and_query_plans_are_the_most_of_any_seed() -> None:
    """The same plan may run at every seed; the end may know better."""
    one = seed(7, counters={"view_changes": 2, "unique_query_plans": 5})
    two = seed(8, counters={"view_changes": 3, "unique_query_plans": 4})
    counters = ["view_changes", "repairs", "unique_query_plans"]
    read = simulated(begin(2, counters=counters), one, two, finish(2))
    assert read.report is not None
    assert (read.report.view_changes, read.report.repairs, read.report.unique_query_plans) == (5, 0, 5)
    exact = simulated(begin(2, counters=counters), one, two, finish(2, counters={"unique_query_plans": 8}))
    assert exact.report is not None
    assert exact.report.unique_query_plans == 8


def test_a_counter_that_nobody_declared_is_not_measured() -> None:
    """Not zero: this simulator has no such thing."""
    read = simulated(*a_simulation(2))
    assert read.report is not None
    assert (read.report.view_changes, read.report.repairs, read.report.unique_query_plans) == (None, None, None)


def test_failures_are_grouped_by_invariant() -> None:
    """With the first message and the seeds."""
    read = simulated(begin(3), failing(7, message="first"), seed(8), failing(9, message="second"), finish(3, failed=2))
    assert read.run is not None
    (group,) = read.run.failures
    assert (group.invariant, group.count, group.message, group.seeds) == ("agreement", 2, "first", (7, 9))
    assert read.run.contradictions == ()


def test_places_go_with_names() -> None:
    """For annotations: at the line of the assertion."""
    places = {"net.drop": "src/net.rs:40", "agreement": "C:\\x.cc"}
    read = simulated(*a_simulation(1, locations=places))
    assert read.observed is not None
    assert read.observed.points["net.drop"].location == Location("src/net.rs", 40)
    assert read.observed.invariants["agreement"].location == Location("C:\\x.cc")


@pytest.mark.parametrize(
    ("records", "ended_early"),
    [
        ([begin(3), seed(7)], "no end record after 1 of 3 seeds, stopped at seed 8"),
        ([begin(1), seed(7)], "no end record after 1 of 1 seed, stopped after the last seed 7, before the end record"),
        ([begin(0)], "no end record after 0 of 0 seeds, stopped before any seed, before the end record"),
        ([seed(7), finish(1)], "there is no start record, pass the whole stream"),
    ],
)
def test_a_stream_that_breaks_off_says_where(records: list[Record], ended_early: str) -> None:
    """And has no coverage: what it would have hit is not known."""
    read = simulated(*records)
    assert read.run is not None
    assert read.run.ended_early == ended_early
    assert read.report is None


@pytest.mark.parametrize(
    ("records", "contradiction"),
    [
        ([begin(2), seed(7), finish(1)], "1 seed has no record, the first is 8"),
        ([begin(2), seed(7), seed(8), finish(3)], "end.seeds is 3, the stream has 2 seed records"),
        ([begin(2), seed(7), failing(8), finish(2)], "end.failed is 0, 1 seed record failed"),
        ([begin(2), seed(8), seed(7), finish(2)], "line 3 has seed 7 again or too late, seed 9 was due"),
        ([begin(2), seed(7), seed(7), finish(2)], "line 3 has seed 7 again or too late, seed 8 was due"),
        ([begin(1), seed(9), finish(1)], "line 2 has seed 9, the start record announced 7 to 7"),
        ([begin(1), seed(7), finish(1), seed(8)], "1 record stands after the end of the stream"),
        (
            [begin(1), seed(7), begin(1, first=8), seed(8), finish(1)],
            "two streams in one file: line 3 starts again at seed 8 for 1 seed, the first start was at seed 7 for 1",
        ),
        (
            [begin(1), seed(7), finish(1, hits={"net.drop": 3})],
            "end.hits has 'disk.torn_write' 0 times, the seeds 2 times",
        ),
        (
            [begin(1), seed(7, counters={"repairs": 2}), finish(1, counters={"repairs": 3})],
            "end.counters.repairs is 3, the seeds make 2",
        ),
    ],
)
def test_counts_and_orders_that_disagree_are_contradictions(records: list[Record], contradiction: str) -> None:
    """Each names both numbers."""
    read = simulated(*records)
    assert read.run is not None
    assert contradiction in read.run.contradictions


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (begin(seeds=-1), "s.ndjson:2#/seeds: expected an integer from 0 to 2^64-1, found -1"),
        (begin(points={"faults": []}), "s.ndjson:2#/points/faults: expected a known key"),
        (begin(points={"fault": ["a", "a"]}), "s.ndjson:2#/points/fault: expected a list of different names"),
        (begin(format="simulation/2"), "s.ndjson:2#/format: expected 'simulation/1', found 'simulation/2'"),
        (seed(7, status="bad"), "s.ndjson:2#/status: expected 'ok' or 'failed', found 'bad'"),
        (seed(7, status="failed"), "s.ndjson:2#: expected the key 'failure'"),
        (seed(7) | {"failure": {"invariant": "x"}}, "s.ndjson:2#/failure: expected no failure beside status 'ok'"),
        (seed(7, hits={"a": -1}), "s.ndjson:2#/hits/a: expected an integer from 0 to 2^64-1, found -1"),
        (seed(7, hits={"a": 1.5}), "s.ndjson:2#/hits/a: expected an integer from 0 to 2^64-1, found 1.5"),
        (seed(1 << 64), "s.ndjson:2#/seed: expected an integer from 0 to 2^64-1, found 18446744073709551616"),
        (finish(failed=True), "s.ndjson:2#/failed: expected an integer from 0 to 2^64-1, found true"),
    ],
)
def test_a_broken_record_is_refused_with_line_and_pointer(record: dict[str, Any], problem: str) -> None:
    """An error of the producer is not guessed around."""
    with pytest.raises((ReportError, ManyErrors)) as refused:
        simulated(begin(4), record)
    assert problem in str(refused.value)


def test_unknown_keys_are_read_past_with_one_warning_each() -> None:
    """So that producers can grow."""
    odd = [seed(n, note="x") for n in (7, 8, 9)]
    read = simulated(begin(3), *odd, finish(3))
    assert read.warnings == ("unknown key 'note' in a seed record, first on line 2",)
    assert read.run is not None
    assert (read.run.records, read.run.contradictions) == (3, ())


def test_other_lines_are_counted_and_may_be_anywhere() -> None:
    """Logs of the simulator in the same file."""
    lines = as_lines(a_simulation(2)).splitlines(keepends=True)
    mixed = b"".join([b"boot\n", lines[0], b'{"level": "info"}\n', lines[1], b"{torn\n", *lines[2:]])
    read = read_simulation([mixed], "s.ndjson")
    assert read.warnings == ("3 lines are no records of the stream (is stderr mixed in?)",)
    assert read.run is not None
    assert read.run.complete


def test_no_record_at_all_is_refused() -> None:
    """A file of another kind."""
    with pytest.raises(NoRecords):
        read_simulation([b"hello\n"], "s.ndjson")


def test_seeds_wrap_around() -> None:
    """After 2^64 - 1 comes 0."""
    last = (1 << 64) - 1
    read = simulated(begin(2, first=last), seed(last), seed(0), finish(2))
    assert read.run is not None
    assert (read.run.records, read.run.contradictions, read.run.complete) == (2, (), True)


def test_the_same_digest_for_every_seed_is_a_seed_that_is_ignored() -> None:
    """Two different seeds never do exactly the same."""
    same = [seed(n, events=5, digest="ab") for n in (7, 8, 9)]
    read = simulated(begin(3), *same, finish(3))
    assert read.run is not None
    assert read.run.seed_ignored


def test_names_without_end_are_not_all_kept() -> None:
    """Of names that nobody declared it keeps a thousand, and says that there are more."""
    hits = {f"point {i}": 1 for i in range(30_000)}
    read = simulated(begin(2), seed(7, hits=hits), seed(8), finish(2))
    assert read.observed is not None
    assert len(read.observed.points) <= 4 + UNDECLARED_KEPT_MAX + 4
    assert any("at least" in warning for warning in read.warnings)
    assert read.observed.points["disk.torn_write"].count == 2


COUNTS = st.dictionaries(st.sampled_from(["disk.torn_write", "net.drop", "other", "commit"]), st.integers(0, 5))


@given(st.lists(st.tuples(COUNTS, COUNTS, st.booleans()), min_size=1, max_size=12), st.integers(1, 600))
def test_in_blocks_or_line_by_line_it_is_the_same(seeds: list[tuple[Any, Any, bool]], block: int) -> None:
    """However a pipe delivers the lines."""
    records = [
        failing(7 + n) | {"hits": hits, "ran": ran} if failed else seed(7 + n, hits=hits, ran=ran)
        for n, (hits, ran, failed) in enumerate(seeds)
    ]
    whole = [begin(len(seeds)), *records, finish(len(seeds), failed=sum(failed for *_, failed in seeds))]
    assert simulated(*whole, block=block) == simulated(*whole, block=1)


def test_a_name_that_is_declared_twice_is_told() -> None:
    """It counts where it is asked for most."""
    more: dict[str, Any] = {"points": {"phase": ["commit"], "fault": ["commit"]}, "optional_invariants": ["agreement"]}
    read = simulated(begin(1, **more), seed(7), finish(1))
    assert read.warnings[:2] == (
        "'commit' is declared as phase and as fault: it counts as fault",
        "'agreement' is declared as an invariant that must run, and as an optional one: it must run",
    )
