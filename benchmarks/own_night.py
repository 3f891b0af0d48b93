"""Kills nights of the example at random moments, and measures a night on two cores against one.

    make own-night-bench [ARGS="N"]       N nights that are killed (default: 10)

Each night is killed once to three times: its own process, or that of one of its recordings, by SIGKILL. Then it goes on
with --resume until it ends. A simulator is not killed: that would be a finding. The bars: the verdict of an undisturbed
night, no seed twice, none lost; two cores take at most 0.6 of the time of one.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BAR = 0.6
NIGHT = {
    "build": f'"{sys.executable}" {ROOT}/examples/simulator/build.py --features "$FEATURES" --out sim',
    "binary": "sim",
    "command": "sim --scenario {scenario} --seed {seed} --iterations {iterations} --json --no-trace-on-failure",
    "scenarios": {"combined": 60},
    "coverage": {"combined": 20},
    "canary": {"combined": 20},
    "determinism": {"combined": 10},
    "determinism_seeds": [42],
    "minutes": 1,
    "rates": {"combined": 0.5},
}
# A minute, divided, and the same for any number of cores: all of it fits into one.
LONG = {
    **NIGHT,
    "scenarios": {"combined": 8000},
    "coverage": {"combined": 2000},
    "rates": {"combined": 8},
    "minutes": 40,
}
GATE = {
    "profile": "none",
    "fault_points": ["sim.network.send", "sim.storage.write"],
    "fault_point_coverage_min": 1.0,
    "canaries": {"canary-wrong-hash": {"invariants": ["hash_chain"]}},
}


def main() -> int:
    """Print the figures; the exit code says whether the bars are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("nights", nargs="?", type=int, default=10, help="how many nights are killed")
    parser.add_argument("--seed", type=int, default=1, help="of the moments at which they are killed")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "night.yml").write_text(json.dumps({**GATE, "night": NIGHT}), encoding="utf-8")
        (folder / "long.yml").write_text(json.dumps({**GATE, "night": LONG}), encoding="utf-8")
        seconds = {jobs: undisturbed(folder, jobs, "long.yml") for jobs in (1, 2)}
        ratio = seconds[2] / seconds[1]
        print(f"one core {seconds[1]:.1f} s, two {seconds[2]:.1f} s: {ratio:.2f} of the time (bar: {BAR})", flush=True)
        calm = undisturbed(folder, 2, "night.yml")
        expected = outcome(folder)
        rng, kills, wrong = random.Random(arguments.seed), 0, 0
        for number in range(1, arguments.nights + 1):
            shutil.rmtree(folder / "nights")
            killed = killed_night(folder, rng, calm)
            kills += killed
            if outcome(folder) != expected:
                wrong += 1
                print(f"night {number}, killed {killed} times, is not like the undisturbed one", flush=True)
        print(f"{arguments.nights} nights, {kills} kills: {wrong} with another verdict, other seeds or a seed twice")
    return int(bool(wrong) or ratio > BAR)


def words(config: str, *more: str) -> list[str]:
    """The command of a night."""
    return [sys.executable, "-m", "vopr_coverage", "night", "--config", config, "--nights", "nights", *more]


def undisturbed(folder: Path, jobs: int, config: str) -> float:
    """How many seconds a night takes."""
    shutil.rmtree(folder / "nights", ignore_errors=True)
    began = time.monotonic()
    subprocess.run(words(config, "--jobs", str(jobs)), cwd=folder, capture_output=True, check=True)
    return time.monotonic() - began


def killed_night(folder: Path, rng: random.Random, seconds: float) -> int:
    """Run a night that is killed, until it ends. Returns how often."""
    kills, wanted, resume = 0, rng.randint(1, 3), False
    while True:
        more = ["--resume"] if resume else []
        night = subprocess.Popen(
            words("night.yml", "--jobs", "2", *more), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while kills < wanted:
            with suppress(subprocess.TimeoutExpired):
                night.wait(rng.uniform(0.2, seconds / 2))
            if night.poll() is not None:
                break
            victims = [night.pid, *leashes(night.pid)]
            with suppress(ProcessLookupError):
                os.kill(rng.choice(victims), signal.SIGKILL)
                kills += 1
            time.sleep(0.1)
            if night.poll() is not None:
                break
        night.wait()
        if night.returncode >= 0:
            return kills
        resume = any((folder / "nights").glob("*/begun.json"))


def leashes(parent: int) -> list[int]:
    """The processes of a night that record or judge; not the simulators that these run."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if entry.name.isdigit() and int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def outcome(folder: Path) -> Any:
    """What a night found, without what depends on the clock, and every seed of every recording, in order."""
    night = max((folder / "nights").glob("0*"))
    verdict = json.loads((night / "night.json").read_bytes())
    seeds = []
    for path in sorted(night.glob("*/**/manifest.json")):
        manifest = json.loads(path.read_bytes())
        first = int(manifest["seed"])
        seeds += [(str(path.parent.relative_to(night)), seed) for seed in range(first, first + manifest["iterations"])]
    assert len(seeds) == len(set(seeds))
    return {key: verdict[key] for key in ("status", "reason", "jobs", "findings")}, seeds


if __name__ == "__main__":
    sys.exit(main())
