"""How long `vopr-coverage check --merge all` takes for thousands of one-seed files, and how that grows.

    PYTHONPATH=. python benchmarks/merge.py [--runs N]

Each file is the whole stream of one seed, all of the same size, each with a fault point of its own: what a night of
many small jobs leaves behind. The same files are judged as whole processes, 2,000, 4,000 and 5,000 at a time, in turn.

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.run import MB, Bench, Command, Missing, Report, cpu_of, wall_of
from tests.support.reports import ATTEMPTED, MODEST, a_coverage, a_stream

SMALL, LARGE, MOST = 2_000, 4_000, 5_000
GROWTH_MAX = 3.0  # twice the files
MOST_S_MAX = 5.0


def make_folder(folder: Path, count: int) -> Path:
    """A folder with that many streams of one seed, and the config that they meet together."""
    streams = folder / str(count)
    streams.mkdir()
    for seed in range(count):
        points = ATTEMPTED | {f"sim.shard.point_{seed:04}": 1}
        stream = a_stream(1, first=10_000 + seed, coverage=a_coverage(points))
        (streams / f"seed-{seed:04}.ndjson").write_bytes(stream)
    (folder / "gate.json").write_text(json.dumps(MODEST))
    return streams


def command_for(folder: Path, count: int) -> Command:
    """The whole process; it has to say that it read every seed."""
    pattern = str(make_folder(folder, count) / "*.ndjson")
    argv = ("-m", "vopr_coverage", "check", "-v", pattern, "--merge", "all", "--config", str(folder / "gate.json"))
    return Command((sys.executable, *argv), says=f"{count:,} iterations")


def measure(runs: int, scratch: Path) -> int:
    """Judge all folders in turn; returns the exit code."""
    report = Report()
    commands = {str(count): command_for(scratch, count) for count in (SMALL, LARGE, MOST)}
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, {runs} runs")
    measured = Bench(scratch).interleaved(commands, runs)
    for name, results in measured.items():
        wall, cpu = median(map(wall_of, results)), median(map(cpu_of, results))
        peak_mb = max(result.peak_bytes for result in results) / MB
        print(f"    {int(name):,} files of one seed {wall:6.2f} s wall {cpu:6.2f} s CPU {peak_mb:6.1f} MB")
    growth, wall_growth = (
        [of(large) / of(small) for small, large in zip(measured[str(SMALL)], measured[str(LARGE)], strict=True)]
        for of in (cpu_of, wall_of)
    )
    report.cpu_ratios(f"{LARGE:,} / {SMALL:,} files", wall_growth, growth, GROWTH_MAX)
    most_s = median(map(cpu_of, measured[str(MOST)]))
    report.line(f"{MOST:,} files, CPU time", f"{most_s:.2f} s", f"≤ {MOST_S_MAX:g} s", most_s <= MOST_S_MAX)
    return 1 if report.missed else 0


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of each (default: 3)")
    arguments = parser.parse_args()
    if arguments.runs < 1:
        parser.error("--runs: expected 1 or more")
    try:
        with tempfile.TemporaryDirectory(prefix="vopr-bench-") as scratch:
            return measure(arguments.runs, Path(scratch))
    except Missing as missing:
        print(f"benchmarks/merge.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
