"""One comment, whatever goes wrong: the real PyGithub against a GitHub on loopback. `make faults` plays 10,000 more."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest
import trustme

from tests.fake_github.contract import Contract
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.faults import AFTER_EFFECT, WITHOUT_ANSWER, Fault, Kind
from tests.support.examples import some_of
from tests.support.pull_requests import (
    PULL,
    SECRET,
    Ended,
    a_schedule,
    at_once,
    comment,
    complaints,
    ours,
    run_of,
    set_up,
    wanted,
)
from vopr_coverage.github.comment_plan import WantedComment
from vopr_coverage.github.retry import TroubleKind

SCHEDULES = 400
ELSE = "Looks good to me."


@pytest.fixture
def pull(github: FakeGitHub) -> FakeGitHub:
    """A pull request, and a token that may comment."""
    github.world.add_pull(PULL)
    github.add_token(SECRET)
    return github


def commenting(github: FakeGitHub, wants: Mapping[str, WantedComment]) -> dict[str, Callable[[], Ended]]:
    """For each token what makes it comment."""
    return {token: partial(comment, github, want, token) for token, want in wants.items()}


def methods(github: FakeGitHub) -> list[str]:
    """What was asked, in order."""
    return [request.method for request in github.requests]


@pytest.mark.parametrize("others", [0, 1, 29, 30, 31, 99, 100, 101, 250])
def test_a_comment_is_found_behind_any_number_of_others(pull: FakeGitHub, others: int) -> None:
    """Pages are read to their end, so a busy pull request gets no second comment."""
    for _ in range(others):
        pull.world.add_comment(PULL, ELSE, author="somebody")
    mine = pull.world.add_comment(PULL, wanted(1).body)
    assert comment(pull, wanted(2)).trouble is None
    assert [(one.id, run_of(one)) for one in ours(pull)] == [(mine.id, 2)]


def test_an_update_takes_two_requests_and_no_change_one(pull: FakeGitHub) -> None:
    """With 90 comments: a list and a change; or just the list."""
    for _ in range(89):
        pull.world.add_comment(PULL, ELSE, author="somebody")
    pull.world.add_comment(PULL, wanted(1).body)
    comment(pull, wanted(2))
    assert methods(pull) == ["GET", "PATCH"]
    comment(pull, wanted(2))
    assert methods(pull) == ["GET", "PATCH", "GET"]


def test_a_new_comment_is_looked_at_once_more(pull: FakeGitHub) -> None:
    """Another run may have written one at the same moment."""
    comment(pull, wanted(1))
    assert methods(pull) == ["GET", "POST", "GET"]


@pytest.mark.parametrize("kind", WITHOUT_ANSWER)
def test_a_create_without_an_answer_is_looked_for_before_it_is_repeated(pull: FakeGitHub, kind: Kind) -> None:
    """Whether it took effect or not: one comment in the end, and a second POST only where the first did nothing."""
    pull.inject(SECRET, {1: Fault(kind)})
    ended = comment(pull, wanted(1))
    assert ended.trouble is None
    assert len(ours(pull)) == 1
    took_effect = kind in AFTER_EFFECT
    assert methods(pull) == ["GET", "POST", "GET"] + ([] if took_effect else ["POST", "GET"])


@pytest.mark.parametrize("kind", [Kind.BAD_GATEWAY_502, Kind.RESET_AFTER, Kind.TRUNCATED_JSON, Kind.RATE_LIMIT_429])
def test_a_change_is_tried_again(pull: FakeGitHub, kind: Kind) -> None:
    """PATCH is what most clients leave out of their retries."""
    pull.world.add_comment(PULL, wanted(1).body)
    pull.inject(SECRET, {1: Fault(kind)})
    assert comment(pull, wanted(2)).trouble is None
    assert run_of(ours(pull)[0]) == 2


def test_a_change_that_failed_is_planned_anew(pull: FakeGitHub) -> None:
    """While an older run waited to try again, a newer one wrote: that text stays."""
    mine = pull.world.add_comment(PULL, wanted(1).body)

    def meanwhile(number: int) -> Fault | None:
        if number == 2:
            mine.body = wanted(3).body
        return Fault(Kind.BAD_GATEWAY_502) if number == 1 else None

    pull.inject(SECRET, meanwhile)
    ended = comment(pull, wanted(2))
    assert ended.written is not None
    assert "newer run 3" in ended.written.why
    assert run_of(ours(pull)[0]) == 3


def test_a_comment_that_vanishes_is_written_again(pull: FakeGitHub) -> None:
    """Somebody deletes it between the list and the change."""
    mine = pull.world.add_comment(PULL, wanted(1).body)

    def meanwhile(number: int) -> Fault | None:
        if number == 1:
            del pull.world.comments[mine.id]
        return None

    pull.inject(SECRET, meanwhile)
    assert comment(pull, wanted(2)).trouble is None
    assert [run_of(one) for one in ours(pull)] == [2]


def test_duplicates_of_others_races_are_folded(pull: FakeGitHub) -> None:
    """The newest run's stays, whoever comes by."""
    for run in (3, 5, 4):
        pull.world.add_comment(PULL, wanted(run).body)
    pull.world.add_comment(PULL, wanted(9).body, author="mallory")
    comment(pull, wanted(1))
    assert [run_of(one) for one in ours(pull)] == [5]
    assert len(pull.comments(PULL)) == 2


@pytest.mark.parametrize("order", ["ABABABAB", "AABBABAB", "ABBAABBA", "ABBBAAAB", "BABAABAB"])
@pytest.mark.parametrize("newer", ["A", "B"])
def test_two_runs_at_once_leave_one_comment(pull: FakeGitHub, order: str, newer: str) -> None:
    """Both see none, both write one, and each looks again: the newer run's stays."""
    tokens = {"A": pull.add_token(f"{SECRET}A"), "B": pull.add_token(f"{SECRET}B")}
    wants = {token: wanted(2 if name == newer else 1) for name, token in tokens.items()}
    ended = at_once(pull, commenting(pull, wants), [tokens[name] for name in order])
    assert [one.trouble for one in ended.values()] == [None, None]
    assert [run_of(one) for one in ours(pull)] == [2]


@pytest.mark.parametrize("first", range(0, SCHEDULES, 50))
def test_random_faults_leave_at_most_one_comment(github: FakeGitHub, first: int) -> None:
    """One run or two at once, at most four faults each: no duplicate, no foreign comment touched, no token told."""
    for seed in some_of(range(first, first + 50)):
        with github.scenario():
            schedule = a_schedule(seed)
            set_up(github, schedule)
            wants = {token: wanted(run) for token, run in schedule.runs.items()}
            ended = at_once(github, commenting(github, wants), schedule.order)
            assert complaints(github, schedule) == [], f"schedule {seed}: {schedule}"
            assert not any(SECRET in str(one.trouble) for one in ended.values())


@pytest.mark.parametrize("kind", [Kind.NOT_FOUND, Kind.ERROR_500, Kind.READ_ONLY, Kind.RESET_AFTER])
def test_what_is_one_too_many_is_looked_for_until_it_is_gone(pull: FakeGitHub, kind: Kind) -> None:
    """A server's word that it isn't there is not believed: the list is."""
    pull.world.add_comment(PULL, wanted(1).body)
    pull.world.add_comment(PULL, wanted(2).body)
    pull.inject(SECRET, {1: Fault(kind)})
    comment(pull, wanted(2))
    assert [run_of(one) for one in ours(pull)] == ([1, 2] if kind is Kind.READ_ONLY else [2])


def test_a_list_without_an_end_is_given_up(pull: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server whose pages never end must not keep a job busy for ever, nor be taken for one without our comment."""
    monkeypatch.setattr("vopr_coverage.github.api.PAGES_MAX", 2)
    for _ in range(201):
        pull.world.add_comment(PULL, ELSE, author="somebody")
    ended = comment(pull, wanted(1))
    assert "more than" in str(ended.trouble)
    assert ours(pull) == []


def test_a_rate_limit_of_an_hour_is_not_waited_for(pull: FakeGitHub) -> None:
    """The reset is in an hour: the step goes on without its comment, at once."""
    pull.inject(SECRET, {0: Fault(Kind.RATE_LIMIT_403, 3_600)})
    ended = comment(pull, wanted(1))
    assert ended.trouble is not None
    assert ended.trouble.kind is TroubleKind.LIMITED
    assert ended.clock.waits_s == []


def test_a_server_with_a_ca_of_its_own(tmp_path: Path, github_contract: Contract | None) -> None:
    """GHES behind a company's CA: refused with a hint on what to set, and trusted once it is set."""
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    bundle = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with FakeGitHub(github_contract, prefix="/api/v3", ssl_context=server) as ghes:
        ghes.world.add_pull(PULL)
        ghes.add_token(SECRET)
        assert "REQUESTS_CA_BUNDLE" in str(comment(ghes, wanted(1)).trouble)
        assert comment(ghes, wanted(1), ca_file=str(bundle)).trouble is None
        assert "can't be read" in str(comment(ghes, wanted(2), ca_file=str(tmp_path / "missing.pem")).trouble)
        assert [run_of(one) for one in ours(ghes)] == [1]
