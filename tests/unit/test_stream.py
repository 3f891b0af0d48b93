"""What a VOPR stream says, and each way in which one can disagree with itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.reports import (
    ATTEMPTED,
    EFFECTS,
    INVARIANTS,
    PROPERTIES,
    SEED_COUNT,
    Record,
    a_coverage,
    a_record,
    a_stream,
    ending,
    failed,
    line,
    ok,
    start,
)
from tests.support.streams import reading, report_of, run_of


def test_a_healthy_stream_is_whole_and_agrees_with_itself() -> None:
    """The figures are the sums of the records and the maps of the last one; nothing is remarked on."""
    read = reading(a_stream(3, first=40, failing=[41], lost=[42]))
    report, run = read.report, read.run
    assert report is not None
    assert run is not None
    assert (run.complete, run.contradictions, read.warnings) == (True, (), ())
    assert (run.starting_seed, run.announced, run.records, run.failed_records, run.iterations) == (40, 3, 2, 1, 3)
    assert (report.total_events, report.simulation_time_ns) == (107, 10_000_000_000)
    assert report.hit_fault_points == ["network.drop", "sim.network.send", "sim.storage.write"]
    assert (report.fault_points_hit, report.total_fault_points, report.missed_fault_points) == (3, 3, [])
    assert report.invariant_executions == INVARIANTS
    assert report.phase_events == {"storage.fsync_complete": 30}
    assert (report.view_changes, report.repairs, report.unique_query_plans) == (None, None, None)


# ---- the cross-checks
def with_end(**changes: Any) -> list[Record]:
    """Three seeds, 1 failed with a record, and an end of which `changes` replace something."""
    return [start(0, 3), ok(0), failed(1), ok(2), ending(2, [1], **changes)]


def with_coverage(part: str, **changes: Any) -> list[Record]:
    """The same with one figure of its coverage changed."""
    coverage = a_coverage()
    coverage[part] |= changes
    return with_end(coverage=coverage)


DISAGREEMENTS: list[tuple[list[Record], list[str]]] = [
    # each count off by one, below and above; and failures that disagree with the records and with the list
    (with_end(successes=1), ["successes is 1, 2 records say ok",
                             "successes and failures make 2, the start record announced 3"]),
    (with_end(successes=3), ["successes is 3, 2 records say ok",
                             "successes and failures make 4, the start record announced 3"]),
    (with_end(failures=0), ["failures is 0, 1 record failed and 0 failed without one",
                            "failures is 0, failed_seeds lists 1",
                            "successes and failures make 2, the start record announced 3"]),
    (with_end(failures=2), ["failures is 2, 1 record failed and 0 failed without one",
                            "failures is 2, failed_seeds lists 1",
                            "successes and failures make 4, the start record announced 3"]),
    (with_end(failed_seeds=[]), ["1 failed record is not in failed_seeds, the first is seed 1",
                                 "failures is 1, failed_seeds lists 0"]),
    (with_end(failed_seeds=[1, 2]), ["failed_seeds has seed 2, its record does not say so",
                                     "failures is 1, failed_seeds lists 2"]),
    (with_end(failed_seeds=[1, 1]), ["failed_seeds has seed 1 twice or out of order",
                                     "failures is 1, failed_seeds lists 2"]),
    # a seed beyond the announced range
    (with_end(failed_seeds=[1, 3]), ["failed_seeds has seed 3, its record does not say so",
                                     "failures is 1, failed_seeds lists 2"]),
    # a record that is missing, with its success still counted, and one that nobody counted
    ([start(0, 3), ok(0), ok(2), ending(3)], ["1 seed has neither a record nor a failure, the first is 1",
                                              "successes is 3, 2 records say ok"]),
    ([start(0, 3), ok(0), ok(1), ending(3)], ["1 seed has neither a record nor a failure, the first is 2",
                                              "successes is 3, 2 records say ok"]),
    ([start(0, 3), ok(1), ok(2), ending(3)], ["1 seed has neither a record nor a failure, the first is 0",
                                              "successes is 3, 2 records say ok"]),
    # order: twice, backwards, outside of the announced range
    ([start(0, 3), ok(0), ok(1), ok(1), ok(2), ending(3)], ["line 4 has seed 1 again or too late, seed 2 was due",
                                                            "successes is 3, 4 records say ok"]),
    ([start(0, 3), ok(1), ok(0), ok(2), ending(3)], [
        "line 3 has seed 0 again or too late, seed 2 was due",
        "1 seed has neither a record nor a failure, the first is 0",
    ]),
    ([start(0, 3), ok(0), ok(1), ok(2), ok(3), ending(3)], [
        "line 5 has seed 3, the start record announced 0 to 2", "successes is 3, 4 records say ok",
    ]),
    ([start(0, 0), ok(0), ending(0)], ["line 2 has seed 0, the start record announced none",
                                       "successes is 0, 1 record says ok"]),
    # the totals of the coverage, each against its map
    (with_coverage("fault_points", total=4), ["fault_points.total is 4, 3 points are listed"]),
    (with_coverage("fault_points", hit=3), ["fault_points.hit is 3, 2 points were attempted"]),
    (with_coverage("invariants", total=1), ["invariants.total is 1, 2 invariants are listed"]),
    (with_coverage("invariants", executed=3), ["invariants.executed is 3, 2 ran"]),
    (with_coverage("phases", unique_phases=2), ["phases.unique_phases is 2, 1 phase is listed"]),
    (with_coverage("phases", total_events=29), ["phases.total_events is 29, 30 are counted"]),
    (with_coverage("fault_points", total=1, hit=0,
                   fault_points={"net": {"attempted": 0, "applied": 4, "observed": 5}}),
     ["net was observed 5 times, applied 4 times"]),
    # properties
    (with_end(properties=PROPERTIES | {"violation_count": 1}), ["violation_count is 1, violated_ids lists 0"]),
    (with_end(properties=PROPERTIES | {"violated_ids": ["a"]}), ["violation_count is 0, violated_ids lists 1"]),
    (with_end(properties=PROPERTIES | {"sometimes_satisfied": 28}), ["sometimes_satisfied is 28, sometimes_total 27"]),
    (with_end(properties=PROPERTIES | {"reached_hit": 18}), ["reached_hit is 18, reached_total 17"]),
]  # fmt: skip


@pytest.mark.parametrize(("records", "told"), DISAGREEMENTS, ids=[told[0][:50] for _, told in DISAGREEMENTS])
def test_counts_that_disagree_are_told_with_both_numbers(records: list[Record], told: list[str]) -> None:
    """Every cross-check that a whole stream of the simulator meets is enforced, and names both sides."""
    assert list(run_of(*records).contradictions) == told


def test_the_unchanged_stream_of_these_checks_is_clean() -> None:
    """What the table above changes is the only thing wrong in its streams."""
    assert run_of(*with_end()).contradictions == ()


def test_records_after_the_end_are_counted() -> None:
    """Nothing that follows `batch_complete` is added to the figures, and it doesn't go unseen."""
    read = reading(a_stream(), ok(3), ok(4), ending())
    assert read.run is not None
    assert read.run.contradictions == ("3 records stand after the end of the stream",)
    assert read.run.records == 3


def test_the_simulators_own_complaint_may_follow_the_end() -> None:
    """`coverage_failures` stands after `batch_complete` by design; its texts are passed on, escaped."""
    told = a_record("coverage_failures", {"failures": ["Fault point coverage 50.0%\n\x1b[31m"]})
    read = reading(a_stream(), told)
    assert read.run is not None
    assert read.run.contradictions == ()
    assert read.warnings == ("the simulator itself says: Fault point coverage 50.0%\\n\\x1b[31m",)


def test_two_streams_in_one_file_show_both_ranges() -> None:
    """A file that was appended to is not judged as if its first half were all of it."""
    run = run_of(a_stream(3, first=7), a_stream(2, first=90))
    assert run.contradictions == (
        "two streams in one file: line 6 starts again at seed 90 for 2 iterations, the first start was at seed 7 for 3",
        "4 records stand after the end of the stream",
    )
    assert run.records == 3


def test_a_stream_restarted_in_the_middle_is_not_whole() -> None:
    """A second start before the end of the first leaves the first without its end."""
    run = run_of(start(0, 3), ok(0), a_stream(3))
    assert run.ended_early == "no batch_complete after 1 of 3 iterations, stopped at seed 1"


def test_a_stream_without_its_start_is_not_whole() -> None:
    """The range of seeds is announced by `start` only, so a stream without one proves nothing."""
    read = reading(ok(0), ok(1), ending(2))
    assert read.run is not None
    assert read.run.ended_early == "there is no start record, pass the whole stream"
    assert read.report is None


def test_a_start_after_the_first_records_is_told() -> None:
    """A start record that comes late doesn't vouch for the seeds before it."""
    run = run_of(ok(5), start(5, 1), ending(1))
    assert run.contradictions == ("line 2 has the start record, after 1 iteration",)


def test_seeds_wrap_round_at_two_to_the_64() -> None:
    """A range over the highest seed is one range: its records follow each other, its gaps are gaps."""
    last = SEED_COUNT - 1
    assert run_of(a_stream(4, first=last - 1)).contradictions == ()
    read = run_of(a_stream(4, first=last - 1, failing=[0], lost=[last]))
    assert read.contradictions == ()
    assert read.silent_failures.seeds == (last,)
    assert [group.seeds for group in read.failures] == [(0,)]
    cut = run_of(start(last, 3), ok(last))
    assert cut.ended_early == "no batch_complete after 1 of 3 iterations, stopped at seed 0"
    beyond = run_of(start(last, 2), ok(last), ok(0), ok(1), ending(2))
    assert beyond.contradictions[0] == f"line 4 has seed 1, the start record announced {last} to 0"


DEATHS = [
    # after the last record, the next seed is the one that was running
    ((start(900, 200), ok(900), ok(901)), "no batch_complete after 2 of 200 iterations, stopped at seed 902"),
    # before the first record
    ((start(900, 200),), "no batch_complete after 0 of 200 iterations, stopped at seed 900"),
    # every announced seed has its record: no seed is to blame
    ((start(5, 1), ok(5)),
     "no batch_complete after 1 of 1 iteration, stopped after the last seed 5, before batch_complete"),
    # nothing was asked for
    ((start(5, 0),), "no batch_complete after 0 of 0 iterations, stopped before any seed, before batch_complete"),
    # the end is there, but only half of it
    ((start(5, 2), ok(5), ok(6), line(ending(2))[:90]),
     "no batch_complete after 2 of 2 iterations, stopped after the last seed 6, before batch_complete"),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "where"), DEATHS)
def test_an_unfinished_stream_says_at_which_seed_it_died(pieces: tuple[Record | bytes, ...], where: str) -> None:
    """Without `batch_complete` there is no coverage, and the seed to look at is named."""
    read = reading(*pieces)
    assert read.run is not None
    assert (read.run.ended_early, read.report) == (where, None)


# ---- what the last record carries
def test_a_fault_point_is_hit_when_it_took_effect() -> None:
    """The simulator's own `hit` means attempted: an injector can attempt and attempt, and nothing comes of it."""
    stages = {
        "attempted": {"attempted": 1, "applied": 0, "observed": 0},
        "applied": {"attempted": 0, "applied": 1, "observed": 0},
        "observed": {"attempted": 0, "applied": 1, "observed": 1},
        "silent": {"attempted": 0, "applied": 0, "observed": 0},
    }
    coverage = a_coverage()
    coverage["fault_points"] |= {"total": 4, "hit": 1, "fault_points": stages}
    read = reading(*with_end(coverage=coverage))
    assert read.report is not None
    assert read.run is not None
    assert read.report.hit_fault_points == ["applied", "observed"]  # the simulator sorts
    assert read.report.missed_fault_points == ["attempted", "silent"]
    assert (read.report.fault_points_hit, read.report.total_fault_points) == (2, 4)
    assert read.run.attempts_only == {"attempted": 1}
    assert read.run.fault_counts == {"attempted": 0, "applied": 1, "observed": 1, "silent": 0}
    assert read.run.fault_effects == {"attempted": 0, "applied": 0, "observed": 1, "silent": 0}


def test_plain_integer_fault_points_are_read_and_have_no_effects() -> None:
    """Streams of early 2026 carry one integer a point; what was observed is then not measured, not 0."""
    read = reading(a_stream(era="feb2026"))
    assert read.run is not None
    assert read.report is not None
    assert read.report.hit_fault_points == list(ATTEMPTED)
    assert (read.run.contradictions, read.run.fault_effects, read.run.properties) == ((), None, None)
    assert reading(a_stream()).run.fault_effects == dict.fromkeys(ATTEMPTED, 0) | EFFECTS  # type: ignore[union-attr]


def test_coverage_null_means_not_measured() -> None:
    """The simulator writes null when it can't write its coverage: there is no report then, not an empty one."""
    read = reading(*with_end(coverage=None))
    assert read.run is not None
    assert (read.report, read.run.complete, read.run.fault_effects) == (None, True, None)


def test_phase_names_are_dotted_and_their_counts_add() -> None:
    """`storage:fsync_complete` and `storage.fsync_complete` are one name."""
    phases = {"storage:fsync_complete": 30, "storage.fsync_complete": 4, "vsr:a:b": 1}
    report = report_of(*with_end(coverage=a_coverage(phases=phases)))
    assert report.phase_events == {"storage.fsync_complete": 34, "vsr.a.b": 1}


def test_time_is_summed_in_whole_nanoseconds() -> None:
    """Each iteration is rounded to whole ns before it is added, so a million of them don't drift."""
    times = [40756.446298, 0.1, 0.000001, 10000, *[0.0000004] * 3]  # 0.4 ns, three times, is nothing
    lines = [ok(seed, simulated_time_ms=time) for seed, time in enumerate(times)]
    for pieces in ([*lines], [lines[0], b"noise\n", *lines[1:]]):  # by the block, and one by one
        report = report_of(start(0, 7), *pieces, ending(7))
        assert report.simulation_time_ns == 40_756_446_298 + 100_000 + 1 + 10_000_000_000


def test_percentages_of_the_producer_are_not_looked_at() -> None:
    """A stream that claims 100 % is read for its counts only."""
    coverage = a_coverage()
    coverage["fault_points"]["coverage_percent"] = 0.0
    coverage["invariants"]["coverage_percent"] = 3.0
    assert report_of(*with_end(coverage=coverage)) == report_of(*with_end())


# ---- seeds that tell nothing
def test_seeds_that_all_give_the_same_run_were_ignored() -> None:
    """Two or more ok seeds with the same hashes, events and time: the simulator didn't use the seed."""
    same = {"storage_hash": "ab"}
    assert run_of(start(0, 2), ok(0, **same), ok(1, **same), ending(2)).seed_ignored
    assert not run_of(start(0, 1), ok(0, **same), ending(1)).seed_ignored
    assert not run_of(start(0, 2), ok(0, **same), ok(1, events=101, **same), ending(2)).seed_ignored
    assert not run_of(start(0, 2), ok(0, **same), ok(1, simulated_time_ms=1, **same), ending(2)).seed_ignored
    assert not run_of(start(0, 2), failed(0), failed(1), ending(0, [0, 1])).seed_ignored


def test_ok_iterations_without_events_ran_nothing() -> None:
    """An iteration in which nothing happened proves nothing; one that has events does."""
    assert run_of(start(0, 2), ok(0, events=0), ok(1, events=0), ending(2)).ran_nothing
    assert not run_of(start(0, 2), ok(0, events=0), ok(1, events=1), ending(2)).ran_nothing
    assert not run_of(start(0, 1), failed(0, events=0), ending(0, [0])).ran_nothing


def test_a_failed_seed_without_a_record_is_a_silent_failure() -> None:
    """That is how the simulator reports a determinism failure, and that it ran seeds twice."""
    run = run_of(a_stream(4, lost=[0, 3]))
    assert (run.silent_failures.count, run.silent_failures.seeds) == (2, (0, 3))
    assert (run.iterations, run.records, run.double_runs, run.simulations) == (4, 2, True, 8)
    assert run_of(a_stream()).double_runs is None


def test_the_effects_of_a_point_are_read_whatever_another_point_is() -> None:
    """A plain integer says nothing of its own effects; it does not hide those of the points beside it."""
    coverage = a_coverage()
    points = {"whole": 7, "faded": {"attempted": 9, "applied": 9, "observed": 1}}
    coverage["fault_points"] |= {"total": 2, "hit": 2, "fault_points": points}
    read = reading(*with_end(coverage=coverage))
    assert read.run is not None
    assert read.run.fault_effects == {"faded": 1}
    assert read.run.fault_counts == {"whole": 7, "faded": 9}
