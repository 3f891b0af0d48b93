"""`min_iterations` of merged runs, which is asked of their sum: a shard is as short as somebody made it. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from vopr_coverage.check.merge import Unit
from vopr_coverage.gates.health import too_few_iterations
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bounds

ITERATIONS = "iterations"


def bounds_of_each(file: Input, unit: Unit, bounds: Bounds) -> Bounds:
    """The bounds for one run of a unit: without the minimum, if that is asked of all together."""
    if len(unit.inputs) < 2 or file.run is None:  # what has no iterations cannot add any, and says so
        return bounds
    return replace(bounds, min_iterations=replace(bounds.min_iterations, value=0))


def short_in_all(unit: Unit, bounds: Bounds) -> tuple[Shortfall, ...]:
    """What the runs of a unit fall short of together."""
    ran, least = ran_in_all(unit), bounds.min_iterations.value
    return () if ran is None or ran >= least else (too_few_iterations(least, str(ran)),)


def as_asked_of_all(outcome: Outcome, ran: int | None, bounds: Bounds) -> Outcome:
    """The row of one run, with what is asked of all of them, which `ran` so many iterations."""
    bound = bounds.min_iterations
    if outcome.gate != ITERATIONS or ran is None or not bound.value:
        return outcome
    status = Status.FAILED if ran < bound.value else outcome.status
    return replace(outcome, status=status, required=f"≥ {bound.value} in all, {ran} ran", origin=bound.origin)


def ran_in_all(unit: Unit) -> int | None:
    """The iterations of merged runs. None of a single run, and if one broke off or has no records."""
    runs = [file.run for file in unit.inputs]
    if len(runs) < 2 or not all(run is not None and run.complete for run in runs):
        return None
    return sum(run.iterations for run in runs if run)
