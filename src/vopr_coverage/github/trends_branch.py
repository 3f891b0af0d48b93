"""A store on a branch of its own, through GitHub's git data API: an orphan branch with the history and its text files.

Every night adds one commit, whose parent is the commit that was read. If somebody else was faster, GitHub refuses the
commit, and it is made anew on top of theirs. A branch that has grown to 14 commits begins again with one commit without
a parent; for that the branch is moved only if it is still where it was read. It is a store, and not a log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple

from vopr_coverage.errors import ReportError, UserError, Words, printable
from vopr_coverage.github.api import Api
from vopr_coverage.github.git_data import GitBranch, Head
from vopr_coverage.github.retry import Trouble, TroubleKind
from vopr_coverage.model.figures import counted
from vopr_coverage.trends.history import (
    HISTORY_BYTES_MAX,
    History,
    TrendRecord,
    night_of,
    parse_history,
    place_in_time,
    union,
)
from vopr_coverage.trends.store import TRENDS_NAME, Stored, StoreFiles, store_files, stored_line
from vopr_coverage.trends.text_files import TEXT_NAMES
from vopr_coverage.trends.thinning import thinned

COMMITS_MAX = 14
MESSAGE = "vopr-coverage trends: "
NAMES = frozenset((TRENDS_NAME, *TEXT_NAMES))
REPLACED_MIN = 2  # old nights that a branch lacks; one may be a night that was started again
MOVED = (409, 422, 400)  # how GitHub refuses to move a branch, 400 standing for an error of the GraphQL API


class _Read(NamedTuple):
    """The branch as it was read: None where there is none yet."""

    head: Head | None
    history: History


class BranchStore:
    """A branch with `trends.ndjson` and the four text files; it is created with the first night.

    Args:
        series: the scenario of the text files, "" for the usual one.
    """

    def __init__(self, api: Api, repository: str, name: str, series: str = "") -> None:
        self._patience, self._series = api.patience, series
        self._branch = GitBranch(api, repository, name)
        self._file = f"{name}:{TRENDS_NAME}"
        self._name = f"the branch {printable(name)}"

    def load(self) -> Stored:
        """The nights on it."""
        try:
            found = self._read().history
        except (Trouble, UserError) as error:
            hint = f"; {_hint(error, 'read')}" if isinstance(error, Trouble) and _is_forbidden(error) else ""
            return Stored(warnings=(f"the nights on {self._name} were not loaded: {error}{hint}",))
        return Stored(found.records, (), found.warnings, found.later)

    def append(self, records: Sequence[TrendRecord]) -> Stored:
        """Add nights to it, in one commit; tried again while others write, too. It never takes a night away."""
        there, tries, is_sent = History(), 0, False
        while True:
            try:
                head, there = self._read()
                files = store_files(there, records, self._series)
                warnings = (*there.warnings, *files.warnings, *self._replaced(there, records))
                said = stored_line(there, records, self._name)
                if changed := _changed(files, head):
                    is_sent = True
                    warnings += self._write(head, changed, said)
                elif is_sent:  # by an earlier try, whose answer was lost
                    said = f"nights added to {self._name}"
                return Stored(union(there.records, records), (said,), warnings, there.later)
            except UserError as error:
                return self._not_written(there, records, str(error))
            except Trouble as trouble:
                try:
                    if trouble.kind is TroubleKind.OVERTAKEN:
                        self._patience.step_aside(trouble)
                    else:
                        tries += 1
                        self._patience.wait(trouble, tries)
                except Trouble as last:
                    return self._not_written(there, records, f"{last}; {_hint(last, 'write')}")

    def _not_written(self, there: History, records: Sequence[TrendRecord], problem: str) -> Stored:
        return Stored(
            union(there.records, records),
            (),
            (*there.warnings, f"{self._name} was not written: {problem}"),
            there.later,
        )

    def _read(self) -> _Read:
        """The branch.

        Raises:
            UserError: it is somebody else's, or its history can't be read.
        """
        head = self._branch.head()
        if head is None:
            return _Read(None, History())
        entry = head.entries.get(TRENDS_NAME)
        if entry is None:
            if set(head.entries) - NAMES:
                found = Words("other files only; name another branch, or delete this one")
                raise ReportError(self._name, "", expected=f"a branch with {TRENDS_NAME}", found=found)
            return _Read(head, History())
        if entry.type != "blob" or (entry.size or 0) > HISTORY_BYTES_MAX:
            found = Words("a larger one" if entry.type == "blob" else f"a {entry.type}")
            raise ReportError(self._file, "", expected=f"a file of at most {HISTORY_BYTES_MAX >> 20} MiB", found=found)
        return _Read(head, parse_history(self._branch.content(entry), self._file))

    def _write(self, head: Head | None, files: dict[str, bytes], said: str) -> tuple[str, ...]:
        """Commit these files and move the branch; returns what is to be warned of.

        Raises:
            Trouble: it was not done, or nobody knows. BROKEN and OVERTAKEN: it is worth another try.
        """
        message = f"{MESSAGE}{said}"
        if head is None:
            commit = self._branch.commit(files, message, None, parents=())
            self._move(None, lambda: self._branch.create(commit))
            return ()
        listed = self._branch.history(head.commit, COMMITS_MAX)
        others = sorted(set(head.entries) - NAMES)
        if len(listed) < COMMITS_MAX:
            self._advance(head, files, message)
            return ()
        if others or not all(one.commit.message.startswith(MESSAGE) for one in listed):
            self._advance(head, files, message)
            whose = f"it holds {printable(others[0])}, too" if others else "it has commits of others"
            return (f"{self._name} has {COMMITS_MAX} commits or more and was not shortened: {whose}",)
        return self._begin_again(head, files, message)

    def _advance(self, head: Head, files: dict[str, bytes], message: str) -> None:
        commit = self._branch.commit(files, message, head, parents=(head.commit,))
        self._move(head.commit, lambda: self._branch.advance(commit))

    def _begin_again(self, head: Head, files: dict[str, bytes], message: str) -> tuple[str, ...]:
        """Shorten the history to one commit. A server that can't gets one commit more instead."""
        commit = self._branch.commit(files, message, head, parents=())
        try:
            self._move(head.commit, lambda: self._branch.replace(head.commit, commit))
        except Trouble as trouble:
            if trouble.kind is not TroubleKind.REFUSED:
                raise
            self._advance(head, files, message)
            return (f"{self._name} has {COMMITS_MAX} commits or more and was not shortened: {trouble}",)
        return ()

    def _move(self, was: str | None, move: Callable[[], None]) -> None:
        """Move the branch; where GitHub refuses since it is elsewhere by now, that is a race."""
        try:
            move()
        except Trouble as trouble:
            if trouble.kind is TroubleKind.REFUSED and trouble.status in MOVED and self._branch.tip() != was:
                raise Trouble(TroubleKind.OVERTAKEN, f"somebody else has written to {self._name}") from None
            raise

    def _replaced(self, there: History, records: Sequence[TrendRecord]) -> tuple[str, ...]:
        """A warning where the branch lacks nights before its newest, as after somebody's push with force."""
        newest = {record.workflow: place_in_time(record) for record in there.records}  # sorted by place
        known = {night_of(record) for record in there.records}
        lacking = {
            night_of(record)
            for record in thinned(union(there.records, records))
            if night_of(record) not in known
            and record.workflow in newest
            and place_in_time(record) < newest[record.workflow]
        }
        if len(lacking) < REPLACED_MIN:
            return ()
        told = counted(len(lacking), "night")
        return (f"{self._name} lacked {told} before its newest, as after a push with force; they are added again",)


def _changed(files: StoreFiles, head: Head | None) -> dict[str, bytes]:
    """The files that the branch doesn't have as they are; git names a file by a hash of its content."""
    entries = {} if head is None else head.entries
    return {
        name: data for name, data in files.files.items() if name not in entries or entries[name].sha != _git_sha(data)
    }


def _git_sha(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _is_forbidden(trouble: Trouble) -> bool:
    return trouble.kind is TroubleKind.REFUSED and trouble.status in (403, 404)


def _hint(trouble: Trouble, right: str) -> str:
    """What to do about a trouble that stays."""
    if _is_forbidden(trouble):
        return f"the job needs `contents: {right}`"
    if trouble.kind is TroubleKind.REFUSED and trouble.status in MOVED:
        return "let the rules of the repository allow this job to push to the branch, or name another one"
    return "the next run adds these nights, too, from the history that it has"
