"""The setup action's own step, run in bash as the runner would run it: a command on the PATH, and nothing else."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.formats import Step
from tests.e2e.hosted import ANY_STEP, REPOSITORY, Job
from tests.e2e.test_composite import SETTINGS_OF_PIP, machine_variables

SETUP = REPOSITORY / "setup"
ACTION: dict[str, Any] = yaml.safe_load((SETUP / "action.yml").read_text(encoding="utf-8"))


def run_setup(job: Job, env: Mapping[str, str] | None = None) -> tuple[Step, list[Path]]:
    """Run the step that needs no other's action; also the folders that it puts on the PATH."""
    step = ACTION["runs"]["steps"][0]
    files = job.file_commands()
    variables = {
        **machine_variables(), **ANY_STEP, **{name: str(file) for name, file in files.items()}, **step["env"],
        "GITHUB_ACTION_PATH": str(SETUP), "GITHUB_WORKSPACE": str(job.workspace), "RUNNER_TEMP": str(job.temporary),
        **(env or {}),
    }  # fmt: skip
    line = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return job.run(line, variables, files), [Path(one) for one in files["GITHUB_PATH"].read_text().splitlines()]


def test_the_command_is_on_the_path_and_nothing_else(job: Job) -> None:
    """The job's own Python stays the job's, and modules of the workspace are not ours."""
    ended, (folder,) = run_setup(job)
    assert ended.exit_code == 0
    assert [one.name for one in folder.iterdir()] == ["vopr-coverage"]
    (job.workspace / "yaml.py").write_text("raise SystemExit('imported from the workspace')\n")
    env = machine_variables() | {"PATH": f"{folder}{os.pathsep}/usr/bin:/bin", "PYTHONPATH": str(job.workspace)}
    line = ["vopr-coverage", "check", "combined=runs/combined.ndjson", "--config", "configs/kimberlite.yml"]
    checked = subprocess.run(line, cwd=job.workspace, env=env, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    again, _ = run_setup(job)
    assert (again.exit_code, "Installing" in again.log) == (0, False)


def test_where_pip_installs_for_the_job_is_not_where_ours_goes(job: Job) -> None:
    """Both actions install in the same way."""
    ended, (folder,) = run_setup(job, SETTINGS_OF_PIP)
    assert ended.exit_code == 0
    line = [str(folder / "vopr-coverage"), "--version"]
    assert subprocess.run(line, capture_output=True, check=False).returncode == 0


def test_a_runner_without_a_python_is_told_what_to_do(job: Job, tmp_path: Path) -> None:
    """Where no Python is new enough, the step says so in one line and ends as one that judged nothing."""
    for name in ("python3", "python"):
        stub = tmp_path / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text("#!/bin/sh\nexit 1\n")
        stub.chmod(0o755)
    ended, folders = run_setup(job, {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"})
    assert (ended.exit_code, folders) == (2, [])
    assert "runs-on" in ended.annotations[0].message
