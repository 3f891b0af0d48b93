"""The event that a job runs for: its payload, and the commits that the job may have checked out."""

from __future__ import annotations

import msgspec

from vopr_coverage.files import is_there, read_bytes
from vopr_coverage.formats.text import without_mark
from vopr_coverage.model.manifest import SHA
from vopr_coverage.runner.environment import Runner

EVENT_BYTES_MAX = 32 << 20


class _EventHead(msgspec.Struct):
    sha: str


class _EventPull(msgspec.Struct):
    head: _EventHead


class _EventRepository(msgspec.Struct):
    default_branch: str = ""


class _EventPayload(msgspec.Struct):
    pull_request: _EventPull | None = None
    repository: _EventRepository | None = None


def event_payload(runner: Runner) -> bytes:
    """The event's payload, as the runner wrote it; b"" where there is no such file.

    Raises:
        FileError: the file is there and cannot be read.
    """
    path = runner.event_path
    return without_mark(read_bytes(path, EVENT_BYTES_MAX)) if path and is_there(path) else b""


def default_branch(payload: bytes) -> str:
    """The repository's default branch, as the event has it; "" if it has none."""
    repository = _decoded(payload).repository
    return repository.default_branch if repository else ""


def commits_of(event: str, sha: str, payload: bytes) -> tuple[str, ...]:
    """The commits that a job of this event may have checked out: its own, and a pull request's head.

    There are none, and nothing is compared, outside GitHub, in a job that is about another run (`workflow_run`),
    and where a pull request's event cannot be read.
    """
    if event == "workflow_run" or not SHA.fullmatch(sha):
        return ()
    if not event.startswith("pull_request"):
        return (sha,)
    pull = _decoded(payload).pull_request
    return (sha, pull.head.sha) if pull else ()


def _decoded(payload: bytes) -> _EventPayload:
    """What we read of a payload; nothing of one that can't be read."""
    try:
        return msgspec.json.decode(payload, type=_EventPayload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _EventPayload()


def commits_under_test(runner: Runner) -> tuple[str, ...]:
    """`commits_of` the job that runs; outside GitHub no event is read.

    Raises:
        FileError: see `event_payload`.
    """
    return commits_of(runner.event, runner.sha, event_payload(runner)) if runner.sha else ()
