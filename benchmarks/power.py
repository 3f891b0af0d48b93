"""How often `max-regression: significant` is wrong, and what hits seed by seed cost.

    python benchmarks/power.py [--pairs 1000] [--seeds 200000]

Pairs of runs are drawn from rates that are known (tests/support/paired_rates.py): 60 points, whose rates lie evenly in
decades from 1 to 0.001. Streams are written with the hits of 100 points, each at a rate of its own, and without.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Iterator
from math import log2
from pathlib import Path

from benchmarks.measured import child
from tests.support.paired_rates import false_alarm, noticed
from vopr_coverage.reading.simulation_records import SeedLine
from vopr_coverage.reading.simulation_rows import SEEDS_IN_ROW_MAX, rows_of

POINTS = 100
FALSE_ALARMS_MAX, NOTICED_MIN = 0.01, 0.99
TIME_MAX, MIB_MAX, BYTES_MAX = 1.35, 30.0, 8.0
RATES = tuple(10 ** (-3 * number / (POINTS - 1)) for number in range(POINTS))
NAMES = tuple(f"sim.part{number % 7}.point_{number:02}" for number in range(POINTS))


def entropy_bytes(rates: tuple[float, ...]) -> float:
    """The fewest bytes that the hits of a seed can take on average, if points are independent."""
    return sum(-rate * log2(rate) - (1 - rate) * log2(1 - rate) for rate in rates if 0 < rate < 1) / 8


def seeds(count: int, rates: tuple[float, ...], hits: bool) -> Iterator[SeedLine]:
    """Seeds of a stream; of hits, thousands of seeds share their draw, so that drawing takes no longer than reading."""
    rng = random.Random(7)
    rows = [{name: 1 for name, rate in zip(NAMES, rates, strict=True) if rng.random() < rate} for _ in range(20_000)]
    for number in range(count):
        yield SeedLine(
            type="seed",
            seed=number,
            status="ok",
            events=100 + number % 7,
            time_ns=5_000,
            hits=rows[rng.randrange(len(rows))] if hits else None,
        )


def stream_of(count: int, hits: bool) -> Iterator[bytes]:
    """A stream as a simulator writes it, a line each."""
    start, end = _ends(count, hits)
    yield start
    for one in seeds(count, RATES, hits):
        record = {"type": "seed", "seed": one.seed, "status": "ok", "events": one.events, "time_ns": one.time_ns}
        yield _line(record | ({"hits": one.hits} if hits else {}) | {"ran": {"agreement": 1}})
    yield end


def recording_of(count: int, hits: bool) -> Iterator[bytes]:
    """The same as `record` stores it."""
    start, end = _ends(count, hits)
    yield start
    waiting = list[SeedLine]()
    for one in seeds(count, RATES, hits):
        one.ran = {"agreement": 1}
        waiting.append(one)
        if len(waiting) == SEEDS_IN_ROW_MAX:
            yield from rows_of(waiting)
            waiting.clear()
    yield from rows_of(waiting)
    yield end


def _ends(count: int, hits: bool) -> tuple[bytes, bytes]:
    start = {"type": "start", "format": "simulation/1", "first_seed": 0, "seeds": count}
    end = {"type": "end", "seeds": count, "failed": 0} | ({} if hits else {"hits": dict.fromkeys(NAMES, count)})
    return _line(start | {"points": {"fault": list(NAMES)}, "invariants": ["agreement"]}), _line(end)


def _line(record: object) -> bytes:
    return json.dumps(record).encode() + b"\n"


def recorded_bytes(count: int, rates: tuple[float, ...]) -> float:
    """What the hits add to a packed recording, in bytes a seed."""
    sizes = []
    for hits in (True, False):
        lines, waiting = list[bytes](), list[SeedLine]()
        for one in seeds(count, rates, hits):
            waiting.append(one)
            if len(waiting) == SEEDS_IN_ROW_MAX:
                lines += rows_of(waiting)
                waiting.clear()
        sizes.append(len(gzip.compress(b"".join([*lines, *rows_of(waiting)]), 6)))
    return (sizes[0] - sizes[1]) / count


def told(what: str, value: float, bar: float, unit: str = "", at_least: bool = False) -> bool:
    """Print a figure against its bar."""
    meets = value >= bar if at_least else value <= bar
    print(
        f"{'ok  ' if meets else 'OVER'} {what}: {value:.4g}{unit} ({'≥' if at_least else '≤'} {bar:g}{unit})",
        flush=True,
    )
    return meets


def statistics(pairs: int) -> Iterator[bool]:
    """Both kinds of mistakes, for runs that count seeds, and for runs of ten streams."""
    for what, samples, length in (("500 seeds", 500, 1), ("10 streams of 50 seeds", 10, 50)):
        alarms = sum(false_alarm(seed, samples, length) for seed in range(pairs)) / pairs
        yield told(f"{pairs:,} pairs of the same rates, {what}: called lost", alarms, FALSE_ALARMS_MAX)
    found = sum(noticed(seed, 0.05) for seed in range(pairs)) / pairs
    yield told("a point of rate 0.05 switched off, 500 seeds: called lost", found, NOTICED_MIN, at_least=True)


def costs(count: int) -> Iterator[bool]:
    """Time, memory and room of hits seed by seed."""
    for what, rates in (("rates from 1 to 0.001", RATES), ("a rate of 0.05 each", (0.05,) * POINTS)):
        size, entropy = recorded_bytes(40_000, rates), entropy_bytes(rates)
        yield told(f"a recording, {what}: at 100 points (entropy {entropy:.2f})", size, BYTES_MAX, " bytes a seed")
    for what, lines_of in (("a stream", stream_of), ("its recording", recording_of)):
        (without_s, without_mib), (with_s, with_mib) = (_checked(lines_of(count, hits)) for hits in (False, True))
        print(f"     check of {what}, {count:,} seeds: {without_s:.2f} s of CPU without hits, {with_s:.2f} s with them")
        yield told(f"{what}: time with hits, against without", with_s / without_s, TIME_MAX, " ×")
        yield told(f"{what}: memory with hits, beyond without", with_mib - without_mib, MIB_MAX, " MiB")


def _checked(lines: Iterable[bytes]) -> tuple[float, float]:
    """The CPU time in seconds and the memory in MiB of `check`."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "gate.yml").write_text("profile: none\nfault_point_coverage_min: 0.5\n")
        with (home / "run.ndjson").open("wb") as file:
            file.writelines(lines)
        ran = child((sys.executable, "-m", "vopr_coverage", "check", "run.ndjson", "--config", "gate.yml"), home)
        assert ran.code == 0, ran.output
        return ran.cpu_s, ran.peak_bytes / (1 << 20)


def main() -> int:
    """Print every figure; 1 if one misses its bar."""
    parser = argparse.ArgumentParser(description="measure mistakes and costs of rates")
    parser.add_argument("--pairs", type=int, default=1_000)
    parser.add_argument("--seeds", type=int, default=200_000)
    given = parser.parse_args()
    return 0 if all([*statistics(given.pairs), *costs(given.seeds)]) else 1


if __name__ == "__main__":
    sys.exit(main())
