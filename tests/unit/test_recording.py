"""A manifest: what is taken, what is refused, what it replays, and how health holds it against the stream."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_manifest
from tests.support.reports import SEED_COUNT, a_stream, failed, ndjson, ok, requiring, start
from tests.support.streams import reading
from vopr_coverage.commands import record
from vopr_coverage.errors import UserError
from vopr_coverage.gates.health import judge_determinism, judge_run_complete
from vopr_coverage.gates.manifest import ADVICE as ENDED_ADVICE
from vopr_coverage.model.manifest import (
    MANIFEST_BYTES_MAX,
    Recording,
    filled,
    recording_from_json,
    unknown_placeholders,
)
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.report import Input
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.runner.event import commits_of

SHA, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
BOUNDS = requiring(required_invariants=["vsr_agreement"])


def a_recording(**changes: Any) -> Recording:
    """A manifest as it is read."""
    return recording_from_json(json.dumps(a_manifest(**changes)).encode(), "m")


def judged(stream: bytes, commits: tuple[str, ...] = (), **changes: Any) -> Outcome:
    """The run-complete gate on a recording of this stream."""
    return judge_run_complete(with_manifest(stream, commits, **changes), BOUNDS, None)


def with_manifest(stream: bytes, commits: tuple[str, ...] = (), **changes: Any) -> Input:
    """A stream as read, with its manifest."""
    read = read_stream([stream], "s")
    return replace(read, recording=a_recording(**changes), commits=commits)


def lines_of(outcome: Outcome) -> list[str]:
    """The violations as told."""
    return [violation.line for violation in outcome.violations]


# ---- reading


def test_a_manifest_is_read_and_written_the_same() -> None:
    """What `record` writes, `check` reads."""
    recording = a_recording(commit=SHA, commit_source="git", seed=str(SEED_COUNT - 1))
    assert recording_from_json(recording.to_json().encode(), "m") == recording
    assert json.loads(recording.to_json()) == a_manifest(commit=SHA, commit_source="git", seed=str(SEED_COUNT - 1))


OPTIONAL = {
    "last_words": (),
    "id": None,
    "head": None,
    "parts": (),
    "measured": None,
    "outputs": None,
    "per_seed": False,
    "parallel": None,
    "failed_exit": None,
    "restarts": None,
}  # keys that old manifests lack


@pytest.mark.parametrize("key", [key for key in a_manifest() if key not in OPTIONAL])
def test_a_manifest_without_one_of_its_keys_is_refused(key: str) -> None:
    """All of them are always written."""
    manifest = a_manifest()
    del manifest[key]
    with pytest.raises(UserError, match=f"m#: expected the key '{key}', found no such key"):
        recording_from_json(json.dumps(manifest).encode(), "m")


def test_an_old_manifest_is_read() -> None:
    """What was added later is not in it."""
    old = {key: value for key, value in a_manifest().items() if key not in OPTIONAL}
    recording = recording_from_json(json.dumps(old).encode(), "m")
    assert {key: getattr(recording, key) for key in OPTIONAL} == OPTIONAL


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 7}, "m#/seed: expected a seed from 0 to 2^64-1, as a string, found 7"),
        ({"seed": str(SEED_COUNT)}, "m#/seed: expected a seed from 0 to 2^64-1, as a string"),
        ({"seed": "-1"}, "m#/seed: "),
        ({"seed": "007"}, "m#/seed: "),
        ({"iterations": -1}, "m#/iterations: expected an integer from 0 to 2^64-1, found -1"),
        ({"iterations": 3.0}, "m#/iterations: "),
        ({"command": []}, "m#/command: expected the words of a command"),
        ({"command": ["a\0b"]}, "m#/command/0: "),
        ({"command": "vopr --json"}, "m#/command: "),
        ({"scenario": ""}, "m#/scenario: expected a name of 1 to 200 characters"),
        ({"scenario": "x" * 201}, "m#/scenario: "),
        ({"commit": "HEAD"}, "m#/commit: expected a commit's hexadecimal name, or null, found 'HEAD'"),
        ({"commit_source": "rumour"}, "m#/commit_source: expected flag, environment, git or null"),
        ({"format": "urn:vopr-coverage:schema:recording:v2"}, "m#/format: expected 'urn:"),
        ({"timed_out": "no"}, "m#/timed_out: expected true or false, found 'no'"),
        ({"lines": {str(n): 1 for n in range(21)}}, "m#/lines: expected at most 20 counts"),
        ({"lines": {"x" * 201: 1}}, "m#/lines: "),
        ({"host": {"os": "", "arch": "", "python": "", "user": "me"}}, "m#/host/user: expected a known key"),
        ({"stream": "/etc/passwd"}, "m#/stream: expected a known key"),
        ({"last_words": "boom"}, "m#/last_words: expected at most 20 lines, found 'boom'"),
        ({"last_words": ["x"] * 21}, "m#/last_words: "),
        ({"last_words": ["x" * 501]}, "m#/last_words/0: "),
        ({"id": "../x"}, "m#/id: expected 32 hexadecimal digits, or null"),
        ({"exit_code": -9}, "m#/exit_code: expected an exit code, or null, found -9"),
    ],
)  # fmt: skip
def test_a_manifest_that_breaks_the_schema_is_refused(changes: dict[str, Any], told: str) -> None:
    """With the place, what was expected and what was found."""
    with pytest.raises(UserError) as caught:
        a_recording(**changes)
    assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"{", "expected JSON"),
        (b'{"seed": "1", "seed": "2"}', "expected every key once"),
        (b'{"rate": NaN}', "expected a finite number"),
        (b"[]", "expected a recording's manifest"),
        (b" " * (MANIFEST_BYTES_MAX + 1), "expected a recording's manifest, found over 1 MiB"),
    ],
)
def test_what_is_no_strict_json_is_refused(text: bytes, told: str) -> None:
    """A manifest comes from wherever the report comes from."""
    with pytest.raises(UserError, match=told):
        recording_from_json(text, "m")


def test_every_seed_and_no_other_number_is_a_seed() -> None:
    """The pattern is a long one."""
    for seed in (0, 1, 9, 10, (1 << 53) + 1, 1 << 63, 10**19, 18 * 10**18, SEED_COUNT - 1):
        assert a_recording(seed=str(seed)).seed == str(seed)
    for power in range(19):
        for digit in range(1, 10):
            over = SEED_COUNT - 1 + digit * 10**power
            with pytest.raises(UserError):
                a_recording(seed=str(over))
            assert a_recording(seed=str(SEED_COUNT - digit * 10**power)).seed


# ---- placeholders and replaying


def test_placeholders_are_replaced_once_wherever_they_stand() -> None:
    """What is put in is not looked at again, and other braces stay."""
    words = ["--name={scenario}:{seed}", "{iterations}", '{"json": 1}', "{}", "{seed}{seed}"]
    assert filled(words, "{seed}", "7", 3) == ["--name={seed}:7", "3", '{"json": 1}', "{}", "77"]
    assert unknown_placeholders([*words, "{sead}", "{a-b}"]) == ["sead", "a-b"]


def test_a_seed_is_replayed_with_the_recorded_command_quoted_for_a_shell() -> None:
    """One iteration of that seed."""
    recording = a_recording(command=["./my vopr", "--seed={seed}", "-n", "{iterations}", "$(id)"], scenario="a'b")
    assert recording.replay("42") == "'./my vopr' --seed=42 -n 1 '$(id)'"
    assert recording.replays_one_seed


def test_a_command_that_takes_no_seed_is_replayed_as_a_whole() -> None:
    """All its iterations: the one that fails is among them."""
    recording = a_recording(command=["make", "sim", "N={iterations}"], iterations=500)
    assert recording.replay("42") == "make sim N=500"
    assert not recording.replays_one_seed


def test_a_run_is_started_again_with_all_of_its_seeds() -> None:
    """By its own command; where that runs a single seed, by `record`."""
    asked = {"scenario": "a b", "seed": "7", "iterations": 500}
    assert a_recording(command=["sim", "{scenario}", "{seed}", "{iterations}"], **asked).run_again == "sim 'a b' 7 500"
    again = a_recording(command=["sim", "{seed}"], per_seed=True, **asked).run_again
    options = "--scenario 'a b' --seed 7 --iterations 500 --out again --per-seed"
    assert again == f"vopr-coverage record {options} -- sim '{{seed}}'"


def test_a_run_of_one_process_a_seed_is_started_again_as_it_was() -> None:
    """With the exit codes that counted as bugs: the usual ones would give another verdict."""
    recording = a_recording(command=["sim", "{seed}"], per_seed=True, parallel=4, failed_exit=[129, 1, 101, 128])
    assert " --per-seed --parallel 4 --failed-exit 1,101,128-129 -- sim " in recording.run_again


# ---- health


def test_a_recording_that_agrees_with_its_stream_changes_nothing() -> None:
    """The gate ends as for the stream alone."""
    assert judged(a_stream()) == judge_run_complete(reading(a_stream()), BOUNDS, None)
    assert judged(a_stream()).status is Status.PASSED


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": "1"}, "Recording disagrees: seed 1 was asked for, the stream starts with 0"),
        ({"iterations": 1_000_000}, "Recording disagrees: iterations 1000000 was asked for, the stream starts with 3"),
        ({"exit_code": 101}, "Simulator ended with exit code 101, though no seed failed"),
        ({"exit_code": 1}, "Simulator ended with exit code 1, though no seed failed"),
        ({"exit_code": None, "signal": 9}, "Simulator ended by signal 9, though no seed failed"),
        ({"timed_out": True, "timeout_s": 60.0}, "Recording timed out after 60 s"),
        ({"interrupted": True}, "Recording interrupted"),
        ({"exit_code": None, "duration_s": None}, "Recording never finished: how the simulator ended is not known"),
    ],
)
def test_a_whole_stream_that_its_manifest_contradicts_fails(changes: dict[str, Any], told: str) -> None:
    """One line that has both sides."""
    outcome = judged(a_stream(), **changes)
    assert outcome.status is Status.FAILED
    assert lines_of(outcome) == [told]


@pytest.mark.parametrize("stream", [a_stream(failing=[1]), a_stream(lost=[1])])
def test_failed_seeds_explain_an_exit_code(stream: bytes) -> None:
    """It is how a simulator says that there are some."""
    assert judged(stream, exit_code=1).status is Status.PASSED


def test_a_run_that_broke_off_is_told_with_how_the_simulator_ended() -> None:
    """One violation that says first what ended it; what a timeout did to the simulator stands beside it."""
    stream = ndjson(start(), ok(0))
    crashed = judged(stream, exit_code=101, whole=False)
    where = "no batch_complete after 1 of 3 iterations, stopped at seed 1"
    assert lines_of(crashed) == [f"Run incomplete: ended with exit code 101, {where}"]
    late = judged(stream, exit_code=None, signal=15, timed_out=True, timeout_s=5, whole=False)
    assert lines_of(late) == [f"Run incomplete: timed out after 5 s, {where}"]
    assert "signal 15" in late.violations[0].detail
    assert late.violations[0].advice == ENDED_ADVICE["timed-out"]


@pytest.mark.parametrize(
    ("stream", "changes", "why"),
    [
        (ndjson(start(), ok(0)), {"exit_code": 1}, "ended"),
        (ndjson(start(), ok(0)), {"timed_out": True}, "timed-out"),
        (ndjson(start(), ok(0)), {"interrupted": True}, "interrupted"),
        (ndjson(start(), ok(0)), {"exit_code": None, "duration_s": None}, "unfinished"),
        (a_stream(), {"exit_code": 101}, "ended"),
        (a_stream(), {"timed_out": True, "timeout_s": 60.0}, "timed-out"),
        (a_stream(), {"exit_code": None, "duration_s": None}, "unfinished"),
    ],
)
def test_a_run_that_did_not_end_by_itself_has_a_command(stream: bytes, changes: dict[str, Any], why: str) -> None:
    """It is told once, whatever ended it, with the command that runs its seeds again and advice of its own."""
    (told,) = judged(stream, **changes).violations
    assert told.repro == "vopr --scenario combined --seed 0 --iterations 3 --json"
    assert told.advice == ENDED_ADVICE[why]


def test_a_stream_without_start_is_not_held_against_a_range() -> None:
    """What it was started with is not known; that it is incomplete is told anyway."""
    assert len(judged(ndjson(ok(5), failed(6)), seed="0").violations) == 1


@pytest.mark.parametrize(
    ("commit", "source", "commits", "fails"),
    [
        (SHA, "git", (SHA,), False),
        (HEAD, "git", (SHA, HEAD), False),  # a pull request's merge commit, and its head
        (OTHER, "git", (SHA, HEAD), True),
        (OTHER, "environment", (SHA,), True),
        (OTHER, "flag", (SHA, HEAD), False),  # the user said so
        (OTHER, "git", (), False),  # on a laptop, or about another run
        (None, None, (SHA,), False),
    ],
)
def test_a_commit_is_compared_where_both_are_known(
    commit: str | None, source: str | None, commits: tuple[str, ...], fails: bool
) -> None:
    """Old recordings must not vouch for new code."""
    outcome = judged(a_stream(), commits, commit=commit, commit_source=source)
    assert (outcome.status is Status.FAILED) == fails
    if fails:
        ours = commits[-1][:12]
        assert lines_of(outcome) == [f"Recorded at another commit: {'c' * 12} (expected {ours})"]


def test_the_commits_of_an_event() -> None:
    """Of a pull request the head too; of another run none, and of an event that can't be read none."""
    event = json.dumps({"pull_request": {"head": {"sha": HEAD}}}).encode()
    assert commits_of("push", SHA, b"") == (SHA,)
    assert commits_of("pull_request", SHA, event) == (SHA, HEAD)
    assert commits_of("pull_request_target", SHA, event) == (SHA, HEAD)
    assert commits_of("workflow_run", SHA, event) == ()
    assert commits_of("pull_request", SHA, b"{") == ()
    assert commits_of("pull_request", SHA, b'{"pull_request": null}') == ()
    assert commits_of("", "", b"") == ()
    assert commits_of("push", "main", b"") == ()


def test_seeds_that_were_recorded_twice_pass_determinism() -> None:
    """Only of a recording is that known."""
    read = with_manifest(a_stream(), double_runs=True)
    assert read.run is not None
    assert judge_determinism(read, BOUNDS, None).status is Status.NOT_REQUIRED
    twice = replace(read, run=replace(read.run, double_runs=True))
    assert judge_determinism(twice, BOUNDS, None).status is Status.PASSED


def test_the_page_on_recordings_has_every_key_of_a_manifest() -> None:
    """And every flag of `record`."""
    page = (Path(__file__).parents[2] / "docs" / "recording.md").read_text(encoding="utf-8")
    manifest = page[page.index("### The manifest") : page.index("## How it is judged")]
    rows = [line.split("|")[1] for line in manifest.splitlines() if line.startswith("| `")]
    assert sorted(key for row in rows for key in re.findall(r"`(\w+)`", row)) == sorted(a_manifest())
    parser = argparse.ArgumentParser(add_help=False)
    record.add_arguments(parser)
    flags = set(re.findall(r"`(--[a-z-]+)", page[page.index("| flag |") : page.index("| exit code |")]))
    assert flags - {"--check-determinism"} == set(parser._option_string_actions)
