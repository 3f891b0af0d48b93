"""Canary runs as values, for tests of what they show: a whole run, an input with it, a manifest, and the result."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.support.recordings import a_manifest
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryRun, judge_canary
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.manifest import Recording
from vopr_coverage.model.report import CoverageReport, FailureGroup, Input, Properties, Run, SeedList

CUT = "no batch_complete after 9 of 20 iterations, stopped at seed 9"
HASHES = Detector(("hash_chain",))


def a_run(iterations: int = 20, **changes: Any) -> Run:
    """A whole run from seed 0 on, in which nothing failed; `changes` replace what it says."""
    healthy = Run(0, iterations, records=iterations, failed_records=0, iterations=iterations, ended_early=None)
    return msgspec.structs.replace(healthy, **changes)


def an_input(run: Run | None, **changes: Any) -> Input:
    """A run of `gray` as it was read; `changes` replace what it says."""
    return msgspec.structs.replace(Input("run", "stream", None, run, "gray"), **changes)


def hitting(*points: str, iterations: int = 20, **changes: Any) -> Input:
    """A whole run that hit these fault points; `changes` replace what the run says."""
    return an_input(a_run(iterations, **changes), report=CoverageReport(hit_fault_points=list(points)))


def a_control(scenario: str | None = None, iterations: int = 20, **changes: Any) -> ControlRun:
    """A control run in which nothing failed; `changes` replace what its run says."""
    return ControlRun(an_input(a_run(iterations, **changes), source=f"control-{scenario}", scenario=scenario))


def a_stored(**changes: Any) -> Recording:
    """The manifest of a simulator that ended well; `changes` replace what it says."""
    return msgspec.convert(a_manifest(**changes), Recording)


def failures(invariant: str, *seeds: int, crash: Crash | None = None) -> FailureGroup:
    """An invariant that failed on these seeds, or seeds that the simulator died at."""
    return FailureGroup(invariant, len(seeds), "read mismatch", seeds, crash)


def violated(*names: str) -> Properties:
    """The properties of a run in which these were violated."""
    return Properties(counters={}, violated_ids=names)


def silent(*seeds: int) -> SeedList:
    """Seeds that failed without a record."""
    return SeedList(len(seeds), seeds)


def judged(canary: Input | Run, detector: Detector = HASHES, control: Input | None = None) -> CanaryResult:
    """How a canary of `gray` ended beside this control run, or a healthy one."""
    read = canary if isinstance(canary, Input) else an_input(canary)
    return judge_canary(CanaryRun("bug", read), detector, [ControlRun(control or an_input(a_run()))])


def told(ending: CanaryEnding, detail: str, advice: str = "", **more: Any) -> CanaryResult:
    """The result on a canary that ran 20 iterations, and was to fail the hash chain; `more` replaces fields."""
    result = CanaryResult("bug", ending, "invariant hash_chain", detail, 20, advice=advice, scenario="gray")
    return msgspec.structs.replace(result, **more)
