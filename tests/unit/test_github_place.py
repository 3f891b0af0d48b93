"""Where a step runs, from the runner's variables and the event's payload."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vopr_coverage.errors import UsageError
from vopr_coverage.github.context import JobContext, job_context
from vopr_coverage.runner.environment import runner_of

HEAD, MERGE = "a" * 40, "b" * 40
RUNNER = {
    "GITHUB_REPOSITORY": "somebody/database",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_RUN_ID": "4711",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_SHA": MERGE,
}
PULL = {
    "number": 7,
    "head": {"sha": HEAD, "ref": "feature", "repo": {"full_name": "somebody/database"}},
    "base": {"sha": "c" * 40, "ref": "release/2", "repo": {"full_name": "somebody/database"}},
}


def place(payload: Any, **environ: str) -> JobContext:
    """A runner's place, with these variables changed."""
    return job_context(runner_of(RUNNER | environ), json.dumps(payload).encode())


def test_a_pull_request_is_about_its_head_and_not_the_merge_commit() -> None:
    """GITHUB_SHA is a merge that nobody has pushed; the base branch is the pull request's own."""
    found = place({"pull_request": PULL, "action": "synchronize"})
    assert found.pull is not None
    assert (found.pull.number, found.pull.head.sha, found.branch) == (7, HEAD, "release/2")
    assert found.run_url(found.run_id, found.run_attempt).endswith("/somebody/database/actions/runs/4711/attempts/2")


@pytest.mark.parametrize("event", ["push", "schedule", "workflow_dispatch", "merge_group"])
def test_elsewhere_there_is_no_pull_request(event: str) -> None:
    """No pull request is no error: the branch is the event's own."""
    found = place({"ref": "refs/heads/main", "after": HEAD}, GITHUB_EVENT_NAME=event, GITHUB_REF="refs/heads/main")
    assert found.pull is None
    assert found.branch == "main"


def test_a_merge_queue_is_compared_with_the_branch_that_it_merges_into() -> None:
    """Its own branch lives for one run."""
    queue = {"merge_group": {"base_ref": "refs/heads/release/2", "head_sha": HEAD}}
    ref = "refs/heads/gh-readonly-queue/release/2/pr-7-abc"
    assert place(queue, GITHUB_EVENT_NAME="merge_group", GITHUB_REF=ref).branch == "release/2"


def test_no_payload_is_no_pull_request() -> None:
    """An event file that is empty or missing says nothing."""
    assert job_context(runner_of(RUNNER), b"").pull is None


def test_the_run_of_a_workflow_run_is_known_only_there() -> None:
    """Any other event may carry a key of that name, and it would mean nothing."""
    run = {"id": 1, "run_attempt": 1, "event": "pull_request", "head_sha": HEAD, "conclusion": None}
    assert place({"workflow_run": run}).run is None
    assert place({"workflow_run": run}, GITHUB_EVENT_NAME="workflow_run").run is not None


def test_a_server_of_ones_own() -> None:
    """GHES has its own addresses; a slash at the end is nobody's mistake."""
    found = place({}, GITHUB_API_URL="https://git.example/api/v3/", GITHUB_SERVER_URL="https://git.example")
    assert (found.api_url, found.server_url) == ("https://git.example/api/v3", "https://git.example")


@pytest.mark.parametrize(
    ("payload", "environ", "told"),
    [
        ({}, {"GITHUB_REPOSITORY": "database"}, "owner/name"),
        ({}, {"GITHUB_REPOSITORY": "a/b/../c"}, "owner/name"),
        ({}, {"GITHUB_RUN_ID": "4711x"}, "GITHUB_RUN_ID"),
        ({}, {"GITHUB_SERVER_URL": "javascript:alert(1)"}, "GITHUB_SERVER_URL"),
        ({}, {"GITHUB_SERVER_URL": "https://a/)[x](y"}, "GITHUB_SERVER_URL"),
        ({"pull_request": {"number": "7"}}, {}, "payload"),
        ({"pull_request": PULL | {"head": {"sha": "HEAD", "ref": "x"}}}, {}, "commit"),
        ([], {}, "payload"),
    ],
)
def test_what_is_no_runners_place_is_refused(payload: Any, environ: dict[str, str], told: str) -> None:
    """Each variable ends in a link or a request, so none is taken on trust."""
    with pytest.raises(UsageError, match=told):
        place(payload, **environ)
