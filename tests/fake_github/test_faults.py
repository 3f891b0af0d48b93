"""What a real PyGithub client makes of each fault, and whether the write took effect all the same."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests
from github import BadCredentialsException, Github, GithubException, RateLimitExceededException, UnknownObjectException
from github.Issue import Issue

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import AFTER_EFFECT, AMONG_FIRST, WEIGHTS, Fault, Kind, random_faults
from tests.fake_github.state import REPOSITORY

TOKEN = "ghs_t0psecret"  # noqa: S105 # opens nothing

# What PyGithub raises, and the status that it saw. A 429 is no RateLimitExceededException, and what happens to
# the connection or the JSON is no GithubException at all.
ENDINGS = {
    Kind.UNAUTHORIZED: (BadCredentialsException, 401),
    Kind.READ_ONLY: (GithubException, 403),
    Kind.RATE_LIMIT_403: (RateLimitExceededException, 403),
    Kind.SECONDARY_LIMIT_403: (RateLimitExceededException, 403),
    Kind.RATE_LIMIT_429: (GithubException, 429),
    Kind.NOT_FOUND: (UnknownObjectException, 404),
    Kind.UNPROCESSABLE: (GithubException, 422),
    Kind.ERROR_500: (GithubException, 500),
    Kind.ERROR_500_AFTER: (GithubException, 500),
    Kind.BAD_GATEWAY_502: (GithubException, 502),
    Kind.BAD_GATEWAY_502_AFTER: (GithubException, 502),
    Kind.TIMEOUT: (requests.exceptions.ReadTimeout, None),
    Kind.TIMEOUT_AFTER: (requests.exceptions.ReadTimeout, None),
    Kind.RESET: (requests.exceptions.ConnectionError, None),
    Kind.RESET_AFTER: (requests.exceptions.ConnectionError, None),
    Kind.TRUNCATED_LENGTH: (requests.exceptions.ChunkedEncodingError, None),
    Kind.TRUNCATED_JSON: (json.JSONDecodeError, None),
    Kind.ECHO_TOKEN_400: (GithubException, 400),
    Kind.ECHO_TOKEN_500: (GithubException, 500),
}


@pytest.fixture
def issue(github: FakeGitHub, connect: Callable[..., Github]) -> Issue:
    """Pull request 7, as a client sees it."""
    github.world.add_pull(7)
    return connect(github, github.add_token(TOKEN)).get_repo(REPOSITORY).get_issue(7)


@pytest.fixture
def victim(kind: Kind, github: FakeGitHub, issue: Issue, connect: Callable[..., Github]) -> Issue:
    """The same, for the one request that this kind of fault hits; where nothing comes, it has no patience."""
    github.inject(TOKEN, {0: Fault(kind)})
    silent = kind in (Kind.TIMEOUT, Kind.TIMEOUT_AFTER)
    return connect(github, TOKEN, timeout_s=0.2).get_repo(REPOSITORY).get_issue(7) if silent else issue


def raised_under(github: FakeGitHub, fault: Fault, request: Callable[[], object]) -> GithubException:
    """What GitHub answers a request with that the fault hits."""
    github.inject(TOKEN, {0: fault})
    with pytest.raises(GithubException) as raised:
        request()
    return raised.value


@pytest.mark.parametrize("kind", Kind)
def test_a_write_under_a_fault_ends_and_takes_effect_as_told(
    kind: Kind, github: FakeGitHub, issue: Issue, victim: Issue
) -> None:
    """And the next request finds a server in good health."""
    error, status = ENDINGS[kind]
    with pytest.raises(error) as raised:
        victim.create_comment("hello")
    assert getattr(raised.value, "status", None) == status
    issue.create_comment("again")
    assert [one.body for one in github.comments(7)] == ["hello", "again"][kind not in AFTER_EFFECT :]
    assert [record.fault for record in github.requests] == [Fault(kind), None]


@pytest.mark.parametrize("kind", Kind)
def test_a_list_under_a_fault_ends_the_same_way(kind: Kind, github: FakeGitHub, victim: Issue) -> None:
    """Reading is no safer than writing."""
    github.world.add_comment(7, "hello")
    with pytest.raises(ENDINGS[kind][0]):
        list(victim.get_comments())


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind in AFTER_EFFECT])
def test_a_comment_can_be_deleted_without_an_answer_that_says_so(
    kind: Kind, github: FakeGitHub, issue: Issue, victim: Issue
) -> None:
    """An answer without a body can't be cut: the connection is reset instead."""
    comment = github.world.add_comment(7, "hello")
    with pytest.raises((GithubException, requests.exceptions.RequestException)):
        victim.get_comment(comment.id).delete()
    assert list(issue.get_comments()) == []


def test_rate_limits_say_when_to_come_back(github: FakeGitHub, issue: Issue) -> None:
    """The primary by a moment of the world's own clock, the secondary by seconds, or not at all."""
    github.world.now = lambda: datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    primary = raised_under(github, Fault(Kind.RATE_LIMIT_403, 90), lambda: list(issue.get_comments()))
    moment = int(datetime(2026, 11, 23, 4, 1, 30, tzinfo=UTC).timestamp())
    assert primary.headers is not None
    assert primary.headers["x-ratelimit-remaining"] == "0"
    assert primary.headers["x-ratelimit-reset"] == str(moment)
    for kind in (Kind.SECONDARY_LIMIT_403, Kind.RATE_LIMIT_429):
        for seconds, told in ((60, "60"), (None, None)):
            limited = raised_under(github, Fault(kind, seconds), lambda: issue.create_comment("hello"))
            assert (limited.headers or {}).get("retry-after") == told


def test_a_token_can_come_back_in_an_error(github: FakeGitHub, issue: Issue) -> None:
    """PyGithub's exception prints all that GitHub says."""
    for kind in (Kind.ECHO_TOKEN_400, Kind.ECHO_TOKEN_500):
        assert f"token {TOKEN}" in str(raised_under(github, Fault(kind), lambda: issue.create_comment("hello")))


def test_a_reset_is_no_mere_hanging_up(github: FakeGitHub, issue: Issue) -> None:
    """The client's own socket says so."""
    github.inject(TOKEN, {0: Fault(Kind.RESET)})
    with pytest.raises(requests.exceptions.ConnectionError, match="ConnectionResetError"):
        issue.create_comment("hello")


def test_a_bad_gateway_answers_in_html(github: FakeGitHub, issue: Issue) -> None:
    """PyGithub hands the page on as data."""
    error = raised_under(github, Fault(Kind.BAD_GATEWAY_502), lambda: issue.create_comment("hello"))
    assert error.data["data"].startswith("<html>")


def test_a_plan_counts_the_requests_of_its_token(github: FakeGitHub, issue: Issue) -> None:
    """From 0 on, again from when it is injected, and a function will do as well."""
    github.inject(TOKEN, {1: Fault(Kind.NOT_FOUND)})
    issue.create_comment("one")
    with pytest.raises(UnknownObjectException):
        issue.create_comment("two")
    issue.create_comment("three")
    github.inject(TOKEN, lambda number: None if number == 1 else Fault(Kind.UNAUTHORIZED))
    with pytest.raises(BadCredentialsException):
        issue.create_comment("four")
    issue.create_comment("five")
    assert [one.body for one in github.comments(7)] == ["one", "three", "five"]
    assert [record.status for record in github.requests] == [201, 404, 201, 401, 201]


def test_a_client_that_hangs_is_let_go_by_a_reset(github: FakeGitHub, connect: Callable[..., Github]) -> None:
    """Nobody waits for a timeout: the connection ends."""
    github.world.add_pull(7)
    issue = connect(github, github.add_token(TOKEN), timeout_s=60).get_repo(REPOSITORY).get_issue(7)
    hangs = threading.Event()

    def silence(number: int) -> Fault:
        hangs.set()
        return Fault(Kind.TIMEOUT)

    github.inject(TOKEN, silence)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(issue.create_comment, "hello")
        assert hangs.wait(10)
        github.reset()
        assert isinstance(hanging.exception(), requests.exceptions.ConnectionError)


# ---- plans by chance


def test_a_random_plan_follows_from_its_seed() -> None:
    """The same state, the same faults."""
    assert random_faults(random.Random(7)) == random_faults(random.Random(7))


def test_random_plans_keep_to_their_bounds() -> None:
    """At most so many, among the first requests, and only kinds that have a weight."""
    rng = random.Random(1)
    plans = [random_faults(rng, most=3) for _ in range(1_000)]
    assert {len(plan) for plan in plans} == {0, 1, 2, 3}
    assert {place for plan in plans for place in plan} == set(range(AMONG_FIRST))
    drawn = Counter(fault.kind for plan in plans for fault in plan.values())
    assert set(drawn) == set(Kind)
    assert drawn[Kind.TIMEOUT] < drawn[Kind.RESET] / 2
    only = random_faults(rng, most=12, weights={Kind.RESET: 1})
    assert {fault.kind for fault in only.values()} <= {Kind.RESET}
    assert set(WEIGHTS) == set(Kind)
