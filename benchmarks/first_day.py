"""How often `init` calls a healthy run red, and how often the config that it wrote notices an injector that is dead.

    PYTHONPATH=. python benchmarks/first_day.py FOLDER… [--simulate N [--only-simulated]] [--bar PERCENT]

The folders hold streams of healthy runs, named SCENARIO-SEED-ITERATIONS.ndjson, and of runs with a bug built in, named
SCENARIO-SEED-ITERATIONS.CANARY.ndjson; the healthy runs of tests/data/real are added. Each three healthy runs of a
scenario with 20 iterations or more are given to `init`, and every other run of the scenario is judged by its config.
With --simulate, N configs a scenario are learnt from simulated runs, too: counts are negative binomial, with the mean
and the dispersion of the streams; --only-simulated leaves the recorded runs out, which take minutes. Exit code 0 if
both shares of red healthy runs are within the bar, 1 if not, 2 without streams.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.flow import Rules, judge_inputs
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.config.starter import sections_of, starter_config
from vopr_coverage.model.report import Input
from vopr_coverage.reading import read_report

REAL = Path(__file__).resolve().parents[1] / "tests" / "data" / "real"
HEALTHY = {
    "baseline.ndjson": "baseline",
    "combined.ndjson": "combined",
    "multi-tenant.ndjson": "multi-tenant",
    "swizzle-a.ndjson": "swizzle",
    "swizzle-b.ndjson": "swizzle",
}
NAME = re.compile(r"(?P<scenario>[a-z-]+)-(?P<seed>\d+)-(?P<iterations>\d+)(?:\.(?P<canary>[a-z-]+))?\.ndjson")
LEARNT_FROM, ITERATIONS_MIN = 3, 20
SIMULATED_LENGTHS = (5, 10, 20, 30, 50, 100, 200)


class Sample(msgspec.Struct, frozen=True):
    """One stream, and the bug that is built into its simulator, or ""."""

    read: Input
    canary: str
    seed: str

    @property
    def scenario(self) -> str:
        """Every sample has one."""
        return self.read.scenario or ""

    @property
    def iterations(self) -> int:
        """As many as ran."""
        return self.read.run.iterations if self.read.run else 0


def main(argv: list[str] | None = None) -> int:
    """Print the shares; 0 when they are within the bar."""
    parser = argparse.ArgumentParser(description="Judges healthy and sick runs by configs that `init` wrote.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--simulate", type=int, default=0, metavar="N")
    parser.add_argument("--bar", type=float, default=1.0, metavar="PERCENT")
    parser.add_argument("--only-simulated", action="store_true")
    arguments = parser.parse_args(argv)
    if arguments.only_simulated and not arguments.simulate:
        parser.error("--only-simulated needs --simulate N")
    samples = list(samples_in(arguments.folders))
    if not any(sample.iterations >= ITERATIONS_MIN for sample in samples):
        print("first_day: there is no stream SCENARIO-SEED-ITERATIONS.ndjson in these folders")
        return 2
    shares = [] if arguments.only_simulated else [recorded(samples)]
    if arguments.simulate:
        shares.append(simulated(samples, arguments.simulate))
    return int(max(shares) * 100 > arguments.bar)


def samples_in(folders: Iterable[Path]) -> Iterator[Sample]:
    """The streams whose names say what they are, and those of the project's own tests."""
    for folder in folders:
        for path in sorted(folder.rglob("*.ndjson")):
            match = NAME.fullmatch(path.name)
            if match:
                read = replace(read_report(str(path)), source=path.name, scenario=match["scenario"])
                yield Sample(read, match["canary"] or "", match["seed"])
    for name, scenario in HEALTHY.items():
        yield Sample(replace(read_report(str(REAL / name)), source=name, scenario=scenario), "", name)


def learnt_from(reads: Sequence[Input]) -> Config:
    """The config that `init` writes from these runs."""
    return parse_config(starter_config(sections_of(reads)), "gate.yml")


def reds(read: Input, config: Config) -> list[str]:
    """Why a run is red, by gate and point; nothing if it isn't."""
    violations = judge_inputs([read], Rules(), config).violations
    return [f"{violation.gate} {violation.point or violation.invariant or ''}".strip() for violation in violations]


def recorded(samples: Sequence[Sample]) -> float:
    """Judge the recorded runs; the share of healthy ones that are red."""
    judged, red, why = Counter[int](), Counter[int](), Counter[str]()
    dead, noticed = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    configs = 0
    for scenario in sorted({sample.scenario for sample in samples}):
        mine = [sample for sample in samples if sample.scenario == scenario]
        teachers = [each for each in mine if not each.canary and each.iterations >= ITERATIONS_MIN]
        for chosen in combinations(teachers, LEARNT_FROM):
            config, configs = learnt_from([each.read for each in chosen]), configs + 1
            for sample in mine:
                if any(sample.seed == each.seed for each in chosen):
                    continue
                found = reds(sample.read, config)
                if sample.canary:
                    dead[sample.canary, scenario] += 1
                    noticed[sample.canary, scenario] += bool(found)
                    continue
                judged[sample.iterations] += 1
                red[sample.iterations] += bool(found)
                why.update(f"{scenario}: {each}" for each in found)
    print(f"{configs} configs, each from {LEARNT_FROM} recorded runs")
    told(judged, red, why)
    for (canary, scenario), count in sorted(dead.items()):
        print(f"  {canary} in {scenario}: noticed by {noticed[canary, scenario]} of {count} configs")
    return red.total() / judged.total()


def simulated(samples: Sequence[Sample], count: int) -> float:
    """Judge simulated runs; the share that is red. Also, how long a run notices the rarest fault if it is dead."""
    judged, red, why = Counter[int](), Counter[int](), Counter[str]()
    chance = random.Random(1)  # repeatable, and no secret
    for scenario in sorted({sample.scenario for sample in samples}):
        mine = [sample for sample in samples if sample.scenario == scenario and not sample.canary]
        for _ in range(count):
            chosen = [a_run(mine, 30, chance) for _ in range(LEARNT_FROM)]
            config = learnt_from([replace(read, source=str(number)) for number, read in enumerate(chosen)])
            for length in SIMULATED_LENGTHS:
                found = reds(a_run(mine, length, chance), config)
                judged[length] += 1
                red[length] += bool(found)
                why.update(f"{scenario}: {each}" for each in found)
    print(
        f"{judged.total() // len(SIMULATED_LENGTHS)} configs, each from {LEARNT_FROM} simulated runs of 30 iterations"
    )
    told(judged, red, why)
    return red.total() / judged.total()


def told(judged: Mapping[int, int], red: Mapping[int, int], why: Counter[str]) -> None:
    """Print how many healthy runs are red, by their length, and why."""
    total, reddened = sum(judged.values()), sum(red.values())
    by_length = ", ".join(f"{length}: {red[length]} of {judged[length]}" for length in sorted(judged))
    print(f"  healthy runs red: {reddened} of {total} ({reddened / total:.2%}); by iterations {by_length}")
    for reason, times in why.most_common(5):
        print(f"    {times} times {reason}")


def a_run(samples: Sequence[Sample], length: int, chance: random.Random) -> Input:
    """A healthy run of that length, with counts as those of the samples are distributed."""
    template = samples[0].read
    assert template.report is not None
    assert template.run is not None
    kinds: list[list[Mapping[str, int]]] = [
        [(sample.read.report.invariant_executions if sample.read.report else {}) for sample in samples],
        [(sample.read.report.phase_events if sample.read.report else {}) for sample in samples],
        [((sample.read.run.fault_effects or {}) if sample.read.run else {}) for sample in samples],
        [((sample.read.run.fault_counts or {}) if sample.read.run else {}) for sample in samples],
    ]
    lengths = [sample.iterations for sample in samples]
    invariants, phases, effects, counts = (drawn(kind, lengths, length, chance) for kind in kinds)
    counts |= {name: count for name, count in effects.items() if count or name in kinds[2][0]}
    counts = {name: counts[name] or effects.get(name, 0) for name in counts}
    attempted = {name for name, count in (template.run.fault_counts or {}).items() if count and not effects.get(name)}
    hit = [name for name in counts if counts[name] or name in attempted - set(effects)]
    report = dataclasses.replace(
        template.report,
        invariant_executions=invariants,
        phase_events=phases,
        hit_fault_points=hit,
        missed_fault_points=[],
        fault_points_hit=len(hit),
        total_fault_points=len(hit),
    )
    run = replace(
        template.run, announced=length, records=length, iterations=length, fault_effects=effects, fault_counts=counts
    )
    return replace(template, report=report, run=run)


def drawn(
    observed: Sequence[Mapping[str, int]], lengths: Sequence[int], length: int, chance: random.Random
) -> dict[str, int]:
    """A count for every name, from a negative binomial distribution with the mean and dispersion observed."""
    counts = {}
    for name in sorted({name for each in observed for name in each}):  # in any other order, chance is not repeatable
        values = [each.get(name, 0) for each in observed]
        mean = sum(values) / sum(lengths)
        if not mean:
            counts[name] = 0
            continue
        pearson = sum((value - mean * n) ** 2 / (mean * n) for value, n in zip(values, lengths, strict=True))
        dispersion = pearson / (len(values) - 1)
        if dispersion < 1:  # as regular as the streams are, or they would be taken for Poisson counts
            counts[name] = round(mean * length + chance.gauss(0, math.sqrt(dispersion * mean * length)))
            continue
        rate = (
            chance.gammavariate(mean * length / (dispersion - 1), dispersion - 1) if dispersion > 1 else mean * length
        )
        counts[name] = poisson(rate, chance)
    return counts


def poisson(mean: float, chance: random.Random) -> int:
    """A Poisson count; a rounded normal one where the mean is large."""
    if mean > 50:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    left, count = chance.random(), 0
    while left > math.exp(-mean):
        left *= chance.random()
        count += 1
    return count


if __name__ == "__main__":
    sys.exit(main())
