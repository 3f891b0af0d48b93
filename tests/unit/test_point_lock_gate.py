"""What the gate on locked points tells: whole outcomes, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest

from vopr_coverage.gates.locked import judge_locked_points
from vopr_coverage.model.drift import Drift, Renamed
from vopr_coverage.model.outcome import Outcome, Shortfall, Status

ADVICE = (
    "Look at what changed in the tester. If it is meant, `vopr-coverage points lock RUN…` writes the file anew, for a "
    "review of the diff."
)
RENAMED_ADVICE = (
    "If it was renamed, rename it in the file, too: then it keeps its class, its rate and the night that saw it first."
)
NEVER_HIT_ADVICE = (
    "Reach it, or give it the class `unreachable` in the scenarios that cannot reach it. `vopr-coverage points update "
    "RUN…` marks it rare once enough seeds show that it is. `on_not_measured` excuses this gate."
)
UNSHOWN_ADVICE = "Reach it, and add it with `vopr-coverage points update RUN…`; `on_not_measured` excuses this gate."
SCENARIO_ADVICE = "Add its points with `vopr-coverage points update RUN…`, and review the diff."


def drifted(locked: int = 5, **lists: Any) -> Outcome:
    """What the gate says of such a drift from `points.json`."""
    return judge_locked_points(Drift("points.json", locked, **lists))


def ended(status: Status, measured: str, **rest: Any) -> Outcome:
    """An outcome with all that is the same for each drift."""
    same: dict[str, Any] = {"origin": "points.json", "advice": ADVICE}
    return Outcome("locked-points", status, measured, "all as locked", **same, **rest)


def lacking(kind: str, line: str, actual: str, point: str | None, advice: str) -> Shortfall:
    """A shortfall of this gate."""
    return Shortfall(kind, line, "As in the lockfile", actual, line, point=point, advice=advice)


def test_a_run_as_locked_has_nothing_to_tell() -> None:
    """All of its points are as locked, were it none."""
    assert drifted() == ended(Status.PASSED, "5 of 5 as locked")
    assert drifted(0) == ended(Status.PASSED, "0 of 0 as locked")


def test_a_vanished_point_fails_with_its_new_name_if_one_looks_like_it() -> None:
    """Each has the advice that fits; the others of the file are as locked."""
    assert drifted(vanished=("drop", "sync"), renamed=(Renamed("sync", "fsync", 1),)) == ended(
        Status.FAILED,
        "3 of 5 as locked",
        violations=(
            lacking(
                "PointVanished",
                "Locked point 'drop' vanished: it is no longer declared",
                "Not declared",
                "drop",
                ADVICE,
            ),
            lacking(
                "PointRenamed",
                "Locked point 'sync' vanished; renamed to 'fsync' (distance 1)?",
                "Not declared",
                "sync",
                RENAMED_ADVICE,
            ),
        ),
    )


def test_what_nothing_has_shown_is_not_measured() -> None:
    """What was never hit is not as locked; what is not locked takes nothing away from that."""
    assert drifted(never_hit=("crash",), unshown=("skew",)) == ended(
        Status.NOT_MEASURED,
        "4 of 5 as locked",
        violations=(
            lacking(
                "PointNeverHit",
                "Locked point 'crash' was never hit since it was locked",
                "Never hit",
                "crash",
                NEVER_HIT_ADVICE,
            ),
            lacking(
                "PointNotShown",
                "Point 'skew' is not locked, and was not hit either",
                "Neither locked nor hit",
                "skew",
                UNSHOWN_ADVICE,
            ),
        ),
    )


@pytest.mark.parametrize(
    ("scenario", "line"),
    [
        ("calm", "Scenario 'calm' is not in the lockfile"),
        ("", "Runs without a scenario are not in the lockfile"),
    ],
)
def test_a_scenario_that_is_not_locked_has_no_figure(scenario: str, line: str) -> None:
    """The points of another scenario are no measure of it."""
    assert drifted(missing=(scenario,)) == ended(
        Status.NOT_MEASURED,
        "not measured",
        violations=(lacking("ScenarioNotLocked", line, "Not locked", None, SCENARIO_ADVICE),),
    )


def test_what_is_gone_comes_first_and_decides() -> None:
    """A failure is certain; all else is told behind it."""
    outcome = drifted(vanished=("a",), never_hit=("b", "c"), missing=("calm",))
    assert outcome.status is Status.FAILED
    assert [each.kind for each in outcome.violations] == [
        "PointVanished",
        "ScenarioNotLocked",
        "PointNeverHit",
        "PointNeverHit",
    ]


def test_a_run_that_lists_only_its_hits_says_so() -> None:
    """Whatever is missing in it may have been missed."""
    assert drifted(can_vanish=False) == ended(
        Status.PASSED,
        "5 of 5 as locked",
        note="lists only what it hit: what vanished cannot be told from what was missed",
    )


def test_what_is_beyond_the_file_warns_in_one_sentence_each() -> None:
    """It passes: there is more evidence than was asked for, or a loss that another gate judges."""
    assert drifted(
        undeclared=("new",),
        reached=("skew",),
        lost=("drop", "delay"),
        rare_never_hit=("crash",),
        looks_renamed=(Renamed("sync", "fsync", 1), Renamed("net", "nets", 2)),
    ) == ended(
        Status.PASSED,
        "5 of 5 as locked",
        warnings=(
            "1 point is hit and not locked, so no percentage counts it; `vopr-coverage points update` adds: new",
            "Hit, though the lockfile says unreachable; `vopr-coverage points update` moves: skew",
            "Not hit, and by the rates that are locked chance does not explain it: drop, delay",
            "Rare, and never hit since locked: crash",
            "Not hit, perhaps renamed: sync, now 'fsync' (distance 1), net, now 'nets' (distance 2)",
        ),
    )


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (2, "p0, p1"),
        (5, "p0, p1, p2, p3, p4"),
        (6, "p0, p1, p2, p3, p4 and 1 more"),
        (12, "p0, p1, p2, p3, p4 and 7 more"),
    ],
)
def test_five_names_are_told_and_the_others_counted(count: int, told: str) -> None:
    """A warning has to fit into a line; all count."""
    (warning,) = drifted(undeclared=tuple(f"p{number}" for number in range(count))).warnings
    assert warning == (
        f"{count} points are hit and not locked, so no percentage counts them; `vopr-coverage points update` adds: "
        f"{told}"
    )
