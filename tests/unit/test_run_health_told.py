"""What the gates on completeness and iterations tell: whole outcomes, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, FLAT, a_recording, a_run
from tests.support.reports import requiring
from vopr_coverage.gates.health import (
    judge_iterations,
    judge_run_complete,
    too_few_iterations,
)
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Finish, Input

NOTHING = requiring()
ENDED = "Look at the simulator's stderr and exit status, and run this seed range again."
COUNTS = "Look at how this file came about: its counts do not agree, so it proves nothing."
RECORDING = "Look at the recording's manifest.json and stderr.log, and record this run again."
OPTIONS = "Check the seed and iteration options that the simulator was started with."
NOT_REPORTED = (
    "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the gate with "
    "`on_not_measured`."
)
NO_RUN = "this format has no run records"
UNFINISHED = "the run did not finish"
CRASHED = "the simulator died, see the failing seeds"
WHOLE = "whole, counts agree"
DISAGREE = Shortfall(
    "CountsDisagree",
    "Counts disagree",
    "Counts agree",
    "a is 1, b 2",
    "Counts disagree: a is 1, b 2",
    advice=COUNTS,
)
OTHER_RANGE = Shortfall(
    "RecordingDisagrees",
    "Recording disagrees: iterations 5 was asked for, the stream starts with 3",
    "5",
    "3",
    "Recording disagrees: iterations 5 was asked for, the stream starts with 3",
    advice=RECORDING,
)
EXITED = Shortfall(
    "UnexplainedExit",
    "Simulator ended with exit code 3, though no seed failed",
    "Exit code 0",
    "Exit code 3",
    "Simulator ended with exit code 3, though no seed failed",
    advice=ENDED,
    repro="vopr --scenario combined --seed 0 --iterations 3 --json",
)


# ---- run-complete


def incomplete(measured: str, required: str, *violations: Shortfall) -> Outcome:
    """The outcome of a run that is not complete."""
    return Outcome("run-complete", Status.FAILED, measured, required, "always", violations=violations, advice=ENDED)


def test_a_whole_run_is_told_as_whole() -> None:
    """Of a format without runs there is nothing to complete."""
    assert judge_run_complete(a_run(), NOTHING, None) == Outcome("run-complete", Status.PASSED, WHOLE, WHOLE, "always")
    nothing = Outcome("run-complete", Status.NOT_REQUIRED, "", "nothing", note=NO_RUN)
    assert judge_run_complete(FLAT, NOTHING, None) == nothing
    assert judge_run_complete(replace(FLAT, recording=a_recording()), NOTHING, None) == nothing


@pytest.mark.parametrize(
    ("read", "recording", "expected"),
    [
        (
            a_run(ended_early=CUT),
            {"iterations": 5},
            incomplete(
                "ended early",
                "whole stream",
                Shortfall(
                    "RunIncomplete",
                    f"Run incomplete: {CUT}",
                    "A whole stream",
                    "Ended early",
                    f"Run incomplete: {CUT}",
                    advice=ENDED,
                    repro="vopr --scenario combined --seed 0 --iterations 5 --json",
                ),
                OTHER_RANGE,
            ),
        ),
        (
            a_run(contradictions=("a is 1, b 2",)),
            {"iterations": 5},
            incomplete("contradicts itself", "counts agree", DISAGREE, OTHER_RANGE),
        ),
        (a_run(), {"iterations": 5}, incomplete("contradicts its recording", WHOLE, OTHER_RANGE)),
        (
            a_run(ended_early=CUT, crashed=True),
            {},
            Outcome("run-complete", Status.NOT_MEASURED, "not measured", "whole stream", "always", note=CRASHED),
        ),
        (
            replace(FLAT, contradictions=("a is 1, b 2",)),
            {"exit_code": 3},
            incomplete("contradicts itself", "counts agree", DISAGREE, EXITED),
        ),
        (FLAT, {"exit_code": 3}, incomplete("contradicts its recording", "counts agree", EXITED)),
        # what a format without runs says of its end comes before all else
        (
            replace(FLAT, finish=Finish(known=True), contradictions=("a is 1, b 2",)),
            {},
            Outcome("run-complete", Status.PASSED, "finished", "the run finished", "always"),
        ),
    ],
)
def test_a_run_that_is_not_complete_is_told_with_everything_that_shows_it(
    read: Input, recording: dict[str, Any], expected: Outcome
) -> None:
    """First what the file itself shows, then what its recording adds."""
    assert judge_run_complete(replace(read, recording=a_recording(**recording)), NOTHING, None) == expected


# ---- iterations


def iterations(status: Status, measured: int, minimum: int, origin: str, *violations: Shortfall) -> Outcome:
    """The outcome on a number of iterations."""
    required = f"≥ {minimum}"
    return Outcome(
        "iterations", status, str(measured), required, origin, measured, minimum, violations=violations, advice=OPTIONS
    )


def test_enough_iterations_are_told_with_who_required_them() -> None:
    """One is always required."""
    bounds = requiring(min_iterations=3)
    assert judge_iterations(a_run(), bounds, None) == iterations(Status.PASSED, 3, 3, "the test")
    assert judge_iterations(a_run(iterations=1), NOTHING, None) == iterations(Status.PASSED, 1, 1, "always")


def test_too_few_iterations_are_told_with_both_numbers() -> None:
    """None at all has a sentence of its own."""
    too_few = Shortfall(
        "TooFewIterations", "Too few iterations", "At least 4", "3", "Too few iterations: 3 (expected >= 4)"
    )
    assert too_few_iterations(4, "3") == too_few
    bounds = requiring(min_iterations=4)
    assert judge_iterations(a_run(), bounds, None) == iterations(Status.FAILED, 3, 4, "the test", too_few)
    nothing = Shortfall("NoIterations", "No iterations ran", "At least 1", "0", "No iterations ran (expected >= 1)")
    outcome = judge_iterations(a_run(iterations=0), bounds, None)
    assert outcome == iterations(Status.FAILED, 0, 4, "the test", nothing)


def test_runs_that_do_the_same_or_nothing_are_no_iterations_that_count() -> None:
    """Failed seeds are none of those that held."""
    idle = "No ok iteration had a single event"
    same = "Seed ignored: all 2 ok iterations have the same hashes, events and time"
    read = a_run(ran_nothing=True, seed_ignored=True, failed_records=1)
    assert judge_iterations(read, NOTHING, None) == iterations(
        Status.FAILED,
        3,
        1,
        "always",
        Shortfall("NothingHappened", idle, "Events", "0 events", idle),
        Shortfall("SeedIgnored", same, "Different runs", "The same run", same),
    )


def test_iterations_that_nobody_counted_are_not_measured() -> None:
    """A cut run has its violation elsewhere; a format without runs only misses what a config asks for."""
    bounds = requiring(min_iterations=9)
    cut = Outcome("iterations", Status.NOT_MEASURED, "not measured", "≥ 9", "the test", note=UNFINISHED)
    assert judge_iterations(a_run(ended_early=CUT), bounds, None) == cut
    assert judge_iterations(FLAT, NOTHING, None) == Outcome(
        "iterations", Status.NOT_REQUIRED, "", "nothing", note=NO_RUN
    )
    missed = Shortfall(
        "NotMeasured",
        "Too few iterations: not measured",
        "At least 1",
        "not measured",
        "Too few iterations: not measured (expected >= 1)",
    )
    assert judge_iterations(FLAT, requiring(min_iterations=1), None) == Outcome(
        "iterations",
        Status.NOT_MEASURED,
        "not measured",
        "≥ 1",
        "the test",
        minimum=1,
        violations=(missed,),
        advice=NOT_REPORTED,
    )
