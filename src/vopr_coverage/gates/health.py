"""Run health: did the simulator test anything, and which bugs did it find? Pure.

These gates are separate from coverage because "the simulator found a bug" and "the simulator tested
too little" are fixed by different people. They need a stream: for other formats they are *not required*,
unless a config asks for a figure that only streams contain.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from vopr_coverage.gates.failing_seeds import ADVICE as FAILING_ADVICE
from vopr_coverage.gates.failing_seeds import Expectation, first_seeds, judge_failures
from vopr_coverage.gates.manifest import ADVICE as RUN_ADVICE
from vopr_coverage.gates.manifest import called_without_record, disagreements, run_incomplete
from vopr_coverage.gates.observed import OF_FINISH, OF_PROPERTIES, finish_outcome, properties_outcome, undecided_outcome
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.gates.run_outcomes import (
    CRASHED_NOTE,
    NO_PROPERTIES_NOTE,
    NO_RUN_NOTE,
    SINGLE_RUNS_NOTE,
    UNFINISHED_NOTE,
    failed,
    not_required,
    passed,
    shortfall,
    unanswered,
    unfinished,
)
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bounds, is_set_by_config

ADVICE = {
    "run-complete": RUN_ADVICE["ended"],
    "iterations": "Check the seed and iteration options that the simulator was started with.",
    "properties": "A property that must always hold was broken, although the simulator exits with 0.",
    "determinism": "Replay these seeds without --check-determinism: a seed that then holds is nondeterministic, one "
    "that fails is an ordinary bug. Run the check with --no-trace-on-failure: while it keeps traces, VOPR calls "
    "ordinary failures nondeterministic, too.",
}


HealthGate = Callable[[Input, Bounds, Expectation | None], Outcome]


def judge_run_complete(file: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """The stream is complete, and its counts agree with each other and with its recording's manifest.

    Of a flat report, the counts agree with each other.
    """
    gate, run, from_recording = "run-complete", file.run, disagreements(file)
    if file.finish is not None:
        return finish_outcome(file.finish)
    if run is None:
        contradictions = file.contradictions
        if not (contradictions or from_recording):
            return not_required(gate, NO_RUN_NOTE)
        measured = "contradicts itself" if contradictions else "contradicts its recording"
        return failed(
            gate, ADVICE[gate], measured, "counts agree", [*map(_disagreement, contradictions), *from_recording]
        )
    if run.crashed and not from_recording:  # told once, as the failed seed that it is
        return unfinished(gate, "whole stream", "always", run)
    if run.ended_early:
        return failed(gate, ADVICE[gate], "ended early", "whole stream", [run_incomplete(file), *from_recording])
    if run.contradictions:
        shortfalls = [*map(_disagreement, run.contradictions), *from_recording]
        return failed(gate, ADVICE[gate], "contradicts itself", "counts agree", shortfalls)
    if from_recording:
        return failed(gate, ADVICE[gate], "contradicts its recording", "whole, counts agree", from_recording)
    return passed(gate, "whole, counts agree", "whole, counts agree")


def judge_iterations(file: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """Enough iterations ran, and different seeds gave different runs."""
    gate, run, bound = "iterations", file.run, bounds.min_iterations
    required = f"≥ {max(bound.value, 1)}"
    if run is None:
        return unanswered(gate, bound.value > 0, required, bound.origin, "Too few iterations", bound.value)
    if not run.complete:
        return unfinished(gate, required, bound.origin, run)
    shortfalls = []
    if not run.iterations:
        message = "No iterations ran"
        shortfalls.append(shortfall("NoIterations", message, "At least 1", "0", f"{message} (expected >= 1)"))
    elif run.iterations < bound.value:
        shortfalls.append(too_few_iterations(bound.value, str(run.iterations)))
    if run.ran_nothing:
        shortfalls.append(shortfall("NothingHappened", "No ok iteration had a single event", "Events", "0 events"))
    if run.seed_ignored:
        ok = run.records - run.failed_records
        message = f"Seed ignored: all {counted(ok, 'ok iteration')} have the same hashes, events and time"
        shortfalls.append(shortfall("SeedIgnored", message, "Different runs", "The same run"))
    return Outcome(
        gate=gate,
        status=Status.FAILED if shortfalls else Status.PASSED,
        measured=str(run.iterations),
        required=required,
        origin=bound.origin if bound.value else "always",
        value=run.iterations,
        minimum=max(bound.value, 1),
        violations=tuple(shortfalls),
        advice=ADVICE[gate],
    )


def judge_properties(file: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No ALWAYS or NEVER property was violated: the simulator's exit status does not show that."""
    gate, run = "properties", file.run
    if run is None and file.observed is not None:
        return properties_outcome(file)
    is_required = bool(any(bounds.min_properties.value.values()) or bounds.required_properties.value)
    if run is None:
        return unanswered(gate, is_required, "0 violated", "", "Property violations", None)
    if not run.complete:
        return unfinished(gate, "0 violated", "always", run)
    undecided = file.observed.undecided if file.observed else ()
    if undecided and not (run.properties and run.properties.violated_ids):
        return undecided_outcome(undecided)
    if run.properties is None:
        if is_required:
            return unanswered(gate, True, "0 violated", "", "Property violations", None)
        warning = "This stream carries no properties: violated ones would not be seen."
        answered = file.observed is not None or is_set_by_config(bounds.min_properties)
        return not_required(gate, NO_PROPERTIES_NOTE, *([] if answered else [warning]))
    violated = run.properties.violated_ids
    shortfalls = [_property_violated(name) for name in violated]
    if shortfalls:
        return failed(gate, ADVICE[gate], f"{len(violated)} violated", "0 violated", shortfalls, value=len(violated))
    return passed(gate, "0 violated", "0 violated", 0)


def judge_determinism(file: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No seed failed without a record: a determinism failure leaves none."""
    gate, run = "determinism", file.run
    if run is None:
        return not_required(gate, NO_RUN_NOTE)
    silent = run.silent_failures
    if silent.count:
        kind, seeds = called_without_record(file.recording), counted(silent.count, "failed seed")
        line, message = f"{kind}: {seeds} left no record: {first_seeds(silent)}", "Seeds failed without a record"
        lost = shortfall("NondeterministicSeeds", message, "A record for each", f"{silent.count} without", line)
        measured = f"{counted(silent.count, 'seed')} without a record"
        return failed(gate, ADVICE[gate], measured, "0 seeds", [lost], value=silent.count)
    if not run.complete:
        return not_required(gate, UNFINISHED_NOTE)
    if run.double_runs:
        return passed(gate, "0 seeds differ", "0 seeds", 0)
    return not_required(gate, SINGLE_RUNS_NOTE)


ROWS = (
    Row(
        id="run-complete",
        part=Part.RUN_HEALTH,
        title="Completeness",
        judge=judge_run_complete,
        advice=(ADVICE["run-complete"], *RUN_ADVICE.values(), *OF_FINISH),
        notes=(NO_RUN_NOTE, CRASHED_NOTE),
    ),
    Row(
        id="iterations",
        part=Part.RUN_HEALTH,
        title="Iterations",
        judge=judge_iterations,
        advice=(ADVICE["iterations"],),
        notes=(NO_RUN_NOTE, UNFINISHED_NOTE, CRASHED_NOTE),
    ),
    Row(
        id="failures",
        part=Part.RUN_HEALTH,
        title="Failing seeds",
        judge=judge_failures,
        advice=tuple(FAILING_ADVICE.values()),
        notes=(NO_RUN_NOTE, UNFINISHED_NOTE),
    ),
    Row(
        id="properties",
        part=Part.RUN_HEALTH,
        title="Violated properties",
        judge=judge_properties,
        advice=(ADVICE["properties"], *OF_PROPERTIES),
        notes=(NO_RUN_NOTE, UNFINISHED_NOTE, CRASHED_NOTE, NO_PROPERTIES_NOTE),
    ),
    Row(
        id="determinism",
        part=Part.RUN_HEALTH,
        title="Determinism",
        judge=judge_determinism,
        advice=(ADVICE["determinism"],),
        notes=(NO_RUN_NOTE, UNFINISHED_NOTE, SINGLE_RUNS_NOTE),
    ),
)


def _property_violated(name: str) -> Shortfall:
    return shortfall("PropertyViolated", f"Property '{name}' was violated", "Holds", "Violated", point=name)


def _disagreement(sentence: str) -> Shortfall:
    line = f"Counts disagree: {sentence}"
    found = shortfall("CountsDisagree", "Counts disagree", "Counts agree", sentence, line)
    return msgspec.structs.replace(found, advice=RUN_ADVICE["counts"])


def too_few_iterations(least: int, actual: str) -> Shortfall:
    """Fewer iterations than required."""
    line = f"Too few iterations: {actual} (expected >= {least})"
    return shortfall("TooFewIterations", "Too few iterations", f"At least {least}", actual, line)
