"""What a recording's manifest adds to a run: whole shortfalls, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, FLAT, a_recording, a_run, failing
from tests.support.reports import SEED_COUNT
from vopr_coverage.gates.manifest import (
    disagreements,
)
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import Input, SeedList

ENDED = "Look at the simulator's stderr and exit status, and run this seed range again."
TIMED_OUT = "Give the run more time or fewer iterations, or look at the seed at which it stopped: it may hang."
INTERRUPTED = (
    "Look for what stopped the job: a cancelled workflow, a limit on its time, a full disk. Then run this seed range "
    "again."
)
UNFINISHED = (
    "Look for what killed the recorder: a cancelled job, a machine that was shut down or had no memory left. Then run "
    "this seed range again."
)
RECORDING = "Look at the recording's manifest.json and stderr.log, and record this run again."
COMMIT = "Record this commit, or judge the recording where its own commit is checked out."
AGAIN = "vopr --scenario combined --seed 0 --iterations 3 --json"
SHA, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
WORDS = {"last_words": ["panicked at a.rs:1:", "no room"], "stderr_bytes": 30}
SAID = "stderr ends with: panicked at a.rs:1: / no room"
KILLED = {"exit_code": None, "duration_s": None}


def told_of(read: Input, commits: tuple[str, ...] = (), own: str | None = None, **manifest: Any) -> list[Shortfall]:
    """In what this manifest disagrees with this file."""
    return disagreements(replace(read, recording=a_recording(**manifest), commits=commits, own_scenario=own))


def lacking(kind: str, line: str, expected: str, actual: str, advice: str = "", **rest: Any) -> Shortfall:
    """A shortfall whose message is its line."""
    return Shortfall(kind, line, expected, actual, line, advice=advice, **rest)


# ---- how it ended


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (
            {"exit_code": 101} | WORDS,
            lacking(
                "UnexplainedExit",
                "Simulator ended with exit code 101, though no seed failed",
                "Exit code 0",
                "Exit code 101",
                ENDED,
                detail=SAID,
                repro=AGAIN,
            ),
        ),
        (
            {"exit_code": None, "signal": 9},
            lacking(
                "UnexplainedExit",
                "Simulator ended by signal 9, though no seed failed",
                "Exit code 0",
                "Signal 9",
                ENDED,
                repro=AGAIN,
            ),
        ),
        (
            {"timed_out": True, "timeout_s": 60.0} | WORDS,
            lacking(
                "TimedOut",
                "Recording timed out after 60 s",
                "Ended by itself",
                "Ended by its timeout",
                TIMED_OUT,
                detail=SAID,
                repro=AGAIN,
            ),
        ),
        (
            {"interrupted": True},
            lacking(
                "Interrupted",
                "Recording interrupted",
                "Ended by itself",
                "Stopped from outside",
                INTERRUPTED,
                repro=AGAIN,
            ),
        ),
        (
            KILLED | WORDS,
            lacking(
                "RecordingUnfinished",
                "Recording never finished: how the simulator ended is not known",
                "An exit code",
                "None",
                UNFINISHED,
                repro=AGAIN,
            ),
        ),
    ],
)
def test_an_end_that_the_stream_does_not_show_is_told(manifest: dict[str, Any], expected: Shortfall) -> None:
    """Of a whole run, and of a format without runs. An incomplete run says by itself what ended it."""
    assert told_of(a_run(), **manifest) == [expected]
    assert told_of(FLAT, **manifest) == [expected]
    assert told_of(a_run(ended_early=CUT), **manifest) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"failures": (failing("x", 1),), "failed_records": 1},
        {"silent_failures": SeedList(1, (1,))},
    ],
)
def test_one_failed_seed_explains_a_bad_end(changes: dict[str, Any]) -> None:
    """With a record or without; but nothing explains a timeout."""
    assert told_of(a_run(**changes), exit_code=1) == []
    assert [each.kind for each in told_of(a_run(**changes), exit_code=1, timed_out=True)] == ["TimedOut"]


def test_a_recording_that_agrees_has_nothing_to_tell() -> None:
    """And neither has a file without one."""
    assert told_of(a_run()) == []
    assert disagreements(a_run()) == []


# ---- what ran


def test_another_range_than_asked_for_is_told_by_seed_and_by_number() -> None:
    """A stream that does not say its range is not held against one."""
    seed = "Recording disagrees: seed 7 was asked for, the stream starts with 0"
    number = "Recording disagrees: iterations 5 was asked for, the stream starts with 3"
    expected = [
        lacking("RecordingDisagrees", seed, "7", "0", RECORDING),
        lacking("RecordingDisagrees", number, "5", "3", RECORDING),
    ]
    assert told_of(a_run(), seed="7", iterations=5) == expected
    assert told_of(a_run(), seed="7") == expected[:1]
    assert told_of(a_run(announced=None, starting_seed=None), seed="7", iterations=5) == []
    assert told_of(FLAT, seed="7", iterations=5) == []


def test_another_scenario_than_asked_for_is_told_whatever_the_case() -> None:
    """Foreign names are quoted."""
    line = "Recording disagrees: scenario 'combined' was asked for, the stream starts with 'calm'"
    assert told_of(a_run(), own="calm") == [lacking("RecordingDisagrees", line, "combined", "calm", RECORDING)]
    assert told_of(a_run(), own="COMBINED") == []
    assert told_of(a_run(), own="combined", scenario="Combined") == []
    assert told_of(a_run(), own="") == []


def part(first: int, iterations: int, agrees: bool | None) -> dict[str, Any]:
    """Seeds that ran once more, and whether they did the same."""
    asked: dict[str, Any] = {"seed": str(first), "iterations": iterations, "ran": iterations}
    ended: dict[str, Any] = {"exit_code": 0, "signal": None, "died_at": None, "last_words": []}
    return asked | ended | {"again": True, "agrees": agrees, "measured": agrees is True}


def test_seeds_that_did_something_else_when_they_ran_again_are_told() -> None:
    """From the first to the last of them; those of which nobody knows are not."""
    parts = [part(0, 1, True), part(5, 3, False), part(1, 1, None), part(SEED_COUNT - 1, 3, False)]
    last = SEED_COUNT - 1
    assert told_of(a_run(), parts=parts) == [
        lacking(
            "RecordingDisagrees",
            f"Recording disagrees: seeds {first} to {end} ran again, with other results",
            "The same results",
            "Other results",
            RECORDING,
        )
        for first, end in ((5, 7), (last, 1))
    ]


def test_another_commit_is_told_in_short() -> None:
    """Both in twelve digits, and of several the last one that this check may be about."""
    line = "Recorded at another commit: cccccccccccc (expected bbbbbbbbbbbb)"
    assert told_of(a_run(), (SHA, HEAD), commit=OTHER, commit_source="git") == [
        lacking("OtherCommit", line, "b" * 12, "c" * 12, COMMIT)
    ]
    assert told_of(a_run(), (SHA, HEAD), commit=SHA, commit_source="git") == []
    assert told_of(a_run(), (SHA,), commit=OTHER, commit_source="flag") == []
    assert told_of(a_run(), (), commit=OTHER, commit_source="git") == []
    assert told_of(a_run(), (SHA,)) == []


def test_everything_that_disagrees_is_told_in_order() -> None:
    """How it ended, what ran again, and then what was asked for."""
    everything = {"exit_code": 3, "parts": [part(5, 3, False)], "seed": "7", "commit": OTHER, "commit_source": "git"}
    told = told_of(a_run(), (SHA,), "calm", **everything)
    assert [each.line.partition(":")[2].split()[:2] or each.kind for each in told] == [
        "UnexplainedExit",
        ["seeds", "5"],
        ["scenario", "'combined'"],
        ["seed", "7"],
        ["cccccccccccc", "(expected"],
    ]
