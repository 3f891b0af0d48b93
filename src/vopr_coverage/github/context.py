"""Where a step runs: the repository, the run, and the pull request that it is about. Pure.

The event's payload is GitHub's, but branch names and repositories in it are a stranger's choice.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.formats.strict_json import JsonError, strict_loads
from vopr_coverage.runner.environment import Runner

REPOSITORY = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")
SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_URL = re.compile(r"https?://[A-Za-z0-9.:\[\]-]{1,255}(?:/[A-Za-z0-9._/-]{0,200})?")


class Repository(msgspec.Struct, frozen=True):
    """A repository of the payload."""

    full_name: str


class Ref(msgspec.Struct, frozen=True):
    """One side of a pull request; `repo` is None once a fork was deleted."""

    sha: str
    ref: str
    repo: Repository | None = None


class PullRequest(msgspec.Struct, frozen=True):
    """The pull request that an event is about. Its head is what was pushed, never the merge commit."""

    number: int
    head: Ref
    base: Ref


class WorkflowRun(msgspec.Struct, frozen=True):
    """A workflow run, as events and the API have it.

    `conclusion` is None until it has ended. `created_at` is the time of its first attempt, in UTC.
    """

    id: int
    run_attempt: int
    event: str
    head_sha: str
    head_branch: str | None = None
    head_repository: Repository | None = None
    conclusion: str | None = None
    created_at: str | None = None


class MergeGroup(msgspec.Struct, frozen=True):
    """What a merge queue is about to merge: into which branch (`refs/heads/main`), and onto which commit of it."""

    base_ref: str
    base_sha: str = ""


class Payload(msgspec.Struct, frozen=True):
    """What we read of an event's payload."""

    pull_request: PullRequest | None = None
    workflow_run: WorkflowRun | None = None
    merge_group: MergeGroup | None = None


class JobContext(msgspec.Struct, frozen=True):
    """Where a step runs.

    Attributes:
        repository: `owner/name`.
        api_url, server_url: without a slash at the end; a GHES has its own.
        run_id, run_attempt: of the run that this step belongs to.
        branch: the branch of the event, without `refs/heads/`; of a pull request and of a merge queue, the base's.
        sha: the commit that GitHub starts the job for, of a pull request the merge; "" if the runner names none.
        contained: commits that are part of the history of `sha` by the event's own word, itself among them.
        pull: None where there is no pull request: push, schedule, dispatch, merge queue, tag.
        run: the other run that a `workflow_run` event is about.
    """

    repository: str
    event: str
    api_url: str
    server_url: str
    run_id: int
    run_attempt: int
    branch: str
    sha: str = ""
    contained: frozenset[str] = frozenset()
    pull: PullRequest | None = None
    run: WorkflowRun | None = None

    def run_url(self, run_id: int, attempt: int) -> str:
        """The page of one attempt of a run of this repository, which has its job summaries."""
        return f"{self.server_url}/{self.repository}/actions/runs/{run_id}/attempts/{attempt}"


def job_context(runner: Runner, payload: bytes) -> JobContext:
    """The place that the runner's variables and its event file describe.

    Raises:
        UsageError: they aren't a runner's: there is nothing that a comment could be written to.
    """
    if not REPOSITORY.fullmatch(runner.repository):
        raise UsageError(f"GITHUB_REPOSITORY: expected owner/name, found {shown(runner.repository)}")
    event = _payload(payload)
    pull = event.pull_request
    if pull and not SHA.fullmatch(pull.head.sha):
        raise UsageError(f"the event's pull request: expected a commit, found {shown(pull.head.sha)}")
    sha = runner.sha if SHA.fullmatch(runner.sha) else ""
    return JobContext(
        repository=runner.repository,
        event=runner.event,
        api_url=_url("GITHUB_API_URL", runner.api_url),
        server_url=_url("GITHUB_SERVER_URL", runner.server_url),
        run_id=_number("GITHUB_RUN_ID", runner.run_id),
        run_attempt=_number("GITHUB_RUN_ATTEMPT", runner.run_attempt),
        branch=_branch(event, runner.ref),
        sha=sha,
        contained=_contained(sha, runner.event, event),
        pull=pull,
        run=event.workflow_run if runner.event == "workflow_run" else None,
    )


def _branch(event: Payload, ref: str) -> str:
    if event.pull_request:
        return event.pull_request.base.ref
    return (event.merge_group.base_ref if event.merge_group else ref).removeprefix("refs/heads/")


def _contained(sha: str, name: str, event: Payload) -> frozenset[str]:
    """A pull request's merge commit has both sides as parents; in `pull_request_target` there is no merge commit."""
    found = [sha]
    if name == "pull_request" and event.pull_request:
        found += [event.pull_request.head.sha, event.pull_request.base.sha]
    if event.merge_group:
        found.append(event.merge_group.base_sha)
    return frozenset(commit for commit in found if sha and SHA.fullmatch(commit))


def _payload(data: bytes) -> Payload:
    try:
        document: Any = strict_loads(data) if data.strip() else {}
        return msgspec.convert(document, Payload)
    except (JsonError, msgspec.ValidationError) as error:
        raise UsageError(f"the event's payload can't be read: {shown(str(error))}") from None


def _url(name: str, url: str) -> str:
    if not _URL.fullmatch(url):
        raise UsageError(f"{name}: expected the address of a GitHub server, found {shown(url)}")
    return url


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise UsageError(f"{name}: expected a number, found {shown(text)}")
    return int(text)
