"""What to do about the issue that tracks a nightly: facts in, operations out. Pure.

While nights are red there is one open issue, and no open one while they are green.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from vopr_coverage.github.comment_plan import same_text
from vopr_coverage.github.issue_memory import memory_line, seeds_in, without_memory
from vopr_coverage.nightly.known_seeds import KnownSeed, together
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX

ID_DEFAULT = "nightly"
NIGHTS_MAX = 999_999
BEFORE = "<!-- what the issue said before -->"
_LINE = re.compile(
    r"<!-- vopr-coverage issue id=([A-Za-z0-9._-]{1,64}) sha=([0-9a-f]{40}|[0-9a-f]{64}) "
    r"run=([0-9]{1,18}) attempt=([0-9]{1,18}) "
    r"first=([0-9]{1,18}) since=([0-9]{4}-[0-9]{2}-[0-9]{2}) nights=([0-9]{1,6}) -->"
)


class IssueStamp(msgspec.Struct, frozen=True):
    """The hidden first line of an issue of ours: which one it is, who wrote it, and since when it has been red.

    Attributes:
        run_id, attempt: of the run that wrote last, about the commit `sha`.
        first: the run that began it; `since`: that day, in UTC.
        nights: how many runs have been red since.
        known: the seeds that failed and have not run again since; they have a hidden line of their own.
    """

    id: str
    sha: str
    run_id: int
    attempt: int
    first: int
    since: str
    nights: int = 1
    known: tuple[KnownSeed, ...] = ()

    @property
    def age(self) -> tuple[int, int]:
        """Compares runs: the newer is the greater."""
        return (self.run_id, self.attempt)

    def line(self) -> str:
        """The stamp as it stands in an issue."""
        written = f"id={self.id} sha={self.sha} run={self.run_id} attempt={self.attempt}"
        return f"<!-- vopr-coverage issue {written} first={self.first} since={self.since} nights={self.nights} -->"


def issue_stamp_of(body: str) -> IssueStamp | None:
    """The stamp of an issue of ours; None for any other issue."""
    found = _LINE.fullmatch(body.partition("\n")[0].rstrip("\r"))
    if not found:
        return None
    return IssueStamp(
        id=found[1],
        sha=found[2],
        run_id=int(found[3]),
        attempt=int(found[4]),
        first=int(found[5]),
        since=found[6],
        nights=int(found[7]),
        known=seeds_in(body),
    )


class Issue(msgspec.Struct, frozen=True):
    """An issue as GitHub has it; `url` is its page."""

    number: int
    author: str
    title: str
    body: str
    url: str = ""
    open: bool = True


class Text(msgspec.Struct, frozen=True):
    """What an issue says."""

    title: str
    body: str


class CreateIssue(msgspec.Struct, frozen=True):
    """Open an issue."""

    text: Text


class UpdateIssue(msgspec.Struct, frozen=True):
    """Replace an issue's text."""

    number: int
    text: Text


class CloseIssue(msgspec.Struct, frozen=True):
    """Close an issue, and say why in it."""

    number: int
    body: str
    reason: Literal["completed", "not_planned"]


IssueOperation = CreateIssue | UpdateIssue | CloseIssue


class WantedIssue(msgspec.Struct, frozen=True):
    """What this run has to say about the night.

    Attributes:
        stamp: as of an issue that this run begins.
        author: the login whose issues are ours; anybody can paste a stamp.
        draft: the text of the open issue, under a stamp that knows when it began.
        note: what a green night writes into the issue that it closes.
        has_run: whether the night has run a seed again; then the issue has no more to say of it than the night has.
    """

    stamp: IssueStamp
    author: str
    red: bool
    draft: Callable[[IssueStamp], Text]
    note: Callable[[IssueStamp], str]
    has_run: Callable[[KnownSeed], bool] = lambda _: False


class IssuePlan(msgspec.Struct, frozen=True):
    """Operations in order, the issue that they leave (None before it is created), and why, in a sentence."""

    operations: tuple[IssueOperation, ...]
    kept: Issue | None
    why: str


def ours_of(issues: Sequence[Issue], wanted: WantedIssue) -> list[tuple[IssueStamp, Issue]]:
    """The issues of this id by our own account, the oldest first."""
    found = [
        (stamp, issue)
        for issue in issues
        if issue.author == wanted.author and (stamp := issue_stamp_of(issue.body)) and stamp.id == wanted.stamp.id
    ]
    return sorted(found, key=lambda stamped: stamped[1].number)


def plan_issue(issues: Sequence[Issue], wanted: WantedIssue) -> IssuePlan:
    """One open issue that says what the newest run found, or none if that was green.

    Of several the oldest stays, with the newest run's text; all others were left by a race and are
    closed. An older run never overwrites what a newer one wrote. What it knows of closed issues
    matters only where none is open: a newer run may have closed it.
    """
    found = ours_of(issues, wanted)
    ours = [(stamp, issue) for stamp, issue in found if issue.open]
    if not ours:
        return _where_none_is_open(found, wanted)
    kept = ours[0][1]
    newest, newest_issue = max(ours, key=lambda stamped: (stamped[0].age, -stamped[1].number))
    folded = tuple(CloseIssue(issue.number, folded_body(issue, kept), "not_planned") for _, issue in ours[1:])
    if newest.age > wanted.stamp.age:
        moved = _moved(newest_issue, kept, _continued(newest, ours))
        return IssuePlan((*moved, *folded), kept, f"the issue is of the newer run {newest.run_id}")
    stamp = _continued(wanted.stamp, ours, wanted.has_run)
    if not wanted.red:
        closed = (
            CloseIssue(issue.number, closed_body(stamp, wanted.note(stamp), issue), "completed") for _, issue in ours
        )
        return IssuePlan(tuple(closed), kept, "the night is green, and the issue is closed")
    text = wanted.draft(stamp)
    if kept.title == text.title and same_text(kept.body, text.body):
        return IssuePlan(folded, kept, "the issue is there already")
    return IssuePlan((UpdateIssue(kept.number, text), *folded), kept, "the issue is brought up to date")


def _where_none_is_open(closed: Sequence[tuple[IssueStamp, Issue]], wanted: WantedIssue) -> IssuePlan:
    if not wanted.red:
        return IssuePlan((), None, "the night is green, and no issue is open")
    newest, issue = max(closed, key=lambda stamped: (stamped[0].age, -stamped[1].number), default=(None, None))
    if newest and newest.age > wanted.stamp.age:
        return IssuePlan((), None, f"the issue was closed in or after the newer run {newest.run_id}")
    # What somebody closed by hand was dealt with; a green night has only not met it.
    by_green = [newest] if newest and issue and BEFORE in issue.body else []
    stamp = msgspec.structs.replace(wanted.stamp, known=_known(wanted.stamp, by_green, wanted.has_run))
    return IssuePlan((CreateIssue(wanted.draft(stamp)),), None, "there is no open issue yet")


def _continued(
    stamp: IssueStamp,
    ours: Sequence[tuple[IssueStamp, Issue]],
    has_run: Callable[[KnownSeed], bool] = lambda _: False,
) -> IssueStamp:
    """The stamp of a run that goes on with what these issues began."""
    stamps = [before for before, _ in ours]
    first = min(stamps, key=lambda before: before.first)
    nights = max(before.nights + (before.run_id != stamp.run_id) for before in stamps)
    return msgspec.structs.replace(
        stamp,
        first=first.first,
        since=first.since,
        nights=min(nights, NIGHTS_MAX),
        known=_known(stamp, stamps, has_run),
    )


def _known(
    stamp: IssueStamp, before: Sequence[IssueStamp], has_run: Callable[[KnownSeed], bool]
) -> tuple[KnownSeed, ...]:
    """This run's failed seeds, and those of earlier ones that have not run again, the newest first."""
    newest = sorted(before, key=lambda one: one.age, reverse=True)
    left = (seed for one in newest for seed in one.known if not has_run(seed))
    return together((*stamp.known, *left))


def _moved(source: Issue, kept: Issue, stamp: IssueStamp) -> tuple[IssueOperation, ...]:
    """What a newer run wrote into an issue that goes, put into the one that stays."""
    if source.number == kept.number:
        return ()
    said = without_memory(source.body.partition("\n")[2])
    return (UpdateIssue(kept.number, Text(source.title, with_memory(f"{stamp.line()}\n{said}", stamp))),)


def with_memory(body: str, stamp: IssueStamp) -> str:
    """An open issue's text, with the seeds that it keeps in its last line; cut to what GitHub takes."""
    line = memory_line(stamp.known)
    if not line:
        return body[:COMMENT_CHARACTERS_MAX]
    return f"{body[: COMMENT_CHARACTERS_MAX - len(line) - 2].rstrip()}\n{line}\n"


def closed_body(stamp: IssueStamp, note: str, issue: Issue) -> str:
    """An issue's text with a note in front, under a stamp; what it said before stays readable."""
    said = without_memory(issue.body.partition("\n")[2].replace("\r\n", "\n"))
    before = said.partition(BEFORE)[2] or said  # of a note that is there already nothing is left
    line = memory_line(stamp.known)
    note = f"{note.strip()}\n\n{line}" if line else note.strip()
    return f"{stamp.line()}\n{note}\n\n{BEFORE}\n\n{before.strip()}\n"[:COMMENT_CHARACTERS_MAX]


def folded_body(issue: Issue, kept: Issue) -> str:
    """The text of an issue that is one too many."""
    stamp = issue_stamp_of(issue.body)
    assert stamp is not None, "only ours are folded"
    return closed_body(stamp, f"Closed as a duplicate of #{kept.number}: two runs began it at the same time.", issue)
