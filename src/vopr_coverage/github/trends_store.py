"""From the name of a store to the store, and a history's file brought up to date with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.files import is_there
from vopr_coverage.github.context import REPOSITORY, job_context
from vopr_coverage.github.retry import Clock, RetryBudget
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import default_branch
from vopr_coverage.trends.file import read_history, write_history
from vopr_coverage.trends.folder import FolderStore
from vopr_coverage.trends.history import History, union
from vopr_coverage.trends.store import Address, Store, Stored

_NEEDS = {"artifact": "actions: read", "branch": "contents: write"}


@contextmanager
def store_at(
    address: Address, runner: Runner, event: bytes, series: str, clock: Clock, say: Callable[[str], None]
) -> Iterator[Store]:
    """The store of that name, for as long as the block runs.

    Args:
        event: the payload of the runner's event.
        series: the scenario of the text files, "" for the usual one.
        say: gets a line about every wait.

    Raises:
        UsageError: there is no token, this is no runner, or the branch is no place for a history.
    """
    if address.kind == "dir":
        yield FolderStore(Path(address.where), series)
        return
    from vopr_coverage.github.api import Api  # PyGithub takes as long to load as a small check
    from vopr_coverage.github.trends_artifact import ArtifactStore
    from vopr_coverage.github.trends_branch import BranchStore

    if not runner.token:
        raise UsageError(
            f"the store {address.kind}: there is no token; GITHUB_TOKEN must hold one with `{_NEEDS[address.kind]}`"
        )
    store: Store
    if address.kind == "branch":
        if not REPOSITORY.fullmatch(runner.repository):
            raise UsageError(f"GITHUB_REPOSITORY: expected owner/name, found {shown(runner.repository)}")
        if address.where in (default_branch(event), runner.ref.removeprefix("refs/heads/")):
            raise UsageError(f"the store branch={address.where}: expected a branch of its own, found the code's")
        api = Api(runner.token, runner.api_url, RetryBudget(clock, say), runner.ca_file or None)
        store = BranchStore(api, runner.repository, address.where, series)
    else:
        try:
            place = job_context(runner, event)
        except UsageError as error:
            raise UsageError(f"the store artifact asks for the runs of a job on GitHub: {error}") from None
        api = Api(runner.token, place.api_url, RetryBudget(clock, say), runner.ca_file or None)
        store = ArtifactStore(api, place)
    try:
        yield store
    finally:
        api.close()


def load_into(path: Path, store: Store) -> Stored:
    """Add the nights of a store to a history's file; the store stays as it is.

    Raises:
        UserError: the file can't be used; then it stays as it is, too.
    """
    history = _history(path)
    return _written(path, history, store.load())


def exchange(path: Path, store: Store) -> Stored:
    """Add the nights of a history's file to a store, and the store's to the file; see `load_into`."""
    history = _history(path)
    return _written(path, history, store.append(history.records))


def _history(path: Path) -> History:
    return read_history(path) if is_there(path) else History()


def _written(path: Path, history: History, stored: Stored) -> Stored:
    records = union(history.records, stored.records)
    later = tuple(sorted({*history.later, *stored.later}))
    write_history(path, records, later)
    return Stored(records, stored.said, (*history.warnings, *stored.warnings), later)
