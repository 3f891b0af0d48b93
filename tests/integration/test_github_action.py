"""The action on a pull request, against a GitHub on loopback: the comment is right, the exit code is the verdict's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import Fault, Kind
from tests.fake_github.state import A_SHA
from tests.support.action_steps import Desk, a_pull
from tests.support.pull_requests import PULL, SECRET, ours, run_of, wanted
from vopr_coverage.github.comment_marker import stamp_of


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A pull request whose run is about to be judged, with a token that may comment."""
    github.world.add_pull(PULL)
    github.add_token(SECRET)
    desk = Desk(tmp_path, github)
    monkeypatch.chdir(desk.workspace)
    return desk


def test_a_failing_run_comments_and_a_passing_one_turns_it_green(desk: Desk) -> None:
    """One comment, brought up to date in place."""
    failed = desk.step(reports="bad.ndjson")
    (comment,) = ours(desk.github)
    assert failed.code == 1
    assert "❌" in comment.body.splitlines()[1]
    assert failed.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")
    desk.run_id += 1
    passed = desk.step()
    (same,) = ours(desk.github)
    assert passed.code == 0
    assert same.id == comment.id
    assert "✅" in same.body.splitlines()[1]
    assert run_of(same) == 101


def test_the_stamp_has_the_head_commit_and_not_the_merge(desk: Desk) -> None:
    """GITHUB_SHA of a pull request is a commit that nobody has pushed."""
    desk.step(reports="bad.ndjson")
    stamp = stamp_of(ours(desk.github)[0].body)
    assert stamp is not None
    assert (stamp.sha, stamp.run_id, stamp.attempt) == (A_SHA, 100, 1)


def test_a_run_that_passes_says_nothing_unless_asked(desk: Desk) -> None:
    """`auto` writes no comment about a run in which all is well."""
    assert desk.step().outputs["comment-url"] == ""
    assert ours(desk.github) == []
    assert desk.step(comment="on-failure").code == 0
    assert ours(desk.github) == []
    desk.step(comment="always")
    assert len(ours(desk.github)) == 1


def test_off_asks_github_for_nothing(desk: Desk) -> None:
    """Not even whether there is a comment."""
    assert desk.step(reports="bad.ndjson", comment="off").code == 1
    assert desk.github.requests == []


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch", "merge_group"])
def test_without_a_pull_request_there_is_no_comment_and_no_error(desk: Desk, event: str) -> None:
    """Nobody is asked, nothing is warned of."""
    desk.event, desk.payload = event, {"ref": "refs/heads/main"}
    told = desk.step(reports="bad.ndjson")
    assert (told.code, told.outputs["comment-url"]) == (1, "")
    assert desk.github.requests == []
    assert told.annotations("warning") == []


def test_what_could_not_be_judged_is_commented_too(desk: Desk) -> None:
    """A green comment of yesterday must not stand beside a run that judged nothing."""
    desk.github.world.add_comment(PULL, wanted(1, text="## ✅ all is well").body)
    told = desk.step(reports="no-such-file.ndjson")
    (comment,) = ours(desk.github)
    assert told.code == 2
    assert "could not be judged" in comment.body


def test_ids_keep_comments_apart(desk: Desk) -> None:
    """Matrix legs and workflows each have their own."""
    desk.step(reports="bad.ndjson", comment_id="shard-1")
    desk.step(reports="bad.ndjson", comment_id="shard-2")
    desk.step(reports="bad.ndjson", comment_id="shard-1")
    assert [len(ours(desk.github, id)) for id in ("shard-1", "shard-2", "default")] == [1, 1, 0]


def test_steps_that_fight_over_a_comment_are_told(desk: Desk) -> None:
    """The same id twice in one run: the second text wins, and a warning says why that is not what they want."""
    desk.step(reports="bad.ndjson")
    assert "comment-id" in desk.step(comment="always").annotations("warning")[-1]
    assert len(ours(desk.github)) == 1


@pytest.mark.parametrize("reports", ["good.ndjson", "bad.ndjson"])
@pytest.mark.parametrize("home", ["mallory/database", None])
def test_a_fork_gets_summary_and_exit_code_and_a_notice(desk: Desk, home: str | None, reports: str) -> None:
    """GitHub gives forks a token that can't write: nobody's mistake, and no reason to fail."""
    desk.github.add_token(SECRET, read_only=True)
    desk.payload = {"pull_request": a_pull(home)}
    told = desk.step(reports=reports, comment="always")
    assert told.code == (reports == "bad.ndjson")
    assert "a pull request from a fork or by Dependabot" in told.annotations("notice")[0]
    assert told.annotations("warning") == []
    assert told.summary.startswith("## ")
    assert told.outputs["verdict-file"]


def test_dependabots_pull_requests_are_like_forks(desk: Desk) -> None:
    """They come from this very repository, and their token can't write either."""
    desk.github.add_token(SECRET, read_only=True)
    desk.environ = {"GITHUB_ACTOR": "dependabot[bot]"}
    assert len(desk.step(reports="bad.ndjson").annotations("notice")) == 1


def test_a_job_without_the_permission_is_told_which(desk: Desk) -> None:
    """Where the workflow could have asked for it, a warning says what to write."""
    desk.github.add_token(SECRET, read_only=True)
    told = desk.step(reports="bad.ndjson")
    assert told.code == 1
    assert "pull-requests: write" in told.annotations("warning")[-1]


def test_without_a_token_there_is_a_warning(desk: Desk) -> None:
    """Judging needs none, commenting does."""
    told = desk.step(reports="bad.ndjson", token="")
    assert told.code == 1
    assert "there is no token" in told.annotations("warning")[-1]


@pytest.mark.parametrize("kind", [kind for kind in Kind if not kind.name.startswith("TIMEOUT")])
@pytest.mark.parametrize("reports", ["good.ndjson", "bad.ndjson"])
def test_no_fault_of_githubs_changes_the_exit_code(desk: Desk, kind: Kind, reports: str) -> None:
    """Every request fails the same way, from the first to the last: `Desk` looks for tracebacks and the token."""
    desk.github.inject(SECRET, lambda _: Fault(kind, 3_600 if "LIMIT" in kind.name else None))
    told = desk.step(reports=reports, comment="always")
    assert told.code == (reports == "bad.ndjson")
    assert sum(told.clock.waits_s) <= 90
    assert len(told.annotations("warning")) == 1


def test_two_bugs_of_a_config_do_not_keep_the_comment_from_being_written(desk: Desk) -> None:
    """A misspelt setting of the comment itself does: then nobody knows what is wanted."""
    assert desk.step(comment="allways").code == 2
    assert desk.step(comment_id="a--b").code == 2
    assert desk.github.requests == []


def test_another_account_is_told_what_to_set(desk: Desk) -> None:
    """A comment that the next run would not know again must not stay: it would be written anew each time."""
    desk.github.add_token(SECRET, login="gate-app[bot]")
    told = desk.step(reports="bad.ndjson")
    assert told.code == 1
    assert "set comment-author to gate-app[bot]" in told.annotations("warning")[-1]
    assert desk.github.comments(PULL) == []
    desk.step(reports="bad.ndjson", comment_author="gate-app[bot]")
    desk.step(reports="bad.ndjson", comment_author="gate-app[bot]")
    assert len(desk.github.comments(PULL)) == 1


def test_a_wait_is_seen_in_the_log(desk: Desk) -> None:
    """A step that stands still says why."""
    desk.github.inject(SECRET, {0: Fault(Kind.RATE_LIMIT_429, 30)})
    told = desk.step(reports="bad.ndjson")
    assert "trying again in 30 s" in told.log
    assert told.clock.waits_s == [30]
    assert len(ours(desk.github)) == 1
