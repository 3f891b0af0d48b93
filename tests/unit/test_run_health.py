"""The gates of run health: one run in, one outcome out."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.judged_runs import CUT, FLAT, a_recording, a_run, failing
from tests.support.reports import a_report, requiring
from vopr_coverage.gates.failing_seeds import ADVICE as FAILING_ADVICE
from vopr_coverage.gates.failing_seeds import Expectation, first_seeds, judge_failures
from vopr_coverage.gates.health import (
    ADVICE,
    judge_determinism,
    judge_iterations,
    judge_properties,
    judge_run_complete,
)
from vopr_coverage.gates.run_outcomes import NO_PROPERTIES_NOTE, NO_RUN_NOTE, SINGLE_RUNS_NOTE, UNFINISHED_NOTE
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import FailureGroup, Input, Properties, SeedList
from vopr_coverage.model.thresholds import nothing_layer, resolve

NOTHING = requiring()


def lines(outcome: Outcome) -> list[str]:
    """The shortfalls as the text output shows them."""
    return [shortfall.line for shortfall in outcome.violations]


def summed_up(outcome: Outcome) -> tuple[Status, str, str, str]:
    """Status, measured, required, and the note."""
    return outcome.status, outcome.measured, outcome.required, outcome.note


# ---- seeds in words


def test_ten_seeds_are_listed_and_the_others_counted() -> None:
    """Ten are all; of eleven, one is more. The count may be higher than the seeds that were stored."""
    assert first_seeds(SeedList(10, tuple(range(10)))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert first_seeds(SeedList(11, tuple(range(11)))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"
    assert first_seeds(SeedList(5_000, tuple(range(1_000)))).endswith("8, 9 and 4990 more")


# ---- run-complete


def test_a_whole_run_is_complete() -> None:
    """Alone and beside a manifest that agrees; a flat report has no runs and nothing to complete."""
    for recording in (None, a_recording()):
        read = Input("a", "stream", None, a_run().run, recording=recording)
        outcome = judge_run_complete(read, NOTHING, None)
        assert summed_up(outcome) == (Status.PASSED, "whole, counts agree", "whole, counts agree", "")
    assert summed_up(judge_run_complete(FLAT, NOTHING, None)) == (Status.NOT_REQUIRED, "", "nothing", NO_RUN_NOTE)


@pytest.mark.parametrize(
    ("read", "recording", "measured", "told"),
    [
        (a_run(ended_early=CUT), None, "ended early", [f"Run incomplete: {CUT}"]),
        # a run that ended early is not reproached with what it then could not say
        (a_run(ended_early=CUT, contradictions=("1 is 2",)), None, "ended early", [f"Run incomplete: {CUT}"]),
        (
            a_run(contradictions=("a is 1, b 2", "c is 3, d 4")),
            None,
            "contradicts itself",
            ["Counts disagree: a is 1, b 2", "Counts disagree: c is 3, d 4"],
        ),
        (
            a_run(),
            {"iterations": 5},
            "contradicts its recording",
            ["Recording disagrees: iterations 5 was asked for, the stream starts with 3"],
        ),
        (
            a_run(contradictions=("a is 1, b 2",)),
            {"iterations": 5},
            "contradicts itself",
            [
                "Counts disagree: a is 1, b 2",
                "Recording disagrees: iterations 5 was asked for, the stream starts with 3",
            ],
        ),
        (
            Input("f", "report", a_report(), contradictions=("a is 1, b 2",)),
            None,
            "contradicts itself",
            ["Counts disagree: a is 1, b 2"],
        ),
        (
            Input("f", "report", a_report()),
            {"exit_code": 3},
            "contradicts its recording",
            ["Simulator ended with exit code 3, though no seed failed"],
        ),
        (
            Input("f", "report", None, contradictions=("a is 1, b 2",)),
            {"exit_code": 3},
            "contradicts itself",
            ["Counts disagree: a is 1, b 2", "Simulator ended with exit code 3, though no seed failed"],
        ),
    ],
)
def test_what_is_not_complete_says_why(
    read: Input, recording: dict[str, Any] | None, measured: str, told: list[str]
) -> None:
    """Cut, contradicting itself, or contradicting its manifest."""
    manifest = a_recording(**recording) if recording is not None else None
    judged = Input(
        read.source, read.format, read.report, read.run, recording=manifest, contradictions=read.contradictions
    )
    outcome = judge_run_complete(judged, NOTHING, None)
    assert (outcome.status, outcome.measured, lines(outcome)) == (Status.FAILED, measured, told)
    assert (outcome.origin, outcome.advice) == ("always", ADVICE["run-complete"])


# ---- iterations


@pytest.mark.parametrize(
    ("iterations", "least", "told"),
    [
        (3, 0, []),
        (3, 3, []),  # equality passes
        (1, 0, []),
        (3, 4, ["Too few iterations: 3 (expected >= 4)"]),
        (0, 0, ["No iterations ran (expected >= 1)"]),  # nothing is never enough
        (0, 4, ["No iterations ran (expected >= 1)"]),
    ],
)
def test_iterations_are_enough_or_too_few(iterations: int, least: int, told: list[str]) -> None:
    """Of whatever is required, and always one."""
    bounds = requiring(min_iterations=least)
    outcome = judge_iterations(a_run(iterations=iterations), bounds, None)
    assert lines(outcome) == told
    assert outcome.status is (Status.FAILED if told else Status.PASSED)
    assert (outcome.value, outcome.minimum) == (iterations, max(least, 1))
    assert (outcome.measured, outcome.required) == (str(iterations), f"≥ {max(least, 1)}")
    assert outcome.origin == ("the test" if least else "always")


def test_runs_that_show_nothing_of_their_seeds_fail_whatever_their_number() -> None:
    """The same run again and again, or one without events; failed seeds are not counted as alike."""
    same = judge_iterations(a_run(seed_ignored=True, failed_records=1), NOTHING, None)
    assert lines(same) == ["Seed ignored: all 2 ok iterations have the same hashes, events and time"]
    idle = judge_iterations(a_run(ran_nothing=True, seed_ignored=True), requiring(min_iterations=9), None)
    assert [shortfall.kind for shortfall in idle.violations] == ["TooFewIterations", "NothingHappened", "SeedIgnored"]


def test_iterations_of_a_cut_run_or_of_no_run_are_not_measured() -> None:
    """A flat report has no such figure: only a config that asks for it is not answered."""
    cut = judge_iterations(a_run(ended_early=CUT, iterations=0), requiring(min_iterations=9), None)
    assert summed_up(cut) == (Status.NOT_MEASURED, "not measured", "≥ 9", UNFINISHED_NOTE)
    assert cut.violations == ()
    assert judge_iterations(FLAT, NOTHING, None).status is Status.NOT_REQUIRED
    asked = judge_iterations(FLAT, requiring(min_iterations=1), None)
    assert (asked.status, asked.minimum, asked.origin) == (Status.NOT_MEASURED, 1, "the test")
    assert lines(asked) == ["Too few iterations: not measured (expected >= 1)"]
    assert asked.violations[0].expected == "At least 1"


# ---- failures


def test_a_run_without_failed_seeds_passes() -> None:
    """Zero seeds is a figure. A cut run without one shows nothing, and a flat report does not list its seeds."""
    clean = judge_failures(a_run(), NOTHING, None)
    assert (clean.status, clean.value, clean.measured) == (Status.PASSED, 0, "0 seeds failed")
    cut = judge_failures(a_run(ended_early=CUT), NOTHING, None)
    assert summed_up(cut) == (Status.NOT_MEASURED, "not measured", "0 seeds", UNFINISHED_NOTE)
    assert judge_failures(FLAT, NOTHING, None).status is Status.NOT_REQUIRED


def test_failed_seeds_are_told_by_invariant_even_of_a_cut_run() -> None:
    """With the first seed to replay and the simulator's own message."""
    groups = (failing("x", 1), failing("y", 5, 7))
    for ended_early in (None, CUT):
        outcome = judge_failures(a_run(failures=groups, failed_records=3, ended_early=ended_early), NOTHING, None)
        assert (outcome.status, outcome.value, outcome.measured) == (Status.FAILED, 3, "3 seeds failed")
        assert lines(outcome) == ["Invariant 'x' failed on 1 seed: 1", "Invariant 'y' failed on 2 seeds: 5, 7"]
        first = outcome.violations[0]
        assert (first.invariant, first.seed, first.detail) == ("x", "1", "mismatch")
    unlisted = judge_failures(a_run(failures=(FailureGroup("z", 2, "", ()),)), NOTHING, None)
    assert unlisted.violations[0].seed is None


@pytest.mark.parametrize(
    ("caught", "iterations", "least", "passes"),
    [
        (3, 3, 1.0, True),
        (2, 3, 1.0, False),
        (1, 2, 0.5, True),
        (1, 3, 0.5, False),
        (0, 0, 0.5, False),
        (0, 3, 0.1, False),
    ],
)
def test_an_expected_violation_needs_its_share_of_seeds(
    caught: int, iterations: int, least: float, passes: bool
) -> None:
    """Equality passes; of no seeds at all, none was caught."""
    expect = Expectation(("x", "y"), least, "gate.yml:3")
    run = a_run(failures=(failing("x", *range(caught)),), failed_records=caught, iterations=iterations)
    outcome = judge_failures(run, NOTHING, expect)
    assert outcome.status is (Status.PASSED if passes else Status.FAILED)
    assert outcome.value == (caught / iterations if iterations else 0)
    assert (outcome.minimum, outcome.measured) == (least, f"{caught} of {iterations} seeds caught it")
    assert outcome.required == f"≥ {least * 100:g}% of seeds fail x or y"
    missed = f"Expected violation missed: {caught} of {iterations} seeds caught it (expected >= {least * 100:g}%)"
    assert lines(outcome) == ([] if passes else [missed])
    assert outcome.advice == FAILING_ADVICE["expected-failures"]


def test_other_invariants_are_no_expected_violation() -> None:
    """Seeds that fail both ways count once each; what was not expected is told as ever."""
    expect = Expectation(("x", "y"), 0.5, "gate.yml:3")
    run = a_run(failures=(failing("x", 0), failing("z", 1), failing("y", 2)), failed_records=3)
    outcome = judge_failures(run, NOTHING, expect)
    assert (outcome.value, lines(outcome)) == (2 / 3, ["Invariant 'z' failed on 1 seed: 1"])
    cut = judge_failures(a_run(ended_early=CUT), NOTHING, expect)
    assert (cut.status, cut.origin) == (Status.NOT_MEASURED, "gate.yml:3")
    flat = judge_failures(FLAT, NOTHING, expect)
    assert (flat.status, flat.minimum, lines(flat)) == (
        Status.NOT_MEASURED,
        None,
        ["Expected violation: not measured"],
    )
    assert flat.violations[0].expected == "Measured"


# ---- properties


@pytest.mark.parametrize(
    ("bounds", "required"),
    [
        (requiring(), False),
        (requiring(min_properties={"always_evaluated": 0}), False),
        (requiring(min_properties={"always_evaluated": 0, "never_evaluated": 1}), True),
        (requiring(required_properties=["p"]), True),
    ],
)
def test_properties_that_a_run_does_not_carry_are_missed_only_where_they_are_required(
    bounds: Any, required: bool
) -> None:
    """A stream of the first months has none: that is a warning. A flat report never has."""
    expected = Status.NOT_MEASURED if required else Status.NOT_REQUIRED
    old, flat = judge_properties(a_run(properties=None), bounds, None), judge_properties(FLAT, bounds, None)
    assert (old.status, flat.status) == (expected, expected)
    told = ["Property violations: not measured"] if required else []
    assert (lines(old), lines(flat)) == (told, told)
    if not required:
        assert (old.note, old.warnings, flat.warnings) == (NO_PROPERTIES_NOTE, (), ())  # a config has decided
        undecided = resolve(nothing_layer("profile none"))
        assert len(judge_properties(a_run(properties=None), undecided, None).warnings) == 1


def test_each_violated_property_is_told() -> None:
    """The simulator exits with 0 all the same. A cut run has no properties yet."""
    clean = judge_properties(a_run(), NOTHING, None)
    assert (clean.status, clean.value) == (Status.PASSED, 0)
    broken = judge_properties(a_run(properties=Properties({}, violated_ids=("p", "q"))), NOTHING, None)
    assert (broken.status, broken.value, broken.measured) == (Status.FAILED, 2, "2 violated")
    assert lines(broken) == ["Property 'p' was violated", "Property 'q' was violated"]
    assert broken.violations[0].point == "p"
    cut = judge_properties(a_run(ended_early=CUT, properties=None), requiring(required_properties=["p"]), None)
    assert summed_up(cut) == (Status.NOT_MEASURED, "not measured", "0 violated", UNFINISHED_NOTE)


# ---- determinism


@pytest.mark.parametrize(
    ("changes", "status", "note"),
    [
        ({"double_runs": True}, Status.PASSED, ""),
        ({}, Status.NOT_REQUIRED, SINGLE_RUNS_NOTE),
        ({"double_runs": False}, Status.NOT_REQUIRED, SINGLE_RUNS_NOTE),
        ({"double_runs": True, "ended_early": CUT}, Status.NOT_REQUIRED, UNFINISHED_NOTE),
        ({"silent_failures": SeedList(1, (4,))}, Status.FAILED, ""),
        ({"silent_failures": SeedList(1, (4,)), "ended_early": CUT}, Status.FAILED, ""),
    ],
)
def test_determinism_is_shown_by_double_runs_and_refuted_by_lost_records(
    changes: dict[str, Any], status: Status, note: str
) -> None:
    """A seed that failed without a record differed from itself; without double runs nothing is shown."""
    outcome = judge_determinism(a_run(**changes), NOTHING, None)
    assert (outcome.status, outcome.note) == (status, note)
    if status is Status.FAILED:
        assert (outcome.value, outcome.measured) == (1, "1 seed without a record")
        assert lines(outcome) == ["Nondeterministic: 1 failed seed left no record: 4"]
    if status is Status.PASSED:
        assert outcome.value == 0
    assert judge_determinism(FLAT, NOTHING, None).note == NO_RUN_NOTE


# ---- what a format without a simulator's totals says


def test_an_undecided_property_is_not_measured_unless_another_one_was_violated() -> None:
    """A violation is certain; that a property may hold is no pass."""
    undecided = Observed(undecided=("p",))
    held = replace(a_run(), observed=undecided)
    outcome = judge_properties(held, NOTHING, None)
    assert (outcome.status, lines(outcome)) == (Status.NOT_MEASURED, ["Property 'p' was not decided"])
    without = replace(a_run(properties=None), observed=undecided)
    assert judge_properties(without, NOTHING, None).status is Status.NOT_MEASURED
    violated = replace(a_run(properties=Properties({"violation_count": 1}, violated_ids=("q",))), observed=undecided)
    outcome = judge_properties(violated, NOTHING, None)
    assert (outcome.status, lines(outcome)) == (Status.FAILED, ["Property 'q' was violated"])


def test_properties_of_a_format_without_runs_are_what_it_observed() -> None:
    """A flat report observed nothing, and one whose properties all held passes."""
    observed = replace(FLAT, observed=Observed())
    assert summed_up(judge_properties(observed, NOTHING, None))[:2] == (Status.PASSED, "0 violated")
    undecided = replace(FLAT, observed=Observed(undecided=("p",)))
    assert judge_properties(undecided, NOTHING, None).status is Status.NOT_MEASURED
    assert judge_properties(FLAT, NOTHING, None).status is Status.NOT_REQUIRED


def test_a_crash_is_not_told_again_unless_its_recording_disagrees() -> None:
    """It is a failed seed; the stream of it is incomplete for no other reason."""
    crashed = a_run(ended_early=CUT, crashed=True)
    outcome = judge_run_complete(crashed, NOTHING, None)
    assert (outcome.status, outcome.violations) == (Status.NOT_MEASURED, ())
    recorded = replace(crashed, recording=a_recording(iterations=4))
    outcome = judge_run_complete(recorded, NOTHING, None)
    assert (outcome.status, len(outcome.violations) > 0) == (Status.FAILED, True)
