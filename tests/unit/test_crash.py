"""A simulator that died at a seed: which endings are a crash, and which two crashes are alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import a_recording
from tests.support.reports import a_stream, ndjson, ok, requiring, start
from vopr_coverage.gates.failing_seeds import Expectation, judge_failures
from vopr_coverage.gates.health import judge_iterations, judge_run_complete
from vopr_coverage.model.crash import Crash, crash_of, is_crash
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.report import Input, Run
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import opened_seeds, read_file

NOTHING = requiring()
PANIC = ("thread 'main' panicked at src/log.rs:551:9:", "index out of bounds: the len is 3 but the index is 7")
DIED: dict[str, Any] = {"exit_code": 101, "whole": False, "last_words": list(PANIC)}
CUT = ndjson(start(40, 10), ok(40), ok(41))


def died(tmp_path: Path, stream: bytes = CUT, **manifest: Any) -> Input:
    """A recording of ten seeds from 40 on that ended so, as it is read."""
    folder = a_recording(tmp_path / "out", stream, **{"seed": "40", "iterations": 10} | DIED | manifest)
    (file,) = find_reports([str(folder)])
    return read_file(file)


def run_of(read: Input) -> Run:
    """Its run."""
    assert read.run is not None
    return read.run


# ---- which endings are a crash


@pytest.mark.parametrize(
    ("ending", "crashed"),
    [
        ({"exit_code": 101}, True),
        ({"exit_code": 1}, True),
        ({"exit_code": 127}, True),  # TigerBeetle's simulator says so that it crashed
        ({"exit_code": None, "signal": 6}, True),
        ({"exit_code": None, "signal": 9}, True),  # out of memory
        ({"exit_code": 0}, False),  # it went home early
        ({"exit_code": None}, False),  # nobody knows
        ({"exit_code": 124}, False),  # `timeout`
        ({"exit_code": 143}, False),  # a shell whose simulator got SIGTERM
        ({"exit_code": None, "signal": 15}, False),
        ({"exit_code": None, "signal": 2}, False),
        ({"timed_out": True, "timeout_s": 5.0}, False),
        ({"interrupted": True}, False),
        ({"duration_s": None}, False),  # the recorder was killed
    ],
)
def test_only_a_simulator_that_ended_by_itself_has_crashed(
    tmp_path: Path, ending: dict[str, Any], crashed: bool
) -> None:
    """What stopped it from outside, and what is not known, leaves an incomplete run."""
    run = run_of(died(tmp_path, **ending))
    assert run.crashed is crashed
    assert [group.seeds for group in run.failures] == ([(42,)] if crashed else [])


@pytest.mark.parametrize(
    ("stream", "seed"),
    [
        (CUT, 42),
        (ndjson(start(40, 10)), 40),  # at its first seed
        (CUT + b"thread panicked", 42),  # stderr in the same file
        (ndjson(start(2**64 - 2, 10), ok(2**64 - 2), ok(2**64 - 1)), 0),
        (CUT + b'{"data":{"events":5,"kern', None),  # its output waited in a buffer: other records may be lost
        (ndjson(ok(40), ok(41)), None),  # of no known range
        (b"error: unknown flag\n", None),
        (b"", None),
        (CUT + ndjson(ok(40)), None),  # in no order: nothing says what runs next
        (ndjson(start(40, 2), ok(40), ok(41)), None),  # after the last seed
    ],
)
def test_a_crash_has_the_seed_that_was_running(tmp_path: Path, stream: bytes, seed: int | None) -> None:
    """Without one that is known for sure, the run is incomplete as ever."""
    run = run_of(died(tmp_path, stream))
    assert [group.seeds for group in run.failures] == ([] if seed is None else [(seed,)])
    assert run.crashed is (seed is not None)
    assert not run.complete


def test_an_exit_code_behind_a_whole_stream_is_no_crash(tmp_path: Path) -> None:
    """No seed was running."""
    assert run_of(died(tmp_path, a_stream(10, first=40))).failures == ()


def test_the_seed_that_it_died_at_counts_as_one_failed_seed(tmp_path: Path) -> None:
    """Beside those that failed before it; it ran."""
    run = run_of(died(tmp_path, CUT))
    assert (run.iterations, run.failed_records, run.records) == (3, 1, 2)
    (group,) = run.failures
    assert (group.invariant, group.count, group.message) == ("crash", 1, " ".join(PANIC))
    assert group.crash == Crash(
        exit_code=101,
        last_words=PANIC,
        signature="panicked at log.rs:#: index out of bounds: the len is # but the index is #",
    )


def test_a_run_that_is_read_seed_by_seed_has_the_same_crash(tmp_path: Path) -> None:
    """The two ways of reading agree."""
    read = died(tmp_path)
    (file,) = find_reports([str(tmp_path / "out")])
    with opened_seeds(file) as seeds:
        list(seeds)
    assert seeds.read.run == read.run


# ---- gates


def test_a_crash_is_told_once(tmp_path: Path) -> None:
    """By the gate on failing seeds, with its ending, its last words and what did not run."""
    read = died(tmp_path)
    (shortfall,) = judge_failures(read, NOTHING, None).violations
    assert shortfall.line == "Simulator died at seed 42: ended with exit code 101; 7 seeds behind it did not run"
    assert shortfall.detail == f"stderr ends with: {PANIC[0]} / {PANIC[1]}"
    assert (shortfall.kind, shortfall.seed, shortfall.invariant) == ("SeedFailed", "42", "crash")
    for judge in (judge_run_complete, judge_iterations):
        outcome = judge(read, NOTHING, None)
        assert (outcome.status, outcome.violations) == (Status.NOT_MEASURED, ())
        assert outcome.note == "the simulator died, see the failing seeds"


def test_a_crash_is_never_expected(tmp_path: Path) -> None:
    """Whatever the scenario's invariants are called."""
    outcome = judge_failures(died(tmp_path), NOTHING, Expectation(("crash",), 0.1, "config"))
    assert outcome.status is Status.FAILED
    assert [shortfall.kind for shortfall in outcome.violations] == ["SeedFailed", "ExpectedViolationMissed"]


# ---- signatures


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (PANIC, "panicked at log.rs:#: index out of bounds: the len is # but the index is #"),
        # another machine has built it
        (tuple(line.replace("src/", "/home/me/src/") for line in PANIC), crash_of(1, None, PANIC).signature),
        (("thread 'worker-3' (812) panicked at 'no', src/a.rs:1:2",), "panicked at 'no', a.rs:#"),
        (("warming up", *PANIC, "note: run with `RUST_BACKTRACE=1`"), crash_of(1, None, PANIC).signature),
        (("panic: runtime error: index out of range [5] with length 3", "goroutine 1 [running]:"),
         "panic: runtime error: index out of range [#] with length #"),
        (("Traceback (most recent call last):", "ValueError: bad 0x7f12ab at seed 12"), "ValueError: bad # at seed #"),
        (("sim: a.c:12: main: Assertion `x' failed.", "Aborted (core dumped)"),
         "Assertion `x' failed."),
        (("Aborted",), "Aborted"),
        (("hash deadbeef01 differs from cafe0123",), "hash # differs from #"),
        (("a decade of facade",), "a decade of facade"),  # words of hexadecimal digits are words
        ((), "ended with exit code 1"),
    ],
)  # fmt: skip
def test_a_signature_is_why_it_died_without_its_numbers(words: tuple[str, ...], expected: str) -> None:
    """The line of the panic where there is one, else the last line that says something."""
    assert crash_of(1, None, words).signature == expected


def test_crashes_without_words_are_alike_if_they_ended_alike() -> None:
    """A signal says something, too."""
    assert crash_of(None, 11, ()).signature == "ended by signal 11"
    assert crash_of(3, None, ()).signature == "ended with exit code 3"
    assert not is_crash(None, None)


def test_a_signature_is_bounded() -> None:
    """Its words may be anybody's."""
    assert len(crash_of(1, None, ["x" * 500]).signature) == 300
