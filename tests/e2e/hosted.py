"""A hosted runner in miniature: the directories, the variables and the `docker run` line that a step gets.

The line and the file formats are those of the runner's own sources (version 2.336), so that what passes here passes there.
"""

import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
RUNNER_UID = 1001  # the account that owns the workspace on GitHub's Linux runners
FILE_COMMANDS = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY")
ENGINE_WAIT_S = 120


@dataclass(frozen=True)
class Annotation:
    """One workflow command that annotates: its kind, its title and its unescaped message."""

    kind: str
    title: str
    message: str


@dataclass(frozen=True)
class Step:
    """How a step ended, as the runner sees it."""

    exit_code: int
    log: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def annotations(self) -> list[Annotation]:
        """The annotations in the log, in order."""
        found = re.finditer(r"^::(error|warning|notice)(?: ([^:]*))?::(.*)$", self.log, re.MULTILINE)
        return [
            Annotation(kind, unescaped(dict(p.split("=", 1) for p in (props or "").split(",") if p).get("title", "")),
                       unescaped(message))
            for kind, props, message in (match.groups() for match in found)
        ]


@dataclass
class Job:
    """The directories of one job below `home`, with a workspace that holds what the tests judge."""

    home: Path
    _steps: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Lay out the directories and check out the samples and the configs."""
        for directory in (self.workspace, self.temporary / "_github_home", self.temporary / "_github_workflow",
                          self.temporary / "_runner_file_commands"):
            directory.mkdir(parents=True)
        (self.temporary / "_github_workflow" / "event.json").write_text("{}")
        shutil.copytree(REPOSITORY / "tests" / "data" / "real", self.workspace / "runs")
        shutil.copytree(REPOSITORY / "examples" / "configs", self.workspace / "configs")
        self.hand_over()

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.home / "work" / "repository" / "repository"

    @property
    def temporary(self) -> Path:
        """RUNNER_TEMP as the host sees it."""
        return self.home / "work" / "_temp"

    def hand_over(self) -> None:
        """Give the workspace to the runner's account, where we may: what the container adds must be the owner's too."""
        if os.geteuid() == 0:
            for path in (self.workspace, *self.workspace.rglob("*")):
                os.chown(path, RUNNER_UID, RUNNER_UID)

    def new_file_commands(self) -> dict[str, Path]:
        """The empty files by which the next step talks to the runner."""
        self._steps += 1
        folder = self.temporary / "_runner_file_commands"
        files = {name: folder / f"{name.lower()}_{self._steps}_{uuid.uuid4()}" for name in FILE_COMMANDS}
        for file in files.values():
            file.touch()
        return files

    def finish(self, exit_code: int, log: str, files: Mapping[str, Path]) -> Step:
        """What the runner makes of a step's exit code, log and files."""
        print(log)  # pytest shows it when the test fails
        outputs = read_outputs(files["GITHUB_OUTPUT"].read_bytes().decode())
        return Step(exit_code, log, outputs, files["GITHUB_STEP_SUMMARY"].read_bytes().decode())

    def command(self, image: str, inputs: Mapping[str, str], *, env: Mapping[str, str], network: str = "",
                mounts: Mapping[Path, str] | None = None) -> tuple[list[str], dict[str, str], dict[str, Path]]:
        """The runner's command line for a Docker action, the environment it starts docker with, and the step's files."""
        files = self.new_file_commands()
        inside = {name: f"/github/file_commands/{file.name}" for name, file in files.items()}
        variables = {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}
        variables |= inside | common_variables() | {
            "HOME": "/github/home",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "RUNNER_TEMP": "/github/runner_temp",
            "RUNNER_WORKSPACE": str(self.workspace.parent),
            "RUNNER_OS": "Linux",
        } | env
        volumes = {
            docker_socket(): "/var/run/docker.sock",
            self.temporary: "/github/runner_temp",
            self.temporary / "_github_home": "/github/home",
            self.temporary / "_github_workflow": "/github/workflow",
            self.temporary / "_runner_file_commands": "/github/file_commands",
            self.workspace: "/github/workspace",
        } | dict(mounts or {})
        name = f"vopr_coverage_{uuid.uuid4().hex[:12]}"
        line = [shutil.which("docker") or "docker", "run", "--name", name, "--label", "vopr-coverage-e2e", "--workdir", "/github/workspace", "--rm"]
        for variable in variables:
            line += ["-e", variable]
        line += ["-e", "GITHUB_ACTIONS=true", "-e", "CI=true"]
        line += ["--network", network] if network else []
        for host, container in volumes.items():
            line += ["-v", f"{host}:{container}"]
        return [*line, image], {**os.environ, **variables}, files

    def run_container(self, image: str, inputs: Mapping[str, str], *, network: str = "",
                      env: Mapping[str, str] | None = None) -> Step:
        """Run the Docker action to its end, with action.yml's defaults for the inputs that are not given."""
        line, variables, files = self.command(image, inputs, env=env or {}, network=network)
        done = subprocess.run(line, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=ENGINE_WAIT_S, check=False)
        return self.finish(done.returncode, done.stdout.decode(), files)


def common_variables() -> dict[str, str]:
    """What every step of a push to main is told, on any runner."""
    return {
        "GITHUB_ACTION": "__self",
        "GITHUB_ACTOR": "somebody",
        "GITHUB_API_URL": "http://127.0.0.1:9",  # nothing listens there: judging needs no network
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_JOB": "nightly",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REPOSITORY": "somebody/database",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_SERVER_URL": "http://127.0.0.1:9",
        "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
        "GITHUB_WORKFLOW": "Nightly",
    }


def docker_socket() -> Path:
    """The engine's socket, which the runner mounts into every container action."""
    return Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))


def docker(*arguments: str) -> str:
    """What a docker command prints; its failure is the test's."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"docker {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def read_outputs(text: str) -> dict[str, str]:
    """The runner's parser of GITHUB_OUTPUT: NAME=VALUE, or NAME<<DELIMITER up to a line that equals DELIMITER."""
    outputs: dict[str, str] = {}
    lines = iter(text.removesuffix("\n").split("\n") if text else [])
    for line in lines:
        if not line:
            continue
        match = re.match(r"([^=<]+)(=|<<)(.*)", line)
        assert match is not None, f"the runner would refuse this line of GITHUB_OUTPUT: {line!r}"
        name, sign, rest = match.groups()
        if sign == "=":
            outputs[name] = rest
            continue
        value: Sequence[str] = []
        for part in lines:
            if part == rest:
                break
            value = [*value, part]
        else:
            raise AssertionError(f"Matching delimiter not found: {rest}")
        outputs[name] = "\n".join(value)
    return outputs


def unescaped(text: str) -> str:
    """Text of a workflow command, its escapes undone in the runner's order: the percent sign last."""
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text
