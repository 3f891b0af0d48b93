"""`make demo`: the gate on two recorded runs of a real simulator, one sick and one healthy.

Both runs ended with exit status 0 and no failing seed. In the first, a fault injector had
been switched off on purpose; only what the run did *not* do gives it away.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RECORDED = "tests/data/real"
CONFIG = "examples/configs/kimberlite.yml"
SUMMARY = "build/demo/summary.md"

SICK = [f"combined={RECORDED}/canary-drop-disabled.ndjson"]
HEALTHY = [f"combined={RECORDED}/combined.ndjson", "--summary-file", SUMMARY]


def main() -> int:
    """Run both; 0 when the sick one failed and the healthy one passed."""
    print("1. A green run of a simulator that no longer drops a single message:\n", flush=True)
    sick = check(SICK)
    print("2. The same seeds from the simulator as it should be:\n", flush=True)
    healthy = check(HEALTHY)
    as_it_should = (sick, healthy) == (1, 0)
    print(f"The job summary of the second run is in {SUMMARY}." if as_it_should else "The demo went wrong.")
    return 0 if as_it_should else 1


def check(arguments: list[str]) -> int:
    """Run one `vopr-coverage check`, show its command line, and return its exit code."""
    command = ["check", *arguments, "--config", CONFIG]
    print(f"$ vopr-coverage {' '.join(command)}", flush=True)
    code = subprocess.run([sys.executable, "-m", "vopr_coverage", *command], cwd=ROOT, check=False).returncode
    print(f"exit code {code}\n", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
