"""Does the simulator still find bugs that were planted on purpose? Pure.

A canary is detected only by what its bug really does. A run that crashed, or failed for another reason, detected none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Self

import msgspec

from vopr_coverage.canaries.control import problems_of_control
from vopr_coverage.canaries.evidence import Seen
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.gates.manifest import with_last_words
from vopr_coverage.model.confidence import wilson
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import run_ending, simulator_ending
from vopr_coverage.model.report import Input, Run
from vopr_coverage.model.verdict import nothing_judged

CONTROL = "control"  # the name of the run without a canary
SEEDS_SHOWN = 5
NONE_DECLARED = "no canaries are declared, on purpose: nothing shows that this simulator would find a bug"


class CanaryEnding(StrEnum):
    """How a canary's run ended. Only the first is what it was planted for."""

    DETECTED = "detected"
    NOT_DETECTED = "not detected"
    WRONG_INVARIANT = "wrong invariant"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    UNUSABLE = "unusable"
    BUILD_FAILED = "build failed"
    NOT_MEASURED = "not measured"
    NOT_RUN = "not run"


class Detector(msgspec.Struct, frozen=True):
    """What may detect a canary; any one of these is enough.

    Attributes:
        invariants: one of them fails on some seed.
        properties: one of them is violated.
        fault_points: one of them is hit in the control run, and never in the canary's.
        determinism: seeds fail without a record, because their two runs differ.
        seen: where the bug was seen to show, and how often; it detects nothing.
    """

    invariants: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    fault_points: tuple[str, ...] = ()
    determinism: bool = False
    seen: Seen | None = None

    def in_words(self) -> str:
        """In words: `an invariant of a, b; a determinism failure`."""
        parts = []
        if self.invariants:
            parts.append(f"invariant {' or '.join(self.invariants)}")
        if self.properties:
            parts.append(f"property {' or '.join(self.properties)}")
        if self.fault_points:
            parts.append(f"fault point {' or '.join(self.fault_points)} gone")
        if self.determinism:
            parts.append("a determinism failure")
        return ", or ".join(parts)


# The document's five, with the names that its simulator and its documentation use for their detectors.
SHIPPED: Mapping[str, Detector] = {
    "canary-skip-fsync": Detector(("storage_determinism", "model_verification", "log_consistency")),
    "canary-wrong-hash": Detector(("hash_chain_integrity", "hash_chain")),
    "canary-commit-quorum": Detector(("commit_quorum_size", "commit_quorum", "vsr_agreement")),
    "canary-idempotency-race": Detector(("client_session_monotonic", "linearizability")),
    "canary-monotonic-regression": Detector(("replica_head_progress", "replica_head", "commit_history_monotonic")),
}

ADVICE: Mapping[CanaryEnding, str] = {
    CanaryEnding.DETECTED: "",
    CanaryEnding.NOT_DETECTED: "Is the planted bug still called, is its oracle still run? Else give it more seeds.",
    CanaryEnding.WRONG_INVARIANT: "Something else failed: look whether the canary breaks what it means to, or name "
    "this detector in the config.",
    CanaryEnding.CRASHED: "A crash is no detection: look at the simulator's stderr, and make the canary fail an "
    "invariant.",
    CanaryEnding.TIMED_OUT: "Give it more time, or fewer iterations.",
    CanaryEnding.UNUSABLE: "The simulator wrote no stream: look at its options and its stderr.",
    CanaryEnding.BUILD_FAILED: "The canary must build before it can be missed: look at the build's log.",
    CanaryEnding.NOT_MEASURED: "Let the canary run at least as many iterations as the control run, on a point that "
    "it hits.",
    CanaryEnding.NOT_RUN: "Run every canary that is declared, or take it out of the config.",
}


class CanaryRun(msgspec.Struct, frozen=True):
    """One run as it was found: what was read, or else how it ended and why."""

    name: str
    read: Input | None = None
    ending: CanaryEnding = CanaryEnding.NOT_RUN
    why: str = ""


class CanaryResult(msgspec.Struct, frozen=True):
    """How one canary ended.

    Attributes:
        detail: what was seen.
        seeds: the first that show it, as text.
        failed: how many seeds failed, with a record or without.
        why: why it was not detected, or by how much luck it was.
        compared, differing: how many seeds were compared with the control's, and how many differ; None: not compared.
    """

    name: str
    ending: CanaryEnding
    expected: str
    detail: str
    iterations: int | None = None
    seeds: tuple[str, ...] = ()
    advice: str = ""
    failed: int = 0
    why: str = ""
    compared: int | None = None
    differing: int | None = None


class CanaryVerdict(msgspec.Struct, frozen=True):
    """The answer: every declared canary was detected, beside a control run in which nothing failed.

    With none declared, the control run decides. `score` is the share detected, `low` and `high` its interval.
    """

    passed: bool
    reason: str
    version: str
    control: str
    control_problems: tuple[str, ...]
    results: tuple[CanaryResult, ...]
    detected: int
    declared: int
    low: float
    high: float
    format: str = "urn:vopr-coverage:schema:canaries:v1"

    @classmethod
    def not_judged(cls, version: str, message: str) -> Self:
        """The verdict where nothing could be judged, because of what `message` says."""
        return cls(
            passed=False,
            reason=nothing_judged(message),
            version=version,
            control="",
            control_problems=(),
            results=(),
            detected=0,
            declared=0,
            low=0.0,
            high=1.0,
        )

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/canaries.json."""
        return json_text(self)


def judge_canaries(
    control: Input, runs: Sequence[CanaryRun], declared: Mapping[str, Detector], version: str
) -> CanaryVerdict:
    """Hold each declared canary against the control run; those without a run were not run."""
    by_name = {run.name: run for run in runs}
    problems = tuple(problems_of_control(control))
    results = tuple(
        judge_canary(by_name.get(name, CanaryRun(name)), detector, control) for name, detector in declared.items()
    )
    detected = sum(result.ending is CanaryEnding.DETECTED for result in results)
    low, high = wilson(len(results), detected) if results else (0.0, 1.0)
    passed = detected == len(results) and not problems
    if problems:
        reason = "the control run is not green, so that nothing shows what a canary does"
    else:
        reason = f"{detected} of {len(results)} canaries detected" if results else NONE_DECLARED
    return CanaryVerdict(
        passed=passed,
        reason=reason,
        version=version,
        control=control.source,
        control_problems=problems,
        results=results,
        detected=detected,
        declared=len(results),
        low=low,
        high=high,
    )


def judge_canary(canary: CanaryRun, detector: Detector, control: Input) -> CanaryResult:
    """How one canary ended, and by what."""
    read = canary.read
    if read is None or read.run is None:
        ending = canary.ending if read is None else CanaryEnding.UNUSABLE
        return _result(canary.name, detector, ending, canary.why or ("no run was given" if read is None else ""))
    run, recording = read.run, read.recording
    if recording and recording.timed_out:
        how = with_last_words(run_ending(recording), recording)
        return _result(canary.name, detector, CanaryEnding.TIMED_OUT, how, run)
    bad_ending = simulator_ending(recording) if recording and recording.ended_badly else ""
    if not run.complete and not run.records and run.starting_seed is None:
        why = with_last_words(bad_ending or "there is no record in it", recording)
        return _result(canary.name, detector, CanaryEnding.UNUSABLE, why, run)
    if not run.complete or (bad_ending and not (run.failures or run.silent_failures.count)):
        why = with_last_words(bad_ending or run.ended_early or "", recording)
        return _result(canary.name, detector, CanaryEnding.CRASHED, why, run)
    for detail, seeds in _detections(read, run, detector, control):
        return _result(canary.name, detector, CanaryEnding.DETECTED, detail, run, seeds)
    for group in run.failures:
        if group.crash:
            return _result(canary.name, detector, CanaryEnding.CRASHED, group.crash.told, run, group.seeds)
    others = [f"{group.invariant} on {counted(group.count, 'seed')}" for group in run.failures]
    if run.silent_failures.count:
        hidden = detector.determinism  # else they would have detected it
        why = ", perhaps ordinary failures: the check needs --no-trace-on-failure" if hidden else ""
        others.append(f"{counted(run.silent_failures.count, 'seed')} without a record{why}")
    if run.properties:
        others += [f"property {name}" for name in run.properties.violated_ids]
    if others:
        seeds = run.failures[0].seeds if run.failures else run.silent_failures.seeds
        return _result(canary.name, detector, CanaryEnding.WRONG_INVARIANT, "; ".join(others), run, seeds)
    untold = _cannot_vanish(run, detector, control)
    if untold:
        return _result(canary.name, detector, CanaryEnding.NOT_MEASURED, untold, run)
    nothing = f"nothing failed in {counted(run.iterations, 'iteration')}"
    return _result(canary.name, detector, CanaryEnding.NOT_DETECTED, nothing, run)


def _detections(read: Input, run: Run, detector: Detector, control: Input) -> Iterator[tuple[str, tuple[int, ...]]]:
    for group in run.failures:
        if group.invariant in detector.invariants and not group.crash:
            of = counted(run.iterations, "seed")
            yield f"invariant {group.invariant} failed on {group.count} of {of}", group.seeds
    for name in run.properties.violated_ids if run.properties else ():
        if name in detector.properties:
            yield f"property {name} was violated", ()
    hides_failures = read.recording is not None and read.recording.hides_failures
    if detector.determinism and run.silent_failures.count and not hides_failures:
        silent = counted(run.silent_failures.count, "seed")
        yield f"{silent} did not give the same result twice", run.silent_failures.seeds
    if read.report and control.report and not _cannot_vanish(run, detector, control):
        gone = set(control.report.hit_fault_points) - set(read.report.hit_fault_points)
        for name in detector.fault_points:
            if name in gone:
                yield f"fault point {name} is hit in the control run and gone here", ()


def _cannot_vanish(run: Run, detector: Detector, control: Input) -> str:
    """Why the absence of a fault point would show nothing, or "" where it would show something."""
    if not detector.fault_points or control.run is None:
        return ""
    if control.report is None or not set(detector.fault_points) & set(control.report.hit_fault_points):
        return "the control run doesn't hit the fault point either"
    if run.covered < control.run.covered:
        return f"{counted(run.covered, 'iteration')}, fewer than the control run's {control.run.covered}"
    return ""


def _result(
    name: str, detector: Detector, ending: CanaryEnding, detail: str, run: Run | None = None, seeds: Sequence[int] = ()
) -> CanaryResult:
    failed = 0 if run is None else run.failed_records + run.silent_failures.count
    return CanaryResult(
        name=name,
        ending=ending,
        expected=detector.in_words(),
        detail=detail,
        iterations=None if run is None else run.iterations,
        seeds=tuple(str(seed) for seed in seeds[:SEEDS_SHOWN]),
        advice=ADVICE[ending],
        failed=failed,
    )
