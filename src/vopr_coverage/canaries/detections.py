"""What a whole run shows of its canary. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.canaries.detector import Detector
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import CHECKED_TWICE, Input, Run


def detections(read: Input, run: Run, detector: Detector, control: Input) -> Iterator[tuple[str, tuple[int, ...]]]:
    """What of a whole run detects its canary: each in a sentence, with the seeds that show it."""
    names = {*detector.invariants, *(detector.properties if read.observed else ())}  # other testers have one kind alone
    if detector.determinism:
        names.add(CHECKED_TWICE)
    for group in run.failures:
        if group.invariant in names and not group.crash:
            of = counted(run.iterations, "seed")
            yield f"invariant {group.invariant} failed on {group.count:,} of {of}", group.seeds
    for name in run.properties.violated_ids if run.properties else ():
        if name in detector.properties:
            yield f"property {name} was violated", ()
    hides_failures = read.recording is not None and read.recording.hides_failures
    if detector.determinism and run.silent_failures.count and not hides_failures:
        silent = counted(run.silent_failures.count, "seed")
        yield f"{silent} did not give the same result twice", run.silent_failures.seeds
    if read.report and control.report and not cannot_vanish(run, detector, control):
        gone = control.hit_points - read.hit_points
        for name in detector.fault_points:
            if name in gone:
                yield f"fault point {name} is hit in the control run and gone here", ()


def cannot_vanish(run: Run, detector: Detector, control: Input) -> str:
    """Why the absence of a fault point would show nothing, or "" where it would show something."""
    if not detector.fault_points or control.run is None:
        return ""
    if control.report is None or not set(detector.fault_points) & control.hit_points:
        return "the control run doesn't hit the fault point either"
    if run.covered < control.run.covered:
        return f"{counted(run.covered, 'iteration')}, fewer than the control run's {control.run.covered:,}"
    return ""
