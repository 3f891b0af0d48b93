"""Run health: did the simulator look at all, and what did it find? Pure.

Kept apart from coverage because "the simulator found a bug" and "the simulator did not
look" need different people. These gates need a stream; for other formats they end
*not required*, unless a config asks for what only a stream can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from vopr_coverage.gates.endings import ADVICE as LADDER_ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.gates.manifest import disagreements, how_it_ended
from vopr_coverage.gates.row import Part, Row
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import FailureGroup, Input, Run, SeedList, contradictions_of
from vopr_coverage.model.thresholds import Bounds

SEEDS_TOLD = 10
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
    "determinism": "Replay these seeds without --check-determinism: a seed that then holds is nondeterministic.",
}


class Expectation(msgspec.Struct, frozen=True):
    """`expect: violation`: which invariants may fail, and what fraction of the seeds must."""

    invariants: tuple[str, ...]
    min_caught: float
    origin: str


HealthGate = Callable[[Input, Bounds, Expectation | None], Outcome]


def seeds_told(seeds: SeedList | FailureGroup) -> str:
    """The first ten seeds, and how many more."""
    first = ", ".join(str(seed) for seed in seeds.seeds[:SEEDS_TOLD])
    return first + (f" and {seeds.count - SEEDS_TOLD} more" if seeds.count > SEEDS_TOLD else "")


def judge_run_complete(read: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """The stream is whole and agrees with itself, and with its recording; a flat report with itself."""
    gate, run, recorded = "run-complete", read.run, disagreements(read)
    if run is None:
        wrong = contradictions_of(read.report) if read.report else []
        if not (wrong or recorded):
            return _not_required(gate, NO_RUN_NOTE)
        measured = "contradicts itself" if wrong else "contradicts its recording"
        return _failed(gate, measured, "counts agree", [*map(_disagreement, wrong), *recorded])
    if run.ended_early:
        message, detail = f"Run incomplete: {run.ended_early}", how_it_ended(read.recording)
        violation = Shortfall("RunIncomplete", message, "A whole stream", "Ended early", message, detail)
        return _failed(gate, "ended early", "whole stream", [violation, *recorded])
    if run.contradictions:
        found = [*map(_disagreement, run.contradictions), *recorded]
        return _failed(gate, "contradicts itself", "counts agree", found)
    if recorded:
        return _failed(gate, "contradicts its recording", "whole, counts agree", recorded)
    return _passed(gate, "whole, counts agree", "whole, counts agree")


def judge_iterations(read: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """Enough iterations ran, and each seed led to a run of its own."""
    gate, run, bound = "iterations", read.run, bounds.min_iterations
    required = f"≥ {max(bound.value, 1)}"
    if run is None:
        return _unanswered(gate, bound.value > 0, required, bound.origin, "Too few iterations", bound.value)
    if not run.complete:
        return Outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, required, bound.origin, note=UNFINISHED_NOTE)
    found = []
    if not run.iterations:
        found.append(_simple("NoIterations", "No iterations ran", "At least 1", "0", "(expected >= 1)"))
    elif run.iterations < bound.value:
        found.append(_too_few(bound.value, str(run.iterations)))
    if run.ran_nothing:
        found.append(_simple("NothingHappened", "No ok iteration had a single event", "Events", "0 events"))
    if run.seed_ignored:
        ok = run.records - run.failed_records
        same = f"Seed ignored: all {ok} ok iterations have the same hashes, events and time"
        found.append(_simple("SeedIgnored", same, "Different runs", "The same run"))
    return Outcome(
        gate,
        Status.FAILED if found else Status.PASSED,
        str(run.iterations),
        required,
        bound.origin if bound.value else "always",
        run.iterations,
        max(bound.value, 1),
        tuple(found),
        advice=ADVICE[gate],
    )


def judge_failures(read: Input, _bounds: Bounds, expect: Expectation | None) -> Outcome:
    """No seed failed an invariant; or, where a violation is expected, enough seeds did."""
    gate, run = "failures", read.run
    if run is None:
        return _unanswered(gate, expect is not None, "expected violation", "", "Expected violation", None)
    if expect is not None:
        return _judge_expected(run, expect)
    groups = tuple(_seed_failed(group) for group in run.failures)
    if groups:
        return _failed(gate, f"{run.failed_records} seeds failed", "0 seeds", groups, value=run.failed_records)
    if not run.complete:
        return Outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, "0 seeds", "always", note=UNFINISHED_NOTE)
    return _passed(gate, "0 seeds failed", "0 seeds", 0)


def _judge_expected(run: Run, expect: Expectation) -> Outcome:
    gate = "failures"
    wanted = set(expect.invariants)
    required = f"≥ {expect.min_caught * 100:g}% of seeds fail {' or '.join(expect.invariants)}"
    if not run.complete:
        return Outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, required, expect.origin, note=UNFINISHED_NOTE)
    caught = sum(group.count for group in run.failures if group.invariant in wanted)
    found = [_seed_failed(group) for group in run.failures if group.invariant not in wanted]
    share = caught / run.iterations if run.iterations else 0.0
    if share < expect.min_caught:
        least = f"{expect.min_caught * 100:g}%"
        line = f"Expected violation missed: {caught} of {run.iterations} seeds caught it (expected >= {least})"
        found.append(
            Shortfall("ExpectedViolationMissed", "Expected violation missed", f"At least {least}", str(caught), line)
        )
    return Outcome(
        gate,
        Status.FAILED if found else Status.PASSED,
        f"{caught} of {run.iterations} seeds caught it",
        required,
        expect.origin,
        share,
        expect.min_caught,
        tuple(found),
        advice=ADVICE["expected-failures"],
    )


def judge_properties(read: Input, bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No ALWAYS or NEVER property was violated; the simulator's exit status doesn't tell."""
    gate, run = "properties", read.run
    asked = bool(any(bounds.min_properties.value.values()) or bounds.required_properties.value)
    if run is None:
        return _unanswered(gate, asked, "0 violated", "", "Property violations", None)
    if not run.complete:
        return Outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, "0 violated", "always", note=UNFINISHED_NOTE)
    if run.properties is None:
        if asked:
            return _unanswered(gate, True, "0 violated", "", "Property violations", None)
        warning = "This stream carries no properties: violated ones would not be seen."
        return _not_required(gate, NO_PROPERTIES_NOTE, warning)
    violated = run.properties.violated_ids
    found = [_property_violated(name) for name in violated]
    if found:
        return _failed(gate, f"{len(violated)} violated", "0 violated", found, value=len(violated))
    return _passed(gate, "0 violated", "0 violated", 0)


def judge_determinism(read: Input, _bounds: Bounds, _expect: Expectation | None) -> Outcome:
    """No seed failed without leaving a record: that is how a determinism failure looks."""
    gate, run = "determinism", read.run
    if run is None:
        return _not_required(gate, NO_RUN_NOTE)
    silent = run.silent_failures
    if silent.count:
        line = f"Nondeterministic: {silent.count} failed seeds left no record: {seeds_told(silent)}"
        message = "Seeds failed without a record"
        found = Shortfall("NondeterministicSeeds", message, "A record for each", f"{silent.count} without", line)
        return _failed(gate, f"{silent.count} seeds without a record", "0 seeds", [found], value=silent.count)
    if not run.complete:
        return _not_required(gate, UNFINISHED_NOTE)
    if run.double_runs:
        return _passed(gate, "0 seeds differ", "0 seeds", 0)
    return _not_required(gate, SINGLE_RUNS_NOTE)


def _row(id: str, title: str, judge: HealthGate, *notes: str, advice: tuple[str, ...] = ()) -> Row:
    return Row(id, Part.RUN_HEALTH, title, judge, advice=(ADVICE[id], *advice), notes=(NO_RUN_NOTE, *notes))


ROWS = (
    _row("run-complete", "Completeness", judge_run_complete),
    _row("iterations", "Iterations", judge_iterations, UNFINISHED_NOTE),
    _row("failures", "Failing seeds", judge_failures, UNFINISHED_NOTE, advice=(ADVICE["expected-failures"],)),
    _row("properties", "Violated properties", judge_properties, UNFINISHED_NOTE, NO_PROPERTIES_NOTE),
    _row("determinism", "Determinism", judge_determinism, UNFINISHED_NOTE, SINGLE_RUNS_NOTE),
)


def _seed_failed(group: FailureGroup) -> Shortfall:
    seeds = "seed" if group.count == 1 else "seeds"
    line = f"Invariant '{group.invariant}' failed on {group.count} {seeds}: {seeds_told(group)}"
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
    return msgspec.structs.replace(
        _simple("PropertyViolated", f"Property '{name}' was violated", "Holds", "Violated"), point=name
    )


def _disagreement(sentence: str) -> Shortfall:
    return Shortfall("CountsDisagree", "Counts disagree", "Counts agree", sentence, f"Counts disagree: {sentence}")


def _too_few(least: int, actual: str) -> Shortfall:
    line = f"Too few iterations: {actual} (expected >= {least})"
    return Shortfall("TooFewIterations", "Too few iterations", f"At least {least}", actual, line)


def _simple(kind: str, message: str, expected: str, actual: str, tail: str = "") -> Shortfall:
    return Shortfall(kind, message, expected, actual, f"{message} {tail}".rstrip())


def _unanswered(gate: str, asked: bool, required: str, origin: str, what: str, least: int | None) -> Outcome:
    """A gate whose figure this input can't have: *not measured* if somebody asked for it."""
    if not asked:
        return _not_required(gate, NO_RUN_NOTE)
    expected = f"At least {least}" if least else "Measured"
    tail = f"(expected >= {least})" if least else ""
    violation = _simple("NotMeasured", f"{what}: {NOT_MEASURED_TEXT}", expected, NOT_MEASURED_TEXT, tail)
    return Outcome(
        gate,
        Status.NOT_MEASURED,
        NOT_MEASURED_TEXT,
        required,
        origin,
        None,
        least,
        (violation,),
        advice=LADDER_ADVICE["untold"],
    )


def _not_required(gate: str, note: str, *warnings: str) -> Outcome:
    return Outcome(gate, Status.NOT_REQUIRED, "", "nothing", warnings=warnings, note=note)


def _passed(gate: str, measured: str, required: str, value: int | None = None) -> Outcome:
    return Outcome(gate, Status.PASSED, measured, required, "always", value)


def _failed(gate: str, measured: str, required: str, found: Iterable[Shortfall], **more: Any) -> Outcome:
    violations = tuple(found)
    return Outcome(
        gate, Status.FAILED, measured, required, "always", violations=violations, advice=ADVICE[gate], **more
    )
