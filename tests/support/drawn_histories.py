"""Histories of nights drawn from figures of real runs: what the gate on trends must be silent about, and what not.

A night has the four scenarios of the long run, and the jobs coverage, canary and determinism. The figures of a run are
drawn from `tests/data/trends/figures.json`: how often each fault point took effect in an iteration, and the iterations
a second, which differ between runs of one scenario by a factor of three.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from statistics import fmean, median
from typing import Any

from tests.support.histories import FIRST_NIGHT, FIRST_RUN, WORKFLOW
from vopr_coverage.nightly.reached import ReachedNames, reached_names
from vopr_coverage.trends.compare import lines_of
from vopr_coverage.trends.gate import remarks_in
from vopr_coverage.trends.history import TREND_FORMAT, TrendRecord

FIGURES = Path(__file__).parents[1] / "data" / "trends" / "figures.json"
SCENARIOS = ("baseline", "combined", "multi-tenant", "swizzle")
BUDGETS = (20, 30, 100, 1_000, 100_000)  # iterations of a scenario in a night; the first two are those of the real runs
POINTS = (4, 10, 20, 40)  # that a simulator declares
JOBS_A_SCENARIO = 4
INVARIANTS = 16
CANARIES = 5
NORMAL_FROM = 500.0  # a mean from which a Poisson count is drawn as a normal one


@cache
def real_runs() -> dict[str, list[dict[str, Any]]]:
    """The figures of each scenario's runs."""
    runs: dict[str, list[dict[str, Any]]] = json.loads(FIGURES.read_bytes())
    return runs


@cache
def real_point_rates() -> tuple[float, ...]:
    """How often each fault point of each scenario took effect in an iteration."""
    rates = []
    for runs in real_runs().values():
        iterations = sum(run["iterations"] for run in runs)
        names = sorted({name for run in runs for name in run["points"]})
        rates += [sum(run["points"].get(name, 0) for run in runs) / iterations for name in names]
    return tuple(rates)


@dataclass
class Simulator:
    """A simulator and its nightly: what it has, and how much of it a night runs.

    Attributes:
        rates: of the fault points, in effects an iteration; a point that is gone has 0.
        budget: iterations that a scenario is asked for.
        speed: 1 is that of the real runs.
    """

    rng: Random
    budget: int
    rates: list[float] = field(default_factory=list)
    speed: float = 1.0

    def night(self, number: int, budget: float = 1.0) -> tuple[TrendRecord, ...]:
        """What a night leaves; `budget` is its share of the usual one."""
        asked = max(1, round(self.budget * budget))
        long_run = [self._record(number, "long-run", scenario, asked) for scenario in SCENARIOS]
        coverage = self._record(number, "coverage", "combined", asked)
        canary = _record(number, "canary", "combined", asked=asked, ran=asked, detected=CANARIES, declared=CANARIES)
        determinism = _record(number, "determinism", "combined", asked=asked, ran=asked, seeds_doubled=10 * asked)
        return (*long_run, coverage, canary, determinism)

    def _record(self, number: int, job: str, scenario: str, asked: int) -> TrendRecord:
        runs = real_runs()[scenario]
        rate = self.speed * fmean(self.rng.choice(runs)["rate"] for _ in range(JOBS_A_SCENARIO))
        usual = median(run["rate"] for run in runs)
        ran = max(1, min(asked, round(asked * rate / usual)))  # a slow night doesn't reach what it is asked for
        hit = [number for number, rate_of in enumerate(self.rates) if self.rng.random() >= math.exp(-rate_of * ran)]
        run = self.rng.choice(runs)
        a_night = ran * run["points"].get("network.drop", run["points"]["network.delay"]) / run["iterations"]
        return _record(
            number,
            job,
            scenario,
            asked=asked,
            ran=ran,
            rate=rate,
            fault_points_hit=len(hit),
            fault_points_known=len(self.rates),
            invariants=INVARIANTS,
            # Streams don't have these: they vary like what the network does in real runs.
            view_changes=_poisson(self.rng, a_night),
            names=self._names(hit) if job == "coverage" else None,
        )

    def _names(self, hit: Sequence[int]) -> ReachedNames:
        """What the coverage job's record has by name."""
        missed = sorted(set(range(len(self.rates))) - set(hit))
        return reached_names(
            hit=[f"point {number}" for number in hit],
            missed=[f"point {number}" for number in missed],
            ran=[f"invariant {number}" for number in range(INVARIANTS)],
            silent=(),
        )


def _record(number: int, job: str, scenario: str, **figures: Any) -> TrendRecord:
    names = ("asked", "planned", "ran", "failed", "rate", "fault_points_hit", "fault_points_known", "invariants")
    unmeasured = dict.fromkeys((*names, "view_changes", "detected", "declared", "seeds_doubled"))
    return TrendRecord(
        format=TREND_FORMAT,
        at=(FIRST_NIGHT + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        run_id=str(FIRST_RUN + number),
        run_attempt=1,
        run_number=number + 1,
        commit="a" * 40,
        workflow=WORKFLOW,
        job=job,
        scenario=scenario,
        status="passed",
        **{**unmeasured, "failed": 0, **figures},
    )


def _poisson(rng: Random, mean: float) -> int:
    if mean >= NORMAL_FROM:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, product, limit = 0, rng.random(), math.exp(-mean)
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def a_simulator(seed: int, budget: int = 0) -> Simulator:
    """The simulator of that number, with the given budget or with one of `BUDGETS`."""
    rng = Random(seed)
    points = rng.choice(POINTS)
    return Simulator(rng, budget or rng.choice(BUDGETS), rng.choices(real_point_rates(), k=points))


Played = list[tuple[TrendRecord, ...]]


def is_told(history: Sequence[tuple[TrendRecord, ...]], tonight: Sequence[TrendRecord]) -> bool:
    """Whether some figure of tonight has a remark, and so the gate fails."""
    before = [record for night in history for record in night]
    return bool(remarks_in(lines_of(before, tonight)))


def alarms(nights: Played) -> int:
    """On how many of the nights the gate fails."""
    return sum(is_told(nights[:number], nights[number]) for number in range(len(nights)))


# ---- what happens over the nights


def stationary(simulator: Simulator, nights: int) -> Played:
    """Nothing changes."""
    return [simulator.night(number) for number in range(nights)]


def seasonal(simulator: Simulator, nights: int) -> Played:
    """A fifth of the budget at weekends."""
    return [simulator.night(number, 0.2 if number % 7 >= 5 else 1.0) for number in range(nights)]


def half_at_weekends(simulator: Simulator, nights: int) -> Played:
    """Half the budget at weekends."""
    return [simulator.night(number, 0.5 if number % 7 >= 5 else 1.0) for number in range(nights)]


def drifting(simulator: Simulator, nights: int) -> Played:
    """Every night is 1 % slower."""
    found = []
    for number in range(nights):
        found.append(simulator.night(number))
        simulator.speed *= 0.99
    return found


def with_gaps(simulator: Simulator, nights: int) -> Played:
    """Every tenth night is missing, by chance."""
    played = [simulator.night(number) for number in range(nights)]
    return [night for night in played if simulator.rng.random() >= 0.1]


# ---- what happens in one night


def one_point_gone(simulator: Simulator) -> None:
    """A fault is injected no more: one that every night hits, or nobody could notice on the first."""
    often = [index for index, rate in enumerate(simulator.rates) if rate * simulator.budget >= 20]
    simulator.rates[simulator.rng.choice(often or range(len(simulator.rates)))] = 0.0


def ten_points_of_coverage(simulator: Simulator) -> None:
    """A tenth of the declared points, and at least one."""
    count = max(1, math.ceil(len(simulator.rates) / 10))
    for index in sorted(range(len(simulator.rates)), key=lambda index: -simulator.rates[index])[:count]:
        simulator.rates[index] = 0.0


def more_points_declared(simulator: Simulator) -> None:
    """So many that nobody hits, that coverage falls by ten points."""
    simulator.rates += [0.0] * max(1, math.ceil(len(simulator.rates) / 8))


def half_the_rate(simulator: Simulator) -> None:
    """Something has become slow."""
    simulator.speed /= 2


def a_tenth_of_the_rate(simulator: Simulator) -> None:
    """Something has become very slow."""
    simulator.speed /= 10


Loss = Callable[[Simulator], None]


def told_at_once(seed: int, loss: Loss, budget: int = 0, before: int = 14) -> bool:
    """Whether a loss is told on its first night, with so many nights before it."""
    simulator = a_simulator(seed, budget)
    nights = stationary(simulator, before)
    loss(simulator)
    return is_told(nights, simulator.night(before))
