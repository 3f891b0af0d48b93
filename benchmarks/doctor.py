"""How long `vopr-coverage doctor` takes, as a ratio to one `check` of the same run, and how it scores shipped configs.

    PYTHONPATH=. python benchmarks/doctor.py [--generator PATH] [--keep DIR] [--runs N] [--iterations N] [--scores]

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

from benchmarks.measured import ROOT
from benchmarks.merge import make_folder
from benchmarks.run import GENERATOR, NIGHT, Bench, Command, Missing, Report, Streams, check_stream
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest, read_runs
from vopr_coverage.doctor.conclude import diagnose
from vopr_coverage.doctor.judge import examine

DOCTOR_TO_CHECK_MAX = 3.0
FILES = 1_000
SCORE_MIN = 0.95
CONFIGS = ROOT / "examples" / "configs"
REAL = ROOT / "tests" / "data" / "real"
SIMULATOR = ROOT / "examples" / "simulator"
SIMULATED = ("baseline", "swizzle", "multi-tenant", "combined", "equivocation")
# Shipped configs, and recorded healthy runs of their scenarios.
RECORDED = {
    "kimberlite.yml": {
        "baseline": ("baseline.ndjson",),
        "combined": ("combined.ndjson",),
        "multi-tenant": ("multi-tenant.ndjson",),
        "swizzle": ("swizzle-a.ndjson", "swizzle-b.ndjson"),
        "view-change-merge": ("byzantine-view-change-merge.ndjson",),
    },
}
# A config that a stream of the generator meets, so that the doctor gets to work.
MODEST = """\
fault_point_coverage_min: 0.01
critical_fault_points: []
required_invariants: []
min_view_changes: 0
min_repairs: 0
min_unique_query_plans: 0
min_phase_events: {}
"""


def speed(bench: Bench, streams: Streams, report: Report, iterations: int, count: int) -> None:
    """The doctor of one long run against one check of it, whole processes in turn."""
    stream = streams.healthy(iterations)
    config = Path(stream).with_suffix(".yml")
    config.write_text(MODEST, encoding="utf-8")
    doctor = (sys.executable, "-m", "vopr_coverage", "doctor", stream, "--config", str(config))
    commands = {"check": check_stream(stream, iterations), "doctor": Command(doctor, "planted faults noticed")}
    runs = bench.interleaved(commands, count)
    for name, results in runs.items():
        wall, cpu = median(r.wall_s for r in results), median(r.cpu_s for r in results)
        print(f"    {name:<10} {wall:6.2f} s wall {cpu:6.2f} s CPU")
    pairs = list(zip(runs["doctor"], runs["check"], strict=True))
    walls, cpus = [a.wall_s / b.wall_s for a, b in pairs], [a.cpu_s / b.cpu_s for a, b in pairs]
    report.wall_ratios("doctor / check", walls, cpus, DOCTOR_TO_CHECK_MAX)


def merged(bench: Bench, report: Report, scratch: Path, count: int) -> None:
    """The doctor of many merged files against one check of them, whole processes in turn."""
    folder = scratch / "merged"
    folder.mkdir()
    words = [str(make_folder(folder, FILES) / "*.ndjson"), "--merge", "all", "--config", str(folder / "gate.json")]
    run = (sys.executable, "-m", "vopr_coverage")
    commands = {
        "check": Command((*run, "check", *words), f"{FILES:,} iterations"),
        "doctor": Command((*run, "doctor", *words), "planted faults noticed"),
    }
    runs = bench.interleaved(commands, count)
    for name, results in runs.items():
        wall, cpu = median(r.wall_s for r in results), median(r.cpu_s for r in results)
        print(f"    {name:<10} {wall:6.2f} s wall {cpu:6.2f} s CPU")
    pairs = list(zip(runs["doctor"], runs["check"], strict=True))
    walls, cpus = [a.wall_s / b.wall_s for a, b in pairs], [a.cpu_s / b.cpu_s for a, b in pairs]
    report.cpu_ratios(f"doctor / check of {FILES:,} merged files", walls, cpus, DOCTOR_TO_CHECK_MAX)


def scores(report: Report, scratch: Path) -> None:
    """The score of each shipped config with healthy runs of its own, and what it is blind to."""
    for name, scenarios in RECORDED.items():
        score(report, name, [f"{scenario}={REAL / run}" for scenario, runs in scenarios.items() for run in runs])
    score(report, "simulator.yml", [simulated(scenario, scratch) for scenario in SIMULATED])


def score(report: Report, name: str, reports: list[str]) -> None:
    """The score of one config, against its bar."""
    rules = Rules("scenario")
    config, inputs = read_runs(CheckRequest(reports, str(CONFIGS / name)), rules.merge)
    examination = examine(inputs, rules, config)
    figure = f"{examination.score or 0.0:.3f}  ({examination.noticed} of {len(examination.judged)})"
    report.line(f"score of {name}", figure, f"≥ {SCORE_MIN}", (examination.score or 0.0) >= SCORE_MIN)
    for spot in diagnose(examination, inputs, rules, config).blind_spots:
        print(f"      {spot.scenario}: {spot.what}{f' ({spot.note})' if spot.note else ''}")


def simulated(scenario: str, scratch: Path) -> str:
    """A healthy run of the example simulator."""
    words = ["--scenario", scenario, "--seed", "42", "--iterations", "200", "--json"]
    path = scratch / f"{scenario}.ndjson"
    path.write_bytes(subprocess.run([sys.executable, SIMULATOR, *words], capture_output=True, check=False).stdout)
    return f"{scenario}={path}"


def run(arguments: argparse.Namespace) -> int:
    """Measure; returns the exit code."""
    report = Report()
    if not arguments.scores and not arguments.generator.is_file():
        raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH (no file {arguments.generator})")
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs")
    with tempfile.TemporaryDirectory(prefix="vopr-bench-") as scratch:
        print("\nShipped configs, healthy runs of their own")
        scores(report, Path(scratch))
        if not arguments.scores:
            folder = arguments.keep or Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            print(f"\n{FILES:,} merged files of one seed, whole processes, {arguments.runs} runs")
            merged(Bench(Path(scratch)), report, Path(scratch), arguments.runs)
            bench, streams = Bench(Path(scratch)), Streams(arguments.generator.resolve(), folder.resolve())
            print(f"\n{arguments.iterations:,} iterations, whole processes, {arguments.runs} runs")
            speed(bench, streams, report, arguments.iterations, arguments.runs)
    return report.concluded()


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the streams there, and use those already there")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each command (default: 5)")
    parser.add_argument("--iterations", type=int, default=NIGHT, metavar="N", help=f"of the run (default: {NIGHT})")
    parser.add_argument("--scores", action="store_true", help="score the shipped configs, and measure no time")
    try:
        return run(parser.parse_args())
    except (Missing, subprocess.SubprocessError) as missing:
        print(f"benchmarks/doctor.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
