"""What the gate on failing seeds tells: whole outcomes, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, FLAT, a_recording, a_run, failing
from tests.support.reports import SEED_COUNT, requiring
from vopr_coverage.gates.failing_seeds import Expectation, crash_in, judge_failures
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import FailureGroup, Input, SeedList

BUG = "The simulator found a bug: replay the seed with the command shown."
DIED = (
    "The simulator died at this seed: replay it with the command shown. If it then holds, the crash depends on the "
    "seeds before it, on memory or on the machine."
)
UNCAUGHT = "The bug that this scenario plants must be caught on every seed: look at its oracle."
NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)
PANICKED = Crash(exit_code=101, last_words=("panicked at a.rs:1:", "no room"))
EXPECTED = Expectation(("x", "y"), 0.125, "gate.yml:3")


def judged(read: Input, expect: Expectation | None = None) -> Outcome:
    """What the gate says of this file; it has no bounds."""
    return judge_failures(read, requiring(), expect)


def crashed_at(*seeds: int) -> FailureGroup:
    """Seeds that the simulator died at."""
    return FailureGroup("crash", len(seeds), "no room", seeds, PANICKED)


def died(*groups: FailureGroup, **changes: Any) -> Input:
    """A run of ten seeds from 40 on that ended with the last of these groups."""
    run: dict[str, Any] = {"starting_seed": 40, "announced": 10, "failed_records": 1, "ended_early": CUT}
    return a_run(**run | {"crashed": True, "failures": groups} | changes)


def seed_failed(line: str, message: str, actual: str, advice: str, **rest: Any) -> Shortfall:
    """A shortfall about seeds that failed."""
    return Shortfall("SeedFailed", message, "Holds on every seed", actual, line, advice=advice, **rest)


# ---- no violation is expected


def test_a_whole_run_without_failed_seeds_passes() -> None:
    """With zero seeds, which is a figure."""
    assert judged(a_run()) == Outcome("failures", Status.PASSED, "0 seeds failed", "0 seeds", "always", 0)


@pytest.mark.parametrize(
    ("crashed", "note"), [(False, "the run did not finish"), (True, "the simulator died, see the failing seeds")]
)
def test_a_cut_run_without_failed_seeds_shows_nothing(crashed: bool, note: str) -> None:
    """Its other seeds might have failed."""
    outcome = judged(a_run(ended_early=CUT, crashed=crashed))
    assert outcome == Outcome("failures", Status.NOT_MEASURED, "not measured", "0 seeds", "always", note=note)


def test_a_format_without_runs_has_no_seeds_to_fail() -> None:
    """Where a violation is expected, that is not enough."""
    note = "this format has no run records"
    assert judged(FLAT) == Outcome("failures", Status.NOT_REQUIRED, "", "nothing", note=note)
    line = "Expected violation: not measured"
    assert judged(FLAT, EXPECTED) == Outcome(
        "failures",
        Status.NOT_MEASURED,
        "not measured",
        "expected violation",
        violations=(Shortfall("NotMeasured", line, "Measured", "not measured", line),),
        advice=NOT_REPORTED,
    )


def test_failed_seeds_are_told_by_invariant_with_the_first_to_replay() -> None:
    """And with the simulator's own message, or with as much of all that as is known."""
    read = a_run(failures=(failing("x", 4), failing("y", 5, 7), FailureGroup("z", 2, "", ())), failed_records=5)
    assert judged(read) == Outcome(
        "failures",
        Status.FAILED,
        "5 seeds failed",
        "0 seeds",
        "always",
        5,
        violations=(
            seed_failed(
                "Invariant 'x' failed on 1 seed: 4",
                "Invariant 'x' failed",
                "1 seed",
                BUG,
                detail="mismatch",
                invariant="x",
                seed="4",
            ),
            seed_failed(
                "Invariant 'y' failed on 2 seeds: 5, 7",
                "Invariant 'y' failed",
                "2 seeds",
                BUG,
                detail="mismatch",
                invariant="y",
                seed="5",
            ),
            seed_failed("Invariant 'z' failed on 2 seeds: ", "Invariant 'z' failed", "2 seeds", BUG, invariant="z"),
        ),
        advice=BUG,
    )
    assert judged(a_run(failures=(failing("x", 4),), failed_records=1)).measured == "1 seed failed"


# ---- crashes


def test_a_crash_is_told_with_its_ending_its_last_words_and_what_did_not_run() -> None:
    """It is found like a seed that failed, and has advice of its own."""
    (told,) = judged(died(crashed_at(42))).violations
    assert told == seed_failed(
        "Simulator died at seed 42: ended with exit code 101; 7 seeds behind it did not run",
        "Simulator died at seed 42",
        "ended with exit code 101",
        DIED,
        detail="stderr ends with: panicked at a.rs:1: / no room",
        invariant="crash",
        seed="42",
    )


def test_crashes_of_several_seeds_are_counted_and_the_first_is_to_replay() -> None:
    """After a restart all seeds have run, so nothing is left of that."""
    (told,) = judged(a_run(failures=(crashed_at(7, 9),), failed_records=2)).violations
    assert told == seed_failed(
        "Simulator died at 2 seeds: 7, 9: ended with exit code 101",
        "Simulator died at 2 seeds",
        "ended with exit code 101",
        DIED,
        detail="stderr ends with: panicked at a.rs:1: / no room",
        invariant="crash",
        seed="7",
    )


@pytest.mark.parametrize(
    ("changes", "not_run"),
    [
        ({}, 7),  # 43 to 49
        ({"failures": (crashed_at(49),)}, 0),
        ({"failures": (crashed_at(40, 42),)}, 7),  # behind the last of them
        ({"failures": (failing("x", 41), crashed_at(42))}, 7),
        ({"starting_seed": SEED_COUNT - 2, "failures": (crashed_at(1),)}, 6),  # the fourth of ten
        ({"announced": None}, 0),
        ({"starting_seed": None}, 0),
        ({"starting_seed": 0, "failures": (crashed_at(0),)}, 9),  # 0 is a seed as any other
    ],
)
def test_the_seeds_behind_the_one_that_it_died_at_did_not_run(changes: dict[str, Any], not_run: int) -> None:
    """As many as were announced, round the end of all seeds if need be; of no known range none."""
    read = died(crashed_at(42), **changes)
    assert read.run is not None
    assert crash_in(read.run.failures[-1], read) == replace(PANICKED, not_run=not_run)


def test_only_the_crash_that_ended_the_run_has_seeds_behind_it() -> None:
    """The simulator was started again behind the others."""
    first, last = crashed_at(41), crashed_at(43)
    read = died(first, last)
    assert crash_in(first, read) == PANICKED
    assert crash_in(last, read) == replace(PANICKED, not_run=6)
    assert crash_in(failing("x", 1), read) is None
    assert crash_in(last, FLAT) == PANICKED
    assert crash_in(last, died(first, last, crashed=False)) == PANICKED


def test_restarts_are_told_where_they_were_used_up() -> None:
    """Only beside seeds that did not run: of a run that came to its end nobody asks."""
    part = {"seed": "40", "iterations": 10, "ran": 1, "exit_code": 101, "signal": None, "last_words": []}
    part |= {"again": False, "agrees": None, "measured": False}
    parts = [part | {"died_at": str(seed)} for seed in (40, 41, 42)]
    recording = a_recording(parts=parts, restarts=2, exit_code=101)
    last = crashed_at(42)
    assert crash_in(last, replace(died(last), recording=recording)) == replace(PANICKED, not_run=7, restarts=2)
    at_the_end = crashed_at(49)
    assert crash_in(at_the_end, replace(died(at_the_end), recording=recording)) == PANICKED


# ---- a violation is expected


def expected(status: Status, measured: str, value: float, *violations: Shortfall) -> Outcome:
    """The outcome where a violation of `x` or `y` is expected on an eighth of the seeds."""
    required = "≥ 12.5% of seeds fail x or y"
    return Outcome(
        "failures", status, measured, required, "gate.yml:3", value, 0.125, violations=violations, advice=UNCAUGHT
    )


MISSED = ("ExpectedViolationMissed", "Expected violation missed", "At least 12.5%")


def test_a_share_of_seeds_that_is_just_enough_passes() -> None:
    """Of either invariant; they are added up."""
    read = a_run(failures=(failing("x", 0), failing("y", 3)), failed_records=2, iterations=16)
    assert judged(read, EXPECTED) == expected(Status.PASSED, "2 of 16 seeds caught it", 0.125)


def test_too_small_a_share_of_seeds_fails_beside_what_was_not_expected() -> None:
    """An invariant that no scenario plants is a bug as ever, and comes first."""
    read = a_run(failures=(failing("x", 0), failing("z", 1)), failed_records=2, iterations=16)
    assert judged(read, EXPECTED) == expected(
        Status.FAILED,
        "1 of 16 seeds caught it",
        0.0625,
        seed_failed(
            "Invariant 'z' failed on 1 seed: 1",
            "Invariant 'z' failed",
            "1 seed",
            BUG,
            detail="mismatch",
            invariant="z",
            seed="1",
        ),
        Shortfall(*MISSED, "1", "Expected violation missed: 1 of 16 seeds caught it (expected >= 12.5%)"),
    )


def test_no_seed_is_no_share_that_was_caught() -> None:
    """One seed, and none at all."""
    line = "Expected violation missed: 0 of 1 seed caught it (expected >= 12.5%)"
    one = expected(Status.FAILED, "0 of 1 seed caught it", 0.0, Shortfall(*MISSED, "0", line))
    assert judged(a_run(iterations=1), EXPECTED) == one
    line = "Expected violation missed: 0 of 0 seeds caught it (expected >= 12.5%)"
    none = expected(Status.FAILED, "0 of 0 seeds caught it", 0.0, Shortfall(*MISSED, "0", line))
    assert judged(a_run(iterations=0), EXPECTED) == none


def test_a_cut_run_is_judged_by_its_expectation_only_if_a_crash_ended_it() -> None:
    """A crash is a failed seed that is certain; else the other seeds might have caught it."""
    assert judged(a_run(ended_early=CUT, failures=(failing("x", 0),)), EXPECTED) == Outcome(
        "failures",
        Status.NOT_MEASURED,
        "not measured",
        "≥ 12.5% of seeds fail x or y",
        "gate.yml:3",
        note="the run did not finish",
    )
    of_crash = judged(died(failing("x", 40), crashed_at(42)), EXPECTED)
    assert (of_crash.status, of_crash.value) == (Status.FAILED, 1 / 3)
    assert [each.invariant for each in of_crash.violations] == ["crash"]


def test_an_expectation_of_one_invariant_names_it_alone() -> None:
    """In whole percent where it is one."""
    outcome = judged(a_run(failures=(failing("x", 0, 1, 2),)), Expectation(("x",), 1.0, "gate.yml:3"))
    assert (outcome.status, outcome.required) == (Status.PASSED, "≥ 100% of seeds fail x")
    assert outcome.value == outcome.minimum == 1.0


def test_seeds_that_left_no_record_are_no_failures_here() -> None:
    """The gate on determinism has them."""
    assert judged(a_run(silent_failures=SeedList(1, (4,)))).status is Status.PASSED
