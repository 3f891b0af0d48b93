"""A simulator's last words, and what its check can show: on every page of a run that ended badly."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import BASE, SHARD_SEEDS, a_night, a_recorded_run, all_needs, summarised
from tests.support.recordings import a_recording
from tests.support.reports import MODEST, a_stream, run_cli
from tests.support.run_pairs import varying
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.folder import read_run
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun, judge_canary
from vopr_coverage.formats import schema as contract
from vopr_coverage.render.issue import IssueAbout, render_issue
from vopr_coverage.render.night_text import render_night_text

PANIC = "thread 'main' panicked at src/storage.rs:551: hash mismatch"
CRASH: dict[str, Any] = {"exit_code": 101, "whole": False, "last_words": [PANIC], "stderr_bytes": 90}
HANG: dict[str, Any] = {
    "exit_code": None,
    "signal": 15,
    "timed_out": True,
    "timeout_s": 2.0,
    "whole": False,
    "last_words": [PANIC],
}
HOSTILE = "\x1b[2J</code>@team\n::error::x"
CHECKED = ["vopr", "--seed", "{seed}", "--json", "--check-determinism"]


def cut(stream: bytes, lines: int) -> bytes:
    """The first lines of a stream."""
    return b"".join(stream.splitlines(keepends=True)[:lines])


# ---- a night


def test_a_night_shows_what_its_dead_simulators_said(tmp_path: Path) -> None:
    """In the text, on the page, in night.json and in the tracking issue: one is a failed seed, one is incomplete."""
    a_night(tmp_path)
    part = cut(a_stream(SHARD_SEEDS, first=BASE), 6)
    a_recorded_run(tmp_path / "night/long-run/combined-1", BASE, SHARD_SEEDS, part, **CRASH)
    a_recorded_run(tmp_path / "night/coverage/combined-1", BASE + 1_000, SHARD_SEEDS, b"", **HANG)
    ended, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert (ended.code, verdict.status) == (1, "failed")
    assert [part.status for part in verdict.jobs if part.name == "long-run"] == ["failed"]
    (crash,) = (finding for finding in verdict.findings if finding.kind == "failing seed")
    (hang,) = (finding for finding in verdict.findings if finding.kind == "lost run")
    assert crash.line == f"seed {BASE + 5} crashed, ended with exit code 101; 54 seeds behind it did not run: {PANIC}"
    assert (crash.seed, crash.invariant, crash.detail) == (str(BASE + 5), "crash", "")  # it has no other words
    assert crash.crash is not None
    assert crash.crash.signature == "panicked at storage.rs:#: hash mismatch"
    assert f"--seed {BASE + 5}" in crash.repro
    (line,) = verdict.regressions  # with the day on which the night is judged
    assert re.fullmatch(rf"combined {BASE + 5}  # crash, \d{{4}}-\d\d-\d\d", line)
    (work,) = (work for work in verdict.work if work.job == "long-run")
    assert work.failed == 1
    assert (hang.job, hang.line) == ("coverage", "Run incomplete: timed out after 2 s, nothing written")
    assert hang.detail == f"the simulator was ended by signal 15; stderr ends with: {PANIC}"
    assert ended.out.count(f"\n      {PANIC}\n") == 1
    in_full = render_night_text(verdict, verbose=True)
    assert f"crashed, ended with exit code 101; 54 seeds behind it did not run: {PANIC}\n" in in_full
    assert f"the simulator was ended by signal 15; stderr ends with: {PANIC}\n" in in_full
    page, issue = (tmp_path / "night.md").read_text(), render_issue(verdict, IssueAbout(since="2026-11-26"))
    for text in (page, issue):
        assert text.count("hash mismatch") > 2  # of both runs
    assert contract.problems("night", json.loads(verdict.to_json())) == []


def test_a_shard_that_wrote_nothing_hides_no_other(tmp_path: Path) -> None:
    """The seeds that failed beside it are found, and go to the regression file."""
    a_night(tmp_path)
    failing = a_stream(SHARD_SEEDS, first=BASE, failing=[BASE + 7])
    a_recorded_run(tmp_path / "night/long-run/combined-1", BASE, SHARD_SEEDS, failing, exit_code=1)
    a_recorded_run(tmp_path / "night/long-run/combined-2", BASE + SHARD_SEEDS, SHARD_SEEDS, b"", **HANG)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert [finding.seed for finding in verdict.findings if finding.kind == "failing seed"] == [str(BASE + 7)]
    assert [finding.source for finding in verdict.findings if finding.kind == "lost run"] == ["combined-2"]
    assert str(BASE + 7) in verdict.regressions[0]


def test_a_pair_of_which_one_wrote_nothing_is_incomplete(tmp_path: Path) -> None:
    """One finding, which quotes it, and none about a comparison that could not be made."""
    a_night(tmp_path)
    a_recorded_run(tmp_path / "night/determinism/42/b", 42, SHARD_SEEDS, b"", **HANG)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    (finding,) = verdict.findings
    assert (finding.source, finding.line) == ("42/b", "Run incomplete: timed out after 2 s, nothing written")
    assert PANIC in finding.detail


# ---- determinism


def test_determinism_quotes_a_run_that_did_not_finish(tmp_path: Path) -> None:
    """Also one that wrote nothing, which is no unusable file; what both have is compared."""
    a_recording(tmp_path / "a", varying(60), iterations=60)
    a_recording(tmp_path / "b", cut(varying(60), 11), iterations=60, **CRASH)
    a_recording(tmp_path / "c", b"", iterations=60, **HANG)
    ended = run_cli("determinism", "a", "b", "--verdict-file", "v.json", cwd=tmp_path)
    assert ended.code == 1
    told = "Run incomplete: ended with exit code 101, no batch_complete after 10 of 60 iterations, stopped at seed 10"
    assert f"  - b: {told}; 50 seeds to compare left no record: 10–59\n      stderr ends with: {PANIC}\n" in ended.out
    assert "10 seeds run twice, no difference" in ended.out
    verdict = json.loads((tmp_path / "v.json").read_text())
    assert contract.problems("determinism", verdict) == []
    for names in (("a", "c"), ("c", "a"), ("c",)):
        ended = run_cli("determinism", *names, cwd=tmp_path)
        assert ended.code == 1
        assert ended.out.endswith("❌ Determinism FAILED: a run did not finish\n")
        assert "  - c: Run incomplete: timed out after 2 s, nothing written" in ended.out
    page = run_cli("determinism", "c", "--format", "markdown", cwd=tmp_path).out
    assert "hash mismatch" in page
    ended = run_cli("determinism", "c", "a", "--format", "json", cwd=tmp_path)
    assert json.loads(ended.out)["runs"][0]["iterations"] == 0


def test_two_runs_that_wrote_nothing_are_incomplete_and_no_copies(tmp_path: Path) -> None:
    """Neither has anything to compare."""
    for name in ("a", "b"):
        a_recording(tmp_path / name, b"Usage: vopr\n", iterations=60, **HANG)
    ended = run_cli("determinism", "a", "b", cwd=tmp_path)
    assert ended.code == 1
    assert ended.out.count("timed out after 2 s, no record written, but 1 other line") == 2


@pytest.mark.parametrize("command", ["check", "determinism"])
@pytest.mark.parametrize(
    ("ending", "line"),
    [
        ({"exit_code": 101}, "Simulator ended with exit code 101, though no seed failed"),
        ({"exit_code": None, "signal": 15, "timed_out": True, "timeout_s": 2.0}, "Recording timed out after 2 s"),
        ({"exit_code": None, "signal": 15, "interrupted": True}, "Recording interrupted"),
    ],
    ids=["crash", "timeout", "interrupt"],
)
def test_a_simulator_that_ends_badly_behind_its_last_record_is_quoted(
    tmp_path: Path, command: str, ending: dict[str, Any], line: str
) -> None:
    """Its stream is whole, and does not say what happened."""
    a_recording(tmp_path / "a", varying(60), iterations=60, last_words=[PANIC], **ending)
    ended = run_cli(command, "a", cwd=tmp_path)
    assert ended.code == 1
    assert f"a: {line}" in ended.out
    assert f"stderr ends with: {PANIC}" in ended.out


# ---- canaries


def test_canaries_quote_what_ended_them(tmp_path: Path) -> None:
    """A canary that timed out, one that crashed, one that wrote nothing; and a control run that hung."""
    stream = a_stream(20)
    declared = {name: {"invariants": ["x"]} for name in ("hung", "crashed", "mute")}
    (tmp_path / "c.json").write_text(json.dumps({"canaries": declared}))
    a_recording(tmp_path / "night/control", stream, iterations=20)
    a_recording(tmp_path / "night/hung", b"", iterations=20, **HANG)
    a_recording(tmp_path / "night/crashed", cut(stream, 9), iterations=20, **CRASH)
    a_recording(tmp_path / "night/mute", b"", iterations=20, **CRASH)
    ended = run_cli("canary", "--runs", "night", "--config", "c.json", cwd=tmp_path)
    assert f"❌ hung: timed out: timed out after 2 s; stderr ends with: {PANIC}\n" in ended.out
    assert f"❌ crashed: crashed: ended with exit code 101; stderr ends with: {PANIC}\n" in ended.out
    assert f"❌ mute: unusable: ended with exit code 101; stderr ends with: {PANIC}\n" in ended.out
    ended = run_cli("canary", "--control", "night/hung", "crashed=night/crashed", "--config", "c.json", cwd=tmp_path)
    assert ended.code == 1
    told = "it did not finish: timed out after 2 s, nothing written; stderr ends with: thread"
    assert told in ended.out
    page = run_cli("canary", "--runs", "night", "--config", "c.json", "--format", "markdown", cwd=tmp_path).out
    assert page.count("hash mismatch") == 3


# ---- hostile words


@pytest.mark.parametrize("form", ["text", "markdown"])
@pytest.mark.parametrize("command", ["check", "determinism"])
def test_last_words_do_nothing_but_stand_there(tmp_path: Path, command: str, form: str) -> None:
    """A manifest may say anything, whatever `record` would have written."""
    a_recording(tmp_path / "out", b"", **HANG | {"last_words": [HOSTILE, "y" * 500]})
    ended = run_cli(command, "out", "--format", form, cwd=tmp_path)
    assert "error" in ended.out  # it is shown
    assert "\x1b" not in ended.out
    assert "\n::error::" not in ended.out
    assert ("@team" in ended.out) == (form == "text")


# ---- a check that keeps traces


@pytest.mark.parametrize(
    ("flags", "called"),
    [([], "Nondeterministic, or failed with traces kept"), (["--no-trace-on-failure"], "Nondeterministic")],
)
def test_failures_that_a_check_may_have_hidden_are_not_called_nondeterministic(
    tmp_path: Path, flags: list[str], called: str
) -> None:
    """VOPR's check compares traces, whose start times differ; both commands name the flag that prevents it."""
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    a_recording(tmp_path / "out", a_stream(lost=[1]), exit_code=1, command=CHECKED + flags, double_runs=True)
    ended = run_cli("check", "-v", "out", "--config", "c.json", cwd=tmp_path)
    assert f"  - out: {called}: 1 failed seed left no record: 1\n" in ended.out
    assert "--no-trace-on-failure" in ended.out.partition("What to do:")[2].partition("Judged:")[0]
    ended = run_cli("determinism", "out", cwd=tmp_path)
    assert f"  - out: {called}: 1 of 3 seeds failed without a record: 1\n" in ended.out
    assert "Run the check with --no-trace-on-failure" in ended.out


def test_without_that_check_no_failure_is_hidden(tmp_path: Path) -> None:
    """A simulator that checks by another option keeps no traces that we know of."""
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    command = ["sim", "--twice", "--seed", "{seed}"]
    a_recording(tmp_path / "out", a_stream(lost=[1]), exit_code=1, command=command, double_runs=True)
    ended = run_cli("check", "out", "--config", "c.json", cwd=tmp_path)
    assert "  - out: Nondeterministic: 1 failed seed left no record: 1\n" in ended.out


@pytest.mark.parametrize(
    ("flags", "ending"), [([], CanaryEnding.WRONG_INVARIANT), (["--no-trace-on-failure"], CanaryEnding.DETECTED)]
)
def test_a_failure_with_traces_kept_is_no_detection_by_determinism(
    tmp_path: Path, flags: list[str], ending: CanaryEnding
) -> None:
    """A canary that fails an ordinary invariant would count as nondeterministic."""
    a_recording(tmp_path / "control", a_stream(20), iterations=20)
    a_recording(tmp_path / "x", a_stream(20, lost=[4]), iterations=20, exit_code=1, command=CHECKED + flags)
    run = CanaryRun("x", read_run(str(tmp_path / "x")))
    result = judge_canary(run, Detector(determinism=True), [ControlRun(read_run(str(tmp_path / "control")))])
    assert result.ending is ending
    assert ("--no-trace-on-failure" in result.detail) == (ending is CanaryEnding.WRONG_INVARIANT)
