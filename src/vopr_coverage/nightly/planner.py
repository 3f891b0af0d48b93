"""Divides a night's work among jobs: which job runs which seeds of which scenario, within a budget of time. Pure.

Every job has seeds of its own, and every night starts after the seeds of the night before. A night that repeats
seeds finds nothing new in code that has not changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.errors import UsageError, shown
from vopr_coverage.model.figures import agreeing, counted, in_digits
from vopr_coverage.model.report import SEED_COUNT
from vopr_coverage.nightly.plan import (
    CanaryRange,
    CanaryRanges,
    NightPlan,
    PlannedJob,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
    safe_name,
)
from vopr_coverage.nightly.wish import JOBS_MAX, SEEDS_PER_NIGHT, Asked, CanaryGroup, Wish, refuse_impossible

CALIBRATION_S = 30.0
NIGHT_DISTANCE = 1 << 41  # between the seeds of two nights; twice what a night may use leaves room for the low bits
LOW_BITS = 1 << 32
LOW_STEP = 0x9E3779B9  # 2^32 / the golden ratio: see `seed_base_of`
HEADROOM = 0.8  # the share of a job's time that is planned, because runners and seeds differ


class _PlannedPart(msgspec.Struct, frozen=True):
    """One part of the plan; `next_seed` is the first seed after its own, 0 where its seeds are not the night's."""

    next_seed: int = 0
    shards: tuple[Shard, ...] = ()
    ranges: tuple[SeedRange, ...] = ()
    canaries: tuple[CanaryRange, ...] = ()
    work: tuple[PlannedWork, ...] = ()
    remarks: tuple[str, ...] = ()


class _Budget(msgspec.Struct, frozen=True):
    """Iterations per second of one job, by scenario in lower case, and the minutes of a job."""

    rates: Mapping[str, float]
    minutes: float

    def rate(self, asked: Asked) -> float:
        return self.rates[asked.scenario.lower()]

    def capacity(self, asked: Asked) -> int:
        """How many iterations fit into one job, at least one."""
        return max(1, int(self.rate(asked) * self.minutes * 60 * HEADROOM))


def seed_base_of(run_number: int) -> int:
    """The first seed of a night: run number × 2^41, plus run number × 0x9E3779B9 modulo 2^32.

    The first part gives the first 2^23 nights of a workflow disjoint seeds. The second part is a permutation of the
    low 32 bits, because its factor is odd: a simulator that uses only these bits runs other seeds in every night, too.
    The factor is 2^32 divided by the golden ratio, which keeps the nights of a year far apart in these bits.

    Raises:
        UsageError: a run cannot have this number.
    """
    if not 0 <= run_number < SEED_COUNT:
        raise UsageError(f"run number: expected an integer of 0 or more, found {shown(run_number)}")
    return run_number * NIGHT_DISTANCE % SEED_COUNT + run_number * LOW_STEP % LOW_BITS


def plan_night(
    wish: Wish,
    rates: Mapping[str, float],
    run_number: int,
    minutes: float,
    jobs_max: int = JOBS_MAX,
    *,
    canary_rates: Mapping[str, float] | None = None,
    seed_base: int | None = None,
) -> NightPlan:
    """Divide the work among jobs of `minutes` each: at most `jobs_max` for the long run, the rest for coverage.

    Work that does not fit is cut in proportion, and reported as a remark. Otherwise jobs would run out of time and
    show nothing.

    Args:
        rates: measured iterations per second of one job, by scenario.
        minutes: how long a job may simulate; a fifth of it is kept as reserve.
        canary_rates: the same as `rates` for canaries and their control run, if they have a command of their own.
        seed_base: the night's first seed; None: that of the run number.

    Raises:
        UsageError: there is nothing to do, a scenario is named twice or has no rate, there are too few jobs for the
            scenarios, a name is not safe for files, or the night would need more seeds than it has.
    """
    budget = _Budget(_lowered(rates), minutes)
    canary_budget = budget if canary_rates is None else _Budget(_lowered(canary_rates), minutes)
    refuse_impossible(wish, budget.rates, canary_budget.rates, minutes, jobs_max)
    of_run = seed_base_of(run_number)  # also where it is not used: it refuses a number that no run has
    seed_base = of_run if seed_base is None else seed_base
    long_run = _divided("long-run", wish.long_run, budget, seed_base, jobs_max)
    left = max(len(wish.coverage), jobs_max - len(long_run.shards))
    coverage = _divided("coverage", wish.coverage, budget, long_run.next_seed, left)
    canary = _canaries(wish, canary_budget, coverage.next_seed)
    determinism = _twice(wish, budget)
    if canary.next_seed - seed_base > SEEDS_PER_NIGHT:
        raise UsageError(f"a night has 2^40 seeds of its own, this one would need {canary.next_seed - seed_base:,}")
    parts = (long_run, coverage, canary, determinism)
    plan = NightPlan(
        seed_base=str(seed_base),
        run_number=run_number,
        minutes=minutes,
        enough=all(work.planned >= work.min_iterations for part in parts for work in part.work),
        remarks=tuple(remark for part in parts for remark in part.remarks),
        work=tuple(work for part in parts for work in part.work),
        long_run=Shards(long_run.shards),
        coverage=Shards(coverage.shards),
        determinism=SeedRanges(determinism.ranges),
        canary=CanaryRanges(canary.canaries),
        regressions=wish.regressions,
    )
    _refuse_shared_names(plan)
    return plan


def _lowered(rates: Mapping[str, float]) -> dict[str, float]:
    return {name.lower(): rate for name, rate in rates.items()}


def _refuse_shared_names(plan: NightPlan) -> None:
    """Refuse a plan in which two runs have the same folder: hashes in names can collide."""
    matrices = (plan.long_run.include, plan.coverage.include, plan.canary.include)
    runs = [[run.name.lower() for run in matrix] for matrix in matrices]
    if any(len(set(names)) < len(names) for names in runs):
        raise UsageError("two scenarios, or a canary and a control run, would share a folder: rename one of them")


def _divided(job: PlannedJob, asked: Sequence[Asked], budget: _Budget, seed: int, jobs_max: int) -> _PlannedPart:
    """Divide each scenario among as many jobs as it needs, or as it may have."""
    wanted = [-(-scenario.iterations // budget.capacity(scenario)) for scenario in asked]
    shards: list[Shard] = []
    work: list[PlannedWork] = []
    remarks: list[str] = []
    for scenario, count in zip(asked, _within(wanted, jobs_max), strict=True):
        planned = min(scenario.iterations, budget.capacity(scenario) * count)
        sizes = [planned // count + (number < planned % count) for number in range(count)]
        for number, size in enumerate(sizes, 1):
            name = f"{safe_name(scenario.scenario)}-{number}"
            shards.append(
                Shard(
                    name=name,
                    scenario=scenario.scenario,
                    shard=number,
                    shards=count,
                    seed=str(seed % SEED_COUNT),
                    iterations=size,
                )
            )
            seed += size
        rate = budget.rate(scenario)
        work.append(
            PlannedWork(
                job=job,
                scenario=scenario.scenario,
                asked=scenario.iterations,
                planned=planned,
                min_iterations=scenario.min_iterations,
                rate=rate,
                jobs=count,
                minutes=max(sizes) / rate / 60,
            )
        )
        remarks += _remarks(f"{job} {scenario.scenario}", scenario, planned, budget, count)
    return _PlannedPart(seed, shards=tuple(shards), work=tuple(work), remarks=tuple(remarks))


def _within(wanted: Sequence[int], jobs_max: int) -> list[int]:
    """The number of jobs for each scenario: as many as it wants, or its share, at least one."""
    if sum(wanted) <= jobs_max:
        return list(wanted)
    spare = jobs_max - len(wanted)  # besides the one that each has
    shares = [(count - 1) * spare / (sum(wanted) - len(wanted)) for count in wanted]
    jobs = [1 + int(share) for share in shares]
    # Jobs that rounding left over go to the scenarios that lost most by it.
    by_loss = sorted(range(len(jobs)), key=lambda i: (int(shares[i]) - shares[i], i))
    for i in by_loss[: jobs_max - sum(jobs)]:
        jobs[i] += 1
    return jobs


def _canaries(wish: Wish, budget: _Budget, seed: int) -> _PlannedPart:
    """For each scenario that canaries run in: the control run, then these canaries, a job each, from the same seed."""
    parts = list[_PlannedPart]()
    for group in wish.canary_groups():
        parts.append(_canary_group(wish, group, budget, parts[-1].next_seed if parts else seed))
    return _PlannedPart(
        parts[-1].next_seed if parts else seed,
        canaries=tuple(run for part in parts for run in part.canaries),
        work=tuple(work for part in parts for work in part.work),
        remarks=tuple(remark for part in parts for remark in part.remarks),
    )


def _canary_group(wish: Wish, group: CanaryGroup, budget: _Budget, seed: int) -> _PlannedPart:
    control = group.control
    usual = wish.canary is not None and wish.canary.scenario.lower() == control.scenario.lower()
    name = CONTROL if usual else f"{CONTROL}-{safe_name(control.scenario)}"
    capacity, rate = budget.capacity(control), budget.rate(control)
    size = min(control.iterations, capacity)
    sizes = {canary: min(asked.iterations, capacity) for canary, asked in group.canaries.items()}
    runs = [
        CanaryRange(
            name=run,
            scenario=control.scenario,
            seed=str(seed % SEED_COUNT),
            iterations=iterations,
            build=build,
            crash=wish.crashes.get(build, ""),
        )
        for run, iterations, build in [(name, size, CONTROL), *((canary, n, canary) for canary, n in sizes.items())]
    ]
    work = PlannedWork(
        job="canary",
        scenario=control.scenario,
        asked=control.iterations + sum(asked.iterations for asked in group.canaries.values()),
        planned=sum(run.iterations for run in runs),
        min_iterations=0,
        rate=rate,
        jobs=len(runs),
        minutes=size / rate / 60,
    )
    remarks = tuple(_remarks(f"canary {control.scenario}", control, size, budget, 1))
    return _PlannedPart(seed + size, canaries=tuple(runs), work=(work,), remarks=remarks)


def _twice(wish: Wish, budget: _Budget) -> _PlannedPart:
    """Ranges of seeds that run twice in one job; each ends where the next one begins."""
    asked, seeds = wish.determinism, sorted(wish.determinism_seeds)
    if asked is None:
        return _PlannedPart()
    if not seeds or len(set(seeds)) < len(seeds) or not 0 <= seeds[0] <= seeds[-1] < SEED_COUNT:
        raise UsageError("determinism seeds: expected at least one, each once and below 2^64")
    what, ends = f"determinism {asked.scenario}", dict(pairwise([*seeds, SEED_COUNT]))
    size = min(asked.iterations, max(1, budget.capacity(asked) // 2))
    sizes = {seed: min(size, ends[seed] - seed) for seed in wish.determinism_seeds}
    clipped = [f"{sizes[seed]:,} from {seed} on" for seed in wish.determinism_seeds if sizes[seed] < size]
    ranges = tuple(SeedRange(str(seed), asked.scenario, str(seed), count) for seed, count in sizes.items())
    rate = budget.rate(asked)
    work = PlannedWork(
        job="determinism",
        scenario=asked.scenario,
        asked=asked.iterations * len(seeds),
        planned=sum(sizes.values()),
        min_iterations=0,
        rate=rate,
        jobs=len(seeds),
        minutes=2 * max(sizes.values()) / rate / 60,
    )
    remarks = list(_remarks(what, Asked(asked.scenario, asked.iterations), size, budget, 1, "twice "))
    if clipped:
        remarks.append(f"{what}: ranges end where the next one begins: {', '.join(clipped)}")
    return _PlannedPart(ranges=ranges, work=(work,), remarks=tuple(remarks))


def _remarks(what: str, asked: Asked, planned: int, budget: _Budget, jobs: int, twice: str = "") -> Iterator[str]:
    """Why a scenario runs less than it should."""
    rate, minutes = budget.rate(asked), budget.minutes
    short = f"at least {asked.min_iterations:,} are required" if planned < asked.min_iterations else ""
    if planned < asked.iterations:
        times = 2 if twice else 1
        fit = f"fit {twice}into {counted(jobs, 'job')} of {in_digits(minutes)} min"
        all_of_it = (
            f"all would take {in_digits(times * asked.iterations / rate / 3600)} h at {in_digits(rate)} a second"
        )
        tail = f"; {short}" if short else ""
        yield f"{what}: {planned:,} of {counted(asked.iterations, 'iteration')} {fit}, {all_of_it}{tail}"
    elif short:
        were = agreeing(asked.iterations, "was", "were")
        yield f"{what}: {counted(asked.iterations, 'iteration')} {were} asked for, {short}"
    if rate * minutes * 60 * HEADROOM < (2 if twice else 1):
        yield f"{what}: one iteration takes longer than a job has, at {in_digits(rate)} a second"
