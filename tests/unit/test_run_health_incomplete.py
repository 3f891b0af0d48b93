"""What is told of a run that broke off: what ended it, what it said last, and how to run it again."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, a_recording, a_run
from vopr_coverage.gates.manifest import (
    called_without_record,
    early_end,
    last_output,
    other_head,
    run_incomplete,
    with_last_words,
)
from vopr_coverage.model.outcome import Shortfall
from vopr_coverage.model.report import Input

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
AGAIN = "vopr --scenario combined --seed 0 --iterations 3 --json"
SHA, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
WORDS = {"last_words": ["panicked at a.rs:1:", "no room"], "stderr_bytes": 30}
SAID = "stderr ends with: panicked at a.rs:1: / no room"
KILLED = {"exit_code": None, "duration_s": None}


def incomplete(manifest: dict[str, Any] | None, **changes: Any) -> Input:
    """A run that broke off, recorded so; None: not recorded."""
    recording = None if manifest is None else a_recording(**manifest)
    return replace(a_run(ended_early=CUT, **changes), recording=recording)


@pytest.mark.parametrize(
    ("manifest", "changes", "told"),
    [
        (None, {}, CUT),
        ({}, {}, CUT),  # the simulator ended well, and its stream is all that tells
        ({}, {"wrote_nothing": True}, f"ended with exit code 0, {CUT}"),
        ({"exit_code": 101}, {}, f"ended with exit code 101, {CUT}"),
        ({"exit_code": None, "signal": 9}, {}, f"ended by signal 9, {CUT}"),
        ({"timed_out": True, "timeout_s": 5.0, "exit_code": 0}, {}, f"timed out after 5 s, {CUT}"),
        ({"interrupted": True, "exit_code": None, "signal": 15}, {}, f"interrupted, {CUT}"),
        (KILLED, {}, f"the recording never finished, {CUT}"),
    ],
)
def test_the_end_of_an_incomplete_run_begins_with_what_ended_it(
    manifest: dict[str, Any] | None, changes: dict[str, Any], told: str
) -> None:
    """Then how far it came."""
    assert early_end(incomplete(manifest, **changes)) == told


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (None, ""),
        ({}, ""),
        (WORDS, SAID),
        ({"stderr_bytes": 30}, "its last output may be in stderr.log"),
        (KILLED, "its last output may be in stderr.log"),
        (KILLED | WORDS, "its last output may be in stderr.log"),
        ({"exit_code": 101} | WORDS, SAID),
        (
            {"timed_out": True, "exit_code": None, "signal": 15} | WORDS,
            f"the simulator was ended by signal 15; {SAID}",
        ),
        (
            {"interrupted": True, "exit_code": 130, "stderr_bytes": 1},
            "the simulator ended with exit code 130; its last output may be in stderr.log",
        ),
        ({"timed_out": True, "exit_code": 0}, ""),
    ],
)
def test_the_last_output_is_told_or_where_it_may_be(manifest: dict[str, Any] | None, told: str) -> None:
    """What stopped the run may have ended the simulator in its own way."""
    assert last_output(None if manifest is None else a_recording(**manifest)) == told


@pytest.mark.parametrize(
    ("manifest", "rest"),
    [
        (None, {"advice": "", "repro": ""}),
        ({"exit_code": 101} | WORDS, {"advice": ENDED, "detail": SAID}),
        ({"timed_out": True}, {"advice": TIMED_OUT}),
        ({"interrupted": True}, {"advice": INTERRUPTED}),
        (KILLED, {"advice": UNFINISHED, "detail": "its last output may be in stderr.log"}),
        # what killed the recorder comes before what it had noted
        (KILLED | {"timed_out": True}, {"advice": UNFINISHED, "detail": "its last output may be in stderr.log"}),
    ],
)
def test_an_incomplete_run_has_the_command_and_the_advice_for_what_ended_it(
    manifest: dict[str, Any] | None, rest: dict[str, Any]
) -> None:
    """A stream that nobody recorded has neither."""
    read = incomplete(manifest)
    line = f"Run incomplete: {early_end(read)}"
    expected = Shortfall("RunIncomplete", line, "A whole stream", "Ended early", line, **{"repro": AGAIN} | rest)
    assert run_incomplete(read) == expected


def test_last_words_follow_an_ending() -> None:
    """Where either is known."""
    assert with_last_words("ended by signal 9", a_recording(**WORDS)) == f"ended by signal 9; {SAID}"
    assert with_last_words("", a_recording(**WORDS)) == SAID
    assert with_last_words("ended by signal 9", a_recording()) == "ended by signal 9"
    assert with_last_words("ended by signal 9", None) == "ended by signal 9"


# ---- words on seeds and commits


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["vopr", "--check-determinism"], "Nondeterministic, or failed with traces kept"),
        (["vopr", "--check-determinism", "--no-trace-on-failure"], "Nondeterministic"),
        (["vopr"], "Nondeterministic"),
        (None, "Nondeterministic"),
    ],
)
def test_seeds_without_a_record_are_called_what_they_may_be(command: list[str] | None, told: str) -> None:
    """VOPR's check calls ordinary failures nondeterministic while it keeps their traces."""
    assert called_without_record(None if command is None else a_recording(command=command)) == told


def test_another_head_than_the_commit_of_github_is_told() -> None:
    """Of a commit that GitHub's variable named; elsewhere git itself was asked."""
    named = {"commit": SHA, "commit_source": "environment", "head": OTHER}
    told = ["Recorded with another commit checked out: git's HEAD was cccccccccccc, GITHUB_SHA aaaaaaaaaaaa"]
    assert other_head(a_recording(**named), (SHA, HEAD)) == told
    assert other_head(a_recording(**named), (SHA, OTHER)) == []
    assert other_head(a_recording(**named | {"head": SHA}), (HEAD,)) == []
    assert other_head(a_recording(**named | {"head": None}), (HEAD,)) == []
    assert other_head(a_recording(**named | {"commit_source": "git"}), (HEAD,)) == []
    assert other_head(a_recording(**named | {"commit": None}), (HEAD,)) == []
    assert other_head(None, (HEAD,)) == []
