"""What to do about a pull request's comments: facts in, operations out."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.support.pull_requests import wanted
from vopr_coverage.errors import UsageError
from vopr_coverage.github.comment_marker import Stamp, checked_id, stamp_of
from vopr_coverage.github.comment_plan import (
    MODES,
    Comment,
    CommentOperation,
    CreateComment,
    DeleteComment,
    Mode,
    UpdateComment,
    may_create,
    plan_comment,
)
from vopr_coverage.github.comment_settings import comment_settings_of

BOT = "github-actions[bot]"
NOW = wanted(100)


def a_comment(
    number: int, run: int, attempt: int = 1, *, author: str = BOT, text: str = "", id: str = "default"
) -> Comment:
    """A comment with the stamp of that run."""
    return Comment(number, author, wanted(run, attempt, text, id=id).body)


@pytest.mark.parametrize(
    ("there", "operations"),
    [
        ([], (CreateComment(NOW.body),)),
        # an older run's text is replaced, a newer one's is not
        ([a_comment(1, 99)], (UpdateComment(1, NOW.body),)),
        ([a_comment(1, 101)], ()),
        # attempts count within a run, and only there
        ([a_comment(1, 100, 2)], ()),
        ([a_comment(1, 99, 7)], (UpdateComment(1, NOW.body),)),
        # the same run, attempt and body: nothing to write
        ([a_comment(1, 100)], ()),
        ([Comment(1, BOT, NOW.body.replace("\n", "\r\n") + "\n ")], ()),
        # the same run with another text writes
        ([a_comment(1, 100, text="something else")], (UpdateComment(1, NOW.body),)),
        # neither another id, nor another account, nor a comment without a stamp of ours is ours
        ([a_comment(1, 99, id="nightly")], (CreateComment(NOW.body),)),
        ([a_comment(1, 99, author="mallory")], (CreateComment(NOW.body),)),
        ([Comment(1, BOT, "hello\n" + NOW.body)], (CreateComment(NOW.body),)),
        # of duplicates the newest run's stays, and of the same run's the oldest comment
        (
            [a_comment(1, 98), a_comment(2, 99), a_comment(3, 97)],
            (UpdateComment(2, NOW.body), DeleteComment(1), DeleteComment(3)),
        ),
        ([a_comment(1, 100), a_comment(2, 100)], (DeleteComment(2),)),
        ([a_comment(1, 101), a_comment(2, 99)], (DeleteComment(2),)),
    ],
)  # fmt: skip
def test_one_comment_stays_with_the_newest_text(there: list[Comment], operations: tuple[CommentOperation, ...]) -> None:
    """Whatever is there, afterwards there is one of ours, and no older run wins over a newer one."""
    assert plan_comment(there, NOW).operations == operations
    assert plan_comment(there[::-1], NOW).operations[:1] == operations[:1]


def test_a_comment_that_is_not_needed_is_not_created_but_brought_up_to_date() -> None:
    """A run that passed writes no new comment, and turns the one that is there green."""
    quiet = wanted(100, create=False)
    assert plan_comment([], quiet).operations == ()
    assert plan_comment([a_comment(1, 99)], quiet).operations == (UpdateComment(1, quiet.body),)


def test_two_steps_with_one_id_are_told_so() -> None:
    """The same run and attempt with another text: somebody else writes this comment, too."""
    assert plan_comment([a_comment(1, 100, text="a shard's")], NOW).clash
    assert not plan_comment([a_comment(1, 100)], NOW).clash
    assert not plan_comment([a_comment(1, 99)], NOW).clash


def test_the_trusted_half_leaves_alone_what_the_run_wrote_itself() -> None:
    """A run whose token could write has commented already; what it wrote is not a stranger's."""
    relayed = wanted(100, text="as relayed")
    second = type(relayed)(relayed.stamp, relayed.body, relayed.author, create=True, second_hand=True)
    assert plan_comment([a_comment(1, 100)], second).operations == ()
    assert plan_comment([a_comment(1, 99)], second).operations == (UpdateComment(1, relayed.body),)


@pytest.mark.parametrize(
    ("mode", "passed", "changed", "creates"),
    [
        ("auto", True, False, False),  # nothing to tell
        ("auto", True, True, True),
        ("auto", False, False, True),
        ("always", True, False, True),
        ("on-failure", True, True, False),
        ("on-failure", False, False, True),
        ("off", False, True, False),
    ],
)
def test_modes(mode: Mode, passed: bool, changed: bool, creates: bool) -> None:
    """Which mode writes a comment where there is none."""
    assert may_create(mode, passed=passed, changed=changed) is creates
    assert get_args(Mode) == MODES


def test_a_stamp_is_read_back() -> None:
    """What is written on the first line is what is found there."""
    stamp = Stamp("swizzle.shard-2", "ab" * 20, 4711, 3)
    assert stamp_of(f"{stamp.line()}\r\ntext") == stamp
    assert stamp_of(f"text\n{stamp.line()}") is None
    assert stamp_of(stamp.line().replace("run=4711", "run=x")) is None
    assert stamp_of(stamp.line() + " and more") is None
    assert stamp_of("") is None


@pytest.mark.parametrize("id", ["a b", "a--b", "-a", "a-", "ä", "a>b", "x" * 65, "a\n", "-->", "a=b"])
def test_an_id_that_would_break_the_hidden_line_is_refused(id: str) -> None:
    """Two hyphens end an HTML comment, a space ends the id."""
    with pytest.raises(UsageError, match="comment-id"):
        checked_id(id)


def test_settings_are_read_from_inputs() -> None:
    """Empty means the default; a typo is told the nearest."""
    unset = {"comment": "", "comment-id": "", "comment-author": ""}
    settings = comment_settings_of(unset)
    assert (settings.mode, settings.id, settings.author) == ("auto", "default", BOT)
    assert comment_settings_of(unset | {"comment-author": "my-app[bot]"}).author == "my-app[bot]"
    with pytest.raises(UsageError, match="did you mean 'always'"):
        comment_settings_of(unset | {"comment": "alway"})
    with pytest.raises(UsageError, match="comment-author"):
        comment_settings_of(unset | {"comment-author": "a b"})
