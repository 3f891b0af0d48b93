"""What to do about the issue that tracks a nightly: facts in, operations out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.fake_github.state import A_SHA, ACTIONS_BOT
from tests.support.tracked_issues import DAY, wanted_issue
from vopr_coverage.github.comment_marker import Stamp, stamp_of
from vopr_coverage.github.issue_plan import (
    BEFORE,
    CloseIssue,
    CreateIssue,
    Issue,
    IssueOperation,
    IssueStamp,
    Text,
    UpdateIssue,
    closed_body,
    issue_stamp_of,
    plan_issue,
)
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX

NOW = wanted_issue(100)
GREEN = wanted_issue(100, red=False)


def the_issue(number: int, run: int, attempt: int = 1, *, author: str = ACTIONS_BOT, **more: Any) -> Issue:
    """An issue with the stamp of that run; it began with it."""
    open_ = more.pop("open", True)
    want = wanted_issue(run, attempt, **more)
    text = want.draft(want.stamp)
    return Issue(number, author, text.title, text.body, open=open_)


def text_of(first: int, nights: int, run: int = 100) -> Text:
    """The text of this run's night in an issue that another one began."""
    return NOW.draft(IssueStamp("nightly", A_SHA, run, 1, first, DAY, nights))


def short(operations: tuple[IssueOperation, ...]) -> list[str]:
    """What is done, in a word and a number each."""
    return [f"{type(one).__name__.removesuffix('Issue')} {getattr(one, 'number', '')}".strip() for one in operations]


@pytest.mark.parametrize(
    ("there", "red", "green"),
    [
        ([], ["Create"], []),
        # an older run's issue is brought up to date or closed, a newer one's neither
        ([the_issue(1, 99)], ["Update 1"], ["Close 1"]),
        ([the_issue(1, 101)], [], []),
        # attempts count within a run, and only there
        ([the_issue(1, 100, 2)], [], []),
        ([the_issue(1, 99, 7)], ["Update 1"], ["Close 1"]),
        # the same run and attempt: nothing to write, but a night that turned green closes
        ([the_issue(1, 100)], [], ["Close 1"]),
        ([the_issue(1, 100, text="something else")], ["Update 1"], ["Close 1"]),
        # neither another id, nor another account, nor an issue without a stamp of ours is ours
        ([the_issue(1, 99, id="weekly")], ["Create"], []),
        ([the_issue(1, 99, author="mallory")], ["Create"], []),
        ([the_issue(1, 99, author="")], ["Create"], []),
        ([Issue(1, ACTIONS_BOT, "Red", "hello\n" + the_issue(1, 99).body)], ["Create"], []),
        ([Issue(1, ACTIONS_BOT, "Red", Stamp("nightly", A_SHA, 99, 1).line())], ["Create"], []),  # a comment's stamp
        # of several the oldest issue stays, whichever run wrote it
        ([the_issue(3, 98), the_issue(2, 99)], ["Update 2", "Close 3"], ["Close 2", "Close 3"]),
        ([the_issue(2, 98), the_issue(3, 100)], ["Update 2", "Close 3"], ["Close 2", "Close 3"]),
        ([the_issue(2, 100), the_issue(3, 98)], ["Update 2", "Close 3"], ["Close 2", "Close 3"]),
        # a newer run's text goes into the oldest, whoever moves it
        ([the_issue(2, 99), the_issue(3, 101)], ["Update 2", "Close 3"], ["Update 2", "Close 3"]),
        ([the_issue(2, 101), the_issue(3, 99)], ["Close 3"], ["Close 3"]),
        # where none is open, a newer run has closed it, or an older one had
        ([the_issue(1, 101, open=False)], [], []),
        ([the_issue(1, 99, open=False)], ["Create"], []),
        ([the_issue(1, 101, open=False, id="weekly")], ["Create"], []),
        ([the_issue(1, 101, open=False, author="mallory")], ["Create"], []),
        ([the_issue(1, 101, open=False), the_issue(2, 99)], ["Update 2"], ["Close 2"]),
    ],
)  # fmt: skip
def test_there_is_one_open_issue_while_nights_are_red(there: list[Issue], red: list[str], green: list[str]) -> None:
    """Whatever is there, in whatever order GitHub lists it."""
    for issues in (there, there[::-1]):
        assert short(plan_issue(issues, NOW).operations) == red
        assert short(plan_issue(issues, GREEN).operations) == green


def test_a_new_issue_begins_with_this_run() -> None:
    """It is the first night."""
    assert plan_issue([], NOW).operations == (CreateIssue(text_of(100, 1)),)


def test_an_issue_goes_on_from_where_it_began() -> None:
    """First run, day and the count of nights come from what is there; the same run counts once."""
    (update,) = plan_issue([the_issue(1, 99)], NOW).operations
    assert update == UpdateIssue(1, text_of(99, 2))
    kept = Issue(1, ACTIONS_BOT, text_of(97, 3).title, text_of(97, 3).body)
    assert plan_issue([kept], NOW).operations == ()
    again = plan_issue([kept, the_issue(2, 100)], NOW).operations
    assert short(again) == ["Close 2"]  # what a race has left changes neither


def test_line_ends_that_a_server_changed_are_no_change() -> None:
    """Nor is the space at the end."""
    issue = the_issue(1, 100)
    assert plan_issue([replace(issue, body=issue.body.replace("\n", "\r\n") + " ")], NOW).operations == ()
    assert short(plan_issue([replace(issue, title="Another")], NOW).operations) == ["Update 1"]


def test_what_is_moved_keeps_the_older_beginning() -> None:
    """The newer run's words, under a stamp that knows since when it has been red."""
    update, _ = plan_issue([the_issue(2, 99), the_issue(3, 101)], NOW).operations
    assert isinstance(update, UpdateIssue)
    stamp = issue_stamp_of(update.text.body)
    assert stamp is not None
    assert (stamp.run_id, stamp.first, stamp.nights) == (101, 99, 2)
    assert update.text.body.endswith("as run 101 has it\n")


def test_a_closed_issue_says_why_and_still_what_it_said() -> None:
    """One note, however often it is closed; and never more than GitHub takes."""
    issue = the_issue(1, 99)
    (close,) = plan_issue([issue], GREEN).operations
    assert isinstance(close, CloseIssue)
    assert close.reason == "completed"
    assert close.body.splitlines()[1] == "Green again in 100"
    assert close.body.endswith("as run 99 has it\n")
    twice = closed_body(NOW.stamp, "Again", replace(issue, body=close.body))
    assert (twice.count(BEFORE), "Green again" in twice, "as run 99 has it" in twice) == (1, False, True)
    huge = closed_body(NOW.stamp, "Note", replace(issue, body="x\n" + "y" * COMMENT_CHARACTERS_MAX))
    assert len(huge) == COMMENT_CHARACTERS_MAX


def test_a_stamp_is_read_back() -> None:
    """What is written on the first line is what is found there, and no comment's stamp is an issue's."""
    stamp = IssueStamp("weekly.2", "ab" * 20, 4711, 3, 4700, DAY, 12)
    assert issue_stamp_of(f"{stamp.line()}\r\ntext") == stamp
    for body in (
        *(f"text\n{stamp.line()}", stamp.line() + " and more", "", stamp.line().replace("run=4711", "run=x")),
        *(stamp.line().replace(DAY, "today"), stamp.line().replace(DAY, "2026-11-20 -->"), stamp.line()[:-1]),
    ):
        assert issue_stamp_of(body) is None
    assert stamp_of(stamp.line()) is None


def test_the_count_of_nights_ends_where_the_line_would_not_be_read_back() -> None:
    """Nobody waits that long, but a pasted number may be large."""
    stamp = replace(NOW.stamp, run_id=99, nights=999_999)
    (update,) = plan_issue([Issue(1, ACTIONS_BOT, "Red", f"{stamp.line()}\nx")], NOW).operations
    assert isinstance(update, UpdateIssue)
    assert issue_stamp_of(update.text.body) is not None
