"""How long `vopr-coverage summary` takes to judge a whole night, against another checkout of this project.

    PYTHONPATH=. python benchmarks/night.py [--against CHECKOUT] [--generator PATH] [--keep DIR] [--runs N]

The night has 64 shards of long run, 8 of coverage, 4 pairs of determinism runs, a control run and 5 canaries,
of 50,000 iterations each. Both checkouts judge the same folder in turn, and their verdicts must be the same
bytes but for the version.

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.measured import ROOT
from benchmarks.run import GENERATOR, Missing, Report, Streams
from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.canaries.detector import SHIPPED
from vopr_coverage.model.manifest import MANIFEST, STDERR, STREAM, Host, Recording
from vopr_coverage.nightly.plan import (
    CanaryRange,
    CanaryRanges,
    NightPlan,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
)
from vopr_coverage.reading.compact import Compactor

BEFORE_MAX = 0.6  # of the time that the other checkout takes
ITERATIONS = 50_000
LONG_RUN, COVERAGE, PAIRS = 64, 8, 4
SCENARIO = "combined"
CONFIG = {"min_iterations": 1, "min_view_changes": 0, "min_repairs": 0, "min_unique_query_plans": 0}
BASE = 1 << 40


def plan_of(iterations: int) -> NightPlan:
    """What the night was to run; every run has seeds of its own, but for canaries and pairs."""
    seeds = iter(range(BASE, BASE + 1_000 * iterations, iterations))

    def shards(count: int) -> Shards:
        return Shards(
            tuple(
                Shard(f"{SCENARIO}-{number}", SCENARIO, number, count, str(next(seeds)), iterations)
                for number in range(1, count + 1)
            )
        )

    def work(job: str, jobs: int) -> PlannedWork:
        total = jobs * iterations
        return PlannedWork(
            job=job,  # type: ignore[arg-type]
            scenario=SCENARIO,
            asked=total,
            planned=total,
            min_iterations=0,
            rate=100.0,
            jobs=jobs,
            minutes=1.0,
        )

    canaries, first = (CONTROL, *SHIPPED), str(next(seeds))
    pairs = [str(next(seeds)) for _ in range(PAIRS)]
    return NightPlan(
        seed_base=str(BASE),
        run_number=1,
        minutes=170.0,
        enough=True,
        remarks=(),
        work=(work("long-run", LONG_RUN), work("coverage", COVERAGE), work("canary", 6), work("determinism", PAIRS)),
        long_run=shards(LONG_RUN),
        coverage=shards(COVERAGE),
        determinism=SeedRanges(tuple(SeedRange(seed, SCENARIO, seed, iterations) for seed in pairs)),
        canary=CanaryRanges(tuple(CanaryRange(name, SCENARIO, first, iterations, name) for name in canaries)),
    )


def runs_of(plan: NightPlan) -> Iterator[tuple[str, str, str]]:
    """Folder, first seed and time of day of every run."""
    for job, runs in (("long-run", plan.long_run), ("coverage", plan.coverage)):
        yield from ((f"{job}/{run.name}", run.seed, "02") for run in runs.include)
    yield from ((f"canary/{run.name}", run.seed, "03") for run in plan.canary.include)
    for pair in plan.determinism.include:
        yield from ((f"determinism/{pair.name}/{side}", pair.seed, hour) for side, hour in (("a", "04"), ("b", "05")))


def make_night(folder: Path, streams: Streams, iterations: int) -> None:
    """The plan and a recording of every run in it."""
    plan = plan_of(iterations)
    folder.mkdir(parents=True)
    all_runs = list(runs_of(plan))
    for number, (name, seed, hour) in enumerate(all_runs, 1):
        if sys.stderr.isatty():
            print(f"\r  making recording {number} of {len(all_runs)}", end="", file=sys.stderr, flush=True)
        options = ("--scenario", SCENARIO, "--seed", seed, "--iterations", str(iterations))
        start = ("--start-time", f"2026-05-07T{hour}:00:00+00:00")
        made = subprocess.run(streams.argv(*options, *start), capture_output=True, check=True)
        compactor = Compactor()
        home = folder / name
        home.mkdir(parents=True)
        (home / STREAM).write_bytes(gzip.compress(compactor.feed(made.stdout) + compactor.finish(), 1))
        (home / STDERR).write_bytes(b"")
        (home / MANIFEST).write_text(manifest_of(seed, iterations, compactor).to_json())
    (folder / "plan.json").write_text(plan.to_json())
    (folder / "config.json").write_text(json.dumps(CONFIG))


def manifest_of(seed: str, iterations: int, compactor: Compactor) -> Recording:
    """What `record` would have written."""
    return Recording(
        command=("vopr", "--scenario", "{scenario}", "--seed", "{seed}", "--iterations", "{iterations}", "--json"),
        scenario=SCENARIO,
        seed=seed,
        iterations=iterations,
        commit=None,
        commit_source=None,
        double_runs=False,
        started_at="2026-05-07T02:00:00Z",
        timeout_s=None,
        host=Host("Linux", "x86_64", "3.11.7"),
        version="1.0.0",
        duration_s=500.0,
        rate=100.0,
        exit_code=0,
        whole=True,
        lines=compactor.lines,
        kept={"compact": compactor.compact, "verbatim": compactor.verbatim},
    )


def judge(checkout: Path, night: Path, scratch: Path) -> tuple[float, float, str]:
    """Wall and CPU seconds of one whole process, and its verdict without the version."""
    verdict = scratch / "night.json"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "PYTHON"))}
    environment |= {"PYTHONPATH": str(checkout / "src"), "PYTHONPYCACHEPREFIX": str(scratch / "pycache")}
    command = [sys.executable, "-m", "vopr_coverage", "summary", str(night), "--config", str(night / "config.json")]
    before, started = os.times(), time.perf_counter()
    ran = subprocess.run(
        [*command, "--verdict-file", str(verdict)], env=environment, cwd=scratch, capture_output=True, check=False
    )
    wall_s, after = time.perf_counter() - started, os.times()
    if ran.returncode not in (0, 1):
        raise Missing(f"a night that can be judged; {checkout} ended with {ran.returncode}: {ran.stderr[-300:]!r}")
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return wall_s, cpu_s, re.sub(r'"version": "[^"]*"', "", verdict.read_text())


def measure(arguments: argparse.Namespace, folder: Path, scratch: Path) -> int:
    """Judge the night with each checkout in turn; returns the exit code."""
    report = Report()
    checkouts = {"this checkout": ROOT} | ({"the other": arguments.against.resolve()} if arguments.against else {})
    figures: dict[str, list[tuple[float, float, str]]] = {name: [] for name in checkouts}
    for number in range(arguments.runs + 1):
        for name, checkout in checkouts.items():
            figure = judge(checkout, folder, scratch)
            if number:  # the first round only warms up
                figures[name].append(figure)
    for name, results in figures.items():
        wall, cpu = median(result[0] for result in results), median(result[1] for result in results)
        print(f"    {name:<20} {wall:6.2f} s wall {cpu:6.2f} s CPU")
    if arguments.against:
        pairs = list(zip(figures["this checkout"], figures["the other"], strict=True))
        wall_ratios, cpu_ratios = [a[0] / b[0] for a, b in pairs], [a[1] / b[1] for a, b in pairs]
        report.wall_ratios("this checkout / the other", wall_ratios, cpu_ratios, BEFORE_MAX)
        same = all(a[2] == b[2] for a, b in pairs)
        report.line("the same verdict, byte for byte", "yes" if same else "no", "yes", same)
    return 1 if report.missed else 0


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="CHECKOUT", help="another checkout of this project")
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the night there, and use one already there")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each (default: 5)")
    parser.add_argument("--iterations", type=int, default=ITERATIONS, metavar="N", help=f"of each run ({ITERATIONS})")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs: expected 1 or more")
    try:
        if not arguments.generator.is_file():
            raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH ({arguments.generator})")
        print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs")
        with tempfile.TemporaryDirectory(prefix="vopr-bench-") as scratch:
            folder = (arguments.keep or Path(scratch)) / f"night-{arguments.iterations}"
            if not (folder / "config.json").exists():
                streams = Streams(arguments.generator.resolve(), folder.parent.resolve())
                make_night(folder, streams, arguments.iterations)
            return measure(arguments, folder.resolve(), Path(scratch))
    except (Missing, subprocess.SubprocessError) as missing:
        print(f"benchmarks/night.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
