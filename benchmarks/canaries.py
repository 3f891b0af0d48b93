"""Twenty nights of the example simulator: is each canary caught every night, and by its own invariant?

    python benchmarks/canaries.py [--nights 20] [--iterations 200]

Builds the simulator once for each planted bug and once without, and runs every build each night
on that night's seeds. Exit code 0: all canaries were caught every night by an invariant that is
expected of them, nothing else failed, and no run without a bug failed. 1: something else happened.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

BUILD = Path(__file__).resolve().parents[1] / "examples" / "simulator" / "build.py"
SEEDS_APART = 1_000_003  # between the first seeds of two nights
MISS_CHANCE_MAX = 1e-6  # of a night, in the column of needed iterations

EXPECTED = {
    "canary-skip-fsync": {"vsr_recovery_safety", "durability"},
    "canary-wrong-hash": {"hash_chain"},
    "canary-commit-quorum": {"commit_quorum"},
    "canary-idempotency-race": {"client_session_monotonic"},
    "canary-monotonic-regression": {"replica_head_progress"},
    "": set[str](),  # the control
}


@dataclass
class Tally:
    """All nights of one build."""

    caught_nights: int = 0
    seeds: int = 0
    invariants: Counter[str] = field(default_factory=Counter)
    first_catches: list[int] = field(default_factory=list)  # iterations until the first, per night
    complaints: list[str] = field(default_factory=list)


def main(argv: list[str] | None = None) -> int:
    """Run the nights and print the table; 0 when everything is as it should be."""
    parser = argparse.ArgumentParser(description="Runs the example simulator's canaries for many nights.")
    parser.add_argument("--nights", type=int, default=20, metavar="N")
    parser.add_argument("--iterations", type=int, default=200, metavar="N", help="of each build and night")
    options = parser.parse_args(argv)
    tallies = {feature: Tally() for feature in EXPECTED}
    with tempfile.TemporaryDirectory() as folder:
        for feature, tally in tallies.items():
            program = Path(folder) / (feature or "control")
            subprocess.run([sys.executable, BUILD, "--features", feature, "--out", program], check=True)
            for night in range(options.nights):
                run_night(program, 1 + night * SEEDS_APART, options.iterations, EXPECTED[feature], tally)
    print_table(tallies, options.nights, options.iterations)
    complaints = [complaint for tally in tallies.values() for complaint in tally.complaints]
    print(*complaints, sep="\n", end="\n" if complaints else "")
    return 1 if complaints else 0


def run_night(program: Path, seed: int, iterations: int, expected: set[str], tally: Tally) -> None:
    """Run one build on one night's seeds, and add what it found to the tally."""
    numbers = ["--seed", str(seed), "--iterations", str(iterations)]
    command = [sys.executable, str(program), "--scenario", "combined", "--json", *numbers]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    name = f"{program.name}, seeds from {seed}"
    records = [json.loads(line) for line in ran.stdout.splitlines()]
    if not records or records[-1]["type"] != "batch_complete":
        tally.complaints.append(f"{name}: the run did not finish, exit code {ran.returncode}")
        return
    failed = [record["data"] for record in records if record["data"].get("status") == "failed"]
    found = Counter(data["invariant"] for data in failed)
    tally.seeds += iterations
    tally.invariants += found
    if found.keys() & expected:
        tally.caught_nights += 1
        tally.first_catches.append(1 + min(data["seed"] for data in failed if data["invariant"] in expected) - seed)
    elif expected:
        tally.complaints.append(f"{name}: not caught")
    tally.complaints += [f"{name}: {other} failed" for other in sorted(found.keys() - expected)]
    tally.complaints += [f"{name}: {other} violated" for other in records[-1]["data"]["properties"]["violated_ids"]]


def print_table(tallies: dict[str, Tally], nights: int, iterations: int) -> None:
    """One row a build; chances are per seed, over all nights."""
    print(f"{nights} nights, {iterations} iterations of `combined` for each build\n")
    print("| canary | nights caught | chance per seed | first catch: median, worst | needed | by |")
    print("|---|--:|--:|--:|--:|---|")
    for feature, tally in tallies.items():
        chance = tally.invariants.total() / tally.seeds if tally.seeds else 0.0
        first = f"{median(tally.first_catches):g}, {max(tally.first_catches)}" if tally.first_catches else ""
        needed = str(math.ceil(math.log(MISS_CHANCE_MAX) / math.log(1 - chance))) if 0 < chance < 1 else ""
        found = ", ".join(f"{name} {count}" for name, count in tally.invariants.most_common())
        caught = f"{tally.caught_nights} of {nights}"
        print(f"| {feature or 'none (control)'} | {caught} | {chance:.1%} | {first} | {needed} | {found} |")
    print(f"\nneeded: iterations after which a night misses the canary once in {1 / MISS_CHANCE_MAX:,.0f} nights\n")


if __name__ == "__main__":
    sys.exit(main())
