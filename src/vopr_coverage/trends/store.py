"""Where a history is kept for longer than a run: the interface of all stores, and how a user names one.

A store holds `trends.ndjson` and the seed document's four text files. Nights are added by union, so adding a night
twice, or after an answer that was lost, changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.figures import counted
from vopr_coverage.trends.file import stored_text
from vopr_coverage.trends.history import History, TrendRecord, key_of, night_of, union
from vopr_coverage.trends.text_files import text_files

TRENDS_NAME = "trends.ndjson"
BRANCH_DEFAULT = "vopr-trends"
BRANCH_CHARACTERS_MAX = 200
STORES = "`artifact`, `branch`, `branch=NAME` or `dir=PATH`"
# What git allows in the name of a branch, and a little less.
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|\.$|/$))[A-Za-z0-9_][A-Za-z0-9_./+-]*")


class Stored(msgspec.Struct, frozen=True):
    """What a store has, or had after it was added to.

    Attributes:
        records: the nights in it; after `append` with those that were added, even where they could not be stored.
        said: what was done, a line each.
        warnings: what could not be done or read, and what to do about it.
        later: lines of a later version of this program.
    """

    records: tuple[TrendRecord, ...] = ()
    said: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    later: tuple[bytes, ...] = ()


class Store(Protocol):
    """A place that keeps a history. What goes wrong there is a warning: a night goes on without its history."""

    def load(self) -> Stored:
        """The nights in it; a store that is not there yet has none."""

    def append(self, records: Sequence[TrendRecord]) -> Stored:
        """Add nights to it, and load those that it has."""


class Address(NamedTuple):
    """What a user wrote for a store: its kind, and the branch or the folder."""

    kind: Literal["artifact", "branch", "dir"]
    where: str = ""


def address_of(text: str) -> Address:
    """A store by its name.

    Raises:
        UsageError: it is none.
    """
    kind, equals, where = text.partition("=")
    if kind == "artifact" and not equals:
        return Address("artifact")
    if kind == "branch" and (where or not equals):
        name = (where or BRANCH_DEFAULT).removeprefix("refs/heads/")
        if len(name) > BRANCH_CHARACTERS_MAX or not _BRANCH.fullmatch(name):
            raise UsageError(f"--store: expected the name of a branch, found {shown(name)}")
        return Address("branch", name)
    if kind == "dir" and where:
        return Address("dir", where)
    raise UsageError(f"--store: expected {STORES}, found {shown(text)}")


class StoreFiles(NamedTuple):
    """What a store holds after nights were added, and what is to be warned of."""

    files: dict[str, bytes]
    warnings: tuple[str, ...]


def store_files(history: History, added: Sequence[TrendRecord], series: str) -> StoreFiles:
    """All files of a store after nights were added to its history."""
    records = union(history.records, added)
    texts = text_files(records, series)
    files = {TRENDS_NAME: stored_text(records, history.later), **texts.files}
    return StoreFiles(files, (texts.problem,) if texts.problem else ())


def stored_line(history: History, added: Sequence[TrendRecord], name: str) -> str:
    """How many nights a store did not have yet, or not as they are."""
    there = {key_of(record): record for record in history.records}
    nights = {(record.workflow, night_of(record)) for record in added if there.get(key_of(record)) != record}
    return f"{counted(len(nights), 'night')} added to {name}" if nights else f"{name} has all of them already"
