"""What drifted between a run and the lockfile, by class; and which name looks like another."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from vopr_coverage.gates.locked import judge_locked_points
from vopr_coverage.model.drift import Drift, Renamed
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.point_lock import LockedIn, LockedPoint, PointClass, PointLock
from vopr_coverage.points.drift import RunNames, distance, drift_of, lost_among, renames


def a_lock(**classes: PointClass) -> PointLock:
    """Points of these classes in `combined`; of a name that ends in `_never` no run ever hit the point."""
    points = [
        LockedPoint(name, "fault", {"combined": LockedIn(class_, hit=not name.endswith("_never"))})
        for name, class_ in classes.items()
    ]
    return PointLock(points=tuple(points))


def drifted(lock: PointLock, named: str, hit: str, *, declares: bool = True, scenario: str = "combined") -> Drift:
    """The drift of a run with these names."""
    run = RunNames(frozenset(named.split()), frozenset(hit.split()), declares)
    return drift_of(lock, "points.json", [scenario], run)


LOCK = a_lock(crash="critical", drop="common", delay="rare", skew="unreachable")


def test_a_run_as_locked_passes() -> None:
    """An unreachable point need not be declared; a missed one is for other gates."""
    outcome = judge_locked_points(drifted(LOCK, "crash drop delay", "crash"))
    assert (outcome.status, outcome.measured, outcome.warnings) == (Status.PASSED, "3 of 3 as locked", ())


def test_what_is_no_longer_declared_vanished() -> None:
    """Otherwise a deletion would make the coverage better."""
    outcome = judge_locked_points(drifted(LOCK, "crash drop", "crash drop"))
    assert outcome.status is Status.FAILED
    assert [each.line for each in outcome.violations] == ["Locked point 'delay' vanished: it is no longer declared"]


def test_a_phase_that_is_off_is_one_of_those_that_are_locked() -> None:
    """It was taken away from a number in which it was not."""
    election = LockedPoint("election", "phase", {"combined": LockedIn("common", hit=True)})
    lock = PointLock(points=(*a_lock(crash="critical", drop="common").points, election))
    assert judge_locked_points(drifted(lock, "crash drop election", "crash")).measured == "3 of 3 as locked"
    assert judge_locked_points(drifted(lock, "crash drop", "crash")).measured == "2 of 3 as locked"


def test_what_vanished_is_told_once() -> None:
    """Whether it was ever hit matters no more."""
    outcome = judge_locked_points(drifted(a_lock(a="common", b_never="common"), "a", "a"))
    assert [each.kind for each in outcome.violations] == ["PointVanished"]


def test_what_vanished_may_have_another_name_now() -> None:
    """With the distance, so that a reader can judge it."""
    outcome = judge_locked_points(drifted(LOCK, "crash dorp delay", "crash dorp"))
    assert [each.kind for each in outcome.violations] == ["PointRenamed"]
    assert outcome.violations[0].line == "Locked point 'drop' vanished; renamed to 'dorp' (distance 2)?"


def test_what_was_hit_and_is_not_locked_only_warns() -> None:
    """There is more evidence than was asked for."""
    outcome = judge_locked_points(drifted(LOCK, "crash drop delay brandnew", "crash brandnew"))
    assert outcome.status is Status.PASSED
    assert "1 point is hit and not locked" in outcome.warnings[0]


def test_what_is_neither_locked_nor_hit_is_not_measured() -> None:
    """A point that nothing has shown, and that no percentage counts."""
    outcome = judge_locked_points(drifted(LOCK, "crash drop delay brandnew", "crash"))
    assert outcome.status is Status.NOT_MEASURED
    assert [each.kind for each in outcome.violations] == ["PointNotShown"]


@pytest.mark.parametrize(
    ("class_", "status", "warnings"),
    [("common", Status.NOT_MEASURED, 0), ("critical", Status.NOT_MEASURED, 0), ("rare", Status.PASSED, 1)],
)
def test_a_point_that_was_never_hit_shows_nothing(class_: PointClass, status: Status, warnings: int) -> None:
    """Of a rare one that is what its class says."""
    outcome = judge_locked_points(drifted(a_lock(a="common", b_never=class_), "a b_never", "a"))
    assert (outcome.status, len(outcome.warnings)) == (status, warnings)
    hit_now = judge_locked_points(drifted(a_lock(a="common", b_never=class_), "a b_never", "a b_never"))
    assert (hit_now.status, hit_now.warnings) == (Status.PASSED, ())


def test_an_unreachable_point_that_was_hit_is_told() -> None:
    """The file says what is not so; nothing is missing, so it warns."""
    outcome = judge_locked_points(drifted(LOCK, "crash drop delay skew", "crash skew"))
    assert outcome.status is Status.PASSED
    assert outcome.warnings[0].startswith("Hit, though the lockfile says unreachable")


def test_a_run_that_lists_only_what_it_hit_says_nothing_of_what_vanished() -> None:
    """It was missed, or it is gone; a new name that looks like it is worth a warning."""
    outcome = judge_locked_points(drifted(LOCK, "crash dorp", "crash dorp", declares=False))
    assert (outcome.status, bool(outcome.note)) == (Status.PASSED, True)
    assert "drop, now 'dorp' (distance 2)" in outcome.warnings[1]


def test_a_scenario_that_is_not_locked_is_not_measured() -> None:
    """What the file does not know cannot be compared with it."""
    outcome = judge_locked_points(drifted(LOCK, "crash", "crash", scenario="calm"))
    assert outcome.status is Status.NOT_MEASURED
    assert [each.line for each in outcome.violations] == ["Scenario 'calm' is not in the lockfile"]


def test_a_point_is_lost_where_chance_does_not_explain_the_miss() -> None:
    """By the lower limit of its rate, over all points together."""
    rates = {"often": (0.2, 0.5), "seldom": (0.001, 0.01), "hit": (0.2, 0.5), "new": (0.0, 0.1)}
    assert lost_among(rates, {"hit"}, 100) == ("often",)  # 0.8^100; seldom is missed in 90 of 100 cases
    assert lost_among(rates, {"hit"}, 10) == ()
    assert lost_among(rates, {"hit"}, 10_000) == ("often", "seldom")
    border = {f"p{number}": (0.05, 0.1) for number in range(10)}
    assert lost_among(border, {name for name in border if name != "p0"}, 100) == ("p0",)  # 0.6 of 100 cases
    assert lost_among({**rates, "p0": (0.05, 0.1)}, {"hit", "often"}, 100) == ()  # one of three such tests is no rarity


@pytest.mark.parametrize(
    ("gone", "new", "found"),
    [
        ("storage:fsync_complete", ["storage.fsync_complete"], [1]),
        ("net.drop", ["net.drap", "net.dropped"], [1]),  # the nearest
        ("abcdefgh", ["abcdefxy"], [2]),
        ("abcdefgh", ["stuvwxyz"], []),  # another word
        ("ab", ["abc", "aa"], [1]),
    ],
)
def test_the_nearest_name_is_found_if_it_is_near_enough(gone: str, new: Collection[str], found: list[int]) -> None:
    """A quarter of the letters, two in any case."""
    assert [each.distance for each in renames([gone], new)] == found


def test_ties_go_to_the_first_name() -> None:
    """So that the same run always says the same."""
    assert list(renames(["abc"], ["abz", "abd"])) == [Renamed("abc", "abd", 1)]


def counted_slowly(one: str, other: str) -> int:
    """The distance by the textbook's table."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        after = [i]
        for j, theirs in enumerate(other, 1):
            after.append(min(row[j] + 1, after[-1] + 1, row[j - 1] + (letter != theirs)))
        row = after
    return row[-1]


@examples(400)
@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 9))
def test_the_distance_is_that_of_the_whole_table(one: str, other: str, limit: int) -> None:
    """Only the band around the diagonal is computed."""
    slowly = counted_slowly(one, other)
    assert distance(one, other, limit) == (slowly if slowly <= limit else None)
