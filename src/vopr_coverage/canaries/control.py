"""Is the run without a canary green? Pure."""

from __future__ import annotations

from collections.abc import Iterator

from vopr_coverage.gates.manifest import early_end, with_last_words
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input


def problems_of_control(control: Input) -> Iterator[str]:
    """Why the control run is not green, a sentence each."""
    run = control.run
    if run is None:
        yield "it has no run records: pass a stream"
        return
    if not run.complete and not run.crashed:
        yield with_last_words(f"it did not finish: {early_end(control)}", control.recording)
    yield from run.contradictions
    if not run.iterations:
        yield "it ran no iteration"
    for group in run.failures:
        seeds = counted(group.count, "seed")
        died = group.crash and f"its simulator died on {seeds}, first on {group.seeds[0]}: {group.crash.told}"
        yield died or f"invariant {group.invariant} failed on {seeds}"
    if run.silent_failures.count:
        yield f"{counted(run.silent_failures.count, 'seed')} failed without a record"
    if run.properties:
        yield from (f"property {name} was violated" for name in run.properties.violated_ids)
