"""One comment, whatever goes wrong on the way: list, plan, do, and look again."""

from __future__ import annotations

import msgspec

from vopr_coverage.errors import printable
from vopr_coverage.github.api import Api
from vopr_coverage.github.comment_plan import (
    Comment,
    CommentPlan,
    CreateComment,
    DeleteComment,
    UpdateComment,
    WantedComment,
    plan_comment,
)
from vopr_coverage.github.retry import Trouble, TroubleKind

ROUNDS_MAX = 10
CREATED = "a new comment"


class _CommentAuthor(msgspec.Struct):
    login: str


class _Comment(msgspec.Struct):
    id: int
    html_url: str
    body: str | None = None
    user: _CommentAuthor | None = None

    def plain(self) -> Comment:
        """As `plan` takes it; a deleted account wrote nothing of ours."""
        return Comment(self.id, self.user.login if self.user else "", self.body or "", self.html_url)


class Written(msgspec.Struct, frozen=True):
    """How it ended: the comment's page ("" without one), and why, in a sentence.

    `clash` says that another step of the same run writes the same comment.
    """

    url: str
    why: str
    clash: bool = False


class Thread:
    """The comments of one pull request."""

    def __init__(self, api: Api, repository: str, number: int) -> None:
        self._api = api
        self._issue = f"/repos/{repository}/issues/{number}/comments"
        self._comments = f"/repos/{repository}/issues/comments"

    def comments(self, *, stubborn: bool = False) -> list[Comment]:
        """All of them, to the last page."""
        pages = self._api.pages(self._issue, list[_Comment], stubborn=stubborn)
        return [comment.plain() for page in pages for comment in page]

    def create(self, body: str) -> Comment:
        """Write a comment, once."""
        return self._api.write("POST", self._issue, _Comment, {"body": body}).plain()

    def update(self, comment: int, body: str) -> Comment:
        """Replace a comment's text, once."""
        return self._api.write("PATCH", f"{self._comments}/{comment}", _Comment, {"body": body}).plain()

    def delete(self, comment: int, *, stubborn: bool = False) -> None:
        """Remove a comment."""
        self._api.delete(f"{self._comments}/{comment}", stubborn=stubborn)


def upsert(api: Api, thread: Thread, wanted: WantedComment) -> Written:
    """See to it that there is one comment of ours, with the newest run's text.

    A comment that was just created is looked at once more: another run may have created one at
    the same time. Whether a failed create has happened after all is found out the same way, and
    whether what was one too many is gone. A change that failed is planned anew: by now a newer
    run may have written.

    Raises:
        Trouble: it could not be done; what was there before is there still.
    """
    created: Comment | None = None
    looks_after = False  # something of ours may be there by now, and must not stay twice
    clash = False
    for tries in range(1, ROUNDS_MAX + 1):
        found = thread.comments(stubborn=looks_after)
        if created and all(comment.id != created.id for comment in found):
            found.append(created)  # a list that lags behind must not make us write it twice
        todo = own_first(plan_comment(found, wanted), created)
        clash |= todo.clash and not looks_after
        try:
            written = _do(thread, todo, wanted, stubborn=looks_after)
        except Trouble as trouble:
            if all(isinstance(operation, DeleteComment) for operation in todo.operations):
                raise  # these were tried again and again already
            if not _is_gone(trouble, todo):
                unsure = trouble.kind is TroubleKind.BROKEN and todo.kept is None
                api.patience.wait(trouble, tries, stubborn=unsure)
                looks_after |= unsure
            continue
        if not any(isinstance(operation, CreateComment | DeleteComment) for operation in todo.operations):
            why = CREATED if created and written and created.id == written.id else todo.why
            return Written(written.url if written else "", why, clash)
        looks_after = True
        if todo.kept is None:
            created = written
        elif created and DeleteComment(created.id) in todo.operations:
            created = None
    raise Trouble(TroubleKind.BROKEN, "other runs kept changing the comment")


def own_first(todo: CommentPlan, created: Comment | None) -> CommentPlan:
    """Take back what this run created before anything else, where another comment stays.

    Of many runs that create one at once, each would else delete those of all others, too.
    """
    own = DeleteComment(created.id) if created else None
    return msgspec.structs.replace(todo, operations=(own,)) if own in todo.operations else todo


def _is_gone(trouble: Trouble, todo: CommentPlan) -> bool:
    """Whether somebody removed the comment that we were about to change."""
    return trouble.status == 404 and todo.kept is not None


def _do(thread: Thread, todo: CommentPlan, wanted: WantedComment, *, stubborn: bool) -> Comment | None:
    """Carry a plan out; returns the comment that stays."""
    kept = todo.kept
    for operation in todo.operations:
        match operation:
            case CreateComment(body):
                kept = thread.create(body)
                if kept.author != wanted.author:
                    _take_back(thread, kept, wanted)
            case UpdateComment(comment, body):
                kept = thread.update(comment, body)
            case DeleteComment(comment):
                thread.delete(comment, stubborn=stubborn)
    return kept


def _take_back(thread: Thread, comment: Comment, wanted: WantedComment) -> None:
    """Remove a comment that the next run would not know for ours, and so would write again."""
    thread.delete(comment.id, stubborn=True)
    author = printable(comment.author)[:60]
    why = f"this token writes as {author}, not as {wanted.author}: set comment-author to {author}"
    raise Trouble(TroubleKind.REFUSED, why)
