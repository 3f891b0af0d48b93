"""The open stream of a batch: what each seed hit and ran, by the emitter that any project can copy."""

from __future__ import annotations

from typing import BinaryIO

from .cluster import Outcome
from .coverage import ALWAYS, FAULT_POINTS, NEVER, OPERATIONS, PHASES, Coverage
from .emitter import Emitter
from .invariants import INVARIANTS

SAME_TWICE = "determinism"  # an invariant, too: checked where seeds are run twice


def begin(out: BinaryIO, seed: int, iterations: int, scenario: str) -> Emitter:
    """Declare all there is, and announce the seeds.

    SOMETIMES conditions are left out: vopr's stream has them in no percentage, and both must give the same.
    """
    emit = Emitter(out)
    emit.declare("fault", *FAULT_POINTS)
    emit.declare("phase", *map(_dotted, PHASES))
    emit.declare("invariant", *INVARIANTS)
    emit.declare("optional_invariant", *ALWAYS, *NEVER, SAME_TWICE)
    emit.start(seed, iterations, scenario)
    return emit


def tell_seed(emit: Emitter, seen: Coverage, outcome: Outcome, *, deterministic: bool) -> None:
    """All of one seed. A fault is hit if it was applied; an operation has no effect to count."""
    for name in FAULT_POINTS:
        if times := (seen.attempted if name in OPERATIONS else seen.applied)[name]:
            emit.hit(name, times)
    for name, times in seen.phases.items():
        emit.hit(_dotted(name), times)
    for name, times in seen.invariants.items():
        emit.ran(name, times)
    for name in sorted(seen.evaluated):
        emit.ran(name)
    if outcome.invariant:
        emit.fail(outcome.invariant, outcome.message)
    for name in sorted(seen.violated):
        emit.fail(name)
    if not deterministic:
        emit.fail(SAME_TWICE, "two runs of this seed differ")
    emit.events(outcome.events)
    emit.time_ns(outcome.time_ns)
    emit.digest(f"{outcome.storage_hash} {outcome.kernel_state_hash}")


def _dotted(phase: str) -> str:
    return phase.replace(":", ".")
