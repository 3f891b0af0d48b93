"""A hosted runner in miniature: the directories, the variables and the `docker run` line that a step gets.

All of it follows the runner's own sources (version 2.336), so that what passes here passes there.
"""

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.formats import Step, read_outputs

REPOSITORY = Path(__file__).resolve().parents[2]
RUNNER_UID = 1001  # the account that owns the workspace on GitHub's Linux runners
FILE_COMMANDS = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
STEP_S_MAX = 300
JOB_TOKEN_EXPRESSION = "${{ github.token }}"  # noqa: S105 # the runner fills it in before the step begins,
JOB_TOKEN = "ghs_theJobsOwnToken"  # noqa: S105 # with something like this
NOWHERE = "http://127.0.0.1:9"  # nothing listens there: judging needs no network

ANY_STEP = {
    "GITHUB_ACTION": "__self",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "somebody",
    "GITHUB_API_URL": NOWHERE,
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_JOB": "nightly",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REPOSITORY": "somebody/database",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_SERVER_URL": NOWHERE,
    "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
    "GITHUB_WORKFLOW": "Nightly",
}
IN_CONTAINER = {
    "HOME": "/github/home",
    "GITHUB_EVENT_PATH": "/github/workflow/event.json",
    "GITHUB_WORKSPACE": "/github/workspace",
    "RUNNER_OS": "Linux",
    "RUNNER_TEMP": "/github/runner_temp",
}


@dataclass(frozen=True)
class Container:
    """One container action, ready to start: the docker client's arguments and environment, and the step's files."""

    line: list[str]
    env: dict[str, str]
    files: Mapping[str, Path]


@dataclass(frozen=True)
class Job:
    """The directories of one job below `home`."""

    home: Path

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.home / "work" / "repository" / "repository"

    @property
    def temporary(self) -> Path:
        """RUNNER_TEMP, as the host sees it."""
        return self.home / "work" / "_temp"

    def check_out(self) -> None:
        """Lay out the directories, and put the samples at runs/ and the configs at configs/ of the workspace."""
        for name in ("_github_home", "_github_workflow", "_runner_file_commands"):
            (self.temporary / name).mkdir(parents=True)
        self.start_by({})
        shutil.copytree(REPOSITORY / "tests" / "data" / "real", self.workspace / "runs")
        shutil.copytree(REPOSITORY / "examples" / "configs", self.workspace / "configs")
        if os.geteuid() == 0:  # elsewhere the workspace is not root's to begin with
            for path in (self.workspace, *self.workspace.rglob("*")):
                os.chown(path, RUNNER_UID, RUNNER_UID)

    @property
    def event_path(self) -> Path:
        """The payload of the event that started the job, as the host sees it."""
        return self.temporary / "_github_workflow" / "event.json"

    def start_by(self, payload: Mapping[str, Any]) -> None:
        """Let the job be started by an event with this payload."""
        self.event_path.write_text(json.dumps(payload), encoding="utf-8")

    def file_commands(self) -> dict[str, Path]:
        """The empty files by which the next step talks to the runner."""
        folder = self.temporary / "_runner_file_commands"
        files = {name: folder / f"{name.removeprefix('GITHUB_').lower()}_{uuid.uuid4()}" for name in FILE_COMMANDS}
        for file in files.values():
            file.touch()
        return files

    def container(
        self,
        image: str,
        inputs: Mapping[str, str],
        *,
        env: Mapping[str, str] | None = None,
        network: str = "",
        mounts: Mapping[Path, str] | None = None,
    ) -> Container:
        """The runner's own line; the values of `-e NAME` travel in the client's environment."""
        files = self.file_commands()
        given = {name: JOB_TOKEN if value == JOB_TOKEN_EXPRESSION else value for name, value in inputs.items()}
        variables = {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in given.items()}
        variables |= ANY_STEP | IN_CONTAINER | dict(env or {})
        variables |= {name: f"/github/file_commands/{file.name}" for name, file in files.items()}
        volumes = {
            engine_socket(): "/var/run/docker.sock",
            self.temporary: "/github/runner_temp",
            self.temporary / "_github_home": "/github/home",
            self.temporary / "_github_workflow": "/github/workflow",
            self.temporary / "_runner_file_commands": "/github/file_commands",
            self.workspace: "/github/workspace",
            **(mounts or {}),
        }
        # The client's own path: a job's PATH is for the container.
        line = [shutil.which("docker") or "docker", "run", "--name", f"vopr_{uuid.uuid4().hex}"]
        line += ["--label", "vopr-coverage-e2e", "--workdir", "/github/workspace", "--rm"]
        for variable in variables:
            line += ["-e", variable]
        line += ["-e", "GITHUB_ACTIONS=true", "-e", "CI=true"]
        line += ["--network", network] if network else []
        for host, inside in volumes.items():
            line += ["-v", f"{host}:{inside}"]
        return Container([*line, image], {**os.environ, **variables}, files)

    def run_container(
        self,
        image: str,
        inputs: Mapping[str, str],
        *,
        env: Mapping[str, str] | None = None,
        network: str = "",
    ) -> Step:
        """Run the Docker action to its end."""
        container = self.container(image, inputs, env=env, network=network)
        return self.run(container.line, container.env, container.files)

    def run(self, line: Sequence[str | Path], env: Mapping[str, str], files: Mapping[str, Path]) -> Step:
        """Run one command in the workspace; its log is both streams, as they come."""
        done = subprocess.run(
            line,
            cwd=self.workspace,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=STEP_S_MAX,
            check=False,
        )
        log = done.stdout.decode()
        print(log)  # pytest shows it where a test fails
        # Bytes, since reading text would hide a stray carriage return, which the runner does not forgive.
        outputs = read_outputs(files["GITHUB_OUTPUT"].read_bytes().decode())
        return Step(done.returncode, log, outputs, files["GITHUB_STEP_SUMMARY"].read_bytes().decode())


def engine_socket() -> Path:
    """The engine's socket, which the runner mounts into every container action."""
    return Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


def docker(*arguments: str) -> str:
    """What a docker command prints; its failure is the test's."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout
