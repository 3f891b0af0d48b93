"""The nightly workflow's own scripts, run in bash as the runner runs them: the first step, and packing a build."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.e2e.formats import read_outputs
from tests.support.workflow_files import HANDOFF, JOBS, ROOT, steps
from vopr_coverage.config.night_settings import NAMES, key_of
from vopr_coverage.recorder.child_environment import RUNNER_FILES, is_withheld

INPUTS_STEP = {
    "NIGHT_BUILD": "make", "NIGHT_BINARY": "vopr", "NIGHT_COMMAND": "./vopr {seed}", "NIGHT_MINUTES": "150",
    "NIGHT_CANARIES": "false", "NIGHT_SCENARIOS": "a=9", "NIGHT_COVERAGE": "a=9", "NIGHT_DETERMINISM": "a=2",
    "NIGHT_CANARY": "a=5",
}  # fmt: skip
SECTION = (  # as much of one as a night needs
    "{build: make, binary: vopr, command: './vopr {seed}', scenarios: {a: 9}, coverage: {a: 9}, determinism: {a: 2}, "
    "canary: {a: 5}, minutes: 7, per_seed: true, parallel: 2}"
)
EMPTY = {f"NIGHT_{key_of(name).upper()}": "" for name in NAMES} | {"NIGHT_CONFIG": ""}


def look_at_the_inputs(home: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the step of that name as the runner would, with our command on its PATH."""
    (step,) = (step for _, step in steps() if step.get("name") == "Look at the inputs")
    command = home / "bin" / "vopr-coverage"
    command.parent.mkdir(exist_ok=True)
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT / "src"}" exec "{sys.executable}" -m vopr_coverage "$@"\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{command.parent}:/usr/bin:/bin",
        "GITHUB_OUTPUT": str(home / "output"),
        **EMPTY,
        **INPUTS_STEP,
        **changes,
    }
    line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(line, cwd=home, env=env, capture_output=True, text=True, check=False)


def outputs_of(home: Path) -> dict[str, str]:
    """The step's outputs."""
    return read_outputs((home / "output").read_text(encoding="utf-8"))


def build(home: Path, script: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the build step as the runner would."""
    (step,) = (step for _, step in steps() if step.get("name") == "Build")
    env = {"PATH": "/usr/bin:/bin", "NIGHT_BUILD": script, "FEATURES": "f", **changes}
    line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(line, cwd=home, env=env, capture_output=True, text=True, check=False)


def test_a_build_inherits_what_a_simulator_inherits(tmp_path: Path) -> None:
    """The step's shell and `child_environment` withhold the same names."""
    names = [
        *RUNNER_FILES, "ACTIONS_RUNTIME_TOKEN", "ACTIONS_CACHE_URL", "GITHUB_TOKEN", "GH_TOKEN", "NPM_TOKEN", "TOKEN",
        "npm_token", "GITHUB_SHA", "GITHUB_ENVIRONMENT", "TOKENS", "MY_ACTIONS_URL", "CARGO_HOME",
    ]  # fmt: skip
    assert build(tmp_path, "env >seen", **dict.fromkeys(names, "x")).returncode == 0
    seen = {line.partition("=")[0] for line in (tmp_path / "seen").read_text().splitlines()}
    assert {name for name in names if name not in seen} == {name for name in names if is_withheld(name)}
    assert {"PATH", "FEATURES", "GITHUB_SHA", "TOKENS"} <= seen


def test_what_a_build_prints_commands_nothing(tmp_path: Path) -> None:
    """It stands in a fence that it can't guess; the last line need not end, and the exit code is the script's."""
    ended = build(tmp_path, "echo ::error::owned; printf '##[error]owned'; exit 7")
    begin, *told, end = ended.stdout.splitlines()
    assert ended.returncode == 7
    assert told == ["::error::owned", "##[error]owned"]
    token = begin.removeprefix("::stop-commands::")
    assert len(token) == 32
    assert end == f"::{token}::"
    assert build(tmp_path, "true").stdout.splitlines()[0] != begin


@pytest.mark.parametrize("script", ["false; true", "echo $UNSET_NAME", "false | true"])
def test_a_build_ends_at_the_first_error(tmp_path: Path, script: str) -> None:
    """As with `bash -euo pipefail`, in the middle of the script, too."""
    assert build(tmp_path, script).returncode == 1


def test_inputs_that_can_be_used_become_limits_and_builds(tmp_path: Path) -> None:
    """A job ends half an hour after its simulator; two processes share the time; the canaries are the config's."""
    (tmp_path / "night.yml").write_text("canaries: {mine: {invariants: [hash_chain]}}\n")
    assert look_at_the_inputs(tmp_path, NIGHT_CANARIES="true", NIGHT_CONFIG="night.yml").returncode == 0
    limits = {"seconds": "9000", "half-seconds": "4500", "job-minutes": "180"}
    assert {name: outputs_of(tmp_path)[name] for name in ("builds", *limits)} == {
        "builds": '["control","mine"]', **limits,
    }  # fmt: skip
    (tmp_path / "output").unlink()
    assert look_at_the_inputs(tmp_path, NIGHT_CONFIG="night.yml").returncode == 0
    assert outputs_of(tmp_path)["builds"] == '["control"]'
    assert set(JOBS["prepare"]["outputs"]) == {"builds", *limits, *NAMES} == set(outputs_of(tmp_path))


def test_a_caller_without_inputs_has_the_night_of_the_config(tmp_path: Path) -> None:
    """All but the config may be empty; what a bash reads as a switch is empty where it is off."""
    (tmp_path / "night.yml").write_text(f"canaries: {{mine: {{invariants: [hash_chain]}}}}\nnight: {SECTION}\n")
    ended = look_at_the_inputs(tmp_path, **dict.fromkeys(INPUTS_STEP, ""), NIGHT_CONFIG="night.yml")
    assert (ended.returncode, ended.stderr) == (0, "")
    found = outputs_of(tmp_path)
    assert found["builds"] == '["control","mine"]'
    assert (found["build"], found["scenarios"], found["seconds"]) == ("make", "a=9", "420")
    assert (found["per-seed"], found["parallel"], found["trends-gate"], found["canaries"]) == ("true", "2", "", "true")
    assert "minutes: 7 (night.yml: night: minutes)" in ended.stdout.splitlines()


def test_a_night_that_nobody_describes_is_told_at_once_with_both_places(tmp_path: Path) -> None:
    """All that is missing in one sentence."""
    (tmp_path / "night.yml").write_text("profile: none\n")
    ended = look_at_the_inputs(tmp_path, NIGHT_CONFIG="night.yml", NIGHT_BUILD="", NIGHT_COVERAGE="")
    assert ended.returncode == 2
    told = "A night needs each of them, in the workflow's inputs or under `night` in night.yml."
    assert ended.stdout == f"::error title=VOPR nightly::Not set: build, coverage. {told}\n"


def test_canaries_that_cannot_be_listed_are_told_where_people_look(tmp_path: Path) -> None:
    """As an annotation; what is in the config can't become a command of the runner."""
    (tmp_path / "night.yml").write_text('canaries: {"a\\n::debug::b": {invariants: [hash_chain]}}\n')
    ended = look_at_the_inputs(tmp_path, NIGHT_CANARIES="true", NIGHT_CONFIG="night.yml")
    assert ended.returncode == 2
    assert ended.stdout.startswith("::error title=VOPR nightly::")
    assert ended.stdout.count("\n") == 1
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("NIGHT_BUILD", "if then", "not a script that bash can parse"),
        ("NIGHT_JOBS", "257", "expected a number from 1 to 256, found '257'"),
        ("NIGHT_PARALLEL", "0", "expected a number from 1 to 256, found '0'"),
        ("NIGHT_CANARIES", "False", "expected true or false, found False"),
        ("NIGHT_MINUTES", "2.5", "not a whole number"),
        ("NIGHT_MINUTES", "0", "not a whole number"),
        ("NIGHT_MINUTES", "a[$(touch pwned)]", "not a whole number"),
    ],
)
def test_inputs_that_cannot_work_are_told_at_once(tmp_path: Path, variable: str, value: str, said: str) -> None:
    """Before anything is built."""
    ended = look_at_the_inputs(tmp_path, **{variable: value})
    assert ended.returncode == 2
    assert f"::error title=VOPR nightly::The input {variable.removeprefix('NIGHT_').lower()}" in ended.stdout
    assert said in ended.stdout
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("binary", ["build/simulator", "a folder", "-x"])
def test_a_build_is_packed_as_it_is_or_missed_by_its_name(tmp_path: Path, binary: str) -> None:
    """A file or a folder, executable as it was; one that the script did not leave is said to be the input's."""
    (step,) = (step for step in HANDOFF["runs"]["steps"] if "run" in step)
    workspace, env = tmp_path / "workspace", {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(tmp_path)}
    workspace.mkdir()

    def run() -> subprocess.CompletedProcess[str]:
        line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        given = {**env, "NIGHT_BINARY": binary}
        return subprocess.run(line, cwd=workspace, env=given, capture_output=True, text=True, check=False)

    missed = run()
    told = f"::error title=VOPR nightly::The build left no {binary}, which the input binary names.\n"
    assert (missed.returncode, missed.stdout) == (1, told)
    program = workspace / binary / "run" if binary == "a folder" else workspace / binary
    program.parent.mkdir(exist_ok=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert run().returncode == 0
    with tarfile.open(tmp_path / "build.tar") as archive:
        member = archive.getmember(program.relative_to(workspace).as_posix())
    assert member.mode == 0o755


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"NIGHT_PARALLEL": "2"}, "--parallel is for --per-seed"),
        ({"NIGHT_FAILED_EXIT": "101"}, "--failed-exit is for --per-seed"),
        ({"NIGHT_PER_SEED": "true", "NIGHT_COMMAND": "./vopr"}, "the command has no {seed}"),
        ({"NIGHT_PER_SEED": "true", "NIGHT_PARALLEL": "2", "NIGHT_FAILED_EXIT": "101"}, ""),
        ({"NIGHT_PER_SEED": "true"}, ""),
    ],
)
def test_inputs_of_one_process_a_seed_have_an_effect_or_are_refused(
    tmp_path: Path, changes: dict[str, str], said: str
) -> None:
    """What is typed and would not be used is a mistake; the defaults are none."""
    ended = look_at_the_inputs(tmp_path, **changes)
    assert ended.returncode == (2 if said else 0)
    assert said in ended.stdout


# A night's steps that run the simulator, and the flags that it takes from three inputs.
SIMULATING = {"Plan the night": 1, "Simulate": 4, "Simulate again": 1, "Replay": 1}


@pytest.mark.parametrize("per_seed", ["", "true"])
def test_every_step_that_simulates_runs_a_process_a_seed_if_asked(tmp_path: Path, per_seed: str) -> None:
    """Long run, regressions, both runs of determinism, coverage, canaries and the calibration; else none does."""
    said = tmp_path / "said"
    command = tmp_path / "vopr-coverage"
    command.write_text(f'#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done >>{said}; echo >>{said}\n')
    command.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "GITHUB_OUTPUT": "out",
        "GITHUB_RUN_NUMBER": "1",
        "NIGHT_PER_SEED": per_seed,
        "NIGHT_PARALLEL": "2",
        "NIGHT_FAILED_EXIT": "",
    }
    found = dict.fromkeys(SIMULATING, 0)
    for _, step in steps():
        if step.get("name") not in SIMULATING:
            continue
        found[step["name"]] += 1
        subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], env=env, check=True)
        told = said.read_text().splitlines()[-1]
        parallel = "" if step["name"] == "Replay" else "[--parallel][2]"
        assert (f"[--per-seed]{parallel}[--failed-exit][]" in told) == bool(per_seed)
        assert ("--failed-exit" in told) == bool(per_seed)
    assert found == SIMULATING
