"""The fake's issues, as a real PyGithub meets them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from github import Github, GithubException, UnknownObjectException
from github.Repository import Repository

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import ACTIONS_BOT, REPOSITORY


@pytest.fixture
def repo(github: FakeGitHub, connect: Callable[..., Github]) -> Repository:
    """The one repository, as the client with the token `t` sees it."""
    return connect(github, github.add_token("t")).get_repo(REPOSITORY)


def test_an_issue_is_opened_changed_and_closed(github: FakeGitHub, repo: Repository) -> None:
    """Its author is the token's login; a state that changes has a reason."""
    issue = repo.create_issue("one", "text")
    assert (issue.user.login, issue.state) == (ACTIONS_BOT, "open")
    assert issue.state_reason is None
    assert issue.closed_at is None
    issue.edit(title="two", body="more ☂")
    issue.edit(state="closed", state_reason="not_planned")
    (seen,) = repo.get_issues(state="closed")
    assert (seen.number, seen.title, seen.body, seen.state_reason) == (issue.number, "two", "more ☂", "not_planned")
    assert seen.closed_at is not None
    issue.edit(state="open")
    assert github.issues()[0].state_reason == "reopened"


def test_pull_requests_stand_among_issues_and_share_their_numbers(github: FakeGitHub, repo: Repository) -> None:
    """A pull request is an issue that says so."""
    github.world.add_pull(7)
    issue = repo.create_issue("one", "text")
    assert issue.number == 8
    url, headers = f"{github.url}/repos/{REPOSITORY}/issues", {"Authorization": "Bearer t"}
    with requests.get(url, headers=headers, timeout=10) as answer:
        assert [(one["number"], "pull_request" in one) for one in answer.json()] == [(8, False), (7, True)]
    assert [one.number for one in github.issues()] == [8]


def test_issues_are_found_by_state_creator_and_order(github: FakeGitHub, repo: Repository) -> None:
    """Newest first, or by their last change; whom nobody knows has none."""
    first, second = github.world.add_issue("one"), github.world.add_issue("two", author="somebody")
    third = github.world.add_issue("three", author=None, state="closed")
    github.world.change(first, body="changed")

    def found(**query: Any) -> list[int]:
        return [one.number for one in repo.get_issues(**query)]

    assert found() == [second.number, first.number]
    assert found(state="all") == [third.number, second.number, first.number]
    assert found(state="closed") == [third.number]
    assert found(creator=ACTIONS_BOT) == [first.number]
    assert found(creator="nobody") == []
    assert found(sort="updated") == [first.number, second.number]
    assert found(sort="updated", direction="asc") == [second.number, first.number]


def test_a_list_of_many_comes_in_pages(github: FakeGitHub, repo: Repository) -> None:
    """A hundred at most."""
    for _ in range(101):
        github.world.add_issue("one")
    assert len(list(repo.get_issues())) == 101
    assert len(github.requests) == 2


@pytest.mark.parametrize(
    ("title", "body", "told"),
    [(" ", "x", "missing_field"), ("x" * 257, "x", "title is too long"), ("x", "x" * 65_537, "body is too long")],
)
def test_an_issue_that_can_not_be_is_refused(title: str, body: str, told: str, repo: Repository) -> None:
    """Opened or changed, with 422 and the reason."""
    for write in (repo.create_issue, lambda title, body: repo.create_issue("fine").edit(title=title, body=body)):
        with pytest.raises(GithubException, match=told) as refused:
            write(title, body)
        assert refused.value.status == 422


def test_who_has_no_right_gets_none(github: FakeGitHub, connect: Callable[..., Github]) -> None:
    """A read-only token reads; where issues are turned off nobody opens one; what isn't there is not found."""
    github.world.add_issue("one")
    reader = connect(github, github.add_token("reader", read_only=True)).get_repo(REPOSITORY)
    (seen,) = reader.get_issues()
    for write in (lambda: reader.create_issue("two"), lambda: seen.edit(body="two")):
        with pytest.raises(GithubException, match="Resource not accessible by integration"):
            write()
    writer = connect(github, github.add_token("t")).get_repo(REPOSITORY)
    with pytest.raises(UnknownObjectException):
        writer.get_issue(99).edit(body="x")
    github.world.without_issues.add(REPOSITORY)
    with pytest.raises(GithubException, match="Issues are disabled"):
        writer.create_issue("two")
