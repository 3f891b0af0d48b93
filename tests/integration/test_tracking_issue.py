"""`vopr-coverage tracking-issue`: the action's command on the command line, against a GitHub on loopback."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import A_SHA, REPOSITORY
from tests.support.action_steps import Desk
from tests.support.pull_requests import SECRET
from tests.support.reports import Ended, run_cli
from tests.support.tracked_issues import a_green_night, a_red_night, tracked


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The last job of a nightly, with a token that may write issues."""
    github.add_token(SECRET)
    desk = Desk(tmp_path, github, event="schedule", payload={})
    desk.payload = {}
    monkeypatch.chdir(desk.workspace)
    return desk


def cli(desk: Desk, *arguments: str, **environ: str) -> Ended:
    """The command line, with a job's variables and no other job's."""
    runner = {
        "GITHUB_API_URL": desk.github.url,
        "GITHUB_EVENT_NAME": "schedule",
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": str(desk.run_id),
        "GITHUB_RUN_NUMBER": "41",
        "GITHUB_SHA": A_SHA,
        "GITHUB_TOKEN": SECRET,
        "GITHUB_WORKFLOW": "Nightly",
        "no_proxy": "127.0.0.1",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GITHUB_", "INPUT_"))]:
            patch.delenv(name)
        for name, value in (runner | environ).items():
            patch.setenv(name, value)
        return run_cli("tracking-issue", *arguments, cwd=desk.workspace)


def test_the_command_line_does_the_same(desk: Desk) -> None:
    """Opened, then closed; a missing file is red."""
    missing = cli(desk, "night.json")
    assert (missing.code, len(tracked(desk.github))) == (0, 1)
    assert "left no verdict" in missing.err
    assert tracked(desk.github)[0].title == "Nightly is red: the night has no verdict"
    (desk.workspace / "night.json").write_text(a_green_night(100).to_json())
    assert cli(desk, "night.json", "--id", "other").code == 0
    assert len(tracked(desk.github)) == 1
    green = cli(desk, "night.json", "--id", "nightly", "--author", "github-actions[bot]")
    assert (green.code, tracked(desk.github)) == (0, [])
    assert "/issues/1" in green.out


@pytest.mark.parametrize(
    ("arguments", "environ", "told"),
    [
        (["night.json"], {"GITHUB_TOKEN": ""}, "no token in GITHUB_TOKEN; --dry-run needs none"),
        (["night.json"], {"GITHUB_REPOSITORY": ""}, "GITHUB_REPOSITORY: expected owner/name"),
        (["night.json"], {"GITHUB_RUN_ID": "x"}, "GITHUB_RUN_ID: expected a number"),
        (["night.json"], {"GITHUB_SHA": ""}, "GITHUB_SHA: expected a commit"),
        (["night.json", "--id", "a--b"], {}, "--id: expected letters and digits"),
        (["night.json", "--author", "a b"], {}, "--author: expected a login"),
        ([], {}, "NIGHT.json"),
    ],
)
def test_what_can_not_be_used_is_exit_code_2(
    desk: Desk, arguments: list[str], environ: dict[str, str], told: str
) -> None:
    """With a line that says which, and no request."""
    ended = cli(desk, *arguments, **environ)
    assert ended.code == 2
    assert told in ended.err
    assert desk.github.requests == []


def test_a_dry_run_prints_title_and_text_without_a_token(tmp_path: Path) -> None:
    """On a laptop, of any night; GitHub is not asked."""
    (tmp_path / "night.json").write_text(a_red_night(100).to_json())
    red = run_cli("tracking-issue", "night.json", "--dry-run", cwd=tmp_path)
    assert red.code == 0
    assert red.out.startswith("plainname is red: invariant plainname failed at seed 17 and 2 more causes\n\n## ❌ ")
    assert "Add to the regression file" in red.out
    (tmp_path / "night.json").write_text(a_green_night().to_json())
    assert "would be closed" in run_cli("tracking-issue", "night.json", "--dry-run", cwd=tmp_path).out
    missing = run_cli("tracking-issue", "none.json", "--dry-run", cwd=tmp_path)
    assert (missing.code, "no verdict" in missing.out) == (0, True)
    assert "none.json: expected a readable file" in missing.err
