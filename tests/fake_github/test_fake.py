"""The fake GitHub as a real PyGithub meets it, when all goes well or is refused for good reason."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
import requests
from github import BadCredentialsException, Github, GithubException, UnknownObjectException
from github.Issue import Issue

from tests.fake_github.calls import Call, page_of
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.loopback import Request
from tests.fake_github.state import ACTIONS_BOT, REPOSITORY, World

Connect = Callable[..., Github]
FORK = "visitor/database"
ZIP = b"PK\x05\x06" + bytes(18)  # an archive of nothing


def statuses(github: FakeGitHub) -> list[int | None]:
    """What the clients got, in order."""
    return [record.status for record in github.requests]


# ---- comments


@pytest.mark.parametrize(
    ("count", "per_page", "page_count"),
    [
        (0, 100, 1),
        (31, 100, 1),
        (31, 30, 2),  # PyGithub then asks for no page size, and GitHub's is 30
        (100, 100, 1),
        (101, 100, 2),
        (250, 100, 3),
    ],
)
def test_comments_come_in_pages_and_in_order(
    count: int, per_page: int, page_count: int, github: FakeGitHub, connect: Connect
) -> None:
    """Oldest first, and the Link header leads from page to page."""
    github.world.add_pull(7)
    written = [github.world.add_comment(7, f"comment {n}").id for n in range(count)]
    client = connect(github, github.add_token("t"), per_page=per_page)
    assert [one.id for one in client.get_repo(REPOSITORY).get_issue(7).get_comments()] == written
    assert len(github.requests) == page_count


def test_the_link_header_names_the_pages_around(github: FakeGitHub, connect: Connect) -> None:
    """Of three pages the middle one leads everywhere, with absolute URLs of the same server."""
    github.world.add_pull(7)
    for _ in range(250):
        github.world.add_comment(7, "hello")
    url = f"{github.url}/repos/{REPOSITORY}/issues/7/comments"
    headers = {"Authorization": f"Bearer {github.add_token('t')}"}
    with requests.get(url, {"per_page": "100", "page": "2"}, headers=headers, timeout=10) as answer:
        assert {rel: link["url"] for rel, link in answer.links.items()} == {
            "prev": f"{url}?per_page=100&page=1",
            "next": f"{url}?per_page=100&page=3",
            "last": f"{url}?per_page=100&page=3",
            "first": f"{url}?per_page=100&page=1",
        }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, range(30)),
        ({"per_page": "2", "page": "3"}, range(4, 6)),
        ({"per_page": "500"}, range(100)),  # more than GitHub gives at once
        ({"page": "99"}, range(0)),
    ],
)
def test_a_page_is_what_the_query_says(query: dict[str, str], expected: range) -> None:
    """By default 30 items, never more than 100, and none behind the last page."""
    call = Call(World(), Request("GET", "/", query, {}, b""), "", False, "", "")
    assert page_of(call, range(250))[0] == expected


def test_a_comment_is_written_edited_and_deleted(github: FakeGitHub, issue: Issue) -> None:
    """Its author is the token's login, and what is gone stays gone."""
    comment = issue.create_comment("one")
    assert (comment.user.login, comment.user.type) == (ACTIONS_BOT, "Bot")
    comment.edit("two ☂")
    assert [one.body for one in issue.get_comments()] == ["two ☂"] == [one.body for one in github.comments(7)]
    comment.delete()
    assert github.comments(7) == []
    with pytest.raises(UnknownObjectException):
        comment.delete()
    with pytest.raises(UnknownObjectException):
        comment.edit("three")
    assert statuses(github) == [201, 200, 200, 204, 404, 404]


def test_other_authors_are_who_they_are(github: FakeGitHub, issue: Issue) -> None:
    """A person, an impostor with a bot's name, and an account that is gone."""
    github.world.add_comment(7, "one", author="somebody")
    github.world.add_comment(7, "two", author=ACTIONS_BOT, author_type="User")
    github.world.add_comment(7, "three", author=None)
    users = [one.user for one in issue.get_comments()]
    assert [(user.login, user.type) for user in users[:2]] == [("somebody", "User"), (ACTIONS_BOT, "User")]
    assert users[2] is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("", "Body can't be blank"),
        (" \n", "Body can't be blank"),
        ("x" * 65_537, "Body is too long (maximum is 65536 characters)"),
    ],
)
def test_a_comment_that_can_not_be_is_refused(body: str, told: str, github: FakeGitHub, issue: Issue) -> None:
    """Written or edited, with 422 and the reason."""
    for write in (issue.create_comment, issue.create_comment("fine").edit):
        with pytest.raises(GithubException) as refused:
            write(body)
        assert refused.value.status == 422
        assert refused.value.data["errors"][0]["message"] == told
    assert [one.body for one in github.comments(7)] == ["fine"]


def test_the_longest_comment_counts_code_points(github: FakeGitHub, issue: Issue) -> None:
    """Not bytes."""
    issue.create_comment("☂" * 65_536)
    assert len(github.comments(7)) == 1


def test_who_has_no_right_gets_none(github: FakeGitHub, connect: Connect) -> None:
    """An unknown token reads nothing; a read-only one reads, and its writes change nothing."""
    github.world.add_pull(7)
    comment = github.world.add_comment(7, "one")
    with pytest.raises(BadCredentialsException):
        list(connect(github, "stranger").get_repo(REPOSITORY).get_issue(7).get_comments())
    reader = connect(github, github.add_token("reader", read_only=True)).get_repo(REPOSITORY).get_issue(7)
    (seen,) = reader.get_comments()
    for write in (lambda: reader.create_comment("two"), lambda: seen.edit("two"), seen.delete):
        with pytest.raises(GithubException, match="Resource not accessible by integration"):
            write()
    assert github.comments(7) == [comment]
    assert statuses(github) == [401, 200, 403, 403, 403]


def test_what_is_not_there_is_not_found(github: FakeGitHub, connect: Connect) -> None:
    """An issue, a run, a repository."""
    repo = connect(github, github.add_token("t")).get_repo(REPOSITORY)
    with pytest.raises(UnknownObjectException):
        list(repo.get_issue(8).get_comments())
    with pytest.raises(UnknownObjectException):
        list(repo.get_workflow_run(8).get_artifacts())
    with pytest.raises(UnknownObjectException):
        list(connect(github, "t").get_repo("no/where").get_pulls())


# ---- pull requests, runs, artifacts


def test_pull_requests_are_found_by_state_and_head(github: FakeGitHub, connect: Connect) -> None:
    """Newest first; a deleted fork leaves no repository, but its owner."""
    github.world.add_pull(7)
    github.world.add_pull(8, head_repo=FORK, head_ref="topic", head_sha="8" * 40)
    github.world.add_pull(9, head_repo=None, author="leaver", head_ref="topic")
    github.world.add_pull(10, state="closed", head_repo=FORK, head_ref="topic")
    repo = connect(github, github.add_token("t")).get_repo(REPOSITORY)

    def found(**query: str) -> list[int]:
        return [pull.number for pull in repo.get_pulls(**query)]

    assert found() == [9, 8, 7]
    assert found(state="all") == [10, 9, 8, 7]
    assert found(state="open", head="visitor:topic") == [8]
    assert found(state="closed", head="visitor:topic") == [10]
    assert found(head="leaver:topic") == [9]
    assert found(base="elsewhere") == []
    fork, left = repo.get_pulls(head="visitor:topic")[0].head, repo.get_pulls(head="leaver:topic")[0].head
    assert (fork.repo.full_name, fork.sha, fork.label) == (FORK, "8" * 40, "visitor:topic")
    assert left.repo is None


def test_a_run_says_where_it_came_from(github: FakeGitHub, connect: Connect) -> None:
    """Its head is a fork's, or nobody's any more."""
    repo = connect(github, github.add_token("t")).get_repo(REPOSITORY)
    forked = github.world.add_run(head_repo=FORK, event="pull_request", conclusion="failure", run_attempt=2)
    run = repo.get_workflow_run(forked.id)
    assert (run.head_repository.full_name, run.repository.full_name) == (FORK, REPOSITORY)
    assert (run.event, run.conclusion, run.run_attempt) == ("pull_request", "failure", 2)
    assert repo.get_workflow_run(github.world.add_run(head_repo=None).id).head_repository is None


def test_the_jobs_of_an_attempt(github: FakeGitHub, connect: Connect) -> None:
    """Of that attempt alone, page by page; an attempt that there was not is not found."""
    run = github.world.add_run(run_attempt=2)
    first = github.world.add_job(run, "Plan", run_attempt=1, conclusion="failure")
    ids = [github.world.add_job(run, f"Long run ({number})").id for number in range(101)]
    running = github.world.add_job(run, "Summary", status="in_progress", conclusion=None)
    github.add_token("t")
    url = f"{github.url}/repos/{REPOSITORY}/actions/runs/{run.id}/attempts"

    def listed(attempt: int, page: int = 1) -> requests.Response:
        query = {"per_page": "100", "page": str(page)}
        return requests.get(f"{url}/{attempt}/jobs", query, headers={"Authorization": "Bearer t"}, timeout=10)

    assert [(job["id"], job["conclusion"]) for job in listed(1).json()["jobs"]] == [(first.id, "failure")]
    pages = [listed(2), listed(2, 2)]
    assert [job["id"] for page in pages for job in page.json()["jobs"]] == [*ids, running.id]
    assert pages[0].json()["total_count"] == 102
    assert ['rel="next"' in page.headers["Link"] for page in pages] == [True, False]
    assert listed(3).status_code == 404
    assert connect(github, "t").get_repo(REPOSITORY).get_workflow_run(run.id).id == run.id


def test_artifacts_are_listed_newest_first(github: FakeGitHub, connect: Connect) -> None:
    """A run's and a repository's, by name, with all that says whether to trust them."""
    run = github.world.add_run(head_sha="7" * 40)
    ids = [github.world.add_artifact("coverage", ZIP, run).id for _ in range(3)]
    github.world.add_artifact("other", ZIP, run)
    stray = github.world.add_artifact("coverage", ZIP, digest=None, expired=True)
    repo = connect(github, github.add_token("t")).get_repo(REPOSITORY)
    assert [one.id for one in repo.get_artifacts(name="coverage")] == [stray.id, *reversed(ids)]
    mine = list(repo.get_workflow_run(run.id).get_artifacts())
    assert [one.name for one in mine] == ["other", "coverage", "coverage", "coverage"]
    newest = mine[1]
    assert (newest.digest, newest.size_in_bytes) == (f"sha256:{hashlib.sha256(ZIP).hexdigest()}", len(ZIP))
    assert (newest.workflow_run.id, newest.workflow_run.head_sha) == (run.id, "7" * 40)
    oddity = repo.get_artifacts(name="coverage")[0]
    assert oddity.expired
    assert oddity.digest is None
    assert oddity.workflow_run is None
    url, query = (
        f"{github.url}/repos/{REPOSITORY}/actions/runs/{run.id}/artifacts",
        {"name": "coverage", "per_page": "2"},
    )
    with requests.get(url, query, headers={"Authorization": "Bearer t"}, timeout=10) as answer:
        assert answer.json()["total_count"] == 3
        assert [one["id"] for one in answer.json()["artifacts"]] == [ids[2], ids[1]]
