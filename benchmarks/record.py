"""How fast `vopr-coverage record` is against a pipe into gzip, and how much room a recording takes.

    python benchmarks/record.py [--generator PATH] [--iterations N] [--runs N]

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
What is measured, and how to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.run import GENERATOR, MB, NIGHT, Bench, Command, Missing, Report, Run, Streams

MB_PER_NIGHT_MAX = 55.0
RATE_MIN = 50_000
STREAMS = {"one varying hash": (), "both varying": ("--vsr-mode",)}
_COPY = "import shutil, sys; shutil.copyfileobj(open(sys.argv[1], 'rb'), sys.stdout.buffer, 1 << 18)"


def printing(stream: str) -> list[str]:
    """A simulator that costs nothing: it prints a stream that was made before, as fast as it is taken."""
    return [sys.executable, "-I", "-S", "-c", _COPY, stream]


def recording(folder: Path, command: list[str], iterations: int) -> Command:
    """The whole process that is measured."""
    asked = ("--scenario", "combined", "--seed", "0", "--iterations", str(iterations), "--out", str(folder))
    argv = (sys.executable, "-m", "vopr_coverage", "record", *asked, "--", *command)
    return Command(argv, says=f"recorded {iterations:,} of {iterations:,} iterations")


def packing(file: Path, command: list[str]) -> Command:
    """What people do today; a shell that pipes, as theirs does."""
    return Command(("sh", "-c", f"{shlex.join(command)} | gzip -6 > {shlex.quote(str(file))}"))


def measure(
    bench: Bench, scratch: Path, what: str, command: list[str], report: Report, options: argparse.Namespace
) -> None:
    """One command, recorded and piped in turn."""
    runs: dict[str, list[Run]] = {"record": [], "gzip -6": []}
    folders = (scratch / f"out-{number}" for number in count())
    for number in range(options.runs + 1):  # the first round only warms up
        folder = next(folders)
        turn = {
            "record": recording(folder, command, options.iterations),
            "gzip -6": packing(scratch / "out.gz", command),
        }
        for name, one in turn.items():
            result = bench.run(one)
            if number:
                runs[name].append(result)
        size = os.path.getsize(folder / "stream.ndjson.gz") * NIGHT / options.iterations / MB
        shutil.rmtree(folder)
    print(f"\n{what}")
    for name, results in runs.items():
        wall, cpu = median(run.wall_s for run in results), median(run.cpu_s for run in results)
        print(f"    {name:<14} {wall:6.2f} s wall {cpu:6.2f} s CPU {max(r.peak_bytes for r in results) / MB:6.1f} MB")
    pairs = list(zip(runs["record"], runs["gzip -6"], strict=True))
    walls, cpus = [a.wall_s / b.wall_s for a, b in pairs], [a.cpu_s / b.cpu_s for a, b in pairs]
    report.wall_ratios("record / COMMAND | gzip -6", walls, cpus, 1.0)
    rate = options.iterations / median(run.wall_s for run in runs["record"])
    report.line("iterations a second, start to end", f"{rate:,.0f}", f"≥ {RATE_MIN:,}", rate >= RATE_MIN)
    packed = os.path.getsize(scratch / "out.gz") * NIGHT / options.iterations / MB
    figure = f"{size:.1f} MB  (gzip -6 of the stream: {packed:.1f} MB)"
    report.line("artifact of 1,000,000 iterations", figure, f"≤ {MB_PER_NIGHT_MAX:g} MB", size <= MB_PER_NIGHT_MAX)


def write_simulation(path: Path, iterations: int) -> None:
    """A simulation stream in which each seed hits twenty of a hundred points, the worst case for bits."""
    rng = random.Random(7)
    names = [f"subsystem{number % 7}.operation{number}.fails" for number in range(100)]
    pool = [json.dumps({name: rng.randint(1, 9) for name in rng.sample(names, 20)}) for _ in range(2_000)]
    start = {
        "type": "start",
        "format": "simulation/1",
        "first_seed": 0,
        "seeds": iterations,
        "points": {"fault": names},
    }
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(start) + "\n")
        for seed in range(iterations):
            figures = f'"events":{rng.randint(100, 2000)},"digest":"{rng.getrandbits(64):016x}"'
            file.write(f'{{"type":"seed","seed":{seed},"status":"ok",{figures},"hits":{rng.choice(pool)}}}\n')
        file.write(json.dumps({"type": "end", "seeds": iterations, "failed": 0}) + "\n")


def commands(streams: Streams, iterations: int) -> Iterator[tuple[str, list[str]]]:
    """Streams that are printed as fast as can be, and the generator itself, which takes its time."""
    for what, options in STREAMS.items():
        name = re.sub(r"\W+", "-", what)
        yield what, printing(streams.file(f"{name}-{iterations}.ndjson", "--iterations", str(iterations), *options))
    simulation = streams.folder / f"simulation-{iterations}.ndjson"
    write_simulation(simulation, iterations)
    yield "a simulation stream, 20 of 100 points hit by each seed", printing(str(simulation))
    yield "one varying hash, as it is generated", streams.argv("--iterations", str(iterations))


def run(options: argparse.Namespace) -> int:
    """Measure everything; returns the exit code."""
    if not options.generator.is_file():
        raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH (no file {options.generator})")
    if not shutil.which("gzip"):
        raise Missing("gzip, to compare with")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="vopr-bench-") as folder:
        scratch = Path(folder)
        bench, streams = Bench(scratch), Streams(options.generator.resolve(), scratch)
        print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs")
        print(f"{options.iterations:,} iterations, {options.runs} runs of each in turn; medians of ratios (min–max).")
        for what, command in commands(streams, options.iterations):
            measure(bench, scratch, what, command, report, options)
    return report.concluded()


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument(
        "--iterations", type=int, default=NIGHT, metavar="N", help=f"of each stream (default: {NIGHT:,})"
    )
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of each command (default: 3)")
    try:
        return run(parser.parse_args())
    except Missing as missing:
        print(f"benchmarks/record.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
