"""The bar of the emitters: a call of `hit` takes at most 2 µs in Rust, Go and C++.

    python benchmarks/emitters.py [--calls N] [--runs N]

Each toy simulator of examples/emitters measures itself: the time of N calls, divided by N. The middle one of the runs
counts. Exit code 0: the bar is met. 1: it is missed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.toys import LANGUAGES, Command, built, missing

CALLS = 2_000_000
NS_MAX = 2_000
BOUND = ("rust", "go", "cpp")  # the other two are printed alone


def ns_a_call(toy: Command, calls: int) -> float:
    """What a toy says that a call took, in nanoseconds."""
    said = subprocess.run([*toy, "--bench", str(calls)], capture_output=True, text=True, check=True).stdout
    return float(said.split()[0])


def main() -> int:
    """Print a line for each language."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=CALLS)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    if without := missing():
        parser.error(without)
    missed = False
    with tempfile.TemporaryDirectory() as folder:
        for language in LANGUAGES:
            toy = built(language, Path(folder))
            runs = sorted(ns_a_call(toy, arguments.calls) for _ in range(arguments.runs))
            middle = statistics.median(runs)
            bar, mark = "", "  "
            if language in BOUND:
                missed |= middle > NS_MAX
                bar, mark = f", bar: {NS_MAX:,}", "❌" if middle > NS_MAX else "✅"
            print(f"{mark} {language}: {middle:.1f} ns a call ({runs[0]:.1f}–{runs[-1]:.1f}{bar})", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
