"""The lockfile of points in the action and in a night: found below the workspace, without any input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.support.action_steps import Desk
from tests.support.night_folders import a_night, all_needs, summarised
from tests.support.reports import MODEST, a_stream, run_cli
from vopr_coverage.model.point_lock import LOCK_PATH, LockedIn, LockedPoint, PointLock
from vopr_coverage.points.lockfile import parse_lock, text_of_lock
from vopr_coverage.trends.file import read_history


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A checkout with a config that its run meets."""
    desk = Desk(tmp_path, github)
    monkeypatch.chdir(desk.workspace)
    return desk


def locked(folder: Path, *names: str) -> None:
    """A lockfile of points that were all hit, in whatever scenario."""
    (folder / LOCK_PATH).parent.mkdir(parents=True, exist_ok=True)
    points = tuple(LockedPoint(name, "fault", {"*": LockedIn("common")}) for name in names)
    (folder / LOCK_PATH).write_text(text_of_lock(PointLock(points=points)))


NAMES = ("network.drop", "sim.network.send", "sim.storage.write")  # what `a_stream` lists


def test_the_action_finds_it_in_the_workspace(desk: Desk) -> None:
    """As it finds the config; the percentage and the summary are of its points."""
    locked(desk.workspace, *NAMES, "one.more")
    step = desk.step()
    assert (step.outputs["passed"], step.outputs["fault-point-coverage"]) == ("true", "0.750000")
    assert "Points as locked" in step.summary.replace("&nbsp;", " ")


def test_the_action_reads_no_file_outside_of_the_workspace(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A link that somebody committed is an error, and nothing is judged."""
    outside = tmp_path_factory.mktemp("outside")
    locked(outside, *NAMES)
    (desk.workspace / LOCK_PATH).symlink_to(outside / LOCK_PATH)
    step = desk.step()
    assert step.outputs["verdict"] == "error"
    assert f"{LOCK_PATH}: expected a path inside the workspace" in step.log


def test_the_doctor_of_the_action_has_it_too(desk: Desk) -> None:
    """A gate without its denominator would be another gate."""
    locked(desk.workspace, *NAMES)
    (desk.workspace / LOCK_PATH).write_text("{}")
    step = desk.step(command="doctor")
    assert (step.outputs["verdict"], LOCK_PATH in step.log) == ("error", True)


def test_a_night_is_judged_by_it(tmp_path: Path) -> None:
    """Its coverage, its findings, and the figures that the history gets."""
    a_night(tmp_path)
    locked(tmp_path, *NAMES, "one.more", "yet.another")
    ended, night = summarised(tmp_path, all_needs(), "--trends", "trends.ndjson")
    assert ended.code == 0, ended.out
    work = {each.job: each for each in night.work}
    assert (work["coverage"].fault_points_hit, work["coverage"].fault_points_known) == (3, 5)
    record = next(each for each in read_history(tmp_path / "trends.ndjson").records if each.job == "coverage")
    assert record.names is not None
    assert record.names.missed == ("one.more", "yet.another")


def test_a_nights_recordings_and_its_history_make_a_lockfile(tmp_path: Path) -> None:
    """With the night and the commit that saw each point first, and the rates that the night counted."""
    a_night(tmp_path)
    summarised(tmp_path, all_needs(), "--trends", "trends.ndjson")
    words = ["night/coverage/*", "--history", "trends.ndjson", "--config", "config.json"]
    ended = run_cli("points", "lock", *words, cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    points = parse_lock((tmp_path / LOCK_PATH).read_bytes(), LOCK_PATH).points
    assert [point.name for point in points] == sorted(NAMES)
    assert all(point.first and point.first.night and point.scenarios["combined"].rate for point in points)
    assert summarised(tmp_path, all_needs())[0].code == 0


def test_a_night_tells_what_was_never_hit(tmp_path: Path) -> None:
    """As a finding of the coverage job, with what to do."""
    a_night(tmp_path)
    points = (
        *(LockedPoint(name, "fault", {"combined": LockedIn("common")}) for name in NAMES),
        LockedPoint("ghost", "fault", {"combined": LockedIn("common", hit=False)}),
    )
    (tmp_path / LOCK_PATH).parent.mkdir()
    (tmp_path / LOCK_PATH).write_text(text_of_lock(PointLock(points=points)))
    ended, night = summarised(tmp_path, all_needs())
    assert ended.code == 1
    lines = [finding.line for finding in night.findings if finding.job == "coverage"]
    assert lines == ["Locked point 'ghost' was never hit since it was locked"]
    assert "unreachable" in (tmp_path / "night.md").read_text()


def test_a_night_with_a_broken_one_is_not_judged(tmp_path: Path) -> None:
    """Without it, it would be a weaker night."""
    a_night(tmp_path)
    (tmp_path / LOCK_PATH).parent.mkdir()
    (tmp_path / LOCK_PATH).write_text('{"format": "x"}')
    ended, night = summarised(tmp_path, all_needs())
    assert (ended.code, night.status) == (2, "error")
    assert LOCK_PATH in ended.err


def test_what_does_not_judge_points_needs_no_lockfile(tmp_path: Path) -> None:
    """A night's other jobs run, whatever became of the file."""
    locked(tmp_path)
    (tmp_path / LOCK_PATH).write_text("{}")
    (tmp_path / "gate.yml").write_text(json.dumps(MODEST))
    (tmp_path / "run.ndjson").write_bytes(a_stream())
    for words in (["profiles"], ["determinism", "run.ndjson"], ["canary", "--names"]):
        assert LOCK_PATH not in run_cli(*words, "--config", "gate.yml", cwd=tmp_path).err
