"""Small worlds for tests: streams, reports and bounds in a few words each, and the program run for real.

A stream is built from records (`start`, `ok`, `failed`, `ending`) that `ndjson` joins; `a_stream`
puts a whole valid one together. What a test changes stands in the test, all else is healthy.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

import vopr_coverage
from vopr_coverage import cli
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import Bound, Bounds, nothing_layer, resolve

REAL = Path(__file__).parents[1] / "data" / "real"
SEED_COUNT = 1 << 64
MAXRSS_PER_MIB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS counts bytes, Linux KiB

Record = dict[str, Any]

ATTEMPTED = {"sim.network.send": 400, "sim.storage.write": 300}
EFFECTS = {"network.drop": 20}
INVARIANTS = {"vsr_agreement": 90, "replica_consistency": 60}
PHASES = {"storage:fsync_complete": 30}
PROPERTIES: Record = {
    "total_observed": 83,
    "always_evaluated": 33,
    "never_evaluated": 6,
    "sometimes_satisfied": 25,
    "sometimes_total": 27,
    "reached_hit": 17,
    "reached_total": 17,
    "violation_count": 0,
    "unsatisfied_sometimes_ids": ["query.cap_hit", "vsr.replay_detected"],
    "unreached_ids": [],
    "violated_ids": [],
}
# A config that the stream of `a_stream()` meets.
MODEST: Record = {
    "fault_point_coverage_min": 0.5,
    "critical_fault_points": ["sim.network.send"],
    "required_invariants": ["vsr_agreement"],
    "min_view_changes": 0,
    "min_unique_query_plans": 0,
    "min_phase_events": {"storage.fsync_complete": 10},
}


# ---- streams


def a_record(kind: str, data: Any, **more: Any) -> Record:
    """An envelope as the simulator writes it."""
    return {"data": data, "timestamp": "2026-05-07T02:00:00.327859858+00:00", "type": kind, **more}


def start(first: int = 0, iterations: int = 3, **more: Any) -> Record:
    """The first record of a stream: its range of seeds."""
    faults = {"network_faults": True, "storage_faults": True, "checkpoint_loaded": False}
    return a_record("start", {"starting_seed": first, "iterations": iterations, **faults, **more})


def ok(seed: int, /, **changes: Any) -> Record:
    """A seed that held, with a run of its own; `changes` replace what it says."""
    hashes = {"kernel_state_hash": "16f7" * 16, "storage_hash": f"{seed:064x}"}
    data = {"seed": seed, "status": "ok", "events": 100, "simulated_time_ms": 10000.0, **hashes}
    return a_record("iteration", data | changes)


def failed(
    seed: int, /, invariant: str = "model_verification", message: str = "read mismatch", **changes: Any
) -> Record:
    """A seed that failed an invariant."""
    data = {"seed": seed, "status": "failed", "events": 7, "invariant": invariant, "message": message}
    return a_record("iteration", data | changes)


def ending(successes: int = 3, failed_seeds: Sequence[int] = (), /, **changes: Any) -> Record:
    """The last record: totals, coverage and properties; `changes` replace what it says."""
    data: Record = {
        "successes": successes,
        "failures": len(failed_seeds),
        "elapsed_secs": 0.5,
        "rate": 6.0,
        "failed_seeds": list(failed_seeds),
        "coverage": a_coverage(),
        "properties": PROPERTIES,
    }
    return a_record("batch_complete", data | changes)


def a_coverage(
    attempted: Mapping[str, int] = ATTEMPTED,
    effects: Mapping[str, int] = EFFECTS,
    invariants: Mapping[str, int] = INVARIANTS,
    phases: Mapping[str, int] = PHASES,
    era: str = "head",
) -> Record:
    """The `coverage` of a stream's end, its totals right; era `feb2026` has plain integers and no effects."""
    points: Record = dict(attempted)
    if era == "head":
        points = {name: {"attempted": count, "applied": 0, "observed": 0} for name, count in attempted.items()}
        points |= {name: {"attempted": 0, "applied": count, "observed": count} for name, count in effects.items()}
    hit = sum(count > 0 for count in attempted.values())
    return {
        "fault_points": {"total": len(points), "hit": hit, "coverage_percent": 50.0, "fault_points": points},
        "phases": {"total_events": sum(phases.values()), "unique_phases": len(phases), "phase_counts": dict(phases)},
        "invariants": {
            "total": len(invariants),
            "executed": sum(count > 0 for count in invariants.values()),
            "coverage_percent": 100.0,
            "invariant_counts": dict(invariants),
        },
    }


def a_stream(
    count: int = 3,
    *,
    first: int = 0,
    failing: Iterable[int] | Mapping[int, str] = (),
    lost: Iterable[int] = (),
    era: str = "head",
    **changes: Any,
) -> bytes:
    """A whole valid stream of `count` seeds from `first` on, wrapping round at 2^64.

    Args:
        failing: seeds that fail, or seed → invariant.
        lost: seeds that fail without leaving a record, as determinism failures do.
        era: `head`, or `feb2026` (integer fault points, no properties).
        changes: replace members of the last record's data.
    """
    broken, silent = dict.fromkeys(failing, "model_verification"), set(lost)
    if isinstance(failing, Mapping):
        broken |= failing
    seeds = [(first + i) % SEED_COUNT for i in range(count)]
    records = [failed(s, broken[s]) if s in broken else ok(s) for s in seeds if s not in silent]
    bad = [seed for seed in seeds if seed in broken or seed in silent]
    end = ending(count - len(bad), bad, coverage=a_coverage(era=era))
    if era == "feb2026":
        del end["data"]["properties"]
    end["data"] |= changes
    return ndjson(start(first, count), *records, end)


def ndjson(*records: Record | bytes) -> bytes:
    """Records as lines, compact and sorted as the simulator writes them; bytes stand as they are."""
    return b"".join(record if isinstance(record, bytes) else line(record) for record in records)


def line(record: Record) -> bytes:
    """One record as a line."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def records_of(stream: bytes) -> list[Record]:
    """The records of a stream, to change some and join them again with `ndjson`."""
    return [json.loads(one) for one in stream.splitlines()]


# ---- flat reports and bounds


def a_report(told: str = "") -> CoverageReport:
    """A CoverageReport from a few words, one figure a line.

    hit NAME [COUNT] · missed NAME · ran NAME COUNT · never NAME (an invariant) · phase NAME COUNT, and
    FIELD NUMBER for every other field. Figures that no line sets are not measured, or 0 where
    that can't be; the totals of the fault points follow from the names.
    """
    report = CoverageReport()
    figures: dict[str, int] = {}
    for words in filter(None, map(str.split, told.splitlines())):
        match words:
            case ["hit", name] | ["hit", name, _]:
                report.hit_fault_points.append(name)
            case ["missed", name]:
                report.missed_fault_points.append(name)
            case ["ran", name, count]:
                report.invariant_executions[name] = int(count)
            case ["never", name]:
                report.missed_invariants.append(name)
            case ["phase", name, count]:
                report.phase_events[name] = int(count)
            case [field, figure] if isinstance(getattr(report, field, ""), int | None):
                figures[field] = int(figure)
            case _:
                raise ValueError(f"a_report doesn't know: {' '.join(words)}")
    report.fault_points_hit = len(report.hit_fault_points)
    report.total_fault_points = report.fault_points_hit + len(report.missed_fault_points)
    for field, number in figures.items():
        setattr(report, field, number)
    return report


def a_flat_report(**overrides: Any) -> bytes:
    """A flat report as a file holds it; it meets the smoke_test profile until `overrides` say otherwise."""
    report: Record = {
        "total_fault_points": 4,
        "fault_points_hit": 3,
        "hit_fault_points": ["sim.storage.fsync", "sim.network.send", "sim.storage.write"],
        "missed_fault_points": ["sim.storage.crash"],
        "invariant_executions": {"linearizability": 100, "hash_chain": 50},
        "missed_invariants": [],
        "view_changes": 6,
        "repairs": 3,
        "unique_query_plans": 25,
        "phase_events": {"vsr.prepare_sent": 150},
        "total_events": 5000,
        "simulation_time_ns": 9_000_000,
    }
    return json.dumps(report | overrides).encode()


def requiring(**thresholds: Any) -> Bounds:
    """Bounds that ask for just these; everything else is not required."""
    nothing = nothing_layer("nobody")
    unknown = set(thresholds) - set(nothing)
    if unknown:
        raise ValueError(f"no such threshold: {', '.join(sorted(unknown))}")
    return resolve({key: Bound(value, "the test") for key, value in thresholds.items()}, nothing)


# ---- the program


class Ended(NamedTuple):
    """How `vopr-coverage` ended."""

    code: int
    out: str
    err: str


def run_cli(*arguments: str | Path, cwd: Path, stdin: bytes = b"") -> Ended:
    """Run the command line in this process, as if it stood in `cwd` and had pipes for its output.

    A process of its own takes longer than most commands; `run_process` starts one where that is what is tested.
    """
    given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin)), encoding="utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "stdin", given)
        patch.setenv("COLUMNS", "1000")
        code = cli.main([str(argument) for argument in arguments])
    texts = []
    for stream in (out, err):
        stream.flush()
        texts.append(stream.buffer.getvalue().decode())
    return Ended(int(code), *texts)


def run_process(*arguments: str | Path, cwd: Path, stdin: bytes | IO[bytes] = b"", timeout_s: float = 60.0) -> Ended:
    """Run the command line as a process of its own, in `cwd`; stdin is bytes, or an open file or pipe."""
    return _run(["-m", "vopr_coverage", *map(str, arguments)], cwd, stdin, timeout_s)


def run_cli_weighed(
    *arguments: str | Path, cwd: Path, stdin: bytes | IO[bytes] = b"", timeout_s: float = 60.0
) -> tuple[Ended, float]:
    """The same, and its largest resident size in MiB.

    A small process of its own starts it: what a kernel says of a process begins with the size of
    whoever started it, and a test run grows large.
    """
    weight = cwd / "weight"
    ended = _run(["-c", _WEIGH, str(weight), *map(str, arguments)], cwd, stdin, timeout_s)
    return ended, int(weight.read_text()) / MAXRSS_PER_MIB


_WEIGH = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, "-m", "vopr_coverage", *sys.argv[2:]])
with open(sys.argv[1], "w") as file:
    file.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(ended.returncode)
"""


def _run(arguments: list[str], cwd: Path, stdin: bytes | IO[bytes], timeout_s: float) -> Ended:
    code = Path(vopr_coverage.__file__).parents[1]
    env = {**os.environ, "PYTHONPATH": str(code), "PYTHONUTF8": "1", "COLUMNS": "1000"}
    given: dict[str, Any] = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    ended = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, timeout=timeout_s, check=False, **given
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())
