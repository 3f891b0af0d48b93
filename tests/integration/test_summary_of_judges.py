"""`vopr-coverage summary`: what determinism, coverage and canaries find on a night. Each test breaks one thing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import (
    BASE,
    CANARY,
    CONFIG,
    SHARD_SEEDS,
    a_night,
    a_plan,
    a_recorded_run,
    all_needs,
    part,
    red_parts,
    summarised,
)
from tests.support.reports import a_stream
from vopr_coverage.determinism.judge import EMPTY_STATE_HASH
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.plan import SeedRange, SeedRanges
from vopr_coverage.render.night_text import render_night_text
from vopr_coverage.render.wording import figure

GREEN = all_needs(regressions="skipped")


def test_a_nondeterministic_build_is_told_with_its_first_seed(tmp_path: Path) -> None:
    """Two processes, the same seeds, another hash."""
    night = a_night(tmp_path)
    stream = (
        a_stream(SHARD_SEEDS, first=42).replace(f"{50:064x}".encode(), b"f" * 64).replace(b"T02:00:00.", b"T02:09:00.")
    )
    a_recorded_run(night / "determinism" / "42" / "b", 42, SHARD_SEEDS, stream)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped", determinism="failure"))
    assert red_parts(verdict) == {"determinism": "failed"}
    (finding,) = verdict.findings
    assert (finding.kind, finding.seed) == ("determinism", "50")
    assert "--seed 50 " in finding.repro
    assert "storage_hash" in finding.line


def test_one_run_copied_is_no_double_run(tmp_path: Path) -> None:
    """It proves nothing, and isn't taken for a proof."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "determinism" / "42" / "b")
    shutil.copytree(night / "determinism" / "42" / "a", night / "determinism" / "42" / "b")
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"determinism": "failed"}
    assert (verdict.seeds_doubled, verdict.at_most) == (0, None)


def test_a_missing_half_of_a_double_run_is_lost(tmp_path: Path) -> None:
    """One run alone can't be compared."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "determinism" / "42" / "b")
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"determinism": "incomplete"}
    assert verdict.findings[0].source == "42/b"


def test_low_coverage_names_the_fault_points(tmp_path: Path) -> None:
    """The critical one that was never hit, and those that the share lacks."""
    a_night(tmp_path)
    config = CONFIG | {
        "critical_fault_points": ["sim.storage.crash"],
        "fault_points": ["sim.storage.crash", "clock.skew", "clock.drift", "disk.slow"],
        "fault_point_coverage_min": 0.9,
    }
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped", coverage="failure"))
    assert red_parts(verdict) == {"coverage": "failed"}
    assert [finding.fault_point for finding in verdict.findings] == [None, "sim.storage.crash"]
    assert "never hit are" in verdict.findings[0].line
    assert "clock.skew" in verdict.findings[0].line
    (work,) = [work for work in verdict.work if work.job == "coverage"]
    assert (work.fault_points_hit, work.fault_points_known) == (3, 7)


def test_coverage_whose_runs_are_all_lost_is_incomplete(tmp_path: Path) -> None:
    """It is told once, by the run."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "coverage")
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"coverage": "incomplete"}
    assert [finding.kind for finding in verdict.findings] == ["lost run"]


def test_the_profile_of_the_flag_judges_coverage(tmp_path: Path) -> None:
    """Nightly asks for names that this simulator doesn't speak."""
    a_night(tmp_path)
    (tmp_path / "plain.json").write_text(json.dumps({"canaries": CONFIG["canaries"]}), encoding="utf-8")
    _, verdict = summarised(tmp_path, GREEN, "--profile", "nightly", "--config", "plain.json")
    assert red_parts(verdict) == {"coverage": "failed"}


def test_an_empty_profile_is_that_of_the_config(tmp_path: Path) -> None:
    """A workflow hands on what its input holds."""
    a_night(tmp_path)
    assert summarised(tmp_path, GREEN, "--profile", "")[1] == summarised(tmp_path, GREEN)[1]
    strict = {"canaries": CONFIG["canaries"], "profile": "nightly"}
    (tmp_path / "strict.json").write_text(json.dumps(strict), encoding="utf-8")
    _, verdict = summarised(tmp_path, GREEN, "--profile", "", "--config", "strict.json")
    assert verdict == summarised(tmp_path, GREEN, "--config", "strict.json")[1]
    assert verdict != summarised(tmp_path, GREEN, "--profile", "default", "--config", "strict.json")[1]


def test_a_missed_canary_is_told_by_its_name(tmp_path: Path) -> None:
    """The run is green, and that is the finding."""
    night = a_night(tmp_path)
    a_recorded_run(night / "canary" / CANARY, BASE + 2_000, SHARD_SEEDS)
    _, verdict = summarised(tmp_path, all_needs(regressions="skipped", canary="failure"))
    assert red_parts(verdict) == {"canary": "failed"}
    assert verdict.findings[0].line == (
        "not detected: nothing failed in 60 iterations; 60 of 60 seeds identical to the control: the planted bug was "
        "never called, or changed nothing; expected: invariant model_verification"
    )
    assert (verdict.detected, verdict.declared) == (0, 1)


@pytest.mark.parametrize(
    ("invariant", "counts"), [("model_verification", (0, 60)), ("vsr_agreement", (60, 0))], ids=["its own", "another"]
)
def test_seeds_that_a_canary_failed_are_counted(tmp_path: Path, invariant: str, counts: tuple[int, int]) -> None:
    """As expected where they detect it, as failed where they are something else."""
    night, first = a_night(tmp_path), BASE + 2_000
    stream = a_stream(SHARD_SEEDS, first=first, failing=dict.fromkeys(range(first, first + SHARD_SEEDS), invariant))
    a_recorded_run(night / "canary" / CANARY, first, SHARD_SEEDS, stream, exit_code=1)
    _, verdict = summarised(tmp_path, GREEN)
    (work,) = [work for work in verdict.work if work.job == "canary"]
    assert (work.failed, work.failed_as_expected) == counts


@pytest.mark.parametrize(("differing", "warned"), [(0, True), (20, False)])
def test_few_doubled_seeds_show_little_only_where_none_differs(tmp_path: Path, differing: int, warned: bool) -> None:
    """Where all of them differ, they have shown everything."""
    pair = SeedRange("42", "combined", "42", 20)
    night = a_night(tmp_path, a_plan(determinism=SeedRanges((pair,))))
    stream = a_stream(20, first=42).replace(b"T02:00:00.", b"T02:09:00.")
    for seed in range(42, 42 + differing):
        stream = stream.replace(f"{seed:064x}".encode(), f"{seed:x}".encode() * 32)
    a_recorded_run(night / "determinism" / "42" / "b", 42, 20, stream)
    _, verdict = summarised(tmp_path, GREEN)
    assert (verdict.seeds_doubled, verdict.seeds_differing) == (20, differing)
    bound = (
        "20 of 20 seeds that ran twice differ"
        if differing
        else "20 seeds ran twice: at most 13.9% of all differ (95 %)"
    )
    assert f"  - {bound}\n" in render_night_text(verdict, verbose=True)
    assert f"- {bound}\n" in (tmp_path / "night.md").read_text(encoding="utf-8")
    assert any("20 seeds show little" in warning.text for warning in verdict.warnings) is warned


def test_the_empty_state_of_vopr_is_no_warning_of_every_night(tmp_path: Path) -> None:
    """All its runs have that hash; the part's line says so. Any other constant hash is a warning."""
    night = a_night(tmp_path)
    _, verdict = summarised(tmp_path, GREEN)
    assert [warning.text.partition(" ")[0] for warning in verdict.warnings] == ["kernel_state_hash"]
    for number, side in enumerate("ab"):
        stream = a_stream(SHARD_SEEDS, first=42).replace(b"16f7" * 16, EMPTY_STATE_HASH.encode())
        stream = stream.replace(b"T02:00:00.", b"T02:00:0%d." % number)
        a_recorded_run(night / "determinism" / "42" / side, 42, SHARD_SEEDS, stream)
    _, verdict = summarised(tmp_path, GREEN)
    assert verdict.warnings == ()
    line = "60 seeds run twice, none differs, so at most 4.87% of all differ (95%), kernel_state_hash never varies"
    assert part(verdict, "determinism").line == line
    assert "<code>" not in figure(line)


def not_built(folder: Path) -> None:
    """The marker in place of a recording."""
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "build-failed").touch()


@pytest.mark.parametrize(
    ("breaking", "word"),
    [
        (lambda folder: shutil.rmtree(folder), "not run"),
        (not_built, "build failed"),
        (
            lambda folder: a_recorded_run(
                folder, BASE + 2_000, SHARD_SEEDS, a_stream(60, first=BASE + 2_000)[:9000], whole=False, signal=11
            ),
            "crashed",
        ),
        (
            lambda folder: a_recorded_run(
                folder, BASE + 2_000, 60, a_stream(60, first=BASE + 2_000, failing={BASE + 2_001: "vsr_agreement"})
            ),
            "wrong invariant",
        ),
    ],
    ids=["not run", "build failed", "crashed", "wrong invariant"],
)
def test_what_is_no_detection_has_its_word(tmp_path: Path, breaking: Any, word: str) -> None:
    """A canary that was not run, not built, crashed, or failed something else was not detected."""
    night = a_night(tmp_path)
    breaking(night / "canary" / CANARY)
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"canary": "failed"}
    assert verdict.findings[0].source == CANARY
    assert verdict.findings[0].line.startswith(word)


def test_a_control_run_that_failed_hides_every_canary(tmp_path: Path) -> None:
    """Its failing seed is told once."""
    night = a_night(tmp_path)
    stream = a_stream(SHARD_SEEDS, first=BASE + 2_000, failing=[BASE + 2_004])
    a_recorded_run(night / "canary" / "control", BASE + 2_000, SHARD_SEEDS, stream, exit_code=1)
    _, verdict = summarised(tmp_path, GREEN)
    assert red_parts(verdict) == {"canary": "failed"}
    assert [(finding.source, finding.kind) for finding in verdict.findings] == [("control", "failing seed")]


def test_a_canary_on_other_seeds_than_the_control_run_shows_nothing(tmp_path: Path) -> None:
    """What it found may be the seeds' doing."""
    night = a_night(tmp_path)
    stream = a_stream(SHARD_SEEDS, first=7, failing=[9])
    a_recorded_run(night / "canary" / CANARY, 7, SHARD_SEEDS, stream, exit_code=1)
    _, verdict = summarised(tmp_path, GREEN)
    assert "60 iterations from seed 7, planned were 60 from" in verdict.findings[0].line


@pytest.mark.parametrize(("run", "passes"), [("canary/control", True), ("coverage/combined-1", False)])
def test_the_commit_of_a_control_run_is_not_compared(tmp_path: Path, run: str, passes: bool) -> None:
    """That of every other run is."""
    night = a_night(tmp_path)
    seed = {"canary/control": BASE + 2_000, "coverage/combined-1": BASE + 1_000}[run]
    a_recorded_run(night / run, seed, SHARD_SEEDS, commit="b" * 40, commit_source="environment")
    terms = NightTerms(config=str(tmp_path / "config.json"), commits=("a" * 40,))
    assert judge_night(night, None, terms).passed is passes
