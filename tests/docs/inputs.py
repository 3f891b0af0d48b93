"""Inputs that pages leave to their readers: files made by the example simulator, from recorded streams, or by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from tests.support.followed import surroundings
from tests.support.markdown_blocks import ROOT
from tests.support.trend_stores import nights
from vopr_coverage.nightly.reached import reached_names
from vopr_coverage.trends.history import TrendRecord

SOMETIMES = "leader changes"
Prepare = Callable[[Path], None]
SIMULATOR = "python3 examples/simulator --scenario {scenario} --seed {seed} --iterations {iterations}"
CANARIES_CONFIG = """mkdir -p .github; cat > .github/vopr-coverage.yml <<'END'
canaries:
  canary-wrong-hash: {invariants: [hash_chain_integrity, hash_chain]}
  sim-canary-drop-disabled: {fault_points: [network.drop]}
END
"""
TWO_CANARIES_CONFIG = """mkdir -p .github; cat > .github/vopr-coverage.yml <<'END'
canaries:
  canary-a: {invariants: [hash_chain]}
  canary-b: {invariants: [hash_chain], scenario: gray}
END
"""
WORKFLOW = """name: Simulation
on: pull_request
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-24.04
    permissions: {contents: read}
    steps:
      - name: Build
        run: make simulator
      - name: Simulate
        run: ./simulator > simulation.ndjson
      - name: Judge
        run: vopr-coverage check simulation.ndjson || true
"""


def first(script: str) -> Prepare:
    """A script of bash, run in the page's folder; `$REAL` has recorded streams."""

    def prepare(folder: Path) -> None:
        there = surroundings() | {"REAL": str(ROOT / "tests" / "data" / "real")}
        done = subprocess.run(
            ["bash", "-euc", script], cwd=folder, env=there, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"

    return prepare


def a_run(name: str, scenario: str, seed: int, iterations: int, options: str = "--json") -> str:
    """A line of bash that has the example simulator write a stream; with a planted bug, its exit code is 1."""
    words = SIMULATOR.format(scenario=scenario, seed=seed, iterations=iterations)
    return f"{words} {options} > {name} || [ $? = 1 ]\n"


def recorded(folder: str, scenario: str, seed: int, iterations: int, options: str = "--json") -> str:
    """A line of bash that records the example simulator; a run with a planted bug may be red."""
    asked = f"--scenario {scenario} --seed {seed} --iterations {iterations} --out {folder}"
    return f"vopr-coverage record {asked} -- {SIMULATOR} {options}\n"


def a_file(name: str, text: str) -> Prepare:
    """A file with this text, and the folders around it."""

    def prepare(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

    return prepare


def counted_run(scenario: str, seeds: int, hits: Mapping[str, int], never: tuple[str, ...] = ()) -> str:
    """A simulation stream in which so many of its seeds hit each fault, the first ones."""
    points = {"fault": sorted({*hits, *never} - {SOMETIMES}), "sometimes": [SOMETIMES] if SOMETIMES in hits else []}
    start = {"format": "simulation/1", "scenario": scenario, "first_seed": 1, "seeds": seeds, "points": points}
    records = [{"type": "start", **start}]
    for number in range(seeds):
        hit = {name: 1 for name, share in hits.items() if number < share}
        records.append({"type": "seed", "seed": 1 + number, "status": "ok", "hits": hit})
    records.append({"type": "end", "seeds": seeds, "failed": 0})
    return "".join(json.dumps(record) + "\n" for record in records)


def first_points(folder: Path) -> None:
    """Healthy runs of two scenarios with three points, and a history."""
    never = ("net.partition",)
    runs = {
        "calm": counted_run("calm", 1000, {"disk.torn_write": 3}, never),
        "combined": counted_run("combined", 1000, {"disk.torn_write": 387, SOMETIMES: 500, "net.partition": 20}),
    }
    for name, text in runs.items():
        a_file(f"nightly/coverage/{name}.ndjson", text)(folder)
    _write_history(folder, [night for scenario in ("calm", "combined") for night in _nights(scenario)])


def points_after_a_night(folder: Path) -> None:
    """A lockfile whose second point was rare, and a night that hits it often."""
    combined = {
        "disk.torn_write": {"class": "critical", "rate": [0.2, 0.5]},
        "net.partition": {"class": "rare", "rate": [0.0, 0.001]},
    }
    since = {"disk.torn_write": {"first": {"night": "2026-05-07", "commit": "0123abc"}}}
    points = [
        {"name": name, "kind": "fault", **since.get(name, {}), "scenarios": {"combined": entry}}
        for name, entry in combined.items()
    ]
    lock = {"format": "urn:vopr-coverage:schema:points:v1", "rare_seeds": 250_000, "points": points}
    a_file(".github/vopr-points.json", json.dumps(lock))(folder)
    (folder / "nightly/coverage/calm.ndjson").unlink()
    night = counted_run("combined", 10_000, {"disk.torn_write": 3871, "net.partition": 12})
    a_file("nightly/coverage/combined.ndjson", night)(folder)


def history(folder: Path) -> None:
    """Twenty nights and one more, in which a fault point is gone and fewer iterations ran."""
    records = _nights("combined")
    records[-1] = msgspec.structs.replace(records[-1], ran=99_200, fault_points_hit=10)
    _write_history(folder, records)


def _nights(scenario: str) -> list[TrendRecord]:
    """The coverage jobs of 21 nights, in which the fault points of a scenario were hit."""
    names = reached_names(hit=("disk.torn_write",), missed=(), ran=(), silent=())
    figures = {"job": "coverage", "asked": 100_000, "planned": 100_000, "ran": 100_000, "names": names}
    return [
        msgspec.structs.replace(record, scenario=scenario, **figures)
        for record in nights(*range(1, 22))
        if record.job == "long-run"
    ]


def _write_history(folder: Path, records: list[TrendRecord]) -> None:
    (folder / "trends.ndjson").write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
