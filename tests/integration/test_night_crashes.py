"""A night whose simulator died at seeds: findings in every part of it, and the seeds behind them judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import BASE, SHARD_SEEDS, a_night, a_plan, a_recorded_run, all_needs, part, summarised
from tests.support.reports import a_stream
from vopr_coverage.model.crash import crash_of
from vopr_coverage.nightly.verdict import NightVerdict
from vopr_coverage.reading.records import died_line
from vopr_coverage.render.issue import IssueAbout, render_issue


def words(seed: int) -> list[str]:
    """What a simulator says as it dies."""
    return [f"thread 'main' ({seed}) panicked at src/log.rs:40:9:", f"index out of bounds: {seed}"]


def a_run_with_deaths(folder: Path, first: int, *deaths: int, says: int = 0) -> None:
    """A recording that was started again behind each of these seeds."""
    lines = a_stream(SHARD_SEEDS, first=first, lost=[first + death for death in deaths]).splitlines(keepends=True)
    parts: list[dict[str, Any]] = []
    for death in deaths:
        last_words = words(first + death + says)
        lines.insert(1 + death, died_line(first + death, crash_of(101, None, last_words)))
        parts.append(a_part(first, str(first + death), last_words))
    parts.append(a_part(first, None, []))
    told: dict[str, Any] = {"parts": parts, "measured": SHARD_SEEDS - len(deaths)}
    a_recorded_run(folder, first, SHARD_SEEDS, b"".join(lines), id=f"{ord(folder.name[0]):032x}", **told)


def a_part(first: int, died_at: str | None, last_words: list[str]) -> dict[str, Any]:
    """One process of such a recording."""
    told: dict[str, Any] = {"seed": str(first), "iterations": SHARD_SEEDS, "ran": 1, "signal": None, "died_at": died_at}
    told |= {"exit_code": 101 if died_at else 0, "last_words": last_words, "again": False, "agrees": None}
    return told | {"measured": died_at is None}


def crashes(verdict: NightVerdict) -> list[tuple[str, str | None]]:
    """Part and seed of every crash."""
    return [(finding.job, finding.seed) for finding in verdict.findings if finding.crash]


def test_each_seed_that_a_long_run_died_at_is_a_finding(tmp_path: Path) -> None:
    """With its command, its line for the regression file, and no finding about what did not run."""
    a_night(tmp_path)
    a_run_with_deaths(tmp_path / "night/long-run/combined-1", BASE, 5, 6, 59)
    ended, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert (ended.code, verdict.status) == (1, "failed")
    assert [finding.kind for finding in verdict.findings] == ["failing seed"] * 3
    assert crashes(verdict) == [("long-run", str(BASE + seed)) for seed in (5, 6, 59)]
    assert len({finding.crash.signature for finding in verdict.findings if finding.crash}) == 1
    assert all(f"--seed {finding.seed} " in finding.repro for finding in verdict.findings)
    assert [line.split("#")[0] for line in verdict.regressions] == [f"combined {BASE + n}  " for n in (5, 6, 59)]
    (work,) = (work for work in verdict.work if work.job == "long-run")
    assert (work.ran, work.failed, work.lost) == (120, 3, 0)
    for page in (ended.out, (tmp_path / "night.md").read_text(), render_issue(verdict, IssueAbout(since="2026-11-26"))):
        assert str(BASE + 59) in page
        assert "lost run" not in page.lower()


def test_a_coverage_run_that_died_is_judged_by_what_its_parts_measured(tmp_path: Path) -> None:
    """The crash is the only finding."""
    a_night(tmp_path)
    a_run_with_deaths(tmp_path / "night/coverage/combined-1", BASE + 1_000, 7)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert crashes(verdict) == [("coverage", str(BASE + 1_007))]
    assert len(verdict.findings) == 1


@pytest.mark.parametrize("says", [0, 3])
def test_two_processes_that_die_at_the_same_seed_agree(tmp_path: Path, says: int) -> None:
    """Whatever numbers are in their last words: a crash is one finding, and no difference."""
    a_night(tmp_path)
    for side in ("a", "b"):
        a_run_with_deaths(tmp_path / "night/determinism/42" / side, 42, 9, says=says if side == "b" else 0)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert crashes(verdict) == [("determinism", "51")]
    assert [finding.kind for finding in verdict.findings] == ["failing seed"]
    assert (verdict.seeds_doubled, verdict.seeds_differing) == (SHARD_SEEDS, 0)


def test_a_seed_that_only_one_of_two_processes_dies_at_differs(tmp_path: Path) -> None:
    """It does not do the same twice."""
    a_night(tmp_path)
    a_run_with_deaths(tmp_path / "night/determinism/42/a", 42, 9)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert verdict.seeds_differing == 1
    assert {finding.kind for finding in verdict.findings} == {"failing seed", "determinism"}


def test_a_control_run_that_died_is_not_green(tmp_path: Path) -> None:
    """And a canary that died was not detected by that, if its invariant held everywhere else."""
    a_night(tmp_path)
    a_run_with_deaths(tmp_path / "night/canary/control", BASE + 2_000, 4)
    a_run_with_deaths(tmp_path / "night/canary/canary-skip-fsync", BASE + 2_000, 4)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert crashes(verdict) == [("canary", str(BASE + 2_004))]
    assert part(verdict, "canary").status == "failed"
    (canary,) = (finding for finding in verdict.findings if finding.kind == "canary")
    assert canary.line.startswith("crashed: ended with exit code 101; stderr ends with: thread 'main'")


def test_a_regression_seed_that_crashes_again_is_a_failing_seed(tmp_path: Path) -> None:
    """It held before, and is one finding."""
    a_night(tmp_path, a_plan(regressions={"combined": ["29"]}))
    stream = a_stream(1, first=29, lost=[29]).splitlines(keepends=True)
    stream.insert(1, died_line(29, crash_of(None, 11, [])))
    folder = tmp_path / "night/regressions/combined-29"
    parts = [a_part(29, "29", []) | {"exit_code": None, "signal": 11}]
    a_recorded_run(folder, 29, 1, b"".join(stream), parts=parts, measured=0, exit_code=None, signal=11)
    _, verdict = summarised(tmp_path, all_needs())
    assert crashes(verdict) == [("regressions", "29")]
    assert [finding.line for finding in verdict.findings] == ["seed 29 crashed, ended by signal 11"]


def test_a_night_says_which_seeds_did_not_run_once_all_restarts_were_used_up(tmp_path: Path) -> None:
    """On its pages and in its text, beside the cause."""
    a_night(tmp_path)
    first, name = BASE, tmp_path / "night/long-run/combined-1"
    stream = a_stream(SHARD_SEEDS, first=first).splitlines(keepends=True)[:2]
    dead = crash_of(101, None, words(first + 1))
    parts = [a_part(first, str(first), words(first)), a_part(first + 1, str(first + 1), words(first + 1))]
    lines = [stream[0], died_line(first, crash_of(101, None, words(first))), died_line(first + 1, dead)]
    told: dict[str, Any] = {"parts": parts, "restarts": 1, "whole": False, "exit_code": 101}
    a_recorded_run(name, first, SHARD_SEEDS, b"".join(lines), id="0" * 32, **told)
    ended, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    left = f"{SHARD_SEEDS - 2} seeds behind it did not run: its only restart was used up"
    assert any(left in finding.line for finding in verdict.findings)
    on_pages = left.replace("behind it", "behind them")
    for page in (ended.out, (tmp_path / "night.md").read_text(), render_issue(verdict, IssueAbout(since="2026-11-26"))):
        assert on_pages in page
