"""The trusted half: a comment for a fork's run, from data that the fork made, and for nobody else's pull request."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import A_SHA, REPOSITORY, Run
from tests.support.action_steps import Desk, Told
from tests.support.archives import a_verdict_file, verdict_zip, zipped
from tests.support.pull_requests import PULL, SECRET, ours, run_of, wanted
from vopr_coverage.github.comment_marker import stamp_of

FORK = "mallory/database"
NAME = "vopr-coverage-default"
OTHER_SHA = "9" * 40


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A fork's pull request, and a workflow of ours that starts when its run has ended."""
    github.world.add_pull(PULL, head_repo=FORK)
    github.add_token(SECRET)
    desk = Desk(tmp_path, github, event="workflow_run")
    monkeypatch.chdir(desk.workspace)
    (desk.workspace / ".github" / "vopr-coverage.yml").unlink()
    return desk


def add_run(desk: Desk, content: bytes | None = b"", *, attempt: int = 1, **run: Any) -> Run:
    """The fork's run, which has left this artifact (b"": one with a verdict that passed), and the event about it."""
    about = {"event": "pull_request", "head_repo": FORK, "head_branch": "feature", **run}
    made = desk.github.world.add_run(run_attempt=attempt, **about)
    if content is not None:
        desk.github.world.add_artifact(NAME, content or verdict_zip(a_verdict_file(str(desk.folder))), made)
    desk.payload = {
        "workflow_run": {
            "id": made.id,
            "run_attempt": attempt,
            "event": made.event,
            "head_sha": made.head_sha,
            "head_branch": made.head_branch,
            "head_repository": {"full_name": made.head_repo} if made.head_repo else None,
            "conclusion": made.conclusion,
            "pull_requests": [],  # as GitHub has it for forks
        }
    }
    return made


def relay(desk: Desk, **inputs: str) -> Told:
    """Run the trusted half."""
    return desk.step(**{"command": "comment", "reports": "", "comment": "always", **inputs})


def test_a_forks_run_gets_its_comment(desk: Desk) -> None:
    """Stamped as the run that was judged, with a word on whose figures these are."""
    run = add_run(desk)
    told = relay(desk)
    (comment,) = ours(desk.github)
    stamp = stamp_of(comment.body)
    assert stamp is not None
    assert (stamp.sha, stamp.run_id, stamp.attempt) == (A_SHA, run.id, 1)
    assert told.code == 0
    assert told.outputs == {"comment-url": told.outputs["comment-url"]}
    assert told.outputs["comment-url"]
    assert "fork" in comment.body
    assert f"/actions/runs/{run.id}/attempts/1" in comment.body


def test_of_two_attempts_the_later_upload_is_told(desk: Desk) -> None:
    """By its time: the artifact of a run that was started again may have the smaller id."""
    run = add_run(desk, verdict_zip(a_verdict_file(str(desk.folder), fault_points_hit=0)), attempt=2)
    (first,) = desk.github.world.artifacts.values()
    second = desk.github.world.add_artifact(NAME, verdict_zip(a_verdict_file(str(desk.folder))), run)
    second.created_at += timedelta(hours=1)
    first.id, second.id = second.id, first.id
    desk.github.world.artifacts = {second.id: second, first.id: first}
    relay(desk)
    assert "✅" in headline(desk)


def headline(desk: Desk) -> str:
    """The heading of the comment."""
    return ours(desk.github)[0].body.splitlines()[1]


@pytest.mark.parametrize("conclusion", ["failure", "cancelled", "timed_out", "action_required", None])
def test_a_forged_pass_is_no_better_than_the_run(desk: Desk, conclusion: str | None) -> None:
    """A fork can write any verdict into its artifact; how its run ended is GitHub's word."""
    add_run(desk, conclusion=conclusion)
    relay(desk)
    assert "✅" not in headline(desk)


def test_a_failed_verdict_of_a_run_that_succeeded_stays_failed(desk: Desk) -> None:
    """`fail: false` turns the exit code, not the verdict."""
    add_run(desk, verdict_zip(a_verdict_file(str(desk.folder), fault_points_hit=0)))
    relay(desk)
    assert "❌" in headline(desk)


def test_modes_go_by_the_capped_headline(desk: Desk) -> None:
    """`on-failure` writes about a run that failed, whatever its verdict says."""
    add_run(desk)
    relay(desk, comment="on-failure")
    assert ours(desk.github) == []
    add_run(desk, conclusion="failure")
    relay(desk, comment="on-failure")
    assert len(ours(desk.github)) == 1


@pytest.mark.parametrize(
    "pull",
    [
        {"head_sha": OTHER_SHA, "head_repo": FORK},  # something was pushed since
        {"head_repo": "eve/database"},  # another fork with the same commit and branch name
        {"head_repo": None},
        {"head_repo": FORK, "head_ref": "other"},
        {"head_repo": FORK, "state": "closed"},
        {"head_repo": REPOSITORY},
    ],
    ids=str,
)
def test_a_pull_request_that_is_not_the_runs_gets_no_comment(desk: Desk, pull: dict[str, Any]) -> None:
    """Head commit and head repository must both be the run's, and it must be open."""
    desk.github.world.pulls.clear()
    desk.github.world.add_pull(PULL, **pull)
    add_run(desk)
    told = relay(desk)
    assert desk.github.comments(PULL) == []
    assert told.code == 0
    assert "no open pull request" in told.log


def test_nothing_in_the_artifact_says_where_to_comment(desk: Desk) -> None:
    """The number of another pull request in the data is just more data."""
    desk.github.world.add_pull(1, head_repo=FORK, head_ref="victim", head_sha=OTHER_SHA)
    verdict = a_verdict_file(str(desk.folder))
    add_run(desk, zipped({"verdict.json": verdict, "pr_number": b"1", "event.json": b'{"number": 1}'}))
    relay(desk)
    assert desk.github.comments(1) == []
    assert len(ours(desk.github)) == 1


def test_markup_in_the_artifact_stays_text(desk: Desk) -> None:
    """Names are rendered anew, as inert as any; a stamp among them is none."""
    name = "<!-- vopr-coverage id=default --> @team ![x](https://evil.example/x) </code></details>"
    add_run(desk, verdict_zip(a_verdict_file(str(desk.folder), missed_fault_points=[name], total_fault_points=9)))
    relay(desk)
    (comment,) = ours(desk.github)
    assert "@team" not in comment.body
    assert "evil.example" not in comment.body
    assert comment.body.count("vopr-coverage id=") == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"no zip", "ZIP"),
        (zipped({"../../home/runner/verdict.json": b"{}", "verdict.json": b"{}"}), "leads outside"),
        (zipped({"verdict.json": b"\0" * (17 << 20)}), "larger than 16 MiB"),
        (zipped({"verdict.json": b'{"status": "passed", "passed": true}'}), "expected"),
        (zipped({"verdict.json": b"[" * 100_000}), "expected"),
        (zipped({"verdict.json": json.dumps({"passed": "$(id)"}).encode()}), "expected"),
        (zipped({"other.txt": b""}), "no verdict.json"),
    ],
    ids=["no-zip", "slip", "bomb", "forged", "deep", "types", "other"],
)
def test_a_poisoned_artifact_is_refused_and_the_comment_says_so(desk: Desk, content: bytes, why: str) -> None:
    """Exit code 2, so that somebody looks; and no green comment of yesterday stays."""
    desk.github.world.add_comment(PULL, wanted(1, text="## ✅ fine").body)
    run = add_run(desk, content)
    told = relay(desk)
    (comment,) = ours(desk.github)
    assert told.code == 2
    assert why in told.log
    assert run_of(comment) == run.id
    assert "could not be judged" in comment.body


def test_a_run_that_left_no_verdict_is_commented_as_one(desk: Desk) -> None:
    """A build that broke before the gate has shown nothing."""
    desk.github.world.add_comment(PULL, wanted(1, text="## ✅ fine").body)
    add_run(desk, None, conclusion="failure")
    told = relay(desk)
    assert told.code == 0
    assert "left no artifact" in ours(desk.github)[0].body.replace("&#45;", "-")


def test_a_run_that_was_cancelled_need_not_have_one(desk: Desk) -> None:
    """A newer push cancels the older run, and its own comment follows."""
    add_run(desk, None, conclusion="cancelled")
    assert relay(desk).code == 0
    assert ours(desk.github) == []


def test_what_the_run_wrote_itself_stays(desk: Desk) -> None:
    """A run of our own repository had a token of its own."""
    desk.github.world.pulls.clear()
    desk.github.world.add_pull(PULL)
    run = add_run(desk, head_repo=REPOSITORY)
    own = wanted(run.id, text="by the run itself").body
    desk.github.world.add_comment(PULL, own)
    relay(desk)
    assert [comment.body for comment in ours(desk.github)] == [own]


def test_dependabots_run_gets_its_comment_without_being_called_a_fork(desk: Desk) -> None:
    """It comes from this very repository, with a token that can only read."""
    desk.github.world.pulls.clear()
    desk.github.world.add_pull(PULL, author="dependabot[bot]")
    add_run(desk, head_repo=REPOSITORY)
    relay(desk)
    assert "fork" not in ours(desk.github)[0].body


def test_an_older_run_that_ends_later_does_not_win(desk: Desk) -> None:
    """Runs of workflow_run may come in any order."""
    newer = desk.github.world.add_comment(PULL, wanted(10**17).body).body
    add_run(desk)
    relay(desk)
    assert [comment.body for comment in ours(desk.github)] == [newer]


def test_the_newest_of_several_artifacts_is_taken(desk: Desk) -> None:
    """A run that was started again has uploaded twice; an artifact of another run is not its own."""
    run = add_run(desk, b"the first attempt's, broken", attempt=2)
    desk.github.world.add_artifact(NAME, verdict_zip(a_verdict_file(str(desk.folder))), run)
    desk.github.world.add_artifact(NAME, b"no zip", desk.github.world.add_run(event="pull_request"))
    assert relay(desk).code == 0
    assert "✅" in headline(desk)


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch", "pull_request_target"])
def test_runs_of_other_events_are_nothing_to_comment_on(desk: Desk, event: str) -> None:
    """Only what a pull request ran."""
    add_run(desk, event=event)
    assert relay(desk).code == 0
    assert desk.github.requests == []


def test_elsewhere_the_command_is_an_error(desk: Desk) -> None:
    """It would have nothing to do, and look as if it had."""
    add_run(desk)
    desk.event = "pull_request"
    assert relay(desk).code == 2
    desk.event = "workflow_run"
    assert relay(desk, reports="good.ndjson").code == 2
    assert relay(desk, base="artifact").code == 2
    assert relay(desk, token="").code == 2
    desk.github.requests.clear()
    assert relay(desk, comment="off").code == 0
    assert desk.github.requests == []


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
def test_no_fault_of_githubs_is_more_than_a_warning(desk: Desk, kind: Kind) -> None:
    """There may be no comment then, and the step passes: it decides nothing."""
    add_run(desk)
    desk.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    told = relay(desk)
    assert told.code == 0
    assert len(told.annotations("warning")) == 1


def test_figures_of_a_report_are_rendered_from_the_data(desk: Desk) -> None:
    """The comment is ours from the first line to the last: the artifact has no Markdown that would be used."""
    verdict = a_verdict_file(str(desk.folder))
    add_run(desk, zipped({"verdict.json": verdict, "summary.md": b"# forged", "comment.md": b"# forged"}))
    relay(desk)
    assert "forged" not in ours(desk.github)[0].body.replace("can be forged", "")
