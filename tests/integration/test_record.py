"""`vopr-coverage record` with real processes: what is kept of a run, and what is told of usage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.recordings import kept, manifest_of, printing
from tests.support.reports import SEED_COUNT, Ended, a_stream, run_cli
from tests.support.simulators import record
from vopr_coverage.model.manifest import recording_from_json
from vopr_coverage.recorder import files as keeping


def printed(folder: Path, stream: bytes, exit_code: int = 0, options: tuple[str, ...] = ()) -> Ended:
    """Record a simulator that prints this stream."""
    (folder / "stream").write_bytes(stream)
    return record(folder, *printing(folder / "stream", exit_code), options=options)


# ---- whole runs


def test_a_whole_run_is_kept(tmp_path: Path) -> None:
    """Exit code 0, the stream compacted, stderr apart, and a manifest that the schema takes."""
    ended = printed(tmp_path, a_stream())
    assert ended.code == 0
    assert ended.out == ""
    assert ended.err.startswith("vopr-coverage: recorded 3 of 3 iterations, ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "stderr.log", "stream.ndjson.gz",
    ]  # fmt: skip
    manifest = manifest_of(tmp_path / "out")
    assert recording_from_json((tmp_path / "out" / "manifest.json").read_bytes(), "m").whole
    assert manifest["lines"] == {"start": 1, "iteration_ok": 3, "batch_complete": 1}
    assert (manifest["exit_code"], manifest["signal"], manifest["seed"]) == (0, None, "0")
    assert manifest["duration_s"] > 0
    assert manifest["rate"] > 0
    assert set(manifest["host"]) == {"os", "arch", "python"}
    assert kept(tmp_path / "out").count(b"\n") == 5


@pytest.mark.parametrize("exit_code", [1, 2, 101])
def test_the_simulators_status_is_kept_and_not_judged(tmp_path: Path, exit_code: int) -> None:
    """Judging is check's."""
    assert printed(tmp_path, a_stream(), exit_code).code == 0
    assert manifest_of(tmp_path / "out")["exit_code"] == exit_code


@pytest.mark.parametrize("stream", [b"", b"no records\n", a_stream()[:-300], a_stream().partition(b"\n")[2]])
def test_an_incomplete_stream_is_kept_and_ends_with_1(tmp_path: Path, stream: bytes) -> None:
    """Whatever its exit code says."""
    ended = printed(tmp_path, stream)
    assert ended.code == 1
    assert ended.err.startswith("vopr-coverage: incomplete: recorded ")
    assert not manifest_of(tmp_path / "out")["whole"]


def test_stderr_is_kept_apart(tmp_path: Path) -> None:
    """It is no part of the stream, and what it holds is no record."""
    code = "import sys; sys.stderr.write('a panic\\n'); sys.stdout.write('noise\\n')"
    assert record(tmp_path, sys.executable, "-c", code).code == 1
    assert (tmp_path / "out" / "stderr.log").read_bytes() == b"a panic\n"
    assert kept(tmp_path / "out") == b"noise\n"
    assert manifest_of(tmp_path / "out")["stderr_bytes"] == 8


def test_of_a_long_stderr_the_first_and_the_last_part_are_kept(tmp_path: Path) -> None:
    """A simulator that logs each step would fill the disk; how much is missing is told."""
    code = "import sys; sys.stderr.write(''.join(f'line {n:06}\\n' for n in range(400_000)))"
    record(tmp_path, sys.executable, "-c", code)
    log, manifest = (tmp_path / "out" / "stderr.log").read_bytes(), manifest_of(tmp_path / "out")
    dropped = 400_000 * 12 - keeping.LOG_HEAD_BYTES_MAX - keeping.LOG_TAIL_BYTES_MAX
    assert manifest["stderr_bytes"] == 400_000 * 12
    assert manifest["stderr_dropped_bytes"] == dropped
    assert log.startswith(b"line 000000\n")
    assert log.endswith(b"line 399999\n")
    assert f"[vopr-coverage: {dropped} bytes are left out here]\n".encode() in log
    assert len(log) == keeping.LOG_HEAD_BYTES_MAX + keeping.LOG_TAIL_BYTES_MAX + len(
        f"\n[vopr-coverage: {dropped} bytes are left out here]\n"
    )


def test_placeholders_are_replaced_without_a_shell(tmp_path: Path) -> None:
    """In each word, as often as they stand there; the manifest keeps the template."""
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "{scenario}/{seed}", "--n={iterations}", "$HOME; {}", "--", "*"]
    record(tmp_path, *command, seed=SEED_COUNT - 1, iterations=SEED_COUNT - 1)
    told = json.loads(kept(tmp_path / "out"))
    assert told == [f"combined/{SEED_COUNT - 1}", f"--n={SEED_COUNT - 1}", "$HOME; {}", "--", "*"]
    manifest = manifest_of(tmp_path / "out")
    assert manifest["command"] == command
    assert (manifest["seed"], manifest["iterations"]) == (str(SEED_COUNT - 1), SEED_COUNT - 1)


def test_no_variable_of_the_environment_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs hold their secrets there; the simulator gets them, the recording doesn't."""
    monkeypatch.setenv("A_SECRET", "hunter2-hunter2")
    code = "import os, sys; sys.exit(0 if os.environ['A_SECRET'] else 1)"
    record(tmp_path, sys.executable, "-c", code)
    assert manifest_of(tmp_path / "out")["exit_code"] == 0
    assert all(b"hunter2" not in path.read_bytes() for path in (tmp_path / "out").iterdir())


@pytest.mark.parametrize(("words", "double"), [(("--check-determinism",), True), ((), False)])
def test_double_runs_are_seen_in_the_command(tmp_path: Path, words: tuple[str, ...], double: bool) -> None:
    """Or said with --double-runs."""
    (tmp_path / "stream").write_bytes(a_stream())
    record(tmp_path, *printing(tmp_path / "stream"), *words)
    assert manifest_of(tmp_path / "out")["double_runs"] is double
    record(tmp_path, *printing(tmp_path / "stream"), options=("--double-runs", "--out", "said"))
    assert manifest_of(tmp_path / "said")["double_runs"] is True


# ---- commits


def test_the_commit_is_the_flag_else_githubs_else_gits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this order, with who said so."""
    monkeypatch.setenv("GITHUB_SHA", "b" * 40)
    printed(tmp_path, a_stream(), options=("--commit", "abc1234"))
    assert commit_of(tmp_path) == ("abc1234", "flag")
    printed(tmp_path, a_stream(), options=("--out", "github"))
    assert commit_of(tmp_path, "github") == ("b" * 40, "environment")
    monkeypatch.delenv("GITHUB_SHA")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    printed(tmp_path, a_stream(), options=("--out", "none"))
    assert commit_of(tmp_path, "none") == (None, None)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True).stdout.strip()
    printed(tmp_path, a_stream(), options=("--out", "git"))
    assert commit_of(tmp_path, "git") == (head, "git")


def test_another_commit_that_is_checked_out_is_kept_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job may check out something else than its own commit: then that is what was simulated."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], cwd=tmp_path, check=True)
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=tmp_path, capture_output=True, text=True).stdout.strip()
    told = f"GITHUB_SHA is {'b' * 40}, and git's HEAD here is {head}: the manifest has both"
    monkeypatch.setenv("GITHUB_SHA", "b" * 40)
    assert told in printed(tmp_path, a_stream(), options=("--out", "other")).err
    manifest = manifest_of(tmp_path / "other")
    assert (manifest["commit"], manifest["commit_source"], manifest["head"]) == ("b" * 40, "environment", head)
    (tmp_path / "seeds.txt").write_text("combined 0\n")
    replayed = run_cli("replay", "seeds.txt", "--out", "replayed", "--command", "true {seed}", cwd=tmp_path)
    assert told in replayed.err
    monkeypatch.setenv("GITHUB_SHA", head)
    assert "GITHUB_SHA" not in printed(tmp_path, a_stream(), options=("--out", "same")).err
    assert manifest_of(tmp_path / "same")["head"] == head


def commit_of(folder: Path, name: str = "out") -> tuple[str | None, str | None]:
    """The commit of a recording, and who said so."""
    manifest = manifest_of(folder / name)
    return manifest["commit"], manifest["commit_source"]


# ---- one text for the command


def test_the_command_may_be_one_text(tmp_path: Path) -> None:
    """As a workflow's input is: split into words as a shell would, and by no shell."""
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    words = f"""{sys.executable} -c '{code}' --seed={{seed}} "two words" $HOME '*' a\\ b;c |"""
    ended = record(tmp_path, options=("--command", words), seed=7)
    assert json.loads(kept(tmp_path / "out")) == ["--seed=7", "two words", "$HOME", "*", "a b;c", "|"], ended
    assert manifest_of(tmp_path / "out")["command"][3] == "--seed={seed}"


def test_no_text_for_the_command_is_none(tmp_path: Path) -> None:
    """A workflow hands on an empty input as an empty text."""
    (tmp_path / "stream").write_bytes(a_stream())
    assert record(tmp_path, *printing(tmp_path / "stream"), options=("--command", "")).code == 0
    assert "no command" in record(tmp_path, options=("--command", " \n", "--out", "none")).err


# ---- usage


@pytest.mark.parametrize(
    ("options", "command", "told"),
    [
        ((), (), "no command: put it behind --"),
        ((), ("vopr", "{sede}"), "the command has the unknown placeholder '{sede}'; known: {scenario}, {seed}"),
        ((), ("no-such-simulator",), "the command no-such-simulator cannot be started: no such file or directory"),
        (("--command", "true"), ("true",), "the command stands behind -- and in --command: give it once"),
        (("--command", "vopr 'x"), (), "--command: expected words quoted as for a shell, found no closing quotation"),
        (("--command", "vopr x\\"), (), "--command: expected words quoted as for a shell, found no escaped character"),
        (("--command", "vopr {sede}"), (), "the command has the unknown placeholder '{sede}'; known: {scenario}"),
        (("--commit", "HEAD"), ("true",), "--commit: expected 7 to 64 hexadecimal digits in lower case, found 'HEAD'"),
        (("--timeout", "0"), ("true",), "argument --timeout: expected seconds above 0, found '0'"),
        (("--timeout", "nan"), ("true",), "argument --timeout: expected seconds above 0, found 'nan'"),
        (("--timeout", "1e16"), ("true",), "argument --timeout: expected seconds above 0 and up to 1e+15"),
        (("--seed", "-1"), ("true",), "argument --seed: expected "),
        (("--seed", str(SEED_COUNT)), ("true",), "argument --seed: expected an integer from 0 to 2^64-1"),
        (("--iterations", "1e6"), ("true",), "argument --iterations: expected an integer from 0 to 2^64-1"),
        (("--scenario", ""), ("true",), "--scenario: expected a name of 1 to 200 characters"),
        (("--out", "full"), ("true",), "--out full is not empty: a recording needs a folder of its own"),
        (("--out", "file"), ("true",), "--out file cannot be used: file exists"),
    ],
)
def test_unusable_usage_touches_nothing(
    tmp_path: Path, options: tuple[str, ...], command: tuple[str, ...], told: str
) -> None:
    """Exit code 2, one line, and no folder left behind."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "file").touch()
    ended = record(tmp_path, *command, options=options)
    assert ended.code == 2
    assert ended.err.startswith(f"vopr-coverage: {told}")
    assert not (tmp_path / "out").exists()
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "x"]


def test_an_empty_folder_may_be_there_already(tmp_path: Path) -> None:
    """As a workflow makes it; it stays where the command can't be started."""
    (tmp_path / "out").mkdir()
    assert record(tmp_path, "no-such-simulator").code == 2
    assert list((tmp_path / "out").iterdir()) == []
    assert printed(tmp_path, a_stream()).code == 0


def test_seeds_that_failed_without_a_record_have_run(tmp_path: Path) -> None:
    """Under --check-determinism every seed may end so: the run is whole, and its rate is that of the simulator."""
    (tmp_path / "stream").write_bytes(a_stream(60, first=7, lost=range(7, 67)))
    asked = ("--scenario", "combined", "--seed", "7", "--iterations", "60", "--out", "run")
    ended = run_cli("record", *asked, "--", *printing(tmp_path / "stream", 1), cwd=tmp_path)
    assert "recorded 60 of 60 iterations, " in ended.err
    assert ", 60 failed seeds without a record, ended with exit code 1, in run" in ended.err
    manifest = manifest_of(tmp_path / "run")
    assert manifest["lines"] == {"start": 1, "batch_complete": 1, "iteration_silent": 60}
    assert 60 / manifest["rate"] == pytest.approx(manifest["duration_s"], abs=0.001)
    assert ", 0.0/s" not in ended.err
