"""Runs that a gate merges, as one run with the same figures. Pure.

A fault of the simulator is in all runs, and a gate that merges them judges their sum. Planted in the sum, a fault costs
as much for a thousand runs as for one. The healthy runs beside a changed one are added up for the same reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.check.merge import as_unit
from vopr_coverage.model.report import FailureGroup, Input, Run


def added_up(inputs: Sequence[Input], name: str) -> list[Input]:
    """Healthy runs of one scenario as one run; unchanged if they cannot be one, because they are of several kinds.

    The sum has no range of seeds: it cannot overlap with a run beside it. It has no manifest.

    Args:
        name: what the sum is called; a base is searched for by this name.
    """
    if len(inputs) < 2 or len({_kind(read) for read in inputs}) > 1:
        return list(inputs)
    first, unit = inputs[0], as_unit(name, inputs[0].scenario, inputs)
    runs = [read.run for read in inputs if read.run]
    run = None
    if runs:
        run = Run(
            starting_seed=None,
            announced=None,
            records=sum(run.records for run in runs),
            failed_records=sum(run.failed_records for run in runs),
            iterations=sum(run.iterations for run in runs),
            ended_early=None,
            failures=_failures(runs),
            double_runs=runs[0].double_runs,
            fault_effects=unit.evidence.fault_effects,
            properties=unit.evidence.properties,
        )
    summed = Input(
        source=name,
        format=first.format,
        report=unit.evidence.report,
        run=run,
        scenario=first.scenario,
        listed_only=first.listed_only,
    )
    return [summed]


def _kind(read: Input) -> tuple[bool, ...]:
    """What runs must have in common to be one run: which figures they have, and whether seeds ran twice."""
    run = read.run
    if run is None:
        return (read.report is None, read.listed_only)
    of_run = (bool(run.double_runs), run.fault_effects is None, run.properties is None)
    return (read.report is None, read.listed_only, *of_run)


def _failures(runs: Sequence[Run]) -> tuple[FailureGroup, ...]:
    """The expected failures of all runs, one group for each invariant."""
    groups: dict[str, FailureGroup] = {}
    for run in runs:
        for group in run.failures:
            known = groups.get(group.invariant)
            count = group.count + (known.count if known else 0)
            seeds = known.seeds if known else group.seeds
            groups[group.invariant] = FailureGroup(group.invariant, count, group.message, seeds)
    return tuple(groups.values())
