"""What is told of a canary that was not detected: what failed instead, what ended it, and what to do about it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.canary_runs import (
    CUT,
    HASHES,
    a_run,
    a_stored,
    an_input,
    failures,
    hitting,
    judged,
    silent,
    told,
    violated,
)
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.report import CoverageReport, Input, Run

WORDS = ("panicked at a.rs:1", "no quorum")
ENDED = "stderr ends with: panicked at a.rs:1 / no quorum"
DIED = Crash(exit_code=101, last_words=WORDS)

NOT_DETECTED = "Is the planted bug still called, is its oracle still run? Else give it more seeds."
WRONG = "Something else failed: look whether the canary breaks what it means to, or name this detector in the config."
CRASHED = (
    "A crash is no detection unless the config declares it: look at the simulator's stderr, and make the canary fail "
    "an invariant, or declare `crash`."
)
OTHER_CRASH = (
    "It is not the declared crash: look at the simulator's stderr, and mend what else it died of, or `crash` in the "
    "config."
)
NOT_MEASURED = "Let the canary run at least as many iterations as the control run, on a point that it hits."


GONE = "fault point net.drop is hit in the control run and gone here"


@pytest.mark.parametrize(
    ("run", "detector", "expected"),
    [
        (
            a_run(failures=(failures("agreement", 4, 6), failures("order", 5)), failed_records=3),
            HASHES,
            told(CanaryEnding.WRONG_INVARIANT, "agreement on 2 seeds; order on 1 seed", WRONG,
                 seeds=("4", "6"), failed=3),
        ),
        (
            a_run(silent_failures=silent(7)),
            HASHES,
            told(CanaryEnding.WRONG_INVARIANT, "1 seed without a record", WRONG, seeds=("7",), failed=1),
        ),
        (
            a_run(failures=(failures("agreement", 4),), failed_records=1, silent_failures=silent(7, 8),
                  properties=violated("a.b", "c.d")),
            Detector(("hash_chain",), ("e.f",)),
            told(
                CanaryEnding.WRONG_INVARIANT,
                "agreement on 1 seed; 2 seeds without a record; property a.b; property c.d",
                WRONG,
                expected="invariant hash_chain, or property e.f",
                seeds=("4",),
                failed=3,
            ),
        ),
        (a_run(), HASHES, told(CanaryEnding.NOT_DETECTED, "nothing failed in 20 iterations", NOT_DETECTED)),
        (
            a_run(1),
            HASHES,
            told(CanaryEnding.NOT_DETECTED, "nothing failed in 1 iteration", NOT_DETECTED, iterations=1),
        ),
        (
            a_run(failures=(failures("hash_chain", 3, crash=Crash(exit_code=101)),), failed_records=1),
            HASHES,
            told(CanaryEnding.CRASHED, "ended with exit code 101", CRASHED, seeds=("3",), failed=1),
        ),
        (
            a_run(failures=(failures("agreement", 2), failures("crash", 3, 9, crash=DIED)), failed_records=3),
            Detector(crash="deadlock"),
            told(
                CanaryEnding.CRASHED,
                f"ended with exit code 101; {ENDED}; `crash` does not match its last words",
                OTHER_CRASH,
                expected="a crash whose last words match deadlock",
                seeds=("3", "9"),
                failed=3,
            ),
        ),
        (a_run(ended_early=CUT), HASHES, told(CanaryEnding.CRASHED, CUT, CRASHED)),
        (
            a_run(ended_early=CUT),
            Detector(crash="deadlock"),
            told(
                CanaryEnding.CRASHED,
                f"{CUT}; only a recording has the last words that `crash` is searched in",
                OTHER_CRASH,
                expected="a crash whose last words match deadlock",
            ),
        ),
    ],
)  # fmt: skip
def test_what_detected_nothing_is_told_with_advice(run: Run, detector: Detector, expected: CanaryResult) -> None:
    """What failed instead, in the order in which it failed; or how the simulator died."""
    assert judged(run, detector) == expected


@pytest.mark.parametrize(
    ("run", "manifest", "ending", "detail", "advice"),
    [
        (a_run(), {"exit_code": 101}, CanaryEnding.CRASHED, f"ended with exit code 101; {ENDED}", CRASHED),
        (a_run(ended_early=CUT), {"exit_code": 0}, CanaryEnding.CRASHED, f"{CUT}; {ENDED}", CRASHED),
        (
            a_run(ended_early=CUT, failures=(failures("hash_chain", 3),)),
            {"exit_code": None, "signal": 6},
            CanaryEnding.CRASHED,
            f"ended by signal 6; {ENDED}",
            CRASHED,
        ),
        (
            a_run(ended_early=CUT),
            {"timed_out": True, "timeout_s": 90.0},
            CanaryEnding.TIMED_OUT,
            f"timed out after 90 s; {ENDED}",
            "Give it more time, or fewer iterations.",
        ),
    ],
)
def test_a_run_that_broke_off_is_told_in_the_words_of_its_recording(
    run: Run, manifest: dict[str, Any], ending: CanaryEnding, detail: str, advice: str
) -> None:
    """And with the last words of its simulator."""
    read = an_input(run, recording=a_stored(last_words=list(WORDS), **manifest))
    assert judged(read) == told(ending, detail, advice)


def test_a_timeout_is_no_other_crash() -> None:
    """Nobody asks why the words do not match, where the recorder ended the simulator."""
    read = an_input(a_run(), recording=a_stored(timed_out=True, last_words=list(WORDS)))
    result = judged(read, Detector(crash="no quorum"))
    assert (result.ending, result.detail) == (CanaryEnding.TIMED_OUT, f"timed out; {ENDED}")


UNUSABLE = "The simulator wrote no stream: look at its options and its stderr."
NOTHING = Run(None, None, 0, 0, 0, "there is no start record")


@pytest.mark.parametrize(
    ("read", "detail", "iterations"),
    [
        (an_input(NOTHING), "there is no record in it", 0),
        (
            an_input(NOTHING, recording=a_stored(exit_code=2, last_words=["no such option"])),
            "ended with exit code 2; stderr ends with: no such option",
            0,
        ),
        (
            an_input(NOTHING, recording=a_stored(last_words=["no such option"])),
            "there is no record in it; stderr ends with: no such option",
            0,
        ),
        (an_input(None), "", None),
    ],
)
def test_what_has_no_record_is_unusable(read: Input, detail: str, iterations: int | None) -> None:
    """In the simulator's words, if it has any."""
    assert judged(read) == told(CanaryEnding.UNUSABLE, detail, UNUSABLE, iterations=iterations)


def test_failures_that_a_trace_may_hide_are_no_determinism_failures() -> None:
    """The check counts them so if it stores traces."""
    hiding = a_stored(command=["vopr", "--check-determinism"])
    read = an_input(a_run(silent_failures=silent(4, 5)), recording=hiding)
    why = "2 seeds without a record, perhaps ordinary failures: the check needs --no-trace-on-failure"
    assert judged(read, Detector(determinism=True)) == told(
        CanaryEnding.WRONG_INVARIANT, why, WRONG, expected="a determinism failure", seeds=("4", "5"), failed=2
    )
    assert judged(read).detail == "2 seeds without a record"
    plain = an_input(a_run(silent_failures=silent(4, 5)), recording=a_stored())
    assert judged(plain, Detector(determinism=True)).ending is CanaryEnding.DETECTED


@pytest.mark.parametrize(
    ("control", "canary", "ending", "detail"),
    [
        (hitting("net.drop"), hitting("net.drop"), CanaryEnding.NOT_DETECTED, "nothing failed in 20 iterations"),
        (hitting("net.drop"), hitting(iterations=21), CanaryEnding.DETECTED, GONE),
        (
            hitting("net.drop", iterations=1_001),
            hitting(iterations=1_000),
            CanaryEnding.NOT_MEASURED,
            "1,000 iterations, fewer than the control run's 1,001",
        ),
        (
            hitting("net.drop", iterations=9),
            hitting(iterations=20, measured=1),
            CanaryEnding.NOT_MEASURED,
            "1 iteration, fewer than the control run's 9",
        ),
        (
            hitting("disk.write"),
            hitting(),
            CanaryEnding.NOT_MEASURED,
            "the control run doesn't hit the fault point either",
        ),
        (
            an_input(a_run()),
            hitting(),
            CanaryEnding.NOT_MEASURED,
            "the control run doesn't hit the fault point either",
        ),
        (
            an_input(None, report=CoverageReport(hit_fault_points=["net.drop"])),
            hitting(),
            CanaryEnding.DETECTED,
            GONE,
        ),
        (
            hitting("net.drop"),
            an_input(a_run()),
            CanaryEnding.NOT_DETECTED,
            "nothing failed in 20 iterations",
        ),
    ],
)
def test_what_the_absence_of_a_fault_point_shows(
    control: Input, canary: Input, ending: CanaryEnding, detail: str
) -> None:
    """Nothing in a run that is shorter than the control run, or without coverage, or of a point that is never hit."""
    result = judged(canary, Detector(fault_points=("net.drop",)), control)
    assert (result.ending, result.detail) == (ending, detail)


def test_a_fault_point_that_is_never_hit_is_told_with_advice() -> None:
    """All of the run is told beside it."""
    assert judged(hitting(), Detector(fault_points=("net.drop",)), hitting()) == told(
        CanaryEnding.NOT_MEASURED,
        "the control run doesn't hit the fault point either",
        NOT_MEASURED,
        expected="fault point net.drop gone",
    )
