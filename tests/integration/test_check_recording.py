"""`check` takes a recording for a report: found by folder or pattern, named and replayed by its manifest."""

from __future__ import annotations

import gzip
import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.endings import passed, refused, violations
from tests.support.recordings import a_manifest, a_recording
from tests.support.reports import MODEST, a_stream, run_cli
from vopr_coverage import action
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading.find import find_reports

SHA, HEAD = "a" * 40, "b" * 40


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a config that healthy recordings meet."""
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_SHA", "GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def judged(*reports: str, **settings: Any) -> Verdict:
    """The verdict on these reports, under that config."""
    return checked(reports, **{"config": "modest.json"} | settings)


# ---- finding


def test_a_folder_with_a_manifest_is_a_report(world: Path) -> None:
    """Named after the folder, and its scenario is the manifest's."""
    a_recording(world / "night" / "combined-0", a_stream())
    verdict = judged("night/combined-0/")
    (report,) = verdict.reports
    assert verdict.passed
    assert (report.name, report.scenario) == ("combined-0", "combined")


def test_a_pattern_matches_recordings_and_files_each_once(world: Path) -> None:
    """And none of a recording's own files."""
    a_recording(world / "night" / "a", a_stream())
    a_recording(world / "night" / "b", a_stream(first=3), seed="3")
    (world / "night" / "b" / "stderr.log").write_text("words")
    (world / "night" / "c.ndjson").write_bytes(a_stream())
    (world / "night" / "empty").mkdir()
    for pattern in ("night/*", "night/**", "**/night/*"):
        assert [file.label for file in find_reports([pattern])] == ["a", "b", "c.ndjson"]
    assert [file.label for file in find_reports(["night/a", "night/*", "./night/b"])] == ["a", "b", "c.ndjson"]


def test_recordings_of_one_name_are_told_apart_by_their_paths(world: Path) -> None:
    """As files are."""
    a_recording(world / "x" / "out", a_stream())
    a_recording(world / "y" / "out", a_stream(first=3), seed="3")
    assert [report.name for report in judged("x/out", "y/out").reports] == ["x/out", "y/out"]


def test_a_folder_without_a_manifest_is_refused(world: Path) -> None:
    """It may hold anything."""
    (world / "out").mkdir()
    assert refused(run_cli("check", "out", cwd=world)) == ["out: expected a regular file, found a directory"]


def test_a_recording_without_its_stream_is_refused(world: Path) -> None:
    """Whatever its manifest promises."""
    (a_recording(world / "out", b"") / "stream.ndjson.gz").unlink()
    (told,) = refused(run_cli("check", "out", cwd=world))
    assert told == "out/stream.ndjson.gz: expected a readable file, found no such file or directory"


# ---- hostile folders


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b"{", "out/manifest.json: expected JSON, found its end"),
        (b"\xff", "out/manifest.json: expected UTF-8 text, found the byte 0xff"),
        (b" " * (2 << 20), "out/manifest.json: expected at most 1 MiB, found a larger file"),
        (b"[" * 200 + b"]" * 200, "out/manifest.json: expected at most 100 levels, found nesting that is too deep"),
        (json.dumps(a_manifest(seed="x\x1b[2J")).encode(), "out/manifest.json#/seed: expected a seed from 0 "),
    ],
)  # fmt: skip
def test_a_manifest_that_is_none_is_refused(world: Path, manifest: bytes, told: str) -> None:
    """Before its stream is looked at."""
    (a_recording(world / "out", a_stream()) / "manifest.json").write_bytes(manifest)
    (found,) = refused(run_cli("check", "out", cwd=world))
    assert found.startswith(told)


def test_a_manifest_that_is_no_regular_file_is_refused(world: Path) -> None:
    """Reading a FIFO would wait for ever."""
    manifest = a_recording(world / "out", a_stream()) / "manifest.json"
    manifest.unlink()
    os.mkfifo(manifest)
    assert refused(run_cli("check", "out", cwd=world)) == ["out/manifest.json: expected a regular file, found a FIFO"]


@pytest.mark.parametrize("name", ["manifest.json", "stream.ndjson.gz"])
def test_no_file_of_a_recording_may_lead_outside_the_workspace(world: Path, name: str) -> None:
    """A link in an artifact from a fork, say."""
    inside, outside = a_recording(world / "in" / "out", a_stream()), world / "secret"
    outside.write_bytes((inside / name).read_bytes())
    (inside / name).unlink()
    (inside / name).symlink_to(outside)
    with pytest.raises(UserError, match="expected a path inside the workspace"):
        find_reports(["in/out"], [world / "in"])
    assert find_reports(["in/out"], [world])


def test_a_folder_outside_the_workspace_is_refused(world: Path) -> None:
    """By its own name or by a link's."""
    a_recording(world / "away", a_stream())
    (world / "in").mkdir()
    (world / "in" / "link").symlink_to(world / "away")
    for name in ("away", "in/link", "in/*"):
        with pytest.raises(UserError, match="expected a path inside the workspace"):
            find_reports([name], [world / "in"])


def test_a_scenario_cannot_move_the_cursor(world: Path) -> None:
    """A manifest's words are a stranger's."""
    a_recording(world / "out", a_stream(failing=[1]), scenario="a\x1b[2J\n::error::x", exit_code=1)
    ended = run_cli("check", "out", cwd=world)
    assert "\x1b" not in ended.out
    assert "\n::error" not in ended.out


# ---- scenarios


def test_the_manifest_names_the_scenario(world: Path) -> None:
    """It beats --scenario, which is for runs that don't name their own; case doesn't matter."""
    a_recording(world / "out", a_stream())
    assert judged("out", scenario="swizzle").reports[0].scenario == "combined"
    assert judged("Combined=out").reports[0].scenario == "combined"


def test_a_scenario_that_contradicts_the_manifest_is_refused(world: Path) -> None:
    """One of the two is wrong, and the bounds would be another scenario's."""
    a_recording(world / "out", a_stream())
    assert refused(run_cli("check", "swizzle=out", cwd=world)) == [
        "out is named as scenario 'swizzle', its manifest says 'combined'"
    ]


def test_recordings_merge_by_the_scenario_of_their_manifests(world: Path) -> None:
    """Shards of one night."""
    a_recording(world / "a", a_stream())
    a_recording(world / "b", a_stream(first=3), seed="3")
    (report,) = judged("a", "b", merge="scenario").reports
    assert report.name == "combined (2 merged)"


# ---- replaying


def test_a_failing_seed_is_replayed_with_the_recorded_command(world: Path) -> None:
    """Unless the config has a command that somebody wrote for this purpose."""
    command = ["./my vopr", "--seed", "{seed}", "-n{iterations}", "{scenario}"]
    a_recording(world / "out", a_stream(failing=[1, 2]), exit_code=1, command=command)
    (failure,) = judged("out").failures
    assert shlex.split(failure.repro) == ["./my vopr", "--seed", "1", "-n1", "combined"]
    assert not failure.whole_run
    for more in ([], ["-v"]):
        told = run_cli("check", "out", "--config", "modest.json", *more, cwd=world).out.splitlines()
        assert failure.repro in [line.strip() for line in told]
    (world / "modest.json").write_text(json.dumps(MODEST | {"repro": "debug {scenario} --seed {seed}"}))
    (failure,) = judged("out").failures
    assert (failure.repro, failure.whole_run, failure.fill_in) == ("debug combined --seed 1", False, False)


def test_without_a_seed_in_the_command_the_whole_run_is_replayed(world: Path) -> None:
    """And it says so, in text and in Markdown."""
    a_recording(world / "out", a_stream(failing=[1]), exit_code=1, command=["make", "sim", "N={iterations}"])
    (failure,) = judged("out").failures
    assert (failure.repro, failure.whole_run) == ("make sim N=3", True)
    assert "on seed 1 (replays the whole run)\n      make sim N=3\n" in run_cli("check", "-v", "out", cwd=world).out
    assert "make sim N=3  # the whole run\n" in run_cli("check", "out", cwd=world).out
    assert "this command replays the whole run" in run_cli("check", "out", "--format", "markdown", cwd=world).out


# ---- health


def test_a_recording_that_disagrees_with_its_stream_fails(world: Path) -> None:
    """A simulator that takes 1e6 for 100 can't be told from its stream alone."""
    a_recording(world / "out", a_stream(), seed="7", iterations=1_000_000, exit_code=101)
    assert violations(run_cli("check", "out", "--config", "modest.json", cwd=world)) == [
        "out: Simulator ended with exit code 101, though no seed failed",
        "out: Recording disagrees: seed 7 was asked for, the stream starts with 0",
        "out: Recording disagrees: iterations 1000000 was asked for, the stream starts with 3",
    ]


def test_double_runs_vouch_for_determinism(world: Path) -> None:
    """The gate passes, and counts per iteration are held against twice the iterations."""
    a_recording(world / "out", a_stream(), double_runs=True)
    gates = {gate.gate: gate.status for gate in judged("out").reports[0].inputs[0].gates}
    assert gates["determinism"] == "passed"
    a_recording(world / "once", a_stream())
    gates = {gate.gate: gate.status for gate in judged("once").reports[0].inputs[0].gates}
    assert gates["determinism"] == "not required"


@pytest.mark.parametrize(
    ("event", "source", "passes"),
    [("push", "git", False), ("push", "flag", True), ("workflow_run", "git", True), ("", "git", True)],
)
def test_the_commit_is_compared_in_a_job_of_github(
    world: Path, monkeypatch: pytest.MonkeyPatch, event: str, source: str, passes: bool
) -> None:
    """Shown in any case."""
    monkeypatch.setenv("GITHUB_EVENT_NAME", event)
    if event:
        monkeypatch.setenv("GITHUB_SHA", SHA)
    a_recording(world / "out", a_stream(), commit=HEAD, commit_source=source)
    ended = run_cli("check", "out", "--config", "modest.json", "--verdict-file", "v.json", cwd=world)
    if passes:
        assert passed(ended)
    else:
        assert violations(ended) == [f"out: Recorded at another commit: {HEAD[:12]} (expected {SHA[:12]})"]
    assert json.loads((world / "v.json").read_text())["reports"][0]["inputs"][0]["commit"] == HEAD


def test_a_pull_requests_head_is_as_good_as_its_merge_commit(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workflows check out one or the other."""
    (world / "event.json").write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    for name, value in (("NAME", "pull_request"), ("PATH", str(world / "event.json"))):
        monkeypatch.setenv(f"GITHUB_EVENT_{name}", value)
    monkeypatch.setenv("GITHUB_SHA", SHA)
    a_recording(world / "out", a_stream(), commit=HEAD, commit_source="git")
    assert passed(run_cli("check", "out", "--config", "modest.json", cwd=world))


@pytest.mark.parametrize(
    ("head", "commits", "warned"),
    [
        (None, (SHA,), False),  # a recording of an earlier version
        (SHA, (SHA,), False),
        (HEAD, (SHA,), True),
        (HEAD, (SHA, HEAD), False),  # the head of the pull request
        (HEAD, (), True),
    ],
)
def test_another_commit_that_was_checked_out_is_a_warning(
    world: Path, head: str | None, commits: tuple[str, ...], warned: bool
) -> None:
    """The manifest names the job's commit, and something else was simulated, if git looked at the simulator's files."""
    a_recording(world / "out", a_stream(), commit=SHA, commit_source="environment", head=head)
    verdict = judged("out", commits=commits)
    told = f"Recorded with another commit checked out: git's HEAD was {HEAD[:12]}, GITHUB_SHA {SHA[:12]}"
    assert verdict.passed
    assert (told in [warning.text for warning in verdict.warnings]) is warned


@pytest.mark.parametrize(("commit", "code"), [(SHA, 0), (HEAD, 0), ("c" * 40, 1)])
def test_the_action_compares_the_commit_too(
    world: Path, capsys: pytest.CaptureFixture[str], commit: str, code: int
) -> None:
    """With the job's own commit, and the head of its pull request."""
    (world / "event.json").write_text(json.dumps({"pull_request": {"head": {"sha": HEAD}}}))
    a_recording(world / "out", a_stream(), commit=commit, commit_source="environment")
    env = {
        **os.environ,
        "GITHUB_WORKSPACE": str(world),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(world / "event.json"),
        "GITHUB_SHA": SHA,
        "INPUT_REPORTS": "out",
        "INPUT_CONFIG": "modest.json",
    }
    ended = action.main(env)
    out = capsys.readouterr().out
    assert ended == code, out
    assert ("Recorded at another commit" in out) == bool(code)


def test_the_artifact_alone_is_a_stream(world: Path) -> None:
    """Whoever has lost the manifest can still judge what was simulated."""
    (world / "lost.gz").write_bytes(gzip.compress(b'["ok",[0,1,2.0,"a","b"]]\n'))
    ended = run_cli("check", "lost.gz", cwd=world)
    assert "Run incomplete: there is no start record, pass the whole stream" in ended.out
