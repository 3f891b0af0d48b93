"""Judges two recorded runs of a real simulator in an image: one passes, the other doesn't.

    python -m tools.release.trial --layout dist/image-amd64

A release does so for each platform before anything is pushed. Needs docker and skopeo. Exit code 1: the image judges
otherwise, or cannot be started.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.release.source import ROOT, ReleaseError, run

HEALTHY, SICK = "combined.ndjson", "canary-drop-disabled.ndjson"
NAME = "vopr-coverage:trial"
EXPECTED = {HEALTHY: 0, SICK: 1}


def workspace(folder: Path) -> Path:
    """A job's workspace with the two runs and a config for their simulator."""
    folder.mkdir()
    for name in EXPECTED:
        shutil.copy(ROOT / "tests" / "data" / "real" / name, folder)
    shutil.copy(ROOT / "examples" / "configs" / "kimberlite.yml", folder)
    return folder


def container(job: Path, report: str, *image: str) -> list[str]:
    """The line that judges a report of that workspace; `image` may begin with further flags."""
    at = ["--workdir", "/github/workspace", "--volume", f"{job}:/github/workspace", "--network", "none"]
    given = {"GITHUB_WORKSPACE": "/github/workspace", "RUNNER_TEMP": "/tmp", "GITHUB_EVENT_NAME": "push"}  # noqa: S108
    given |= {"INPUT_REPORTS": f"combined={report}", "INPUT_CONFIG": "kimberlite.yml", "GITHUB_ACTIONS": "true"}
    variables = [word for name, value in given.items() for word in ("--env", f"{name}={value}")]
    return ["docker", "run", "--rm", *at, *variables, *image]


def trial(layout: Path, env: dict[str, str]) -> None:
    """Load the image into the engine that `env` names, and judge both runs.

    Raises:
        ReleaseError: one is not judged as it must be, with the end of the log.
    """
    host = ["--dest-daemon-host", env["DOCKER_HOST"]] if "DOCKER_HOST" in env else []
    run(["skopeo", "copy", "--quiet", *host, f"oci:{layout}", f"docker-daemon:{NAME}"], env)
    with tempfile.TemporaryDirectory() as folder:
        job = workspace(Path(folder) / "database")
        for report, expected in EXPECTED.items():
            done = subprocess.run(container(job, report, NAME), capture_output=True, text=True, env=env, check=False)  # noqa: S603
            if done.returncode != expected or "Coverage validation" not in done.stdout:
                said = (done.stdout + done.stderr)[-2000:]
                raise ReleaseError(f"{report} ended with exit code {done.returncode}, not {expected}:\n{said}")


def main(argv: list[str] | None = None) -> int:
    """Try an image on this machine's engine."""
    parser = argparse.ArgumentParser(description="Judges two recorded runs in an image.")
    parser.add_argument("--layout", type=Path, required=True, metavar="FOLDER", help="an image in the layout of OCI")
    options = parser.parse_args(argv)
    try:
        trial(options.layout, dict(os.environ))
    except ReleaseError as error:
        print(f"the image is not good: {error}", file=sys.stderr)
        return 1
    print(f"{options.layout}: {HEALTHY} passes and {SICK} fails, as they must")
    return 0


if __name__ == "__main__":
    sys.exit(main())
