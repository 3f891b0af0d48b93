"""Real clients for the fake GitHub's own tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from github import Auth, Github
from github.Issue import Issue

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY

# What needs GitHub's own description is no test without it: `make api-test`.
collect_ignore = [] if os.environ.get("VOPR_OPENAPI") else ["test_description.py"]


@pytest.fixture
def connect() -> Iterator[Callable[..., Github]]:
    """Real PyGithub clients, which neither retry nor pause, wait no longer than a moment, and are closed in the end."""
    with ExitStack() as stack:

        def client(server: FakeGitHub, token: str, timeout_s: float = 10, **options: Any) -> Github:
            plain = {"retry": None, "seconds_between_requests": None, "seconds_between_writes": None, "per_page": 100}
            made = Github(auth=Auth.Token(token), base_url=server.url, lazy=True, **{**plain, **options})
            vars(made.requester)["_Requester__timeout"] = timeout_s  # its own argument takes whole seconds only
            stack.callback(made.close)
            return made

        yield client


@pytest.fixture
def issue(github: FakeGitHub, connect: Callable[..., Github]) -> Issue:
    """Pull request 7 of the one repository, as the client with the token `t` sees it."""
    github.world.add_pull(7)
    return connect(github, github.add_token("t")).get_repo(REPOSITORY).get_issue(7)
