"""Judging loads nothing that speaks with GitHub: a gate that starts in a container must not wait for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.reports import MODEST, a_stream

SPEAKS_WITH_GITHUB = ("github", "requests", "urllib3", "jwt", "cryptography", "nacl", "cffi")
SAYS = f"print('loaded', sorted(set({SPEAKS_WITH_GITHUB!r}) & set(sys.modules)))"
BY_COMMAND = f"import sys; from vopr_coverage import cli; code = cli.main(sys.argv[1:]); {SAYS}; sys.exit(code)"
BY_ACTION = f"import os, sys; from vopr_coverage import action; code = action.main(os.environ); {SAYS}; sys.exit(code)"
PLACE = {"GITHUB_REPOSITORY": "a/b", "GITHUB_SHA": "0" * 40, "GITHUB_API_URL": "http://127.0.0.1:9"}
PLACE |= {"GITHUB_RUN_ID": "1", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_SERVER_URL": "http://127.0.0.1:9"}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with a healthy run and a config."""
    (tmp_path / "run.ndjson").write_bytes(a_stream(20))
    (tmp_path / "config.json").write_text(str(MODEST).replace("'", '"'))
    return tmp_path


def judged(code: str, words: list[str], home: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One judgement in a process of its own."""
    line = [sys.executable, "-I", "-c", code, *words]
    done = subprocess.run(line, cwd=home, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_command_loads_nothing_that_speaks_with_github(runs: Path) -> None:
    """With text, summary and annotations alike."""
    words = ["check", "run.ndjson", "--config", "config.json", "--format", "markdown"]
    assert judged(BY_COMMAND, words, runs, {}).stdout.endswith("loaded []\n")


@pytest.mark.parametrize("comment", ["auto", "off"])
def test_the_action_loads_it_for_a_pull_request_alone(runs: Path, comment: str) -> None:
    """A push has none to comment on, whatever the input says; a token is there in every job."""
    env = PLACE | {"GITHUB_WORKSPACE": str(runs), "RUNNER_TEMP": str(runs), "GITHUB_EVENT_NAME": "push"}
    env |= {"INPUT_REPORTS": "run.ndjson", "INPUT_CONFIG": "config.json", "INPUT_TOKEN": "t", "INPUT_COMMENT": comment}
    assert judged(BY_ACTION, [], runs, env).stdout.endswith("loaded []\n")
