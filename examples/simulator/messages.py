"""What lies in the log, and what goes over the network."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple

Value = int | None
Command = tuple[str, int, int]  # verb, key, operand
NO_PARENT = "0" * 32


class Entry(NamedTuple):
    """One operation of the log, chained to the one before it. `op` starts at 1."""

    op: int
    view: int
    client: int
    number: int
    command: Command
    parent: str
    digest: str


def content_digest(op: int, view: int, client: int, number: int, command: Command, parent: str) -> str:
    """The hash that an entry with this content must carry."""
    return blake2b(f"{op} {view} {client} {number} {command} {parent}".encode(), digest_size=16).hexdigest()


def new_entry(op: int, view: int, client: int, number: int, command: Command, parent: str) -> Entry:
    """An entry with its hash."""
    return Entry(op, view, client, number, command, parent, content_digest(op, view, client, number, command, parent))


class Request(NamedTuple):
    """A client's request; `number` grows by one with each, and a retry keeps it."""

    client: int
    number: int
    command: Command


class Reply(NamedTuple):
    """The result of a request, and where in the log it was executed."""

    view: int
    client: int
    number: int
    op: int
    result: Value


class Prepare(NamedTuple):
    """The primary asks to store an entry, and tells what is committed."""

    view: int
    entry: Entry
    commit: int


class PrepareOk(NamedTuple):
    """A vote: the sender has everything up to `op` on its disk, in the log of this view."""

    view: int
    op: int
    digest: str
    sender: int


class Commit(NamedTuple):
    """The primary's heartbeat: what is committed, and how long its log is."""

    view: int
    commit: int
    head: int


class StartViewChange(NamedTuple):
    """The sender has left all views before this one."""

    view: int
    sender: int


class DoViewChange(NamedTuple):
    """The sender's log, for the new primary to choose from; it comes from view `log_view`."""

    view: int
    log_view: int
    log: tuple[Entry, ...]
    commit: int
    sender: int


class StartView(NamedTuple):
    """The new primary's log is the log."""

    view: int
    log: tuple[Entry, ...]
    commit: int


class RequestView(NamedTuple):
    """The sender missed the start of a view."""

    view: int
    sender: int


class RequestEntries(NamedTuple):
    """The sender misses entries from op `first` on."""

    view: int
    first: int
    sender: int


class Entries(NamedTuple):
    """A peer's answer to that, from its disk."""

    view: int
    entries: tuple[Entry, ...]


ReplicaMessage = (
    Request | Prepare | PrepareOk | Commit | StartViewChange | DoViewChange | StartView
    | RequestView | RequestEntries | Entries
)  # fmt: skip
Message = ReplicaMessage | Reply
