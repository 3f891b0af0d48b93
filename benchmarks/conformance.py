"""Read every whole stream that the generator of VOPR output can write, and complain about each false complaint.

    python benchmarks/conformance.py [--generator PATH]

The generator stands in for simulators that we can't run here. All combinations of its options
that give a whole stream are read; what is refused, contradicts itself or is not complete, what
is taken for a run that ignored its seed, and every figure that differs from what was generated,
is printed. Exit code 0 if there is none, 1 if there is, 2 without a generator.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import product
from pathlib import Path
from types import ModuleType

from vopr_coverage.errors import UserError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.stream import read_stream

GENERATOR = Path(__file__).resolve().parents[2] / "shared" / "tools" / "gen_vopr.py"
COMPLAINTS_TOLD = 20
LAST_SEEDS = (1 << 64) - 3  # a range of more than three seeds from here wraps round

PROFILES = ("pass", "fail", "empty", "ideal")
ERAS = ("head", "feb2026")
# iterations, seed: nothing, one, a few, enough for noise and for several blocks, and round the highest seed
SIZES = ((0, 0), (1, 42), (12, 7), (500, 1_000_000), (12, LAST_SEEDS))
FAIL_RATES = (None, 0.0, 0.4, 1.0)
SWITCHES = ("--check-determinism", "--vsr-mode", "--noise")
Options = tuple[str, ...]


def main(argv: list[str] | None = None) -> int:
    """Read all combinations; 0 when none of them met a complaint."""
    parser = argparse.ArgumentParser(description="Reads every whole stream that the generator can write.")
    parser.add_argument("--generator", type=Path, default=GENERATOR, metavar="PATH", help="gen_vopr.py")
    path = parser.parse_args(argv).generator
    if not path.is_file():
        print(f"conformance: needs the generator of VOPR output, pass --generator PATH ({path} is not there)")
        return 2
    generator, began = loaded(path), time.monotonic()
    streams, records, told = 0, 0, Counter[str]()
    for options in combinations(generator):
        stream = generated(generator, options)
        streams, records = streams + 1, records + stream.count(b'"type":"iteration"')
        for complaint in complaints(stream):
            told[complaint] += 1
            if told.total() <= COMPLAINTS_TOLD:
                print(f"{' '.join(options)}\n    {complaint}")
    seconds = time.monotonic() - began
    print(
        f"{streams:,} streams with {records:,} iterations read in {seconds:.0f} s, "
        f"{told.total()} false complaints of {len(told)} kinds"
    )
    return 1 if told else 0


def loaded(path: Path) -> ModuleType:
    """The generator as a module: started as a program for each stream it would take an hour."""
    spec = importlib.util.spec_from_file_location("generator", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def combinations(generator: ModuleType) -> Iterator[Options]:
    """Options of all whole streams; determinism failures come in none, one, half and all of the seeds."""
    for scenario, profile, era, (iterations, seed) in product(sorted(generator.SCENARIOS), PROFILES, ERAS, SIZES):
        base: Options = ("--scenario", scenario, "--profile", profile, "--era", era)
        base += ("--iterations", str(iterations), "--seed", str(seed))
        for rate, lost in product(FAIL_RATES, sorted({0, min(1, iterations), iterations // 2, iterations})):
            failing: Options = () if rate is None else ("--fail-rate", str(rate))
            failing += ("--determinism-failures", str(lost)) if lost else ()
            # Each switch off and on; the long streams have all of them or none.
            settings = product((False, True), repeat=len(SWITCHES)) if iterations < 100 else ((False,) * 3, (True,) * 3)
            for switched in settings:
                yield base + failing + tuple(s for s, on in zip(SWITCHES, switched, strict=True) if on)


def generated(generator: ModuleType, options: Options) -> bytes:
    """The stream that these options give."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = generator.main(list(options))
    assert code == 0, options
    return out.getvalue().encode()


def complaints(stream: bytes) -> Iterator[str]:
    """What we hold against a whole stream: nothing, if all is well."""
    try:
        read = read_stream([stream], "stream")
    except UserError as error:
        yield str(error)
        return
    run = read.run
    assert run is not None
    if run.ended_early:
        yield f"not complete: {run.ended_early}"
    yield from run.contradictions
    if run.seed_ignored:
        yield "seed ignored"
    if run.ran_nothing:
        yield "ran nothing"
    yield from (warning for warning in read.warnings if "no records of the stream" not in warning)
    yield from differences(read, stream)


def differences(read: Input, stream: bytes) -> Iterator[str]:
    """Figures that are not those of the stream, added up here in the plainest way."""
    assert read.run is not None
    ok_records, failed_records, ns = 0, 0, 0
    events, end = 0, {}
    for line in stream.splitlines():
        if not line.startswith(b'{"data":'):
            continue
        record = json.loads(line)
        data = record["data"]
        if record["type"] == "batch_complete":
            end = data
        elif record["type"] == "iteration":
            events += data["events"]
            ok_records += data["status"] == "ok"
            failed_records += data["status"] == "failed"
            ns += round(data.get("simulated_time_ms", 0) * 1_000_000)
    run, report = read.run, read.report
    if report is None:
        yield "no report"
        return
    silent = end["failures"] - failed_records
    pairs = {
        "records": (run.records, ok_records + failed_records),
        "iterations": (run.iterations, end["successes"] + end["failures"]),
        "failed records": (sum(group.count for group in run.failures), failed_records),
        "silent failures": (run.silent_failures.count, silent),
        "events": (report.total_events, events),
        "time": (report.simulation_time_ns, ns),
        "fault points": (report.total_fault_points, end["coverage"]["fault_points"]["total"]),
        "invariants": (report.invariant_executions, end["coverage"]["invariants"]["invariant_counts"]),
        "phase events": (sum(report.phase_events.values()), end["coverage"]["phases"]["total_events"]),
        "properties": (run.properties is not None, "properties" in end),
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            yield f"{name}: {ours} instead of {theirs}"


if __name__ == "__main__":
    sys.exit(main())
