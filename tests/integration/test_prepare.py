"""`vopr-coverage prepare` as a process: a night's inputs to limits and builds, or to a refusal in one sentence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.e2e.formats import read_outputs
from tests.support.endings import refused
from tests.support.reports import run_cli, run_process

NIGHT = (
    "prepare", "--build", "make", "--binary", "vopr", "--command", "./vopr {seed}", "--minutes", "150",
    "--scenarios", "a=9", "--coverage", "a=9", "--determinism", "a=2", "--canary", "a=5",
)  # fmt: skip
CANARIES = {"canaries": {"mine": {"determinism": True}, "Yours.2": {"determinism": True}}}


def test_limits_follow_from_the_minutes(tmp_path: Path) -> None:
    """Half of them for each of two runs, half an hour more for the job; all of it printed, too."""
    ended = run_cli(*NIGHT, "--no-canaries", "--outputs", "outputs", cwd=tmp_path)
    limits = {"builds": '["control"]', "seconds": "9000", "half-seconds": "4500", "job-minutes": "180"}
    assert (ended.code, ended.err) == (0, "")
    told = ended.out.splitlines()
    assert told[:4] == [f"{name}: {value}" for name, value in limits.items()]
    assert {"command: ./vopr {seed} (the input command)", "jobs: 64 (the default of jobs)"} <= set(told[4:])
    outputs = read_outputs((tmp_path / "outputs").read_text())
    assert {name: outputs[name] for name in limits} == limits
    assert {name: outputs[name] for name in ("canaries", "jobs", "profile")} == {
        "canaries": "false", "jobs": "64", "profile": "nightly",
    }  # fmt: skip


def test_builds_are_the_control_and_the_declared_canaries(tmp_path: Path) -> None:
    """In the config's order; without a config the five of the simulator's document; `--canaries false` lists none."""
    (tmp_path / "c.json").write_text(json.dumps(CANARIES))
    asked = {
        ("--config", "c.json"): ["control", "mine", "Yours.2"],
        ("--config", "c.json", "--canaries", "true"): ["control", "mine", "Yours.2"],
        ("--config", "c.json", "--canaries", "false"): ["control"],
        ("--config", ""): ["control"] + [f"canary-{name}" for name in (
            "skip-fsync", "wrong-hash", "commit-quorum", "idempotency-race", "monotonic-regression")],
    }  # fmt: skip
    for flags, builds in asked.items():
        first = run_cli(*NIGHT, *flags, cwd=tmp_path).out.splitlines()[0]
        assert json.loads(first.removeprefix("builds: ")) == builds, flags


def test_a_build_script_is_read_and_not_run(tmp_path: Path) -> None:
    """However much of it is well-formed."""
    script = "touch ran; if true; then touch ran-too; fi"
    assert run_cli(*NIGHT, "--build", script, cwd=tmp_path).code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (
            ("--binary", ""),
            "Not set: binary. A night needs each of them, in the workflow's inputs or under `night` in the config.",
        ),
        (("--minutes", "0"), "The input minutes is not a whole number of minutes."),
        (("--minutes", "10000"), "The input minutes is not a whole number of minutes."),
        (("--minutes", "5\n"), "The input minutes is not a whole number of minutes."),
        (("--minutes", "٥"), "The input minutes is not a whole number of minutes."),  # a digit, not one of ours
        (("--canaries", "yes"), "The input canaries: expected true or false, found yes"),
        (
            ("--outputs", "no/such/folder"),
            "no/such/folder: expected a file that can be written, found no such file or directory",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, flags: tuple[str, str], problem: str) -> None:
    """With the input's name, in one sentence."""
    ended = run_cli(*NIGHT, *flags, cwd=tmp_path)
    assert ended.code == 2
    assert ended.err.splitlines()[0] == f"vopr-coverage: {problem}"


def test_a_script_that_bash_cannot_read_is_refused(tmp_path: Path) -> None:
    """Bash says where, we say which input it was."""
    ended = run_process(*NIGHT, "--build", 'make "', cwd=tmp_path)
    assert (ended.code, ended.out) == (2, "")
    assert "unexpected EOF" in ended.err
    assert ended.err.endswith(
        "vopr-coverage: The input build is not a script that bash can parse: see the log above.\n"
    )


def test_without_a_bash_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The workflow's steps need one, too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (problem,) = refused(run_cli(*NIGHT, cwd=tmp_path))
    assert problem == "bash is needed to read the build script: no such file or directory"


def test_an_annotation_where_a_step_is_refused(tmp_path: Path) -> None:
    """On the runner people look there; it is one line, whatever the config's names and however many problems."""
    (tmp_path / "c.json").write_text(json.dumps({"a\n::debug::b": 1, "c": 2}))
    flags = ("--config", "c.json", "--outputs", "outputs")
    ended = run_cli(*NIGHT, *flags, cwd=tmp_path)
    assert ended.code == 2
    (line,) = ended.out.splitlines()
    assert re.fullmatch(r"::error title=VOPR nightly::c\.json.*%0Ac\.json.*", line)
    assert not (tmp_path / "outputs").exists()
    assert run_cli(*NIGHT, *flags[:2], cwd=tmp_path).out == ""
