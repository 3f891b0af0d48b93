"""`make demo`: judges two recorded runs of a real simulator, a broken one and a healthy one.

Both runs ended with exit status 0 and no failing seed. In the first, a fault injector was switched off on purpose.
Only the coverage shows it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDED = "tests/data/real"
CONFIG = "examples/configs/kimberlite.yml"
SUMMARY = "build/demo/summary.md"

BROKEN = [f"combined={RECORDED}/canary-drop-disabled.ndjson"]
HEALTHY = [f"combined={RECORDED}/combined.ndjson", "--summary-file", SUMMARY]


def main() -> int:
    """Run both. Returns 0 if the broken run failed and the healthy run passed."""
    print("1. A run without failures, of a simulator that no longer drops any message:\n", flush=True)
    broken = check(BROKEN)
    print("2. The same seeds, with the simulator as it should be:\n", flush=True)
    healthy = check(HEALTHY)
    correct = (broken, healthy) == (1, 0)
    print(f"The job summary of the second run is in {SUMMARY}." if correct else "The demo went wrong.")
    return 0 if correct else 1


def check(arguments: list[str]) -> int:
    """Run one `vopr-coverage check`, show its command line, and return its exit code."""
    command = ["check", *arguments, "--config", CONFIG]
    print(f"$ vopr-coverage {' '.join(command)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "vopr_coverage", *command], cwd=ROOT, check=False).returncode
    print(f"exit code {code}\n", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
