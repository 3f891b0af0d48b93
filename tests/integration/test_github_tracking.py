"""One open issue while nights are red, whatever goes wrong: the real PyGithub against a GitHub on loopback."""

from __future__ import annotations

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import AFTER_EFFECT, WITHOUT_ANSWER, Fault, Kind
from tests.fake_github.state import ACTIONS_BOT
from tests.support.examples import some_of
from tests.support.pull_requests import SECRET, at_once
from tests.support.tracked_issues import (
    FORGED,
    a_schedule,
    an_issue,
    complaints,
    set_up,
    stamp_in,
    tell,
    telling,
    tracked,
    wanted_issue,
)
from vopr_coverage.errors import UsageError

SCHEDULES = 400


@pytest.fixture
def repository(github: FakeGitHub) -> FakeGitHub:
    """A repository with a pull request, and a token that may write issues."""
    github.world.add_pull(7)
    github.add_token(SECRET)
    return github


def methods(github: FakeGitHub) -> list[str]:
    """What was asked, in order."""
    return [request.method for request in github.requests]


def test_red_opens_one_issue_and_the_next_red_night_updates_it(repository: FakeGitHub) -> None:
    """In place, and it goes on counting from the first red run."""
    tell(repository, wanted_issue(1))
    (first,) = tracked(repository)
    tell(repository, wanted_issue(2))
    tell(repository, wanted_issue(3))
    (same,) = tracked(repository)
    assert same.number == first.number
    assert same.title == "Red in 3"
    stamp = stamp_in(same)
    assert (stamp.run_id, stamp.first, stamp.nights) == (3, 1, 3)


def test_a_second_try_of_the_same_night_is_the_same_night(repository: FakeGitHub) -> None:
    """A run that is started again writes anew, and counts once."""
    tell(repository, wanted_issue(1))
    tell(repository, wanted_issue(1, attempt=2))
    (issue,) = tracked(repository)
    assert (stamp_in(issue).attempt, stamp_in(issue).nights) == (2, 1)


def test_nothing_is_written_where_nothing_changed(repository: FakeGitHub) -> None:
    """The same step once more lists, and that is all."""
    tell(repository, wanted_issue(1))
    before = len(repository.requests)
    ended = tell(repository, wanted_issue(1))
    assert ended.tracked is not None
    assert "there already" in ended.tracked.why
    assert methods(repository)[before:] == ["GET"]


def test_green_closes_it_and_says_which_run_did(repository: FakeGitHub) -> None:
    """As completed; what the last red night found stays readable."""
    tell(repository, wanted_issue(1))
    ended = tell(repository, wanted_issue(2, red=False))
    assert tracked(repository) == []
    (issue,) = tracked(repository, "closed")
    assert issue.state_reason == "completed"
    assert stamp_in(issue).run_id == 2
    assert "Green again in 2" in (issue.body or "")
    assert "as run 1 has it" in (issue.body or "")
    assert ended.tracked is not None
    assert ended.tracked.url.endswith(f"/issues/{issue.number}")


def test_green_with_none_open_does_nothing(repository: FakeGitHub) -> None:
    """Closed ones of earlier are left as they are; one list is asked for."""
    an_issue(repository, 1, state="closed")
    ended = tell(repository, wanted_issue(2, red=False))
    assert ended.tracked is not None
    assert ended.tracked.url == ""
    assert methods(repository) == ["GET"]


def test_red_after_green_opens_a_new_issue(repository: FakeGitHub) -> None:
    """A bug of another week has a thread of its own."""
    for run, red in ((1, True), (2, False), (3, True)):
        tell(repository, wanted_issue(run, red=red))
    (issue,) = tracked(repository)
    assert len(tracked(repository, "closed")) == 1
    assert (stamp_in(issue).first, stamp_in(issue).nights) == (3, 1)


@pytest.mark.parametrize("red", [True, False])
@pytest.mark.parametrize("attempt", [1, 7])
def test_an_older_run_never_overwrites_a_newer_ones_issue(repository: FakeGitHub, red: bool, attempt: int) -> None:
    """Neither its text nor its state, not even when it is started again."""
    mine = an_issue(repository, 5)
    before = (mine.title, mine.body, mine.state)
    ended = tell(repository, wanted_issue(4, attempt, red=red))
    assert (mine.title, mine.body, mine.state) == before
    assert ended.tracked is not None
    assert "newer run 5" in ended.tracked.why


def test_an_older_red_run_opens_nothing_behind_a_newer_green_one(repository: FakeGitHub) -> None:
    """The issue is closed, and the hidden line says by whom."""
    tell(repository, wanted_issue(1))
    tell(repository, wanted_issue(3, red=False))
    tell(repository, wanted_issue(2))
    assert tracked(repository) == []


def test_issues_of_others_and_pull_requests_are_not_ours(repository: FakeGitHub) -> None:
    """Whoever pastes our line, even the right account in a pull request or below another first line."""
    theirs = an_issue(repository, FORGED, author="mallory")
    orphan = an_issue(repository, FORGED, author=None)
    repository.world.add_pull(8, author="github-actions[bot]", body=theirs.body)
    other = repository.world.add_issue("Nightly", f"hello\n{theirs.body}")
    elsewhere = an_issue(repository, FORGED, id="other-nightly")
    kept = [(one.number, one.body, one.state) for one in (theirs, orphan, other, elsewhere)]
    tell(repository, wanted_issue(1))
    tell(repository, wanted_issue(2, red=False))
    assert [(one.number, one.body, one.state) for one in (theirs, orphan, other, elsewhere)] == kept
    assert len(tracked(repository, "closed")) == 1


def test_two_nightlies_have_an_issue_each(repository: FakeGitHub) -> None:
    """By their ids."""
    tell(repository, wanted_issue(1, id="nightly"))
    tell(repository, wanted_issue(2, id="weekly"))
    tell(repository, wanted_issue(3, id="weekly", red=False))
    assert len(tracked(repository, id="nightly")) == 1
    assert tracked(repository, id="weekly") == []


@pytest.mark.parametrize("others", [0, 99, 100, 101, 250])
def test_it_is_found_behind_any_number_of_others(repository: FakeGitHub, others: int) -> None:
    """Pages are read to their end, though a list begins with the newest."""
    mine = an_issue(repository, 1)
    for _ in range(others):
        repository.world.add_issue("another", "of the same account")
    tell(repository, wanted_issue(2))
    assert [(one.number, stamp_in(one).run_id) for one in tracked(repository)] == [(mine.number, 2)]


def test_what_somebody_closed_by_hand_stays_closed_and_a_new_one_opens(repository: FakeGitHub) -> None:
    """Nobody's click is undone, and no red night goes untold."""
    mine = an_issue(repository, 1, state="closed")
    tell(repository, wanted_issue(2))
    (new,) = tracked(repository)
    assert mine.state == "closed"
    assert new.number > mine.number


@pytest.mark.parametrize("order", ["ABABABABAB", "AABBABABAB", "ABBAABBAAB", "ABBBAAABAB", "BABAABABAB"])
@pytest.mark.parametrize("newer", ["A", "B"])
def test_two_runs_at_once_leave_one_open_issue(repository: FakeGitHub, order: str, newer: str) -> None:
    """Both see none, both open one, and each looks again: the oldest stays, with the newer run's text."""
    tokens = {"A": repository.add_token(f"{SECRET}A"), "B": repository.add_token(f"{SECRET}B")}
    wants = {token: wanted_issue(2 if name == newer else 1) for name, token in tokens.items()}
    ended = at_once(repository, telling(repository, wants), [tokens[name] for name in order])
    assert [one.trouble for one in ended.values()] == [None, None]
    (kept,) = tracked(repository)
    assert stamp_in(kept).run_id == 2
    for folded in tracked(repository, "closed"):
        assert folded.number > kept.number
        assert folded.state_reason == "not_planned"
        assert f"duplicate of #{kept.number}" in (folded.body or "")


def test_duplicates_of_others_races_are_folded_into_the_oldest(repository: FakeGitHub) -> None:
    """An older run that comes by moves the newest text there, and takes nothing of its own along."""
    oldest, *_ = [an_issue(repository, run) for run in (3, 5, 4)]
    tell(repository, wanted_issue(1))
    (kept,) = tracked(repository)
    assert kept.number == oldest.number
    assert (kept.title, stamp_in(kept).run_id, stamp_in(kept).first) == ("Red in 5", 5, 3)


def test_green_closes_all_that_are_open(repository: FakeGitHub) -> None:
    """Even what a race has left."""
    for run in (1, 2):
        an_issue(repository, run)
    tell(repository, wanted_issue(3, red=False))
    assert tracked(repository) == []


@pytest.mark.parametrize("kind", WITHOUT_ANSWER)
def test_a_create_without_an_answer_is_looked_for_before_it_is_repeated(repository: FakeGitHub, kind: Kind) -> None:
    """Whether it took effect or not: one issue in the end, and a second POST only where the first did nothing."""
    repository.inject(SECRET, {2: Fault(kind)})
    ended = tell(repository, wanted_issue(1))
    assert ended.trouble is None
    assert len(tracked(repository)) == 1
    took_effect = kind in AFTER_EFFECT
    expected = ["GET"] if took_effect else ["GET", "GET", "POST", "GET"]
    assert methods(repository) == ["GET", "GET", "POST", *expected]


@pytest.mark.parametrize("kind", [Kind.BAD_GATEWAY_502, Kind.RESET_AFTER, Kind.TRUNCATED_JSON, Kind.RATE_LIMIT_429])
@pytest.mark.parametrize("red", [True, False])
def test_a_change_is_tried_again(repository: FakeGitHub, kind: Kind, red: bool) -> None:
    """PATCH is what most clients leave out of their retries."""
    mine = an_issue(repository, 1)
    repository.inject(SECRET, {1: Fault(kind)})
    ended = tell(repository, wanted_issue(2, red=red))
    assert ended.tracked is not None
    assert ended.tracked.url.endswith(f"/issues/{mine.number}")
    assert (stamp_in(mine).run_id, mine.state) == (2, "open" if red else "closed")


def test_a_change_that_failed_is_planned_anew(repository: FakeGitHub) -> None:
    """While an older run waited to try again, a newer one wrote: that text stays."""
    mine = an_issue(repository, 1)

    def meanwhile(number: int) -> Fault | None:
        if number == 2:
            want = wanted_issue(3)
            mine.body = want.draft(want.stamp).body
        return Fault(Kind.BAD_GATEWAY_502) if number == 1 else None

    repository.inject(SECRET, meanwhile)
    tell(repository, wanted_issue(2, red=False))
    assert (stamp_in(mine).run_id, mine.state) == (3, "open")


@pytest.mark.parametrize("kind", [Kind.NOT_FOUND, Kind.ERROR_500, Kind.RESET_AFTER, Kind.READ_ONLY])
def test_what_is_one_too_many_is_closed_until_it_is(repository: FakeGitHub, kind: Kind) -> None:
    """A server's word that it isn't there is not believed: the list is."""
    for _ in range(2):
        an_issue(repository, 2)
    repository.inject(SECRET, {1: Fault(kind)})
    tell(repository, wanted_issue(2))
    assert len(tracked(repository)) == 1


def test_what_may_be_there_is_looked_for_whatever_the_answer(repository: FakeGitHub) -> None:
    """After a create without an answer even a refusal is asked again: nobody else would find the twin tonight."""
    repository.inject(SECRET, {2: Fault(Kind.RESET_AFTER), 3: Fault(Kind.READ_ONLY)})
    assert tell(repository, wanted_issue(1)).trouble is None
    assert len(tracked(repository)) == 1


def test_a_list_that_lags_behind_does_not_open_a_second_issue(repository: FakeGitHub) -> None:
    """GitHub's lists may miss for a moment what was just created."""
    hidden = []

    def meanwhile(number: int) -> Fault | None:
        if number == 3:
            hidden.append(repository.world.issues.popitem())
        return None

    repository.inject(SECRET, meanwhile)
    ended = tell(repository, wanted_issue(1))
    assert ended.tracked is not None
    assert ended.tracked.why == "a new issue"
    assert len(hidden) == 1
    assert methods(repository) == ["GET", "GET", "POST", "GET"]


def test_only_what_the_account_has_opened_is_read(repository: FakeGitHub) -> None:
    """A database has thousands of open issues."""
    for _ in range(150):
        repository.world.add_issue("another", author="somebody")
    tell(repository, wanted_issue(1))
    assert [request.query.get("creator") for request in repository.requests if request.method == "GET"] == [
        ACTIONS_BOT
    ] * 3


def test_an_issue_that_vanishes_is_opened_again(repository: FakeGitHub) -> None:
    """Somebody deletes it between the list and the change."""
    mine = an_issue(repository, 1)

    def meanwhile(number: int) -> Fault | None:
        if number == 1:
            del repository.world.issues[mine.repo, mine.number]
        return None

    repository.inject(SECRET, meanwhile)
    assert tell(repository, wanted_issue(2)).trouble is None
    assert [stamp_in(one).run_id for one in tracked(repository)] == [2]


def test_a_repository_without_issues_is_told_so_at_once(repository: FakeGitHub) -> None:
    """Nothing is tried twice."""
    repository.world.without_issues.add("somebody/database")
    ended = tell(repository, wanted_issue(1))
    assert "Issues are disabled" in str(ended.trouble)
    assert ended.clock.waits_s == []


def test_another_account_is_told_what_to_set(repository: FakeGitHub) -> None:
    """An issue that the next run would not know again is closed: it would be opened anew each night."""
    repository.add_token(SECRET, login="gate-app[bot]")
    with pytest.raises(UsageError, match=r"set comment-author to gate-app\[bot\]"):
        tell(repository, wanted_issue(1))
    assert repository.issues() == []
    (taken,) = repository.issues("closed")
    assert taken.state_reason == "not_planned"


@pytest.mark.parametrize("first", range(0, SCHEDULES, 50))
def test_random_faults_leave_at_most_one_open_issue(github: FakeGitHub, first: int) -> None:
    """One run or two at once, red or green, four faults each at most: no duplicate, nothing of others' touched."""
    for seed in some_of(range(first, first + 50)):
        with github.scenario():
            schedule = a_schedule(seed)
            set_up(github, schedule)
            wants = {token: wanted_issue(run, red=red) for token, (run, red) in schedule.runs.items()}
            ended = at_once(github, telling(github, wants), schedule.order)
            assert complaints(github, schedule, ended) == [], f"schedule {seed}: {schedule}"
            assert not any(SECRET in str(one.trouble) for one in ended.values())
