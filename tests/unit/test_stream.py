"""What a VOPR stream says, and each way in which one can disagree with itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from io import BufferedReader, BytesIO, RawIOBase
from typing import Any

import pytest

from tests.build import (
    ATTEMPTED,
    EFFECTS,
    INVARIANTS,
    PROPERTIES,
    REAL,
    SEED_COUNT,
    Record,
    a_coverage,
    a_flat_report,
    a_record,
    a_stream,
    ending,
    failed,
    line,
    ndjson,
    ok,
    records_of,
    start,
)
from vopr_coverage import contract
from vopr_coverage.errors import ManyErrors, ReportError, UserError
from vopr_coverage.merging import as_unit
from vopr_coverage.reading import read_report
from vopr_coverage.reading.documents import read_document
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.reading.tally import Tally
from vopr_coverage.report import SEEDS_KEPT_MAX, CoverageReport, Input, Run


def reading(*pieces: Record | bytes) -> Input:
    """These records and lines as read: in one block, and with what is between the ends in a block of its own."""
    stream = ndjson(*pieces)
    lines = BytesIO(stream).readlines()
    apart = (b"".join(part) for part in (lines[:1], lines[1:-1], lines[1:][-1:]) if part)
    whole = read_stream([stream], "s")
    assert read_stream(apart, "s") == whole
    return whole


def run_of(*pieces: Record | bytes) -> Run:
    """What the stream's records say about the run."""
    run = reading(*pieces).run
    assert run is not None
    return run


def report_of(*pieces: Record | bytes) -> CoverageReport:
    """The coverage of a whole stream."""
    report = reading(*pieces).report
    assert report is not None
    return report


def complaint(*pieces: Record | bytes) -> list[str]:
    """The lines that a stream which can't be read gets."""
    with pytest.raises(UserError) as caught:
        reading(*pieces)
    return str(caught.value).splitlines()


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
    (with_end(failures=0), ["failures is 0, 1 records failed and 0 failed without one",
                            "failures is 0, failed_seeds lists 1",
                            "successes and failures make 2, the start record announced 3"]),
    (with_end(failures=2), ["failures is 2, 1 records failed and 0 failed without one",
                            "failures is 2, failed_seeds lists 1",
                            "successes and failures make 4, the start record announced 3"]),
    (with_end(failed_seeds=[]), ["1 failed records are not in failed_seeds, the first is seed 1",
                                 "failures is 1, failed_seeds lists 0"]),
    (with_end(failed_seeds=[1, 2]), ["failed_seeds has seed 2, its record does not say so",
                                     "failures is 1, failed_seeds lists 2"]),
    (with_end(failed_seeds=[1, 1]), ["failed_seeds has seed 1 twice or out of order",
                                     "failures is 1, failed_seeds lists 2"]),
    # a seed beyond the announced range
    (with_end(failed_seeds=[1, 3]), ["failed_seeds has seed 3, its record does not say so",
                                     "failures is 1, failed_seeds lists 2"]),
    # a record that is missing, with its success still counted, and one that nobody counted
    ([start(0, 3), ok(0), ok(2), ending(3)], ["1 seeds have neither a record nor a failure, the first is 1",
                                              "successes is 3, 2 records say ok"]),
    ([start(0, 3), ok(0), ok(1), ending(3)], ["1 seeds have neither a record nor a failure, the first is 2",
                                              "successes is 3, 2 records say ok"]),
    ([start(0, 3), ok(1), ok(2), ending(3)], ["1 seeds have neither a record nor a failure, the first is 0",
                                              "successes is 3, 2 records say ok"]),
    # order: twice, backwards, outside of the announced range
    ([start(0, 3), ok(0), ok(1), ok(1), ok(2), ending(3)], ["line 4 has seed 1 again or too late, seed 2 was due",
                                                            "successes is 3, 4 records say ok"]),
    ([start(0, 3), ok(1), ok(0), ok(2), ending(3)], [
        "line 3 has seed 0 again or too late, seed 2 was due",
        "1 seeds have neither a record nor a failure, the first is 0",
    ]),
    ([start(0, 3), ok(0), ok(1), ok(2), ok(3), ending(3)], [
        "line 5 has seed 3, the start record announced 0 to 2", "successes is 3, 4 records say ok",
    ]),
    ([start(0, 0), ok(0), ending(0)], ["line 2 has seed 0, the start record announced none",
                                       "successes is 0, 1 records say ok"]),
    # the totals of the coverage, each against its map
    (with_coverage("fault_points", total=4), ["fault_points.total is 4, 3 points are listed"]),
    (with_coverage("fault_points", hit=3), ["fault_points.hit is 3, 2 points were attempted"]),
    (with_coverage("invariants", total=1), ["invariants.total is 1, 2 invariants are listed"]),
    (with_coverage("invariants", executed=3), ["invariants.executed is 3, 2 ran"]),
    (with_coverage("phases", unique_phases=2), ["phases.unique_phases is 2, 1 phases are listed"]),
    (with_coverage("phases", total_events=29), ["phases.total_events is 29, 30 are counted"]),
    (with_coverage("fault_points", total=1, hit=0,
                   fault_points={"net": {"attempted": 0, "applied": 4, "observed": 5}}),
     ["net was observed 5 times, applied 4 times"]),
    # properties
    (with_end(properties=PROPERTIES | {"violation_count": 1}), ["violation_count is 1, violated_ids lists 0"]),
    (with_end(properties=PROPERTIES | {"violated_ids": ["a"]}), ["violation_count is 0, violated_ids lists 1"]),
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
    assert run.ended_early == "no batch_complete after 1 of 3 iterations, died at seed 1"


def test_a_stream_without_its_start_is_not_whole() -> None:
    """The range of seeds is announced by `start` only, so a stream without one proves nothing."""
    read = reading(ok(0), ok(1), ending(2))
    assert read.run is not None
    assert read.run.ended_early == "there is no start record, pass the whole stream"
    assert read.report is None


def test_a_start_after_the_first_records_is_told() -> None:
    """A start record that comes late doesn't vouch for the seeds before it."""
    run = run_of(ok(5), start(5, 1), ending(1))
    assert run.contradictions == ("line 2 has the start record, after 1 iterations",)


def test_seeds_wrap_round_at_two_to_the_64() -> None:
    """A range over the highest seed is one range: its records follow each other, its gaps are gaps."""
    last = SEED_COUNT - 1
    assert run_of(a_stream(4, first=last - 1)).contradictions == ()
    read = run_of(a_stream(4, first=last - 1, failing=[0], lost=[last]))
    assert read.contradictions == ()
    assert read.silent_failures.seeds == (last,)
    assert [group.seeds for group in read.failures] == [(0,)]
    cut = run_of(start(last, 3), ok(last))
    assert cut.ended_early == "no batch_complete after 1 of 3 iterations, died at seed 0"
    beyond = run_of(start(last, 2), ok(last), ok(0), ok(1), ending(2))
    assert beyond.contradictions[0] == f"line 4 has seed 1, the start record announced {last} to 0"


DEATHS = [
    # after the last record, the next seed is the one that was running
    ((start(900, 200), ok(900), ok(901)), "no batch_complete after 2 of 200 iterations, died at seed 902"),
    # before the first record
    ((start(900, 200),), "no batch_complete after 0 of 200 iterations, died at seed 900"),
    # every announced seed has its record: no seed is to blame
    ((start(5, 1), ok(5)),
     "no batch_complete after 1 of 1 iterations, died after the last seed 5, before batch_complete"),
    # nothing was asked for
    ((start(5, 0),), "no batch_complete after 0 of 0 iterations, died before any seed, before batch_complete"),
    # the end is there, but only half of it
    ((start(5, 2), ok(5), ok(6), line(ending(2))[:90]),
     "no batch_complete after 2 of 2 iterations, died after the last seed 6, before batch_complete"),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "where"), DEATHS)
def test_an_unfinished_stream_says_at_which_seed_it_died(pieces: tuple[Record | bytes, ...], where: str) -> None:
    """Without `batch_complete` there is no coverage, and the seed to look at is named."""
    read = reading(*pieces)
    assert read.run is not None
    assert (read.run.ended_early, read.report) == (where, None)


# ---- what the last record carries


def test_a_fault_point_is_hit_when_any_of_its_counters_moved() -> None:
    """The simulator's own `hit` means attempted; faults that are only applied or seen were hit too."""
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
    assert read.report.hit_fault_points == ["applied", "attempted", "observed"]  # the simulator sorts
    assert read.report.missed_fault_points == ["silent"]
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


# ---- what doesn't belong there


def test_unknown_record_types_and_keys_warn_with_their_first_line() -> None:
    """A newer simulator stays readable, and what was passed over is said once, escaped."""
    heartbeat = a_record("heart\nbeat", {"any": ["thing"]})
    records = [start(0, 3, shard=1), heartbeat, ok(0, cpu_ms=3), ok(1), heartbeat, ok(2, cpu_ms=4), ending(3)]
    records[2]["host"] = "a"
    read = reading(*records)
    assert read.run is not None
    assert read.run.contradictions == ()
    assert read.warnings == (
        "unknown key 'data.shard' in 'start' records, first on line 1",
        "unknown record type 'heart\\nbeat', first on line 2",
        "unknown key 'host' in 'iteration' records, first on line 3",
        "unknown key 'data.cpu_ms' in 'iteration' records, first on line 3",
    )


NOISE = [
    b"[vsr.cross_replica_agreement] phase=fsync_end: (view 1, op 7)\n",
    b"   Compiling kimberlite v0.8.0\n",
    b'{"level":"info","msg":"type and data"}\n',
    b'{"type":"log","message":"seed 3"}\n',
    b'{"data":{"seed":3},"severity":"DEBUG","time":1}\n',
    b'{"level":"info","value":NaN,"value":1}\n',
    b'"text"\n',
    b"17\n",
    b'["a",1]\n',
    b"\xc3( is not UTF-8\n",
    b"{half of an object\n",
]


@pytest.mark.parametrize("noise", NOISE)
def test_lines_of_other_programs_are_counted_and_change_nothing(noise: bytes) -> None:
    """stderr in the same file, before the first record, among them and after the end, is no record."""
    quiet, lines = reading(a_stream()), a_stream().splitlines(keepends=True)
    noisy = reading(noise, lines[0], noise, *lines[1:-1], noise, lines[-1], noise)
    assert (noisy.report, noisy.run) == (quiet.report, quiet.run)
    assert noisy.warnings == ("4 lines are no records of the stream (is stderr mixed in?)",)


def test_noise_may_stand_in_front_of_a_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever the very first line is, one line that is a record makes the file a stream."""
    folder = tmp_path_factory.mktemp("noise")
    for number, noise in enumerate([*NOISE, b"\n", b"\r\n", b"[1] done\n" * 40_000]):
        path = folder / f"{number}.ndjson"
        path.write_bytes(noise + a_stream())
        read = read_report(str(path))
        assert read.run is not None
        assert (read.format, read.run.complete, read.run.contradictions) == ("stream", True, ()), noise[:40]


class Pipe(RawIOBase):
    """A pipe that delivers its data in given pieces."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = pieces

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Deliver one piece."""
        piece = self.pieces.pop(0) if self.pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.mark.parametrize("noise", [b'{"level":"info","msg":"here we go"}\n', b"[vsr.agreement] phase=a\n", b"{x}\n"])
def test_a_pipe_may_deliver_a_stream_in_any_pieces(noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much of a live run has arrived by the first look must not decide what it is taken for."""

    class Standard:
        """Standard input with a line a piece."""

        buffer = BufferedReader(Pipe([noise, *BytesIO(a_stream()).readlines()]))

    monkeypatch.setattr(sys, "stdin", Standard)
    read = read_report("-")
    assert read.run is not None
    assert (read.format, read.run.complete, read.run.records) == ("stream", True, 3)
    assert read.warnings == ("1 lines are no records of the stream (is stderr mixed in?)",)


def test_standard_input_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`vopr-coverage check - <&-` has no stream to read from, which is not a bug of ours."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ReportError, match=r"^-: expected data on standard input, found none: it is closed$"):
        read_report("-")


def test_blank_lines_and_windows_line_ends_are_no_noise() -> None:
    """CRLF and empty lines are read without a remark."""
    read = reading(a_stream().replace(b"\n", b"\r\n\r\n"))
    assert (read.warnings, read.run) == ((), reading(a_stream()).run)


def test_a_broken_record_is_never_taken_for_noise() -> None:
    """A line that is meant as a record and breaks its schema stops the reading, with line and pointer."""
    assert complaint(start(0, 1), b'{"timestamp":"","type":"iteration"}\n', ending(1)) == [
        "s:2#: expected the key 'data', found no such key"
    ]
    assert complaint(start(0, 1), b'{"data":{"seed":0},"timestamp":""}\n', ending(1)) == [
        "s:2#: expected the key 'type', found no such key"
    ]
    assert complaint(start(0, 1), ok(0, events=-1), ok(1, seed="1"), ending(1, coverage={})) == [
        "s:2#/data/events: expected an integer from 0 to 2^64-1, found -1",
        "s:3#/data/seed: expected an integer from 0 to 2^64-1, found '1'",
        "s:4#/data/coverage: expected the key 'fault_points', found no such key",
        "s:4#/data/coverage: expected the key 'phases', found no such key",
        "s:4#/data/coverage: expected the key 'invariants', found no such key",
    ]


def test_the_first_ten_problems_of_a_file_are_told() -> None:
    """A file with a thousand broken records gets ten lines and a remark, in file order."""
    told = complaint(start(0, 1000), *(ok(seed, events=-1) for seed in range(1000)))
    assert [one.partition("#")[0] for one in told[:10]] == [f"s:{number}" for number in range(2, 12)]
    assert told[10:] == ["… and 1 more problems"]


def test_text_without_a_single_record_is_refused() -> None:
    """What the simulator prints for people is not a run without failures."""
    assert complaint((REAL / "not-json.txt").read_bytes()) == [
        "s: expected records of a VOPR stream, found 22 lines without one; was the simulator run with --json?"
    ]
    assert complaint(b"\n\n") == [
        "s: expected records of a VOPR stream, found blank lines only; was the simulator run with --json?"
    ]


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


# ---- memory


def test_a_million_failures_keep_a_thousand_seeds() -> None:
    """What is kept of the failures doesn't grow with them, however many seeds and invariants fail."""
    tally, count = Tally(), 300_000
    tally.starting_seed, tally.announced = 0, count
    for seed in range(count):
        tally.add(_failed_data(seed), seed + 2)
    groups = tally.failure_groups()
    assert len(groups) == 101
    assert sum(group.count for group in groups) == count
    assert max(len(group.seeds) for group in groups) == SEEDS_KEPT_MAX
    assert all(len(group.message) <= 500 for group in groups)
    assert tally.failed_seeds.itemsize * len(tally.failed_seeds) == 8 * count


def _failed_data(seed: int) -> Any:
    from vopr_coverage.reading.records import FailedData

    return FailedData(events=1, invariant=f"invariant {seed % 150}", message="x" * 9_000, seed=seed)


def test_a_million_silent_failures_keep_a_thousand_seeds() -> None:
    """The seeds that left no record are counted, and the first thousand named."""
    count = 200_000
    run = run_of(start(0, count), ending(0, range(count)))
    assert (run.silent_failures.count, run.silent_failures.seeds) == (count, tuple(range(SEEDS_KEPT_MAX)))
    assert run.contradictions == ()


def test_contradictions_and_unknown_names_are_kept_to_ten() -> None:
    """A stream that is wrong on every line doesn't fill the memory with sentences about it."""
    run = reading(start(0, 1), *(ok(5, **{f"key{n}": 1}) for n in range(500)), ending(1))
    assert run.run is not None
    assert len(run.run.contradictions) == 11
    assert run.run.contradictions[-1] == "492 more of this kind"
    assert len(run.warnings) == 10


# ---- merging


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


# ---- documents


def document(text: bytes) -> Input:
    """A flat or wrapped document, as read."""
    return read_document([text], "d")


def refusal(text: bytes) -> str:
    """Why a document is refused."""
    with pytest.raises((ReportError, ManyErrors)) as caught:
        document(text)
    return str(caught.value)


def laid_out(text: bytes) -> bytes:
    """The same JSON with a line for each value."""
    return json.dumps(json.loads(text), indent=2).encode()


@pytest.mark.parametrize("layout", [bytes, laid_out])
@pytest.mark.parametrize("extra", [{}, {"type": "coverage", "data": [1]}, {"coverage_percent": 12, "fault_point": {}}])
def test_flat_and_wrapped_documents_hold_the_same_report(
    layout: Callable[[bytes], bytes], extra: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """However it is laid out, and whatever else it carries, the twelve figures are read."""
    flat = a_flat_report(**extra)
    wrapped = json.dumps({"coverage": json.loads(flat), "coverage_validation": {"passed": True}, **extra}).encode()
    folder = tmp_path_factory.mktemp("documents")
    for text, kind in ((flat, "report"), (wrapped, "wrapped")):
        path = folder / f"{kind}.json"
        path.write_bytes(layout(text))
        read = read_report(str(path))
        assert (read.format, read.run, read.listed_only) == (kind, None, False)
        assert read.report == CoverageReport.from_json(a_flat_report().decode())


def test_null_figures_of_a_document_are_not_measured() -> None:
    """`null` stands for a figure that nobody took; a missing key is an error."""
    read = document(a_flat_report(view_changes=None, repairs=None, unique_query_plans=None))
    assert read.report is not None
    assert (read.report.view_changes, read.report.repairs, read.report.unique_query_plans) == (None, None, None)
    without = json.loads(a_flat_report())
    del without["repairs"]
    assert refusal(json.dumps(without).encode()) == "d#: expected the key 'repairs', found no such key"
    assert refusal(a_flat_report(total_events=None)) == (
        "d#/total_events: expected an integer from 0 to 2^64-1, found null"
    )


def test_coverage_cut_out_of_its_stream_is_refused_with_advice() -> None:
    """`jq .data.coverage` drops the failures; so does wrapping it up again."""
    advice = "a stream's coverage cut out of its run; pass the whole stream, failures included"
    cut = json.dumps(a_coverage()).encode()
    assert refusal(cut) == f"d: expected a CoverageReport, found {advice}"
    assert refusal(b'{"coverage":%s}' % cut) == f"d#/coverage: expected a CoverageReport, found {advice}"
    data = records_of(a_stream())[-1]["data"]
    assert refusal(json.dumps(data).encode()) == f"d#/coverage: expected a CoverageReport, found {advice}"


def test_lists_that_are_not_as_long_as_their_counts_are_remarked_on() -> None:
    """The seed's own test writes such reports, so it is a warning, with both numbers."""
    read = document(a_flat_report(total_fault_points=10, fault_points_hit=9))
    assert read.warnings == ("hit_fault_points lists 3 names, fault_points_hit says 9",)


def test_the_built_streams_and_reports_meet_our_schemas() -> None:
    """The worlds that these tests build are ones that our contract describes."""
    for stream in (a_stream(4, failing=[1], lost=[2]), a_stream(era="feb2026")):
        for record in records_of(stream):
            assert contract.problems("stream", record) == []
    assert contract.problems("report", json.loads(a_flat_report())) == []
