"""How long a step waits, and when it gives up. The clock is a fake one."""

from __future__ import annotations

import pytest

from tests.support.pull_requests import FakeClock
from vopr_coverage.github.retry import (
    LIMITED_S,
    RACE_S,
    RACES_S_MAX,
    TRIES_MAX,
    WAIT_S_MAX,
    WAITS_S_MAX,
    RetryBudget,
    Trouble,
    TroubleKind,
)

BROKEN = Trouble(TroubleKind.BROKEN, "no answer")
REFUSED = Trouble(TroubleKind.REFUSED, "no", 403)


def limited(wait_s: float | None) -> Trouble:
    """A rate limit that asks for so many seconds."""
    return Trouble(TroubleKind.LIMITED, "slow down", 429, wait_s)


@pytest.mark.parametrize(
    ("trouble", "tries", "waits_s"),
    [
        (BROKEN, 1, 1.0),
        (BROKEN, 4, 8.0),  # longer from try to try
        (limited(7), 1, 7.0),
        (limited(0), 1, 1.0),  # a reset that is due is still a moment away
        (limited(None), 1, LIMITED_S),
        (limited(WAIT_S_MAX), 3, WAIT_S_MAX),
    ],
)
def test_what_is_worth_another_try_is_waited_for(trouble: Trouble, tries: int, waits_s: float) -> None:
    """As long as GitHub asks, or twice as long as the last time."""
    clock = FakeClock()
    RetryBudget(clock).wait(trouble, tries)
    assert clock.waits_s == [waits_s]


@pytest.mark.parametrize(("trouble", "tries"), [(REFUSED, 1), (BROKEN, TRIES_MAX), (limited(WAIT_S_MAX + 1), 1)])
def test_what_is_not_worth_it_is_raised_at_once(trouble: Trouble, tries: int) -> None:
    """A refusal, enough tries, an hour's pause: none is waited for."""
    clock = FakeClock()
    with pytest.raises(Trouble, match=str(trouble)):
        RetryBudget(clock).wait(trouble, tries)
    assert clock.waits_s == []


def test_all_waits_together_have_a_limit() -> None:
    """A runner's minutes cost money, so the budget is one for all requests of a step."""
    clock = FakeClock()
    patience = RetryBudget(clock)
    patience.wait(limited(50), 1)
    with pytest.raises(Trouble):
        patience.wait(limited(50), 1)
    assert sum(clock.waits_s) <= WAITS_S_MAX


def test_runners_that_write_at_once_spread() -> None:
    """Each waits a time of its own, as often as it is overtaken, until that took minutes; other waits are not less."""
    overtaken = Trouble(TroubleKind.OVERTAKEN, "somebody else was faster")
    clock = FakeClock()
    patience = RetryBudget(clock, draw=iter([0.5, 0.25, 1.0, 1.0, 1.0, 0.75]).__next__)
    for _ in range(5):
        patience.step_aside(overtaken)
    assert clock.waits_s == [RACE_S * share for share in (0.5, 0.25, 1.0, 1.0, 1.0)]
    with pytest.raises(Trouble, match="somebody else was faster"):
        patience.step_aside(overtaken)
    assert sum(clock.waits_s) <= RACES_S_MAX
    patience.wait(limited(50), 1)


def test_who_looks_after_what_was_written_is_stubborn_within_bounds() -> None:
    """Refusals and long pauses don't end it, tries do; and no wait is longer than others may wait."""
    clock = FakeClock()
    patience = RetryBudget(clock)
    for trouble in (REFUSED, limited(3_600), BROKEN):
        patience.wait(trouble, 1, stubborn=True)
    assert max(clock.waits_s) <= WAIT_S_MAX
    with pytest.raises(Trouble):
        patience.wait(BROKEN, TRIES_MAX, stubborn=True)


def test_every_wait_is_told() -> None:
    """A log that stands still for a minute says why."""
    told: list[str] = []
    RetryBudget(FakeClock(), told.append).wait(limited(30), 1)
    assert told == ["slow down; trying again in 30 s"]
