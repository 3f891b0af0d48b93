"""The bar of patterns: a pattern over 100,000 files, with links that lead in circles, takes at most 2 s.

    python benchmarks/patterns.py [--files N] [--runs N]

Exit code 0: the bar is met. 1: it is missed. The files are empty: what is measured is how they are found.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from vopr_coverage.errors import UserError
from vopr_coverage.reading.find import find

FILES = 100_000
FILES_PER_FOLDER = 100
SECONDS_MAX = 2.0
PATTERNS = ("**/*.ndjson", "tree/*/*/*.ndjson", "**/run-7.ndjson", "**/*.none")


def make_tree(home: Path, count: int) -> None:
    """So many files in folders of a hundred; each folder links to itself, to its parent and to the next folder."""
    for first in range(0, count, FILES_PER_FOLDER):
        number = first // FILES_PER_FOLDER
        folder = home / "tree" / f"{number // 100}" / f"{number}"
        folder.mkdir(parents=True)
        for file in range(first, min(first + FILES_PER_FOLDER, count)):
            (folder / f"run-{file}.ndjson").touch()
        for name, target in (("self", "."), ("parent", ".."), ("top", "../../..")):
            (folder / name).symlink_to(target)
        (folder / "next").symlink_to(f"../../{(number + 1) // 100}/{number + 1}")


def timed(work: Callable[[], int]) -> tuple[float, float, int]:
    """Seconds by the clock, seconds of the processor (user and system), and what the work returned."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return time.perf_counter() - clock, time.process_time() - processor, result


def files_of(pattern: str, home: Path) -> int:
    """How many files a step of the action would read."""
    try:
        return len(find([pattern], [home]).files)
    except UserError:  # no match
        return 0


def main() -> int:
    """Print a line for each pattern."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        make_tree(home, arguments.files)
        os.chdir(home)
        for pattern in PATTERNS:
            runs = [timed(partial(files_of, pattern, home)) for _ in range(arguments.runs)]
            wall, seconds = (statistics.median(run[part] for run in runs) for part in (0, 1))
            missed |= seconds > SECONDS_MAX
            mark = "❌" if seconds > SECONDS_MAX else "✅"
            found = f"{runs[0][2]:,} of {arguments.files:,} files"
            print(
                f"{mark} {pattern}: {found}, {seconds:.2f} s user and system (bar: {SECONDS_MAX:g}), {wall:.2f} s wall"
            )
        os.chdir("/")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
