"""The bars of pairs and of chosen seeds: time, memory, how small a cover is, and a night of the example simulator.

    python benchmarks/seeds.py [--only pairs|cover|small|night]

Exit code 0: all bars are met. 1: one is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path

from vopr_coverage.incidence.cover import Pairs, Points, cover
from vopr_coverage.incidence.pairs import pairs_of
from vopr_coverage.model.bits import rows_of
from vopr_coverage.model.hits import Hits, SeedSpan

SIMULATOR = Path(__file__).parents[1] / "examples" / "simulator"
POINTS, SEEDS, ROWS, CASES = 200, 1_000_000, 100_000, 50
PAIR_SECONDS_MAX, PAIR_MEGABYTES_MAX, COVER_SECONDS_MAX, RATIO_MAX, SHARE_MAX = 10.0, 200.0, 5.0, 1.3, 0.05
NIGHT = 2_000
SCENARIOS = ("combined", "swizzle")


def columns_of(points: int, seeds: int, rng: random.Random) -> list[int]:
    """Points of rates from one half down to one in ten thousand; some follow others."""
    columns: list[int] = []
    for point in range(points):
        column = (1 << seeds) - 1
        for _ in range(1 + point % 13):
            column &= rng.getrandbits(seeds)
        columns.append(column & columns[-1] if columns and point % 7 == 0 else column)
    return columns


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor, and the megabytes that the process has had at most."""
    began = time.process_time()
    work()
    return time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def pairs() -> Iterator[tuple[bool, str]]:
    """All pairs of 200 points over a million seeds, in a process of its own for its memory."""
    rng = random.Random(1)
    hits = Hits((SeedSpan(0, SEEDS),), {f"point {i}": c for i, c in enumerate(columns_of(POINTS, SEEDS, rng))})
    seconds, megabytes = measured(lambda: pairs_of(hits, hits.columns))
    told = f"pairs of {POINTS} points over {SEEDS:,} seeds: {seconds:.1f} s (bar: {PAIR_SECONDS_MAX:g})"
    yield seconds <= PAIR_SECONDS_MAX, told
    yield megabytes <= PAIR_MEGABYTES_MAX, f"  peak memory {megabytes:.0f} MB (bar: {PAIR_MEGABYTES_MAX:g})"


def covers() -> Iterator[tuple[bool, str]]:
    """The cover of 100,000 seeds, of points and of pairs."""
    rows = rows_of(columns_of(POINTS, ROWS, random.Random(2)), ROWS)
    for goal in (Points, Pairs):
        began = time.process_time()
        chosen = cover(rows, goal)
        seconds = time.process_time() - began
        told = f"cover of {goal.__name__.lower()}, {ROWS:,} seeds × {POINTS}: {len(chosen):,} seeds"
        yield seconds <= COVER_SECONDS_MAX, f"{told}, {seconds:.1f} s (bar: {COVER_SECONDS_MAX:g})"


def smallest(rows: list[int]) -> int:
    """The size of the smallest cover, by trying all."""
    every = 0
    for row in rows:
        every |= row
    for size in range(len(rows) + 1):
        for some in combinations(set(rows), size):
            reached = 0
            for row in some:
                reached |= row
            if reached == every:
                return size
    raise AssertionError


def small_cases() -> Iterator[tuple[bool, str]]:
    """Fifty small cases, each against the optimum."""
    worst = 1.0
    for case in range(CASES):
        rng = random.Random(case)
        rates = [rng.choice([0.05, 0.1, 0.2, 0.4]) for _ in range(rng.randint(6, 20))]
        rows = [sum((rng.random() < r) << k for k, r in enumerate(rates)) for _ in range(rng.randint(8, 14))]
        optimum = smallest(rows)
        worst = max(worst, len(cover(rows, Points)) / optimum if optimum else 1.0)
    yield worst <= RATIO_MAX, f"{CASES} small cases: at worst {worst:.2f} × the smallest cover (bar: {RATIO_MAX:g})"


def night() -> Iterator[tuple[bool, str]]:
    """Seeds chosen from a night of the example simulator, and really played again."""
    ours = [sys.executable, "-m", "vopr_coverage"]
    simulator = [sys.executable, str(SIMULATOR), "--scenario", "{scenario}", "--seed", "{seed}"]
    simulator += ["--iterations", "{iterations}", "--simulation", "-"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for scenario in SCENARIOS:
            words = ["--scenario", scenario, "--seed", "1", "--iterations", str(NIGHT), "--out", f"night/{scenario}"]
            subprocess.run([*ours, "record", *words, "--", *simulator], cwd=folder, check=True, capture_output=True)
        for kind in ("points", "pairs"):
            words = ["seeds", "night/*", "--cover", kind, "--out", f"{kind}.txt", "--format", "json"]
            out = subprocess.run([*ours, *words], cwd=folder, check=True, capture_output=True).stdout
            words = ["replay", f"{kind}.txt", "--out", f"again-{kind}", "--", *simulator]
            replayed = subprocess.run([*ours, *words], cwd=folder, check=False, capture_output=True, text=True)
            line = next(one for one in replayed.stderr.splitlines() if "reached again" in one)
            for chosen in json.loads(out)["scenarios"]:
                share = len(chosen["seeds"]) / chosen["of"]
                whole = chosen["reached"] == chosen["points"] and chosen["pairs_reached"] == chosen["pairs"]
                what = f"{len(chosen['seeds'])} of {chosen['of']:,} seeds of {chosen['scenario']} reach all {kind}"
                yield whole and share <= SHARE_MAX, f"{what} ({chosen['points']} points; bar: {SHARE_MAX:.0%})"
            yield replayed.returncode == 0, f"  played again: {line.removeprefix('vopr-coverage: ')}"


PARTS: dict[str, Callable[[], Iterator[tuple[bool, str]]]] = {
    "pairs": pairs,
    "cover": covers,
    "small": small_cases,
    "night": night,
}


def told(part: str) -> list[tuple[bool, str]]:
    """The lines of one part."""
    return list(PARTS[part]())


def main() -> int:
    """Print a line for each bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=PARTS, action="append")
    missed = False
    for part in parser.parse_args().only or PARTS:
        with get_context("spawn").Pool(1) as pool:  # its peak memory is that of this part
            for met, line in pool.apply(told, (part,)):
                missed |= not met
                print(f"{'✅' if met else '❌'} {line}", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
