"""What it would cost to notice duplicate keys in the lines of seeds that passed.

    PYTHONPATH=. python benchmarks/duplicate_keys.py [--iterations N] [--runs N]

The typed decoder takes the last of two equal keys. A line with a key twice has more commas than keys, so counting
commas is the cheapest test that is exact for the simulator's lines; counting quotes, or parsing each line strictly,
takes longer. Each is measured beside the reading of the same healthy stream, in CPU time of this process, in turn.

Exit code 0: the figures were printed. What they led to stands in docs/formats.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from statistics import median

from benchmarks.run import Report
from tests.support.reports import ending, ndjson, ok, start
from vopr_coverage.formats.strict_json import strict_loads
from vopr_coverage.reading.source import BLOCK_BYTES
from vopr_coverage.reading.stream import read_stream

SHARE_MAX = 0.03
TESTS: dict[str, Callable[[bytes], object]] = {
    "a count of commas": lambda block: block.count(b","),
    "commas by a copy without": lambda block: len(block) - len(block.replace(b",", b"")),
    "a count of quotes": lambda block: block.count(b'"'),
    "the length of each line": lambda block: [*map(len, block.split(b"\n"))],
    "strict JSON": lambda block: [strict_loads(line) for line in block.splitlines()],
}


def healthy_blocks(iterations: int) -> list[bytes]:
    """A whole healthy stream in blocks, as a file is read."""
    blocks, block = [ndjson(start(0, iterations))], b""
    for seed in range(iterations):
        storage = sha256(str(seed).encode()).hexdigest()
        block += ndjson(
            ok(seed, events=7_000 + seed % 977, simulated_time_ms=10_000 + seed % 89 / 8, storage_hash=storage)
        )
        if len(block) >= BLOCK_BYTES or seed == iterations - 1:
            blocks.append(block)
            block = b""
    return [*blocks, ndjson(ending(iterations))]


def cpu_s(work: Callable[[], object]) -> float:
    """CPU seconds of one call."""
    before = time.process_time()
    work()
    return time.process_time() - before


def main() -> int:
    """Read the options, measure, and print a line for each test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--iterations", type=int, default=50_000, metavar="N", help="of the stream (default: 50,000)")
    parser.add_argument("--runs", type=int, default=9, metavar="N", help="runs of each (default: 9)")
    arguments = parser.parse_args()
    if min(arguments.iterations, arguments.runs) < 1:
        parser.error("--iterations and --runs: expected 1 or more")
    blocks = healthy_blocks(arguments.iterations)
    figures: dict[str, list[float]] = {name: [] for name in TESTS}
    for _ in range(arguments.runs):
        reading_s = cpu_s(partial(read_stream, blocks, "s"))
        for name, test in TESTS.items():
            figures[name].append(cpu_s(lambda test=test: [test(block) for block in blocks]) / reading_s)  # type: ignore[misc]
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} CPUs, {arguments.runs} runs")
    report = Report()
    for name, shares in figures.items():
        share = median(shares)
        report.line(
            f"{name} / reading", f"{share:.1%}  ({min(shares):.1%}–{max(shares):.1%})", "≤ 3%", share <= SHARE_MAX
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
