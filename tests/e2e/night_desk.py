"""A night of the nightly workflow under act: the real file, real containers, and the example for a simulator."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

from tests.e2e.hosted import JOB_TOKEN, REPOSITORY, docker
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import A_SHA
from tests.fake_github.state import REPOSITORY as NAME
from tests.support.workflow_files import TRIAL, defaults

NIGHT_S_MAX = 1_200  # it hangs
RUN_ID = "2700000041"  # later than all runs that the fake GitHub begins with
WORKFLOW = ".github/workflows/vopr-nightly.yml"
PARTS = (WORKFLOW, "setup/action.yml", "handoff/action.yml")  # what uses actions of others
PINNED = re.compile(r"uses: (actions/[\w-]+)@([0-9a-f]{40})")
MATRIX_NUMBER = re.compile(r"(?<=\))-\d+$")  # act numbers the legs of a matrix
ACT_ITSELF = re.compile(r"^LocalRepositoryCache|^  🐳")
STAND_INS: Mapping[str, Mapping[str, str]] = {  # input: the variable that the stand-in reads
    "checkout": {"path": "TO", "repository": "REPO", "ref": "REF", "persist-credentials": "KEEP"},
    "upload": {
        "name": "NAME", "path": "PATHS", "if-no-files-found": "IF_NONE", "overwrite": "OVERWRITE",
        "retention-days": "DAYS", "compression-level": "LEVEL",
    },
    "download": {"name": "NAME", "pattern": "PATTERN", "path": "TO", "merge-multiple": "MERGE"},
}  # fmt: skip
SETUP = """
set -e
cp -r /ours /tmp/copy
GITHUB_PATH=/tmp/path RUNNER_TEMP=/tmp/tools python3 -I -X utf8 /tmp/copy/setup/run.py
chmod -R a+rwX /tmp/tools
"""


@dataclass(frozen=True)
class Night:
    """How a night ended.

    Attributes:
        jobs: each job's result (`success`, `failure`) by its name as people read it.
        log: what all of them printed.
        summary: the job summary of the last job.
        commands: the workflow commands that act obeyed, each with its line; and files of the runner, read by it.
    """

    jobs: Mapping[str, str]
    log: str
    summary: str
    outputs: Mapping[str, str]
    artifacts: Path
    verdict: Mapping[str, Any]
    commands: Sequence[tuple[str, str]]

    def failed(self) -> set[str]:
        """The jobs that are red."""
        return {job for job, result in self.jobs.items() if result != "success"}

    def log_of(self, job: str) -> str:
        """What one job printed."""
        return "\n".join(line for line in self.log.splitlines() if line.startswith(f"[{job}]"))

    @property
    def told(self) -> str:
        """What a reader sees of the summary, more or less."""
        return unescape(re.sub(r"</?(code|pre)>", "", self.summary))

    def double_runs(self, run: str) -> bool:
        """Whether the seeds of a run that was kept ran twice."""
        manifest = json.loads((self.artifacts / "vopr-coverage-report" / run / "manifest.json").read_bytes())
        double_runs: bool = manifest["double_runs"]
        return double_runs

    def artifact(self, name: str) -> set[str]:
        """The files of an artifact, two levels deep."""
        root = self.artifacts / name
        return {"/".join(path.relative_to(root).parts[:2]) for path in root.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class NightDesk:
    """A repository with the example in it, on a machine with act."""

    home: Path
    act: str
    image: str
    tools: Path
    github: FakeGitHub
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    env: dict[str, str] = field(default_factory=dict)

    @property
    def checkout(self) -> Path:
        """The repository's files."""
        return self.home / "database"

    def set_up(self) -> None:
        """Lay out the checkout, the stand-ins, and packages that are installed already."""
        for name in ("examples/simulator", "examples/configs"):
            shutil.copytree(REPOSITORY / name, self.checkout / name, ignore=shutil.ignore_patterns("__pycache__"))
        (self.checkout / ".github" / "workflows").mkdir(parents=True)
        self.copy(REPOSITORY / WORKFLOW)
        git = self.checkout / ".git"  # as much of one as act needs to know branch and commit
        for name in ("objects", "refs/heads"):
            (git / name).mkdir(parents=True)
        (git / "HEAD").write_text("ref: refs/heads/main\n")
        (git / "refs" / "heads" / "main").write_text(f"{A_SHA}\n")
        (git / "config").write_text("[core]\n\trepositoryformatversion = 0\n")
        (self.home / "artifacts").mkdir()
        for name, inputs in STAND_INS.items():
            (self.home / name).mkdir()
            (self.home / name / "action.yml").write_text(json.dumps(stand_in(name, inputs)))
        # Linked, not copied: what is written anew is replaced, and is this night's alone then.
        shutil.copytree(self.tools, self.home / "tools", copy_function=os.link, symlinks=True)

    def copy(self, workflow: Path) -> Path:
        """Copy a workflow, under a name of its own: act calls containers by it, and two nights may run at once."""
        text = workflow.read_text(encoding="utf-8")
        name = re.search(r"^name: .+$", text, re.M)
        assert name is not None
        copy = self.checkout / ".github" / "workflows" / workflow.name
        copy.write_text(text.replace(name[0], f"{name[0]} {self.id}", 1), encoding="utf-8")
        return copy

    def config(self, text: str) -> None:
        """Write the config that the night reads."""
        (self.checkout / "night.yml").write_text(text, encoding="utf-8")

    def loses(self, artifact: str) -> None:
        """Let an artifact get lost, although its job is told that all went well."""
        (self.home / "artifacts" / ".lost").write_text(artifact)

    def run(self, inputs: Mapping[str, str]) -> Night:
        """Run a trial's night, without its caller: act would end that one at the first red job."""
        trial = {name: one if isinstance(one, str) else json.dumps(one) for name, one in defaults(TRIAL).items()}
        return self.act_on("workflow_call", WORKFLOW, {**trial, **inputs})

    def act_on(self, event: str, workflow: str, inputs: Mapping[str, str], extra: Sequence[str] = ()) -> Night:
        """Run one night to its end."""
        (self.home / "event.json").write_text(json.dumps({"inputs": dict(inputs)}), encoding="utf-8")
        pinned = {one for part in PARTS for one in PINNED.findall((REPOSITORY / part).read_text())}
        mine = {f"{name}@{sha}": self.home / name.split("/")[1].split("-")[0] for name, sha in pinned}
        line = [self.act, event, "--workflows", workflow, "--eventpath", "../event.json", "--json"]
        line += ["--platform", f"ubuntu-latest={self.image}", "--pull=false", "--rm"]
        line += ["--action-offline-mode", "--container-daemon-socket", "-", "--secret", f"GITHUB_TOKEN={JOB_TOKEN}"]
        variables = {
            "GITHUB_API_URL": self.github.url, "GITHUB_REPOSITORY": NAME, "GITHUB_SHA": A_SHA,
            "GITHUB_REF": "refs/heads/main", "GITHUB_RUN_ID": RUN_ID, "GITHUB_RUN_NUMBER": "41", **self.env,
        }  # fmt: skip
        line += [word for pair in variables.items() for word in ("--env", "=".join(pair))]
        line += [word for used, at in mine.items() for word in ("--local-repository", f"{used}={at}")]
        mounts = {self.home / "artifacts": "/artifacts", REPOSITORY: "/ours:ro"}
        mounts |= {REPOSITORY / "tests/e2e/stand_ins.py": "/stand_ins.py:ro"}
        mounts |= {folder: f"/tmp/{folder.name}" for folder in (self.home / "tools").iterdir()}
        line += ["--container-options", " ".join(f"-v {host}:{inside}" for host, inside in mounts.items()), *extra]
        done = subprocess.run(
            line, cwd=self.checkout, env=os.environ | {"HOME": str(self.home)}, capture_output=True, text=True,
            timeout=NIGHT_S_MAX, check=False,
        )  # fmt: skip
        night = read_night(done.stdout, self.home / "artifacts")
        # pytest shows it where a test fails; what matters most stands last, where a long log is cut least.
        print(night.log, done.stderr, *(night.log_of(job) for job in sorted(night.failed())), sep="\n")
        assert done.returncode == (1 if night.failed() else 0), "act and its jobs don't agree"
        return night


def stand_in(name: str, inputs: Mapping[str, str]) -> dict[str, Any]:
    """The metadata of an action that runs a stand-in of stand_ins.py."""
    return {
        "name": name,
        "description": f"in place of GitHub's own {name}",
        "inputs": {key: {"description": "as there", "default": ""} for key in inputs},
        "runs": {
            "using": "composite",
            "steps": [
                {
                    "shell": "bash",
                    "env": {variable: f"${{{{ inputs.{key} }}}}" for key, variable in inputs.items()},
                    "run": f"python3 -I /stand_ins.py {name}",
                }
            ],
        },
    }


def read_night(stdout: str, artifacts: Path) -> Night:
    """A night from what `act --json` prints, and from what it left behind."""
    jobs: dict[str, str] = {}
    log, summary, outputs, broken, commands = [], "", {}, set(), []
    for text in stdout.splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            log.append(text)
            continue
        name = MATRIX_NUMBER.sub("", line.get("job", "").partition("/")[2].removeprefix("VOPR nightly/").strip())
        text = line.get("msg", "").rstrip()
        if line.get("stepResult") == "failure":
            broken.add(name)
        if "jobResult" in line:  # of a matrix act tells every leg after a failed one that it failed, too
            jobs[name] = "success" if line.get("matrix") and name not in broken else line["jobResult"]
        if line.get("command", "ignored") != "ignored":
            commands.append((line["command"], str(line.get("raw") or line)))
        if line.get("command") == "summary":
            summary = line["content"]
        if line.get("command") == "set-output" and line.get("jobID") == "summary":
            outputs[line["name"]] = line["arg"]
        if not ACT_ITSELF.search(text):
            log.append(f"[{name}] {text}")
    left = artifacts / "vopr-nightly-verdict" / "night.json"
    verdict = json.loads(left.read_bytes()) if left.exists() else {}
    return Night(jobs, "\n".join(log), summary, outputs, artifacts, verdict, commands)


def runner_image() -> str:
    """An image that can stand in for a hosted runner: bash, tar, and a Python with venv."""
    if name := os.environ.get("VOPR_TEST_RUNNER"):
        return name
    base: str = re.search(r"^ARG BASE_IMAGE=(\S+)", (REPOSITORY / "Dockerfile").read_text(), re.M)[1]  # type: ignore[index]
    docker("pull", base)
    return base


def installed_tools(shared: Path, image: str) -> Path:
    """What `setup` installs on such a runner, once for all nights: a RUNNER_TEMP after its first use."""
    tools = shared / "tools"
    with open(shared / "tools.lock", "w") as lock:  # of the processes that run tests, the first one installs
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "tools.done").exists():
            tools.mkdir()
            mounts = [f"{REPOSITORY / name}:/ours/{name}:ro" for name in ("composite", "requirements", "setup", "src")]
            line = ["run", "--rm", "--network", "host", "--name", f"vopr_{uuid.uuid4().hex}"]
            line += [word for mount in [*mounts, f"{tools}:/tmp/tools"] for word in ("-v", mount)]
            line += [word for name in ("PIP_CERT", "PIP_INDEX_URL", "HTTPS_PROXY") for word in ("-e", name)]
            docker(*line, image, "bash", "-c", SETUP)
            shutil.rmtree(tools / "vopr-coverage-command")  # every job writes its own
            (shared / "tools.done").touch()
    return tools
