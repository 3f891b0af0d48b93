"""Run health: did the simulator test anything, and which bugs did it find? Pure.

These gates are separate from coverage because "the simulator found a bug" and "the simulator tested
too little" are fixed by different people. They need a stream: for other formats they are *not required*,
unless a config asks for a figure that only streams contain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.gates.manifest import called_without_record, disagreements, run_incomplete
from vopr_coverage.gates.observed import ADVICE as OBSERVED_ADVICE
from vopr_coverage.gates.observed import judge_broken, judge_finish
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import FailureGroup, Input, Run, SeedList
from vopr_coverage.model.thresholds import Bounds

SEEDS_LISTED_MAX = 10
NO_RUN_NOTE = "this format has no run records"
SINGLE_RUNS_NOTE = "seeds were not shown to run twice, see `vopr-coverage determinism`"
NO_PROPERTIES_NOTE = "this stream carries no properties"
UNFINISHED_NOTE = "the run did not finish"

ADVICE = {
    "run-complete": "Look at the simulator's stderr and exit status, and run this seed range again.",
    "iterations": "Check the seed and iteration options that the simulator was started with.",
    "failures": "The simulator found a bug: replay the seed with the command shown.",
    "expected-failures": "The bug that this scenario plants must be caught on every seed: look at its oracle.",
    "properties": "A property that must always hold was broken, although the simulator exits with 0.",
    "determinism": "Replay these seeds without --check-determinism: a seed that then holds is nondeterministic, one "
    "that fails is an ordinary bug. Run the check with --no-trace-on-failure: while it keeps traces, VOPR calls "
    "ordinary failures nondeterministic, too.",
}


class Expectation(msgspec.Struct, frozen=True):
    """`expect: violation`: the invariants that may fail, and the fraction of the seeds that must fail them."""

    invariants: tuple[str, ...]
    min_caught: float
    origin: str


HealthGate = Callable[[Input, Bounds, Expectation | None], Outcome]


def first_seeds(seeds: SeedList | FailureGroup) -> str:
    """The first ten seeds, and how many more there are."""
    first = ", ".join(str(seed) for seed in seeds.seeds[:SEEDS_LISTED_MAX])
    return first + (f" and {seeds.count - SEEDS_LISTED_MAX} more" if seeds.count > SEEDS_LISTED_MAX else "")


def judge_run_complete(file: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """The stream is complete, and its counts agree with each other and with its recording's manifest.

    Of a flat report, the counts agree with each other.
    """
    gate, run, from_recording = "run-complete", file.run, disagreements(file)
    if file.finish is not None:
        return judge_finish(file.finish)
    if run is None:
        contradictions = file.contradictions
        if not (contradictions or from_recording):
            return _not_required(gate, NO_RUN_NOTE)
        measured = "contradicts itself" if contradictions else "contradicts its recording"
        return _failed(gate, measured, "counts agree", [*map(_disagreement, contradictions), *from_recording])
    if run.ended_early:
        return _failed(gate, "ended early", "whole stream", [run_incomplete(file), *from_recording])
    if run.contradictions:
        shortfalls = [*map(_disagreement, run.contradictions), *from_recording]
        return _failed(gate, "contradicts itself", "counts agree", shortfalls)
    if from_recording:
        return _failed(gate, "contradicts its recording", "whole, counts agree", from_recording)
    return _passed(gate, "whole, counts agree", "whole, counts agree")


def judge_iterations(file: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """Enough iterations ran, and different seeds gave different runs."""
    gate, run, bound = "iterations", file.run, bounds.min_iterations
    required = f"≥ {max(bound.value, 1)}"
    if run is None:
        return _unanswered(gate, bound.value > 0, required, bound.origin, "Too few iterations", bound.value)
    if not run.complete:
        return _unfinished(gate, required, bound.origin)
    shortfalls = []
    if not run.iterations:
        message = "No iterations ran"
        shortfalls.append(_shortfall("NoIterations", message, "At least 1", "0", f"{message} (expected >= 1)"))
    elif run.iterations < bound.value:
        shortfalls.append(_too_few(bound.value, str(run.iterations)))
    if run.ran_nothing:
        shortfalls.append(_shortfall("NothingHappened", "No ok iteration had a single event", "Events", "0 events"))
    if run.seed_ignored:
        ok = run.records - run.failed_records
        message = f"Seed ignored: all {counted(ok, 'ok iteration')} have the same hashes, events and time"
        shortfalls.append(_shortfall("SeedIgnored", message, "Different runs", "The same run"))
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


def judge_failures(file: Input, _bounds: Bounds, expect: Expectation | None) -> Outcome:
    """No seed failed an invariant; where a violation is expected, enough seeds failed."""
    gate, run = "failures", file.run
    if run is None:
        return _unanswered(gate, expect is not None, "expected violation", "", "Expected violation", None)
    if expect is not None:
        return _judge_expected(run, expect)
    if run.failures:
        measured = f"{counted(run.failed_records, 'seed')} failed"
        return _failed(gate, measured, "0 seeds", map(_seed_failed, run.failures), value=run.failed_records)
    if not run.complete:
        return _unfinished(gate, "0 seeds", "always")
    return _passed(gate, "0 seeds failed", "0 seeds", 0)


def _judge_expected(run: Run, expect: Expectation) -> Outcome:
    gate = "failures"
    expected = set(expect.invariants)
    required = f"≥ {expect.min_caught * 100:g}% of seeds fail {' or '.join(expect.invariants)}"
    if not run.complete:
        return _unfinished(gate, required, expect.origin)
    caught = sum(group.count for group in run.failures if group.invariant in expected)
    of_all = f"{caught} of {counted(run.iterations, 'seed')} caught it"
    shortfalls = [_seed_failed(group) for group in run.failures if group.invariant not in expected]
    share = caught / run.iterations if run.iterations else 0.0
    if share < expect.min_caught:
        least = f"{expect.min_caught * 100:g}%"
        line = f"Expected violation missed: {of_all} (expected >= {least})"
        shortfalls.append(
            _shortfall("ExpectedViolationMissed", "Expected violation missed", f"At least {least}", str(caught), line)
        )
    return Outcome(
        gate=gate,
        status=Status.FAILED if shortfalls else Status.PASSED,
        measured=of_all,
        required=required,
        origin=expect.origin,
        value=share,
        minimum=expect.min_caught,
        violations=tuple(shortfalls),
        advice=ADVICE["expected-failures"],
    )


def judge_properties(file: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No ALWAYS or NEVER property was violated: the simulator's exit status does not show that."""
    gate, run = "properties", file.run
    if run is None and file.observed is not None:
        return judge_broken(file)
    is_required = bool(any(bounds.min_properties.value.values()) or bounds.required_properties.value)
    if run is None:
        return _unanswered(gate, is_required, "0 violated", "", "Property violations", None)
    if not run.complete:
        return _unfinished(gate, "0 violated", "always")
    if run.properties is None:
        if is_required:
            return _unanswered(gate, True, "0 violated", "", "Property violations", None)
        warnings = () if file.observed else ("This stream carries no properties: violated ones would not be seen.",)
        return _not_required(gate, NO_PROPERTIES_NOTE, *warnings)
    violated = run.properties.violated_ids
    shortfalls = [_property_violated(name) for name in violated]
    if shortfalls:
        return _failed(gate, f"{len(violated)} violated", "0 violated", shortfalls, value=len(violated))
    return _passed(gate, "0 violated", "0 violated", 0)


def judge_determinism(file: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No seed failed without a record: a determinism failure leaves none."""
    gate, run = "determinism", file.run
    if run is None:
        return _not_required(gate, NO_RUN_NOTE)
    silent = run.silent_failures
    if silent.count:
        kind, failed = called_without_record(file.recording), counted(silent.count, "failed seed")
        line, message = f"{kind}: {failed} left no record: {first_seeds(silent)}", "Seeds failed without a record"
        shortfall = _shortfall("NondeterministicSeeds", message, "A record for each", f"{silent.count} without", line)
        measured = f"{counted(silent.count, 'seed')} without a record"
        return _failed(gate, measured, "0 seeds", [shortfall], value=silent.count)
    if not run.complete:
        return _not_required(gate, UNFINISHED_NOTE)
    if run.double_runs:
        return _passed(gate, "0 seeds differ", "0 seeds", 0)
    return _not_required(gate, SINGLE_RUNS_NOTE)


def _row(id: str, title: str, judge: HealthGate, *notes: str, advice: tuple[str, ...] = ()) -> Row:
    return Row(
        id=id, part=Part.RUN_HEALTH, title=title, judge=judge, advice=(ADVICE[id], *advice), notes=(NO_RUN_NOTE, *notes)
    )


ROWS = (
    _row(
        "run-complete",
        "Completeness",
        judge_run_complete,
        advice=(OBSERVED_ADVICE["unknown-end"], OBSERVED_ADVICE["ended-early"]),
    ),
    _row("iterations", "Iterations", judge_iterations, UNFINISHED_NOTE),
    _row("failures", "Failing seeds", judge_failures, UNFINISHED_NOTE, advice=(ADVICE["expected-failures"],)),
    _row(
        "properties",
        "Violated properties",
        judge_properties,
        UNFINISHED_NOTE,
        NO_PROPERTIES_NOTE,
        advice=(OBSERVED_ADVICE["broken"], OBSERVED_ADVICE["undecided"]),
    ),
    _row("determinism", "Determinism", judge_determinism, UNFINISHED_NOTE, SINGLE_RUNS_NOTE),
)


def _seed_failed(group: FailureGroup) -> Shortfall:
    seeds = agreeing(group.count, "seed")
    line = f"Invariant '{group.invariant}' failed on {group.count} {seeds}: {first_seeds(group)}"
    message = f"Invariant '{group.invariant}' failed"
    return Shortfall(
        kind="SeedFailed",
        message=message,
        expected="Holds on every seed",
        actual=f"{group.count} {seeds}",
        line=line,
        detail=group.message,
        invariant=group.invariant,
        seed=str(group.seeds[0]) if group.seeds else None,
    )


def _property_violated(name: str) -> Shortfall:
    return _shortfall("PropertyViolated", f"Property '{name}' was violated", "Holds", "Violated", point=name)


def _disagreement(sentence: str) -> Shortfall:
    line = f"Counts disagree: {sentence}"
    return _shortfall("CountsDisagree", "Counts disagree", "Counts agree", sentence, line)


def _too_few(least: int, actual: str) -> Shortfall:
    line = f"Too few iterations: {actual} (expected >= {least})"
    return _shortfall("TooFewIterations", "Too few iterations", f"At least {least}", actual, line)


def _shortfall(
    kind: str, message: str, expected: str, actual: str, line: str = "", *, detail: str = "", point: str | None = None
) -> Shortfall:
    """A shortfall whose line is its message, if none is given."""
    return Shortfall(
        kind=kind, message=message, expected=expected, actual=actual, line=line or message, detail=detail, point=point
    )


def _unanswered(gate: str, is_required: bool, required: str, origin: str, what: str, least: int | None) -> Outcome:
    """A gate whose figure this format cannot contain: *not measured* if the figure is required."""
    if not is_required:
        return _not_required(gate, NO_RUN_NOTE)
    expected = f"At least {least}" if least else "Measured"
    message = f"{what}: {NOT_MEASURED_TEXT}"
    line = f"{message} (expected >= {least})" if least else message
    violation = _shortfall("NotMeasured", message, expected, NOT_MEASURED_TEXT, line)
    return Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=origin,
        minimum=least,
        violations=(violation,),
        advice=SHARED_ADVICE["not-reported"],
    )


def _unfinished(gate: str, required: str, origin: str) -> Outcome:
    return Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=origin,
        note=UNFINISHED_NOTE,
    )


def _not_required(gate: str, note: str, *warnings: str) -> Outcome:
    return Outcome(gate=gate, status=Status.NOT_REQUIRED, measured="", required="nothing", warnings=warnings, note=note)


def _passed(gate: str, measured: str, required: str, value: int | None = None) -> Outcome:
    return Outcome(gate=gate, status=Status.PASSED, measured=measured, required=required, origin="always", value=value)


def _failed(gate: str, measured: str, required: str, shortfalls: Iterable[Shortfall], **more: Any) -> Outcome:
    return Outcome(
        gate=gate,
        status=Status.FAILED,
        measured=measured,
        required=required,
        origin="always",
        violations=tuple(shortfalls),
        advice=ADVICE[gate],
        **more,
    )
