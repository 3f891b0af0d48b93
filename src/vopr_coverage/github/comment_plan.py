"""What to do about a pull request's comments: facts in, operations out. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from vopr_coverage.github.comment_marker import Stamp, stamp_of

Mode = Literal["auto", "always", "on-failure", "off"]
MODES: tuple[Mode, ...] = ("auto", "always", "on-failure", "off")


class Comment(msgspec.Struct, frozen=True):
    """A comment as GitHub has it; `url` is its page."""

    id: int
    author: str
    body: str
    url: str = ""


class CreateComment(msgspec.Struct, frozen=True):
    """Write a new comment."""

    body: str


class UpdateComment(msgspec.Struct, frozen=True):
    """Replace a comment's text."""

    id: int
    body: str


class DeleteComment(msgspec.Struct, frozen=True):
    """Remove a comment that is one too many."""

    id: int


CommentOperation = CreateComment | UpdateComment | DeleteComment


class WantedComment(msgspec.Struct, frozen=True):
    """The comment that this run would leave behind.

    Attributes:
        author: the login whose comments are ours; anybody can paste a stamp.
        create: whether to write a comment where there is none.
        second_hand: the run itself may have commented with a token of its own, and then that stays.
    """

    stamp: Stamp
    body: str
    author: str
    create: bool
    second_hand: bool = False


class CommentPlan(msgspec.Struct, frozen=True):
    """Operations in order, the comment that stays (None before it is created), and why, in a sentence."""

    operations: tuple[CommentOperation, ...]
    kept: Comment | None
    why: str
    clash: bool = False


def may_create(mode: Mode, *, passed: bool, changed: bool) -> bool:
    """Whether a mode wants a comment where there is none yet.

    `auto` keeps quiet about a run that passed when nothing is known to have changed.
    """
    return mode == "always" or (mode != "off" and not passed) or (mode == "auto" and changed)


def plan_comment(comments: Sequence[Comment], wanted: WantedComment) -> CommentPlan:
    """One comment of ours, with the newest run's text, whatever is there now.

    Of several the newest run's stays, and of those the oldest comment; all others were left by a
    race and go. An older run never overwrites a newer one's text.
    """
    ours = [
        (stamp, comment)
        for comment in comments
        if comment.author == wanted.author and (stamp := stamp_of(comment.body)) and stamp.id == wanted.stamp.id
    ]
    if not ours:
        if wanted.create:
            return CommentPlan((CreateComment(wanted.body),), None, "there is no comment yet")
        return CommentPlan((), None, "there is no comment, and this run needs none")
    stamp, kept = max(ours, key=lambda stamped: (stamped[0].age, -stamped[1].id))
    folded = tuple(DeleteComment(comment.id) for _, comment in ours if comment.id != kept.id)
    same_run = stamp.age == wanted.stamp.age
    if stamp.age > wanted.stamp.age:
        return CommentPlan(folded, kept, f"the comment is of the newer run {stamp.run_id}")
    if same_run and (wanted.second_hand or same_text(kept.body, wanted.body)):
        return CommentPlan(folded, kept, "the comment is there already")
    return CommentPlan(
        (UpdateComment(kept.id, wanted.body), *folded), kept, "the comment is brought up to date", clash=same_run
    )


def same_text(a: str, b: str) -> bool:
    """Whether two bodies are the same but for line ends and the space at the end, which servers may change."""
    return a.replace("\r\n", "\n").rstrip() == b.replace("\r\n", "\n").rstrip()
