"""Code under test beside us on a runner: what it inherits from us, and what its words do in a log that is ours."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.reports import a_coverage, a_flat_report, a_stream, run_cli
from tests.support.runner_log import ATTEMPTS, commands_in
from vopr_coverage import cli

FILES = ("GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
SECRETS = {
    "ACTIONS_RUNTIME_TOKEN": "t1", "ACTIONS_RUNTIME_URL": "http://localhost/", "ACTIONS_ID_TOKEN_REQUEST_URL": "u",
    "ACTIONS_CACHE_URL": "c", "GITHUB_TOKEN": "t2", "GH_TOKEN": "t3", "INPUT_TOKEN": "t4", "NPM_TOKEN": "t5",
}  # fmt: skip
# It takes what it finds in its environment, tells the test what that was, and does its work.
GREEDY = """
import os, sys
for name in {files}:
    if name in os.environ:
        open(os.environ[name], "a").write("owned=true\\n")
with open({seen!r}, "a") as seen:
    seen.write("\\n".join(os.environ) + "\\n")
sys.stdout.buffer.write(open({stream!r}, "rb").read())
"""
# What it prints, where, and how it dies: with the attempts as its last words, in its records, or as its only output.
LOUD = """
import sys
sys.stdout.buffer.write({stream!r})
sys.stdout.flush()
print({words!r}, file=sys.stderr)
print({words!r})
sys.exit(101)
"""


def greedy(folder: Path) -> list[str]:
    """A simulator that uses whatever it inherits."""
    (folder / "stream").write_bytes(a_stream())
    code = GREEDY.format(files=FILES, seen=str(folder / "seen"), stream=str(folder / "stream"))
    (folder / "greedy.py").write_text(code)
    return [sys.executable, str(folder / "greedy.py"), "{seed}"]


NAMED = ("--scenario", "combined", "--seed", "0", "--iterations", "3", "--out", "out")
PLAN = ("plan", "combined=10", "--minutes", "1", "--run-number", "3", "--calibrate", "1")
STARTING = {
    "record": ("record", *NAMED),
    "record, started again": ("record", *NAMED, "--on-crash", "restart"),
    "record, one process a seed": ("record", *NAMED, "--per-seed"),
    "replay": ("replay", "seeds.txt", "--out", "out"),
    "plan": PLAN,
    "plan, one process a seed": (*PLAN, "--per-seed"),
}


@pytest.mark.parametrize("how", STARTING)
def test_a_simulator_inherits_no_file_of_the_runner_and_no_token(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever command starts it. It gets all other variables; a token that is not GitHub's is named."""
    for name in FILES:
        (tmp_path / name).touch()
        monkeypatch.setenv(name, str(tmp_path / name))
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OWN_SETTING", "kept")
    (tmp_path / "seeds.txt").write_text("combined 0\n")
    ended = run_cli(*STARTING[how], "--", *greedy(tmp_path), cwd=tmp_path)
    seen = set((tmp_path / "seen").read_text().splitlines())
    assert seen & {*FILES, *SECRETS} == set()
    assert {"PATH", "OWN_SETTING"} <= seen
    assert [name for name in FILES if (tmp_path / name).stat().st_size] == []
    assert "the simulator does not get NPM_TOKEN: code under test gets no token\n" in ended.err


def test_git_and_bash_inherit_as_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout may configure programs for git to start, and BASH_ENV a script for bash."""
    for name in ("git", "bash"):
        (tmp_path / name).write_text(f'#!/bin/sh\nenv >"{tmp_path}/{name}.env"\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GITHUB_OUTPUT", "x")
    monkeypatch.delenv("GITHUB_SHA", raising=False)
    run_cli("record", *NAMED, "--", *greedy(tmp_path), cwd=tmp_path)
    work = ("--scenarios", "a=9", "--coverage", "a=9", "--determinism", "a=2", "--canary", "a=5")
    run_cli("prepare", "--build", "make", "--binary", "b", "--command", "c", *work, cwd=tmp_path)
    for name in ("git", "bash"):
        assert "GITHUB_OUTPUT" not in (tmp_path / f"{name}.env").read_text(), name


def test_a_build_of_a_night_at_home_inherits_as_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its variables of its own, such as FEATURES, are added; what it prints is stored, and commands nothing."""
    for name in (*FILES, *SECRETS):
        monkeypatch.setenv(name, "x")
    lines = "; ".join(f"echo '{attempt}'" for attempt in ATTEMPTS)
    night = {"build": f"env >{tmp_path}/seen; {lines}; exit 7", "binary": "sim", "command": "sim {seed}", "minutes": 1}
    asked = {key: {"combined": 1} for key in ("scenarios", "coverage", "determinism")}
    config = {"profile": "none", "min_repairs": 1, "night": night | asked}
    (tmp_path / "night.yml").write_text(json.dumps(config))
    ended = run_cli("night", "--config", "night.yml", cwd=tmp_path)
    assert ended.code == 1, ended
    seen = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert seen & {*FILES, *SECRETS} == set()
    assert {"PATH", "FEATURES"} <= seen
    assert commands_in(ended.out + ended.err) == []


def loud(folder: Path, words: str, stream: bytes = b"") -> list[str]:
    """A simulator that prints these words everywhere, and dies."""
    (folder / "loud.py").write_text(LOUD.format(stream=stream, words=words))
    return [sys.executable, str(folder / "loud.py"), "{seed}"]


@pytest.mark.parametrize("how", STARTING)
@pytest.mark.parametrize("words", ["\n".join(ATTEMPTS[at : at + 3]) for at in (0, 3, 6)])  # few enough to be told
def test_the_words_of_a_simulator_command_nothing_in_our_log(
    how: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are told, as text."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    (tmp_path / "seeds.txt").write_text("combined 0\n")
    ended = run_cli(*STARTING[how], "--", *loud(tmp_path, words, a_stream()[:-300]), cwd=tmp_path)
    log = ended.out + ended.err
    assert any(word in log for word in ("owned", "passed;]true", "passed::true"))
    ours = [line for line in commands_in(log) if not line.startswith("::error title=VOPR nightly::")]
    assert ours == []


COMMANDS: dict[str, Sequence[str]] = {
    "check": ("check", "r.json", "--config", "c.yml"),
    "check, all of it": ("check", "r.json", "--config", "c.yml", "--verbose"),
    "check, as JSON": ("check", "r.json", "--config", "c.yml", "--format", "json"),
    "check, as Markdown": ("check", "r.json", "--config", "c.yml", "--format", "markdown"),
    "check, unusable": ("check", "##[error]owned.json", "::error::owned", "--config", "c.yml"),
    "doctor": ("doctor", "r.json", "--config", "c.yml"),
    "profiles": ("profiles", "--config", "c.yml"),
    "profiles, as JSON": ("profiles", "--config", "c.yml", "--format", "json"),
    "init": ("init", "s.ndjson"),
    "convert": ("convert", "r.json"),
    "comment": ("comment", "v.json"),
    "a wrong flag": ("check", "--##[error]owned"),
}


@pytest.mark.parametrize("columns", ["1000", "40"])
@pytest.mark.parametrize("command", COMMANDS)
def test_names_in_files_command_nothing_in_our_log(
    command: str, columns: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever prints them, and where a narrow page breaks a line between two words, too."""
    hit, missed = [f"sim.{attempt}" for attempt in ATTEMPTS], [*ATTEMPTS, *(f"two words {one}" for one in ATTEMPTS)]
    counts = {"fault_points_hit": len(hit), "total_fault_points": len(hit) + len(missed)}
    names = {"hit_fault_points": hit, "missed_fault_points": missed, "missed_invariants": missed}
    (tmp_path / "r.json").write_bytes(a_flat_report(**counts, **names))
    config = {"critical_fault_points": [*hit, *missed], "required_invariants": missed}
    (tmp_path / "c.yml").write_text(json.dumps({"profile": "none", **config}))
    coverage = a_coverage(attempted=dict.fromkeys(hit, 900), invariants=dict.fromkeys(missed, 900))
    (tmp_path / "s.ndjson").write_bytes(a_stream(coverage=coverage))
    monkeypatch.chdir(tmp_path)
    cli.main(["check", "r.json", "--config", "c.yml", "--verdict-file", "v.json"])
    capsys.readouterr()
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("COLUMNS", columns)
    cli.main(list(COMMANDS[command]))
    written = capsys.readouterr()
    assert commands_in(written.out) == []
    assert commands_in(written.err) == []
    assert "owned" in written.out + written.err


def test_a_document_on_a_log_holds_the_same_values(tmp_path: Path) -> None:
    """What is broken in a log is the spelling alone."""
    (tmp_path / "r.json").write_bytes(a_flat_report(missed_fault_points=["##[error]owned"]))
    (tmp_path / "c.yml").write_text('{"profile": "none", "critical_fault_points": ["##[error]owned"]}')
    asked = ("check", "r.json", "--config", "c.yml", "--format", "json", "--verdict-file", "v.json")
    ended = run_cli(*asked, cwd=tmp_path)
    assert json.loads(ended.out) == json.loads((tmp_path / "v.json").read_bytes())
    assert "##[" not in ended.out
    assert "##[error]owned" in (tmp_path / "v.json").read_text()


def test_a_bug_of_ours_commands_nothing_either(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its traceback ends with a message that may hold what a file holds."""

    def fail(_words: Sequence[str]) -> None:
        raise RuntimeError("\n".join(["x", *ATTEMPTS]))

    monkeypatch.setattr(cli, "parse", fail)
    assert cli.main(["check"]) == 3
    written = capsys.readouterr()
    assert "owned" in written.err
    assert commands_in(written.err) == []
