"""The work that a night should do, as its workflow asks for it, and what of it cannot be planned. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.figures import in_digits
from vopr_coverage.nightly.plan import is_safe
from vopr_coverage.nightly.regression_file import SCENARIO_CHARACTERS_MAX, RegressionSeeds, is_scenario

JOBS_MAX = 256  # of one matrix (source: docs/decisions.md, "Limits")
SEEDS_PER_NIGHT = 1 << 40
RATE_MIN, RATE_MAX = 1e-6, 1e12
# The ten seeds of the simulator's document.
DETERMINISM_SEEDS = (42, 123, 456, 789, 1024, 2048, 4096, 8192, 16384, 32768)


class Asked(msgspec.Struct, frozen=True):
    """The iterations that one scenario should run, and the minimum in its config."""

    scenario: str
    iterations: int
    min_iterations: int = 0


class Wish(msgspec.Struct, frozen=True):
    """The work that a night should do.

    Attributes:
        canary: what each canary runs that is not in `own`, beside a control run; None: no canary runs.
        own: what canaries run that have a scenario or iterations of their own, by name.
        crashes: what the last words of a crash match that detects a canary, by name.
        determinism: iterations from each seed on, each of them run twice.
    """

    long_run: tuple[Asked, ...]
    coverage: tuple[Asked, ...] = ()
    canary: Asked | None = None
    canaries: tuple[str, ...] = ()
    determinism: Asked | None = None
    determinism_seeds: tuple[int, ...] = DETERMINISM_SEEDS
    regressions: tuple[RegressionSeeds, ...] = ()
    own: Mapping[str, Asked] = {}
    crashes: Mapping[str, str] = {}

    def work(self) -> list[Asked]:
        """All of it without the canaries, in the order of the plan."""
        return [*self.long_run, *self.coverage, *([self.determinism] if self.determinism else [])]

    def canary_groups(self) -> list[CanaryGroup]:
        """The canaries by scenario, those of the usual one first; empty if none runs."""
        if self.canary is None:
            return []
        groups: dict[str, dict[str, Asked]] = {self.canary.scenario.lower(): {}}
        for name in self.canaries:
            asked = self.own.get(name, self.canary)
            groups.setdefault(asked.scenario.lower(), {})[name] = asked
        return [CanaryGroup(canaries) for canaries in groups.values() if canaries]


class CanaryGroup(msgspec.Struct, frozen=True):
    """Canaries of one scenario, by name; never empty. They share one control run."""

    canaries: Mapping[str, Asked]

    @property
    def control(self) -> Asked:
        """What the control run runs: as much as the longest canary."""
        return max(self.canaries.values(), key=lambda asked: asked.iterations)


def own_work(declared: Mapping[str, Detector], usual: Asked) -> dict[str, Asked]:
    """What each canary runs that has a scenario or iterations of its own.

    A canary that is detected by a fault point that is gone runs as many iterations as its control run. With fewer, the
    absence of the fault point would show nothing.
    """
    asked = {
        name: Asked(detector.scenario or usual.scenario, detector.iterations or usual.iterations)
        for name, detector in declared.items()
    }
    most: dict[str, int] = {}
    for each in asked.values():
        most[each.scenario.lower()] = max(each.iterations, most.get(each.scenario.lower(), 0))
    for name, each in asked.items():
        if declared[name].fault_points:
            asked[name] = Asked(each.scenario, most[each.scenario.lower()])
    return {
        name: each
        for name, each in asked.items()
        if (each.scenario.lower(), each.iterations) != (usual.scenario.lower(), usual.iterations)
    }


def refuse_impossible(
    wish: Wish, rates: Mapping[str, float], canary_rates: Mapping[str, float], minutes: float, jobs_max: int
) -> None:
    """Refuse work that cannot be planned.

    Args:
        rates: iterations per second of one job, by scenario in lower case; `canary_rates`: the same for canaries.

    Raises:
        UsageError: with the first problem.
    """
    if not wish.long_run:
        raise UsageError("nothing to plan: name at least one scenario")
    for part in (wish.long_run, wish.coverage):
        names = [asked.scenario.lower() for asked in part]
        for asked in part:
            if names.count(asked.scenario.lower()) > 1:
                raise UsageError(f"scenario {shown(asked.scenario)} is named twice")
    groups = wish.canary_groups()
    each_canary = [asked for group in groups for asked in group.canaries.values()]
    for asked, of_job in [*((each, rates) for each in wish.work()), *((each, canary_rates) for each in each_canary)]:
        if not is_scenario(asked.scenario):
            expected = f"a printable name of at most {SCENARIO_CHARACTERS_MAX} characters"
            raise UsageError(f"scenario {shown(asked.scenario)}: expected {expected}")
        if asked.iterations < 1:
            found = f"expected at least 1 iteration, found {asked.iterations}"
            raise UsageError(f"scenario {shown(asked.scenario)}: {found}")
        if asked.iterations > SEEDS_PER_NIGHT:
            raise UsageError(
                f"scenario {shown(asked.scenario)}: expected at most 2^40 iterations, all seeds of a night"
            )
        if not RATE_MIN <= of_job.get(asked.scenario.lower(), 0) <= RATE_MAX:
            raise UsageError(f"scenario {shown(asked.scenario)} has no rate: measure it, or give one")
    if not 0 < minutes < math.inf:
        raise UsageError(f"expected a budget of more than 0 minutes, found {in_digits(minutes)}")
    if not len(wish.long_run) <= jobs_max <= JOBS_MAX:
        raise UsageError(f"expected from {len(wish.long_run)} to {JOBS_MAX} jobs, found {jobs_max}")
    expected = "at most {} in a night: they are jobs of one matrix, found {}"
    for what, entries, most in (
        ("coverage scenarios", wish.coverage, JOBS_MAX),
        ("canaries", wish.canaries, JOBS_MAX - max(1, len(groups))),
        ("determinism seeds", wish.determinism_seeds, JOBS_MAX),
    ):
        if len(entries) > most:
            raise UsageError(f"{what}: expected {expected.format(most, len(entries))}")
    refuse_unsafe_canaries(wish.canaries)


def refuse_unsafe_canaries(names: Sequence[str]) -> None:
    """Refuse names of canaries that cannot name folders, artifacts and builds.

    Raises:
        UsageError: a name cannot be used, or two of them differ in case only.
    """
    for name in names:
        if not is_safe(name) or name[0] in ".-":
            expected = "letters, digits, '.', '_' and '-', at most 80, the first no '.' or '-'"
            raise UsageError(f"canary {shown(name)}: expected a name of {expected}")
        if name.lower() == CONTROL:
            raise UsageError(f"canary {shown(name)}: expected another name: it is the name of the run without a canary")
        if [other.lower() for other in names].count(name.lower()) > 1:
            raise UsageError(f"canary {shown(name)}: expected names that differ in more than their case")
