"""Why a canary was not detected: its seeds beside those of the control run. Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import SeedsBeside, Seen
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.statistics.intervals import iterations_to_see

UNEXPLAINED = (CanaryEnding.NOT_DETECTED, CanaryEnding.NOT_MEASURED)  # the run is whole, and nothing failed in it

NEVER_CALLED = "Look whether the planted code is still called, and give the canary a scenario that calls it."
CALLED_ELSEWHERE = "Run this canary in the scenario in which it showed, with as many iterations."
CALLED_RARELY = "Give this canary as many iterations."
BLIND = "Replay the first seed that differs, and add or switch on a check that notices what the bug does there."
ALL = frozenset({NEVER_CALLED, CALLED_ELSEWHERE, CALLED_RARELY, BLIND})


def explained(
    verdict: CanaryVerdict, declared: Mapping[str, Detector], beside: Mapping[str, SeedsBeside]
) -> CanaryVerdict:
    """The verdict with the reasons: `beside` has the comparison of each canary that could be compared."""
    results = tuple(
        _with_reason(result, declared[result.name], beside.get(result.name))
        if result.ending in UNEXPLAINED
        else _with_rate(result)
        for result in verdict.results
    )
    return msgspec.structs.replace(verdict, results=results)


def _with_reason(result: CanaryResult, detector: Detector, seeds: SeedsBeside | None) -> CanaryResult:
    if seeds is None:
        return result
    if not seeds.compared:
        return msgspec.structs.replace(
            result, why="no seed of it is one of the control's, so nothing shows why", compared=0, differing=0
        )
    why, advice = _differing(seeds) if seeds.differing else _identical(seeds, detector.seen)
    return msgspec.structs.replace(result, why=why, advice=advice, compared=seeds.compared, differing=seeds.differing)


def _differing(seeds: SeedsBeside) -> tuple[str, str]:
    share = f"{seeds.differing:,} of {counted(seeds.compared, 'seed')}"
    differ = agreeing(seeds.differing, "differs", "differ")
    why = f"{share} {differ} from the control, nothing noticed: the tester is blind to it; the first is {seeds.first}"
    needed = iterations_to_see(seeds.differing / seeds.compared)
    if needed > seeds.compared:
        why += f"; at this rate, {counted(needed, 'iteration')} would show a difference at 99 %"
    return why, BLIND


def _identical(seeds: SeedsBeside, seen: Seen | None) -> tuple[str, str]:
    if seen is None:
        alike = f"{seeds.compared:,} of {counted(seeds.compared, 'seed')} identical to the control"
        return f"{alike}: the planted bug was never called, or changed nothing", NEVER_CALLED
    elsewhere = seeds.scenario is None or seeds.scenario.lower() != seen.scenario.lower()
    of = f" of {seen.scenario}" if elsewhere else ""
    here = f" in scenario {seeds.scenario}" if seeds.scenario is not None else ""
    needed = counted(iterations_to_see(seen.seeds / seen.of), "iteration")
    why = (
        f"0 of {counted(seeds.compared, 'seed')} differ from the control{here}, it showed in {seen.seeds:,} of "
        f"{seen.of:,}{of}: {needed}{of} would show it at 99 %"
    )
    return why, CALLED_ELSEWHERE if elsewhere else CALLED_RARELY


def _with_rate(result: CanaryResult) -> CanaryResult:
    """A canary that was detected by luck: on so few seeds that other seeds might not have shown it."""
    if result.ending is not CanaryEnding.DETECTED or not result.iterations or not result.failed:
        return result
    needed = iterations_to_see(result.failed / result.iterations)
    if needed <= result.iterations:
        return result
    why = f"it may be missed on other seeds: at this rate, {counted(needed, 'iteration')} would show it at 99 %"
    return msgspec.structs.replace(result, why=why)
