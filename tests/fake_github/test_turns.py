"""Two clients at once, in the order that a test decides."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from github import Github
from github.Issue import Issue

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.state import REPOSITORY


@pytest.fixture
def upserts(github: FakeGitHub, connect: Callable[..., Github]) -> dict[str, Callable[[], None]]:
    """Two clients, `a` and `b`, who look for a comment and write one when there is none: two requests, or one."""
    github.world.add_pull(7)

    def upsert_of(issue: Issue, token: str) -> Callable[[], None]:
        def upsert() -> None:
            if not list(issue.get_comments()):
                issue.create_comment(f"by {token}")
            github.leave(token)

        return upsert

    clients = {token: connect(github, github.add_token(token)) for token in "ab"}
    return {token: upsert_of(client.get_repo(REPOSITORY).get_issue(7), token) for token, client in clients.items()}


def run_both(upserts: dict[str, Callable[[], None]]) -> None:
    """Start both at once, and wait for both."""
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(upsert) for upsert in upserts.values()]:
            done.result()


@pytest.mark.parametrize(
    ("order", "comments"),
    [
        ("aabb", ["by a"]),
        ("bbaa", ["by b"]),
        ("abab", ["by a", "by b"]),  # both looked before either wrote
        ("baab", ["by a", "by b"]),
        ("abba", ["by b", "by a"]),
    ],
)
def test_the_order_of_requests_decides_what_happens(
    order: str, comments: list[str], github: FakeGitHub, upserts: dict[str, Callable[[], None]]
) -> None:
    """A turn that nobody takes any more is skipped."""
    github.take_turns(order)
    run_both(upserts)
    assert [one.body for one in github.comments(7)] == comments


def test_every_order_is_kept(github: FakeGitHub, upserts: dict[str, Callable[[], None]]) -> None:
    """The requests came as they were told to, but for turns that were skipped."""
    for order in set(itertools.permutations("aabb")):
        github.world.comments.clear()
        github.requests.clear()
        github.take_turns(order)
        run_both(upserts)
        came = "".join(record.token for record in github.requests)
        assert came in ("".join(order), "".join(order)[:3])


def test_a_turn_of_a_client_that_has_finished_holds_nobody_up(
    github: FakeGitHub, upserts: dict[str, Callable[[], None]]
) -> None:
    """With a comment there, `a` needs its first turn only."""
    github.world.add_comment(7, "there")
    github.take_turns("aab")
    run_both(upserts)
    assert [record.token for record in github.requests] == ["a", "b"]


def test_without_an_order_all_may_pass(github: FakeGitHub, upserts: dict[str, Callable[[], None]]) -> None:
    """And so may those who come when the order is used up."""
    github.take_turns("a")
    run_both(upserts)
    assert {one.body for one in github.comments(7)} <= {"by a", "by b"}
    assert github.requests[0].token == "a"  # noqa: S105


def test_a_turn_that_never_comes_is_a_breach(connect: Callable[..., Github]) -> None:
    """The order names a client that sends nothing; the others go on in the end."""
    with FakeGitHub(turn_s_max=0.05) as github:
        github.world.add_pull(7)
        issue = connect(github, github.add_token("a")).get_repo(REPOSITORY).get_issue(7)
        github.take_turns(["b", "a"])
        issue.create_comment("at last")
        issue.create_comment("at once")
        with pytest.raises(AssertionError, match=r"no turn for 'a' in 0\.05 s; still to come: \['b', 'a'\]"):
            github.assert_clean()
