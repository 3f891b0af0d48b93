"""What the end-to-end tests need: an engine, the image, and a job with samples in its workspace."""

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.hosted import REPOSITORY, Job

NO_ENGINE = (
    "No Docker engine answers, and this test is about a real container: start one, point DOCKER_HOST at it, "
    "or run .ci/run, which starts its own. docker says: "
)


@pytest.fixture(scope="session")
def engine() -> None:
    """Fail, never skip, where no engine answers: a test that did not run has shown nothing."""
    try:
        done = subprocess.run(["docker", "version"], capture_output=True, text=True, timeout=60, check=False)
    except OSError as error:
        pytest.fail(f"{NO_ENGINE}{error}", pytrace=False)
    if done.returncode != 0:
        pytest.fail(NO_ENGINE + done.stderr.strip(), pytrace=False)


@pytest.fixture(scope="session")
def image(engine: None) -> str:
    """The image under test: the one that VOPR_TEST_IMAGE names, else built from the Dockerfile as it stands."""
    if name := os.environ.get("VOPR_TEST_IMAGE"):
        return name
    name = "vopr-coverage:e2e"
    build = ["docker", "build", "--tag", name, str(REPOSITORY)]
    built = subprocess.run(build, capture_output=True, text=True, check=False)
    if built.returncode != 0:
        pytest.fail(f"the image could not be built:\n{built.stdout}{built.stderr}", pytrace=False)
    return name


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A fresh job: tests/data/real stands in its workspace as runs/, examples/configs as configs/."""
    job = Job(tmp_path)
    job.check_out()
    return job


@pytest.fixture(scope="session")
def defaults() -> dict[str, str]:
    """The inputs as the runner fills them in from action.yml when a workflow gives none."""
    action = yaml.safe_load((REPOSITORY / "action.yml").read_text(encoding="utf-8"))
    return {name: given["default"] for name, given in action["inputs"].items()}
