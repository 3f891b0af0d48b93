"""`vopr-coverage summary`: a night is green only where every part was run, and holds. Each test breaks one thing."""

from __future__ import annotations

import io
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import (
    BASE,
    CONFIG,
    SHARD_SEEDS,
    a_night,
    a_plan,
    a_recorded_run,
    all_needs,
    outputs_of,
    part,
    red_parts,
    summarised,
)
from tests.support.reports import a_stream
from vopr_coverage import cli, progress
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.render.night_text import render_night_text
from vopr_coverage.render.wording import figure

GREEN = all_needs(regressions="skipped")


def terms_in(home: Path) -> NightTerms:
    """What a night is judged by, with the config beside it."""
    return NightTerms(config=str(home / "config.json"))


def test_a_green_night_passes_and_shows_what_was_asked_planned_and_run(tmp_path: Path) -> None:
    """Exit code 0, every part told, the figures of all runs, and nothing to add to the regression file."""
    a_night(tmp_path)
    ended, verdict = summarised(tmp_path, GREEN)
    assert (ended.code, verdict.passed, verdict.findings, verdict.regressions) == (0, True, (), ())
    assert [job.status for job in verdict.jobs].count("passed") == 6
    assert part(verdict, "regressions").status == "not required"
    told = {(work.job, work.asked, work.planned, work.ran, work.lost) for work in verdict.work}
    assert told == {
        ("long-run", 120, 120, 120, 0),
        ("coverage", 60, 60, 60, 0),
        ("canary", 120, 120, 120, 0),
        ("determinism", 60, 60, 60, 0),
    }
    assert (verdict.detected, verdict.declared, verdict.seeds_doubled) == (1, 1, 60)
    assert verdict.at_most == pytest.approx(0.0487, abs=0.0001)
    assert verdict.seed_base == str(BASE)
    page = (tmp_path / "night.md").read_text(encoding="utf-8")
    assert page.startswith("## ✅ The night passed")
    assert outputs_of(tmp_path) == {
        "verdict": "passed",
        "passed": "true",
        "long-run": "passed",
        "regressions": "not required",
        "determinism": "passed",
        "coverage": "passed",
        "canary": "passed",
        "night-file": "night.json",
        "summary-file": "night.md",
    }


def test_the_parts_of_a_green_night_are_in_our_own_words(tmp_path: Path) -> None:
    """What a part shows stands as plain text on the page, but for seeds and names of scenarios."""
    a_night(tmp_path, a_plan({"combined": ["17"]}))
    for flags in ((), ("--no-canaries",)):
        _, verdict = summarised(tmp_path, None, *flags)
        lines = [job.line for job in verdict.jobs if job.name not in ("plan", "coverage")]
        assert [line for line in [verdict.reason, *lines] if "<code>" in figure(line)] == []


def test_without_needs_the_recordings_alone_are_judged(tmp_path: Path) -> None:
    """As on a laptop: nobody told of jobs, and none is held against the night."""
    a_night(tmp_path)
    ended, verdict = summarised(tmp_path)
    assert (ended.code, verdict.passed) == (0, True)
    assert {job.result for job in verdict.jobs} == {""}


@pytest.mark.parametrize("job", [job for jobs in PARTS.values() for job in jobs])
@pytest.mark.parametrize("result", ["skipped", "cancelled", "failure", "neutral", "missing"])
def test_only_success_is_success(tmp_path: Path, job: str, result: str) -> None:
    """Whatever its recordings show, a job that was skipped, cancelled, failed or never heard of is not green.

    A skipped replay of regression seeds is the exception, as there are none.
    """
    if (job, result) == ("regressions", "skipped"):
        return
    a_night(tmp_path)
    needs = dict(GREEN)
    if result == "missing":
        del needs[job]
    else:
        needs[job] = {"result": result, "outputs": {}}
    verdict = judge_night(tmp_path / "night", {job: need["result"] for job, need in needs.items()}, terms_in(tmp_path))
    (name,) = [part for part, jobs in PARTS.items() if job in jobs]
    undone = result in ("skipped", "cancelled")
    assert not verdict.passed
    assert red_parts(verdict) == {name: "incomplete" if undone else "failed"}
    assert verdict.status == ("incomplete" if undone else "failed")
    assert [finding.kind for finding in verdict.findings] == ["job"]


def test_a_replay_that_was_skipped_although_there_are_seeds_is_not_green(tmp_path: Path) -> None:
    """Once-failed seeds have to be played."""
    a_night(tmp_path, a_plan({"combined": ["17"]}))
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"regressions": "incomplete"}


def test_seeds_that_failed_as_expected_are_told(tmp_path: Path) -> None:
    """A night of a planted violation is green because they failed, and does not say that none did."""
    night = a_night(tmp_path)
    violated = CONFIG | {"scenarios": {"combined": {"expect": "violation", "invariants": ["hash_chain"]}}}
    (tmp_path / "config.json").write_text(json.dumps(violated), encoding="utf-8")
    for name, first in (("combined-1", BASE), ("combined-2", BASE + SHARD_SEEDS)):
        stream = a_stream(SHARD_SEEDS, first=first, failing=dict.fromkeys(range(first, first + 60), "hash_chain"))
        a_recorded_run(night / "long-run" / name, first, SHARD_SEEDS, stream, exit_code=1)
    _, verdict = summarised(tmp_path, GREEN)
    long_run = part(verdict, "long-run")
    assert long_run.status == "passed"
    assert long_run.line == "120 iterations in 2 runs, 120 seeds failed as expected, no other"
    (work,) = [work for work in verdict.work if work.job == "long-run"]
    assert (work.failed, work.failed_as_expected) == (0, 120)
    assert "120 seeds failed as expected" in render_night_text(verdict, verbose=True)
    assert "| 0 (120 as expected) |" in (tmp_path / "night.md").read_text(encoding="utf-8")


def test_failed_seeds_without_a_record_are_failed_seeds(tmp_path: Path) -> None:
    """They left no record, and are counted with the others."""
    night = a_night(tmp_path)
    stream = a_stream(SHARD_SEEDS, first=BASE, failing=[BASE + 1], lost=[BASE + 2, BASE + 3])
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    _, verdict = summarised(tmp_path, GREEN)
    assert [work.failed for work in verdict.work if work.job == "long-run"] == [3]


def test_a_failing_seed_is_told_with_invariant_and_command_and_the_line_to_keep(tmp_path: Path) -> None:
    """Which job, which run, which seed, which invariant, how to replay it, and what to add to the file."""
    night, seed = a_night(tmp_path), BASE + 65
    stream = a_stream(SHARD_SEEDS, first=BASE + 60, failing={seed: "hash_chain", seed + 1: "hash_chain"})
    a_recorded_run(night / "long-run" / "combined-2", BASE + 60, SHARD_SEEDS, stream, exit_code=1)
    ended, verdict = summarised(tmp_path, all_needs(regressions="skipped", long_run="failure"))
    assert ended.code == 1
    (finding,) = verdict.findings
    assert (finding.job, finding.source, finding.kind) == ("long-run", "combined-2", "failing seed")
    assert (finding.seed, finding.invariant) == (str(seed), "hash_chain")
    assert finding.repro == f"vopr --scenario combined --seed {seed} --iterations 1 --json"
    assert "(and 1 more seed)" in finding.line
    for number, line in enumerate(verdict.regressions):
        assert line.startswith(f"combined {seed + number}  # hash_chain, 20")
    assert len(verdict.regressions) == 2
    for text in (ended.out, (tmp_path / "night.md").read_text(encoding="utf-8")):
        assert str(seed) in text
    assert outputs_of(tmp_path)["long-run"] == "failed"


def test_a_seed_that_is_kept_already_is_not_told_to_be_added_again(tmp_path: Path) -> None:
    """Neither by the file, nor by the plan that was made from it."""
    night, seed = a_night(tmp_path), BASE + 5
    stream = a_stream(SHARD_SEEDS, first=BASE, failing=[seed])
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    (tmp_path / "kept.txt").write_text(f"Combined {seed}\n", encoding="utf-8")
    _, verdict = summarised(tmp_path, GREEN, "--regressions", "kept.txt")
    assert (verdict.passed, verdict.regressions) == (False, ())


def test_a_lost_shard_is_not_a_smaller_night(tmp_path: Path) -> None:
    """All jobs were green, and one recording isn't there: incomplete, with the seeds that nobody ran."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "long-run" / "combined-2")
    ended, verdict = summarised(tmp_path, GREEN)
    assert (ended.code, verdict.status, red_parts(verdict)) == (1, "incomplete", {"long-run": "incomplete"})
    (finding,) = verdict.findings
    assert (finding.kind, finding.source) == ("lost run", "combined-2")
    assert f"seeds {BASE + 60} to {BASE + 119}" in finding.line
    (work,) = [work for work in verdict.work if work.job == "long-run"]
    assert (work.planned, work.ran, work.lost) == (120, 60, 1)


def test_a_run_that_broke_off_is_incomplete(tmp_path: Path) -> None:
    """With how many iterations it had."""
    night = a_night(tmp_path)
    stream = b"".join(a_stream(SHARD_SEEDS, first=BASE).splitlines(keepends=True)[:20])
    ending = {"whole": False, "signal": 15, "exit_code": None}  # somebody ended it: a crash is a finding of its own
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, **ending)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped", long_run="failure"))
    assert red_parts(verdict) == {"long-run": "incomplete"}
    assert "no batch_complete after 19 of 60 iterations" in verdict.findings[0].line


@pytest.mark.parametrize(
    ("seed", "count", "told"),
    [(BASE, 30, "Too few iterations: 30"), (BASE + 7, 60, "its seeds begin at"), (BASE + 60, 60, "its seeds begin at")],
)
def test_a_run_of_other_seeds_than_planned_counts_for_nothing(tmp_path: Path, seed: int, count: int, told: str) -> None:
    """A shard that ran less, or another's seeds, is no shard of this night."""
    night = a_night(tmp_path)
    a_recorded_run(night / "long-run" / "combined-1", seed, count)
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"long-run": "failed"}
    assert told in verdict.findings[0].line


def test_a_run_of_another_scenario_than_planned_counts_for_nothing(tmp_path: Path) -> None:
    """The manifest says what it was."""
    night = a_night(tmp_path)
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, scenario="baseline")
    _, verdict = summarised(tmp_path, GREEN)
    assert "scenario baseline, planned was combined" in verdict.findings[0].line


def test_a_recording_that_cannot_be_read_is_one_runs_matter(tmp_path: Path) -> None:
    """It fails the night, and the others are judged all the same."""
    night = a_night(tmp_path)
    (night / "long-run" / "combined-1" / "manifest.json").write_text("{", encoding="utf-8")
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"long-run": "failed"}
    assert [work.ran for work in verdict.work if work.job == "long-run"] == [60]


def test_a_night_without_canaries_says_what_that_leaves_open(tmp_path: Path) -> None:
    """It can be green, and never silent about it."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "canary")
    needs = all_needs(regressions="skipped", canary="skipped", canary_run="skipped")
    ended, verdict = summarised(tmp_path, needs, "--no-canaries")
    assert summarised(tmp_path, needs, "--canaries", "false")[1] == verdict
    assert summarised(tmp_path, needs, "--canaries", "true")[1] != verdict
    assert (ended.code, part(verdict, "canary").status) == (0, "not required")
    assert any("nothing shows that this simulator would find a bug" in warning.text for warning in verdict.warnings)


def test_a_plan_that_holds_too_little_fails(tmp_path: Path) -> None:
    """Planned below what the config asks for: the night was too small from the start."""
    plan = a_plan()
    work = tuple(json.loads(plan.to_json())["work"])
    told = json.loads(plan.to_json()) | {"enough": False, "work": [{**work[0], "min_iterations": 500}, *work[1:]]}
    night = a_night(tmp_path)
    (night / "plan.json").write_text(json.dumps(told), encoding="utf-8")
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped", plan="failure"))
    assert red_parts(verdict) == {"plan": "failed"}
    assert "120 iterations fit into the budget, at least 500 are required" in verdict.findings[0].line


def test_without_a_plan_nothing_was_run_and_it_says_why(tmp_path: Path) -> None:
    """The build failed, all else was skipped: every part is red, the build first."""
    (tmp_path / "night").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    needs = {job: {"result": "skipped"} for jobs in PARTS.values() for job in jobs}
    needs |= {"prepare": {"result": "success"}, "build": {"result": "failure"}}
    ended, verdict = summarised(tmp_path, needs)
    assert ended.code == 1
    assert verdict.findings[0].job == "build"
    assert set(red_parts(verdict)) == {"build", "plan", "long-run", "regressions", "determinism", "coverage", "canary"}
    assert outputs_of(tmp_path)["verdict"] == "failed"


@pytest.mark.parametrize(
    ("breaking", "told"),
    [
        (lambda home: shutil.rmtree(home / "night"), "night is not a folder"),
        (lambda home: (home / "night" / "plan.json").write_text("{}"), "plan.json"),
        (lambda home: (home / "config.json").write_text('{"fault_point": 1}'), "fault_points"),
    ],
    ids=["no folder", "no plan", "bad config"],
)
def test_what_cannot_be_judged_is_an_error_and_never_a_pass(tmp_path: Path, breaking: Any, told: str) -> None:
    """Exit code 2, and the files say that nothing was judged."""
    a_night(tmp_path)
    breaking(tmp_path)
    ended, verdict = summarised(tmp_path, GREEN)
    assert (ended.code, verdict.status, verdict.passed) == (2, "error", False)
    assert told in ended.err
    assert outputs_of(tmp_path) | {"verdict": "error", "passed": "false"} == outputs_of(tmp_path)
    assert set(outputs_of(tmp_path).values()) & {"passed", "true"} == set()
    assert "Nothing was judged" in (tmp_path / "night.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("needs", [b"", b"[]", b'{"build": "success"}', b'{"build": {"result": 3}}', b"\xff"])
def test_needs_that_are_none_are_an_error(tmp_path: Path, needs: bytes) -> None:
    """Results that can't be read are no results."""
    a_night(tmp_path)
    (tmp_path / "broken.json").write_bytes(needs)
    ended, verdict = summarised(tmp_path, None, "--needs", "broken.json")
    assert (ended.code, verdict.status) == (2, "error")
    assert "needs" in ended.err


class Terminal(io.StringIO):
    """What a terminal was sent."""

    def isatty(self) -> bool:
        """It is one."""
        return True


@pytest.mark.parametrize(("err", "shows_a_line"), [(Terminal(), True), (io.StringIO(), False)], ids=["tty", "log"])
def test_reading_a_night_shows_how_far_it_is_on_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, err: io.StringIO, shows_a_line: bool
) -> None:
    """A job's log would hold one line for each time that it was drawn; the line is gone before the verdict."""
    a_night(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(progress, "QUIET_S", 0.0)
    monkeypatch.setattr(progress, "INTERVAL_S", 0.0)
    monkeypatch.setattr(sys, "stderr", err)
    assert cli.main(["summary", "night", "--config", "config.json"]) == 0
    drawn = "".join(f"\r\x1b[K{done} of 6 recordings read" for done in range(1, 7))
    assert err.getvalue() == (f"{drawn}\r\x1b[K" if shows_a_line else "")
