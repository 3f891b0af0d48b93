"""Large inputs in small: counts and memory, and no time. `make load-bench` has the large ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support import loads
from tests.support.reports import run_cli, run_cli_weighed
from vopr_coverage.render.budget import SUMMARY_BYTES_MAX

GATE = {"profile": "none", "fault_point_coverage_min": 0.5, "complete_when": "workload finished"}
GROWTH_MAX = 2.6  # of a count of calls, where there are twice the jobs


@pytest.mark.parametrize("play", [loads.jobs_on_a_branch, loads.jobs_on_a_comment])
def test_jobs_that_publish_at_once(play: Callable[[int], tuple[int, list[str]]]) -> None:
    """Nothing is lost or twice, and twice the jobs ask at most about twice as often."""
    calls = []
    for jobs in (4, 8, 16):
        asked, wrong = play(jobs)
        assert wrong == []
        calls.append(asked)
    assert [more / less < GROWTH_MAX for less, more in pairwise(calls)] == [True, True], calls


@pytest.mark.parametrize("kind", ["report", "stream", "simulation"])
def test_a_run_of_many_fault_points(kind: str, tmp_path: Path) -> None:
    """It is recognised although its first line is longer than a megabyte, and judged in little memory."""
    (tmp_path / "run").write_bytes(loads.many_points(kind, 45_000))
    (tmp_path / "gate.json").write_text(json.dumps({"profile": "none", "fault_point_coverage_min": 0.5}))
    flags = ("--config", "gate.json", "--summary-file", "summary.md", "--verdict-file", "verdict.json")
    ended, mib = run_cli_weighed("check", "run", *flags, cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    assert mib < 200
    page = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert "of 45,0" in page
    assert len(page) < 65_536


def test_a_night_of_many_recordings(tmp_path: Path) -> None:
    """Twice the recordings leave a page and a verdict of the same size."""
    sizes = []
    for count in (40, 80):
        home = tmp_path / str(count)
        loads.a_large_night(home, count)
        files = ("--verdict-file", "night.json", "--summary-file", "night.md")
        ended = run_cli("summary", "night", "--config", "config.json", *files, cwd=home)
        assert ended.code == 0, ended.out
        sizes.append((home / "night.md").stat().st_size + (home / "night.json").stat().st_size)
    assert sizes[1] < 1.05 * sizes[0] < SUMMARY_BYTES_MAX


def test_many_files_of_an_sdk(tmp_path: Path) -> None:
    """Four times the files take hardly more memory."""
    (tmp_path / "gate.json").write_text(json.dumps(GATE))
    weights = []
    for count in (50, 200):
        loads.many_files(tmp_path / str(count), count, properties=20, lines=20)
        pattern = f"{count}/*.jsonl"
        ended, mib = run_cli_weighed("check", pattern, "--merge", "all", "--config", "gate.json", cwd=tmp_path)
        assert ended.code == 0, ended.out + ended.err
        weights.append(mib)
    assert weights[1] < weights[0] + 10


def test_one_more_night_on_a_long_history(tmp_path: Path) -> None:
    """A branch with years of nights costs as many calls as one with a hundred, but for its larger files."""
    calls = []
    for count in (100, 400):
        folder = tmp_path / str(count)
        folder.mkdir()
        (folder / "trends.ndjson").write_bytes(loads.a_history(count))
        asked, wrong = loads.publish(folder)
        assert wrong == []
        calls.append(asked)
    assert calls[1] <= calls[0] + 2
