"""`tracking-issue` as a step of the action, against a GitHub on loopback."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import A_SHA, REPOSITORY
from tests.support.action_steps import Desk, Told
from tests.support.pages import HOSTILE, LIVE, page_of
from tests.support.pull_requests import SECRET
from tests.support.tracked_issues import a_green_night, a_red_night, an_issue, stamp_in, tracked
from vopr_coverage.nightly.verdict import NightRun, NightVerdict

COMMAND = {"command": "tracking-issue", "reports": "night.json"}


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The last job of a nightly, with a token that may write issues."""
    github.add_token(SECRET)
    desk = Desk(tmp_path, github, event="schedule", payload={})
    desk.payload = {}
    monkeypatch.chdir(desk.workspace)
    return desk


def step(desk: Desk, night: NightVerdict | bytes | None, **inputs: str) -> Told:
    """The action, after the night has left this file, or none."""
    file = desk.workspace / "night.json"
    file.unlink(missing_ok=True)
    if night is not None:
        file.write_bytes(night if isinstance(night, bytes) else night.to_json().encode())
    return desk.step(**{**COMMAND, **inputs})


def test_red_red_green(desk: Desk) -> None:
    """One issue, opened, brought up to date in place, and closed; the step itself passes whatever the night was."""
    first = step(desk, a_red_night(100))
    (issue,) = tracked(desk.github)
    assert first.code == 0
    assert first.outputs["issue-url"].endswith(f"/{REPOSITORY}/issues/{issue.number}")
    assert issue.title.startswith("plainname is red: invariant plainname failed at seed 17")
    assert f"actions/runs/{desk.run_id}/attempts/1" in (issue.body or "")
    desk.run_id += 1
    second = step(desk, a_red_night(101))
    assert second.outputs == first.outputs
    assert (stamp_in(issue).run_id, stamp_in(issue).first, stamp_in(issue).nights) == (101, 100, 2)
    assert "2 nights" in (issue.body or "")
    desk.run_id += 1
    third = step(desk, a_green_night(102))
    assert (third.code, third.outputs) == (0, first.outputs)
    assert (issue.state, issue.state_reason) == ("closed", "completed")
    assert "actions/runs/102/attempts/1" in (issue.body or "").splitlines()[3]


def test_the_same_step_again_writes_nothing(desk: Desk) -> None:
    """Not even with a clock of its own."""
    step(desk, a_red_night(100))
    writes = [request for request in desk.github.requests if request.method != "GET"]
    step(desk, a_red_night(100))
    assert [request for request in desk.github.requests if request.method != "GET"] == writes


def test_green_without_an_issue_says_so(desk: Desk) -> None:
    """And has no address to give."""
    told = step(desk, a_green_night(100))
    assert (told.code, told.outputs["issue-url"]) == (0, "")
    assert "no issue is open" in told.log
    assert [request.method for request in desk.github.requests] == ["GET"]


def contradicting(**changes: Any) -> bytes:
    """A green night's file with something else in it."""
    document = json.loads(a_green_night(100).to_json())
    return json.dumps(document | changes).encode()


FINDING = json.loads(a_red_night().to_json())["findings"][0]
JOB = {"name": "long-run", "result": "failure", "line": "it fell", "status": "failed"}


@pytest.mark.parametrize(
    "file",
    [
        None,  # nobody wrote one
        b"",
        b"{",
        b"[]",
        b"\x00\xff\xfe",
        b"{}",
        b'{"passed": true}',
        b"[" * 100_000,
        a_green_night(99).to_json().encode(),  # yesterday's
        contradicting(passed=False),
        contradicting(status="failed"),
        contradicting(error="it could not be judged"),
        contradicting(findings=[FINDING]),
        contradicting(jobs=[JOB]),
        contradicting(jobs=[]),  # who did nothing did nothing wrong
        contradicting(passed=1),
        contradicting(format="urn:vopr-coverage:schema:night:v2"),
        contradicting(more="keys"),
    ],
)
def test_a_night_that_left_no_verdict_is_red(desk: Desk, file: bytes | None) -> None:
    """Missing, broken, of another run, or green against its own word: never a pass, and no issue is closed."""
    mine = an_issue(desk.github, 99)
    told = step(desk, file)
    assert told.code == 0
    assert mine.state == "open"
    assert mine.title == "Nightly simulation is red: the night has no verdict"
    assert "left no verdict" in (mine.body or "")
    (warning,) = told.annotations("warning")
    assert "left no verdict" in warning


def test_a_file_without_a_run_is_taken_for_this_runs(desk: Desk) -> None:
    """Who judged outside of GitHub's variables left no run to compare."""
    an_issue(desk.github, 99)
    step(desk, a_green_night(""))
    assert tracked(desk.github) == []


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("outside", "a path outside"),
        ("link", "a path outside"),
        ("folder", "expected a regular file"),
        ("huge", "expected at most 16 MiB"),
    ],
)
def test_a_path_that_is_no_file_of_the_workspace_is_no_verdict(desk: Desk, tmp_path: Path, kind: str, why: str) -> None:
    """It isn't read, and the night is red."""
    green, path, outside = a_green_night(100).to_json(), desk.workspace / "night.json", tmp_path.parent / "night.json"
    outside.write_text(green)
    if kind == "folder":
        path.mkdir()
    elif kind == "huge":
        path.write_text(" " * (16 << 20) + green)
    elif kind == "link":
        path.symlink_to(outside)
    told = desk.step(**{**COMMAND, "reports": str(outside) if kind == "outside" else "night.json"})
    assert told.code == 0
    assert why in told.annotations("warning")[0]
    assert len(tracked(desk.github)) == 1


def test_the_id_and_the_author_are_inputs(desk: Desk) -> None:
    """Two nightlies have an issue each; another app writes in its own name."""
    desk.github.add_token(SECRET, login="gate-app[bot]")
    refused = step(desk, a_red_night(100))
    assert refused.code == 2
    assert "set comment-author to gate-app[bot]" in refused.annotations("error")[0]
    for name in ("one", "two", "one"):
        assert step(desk, a_red_night(100), comment_id=name, comment_author="gate-app[bot]").code == 0
    assert len(desk.github.issues()) == 2


def test_a_job_without_the_permission_is_told_which(desk: Desk) -> None:
    """And fails: nobody else would tell of the night."""
    desk.github.add_token(SECRET, read_only=True)
    told = step(desk, a_red_night(100))
    assert told.code == 2
    (error,) = told.annotations("error")
    assert "the tracking issue was not written" in error
    assert "the job needs `issues: write`" in error


@pytest.mark.parametrize("reports", ["", "one.json\ntwo.json"])
def test_one_path_is_wanted(desk: Desk, reports: str) -> None:
    """None or several are a mistake in the workflow."""
    told = desk.step(command="tracking-issue", reports=reports)
    assert told.code == 2
    assert "takes one path" in told.annotations("error")[0]
    assert desk.github.requests == []


def test_without_a_token_or_a_commit_it_is_an_error(desk: Desk) -> None:
    """GitHub isn't asked."""
    assert "there is no token" in step(desk, a_red_night(100), token="").annotations("error")[0]
    desk.environ = {"GITHUB_SHA": "main"}
    assert "GITHUB_SHA" in step(desk, a_red_night(100)).annotations("error")[0]
    assert desk.github.requests == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_of_githubs_looks_like_success(desk: Desk, kind: Kind) -> None:
    """Every request fails the same way: `Desk` looks for tracebacks and the token."""
    desk.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    told = step(desk, a_red_night(100))
    assert told.code == 2
    assert len(told.annotations("error")) == 1
    assert sum(told.clock.waits_s) <= 90


def test_hostile_text_reaches_github_inert(desk: Desk) -> None:
    """All of the corpus in one night: the title is plain words, the body has them in code only."""
    red = a_red_night(100)
    text = " ".join(HOSTILE).encode(errors="ignore").decode()  # no JSON has half a surrogate
    findings = tuple(
        replace(one, job=text[n * 30 :][:500], invariant=text[n * 50 :]) for n, one in enumerate(red.findings)
    )
    step(desk, replace(red, findings=findings, place=NightRun("100", 1, 1, A_SHA, "@team #1 https://evil.example")))
    (issue,) = tracked(desk.github)
    assert re.fullmatch(r"[A-Za-z0-9 ._+=(),:·…-]{10,160}", issue.title)
    assert not LIVE.search(page_of(issue.body or "").prose)
