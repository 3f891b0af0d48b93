"""One open issue, whatever goes wrong on the way: list, plan, do, and look again."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Any, TypeGuard

import msgspec

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.github.api import Api
from vopr_coverage.github.issue_plan import (
    CloseIssue,
    CreateIssue,
    Issue,
    IssueOperation,
    IssuePlan,
    UpdateIssue,
    WantedIssue,
    closed_body,
    ours_of,
    plan_issue,
)
from vopr_coverage.github.retry import Trouble, TroubleKind

ROUNDS_MAX = 10
GONE_MAX = 2
CLOSED_PAGES_MAX = 1  # of the newest: what matters was closed by a run that overtook this one
CREATED = "a new issue"


class _IssueAuthor(msgspec.Struct):
    login: str


class _Issue(msgspec.Struct):
    number: int
    html_url: str
    title: str
    state: str
    body: str | None = None
    user: _IssueAuthor | None = None
    pull_request: Any = None

    def plain(self) -> Issue:
        """As `plan` takes it; a deleted account wrote nothing of ours."""
        author = self.user.login if self.user else ""
        return Issue(
            number=self.number,
            author=author,
            title=self.title,
            body=self.body or "",
            url=self.html_url,
            open=self.state == "open",
        )


class Tracked(msgspec.Struct, frozen=True):
    """How it ended: the issue's page ("" without one), and why, in a sentence."""

    url: str
    why: str


class Tracker:
    """The issues of one repository by one account. GitHub lists pull requests among them."""

    def __init__(self, api: Api, repository: str, author: str) -> None:
        self._api = api
        self._author = author
        self._issues = f"/repos/{repository}/issues"

    def open(self, *, stubborn: bool = False) -> list[Issue]:
        """All that are open, to the last page."""
        return self._listed({"state": "open"}, None, stubborn=stubborn)

    def closed(self, *, stubborn: bool = False) -> list[Issue]:
        """Those that were closed or changed last."""
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        return self._listed(query, CLOSED_PAGES_MAX, stubborn=stubborn)

    def _listed(self, query: dict[str, str], pages_max: int | None, *, stubborn: bool) -> list[Issue]:
        # The account is asked for, so that a repository's thousands of other issues aren't read; `plan` looks again.
        asked = {**query, "creator": self._author}
        pages = self._api.pages(self._issues, list[_Issue], asked, stubborn=stubborn)
        return [issue.plain() for page in islice(pages, pages_max) for issue in page if issue.pull_request is None]

    def create(self, title: str, body: str) -> Issue:
        """Open an issue, once."""
        return self._api.write("POST", self._issues, _Issue, {"title": title, "body": body}).plain()

    def update(self, number: int, title: str, body: str) -> Issue:
        """Replace an issue's text, once."""
        return self._patch(number, {"title": title, "body": body})

    def close(self, number: int, body: str, reason: str) -> Issue:
        """Close an issue, once."""
        return self._patch(number, {"state": "closed", "state_reason": reason, "body": body})

    def close_stubbornly(self, number: int, body: str) -> None:
        """Close what is one too many, and try again and again: it must not stay."""
        tries = 0
        while True:
            tries += 1
            try:
                self.close(number, body, "not_planned")
                return
            except Trouble as trouble:
                if trouble.status in (404, 410):
                    return  # somebody was faster; whether it is gone, the next list says
                self._api.patience.wait(trouble, tries, stubborn=True)

    def _patch(self, number: int, body: dict[str, object]) -> Issue:
        return self._api.write("PATCH", f"{self._issues}/{number}", _Issue, body).plain()


def track(api: Api, tracker: Tracker, wanted: WantedIssue) -> Tracked:
    """See to it that the open issue says what the newest run found, and that none is open if that was green.

    As with comments (see upsert.py): an issue that was just created is looked at once more, since
    another run may have created one at the same time; so is whether a failed create has happened
    after all. A change that failed is planned anew.

    Raises:
        Trouble: it could not be done; what was there before is there still.
        UsageError: the token writes in another name than the next run would look for.
    """
    created: Issue | None = None
    closed: Issue | None = None  # by us, as far as we know
    looks_after = False  # something of ours may be there by now, and must not stay twice
    for tries in range(1, ROUNDS_MAX + 1):
        todo = plan_issue(_found(tracker, wanted, created, stubborn=looks_after), wanted)
        if not todo.operations:
            if todo.kept is None and closed:
                return Tracked(closed.url, "the night is green, and the issue is closed")
            new = created and todo.kept and created.number == todo.kept.number
            return Tracked(todo.kept.url if todo.kept else "", CREATED if new else todo.why)
        try:
            written = _do(tracker, todo, wanted)
        except Trouble as trouble:
            if all(_is_fold(operation) for operation in todo.operations):
                raise  # these were tried again and again already
            if any(
                isinstance(operation, CloseIssue) and operation.reason == "completed" for operation in todo.operations
            ):
                closed = todo.kept
            if not (trouble.status in (404, 410) and todo.kept and tries <= GONE_MAX):
                unsure = trouble.kind is TroubleKind.BROKEN and todo.kept is None
                api.patience.wait(trouble, tries, stubborn=unsure or looks_after)
                looks_after |= unsure
            continue
        if not any(isinstance(operation, CreateIssue) or _is_fold(operation) for operation in todo.operations):
            return Tracked(written.url if written else "", todo.why)
        looks_after = True
        if todo.kept is None:
            created = written
        elif created and any(
            _is_fold(operation) and operation.number == created.number for operation in todo.operations
        ):
            created = None
    raise Trouble(TroubleKind.BROKEN, "other runs kept changing the issue")


def _found(tracker: Tracker, wanted: WantedIssue, created: Issue | None, *, stubborn: bool) -> list[Issue]:
    found = tracker.open(stubborn=stubborn)
    if created and all(issue.number != created.number for issue in found):
        found.append(created)  # a list that lags behind must not make us write it twice
    if wanted.red and not ours_of(found, wanted):
        found += tracker.closed(stubborn=stubborn)
    return found


def _is_fold(operation: IssueOperation) -> TypeGuard[CloseIssue]:
    return isinstance(operation, CloseIssue) and operation.reason == "not_planned"


def _do(tracker: Tracker, todo: IssuePlan, wanted: WantedIssue) -> Issue | None:
    """Carry a plan out; returns the issue that stays."""
    kept = todo.kept
    for operation in todo.operations:
        match operation:
            case CreateIssue(text):
                kept = tracker.create(text.title, text.body)
                if kept.author != wanted.author:
                    _take_back(tracker, kept, wanted)
            case UpdateIssue(number, text):
                kept = tracker.update(number, text.title, text.body)
            case CloseIssue(number, body, "not_planned"):
                tracker.close_stubbornly(number, body)
            case CloseIssue(number, body, reason):
                tracker.close(number, body, reason)
    return kept


def _take_back(tracker: Tracker, issue: Issue, wanted: WantedIssue) -> None:
    """Close an issue that the next run would not know for ours, and so would open again."""
    author = printable(issue.author)[:60]
    why = f"this token writes as {author}, not as {wanted.author}: set comment-author to {author}"
    note = "Closed by the run that opened it: its token writes in another name than the next run would look for."
    with suppress(Trouble):  # what to set is the same, and what is planned anew would open another one
        tracker.close_stubbornly(issue.number, closed_body(wanted.stamp, note, issue))
    raise UsageError(why)
