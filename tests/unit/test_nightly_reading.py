"""The recordings of a night as they are read: each where the plan has it, and why one cannot be used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import CANARY, CONFIG, a_night, a_plan, a_recorded_run
from tests.support.recordings import a_manifest
from tests.support.reports import a_stream
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.model.manifest import MANIFEST, STREAM
from vopr_coverage.nightly import recordings
from vopr_coverage.nightly.recordings import (
    PARALLEL_BYTES_MIN,
    NightRead,
    ReadPair,
    ReadRun,
    _processes_for,
    _read_pair,
    read_night,
)

PLAN = a_plan({"combined": ["17", "4711"]})
PAIR = PLAN.determinism.include[0]
COMMITS = ("a" * 40,)


def config(**more: Any) -> Config:
    """The config of these nights."""
    return parse_config(json.dumps(CONFIG | more), "gate.json")


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """The folder of a green night."""
    return a_night(tmp_path, PLAN)


def told(night: Path, run: ReadRun) -> tuple[str, str, bool, str, object]:
    """Where a run is and what was read: its source, folder, presence, problem, and its seeds with the commits."""
    seen = None
    if run.read is not None:
        assert run.read.run is not None
        seen = (run.read.source, run.read.run.starting_seed, run.read.run.iterations, run.read.commits)
    return run.source, str(run.folder.relative_to(night)), run.present, run.problem, seen


def every(read: NightRead) -> list[ReadRun]:
    """All runs but those of canaries."""
    return [
        *read.long_run, *read.regressions, *read.coverage, *(run for pair in read.pairs for run in pair.runs),
        *read.controls,
    ]  # fmt: skip


def test_each_recording_of_the_plan_is_read_where_it_is(night: Path) -> None:
    """Canaries and control run are compared with no commit: their code differs by design."""
    read = read_night(night, PLAN, config(), COMMITS, processes=1)
    base = int(PLAN.seed_base)

    def run(folder: str, source: str, seed: int, count: int, commits: tuple[str, ...] = COMMITS) -> object:
        return source, folder, True, "", (folder.rpartition("/")[2], seed, count, commits)

    assert [told(night, each) for each in every(read)] == [
        run("long-run/combined-1", "combined-1", base, 60),
        run("long-run/combined-2", "combined-2", base + 60, 60),
        run("regressions/combined-17", "combined-17", 17, 1),
        run("regressions/combined-4711", "combined-4711", 4711, 1),
        run("coverage/combined-1", "combined-1", base + 1_000, 60),
        run("determinism/42/a", "42/a", 42, 60),
        run("determinism/42/b", "42/b", 42, 60),
        run("canary/control", "control", base + 2_000, 60, ()),
    ]
    assert [each.planned for each in every(read)] == [
        *PLAN.long_run.include, *(each.planned for each in read.regressions), *PLAN.coverage.include, PAIR, PAIR,
        PLAN.canary.include[0],
    ]  # fmt: skip
    assert [(each.planned.name, each.planned.seed) for each in read.regressions] == [
        ("combined-17", "17"), ("combined-4711", "4711"),
    ]  # fmt: skip
    assert len(read.pairs) == 1
    assert read.pairs[0].verdict is not None
    assert read.pairs[0].problem == ""
    (canary,) = read.canaries
    assert (canary.name, canary.path) == (CANARY, str(night / "canary" / CANARY))
    assert canary.read is not None


def test_a_night_without_canaries_reads_none(night: Path) -> None:
    """Nor their control run."""
    read = read_night(night, PLAN, config(), canaries=False, processes=1)
    assert (read.controls, read.canaries, len(read.coverage)) == ((), (), 1)
    assert {run.read.commits for run in every(read) if run.read} == {()}


def test_progress_counts_runs_and_pairs(night: Path) -> None:
    """Two shards, two seeds, coverage, control run, a pair and a canary; a small night is read by this process."""
    calls: list[tuple[int, int]] = []
    read_night(night, PLAN, config(), progress=lambda done, total: calls.append((done, total)))
    assert calls == [(done, 8) for done in range(1, 9)]


def test_recordings_are_of_the_format_that_the_config_declares(night: Path) -> None:
    """Canaries, too. The first line of a problem is told, with the run's own place."""
    read = read_night(night, PLAN, config(format="simulation"), COMMITS, processes=1)
    other = "expected a simulation stream (format simulation), found a stream of `vopr --json`"
    for run in every(read):
        assert run == ReadRun(run.planned, run.source, run.folder, True, problem=f"{run.folder / STREAM}: {other}")
    (pair,) = read.pairs
    assert (pair.verdict, pair.problem) == (None, f"{night / 'determinism' / '42' / 'a' / STREAM}: {other}")
    assert [canary.why for canary in read.canaries] == [f"{night / 'canary' / CANARY / STREAM}: {other}"]


def test_a_run_that_left_nothing_is_not_there(night: Path) -> None:
    """A side of a pair, too: then nothing is compared, and the other side is read by itself."""
    shutil.rmtree(night / "long-run" / "combined-1")
    (night / "determinism" / "42" / "b" / MANIFEST).unlink()
    read = read_night(night, PLAN, config(), COMMITS, processes=1)
    first, folder = PLAN.long_run.include[0], night / "long-run" / "combined-1"
    assert read.long_run[0] == ReadRun(first, "combined-1", folder, present=False)
    (pair,) = read.pairs
    assert pair == ReadPair(pair.runs)
    left, right = pair.runs
    assert told(night, left) == (
        "42/a", "determinism/42/a", True, "", ("a", 42, 60, COMMITS)
    )  # fmt: skip
    assert right == ReadRun(PAIR, "42/b", night / "determinism" / "42" / "b", present=False)


def test_a_recording_that_cannot_be_used_is_there(night: Path) -> None:
    """With the first line of what is wrong, escaped. A folder that cannot be looked into is no missing one."""
    folder = night / "long-run" / "combined-1"
    broken = json.dumps(a_manifest(seed="\x1b", iterations="x"))
    (folder / MANIFEST).write_text(broken, encoding="utf-8")
    other = night / "long-run" / "combined-2"
    shutil.rmtree(other)
    other.symlink_to(other.name)
    first, second = read_night(night, PLAN, config(), processes=1).long_run
    assert first == ReadRun(
        PLAN.long_run.include[0], "combined-1", folder, present=True,
        problem=f"{folder / MANIFEST}#/seed: expected a seed from 0 to 2^64-1, as a string, found '\\x1b'",
    )  # fmt: skip
    assert second == ReadRun(
        PLAN.long_run.include[1], "combined-2", other, present=True,
        problem=f"{other / MANIFEST}: expected a readable file, found a loop of symbolic links",
    )  # fmt: skip


def test_two_runs_that_cannot_be_compared_say_why_and_are_read(night: Path) -> None:
    """A copy of one run is a run all the same, and the scenario of a pair is one of the config's."""
    pairs = night / "determinism"
    shutil.rmtree(pairs / "42" / "b")
    shutil.copytree(pairs / "42" / "a", pairs / "42" / "b")
    pair = _read_pair(PAIR, pairs, config(), COMMITS)
    assert pair.verdict is None
    assert "hold the same run, begun and ended at the same instant" in pair.problem
    assert [run.source for run in pair.runs if run.read and run.read.commits == COMMITS] == ["42/a", "42/b"]
    a_recorded_run(pairs / "42" / "b", 42, 60, a_stream(60, first=42).replace(b"T02:00:00.", b"T02:00:01."))
    foreign = _read_pair(PAIR, pairs, config(scenarios={"other": {}}), COMMITS)
    assert foreign.problem.startswith("scenario 'combined' is not in gate.json")


@pytest.mark.parametrize(("size", "processes"), [(0, 1), (PARALLEL_BYTES_MIN - 1, 1), (PARALLEL_BYTES_MIN, 7)])
def test_a_large_night_is_read_on_all_cores(
    size: int, processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All streams together count, wherever they are; a folder of that name is none."""
    monkeypatch.setattr(recordings, "cores", lambda: 7)
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / STREAM).write_bytes(b"x" * (size // 2))
    (tmp_path / "a" / "b" / STREAM).write_bytes(b"x" * (size - size // 2))
    (tmp_path / "a" / "b" / MANIFEST).write_bytes(b"x" * 9)
    (tmp_path / STREAM).mkdir()
    (tmp_path / STREAM / "x").write_bytes(b"x")
    assert _processes_for(tmp_path) == processes
    assert PARALLEL_BYTES_MIN == 4 * 1024 * 1024
