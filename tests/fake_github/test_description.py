"""GitHub's own description holds the fake and its clients to what GitHub does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests
from github.Issue import Issue

from tests.fake_github import calls, routes
from tests.fake_github.answers import Scribe
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.loopback import Answer
from tests.fake_github.state import REPOSITORY

COMMENTS = f"/repos/{REPOSITORY}/issues/7/comments"


def without(key: str, write: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The same JSON with one key less."""
    return lambda *given: {name: value for name, value in write(*given).items() if name != key}


def sent(github: FakeGitHub, method: str, path: str, **more: Any) -> int:
    """The status that a bare request gets."""
    with requests.request(
        method, github.url + path, headers={"Authorization": "token t"}, timeout=10, **more
    ) as answer:
        return answer.status_code


@pytest.mark.parametrize("key", ["id", "node_id", "user", "created_at", "issue_url"])
def test_an_answer_that_lacks_something_is_a_breach(
    key: str, github: FakeGitHub, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clients would rely on a GitHub that doesn't exist."""
    monkeypatch.setattr(Scribe, "comment", without(key, Scribe.comment))
    assert sent(github, "POST", COMMENTS, json={"body": "hello"}) == 201
    with pytest.raises(AssertionError, match=f"'{key}' is a required property"):
        github.assert_clean()


def test_a_status_that_github_does_not_give_is_a_breach(
    github: FakeGitHub, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success, that is; errors come from anywhere."""
    accepted = calls.Route("POST", "issues/{}/comments", lambda call, number: Answer(202))
    monkeypatch.setattr(routes, "ROUTES", [accepted])
    assert sent(github, "POST", COMMENTS, json={"body": "hello"}) == 202
    with pytest.raises(AssertionError, match="202 is no answer to this request"):
        github.assert_clean()


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", COMMENTS, {"body": 5}, "5 is not of type 'string'"),
        ("POST", COMMENTS, {"text": "hello"}, "'body' is a required property"),
        ("POST", COMMENTS, None, "no request body"),
        ("GET", COMMENTS + "?per_page=500", None, "500 is greater than the maximum of 100"),
        ("GET", COMMENTS + "?direction=desc", None, "unknown query parameter 'direction'"),
        ("GET", f"/repos/{REPOSITORY}/pulls?state=merged", None, "'merged' is not one of"),
    ],
)
def test_a_request_that_github_does_not_know_is_a_breach(
    method: str, path: str, body: object, told: str, github: FakeGitHub, issue: Issue
) -> None:
    """Even where it would answer."""
    sent(github, method, path, json=body)
    with pytest.raises(AssertionError, match=told):
        github.assert_clean()
