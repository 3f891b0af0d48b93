"""How fast `vopr-coverage check` is, and in how much memory: everything in one run, as ratios.

    PYTHONPATH=. python benchmarks/run.py [--generator PATH] [--keep DIR] [--runs N] [--quick]

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
What is measured, and how to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from statistics import median
from typing import IO

from benchmarks.measured import ROOT, Measured, child

GENERATOR = ROOT.parent / "shared" / "tools" / "gen_vopr.py"
BARE = Path(__file__).with_name("bare.py")
NIGHT = 1_000_000  # iterations of a long night
MB = 1_000_000


class Missing(Exception):
    """What the benchmark needs and doesn't have."""


@dataclass(frozen=True)
class Command:
    """A child process to start; `says` is what a run that did its work prints."""

    argv: tuple[str, ...]
    says: str = ""


Run = Measured
wall_of, cpu_of = attrgetter("wall_s"), attrgetter("cpu_s")


@dataclass
class Report:
    """Prints a line for each figure and remembers whether a bar was missed."""

    missed: list[str] = field(default_factory=list)

    def line(self, what: str, figure: str, bar: str, met: bool) -> None:
        """One measured figure against its bar."""
        print(f"  {'✓' if met else '✗'} {what:<46} {figure:<36} {bar}", flush=True)
        if not met:
            self.missed.append(what)

    def wall_ratios(self, what: str, wall: Sequence[float], cpu: Sequence[float], bar: float) -> None:
        """Ratios run by run: the median of those of wall times has to meet the bar."""
        self._ratios(what, wall, f"CPU {median(cpu):.2f}", bar)

    def cpu_ratios(self, what: str, wall: Sequence[float], cpu: Sequence[float], bar: float) -> None:
        """The same for CPU times: a small difference of two wall times says more about the neighbours."""
        self._ratios(f"{what}, CPU time", cpu, f"wall {median(wall):.2f}", bar)

    def _ratios(self, what: str, deciding: Sequence[float], beside: str, bar: float) -> None:
        middle = median(deciding)
        spread = f"({min(deciding):.2f}–{max(deciding):.2f}, {beside})"
        self.line(what, f"{middle:.3f}  {spread}", f"≤ {bar}", middle <= bar)

    def concluded(self) -> int:
        """Print whether every bar is met; returns the exit code."""
        print(f"\n{len(self.missed)} bars missed: {'; '.join(self.missed)}" if self.missed else "\nEvery bar is met.")
        return 1 if self.missed else 0

    def memory(self, what: str, peak_bytes: int, bar_mb: float) -> None:
        """A peak of resident memory."""
        self.line(what, f"{peak_bytes / MB:.1f} MB", f"≤ {bar_mb:g} MB", peak_bytes <= bar_mb * MB)


class Bench:
    """Starts the children: all with this interpreter, this source tree and compiled modules."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch

    def run(self, command: Command, source: IO[bytes] | None = None) -> Measured:
        """Run a command to its end. Exit code 1 is a verdict; anything else but 0 is a broken benchmark."""
        ran = child(command.argv, self._scratch, source)
        if ran.code not in (0, 1) or command.says not in ran.output:
            name = " ".join(command.argv)
            raise Missing(f"a run of {name} that works; it ended with {ran.code} and said {ran.output[-300:]!r}")
        return ran

    def interleaved(self, commands: dict[str, Command], count: int) -> dict[str, list[Run]]:
        """A B C, A B C …: so what else the machine does meets all alike. The first round only warms up."""
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for number in range(count + 1):
            for name, command in commands.items():
                result = self.run(command)
                if number:
                    runs[name].append(result)
        return runs


@dataclass(frozen=True)
class Streams:
    """What the generator writes, kept in `folder` and made only once."""

    generator: Path
    folder: Path

    def argv(self, *options: str) -> list[str]:
        """The generator's command line."""
        return [sys.executable, str(self.generator), *options]

    def file(self, name: str, *options: str) -> str:
        """The path of a file with that output."""
        path = self.folder / name
        if not path.exists():
            part = path.with_suffix(".part")
            done = subprocess.run(self.argv(*options, "--out", str(part)), capture_output=True, text=True)
            if done.returncode:
                raise Missing(f"a generator that works; {self.generator} said: {done.stderr.strip()[-200:]}")
            part.rename(path)
        return str(path)

    def healthy(self, iterations: int) -> str:
        """A stream in which every seed held."""
        return self.file(f"healthy-{iterations}.ndjson", "--iterations", str(iterations))

    def failing(self, iterations: int) -> str:
        """A stream in which every seed failed."""
        return self.file(f"failing-{iterations}.ndjson", "--iterations", str(iterations), "--fail-rate", "1")


def check(report: str, says: str) -> Command:
    """The whole process that is measured."""
    return Command((sys.executable, "-m", "vopr_coverage", "check", "-v", report), says)


def check_stream(path: str, iterations: int) -> Command:
    """The same for a stream, which has to have been read to its end."""
    return check(path, f", {iterations:,} iterations, 8 of 8 fault points")


def bare(loop: str, stream: str) -> Command:
    """One of the loops of bare.py."""
    return Command((sys.executable, str(BARE), loop, stream))


def ratios(runs: dict[str, list[Run]], against: str, of: Callable[[Run], float]) -> list[float]:
    """Ours against another, run by run."""
    return [of(ours) / of(other) for ours, other in zip(runs["check"], runs[against], strict=True)]


def measure_whole(bench: Bench, streams: Streams, report: Report, count: int) -> int:
    """The long night as a whole process; returns the peak of our memory."""
    path = streams.healthy(NIGHT)
    bars = {"jq": 0.25, "json-lines": 0.3, "typed-lines": 1.5, "typed-blocks": 1.5}
    jq = Command(("jq", "-c", 'select(.type=="batch_complete")', path), says='"type":"batch_complete"')
    commands = {"check": check_stream(path, NIGHT), "jq": jq}
    commands |= {loop: bare(loop, path) for loop in ("json-lines", "typed-lines", "typed-blocks")}
    print(f"\n1,000,000 iterations ({os.path.getsize(path) / MB:.0f} MB), whole process, {count} runs")
    runs = bench.interleaved(commands, count)
    for name, results in runs.items():
        wall, cpu = median(r.wall_s for r in results), median(r.cpu_s for r in results)
        print(f"    {name:<14} {wall:6.2f} s wall {cpu:6.2f} s CPU {max(r.peak_bytes for r in results) / MB:6.1f} MB")
    for against, bar in bars.items():
        walls, cpus = (ratios(runs, against, of) for of in (wall_of, cpu_of))
        report.wall_ratios(f"check / {against}", walls, cpus, bar)
    return max(result.peak_bytes for result in runs["check"])


def measure_added(bench: Bench, streams: Streams, report: Report, count: int) -> None:
    """What an iteration more costs: start-up taken away on both sides."""
    loops = ("typed-lines", "typed-blocks")
    sizes = {size: streams.healthy(size) for size in (25_000, 250_000)}
    commands = {}
    for size, path in sizes.items():
        commands[f"check {size}"] = check_stream(path, size)
        commands |= {f"{loop} {size}": bare(loop, path) for loop in loops}
    print(f"\nAn added iteration (250,000 minus 25,000 iterations), {count} runs")
    runs = bench.interleaved(commands, count)

    def added(name: str, of: Callable[[Run], float]) -> list[float]:
        small, large = runs[f"{name} 25000"], runs[f"{name} 250000"]
        return [(of(b) - of(a)) / 225_000 for a, b in zip(small, large, strict=True)]

    for name in ("check", *loops):
        wall_ns, cpu_ns = (median(added(name, of)) * 1e9 for of in (wall_of, cpu_of))
        print(f"    {name:<14} {wall_ns:6.0f} ns wall {cpu_ns:6.0f} ns CPU")
    for loop in loops:
        wall, cpu = (
            [ours / theirs for ours, theirs in zip(added("check", of), added(loop, of), strict=True)]
            for of in (wall_of, cpu_of)
        )
        report.cpu_ratios(f"check / {loop}", wall, cpu, 1.4)


def measure_start(bench: Bench, streams: Streams, report: Report, count: int) -> None:
    """A small flat report, whole process, against the imports that no validator can do without."""
    path = streams.file("report.json", "--shape", "report")
    print(f"\nA small flat report, whole process, {count} runs")
    imports = Command((sys.executable, "-c", "import jsonschema, msgspec"))
    runs = bench.interleaved({"check": check(path, "report.json"), "imports": imports}, count)
    for name, results in runs.items():
        print(f"    {name:<14} {median(r.wall_s for r in results) * 1e3:5.0f} ms wall")
    wall, cpu = (ratios(runs, "imports", of) for of in (wall_of, cpu_of))
    report.wall_ratios("check / import jsonschema, msgspec", wall, cpu, 1.6)


def measure_memory(bench: Bench, streams: Streams, report: Report, peak_bytes: int, quick: bool) -> None:
    """Peaks: 10M iterations come through a pipe, since they would take 3.2 GB of disk."""
    print("\nPeak memory (ru_maxrss of the whole process)")
    report.memory("1,000,000 healthy iterations", peak_bytes, 80)
    failing = bench.run(check_stream(streams.failing(NIGHT), NIGHT))
    report.memory("1,000,000 failing iterations", failing.peak_bytes, 300)
    if quick:
        print("    10,000,000 healthy iterations: not measured with --quick")
        return
    with subprocess.Popen(
        streams.argv("--iterations", str(10 * NIGHT)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as generating:
        piped = bench.run(check_stream("-", 10 * NIGHT), generating.stdout)
    report.memory("10,000,000 healthy iterations, piped", piped.peak_bytes, 80)
    growth = piped.peak_bytes / peak_bytes
    report.line("10M / 1M iterations: flat", f"{growth:.3f}", "≤ 1.1", growth <= 1.1)


def require(generator: Path) -> None:
    """Say in one line what isn't there."""
    if not generator.is_file():
        raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH (no file {generator})")
    if not shutil.which("jq"):
        raise Missing("jq, to compare with: apt-get install jq, or brew install jq")


def run(arguments: argparse.Namespace) -> int:
    """Measure everything; returns the exit code."""
    require(arguments.generator)
    count = arguments.runs or (3 if arguments.quick else 7)
    report = Report()
    with tempfile.TemporaryDirectory(prefix="vopr-bench-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        bench, streams = Bench(Path(scratch)), Streams(arguments.generator.resolve(), folder.resolve())
        jq = subprocess.run(["jq", "--version"], capture_output=True, text=True).stdout.strip()
        print(f"Python {platform.python_version()}, {jq}, {platform.machine()}, {os.cpu_count()} CPUs")
        print("Ratios are medians of interleaved runs (min–max). ✓ meets its bar, ✗ does not.")
        peak_bytes = measure_whole(bench, streams, report, count)
        measure_added(bench, streams, report, 3 * count)
        measure_start(bench, streams, report, max(15, count) if not arguments.quick else 7)
        measure_memory(bench, streams, report, peak_bytes, arguments.quick)
    return report.concluded()


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the streams there, and use those already there")
    parser.add_argument("--runs", type=int, metavar="N", help="runs of the long streams (default: 7; 3 with --quick)")
    parser.add_argument("--quick", action="store_true", help="fewer runs, without the 10M iterations")
    try:
        return run(parser.parse_args())
    except Missing as missing:
        print(f"benchmarks/run.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
