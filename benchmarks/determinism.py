"""How long `vopr-coverage determinism` takes to compare two long nights: as a ratio to one `check` of one of them.

    PYTHONPATH=. python benchmarks/determinism.py [--generator PATH] [--keep DIR] [--runs N] [--iterations N]

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.run import GENERATOR, MB, NIGHT, Bench, Command, Missing, Report, Run, Streams, check_stream
from vopr_coverage.reading.compact import Compactor

COMPARED_TO_CHECK_MAX = 2.0  # two streams are read where `check` reads one
PEAK_MB_MAX = 100.0
CHUNK_BYTES = 1 << 20


def determinism(says: str, *paths: str) -> Command:
    """The whole process that is measured; `says` is in its output when it did its work."""
    return Command((sys.executable, "-m", "vopr_coverage", "determinism", *paths), says)


def two_nights(streams: Streams, iterations: int) -> tuple[str, str]:
    """Two streams of the same seeds that differ in their clock and in nothing else."""
    size = ("--iterations", str(iterations))
    later = ("--start-time", "2026-05-08T02:00:00+00:00", "--rate", "7")
    return streams.file(f"night-a-{iterations}.ndjson", *size), streams.file(
        f"night-b-{iterations}.ndjson", *size, *later
    )


def recorded(path: str) -> str:
    """The stream as a recording keeps it, but not packed: what a comparison of recordings has to read."""
    short = Path(path).with_suffix(".short")
    if not short.exists():
        compactor, part = Compactor(), short.with_suffix(".part")
        with open(path, "rb") as source, open(part, "wb") as target:
            while piece := source.read(CHUNK_BYTES):
                target.write(compactor.feed(piece))
            target.write(compactor.finish())
        part.rename(short)
    return str(short)


def ratios(runs: dict[str, list[Run]], ours: str, other: str) -> tuple[list[float], list[float]]:
    """Wall and CPU time of one against the other, run by run."""
    pairs = list(zip(runs[ours], runs[other], strict=True))
    return [a.wall_s / b.wall_s for a, b in pairs], [a.cpu_s / b.cpu_s for a, b in pairs]


def measure(bench: Bench, streams: Streams, report: Report, iterations: int, count: int) -> None:
    """All commands in turn, so that what else the machine does meets all alike."""
    left, right = two_nights(streams, iterations)
    short = recorded(left), recorded(right)
    same = f"{iterations:,} seeds run twice"
    commands = {
        "check": check_stream(left, iterations),
        "check, recorded": check_stream(short[0], iterations),
        "two streams": determinism(same, left, right),
        "two recordings": determinism(same, *short),
        "stream, recording": determinism(same, left, short[1]),
        "one stream": determinism("nothing shows that seeds ran twice", left),
    }
    runs = bench.interleaved(commands, count)
    for name, results in runs.items():
        wall, cpu = median(r.wall_s for r in results), median(r.cpu_s for r in results)
        print(f"    {name:<20} {wall:6.2f} s wall {cpu:6.2f} s CPU {max(r.peak_bytes for r in results) / MB:6.1f} MB")
    report.wall_ratios("two streams / check", *ratios(runs, "two streams", "check"), COMPARED_TO_CHECK_MAX)
    recorded_ratios = ratios(runs, "two recordings", "check, recorded")
    report.wall_ratios("two recordings / check of one", *recorded_ratios, COMPARED_TO_CHECK_MAX)
    for name in ("two streams", "two recordings", "stream, recording"):
        report.memory(f"peak memory, {name}", max(result.peak_bytes for result in runs[name]), PEAK_MB_MAX)


def run(arguments: argparse.Namespace) -> int:
    """Measure; returns the exit code."""
    if not arguments.generator.is_file():
        raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH (no file {arguments.generator})")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="vopr-bench-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        bench, streams = Bench(Path(scratch)), Streams(arguments.generator.resolve(), folder.resolve())
        print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs")
        print("Ratios are medians of interleaved runs (min–max). ✓ meets its bar, ✗ does not.")
        print(f"\n{arguments.iterations:,} iterations twice, whole processes, {arguments.runs} runs")
        measure(bench, streams, report, arguments.iterations, arguments.runs)
    return report.concluded()


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the streams there, and use those already there")
    parser.add_argument("--runs", type=int, default=7, metavar="N", help="runs of each command (default: 7)")
    parser.add_argument("--iterations", type=int, default=NIGHT, metavar="N", help=f"of each run (default: {NIGHT})")
    try:
        return run(parser.parse_args())
    except (Missing, subprocess.SubprocessError) as missing:
        print(f"benchmarks/determinism.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
