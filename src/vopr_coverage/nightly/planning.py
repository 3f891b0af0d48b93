"""A night's work as a job matrix: which scenario runs which seeds where, within a budget of time. Pure.

Every shard has seeds of its own, and every night begins behind the last one's: a night that
repeats seeds finds nothing new in code that has not changed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import msgspec

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.report import SEED_COUNT

JOBS_MAX = 256  # of one matrix (source: docs/decisions.md, "Limits")
SEEDS_PER_NIGHT = 1 << 40  # sixteen million nights until seeds come round again
CALIBRATION_S = 30.0
HEADROOM = 0.8  # of a job's time: runners differ, and so do seeds


class Asked(msgspec.Struct, frozen=True):
    """What one scenario should run: iterations, and what its config asks for at least."""

    scenario: str
    iterations: int
    min_iterations: int = 0


class Shard(msgspec.Struct, frozen=True):
    """One job: `iterations` seeds from `seed` on (text: it may exceed what a browser can count to)."""

    scenario: str
    shard: int
    shards: int
    seed: str
    iterations: int


class Planned(msgspec.Struct, frozen=True):
    """One scenario: asked and planned iterations, the measured rate (iterations a second and job), and its jobs."""

    scenario: str
    asked: int
    planned: int
    min_iterations: int
    rate: float
    jobs: int
    minutes: float


class Plan(msgspec.Struct, frozen=True):
    """A night: its first seed, its jobs, and per scenario what of the work it holds.

    Attributes:
        enough: whether every scenario gets at least its `min_iterations`.
        remarks: what the budget can't hold, a sentence each.
    """

    seed_base: str
    scenarios: tuple[Planned, ...]
    shards: tuple[Shard, ...]
    enough: bool
    remarks: tuple[str, ...]


def seed_base_of(run_number: int) -> int:
    """The first seed of a night, by the number of its run: nights of one workflow never share a seed.

    Raises:
        UsageError: not a number that a run can have.
    """
    if run_number < 0:
        raise UsageError(f"run number: expected an integer of 0 or more, found {shown(run_number)}")
    return run_number * SEEDS_PER_NIGHT % SEED_COUNT


def plan_night(
    asked: Sequence[Asked], rates: Mapping[str, float], seed_base: int, minutes: float, jobs_max: int = JOBS_MAX
) -> Plan:
    """Divide the work among at most `jobs_max` jobs of `minutes` each.

    What doesn't fit is cut in proportion, and said: a plan that can't be carried out would end as
    jobs that run out of time, with nothing to show.

    Args:
        rates: measured iterations per second of one job, by scenario.
        minutes: a job may simulate for so long; a fifth of it is kept as reserve.

    Raises:
        UsageError: nothing to do, a scenario twice or without a rate, or too few jobs for the scenarios.
    """
    _refuse_nonsense(asked, rates, minutes, jobs_max)
    capacities = [max(1, int(rates[one.scenario] * minutes * 60 * HEADROOM)) for one in asked]
    wanted = [math.ceil(one.iterations / capacity) for one, capacity in zip(asked, capacities, strict=True)]
    jobs = _within(wanted, jobs_max)
    shards: list[Shard] = []
    scenarios, remarks = [], []
    seed = seed_base
    for one, capacity, count in zip(asked, capacities, jobs, strict=True):
        planned = min(one.iterations, capacity * count)
        sizes = [planned // count + (number < planned % count) for number in range(count)]
        for number, size in enumerate(sizes, 1):
            shards.append(Shard(one.scenario, number, count, str(seed % SEED_COUNT), size))
            seed += size
        rate = rates[one.scenario]
        scenarios.append(
            Planned(one.scenario, one.iterations, planned, one.min_iterations, rate, count, max(sizes) / rate / 60)
        )
        if planned < one.iterations:
            remarks.append(_cut(one, planned, rate, minutes, count))
    enough = all(one.planned >= one.min_iterations for one in scenarios)
    return Plan(str(seed_base), tuple(scenarios), tuple(shards), enough, tuple(remarks))


def _refuse_nonsense(asked: Sequence[Asked], rates: Mapping[str, float], minutes: float, jobs_max: int) -> None:
    if not asked:
        raise UsageError("nothing to plan: name at least one scenario")
    names = [one.scenario.lower() for one in asked]
    for one in asked:
        if one.iterations < 1:
            raise UsageError(f"scenario {shown(one.scenario)}: expected at least 1 iteration, found {one.iterations}")
        if names.count(one.scenario.lower()) > 1:
            raise UsageError(f"scenario {shown(one.scenario)} is named twice")
        if not 0 < rates.get(one.scenario, 0) < math.inf:
            raise UsageError(f"scenario {shown(one.scenario)} has no measured rate: calibrate it, or give one")
    if not 0 < minutes < math.inf:
        raise UsageError(f"expected a budget of more than 0 minutes, found {minutes:g}")
    if not len(asked) <= jobs_max <= JOBS_MAX:
        raise UsageError(f"expected from {len(asked)} to {JOBS_MAX} jobs, found {jobs_max}")


def _within(wanted: Sequence[int], jobs_max: int) -> list[int]:
    """Jobs for each scenario: what it wants, or else its share, and at least one."""
    if sum(wanted) <= jobs_max:
        return list(wanted)
    spare = jobs_max - len(wanted)  # each has one already
    shares = [(count - 1) * spare / (sum(wanted) - len(wanted)) for count in wanted]
    jobs = [1 + int(share) for share in shares]
    # What rounding has left goes to those that it took most from.
    by_loss = sorted(range(len(jobs)), key=lambda i: (int(shares[i]) - shares[i], i))
    for i in by_loss[: jobs_max - sum(jobs)]:
        jobs[i] += 1
    return jobs


def _cut(one: Asked, planned: int, rate: float, minutes: float, jobs: int) -> str:
    hours = one.iterations / rate / 3600
    told = (
        f"{planned:,} of {one.iterations:,} iterations fit into {jobs} job{'' if jobs == 1 else 's'} of {minutes:g} min"
    )
    short = f"; at least {one.min_iterations:,} are required" if planned < one.min_iterations else ""
    return f"{one.scenario}: {told}, all would take {hours:,.1f} h at {rate:,.1f} a second{short}"
