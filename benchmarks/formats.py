"""How fast formats of other testers are read: the open stream against VOPR's, and a thousand files of an SDK.

    PYTHONPATH=. python benchmarks/formats.py [--seeds N] [--files N] [--runs N] [--generator PATH] [--keep DIR]

Exit code 0: every bar is met. 1: one is missed. 2: something that it needs is not there.
What is measured, and how to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.run import GENERATOR, MB, NIGHT, Bench, Command, Missing, Report, Run, Streams, cpu_of, wall_of

POINTS, HIT = 100, 20
PLAIN_MAX, HITS_MAX, FLAT_MAX, HITS_MB_MAX = 1.1, 4.0, 1.1, 120
FILES, LINES = 1_000, 3_000
FILES_S_MAX, FILES_MB_MAX = 12.0, 150
# Properties of a program, and the share of guidance among the lines behind their declarations.
PROGRAMS = {"200 properties, half of the lines guidance": (200, 0.5), "500 properties, no guidance": (500, 0.0)}
GATE = {"profile": "none", "complete_when": "workload finished", "fault_point_coverage_min": 0.1}


# ---- the open stream


def write_open(vopr: str, path: Path, seeds: int, *, hits: bool) -> None:
    """The seeds of one of VOPR's streams as an open stream, each with what VOPR says of it, and perhaps with hits."""
    rng = random.Random(7)
    names = [f"subsystem{number % 7}.operation{number}.fails" for number in range(POINTS)]
    pool = [json.dumps({name: rng.randint(1, 9) for name in rng.sample(names, HIT)}) for _ in range(2_000)]
    start = {"type": "start", "format": "simulation/1", "first_seed": 0, "seeds": seeds, "points": {"fault": names}}
    part = path.with_suffix(".part")
    with open(vopr, encoding="utf-8") as stream, open(part, "w", encoding="utf-8") as file:
        file.write(json.dumps(start) + "\n")
        for line in stream:
            record = json.loads(line)
            if record["type"] != "iteration":
                continue
            seed = record["data"]
            digest = {key: seed[key] for key in ("kernel_state_hash", "storage_hash")}
            time_ns = round(seed["simulated_time_ms"] * 1e6)
            told = {"seed": seed["seed"], "status": "ok", "events": seed["events"], "time_ns": time_ns}
            text = json.dumps({"type": "seed", **told, "digest": digest}, separators=(",", ":"))
            file.write(f'{text[:-1]},"hits":{rng.choice(pool)}}}\n' if hits else f"{text}\n")
        total = {} if hits else {"hits": dict.fromkeys(names, 1)}
        file.write(json.dumps({"type": "end", "seeds": seeds, "failed": 0, **total}) + "\n")
    part.rename(path)


def open_stream(streams: Streams, seeds: int, *, hits: bool) -> str:
    """The path of such a stream, made once."""
    path = streams.folder / f"open-{'hits' if hits else 'plain'}-{seeds}.ndjson"
    if not path.exists():
        write_open(streams.healthy(seeds), path, seeds, hits=hits)
    return str(path)


def measure_streams(bench: Bench, streams: Streams, gate: Path, report: Report, seeds: int, count: int) -> None:
    """One night of the same seeds in three files, in turn, and a quarter of it for the memory."""
    commands = {"VOPR's": judging(streams.healthy(seeds), gate, f"{seeds:,} iterations")}
    for name, hits, number in (("plain", False, seeds), ("hits", True, seeds), ("hits, a quarter", True, seeds // 4)):
        commands[name] = judging(open_stream(streams, number, hits=hits), gate, f"{number:,} iterations")
    print(f"\n{seeds:,} seeds as VOPR's stream and as an open one, {HIT} of {POINTS} points hit a seed, {count} runs")
    runs = bench.interleaved(commands, count)
    show(runs)
    for name, bar in (("plain", PLAIN_MAX), ("hits", HITS_MAX)):
        walls, cpus = (
            [of(ours) / of(theirs) for ours, theirs in zip(runs[name], runs["VOPR's"], strict=True)]
            for of in (wall_of, cpu_of)
        )
        report.cpu_ratios(f"{name} / VOPR's", walls, cpus, bar)
    peak, quarter = (max(run.peak_bytes for run in runs[name]) for name in ("hits", "hits, a quarter"))
    report.memory("peak memory with hits", peak, HITS_MB_MAX)
    report.line(
        "peak with hits / of a quarter: flat", f"{peak / quarter:.3f}", f"≤ {FLAT_MAX}", peak <= FLAT_MAX * quarter
    )


# ---- files of an SDK


def assertion(number: int, *, hit: bool, condition: bool) -> str:
    """One line about a property: every fifth is of each kind."""
    kinds = (("sometimes", True), ("reachability", True), ("always", True), ("always", False), ("reachability", False))
    kind, must_hit = kinds[number % 5]
    record = {
        "assert_type": kind, "condition": condition, "details": {"step": number} if hit else {}, "display_type": kind,
        "hit": hit, "id": f"property {number} of the replica", "location": place(number),
        "message": f"property {number} of the replica", "must_hit": must_hit,
    }  # fmt: skip
    return json.dumps({"antithesis_assert": record}, separators=(",", ":"))


def guidance(number: int) -> str:
    """One line about how near a property is."""
    name = f"property {number} of the replica"
    record = {"guidance_type": "boolean", "hit": True, "id": name, "location": place(number), "maximize": True}
    told = record | {"message": name, "guidance_data": {"a": True, "b": False}}
    return json.dumps({"antithesis_guidance": told}, separators=(",", ":"))


def place(number: int) -> dict[str, object]:
    """Where a property stands in the source code."""
    return {
        "begin_column": 7, "begin_line": number + 1, "class": "", "file": "src/replica.cpp",
        "function": "void Replica::step(int)",
    }  # fmt: skip


def lines_of_run(rng: random.Random, properties: int, share: float) -> Iterator[str]:
    """One process: what it declares, what happened, and its last event."""
    sdk = {"language": {"name": "C++", "version": "Clang 22"}, "protocol_version": "1.1.0", "sdk_version": "0.4.5"}
    yield json.dumps({"antithesis_sdk": sdk})
    yield from (assertion(number, hit=False, condition=False) for number in range(properties))
    for _ in range(LINES - properties - 2):
        number = rng.randrange(properties // 5) * 5 + rng.randrange(4)  # none that must not be reached
        holds = number % 5 != 0 or rng.random() < 0.5
        yield guidance(number) if rng.random() < share else assertion(number, hit=True, condition=holds)
    yield json.dumps({"workload finished": {"steps": LINES}})


def make_files(folder: Path, files: int, properties: int, share: float) -> str:
    """A file for each of so many runs; returns the pattern that matches them."""
    rng = random.Random(properties)
    folder.mkdir()
    for number in range(files):
        text = "\n".join(lines_of_run(rng, properties, share)) + "\n"
        (folder / f"run-{number:04}.jsonl").write_text(text, encoding="utf-8")
    return str(folder / "*.jsonl")


def measure_files(bench: Bench, scratch: Path, gate: Path, report: Report, files: int, count: int) -> None:
    """All files of one program merged, a program at a time."""
    for what, (properties, share) in PROGRAMS.items():
        folder = scratch / "files"
        pattern = make_files(folder, files, properties, share)
        print(f"\n{files:,} files of {LINES:,} lines, {what}, {count} runs")
        says = f"of {properties * 2 // 5:,} fault points"
        runs = bench.interleaved({"check": judging(pattern, gate, says, "--merge", "all")}, count)
        show(runs)
        took_s = median(run.cpu_s for run in runs["check"]) * FILES / files
        report.line(f"{FILES:,} files, CPU time", f"{took_s:.1f} s", f"≤ {FILES_S_MAX:g} s", took_s <= FILES_S_MAX)
        report.memory(f"peak memory, {files:,} files", max(run.peak_bytes for run in runs["check"]), FILES_MB_MAX)
        shutil.rmtree(folder)


# ---- all of it


def judging(reports: str, gate: Path, says: str, *options: str) -> Command:
    """The whole process that is measured; it has to say how much it read."""
    argv = ("-m", "vopr_coverage", "check", reports, "--config", str(gate), *options)
    return Command((sys.executable, *argv), says)


def show(runs: dict[str, list[Run]]) -> None:
    """The median of each command."""
    for name, results in runs.items():
        wall, cpu = median(map(wall_of, results)), median(map(cpu_of, results))
        peak_mb = max(result.peak_bytes for result in results) / MB
        print(f"    {name:<16} {wall:6.2f} s wall {cpu:6.2f} s CPU {peak_mb:6.1f} MB", flush=True)


def run(options: argparse.Namespace) -> int:
    """Measure everything; returns the exit code."""
    if not options.generator.is_file():
        raise Missing(f"the stream generator gen_vopr.py: pass it as --generator PATH (no file {options.generator})")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="vopr-bench-") as folder:
        scratch = Path(folder)
        kept = options.keep or scratch
        kept.mkdir(parents=True, exist_ok=True)
        bench, streams = Bench(scratch), Streams(options.generator.resolve(), kept.resolve())
        print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs")
        gate = scratch / "gate.json"
        gate.write_text(json.dumps(GATE))
        measure_streams(bench, streams, gate, report, options.seeds, options.runs)
        measure_files(bench, scratch, gate, report, options.files, options.runs)
    return report.concluded()


def main() -> int:
    """Read the options, run, and say what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help=f"default: {GENERATOR}")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the streams there, and use those already there")
    parser.add_argument("--seeds", type=int, default=NIGHT, metavar="N", help=f"of each stream (default: {NIGHT:,})")
    parser.add_argument("--files", type=int, default=FILES, metavar="N", help=f"of the SDK (default: {FILES:,})")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs of each (default: 3)")
    options = parser.parse_args()
    if min(options.runs, options.seeds // 4, options.files) < 1:
        parser.error("--runs, --files: expected 1 or more, --seeds: 4 or more")
    try:
        return run(options)
    except Missing as missing:
        print(f"benchmarks/formats.py needs {missing}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
