"""Runs read for a lockfile of points: by the same steps as for a verdict, and what they show about points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from vopr_coverage.check.flow import as_configured
from vopr_coverage.check.merge import overlaps
from vopr_coverage.check.request import CheckRequest, FileProgress, read_all
from vopr_coverage.check.terms import Overrides, terms_for
from vopr_coverage.config.file import Config
from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.point_lock import OTHER_SCENARIOS, entry_name
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import is_set_by_config
from vopr_coverage.points.sightings import AskedOf, Sightings, sightings_in

NAMES_LISTED = 5


class PointRuns(NamedTuple):
    """What runs show about points, by scenario as a lockfile names it, and what is to be said about them."""

    seen: dict[str, Sightings]
    remarks: list[str]


def read_point_runs(request: CheckRequest, config: Config, progress: FileProgress = lambda _: None) -> PointRuns:
    """Read runs of disjoint seeds.

    Args:
        config: the request's, with or without a lockfile.

    Raises:
        UserError: a run that cannot be used, did not finish, names no point, or shares seeds with another.
    """
    read = read_all(request, "scenario", progress, config)
    inputs = [as_configured(each, read.config) for each in read.inputs]
    judged = [each for each in inputs if terms_for(each.scenario, Overrides(), read.config).expect is None]
    if not judged:
        raise UsageError("these runs have to fail, as the config says: they show nothing about points")
    for sentence in overlaps(judged):
        raise UsageError(f"rates are counted in runs with seeds of their own: {sentence}")
    asked = {entry_name(each.scenario): _asked(each, read.config) for each in judged}
    seen = sightings_in(judged, asked)
    for scenario, sightings in seen.items():
        if not sightings.points:
            of = "" if scenario == OTHER_SCENARIOS else f" of scenario {shown(scenario)}"
            raise UsageError(f"the runs{of} name no point: they declare none, and hit none")
    remarks = [*read.left_out, *_left_out(inputs, judged), *_not_declared(seen, asked)]
    return PointRuns(seen, remarks)


def _asked(read: Input, config: Config) -> AskedOf:
    critical = terms_for(read.scenario, Overrides(), config).bounds.critical_fault_points
    own = critical.value if is_set_by_config(critical) else ()  # a profile's names may be another simulator's
    return AskedOf(tuple(dict.fromkeys((*config.fault_points, *own))), tuple(critical.value))


def _left_out(inputs: Sequence[Input], judged: Sequence[Input]) -> Iterator[str]:
    count = len(inputs) - len(judged)
    if count:
        yield f"{counted(count, 'run')} that the config expects to fail {agreeing(count, 'is', 'are')} left out"


def _not_declared(seen: dict[str, Sightings], asked: dict[str, AskedOf]) -> Iterator[str]:
    for scenario, sightings in seen.items():
        names = sorted(set(asked[scenario].listed) - sightings.points.keys())
        if names:
            listed = ", ".join(map(printable, names[:NAMES_LISTED])) + (" …" if len(names) > NAMES_LISTED else "")
            what = f"{counted(len(names), 'point')} of the config {agreeing(len(names), 'is', 'are')} not declared"
            yield f"{printable(scenario)}: {what}, and left out: {listed}"
