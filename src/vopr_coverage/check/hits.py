"""Which seeds of several runs hit which points, by scenario; and why nobody knows that of a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from vopr_coverage.check.merge import overlaps
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.model.hits import Hits, SeedSpan, joined
from vopr_coverage.model.report import Input

_WRITE_BY_SEED = "write a simulation stream with the `hits` of each seed (docs/formats/simulation.md)"
_RECORD = "record each seed with {output} in the command (docs/recording.md)"


def hits_by_scenario(inputs: Iterable[Input]) -> dict[str, Hits]:
    """The hits of the runs of each scenario as one.

    Raises:
        UsageError: runs whose hits are not known seed by seed, that have no scenario's name, or that share seeds.
    """
    runs: dict[str, list[Input]] = {}
    spelled: dict[str, str] = {}
    for read in inputs:
        if read.scenario is None:
            raise UsageError(f"{printable(read.source)} names no scenario: name it as SCENARIO=PATH, or by --scenario")
        runs.setdefault(spelled.setdefault(read.scenario.lower(), read.scenario), []).append(read)
    return {name: _hits_of_all(of_scenario) for name, of_scenario in runs.items()}


def _hits_of_all(inputs: Sequence[Input]) -> Hits:
    parts = []
    for read in inputs:
        hits = hits_of(read)
        if hits is None:
            raise UsageError(f"{printable(read.source)}: which seed hit which point is not known: {why_unknown(read)}")
        parts.append(hits)
    shared = overlaps(inputs)
    if shared:
        raise UsageError(f"{shared[0]}: give each seed once")
    return joined(parts)


def hits_of(read: Input) -> Hits | None:
    """The hits of one run by seed. Of a run of one seed, the totals of any format are that seed's."""
    if read.hits is not None:
        return read.hits
    run, report = read.run, read.report
    if run is None or run.iterations != 1 or run.starting_seed is None or report is None or not run.complete:
        return None
    points = [*report.hit_fault_points, *(name for name, count in report.phase_events.items() if count)]
    if read.observed is not None:
        points = [name for name, point in read.observed.points.items() if point.hit]
    return Hits((SeedSpan(run.starting_seed, 1),), dict.fromkeys(sorted(points), 1))


def why_unknown(read: Input) -> str:
    """Why the hits of a run are not known seed by seed, and what to do."""
    if read.run is None:
        return f"a file of this format names no seed; {_RECORD}"
    if read.run.wrote_nothing or not read.run.iterations:
        return "it has no seeds"
    if read.format == "simulation":
        return f"no seed has hits of its own, or there are too many points to keep; {_WRITE_BY_SEED}"
    return f"vopr's stream has totals of all seeds only; {_WRITE_BY_SEED}"
