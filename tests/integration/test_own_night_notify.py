"""examples/systemd/notify: a night of one's own machine in the tracking issue and on a web server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import ACTIONS_BOT, REPOSITORY
from tests.support.pull_requests import SECRET
from tests.support.tracked_issues import a_green_night, a_red_night, tracked
from vopr_coverage.nightly.verdict import NightVerdict

NOTIFY = Path(__file__).resolve().parents[2] / "examples" / "systemd" / "notify"
ID = "own-machine"
GIT = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org")


class Machine:
    """A checkout with one commit, a folder of nights, a web server's folder, and a token in a file."""

    def __init__(self, folder: Path, github: FakeGitHub) -> None:
        github.add_token(SECRET)
        self.checkout, self.nights, self.web = folder / "checkout", folder / "nights", folder / "web"
        for each in (self.checkout, self.nights, self.web):
            each.mkdir()
        subprocess.run(["git", "init", "-q", "."], cwd=self.checkout, check=True)
        subprocess.run([*GIT, "commit", "-q", "--allow-empty", "-m", "first"], cwd=self.checkout, check=True)
        (folder / "token").write_text(f"{SECRET}\n")
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_"))},
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "GITHUB_API_URL": github.url,
            "VOPR_REPOSITORY": REPOSITORY,
            "VOPR_TOKEN_FILE": str(folder / "token"),
            "VOPR_AUTHOR": ACTIONS_BOT,
            "VOPR_WEB_FOLDER": str(self.web),
        }

    def notify(self, number: int, verdict: NightVerdict | None) -> subprocess.CompletedProcess[str]:
        """Run the script as `night --notify` does, with the path of a night's verdict."""
        night = self.nights / f"{number:06}"
        night.mkdir()
        if verdict:
            (night / "night.json").write_text(verdict.to_json())
        (self.nights / "trends.html").write_text(f"page of night {number}")
        words = [str(NOTIFY), str(night / "night.json")]
        done = subprocess.run(words, cwd=self.checkout, env=self.environ, capture_output=True, text=True, check=False)
        assert SECRET not in done.stdout + done.stderr
        return done


@pytest.fixture
def machine(tmp_path: Path, github: FakeGitHub) -> Machine:
    """A machine that may write issues."""
    return Machine(tmp_path, github)


def test_a_red_night_opens_the_issue_and_a_green_one_closes_it(machine: Machine, github: FakeGitHub) -> None:
    """There is no run on GitHub, and no link to one; the page is the newest."""
    for number in (8, 9):
        red = machine.notify(number, a_red_night(number))
        assert red.returncode == 0, red.stderr
    (issue,) = tracked(github, id=ID)
    body = issue.body or ""
    assert ("/actions/runs/" in body, "run=9 attempt=1" in body) == (False, True)
    assert (machine.web / "trends.html").read_text() == "page of night 9"
    green = machine.notify(10, a_green_night(10))
    assert (green.returncode, tracked(github, id=ID)) == (0, []), green.stderr


def test_a_night_without_a_verdict_is_red(machine: Machine, github: FakeGitHub) -> None:
    """Silence is never a pass."""
    assert machine.notify(1, None).returncode == 0
    assert [issue.title for issue in tracked(github, id=ID)] == ["Nightly simulation is red: the night has no verdict"]


def test_one_half_does_not_hold_up_the_other(machine: Machine, github: FakeGitHub) -> None:
    """Without a folder for the page, the issue is written, and the exit code tells of the failure."""
    machine.web.rmdir()
    done = machine.notify(1, a_red_night(1))
    assert (done.returncode, len(tracked(github, id=ID))) == (1, 1), done.stderr
