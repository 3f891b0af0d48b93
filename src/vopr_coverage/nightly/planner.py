"""A night's work as job matrices: which scenario runs which seeds where, within a budget of time. Pure.

Every job has seeds of its own, and every night begins behind the last one's: a night that
repeats seeds finds nothing new in code that has not changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from vopr_coverage.canaries.judge import CONTROL
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.nightly.plan import (
    NightPlan,
    PlannedJob,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
    is_safe,
    safe_name,
)
from vopr_coverage.nightly.regression_file import SCENARIO_CHARACTERS_MAX, RegressionSeeds, is_scenario

JOBS_MAX = 256  # of one matrix (source: docs/decisions.md, "Limits")
SEEDS_PER_NIGHT = 1 << 40  # sixteen million nights until seeds come round again
CALIBRATION_S = 30.0
HEADROOM = 0.8  # of a job's time: runners differ, and so do seeds
RATE_MIN, RATE_MAX = 1e-6, 1e12
# The ten of the simulator's document.
DETERMINISM_SEEDS = (42, 123, 456, 789, 1024, 2048, 4096, 8192, 16384, 32768)


class Asked(msgspec.Struct, frozen=True):
    """What one scenario should run: iterations, and what its config asks for at least."""

    scenario: str
    iterations: int
    min_iterations: int = 0


class Wish(msgspec.Struct, frozen=True):
    """What a night should hold.

    Attributes:
        canary: iterations of the control run and of each canary; None runs neither.
        determinism: iterations from each seed on, each run twice.
    """

    long_run: tuple[Asked, ...]
    coverage: tuple[Asked, ...] = ()
    canary: Asked | None = None
    canaries: tuple[str, ...] = ()
    determinism: Asked | None = None
    determinism_seeds: tuple[int, ...] = DETERMINISM_SEEDS
    regressions: tuple[RegressionSeeds, ...] = ()

    def asked(self) -> list[Asked]:
        """All of it, in the order of the night."""
        alone = (one for one in (self.canary, self.determinism) if one)
        return [*self.long_run, *self.coverage, *alone]


class _PlannedPart(msgspec.Struct, frozen=True):
    """One job's share of the plan; `next_seed` is the first that it leaves free."""

    next_seed: int
    shards: tuple[Shard, ...] = ()
    ranges: tuple[SeedRange, ...] = ()
    work: tuple[PlannedWork, ...] = ()
    remarks: tuple[str, ...] = ()


class _Budget(msgspec.Struct, frozen=True):
    """Measured iterations per second of one job, by scenario in lower case, and a job's minutes."""

    rates: Mapping[str, float]
    minutes: float

    def rate(self, one: Asked) -> float:
        return self.rates[one.scenario.lower()]

    def capacity(self, one: Asked) -> int:
        """How many iterations one job holds, at least one."""
        return max(1, int(self.rate(one) * self.minutes * 60 * HEADROOM))


def seed_base_of(run_number: int) -> int:
    """The first seed of a night, by the number of its run: nights of one workflow never share a seed.

    Raises:
        UsageError: not a number that a run can have.
    """
    if not 0 <= run_number < SEED_COUNT:
        raise UsageError(f"run number: expected an integer of 0 or more, found {shown(run_number)}")
    return run_number * SEEDS_PER_NIGHT % SEED_COUNT


def plan_night(
    wish: Wish, rates: Mapping[str, float], run_number: int, minutes: float, jobs_max: int = JOBS_MAX
) -> NightPlan:
    """Divide the work among jobs of `minutes` each: at most `jobs_max` for the long run, and for coverage what is left.

    What doesn't fit is cut in proportion, and said: a plan that can't be carried out would end as
    jobs that run out of time, with nothing to show.

    Args:
        rates: measured iterations per second of one job, by scenario.
        minutes: a job may simulate for so long; a fifth of it is kept as reserve.

    Raises:
        UsageError: nothing to do, a scenario twice or without a rate, too few jobs for the
            scenarios, names that are not safe for files, or more seeds than a night has.
    """
    budget = _Budget({name.lower(): rate for name, rate in rates.items()}, minutes)
    _refuse_nonsense(wish, budget, jobs_max)
    seed_base = seed_base_of(run_number)
    long_run = _divided("long-run", wish.long_run, budget, seed_base, jobs_max)
    left = max(len(wish.coverage), jobs_max - len(long_run.shards))
    coverage = _divided("coverage", wish.coverage, budget, long_run.next_seed, left)
    canary = _canaries(wish, budget, coverage.next_seed)
    determinism = _twice(wish, budget)
    if canary.next_seed - seed_base > SEEDS_PER_NIGHT:
        raise UsageError(f"a night has 2^40 seeds of its own, this one would take {canary.next_seed - seed_base:,}")
    parts = (long_run, coverage, canary, determinism)
    plan = NightPlan(
        seed_base=str(seed_base),
        run_number=run_number,
        minutes=minutes,
        enough=all(one.planned >= one.min_iterations for part in parts for one in part.work),
        remarks=tuple(remark for part in parts for remark in part.remarks),
        work=tuple(one for part in parts for one in part.work),
        long_run=Shards(long_run.shards),
        coverage=Shards(coverage.shards),
        determinism=SeedRanges(determinism.ranges),
        canary=SeedRanges(canary.ranges),
        regressions=wish.regressions,
    )
    _refuse_shared_names(plan)
    return plan


def _refuse_nonsense(wish: Wish, budget: _Budget, jobs_max: int) -> None:
    if not wish.long_run:
        raise UsageError("nothing to plan: name at least one scenario")
    for part in (wish.long_run, wish.coverage):
        names = [one.scenario.lower() for one in part]
        for one in part:
            if names.count(one.scenario.lower()) > 1:
                raise UsageError(f"scenario {shown(one.scenario)} is named twice")
    for one in wish.asked():
        if not is_scenario(one.scenario):
            told = f"a printable name of at most {SCENARIO_CHARACTERS_MAX} characters"
            raise UsageError(f"scenario {shown(one.scenario)}: expected {told}")
        if one.iterations < 1:
            raise UsageError(f"scenario {shown(one.scenario)}: expected at least 1 iteration, found {one.iterations}")
        if one.iterations > SEEDS_PER_NIGHT:
            raise UsageError(f"scenario {shown(one.scenario)}: expected at most 2^40 iterations, all seeds of a night")
        if not RATE_MIN <= budget.rates.get(one.scenario.lower(), 0) <= RATE_MAX:
            raise UsageError(f"scenario {shown(one.scenario)} has no measured rate: calibrate it, or give one")
    if not 0 < budget.minutes < math.inf:
        raise UsageError(f"expected a budget of more than 0 minutes, found {budget.minutes:g}")
    if not len(wish.long_run) <= jobs_max <= JOBS_MAX:
        raise UsageError(f"expected from {len(wish.long_run)} to {JOBS_MAX} jobs, found {jobs_max}")
    told = "at most {} in a night: they are jobs of one matrix, found {}"
    for what, entries, most in (
        ("coverage scenarios", wish.coverage, JOBS_MAX),
        ("canaries", wish.canaries, JOBS_MAX - 1),
        ("determinism seeds", wish.determinism_seeds, JOBS_MAX),
    ):
        if len(entries) > most:
            raise UsageError(f"{what}: expected {told.format(most, len(entries))}")
    refuse_unsafe_canaries(wish.canaries)


def refuse_unsafe_canaries(names: Sequence[str]) -> None:
    """Canaries name folders, artifacts and builds.

    Raises:
        UsageError: one of them can't be used there, or two are the same but for their case.
    """
    for name in names:
        if not is_safe(name) or name[0] in ".-":
            told = "letters, digits, '.', '_' and '-', at most 80, the first no '.' or '-'"
            raise UsageError(f"canary {shown(name)}: expected a name of {told}")
        if name.lower() == CONTROL:
            raise UsageError(f"canary {shown(name)}: expected another name, that is the run without a canary")
        if [other.lower() for other in names].count(name.lower()) > 1:
            raise UsageError(f"canary {shown(name)}: expected names that differ in more than their case")


def _refuse_shared_names(plan: NightPlan) -> None:
    """Scenarios differ, and so do their names for files, but for a clash of hashes."""
    for shards in (plan.long_run, plan.coverage):
        names = [shard.name.lower() for shard in shards.include]
        if len(set(names)) < len(names):
            raise UsageError("two scenarios would share a folder: rename one of them")


def _divided(job: PlannedJob, asked: Sequence[Asked], budget: _Budget, seed: int, jobs_max: int) -> _PlannedPart:
    """Scenarios over as many jobs as they need, or may have."""
    capacities = [budget.capacity(one) for one in asked]
    wanted = [-(-one.iterations // capacity) for one, capacity in zip(asked, capacities, strict=True)]
    shards: list[Shard] = []
    work: list[PlannedWork] = []
    remarks: list[str] = []
    for one, capacity, count in zip(asked, capacities, _within(wanted, jobs_max), strict=True):
        planned = min(one.iterations, capacity * count)
        sizes = [planned // count + (number < planned % count) for number in range(count)]
        for number, size in enumerate(sizes, 1):
            name = f"{safe_name(one.scenario)}-{number}"
            shards.append(Shard(name, one.scenario, number, count, str(seed % SEED_COUNT), size))
            seed += size
        rate = budget.rate(one)
        least = one.min_iterations
        minutes = max(sizes) / rate / 60
        work.append(PlannedWork(job, one.scenario, one.iterations, planned, least, rate, count, minutes))
        remarks += _remarks(f"{job} {one.scenario}", one, planned, budget, count)
    return _PlannedPart(seed, shards=tuple(shards), work=tuple(work), remarks=tuple(remarks))


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


def _canaries(wish: Wish, budget: _Budget, seed: int) -> _PlannedPart:
    """The control run and each canary in a job of its own, all with the same seeds."""
    one = wish.canary
    if one is None or not wish.canaries:
        return _PlannedPart(seed)
    size, names = min(one.iterations, budget.capacity(one)), (CONTROL, *wish.canaries)
    ranges = tuple(SeedRange(name, one.scenario, str(seed % SEED_COUNT), size) for name in names)
    rate = budget.rate(one)
    asked, planned = one.iterations * len(names), size * len(names)
    work = PlannedWork("canary", one.scenario, asked, planned, 0, rate, len(names), size / rate / 60)
    remarks = tuple(_remarks(f"canary {one.scenario}", one, size, budget, 1))
    return _PlannedPart(seed + size, ranges=ranges, work=(work,), remarks=remarks)


def _twice(wish: Wish, budget: _Budget) -> _PlannedPart:
    """Iterations from each seed on, up to the next seed, twice in one job."""
    one, seeds = wish.determinism, sorted(wish.determinism_seeds)
    if one is None:
        return _PlannedPart(0)
    if not seeds or len(set(seeds)) < len(seeds) or not 0 <= seeds[0] <= seeds[-1] < SEED_COUNT:
        raise UsageError("determinism seeds: expected at least one, each once and below 2^64")
    what, ends = f"determinism {one.scenario}", dict(zip(seeds, [*seeds[1:], SEED_COUNT], strict=True))
    size = min(one.iterations, max(1, budget.capacity(one) // 2))
    sizes = {seed: min(size, ends[seed] - seed) for seed in wish.determinism_seeds}
    clipped = [f"{sizes[seed]:,} from {seed} on" for seed in wish.determinism_seeds if sizes[seed] < size]
    ranges = tuple(SeedRange(str(seed), one.scenario, str(seed), count) for seed, count in sizes.items())
    rate, asked, planned = budget.rate(one), one.iterations * len(seeds), sum(sizes.values())
    minutes = 2 * max(sizes.values()) / rate / 60
    work = PlannedWork("determinism", one.scenario, asked, planned, 0, rate, len(seeds), minutes)
    remarks = list(_remarks(what, Asked(one.scenario, one.iterations), size, budget, 1, "twice "))
    if clipped:
        remarks.append(f"{what}: ranges end where the next one begins: {', '.join(clipped)}")
    return _PlannedPart(0, ranges=ranges, work=(work,), remarks=tuple(remarks))


def _remarks(what: str, one: Asked, planned: int, budget: _Budget, jobs: int, twice: str = "") -> Iterator[str]:
    """Why a scenario gets less than it should."""
    rate, minutes = budget.rate(one), budget.minutes
    short = f"at least {one.min_iterations:,} are required" if planned < one.min_iterations else ""
    if planned < one.iterations:
        times = 2 if twice else 1
        fit = f"fit {twice}into {counted(jobs, 'job')} of {minutes:g} min"
        all_of_it = f"all would take {times * one.iterations / rate / 3600:,.1f} h at {rate:,.1f} a second"
        tail = f"; {short}" if short else ""
        yield f"{what}: {planned:,} of {one.iterations:,} iterations {fit}, {all_of_it}{tail}"
    elif short:
        yield f"{what}: {one.iterations:,} iterations are asked for, {short}"
    if rate * minutes * 60 * HEADROOM < (2 if twice else 1):
        yield f"{what}: one iteration takes longer than a job has, at {rate:g} a second"
