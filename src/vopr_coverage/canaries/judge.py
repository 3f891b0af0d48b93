"""Does the simulator still find bugs that were planted on purpose? Pure.

A canary is detected only by what its config declares. A run that crashed otherwise, or failed for another reason,
detected none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Self

import msgspec

from vopr_coverage.canaries.controls import (
    ControlRun,
    ControlSeen,
    control_of,
    problems_of_control,
    why_no_control,
)
from vopr_coverage.canaries.crash import crash_in, why_no_crash, why_no_crash_at
from vopr_coverage.canaries.detections import cannot_vanish, detections
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.gates.manifest import with_last_words
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import run_ending, simulator_ending
from vopr_coverage.model.report import Input, Run
from vopr_coverage.model.verdict import nothing_judged
from vopr_coverage.statistics.intervals import wilson

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
    NO_CONTROL = "no control run"


ADVICE: Mapping[CanaryEnding, str] = {
    CanaryEnding.DETECTED: "",
    CanaryEnding.NOT_DETECTED: "Is the planted bug still called, is its oracle still run? Else give it more seeds.",
    CanaryEnding.WRONG_INVARIANT: "Something else failed: look whether the canary breaks what it means to, or name "
    "this detector in the config.",
    CanaryEnding.CRASHED: "A crash is no detection unless the config declares it: look at the simulator's stderr, and "
    "make the canary fail an invariant, or declare `crash`.",
    CanaryEnding.TIMED_OUT: "Give it more time, or fewer iterations.",
    CanaryEnding.UNUSABLE: "The simulator wrote no stream: look at its options and its stderr.",
    CanaryEnding.BUILD_FAILED: "The canary must build before it can be missed: look at the build's log.",
    CanaryEnding.NOT_MEASURED: "Let the canary run at least as many iterations as the control run, on a point that "
    "it hits.",
    CanaryEnding.NOT_RUN: "Run every canary that is declared, or take it out of the config.",
    CanaryEnding.NO_CONTROL: "Run the same seeds of this scenario without a canary, as `plan` does for each scenario.",
}

OTHER_CRASH = (
    "It is not the declared crash: look at the simulator's stderr, and mend what else it died of, or `crash` in the "
    "config."
)


class CanaryRun(msgspec.Struct, frozen=True):
    """One run as it was found: what was read, or else how it ended and why. `path`: where it can be read again."""

    name: str
    read: Input | None = None
    ending: CanaryEnding = CanaryEnding.NOT_RUN
    why: str = ""
    path: str = ""

    def scenario(self, detector: Detector) -> str | None:
        """What ran; of a stream that does not say so, what the config says. None if it is unknown."""
        return (self.read.scenario if self.read else None) or detector.scenario


class CanaryResult(msgspec.Struct, frozen=True):
    """How one canary ended.

    Attributes:
        detail: what was seen.
        seeds: the first that show it, as text.
        failed: how many seeds failed, with a record or without.
        why: why it was not detected, or by how much luck it was.
        compared, differing: how many seeds were compared with the control's, and how many differ; None: not compared.
        scenario: what ran, or should have run; None if it is unknown.
        by_crash: it was detected by a crash.
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
    scenario: str | None = None
    by_crash: bool = False


class CanaryVerdict(msgspec.Struct, frozen=True):
    """The answer: every declared canary was detected, beside control runs in which nothing failed.

    Attributes:
        control, control_problems: of all control runs together. With no canary declared, they decide.
        low, high: of the share detected, at 95 % confidence.
        controls: each control run.
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
    controls: tuple[ControlSeen, ...] = ()

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
    controls: Sequence[ControlRun], runs: Sequence[CanaryRun], declared: Mapping[str, Detector], version: str
) -> CanaryVerdict:
    """Hold each declared canary against the control run of its scenario; those without a run were not run."""
    by_name = {run.name: run for run in runs}
    seen = tuple(
        ControlSeen(control.read.source, control.scenario, tuple(problems_of_control(control.read)))
        for control in controls
    )
    results = tuple(
        judge_canary(by_name.get(name, CanaryRun(name)), detector, controls) for name, detector in declared.items()
    )
    detected = sum(result.ending is CanaryEnding.DETECTED for result in results)
    low, high = wilson(len(results), detected) if results else (0.0, 1.0)
    red = sum(bool(control.problems) for control in seen)
    if red and len(seen) == 1:
        reason = "the control run is not green, so that nothing shows what a canary does"
    elif red:
        reason = f"{red} of {counted(len(seen), 'control run')} not green, so that nothing shows what their canaries do"
    else:
        crashes = sum(result.by_crash for result in results)
        how = f", {crashes} by a crash" if crashes else ""
        reason = (
            f"{detected} of {counted(len(results), 'canary', 'canaries')} detected{how}" if results else NONE_DECLARED
        )
    return CanaryVerdict(
        passed=detected == len(results) and not red,
        reason=reason,
        version=version,
        control=", ".join(control.source for control in seen),
        control_problems=tuple(_told_together(seen)),
        results=results,
        detected=detected,
        declared=len(results),
        low=low,
        high=high,
        controls=seen,
    )


def _told_together(controls: Sequence[ControlSeen]) -> Iterator[str]:
    for control in controls:
        of = f"of {control.scenario}: " if len(controls) > 1 else ""
        yield from (f"{of}{problem}" for problem in control.problems)


def judge_canary(canary: CanaryRun, detector: Detector, controls: Sequence[ControlRun]) -> CanaryResult:
    """How one canary ended, and by what."""
    scenario = canary.scenario(detector)
    control = control_of(scenario, controls)
    return msgspec.structs.replace(
        _judged(canary, detector, control.read if control else None, why_no_control(scenario, controls)),
        scenario=scenario,
    )


def _judged(canary: CanaryRun, detector: Detector, control: Input | None, no_control: str) -> CanaryResult:
    read = canary.read
    if read is None or read.run is None:
        ending = canary.ending if read is None else CanaryEnding.UNUSABLE
        return _result(canary.name, detector, ending, canary.why or ("no run was given" if read is None else ""))
    run, broken = read.run, _broken(read, read.run)
    crash = crash_in(read, detector.crash)
    if broken and not crash:
        ending, why = broken
        untold = why_no_crash(read, detector.crash) if ending is not CanaryEnding.TIMED_OUT else ""
        return _result(canary.name, detector, ending, "; ".join(filter(None, [why, untold])), run)
    if control is None:
        return _result(canary.name, detector, CanaryEnding.NO_CONTROL, no_control, run)
    if crash:
        found = _result(canary.name, detector, CanaryEnding.DETECTED, crash, run)
        return msgspec.structs.replace(found, by_crash=True)
    for detail, seeds in detections(read, run, detector, control):
        return _result(canary.name, detector, CanaryEnding.DETECTED, detail, run, seeds)
    for group in run.failures:
        if group.crash:
            why = "; ".join(filter(None, [group.crash.told, why_no_crash_at(group.crash, detector.crash)]))
            return _result(canary.name, detector, CanaryEnding.CRASHED, why, run, group.seeds)
    others = _others(run, detector)
    if others:
        seeds = run.failures[0].seeds if run.failures else run.silent_failures.seeds
        return _result(canary.name, detector, CanaryEnding.WRONG_INVARIANT, "; ".join(others), run, seeds)
    untold = cannot_vanish(run, detector, control)
    if untold:
        return _result(canary.name, detector, CanaryEnding.NOT_MEASURED, untold, run)
    nothing = f"nothing failed in {counted(run.iterations, 'iteration')}"
    return _result(canary.name, detector, CanaryEnding.NOT_DETECTED, nothing, run)


def _broken(read: Input, run: Run) -> tuple[CanaryEnding, str] | None:
    """How a run ended that was not whole, and in whose words; None for a whole one."""
    recording = read.recording
    if recording and recording.timed_out:
        return CanaryEnding.TIMED_OUT, with_last_words(run_ending(recording), recording)
    bad_ending = simulator_ending(recording) if recording and recording.ended_badly else ""
    if not run.complete and not run.records and run.starting_seed is None:
        return CanaryEnding.UNUSABLE, with_last_words(bad_ending or "there is no record in it", recording)
    if run.ended_early is not None:
        return CanaryEnding.CRASHED, with_last_words(bad_ending or run.ended_early, recording)
    if bad_ending and not (run.failures or run.silent_failures.count):
        return CanaryEnding.CRASHED, with_last_words(bad_ending, recording)
    return None


def _others(run: Run, detector: Detector) -> list[str]:
    """What failed besides the declared detectors."""
    others = [f"{group.invariant} on {counted(group.count, 'seed')}" for group in run.failures]
    if run.silent_failures.count:
        hidden = detector.determinism  # else they would have detected it
        why = ", perhaps ordinary failures: the check needs --no-trace-on-failure" if hidden else ""
        others.append(f"{counted(run.silent_failures.count, 'seed')} without a record{why}")
    return [*others, *(f"property {name}" for name in (run.properties.violated_ids if run.properties else ()))]


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
        advice=OTHER_CRASH if ending is CanaryEnding.CRASHED and detector.crash else ADVICE[ending],
        failed=failed,
    )
