"""What is told of a canary that was detected, or has nothing to be held against: whole results, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.canary_runs import (
    HASHES,
    a_control,
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
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import (
    CanaryEnding,
    CanaryRun,
    judge_canary,
)
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import FailureGroup, Run

WORDS = ("panicked at a.rs:1", "no quorum")
ENDED = "stderr ends with: panicked at a.rs:1 / no quorum"


# ---- detected


@pytest.mark.parametrize(
    ("run", "detector", "detail", "more"),
    [
        (
            a_run(failures=(failures("agreement", 2), failures("hash_chain", 3, 5)), failed_records=3),
            HASHES,
            "invariant hash_chain failed on 2 of 20 seeds",
            {"seeds": ("3", "5"), "failed": 3},
        ),
        (
            a_run(1, failures=(failures("hash_chain", 0),), failed_records=1, silent_failures=silent(1)),
            HASHES,
            "invariant hash_chain failed on 1 of 1 seed",
            {"seeds": ("0",), "failed": 2, "iterations": 1},
        ),
        (
            a_run(failures=(failures("hash_chain", *range(2, 8)),), failed_records=6),
            HASHES,
            "invariant hash_chain failed on 6 of 20 seeds",
            {"seeds": ("2", "3", "4", "5", "6"), "failed": 6},
        ),
        (
            a_run(2_000, failures=(FailureGroup("hash_chain", 1_200, "", (7,)),), failed_records=1_200),
            HASHES,
            "invariant hash_chain failed on 1,200 of 2,000 seeds",
            {"seeds": ("7",), "failed": 1_200, "iterations": 2_000},
        ),
        (
            a_run(properties=violated("a.b", "storage.hash")),
            Detector(properties=("c.d", "storage.hash")),
            "property storage.hash was violated",
            {"expected": "property c.d or storage.hash"},
        ),
        (
            a_run(silent_failures=silent(4)),
            Detector(determinism=True),
            "1 seed did not give the same result twice",
            {"expected": "a determinism failure", "seeds": ("4",), "failed": 1},
        ),
        (
            a_run(failures=(failures("determinism", 6),), failed_records=1),
            Detector(determinism=True),
            "invariant determinism failed on 1 of 20 seeds",
            {"expected": "a determinism failure", "seeds": ("6",), "failed": 1},
        ),
    ],
)
def test_what_detects_is_told_with_its_seeds(run: Run, detector: Detector, detail: str, more: dict[str, Any]) -> None:
    """Five seeds at most, of all that failed it; the count is of everything that failed, and there is no advice."""
    assert judged(run, detector) == told(CanaryEnding.DETECTED, detail, **more)


def test_a_declared_crash_is_told_as_one() -> None:
    """With how the simulator ended; what it failed besides is counted."""
    read = an_input(a_run(), recording=a_stored(exit_code=101, last_words=list(WORDS)))
    assert judged(read, Detector(crash="no quorum")) == told(
        CanaryEnding.DETECTED,
        f"ended with exit code 101; {ENDED}",
        expected="a crash whose last words match no quorum",
        by_crash=True,
    )


GONE = "fault point net.drop is hit in the control run and gone here"
DROPS = Detector(fault_points=("never.hit", "net.drop", "net.send"))


def test_a_fault_point_that_is_gone_is_named() -> None:
    """The first one that the config names, of those that the control run hit."""
    result = judged(hitting("disk.write"), DROPS, hitting("net.drop", "net.send", "disk.write"))
    expected = "fault point never.hit or net.drop or net.send gone"
    assert result == told(CanaryEnding.DETECTED, GONE, expected=expected)


def test_the_properties_of_other_testers_are_what_fails() -> None:
    """Their files have one kind of failure alone; beside invariants, it is another."""
    run = a_run(1, failures=(failures("no loss"),))
    detector = Detector(properties=("no loss",))
    result = judged(an_input(run, observed=Observed(runs=1, unit="file")), detector)
    assert (result.ending, result.detail) == (
        CanaryEnding.DETECTED, "invariant no loss failed on 0 of 1 seed",
    )  # fmt: skip
    assert judged(run, detector).ending is CanaryEnding.WRONG_INVARIANT


# ---- beside which control run


def test_a_crash_beside_no_control_run_detects_nothing() -> None:
    """As everything else that was seen: nothing shows that it is not so without the bug."""
    read = an_input(a_run(), recording=a_stored(exit_code=101, last_words=list(WORDS)))
    controls = [a_control("combined")]
    assert judge_canary(CanaryRun("bug", read), Detector(crash="no quorum"), controls) == told(
        CanaryEnding.NO_CONTROL,
        "there is no control run of scenario 'gray', only of 'combined'",
        "Run the same seeds of this scenario without a canary, as `plan` does for each scenario.",
        expected="a crash whose last words match no quorum",
    )


def test_a_canary_is_held_against_the_control_run_of_its_scenario() -> None:
    """That of its run, and of what the config says where the run does not."""
    controls = [ControlRun(hitting("net.drop")), a_control("combined")]
    drop = Detector(fault_points=("net.drop",), scenario="combined")
    for read, scenario, ending in (
        (hitting(), "gray", CanaryEnding.DETECTED),
        (replace(hitting(), scenario=None), "combined", CanaryEnding.NOT_MEASURED),
    ):
        result = judge_canary(CanaryRun("bug", read), drop, controls)
        assert (result.scenario, result.ending) == (scenario, ending)


@pytest.mark.parametrize(
    ("canary", "ending", "detail", "advice"),
    [
        (
            CanaryRun("bug"),
            CanaryEnding.NOT_RUN,
            "no run was given",
            "Run every canary that is declared, or take it out of the config.",
        ),
        (
            CanaryRun("bug", ending=CanaryEnding.BUILD_FAILED, why="no build"),
            CanaryEnding.BUILD_FAILED,
            "no build",
            "The canary must build before it can be missed: look at the build's log.",
        ),
    ],
)
def test_a_canary_without_a_run(canary: CanaryRun, ending: CanaryEnding, detail: str, advice: str) -> None:
    """Nothing of it is counted, and no control run is asked for."""
    detector = Detector(("hash_chain",), scenario="swizzle")
    expected = told(ending, detail, advice, iterations=None, scenario="swizzle")
    assert judge_canary(canary, detector, []) == expected
