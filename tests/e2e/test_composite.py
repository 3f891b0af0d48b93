"""The composite action: the steps of composite/action.yml itself, run in bash as the runner would run them."""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.formats import Step
from tests.e2e.hosted import ANY_STEP, REPOSITORY, Job

COMPOSITE = REPOSITORY / "composite"
ACTION: dict[str, Any] = yaml.safe_load((COMPOSITE / "action.yml").read_text(encoding="utf-8"))
KIMBERLITE = {"config": "configs/kimberlite.yml", "scenario": "combined", "reports": "runs/combined.ndjson"}
NIGHTLY = {"profile": "nightly", "reports": "runs/combined.ndjson"}


def evaluated(text: str, context: Mapping[str, str]) -> str:
    """The text with its `${{ … }}` filled in; only plain names are known, since the action needs no more."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda match: context[match[1]], text)


def machine_variables() -> dict[str, str]:
    """What a job finds on the machine: all but what the runner sets, and first on the PATH a Python that will do."""
    variables = {name: v for name, v in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_", "RUNNER_"))}
    return variables | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def run_composite(job: Job, inputs: Mapping[str, str], env: Mapping[str, str] | None = None) -> Step:
    """Run the action's one step; the outputs are the action's, by its own expressions."""
    [step] = ACTION["runs"]["steps"]
    context = {f"inputs.{name}": inputs.get(name, given["default"]) for name, given in ACTION["inputs"].items()}
    files = job.file_commands()
    variables = {
        **machine_variables(),
        **ANY_STEP,
        **{name: str(file) for name, file in files.items()},
        "GITHUB_ACTION_PATH": str(COMPOSITE),
        "GITHUB_WORKSPACE": str(job.workspace),
        "RUNNER_TEMP": str(job.temporary),
        **(env or {}),
        **{name: evaluated(value, context) for name, value in step["env"].items()},
    }
    script = job.temporary / "step.sh"
    script.write_text(step["run"], encoding="utf-8")
    assert step["shell"] == "bash"
    ended = job.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], variables, files)
    context = {f"steps.{step['id']}.outputs.{name}": ended.outputs.get(name, "") for name in ACTION["outputs"]}
    outputs = {name: evaluated(given["value"], context) for name, given in ACTION["outputs"].items()}
    return Step(ended.exit_code, ended.log, outputs, ended.summary)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The RUNNER_TEMP of a job that used the action before, so that not every test installs anew."""
    return {"RUNNER_TEMP": str(tmp_path_factory.mktemp("used"))}


def test_a_run_that_exercised_enough_passes(job: Job) -> None:
    """As in the container: exit code, outputs and summary; with an environment made from nothing."""
    step = run_composite(job, KIMBERLITE)
    assert step.exit_code == 0
    assert "Installing" in step.log
    assert step.outputs["passed"] == "true"
    assert step.outputs["verdict"] == "passed"
    assert (job.workspace / step.outputs["verdict-file"]).is_file()
    assert "PASSED" in step.summary.upper()


def test_a_second_use_in_a_job_installs_nothing(job: Job, used: dict[str, str]) -> None:
    """The environment is made once a job; the second verdict is the same and leaves the first one's file alone."""
    first, second = (run_composite(job, NIGHTLY, used) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (1, 1)
    assert "Installing" not in second.log
    assert second.outputs["verdict"] == "failed"
    assert first.outputs["verdict-file"] != second.outputs["verdict-file"]
    assert "Critical fault point 'sim.storage.crash' never hit" in second.log


def test_both_forms_of_the_action_tell_the_same(
    job: Job, used: dict[str, str], image: str, defaults: dict[str, str]
) -> None:
    """Nothing is decided in YAML or shell, so container and composite can't differ."""
    composite = run_composite(job, NIGHTLY, used)
    container = job.run_container(image, defaults | NIGHTLY)
    told = [name for name in ACTION["outputs"] if not name.endswith("-file")]  # each use has files of its own
    # What a step did not write is empty to a workflow.
    assert [composite.outputs[name] for name in told] == [container.outputs.get(name, "") for name in told]
    assert composite.summary == container.summary
    assert composite.annotations == container.annotations


@pytest.mark.parametrize("name", ["min-iterations", "on-not-measured"])
def test_inputs_with_a_hyphen_arrive(job: Job, used: dict[str, str], name: str) -> None:
    """A shell may lose such a variable on the way; then this nonsense would be taken for an empty input."""
    step = run_composite(job, KIMBERLITE | {name: "nonsense"}, used)
    assert step.exit_code == 2
    assert name in step.log
    assert "nonsense" in step.log


def test_an_input_is_never_run_as_code(job: Job, used: dict[str, str]) -> None:
    """Inputs may come from a pull request: they reach the program as they are, through no shell."""
    hostile = "$(touch pwned)`touch pwned`\"; touch pwned; '"
    step = run_composite(job, KIMBERLITE | {"profile": hostile}, used)
    assert step.exit_code == 2
    assert not list(job.home.rglob("pwned"))
    assert all("${{" not in step["run"] for step in ACTION["runs"]["steps"])  # so the shell never reads one


def test_the_workspace_cannot_change_our_code(job: Job) -> None:
    """A checkout with modules of our names, and a job with a PYTHONPATH of its own, still get our verdict."""
    for module in ("json", "venv", "pip", "jinja2", "sitecustomize", "vopr_coverage"):
        (job.workspace / f"{module}.py").write_text(f"raise SystemExit('imported {module} of the workspace')\n")
    step = run_composite(job, KIMBERLITE, env={"PYTHONPATH": str(job.workspace), "LC_ALL": "C"})
    assert step.exit_code == 0
    assert step.outputs["verdict"] == "passed"


SETTINGS_OF_PIP = {
    "PIP_DRY_RUN": "1",
    "PIP_NO_DEPS": "1",
    "PIP_PREFIX": "/nowhere",
    "PIP_QUIET": "1",
    "PIP_TARGET": "/nowhere",
    "PIP_USER": "1",
}


@pytest.mark.parametrize("where", ["variables", "a file"])
def test_where_pip_installs_for_the_job_is_not_where_ours_goes(job: Job, tmp_path: Path, where: str) -> None:
    """Our packages are for our own environment, whatever the machine's pip is told to do."""
    file = tmp_path / "pip.conf"
    file.write_text("[global]\nquiet = 1\n[install]\nuser = true\ndry-run = true\n")
    step = run_composite(job, KIMBERLITE, SETTINGS_OF_PIP if where == "variables" else {"PIP_CONFIG_FILE": str(file)})
    assert (step.exit_code, step.outputs["verdict"]) == (0, "passed"), step.log


def test_packages_that_cannot_be_installed_are_no_failed_gate(job: Job) -> None:
    """Nothing was judged."""
    step = run_composite(job, KIMBERLITE, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(job.temporary)})
    assert (step.exit_code, step.outputs["passed"]) == (2, "")
    assert "could not be installed" in step.annotations[0].message


def test_an_old_python_is_told_what_to_do(job: Job, tmp_path: Path) -> None:
    """Where no Python is new enough, the step says which action brings one, and ends as one that judged nothing."""
    for name in ("python3", "python"):
        stub = tmp_path / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text("#!/bin/sh\nexit 1\n")
        stub.chmod(0o755)
    step = run_composite(job, KIMBERLITE, env={"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"})
    assert step.exit_code == 2
    assert "actions/setup-python" in step.annotations[0].message
    assert step.outputs["passed"] == ""
