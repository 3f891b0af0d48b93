"""Two years of nights of four scenarios, invented from a seed: what `vopr-coverage trends` draws of them.

    python examples/trends_demo.py --out build/trends-demo

No simulator ran for these figures. They have what real histories have: a budget that is smaller at weekends, nights
that are missing, a slow loss, a fault point that is lost, and a few red nights.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import msgspec

from vopr_coverage.nightly.reached import reached_names
from vopr_coverage.trends.history import TREND_FORMAT, TrendRecord

NIGHTS = 730
FIRST_RUN = 7_000_000_000
POINTS = (
    "sim.storage.crash", "sim.storage.fsync_failure", "sim.storage.torn_write", "sim.storage.corruption",
    "sim.network.drop", "sim.network.partition", "sim.network.reorder", "sim.clock.skew", "vsr.view_change_start",
    "vsr.state_transfer", "vsr.repair",
)  # fmt: skip
INVARIANTS = ("agreement", "prefix_consistency", "linearizability", "view_change_safety", "recovery_safety")
SCENARIOS = {"baseline": 1_000_000, "combined": 1_000_000, "multi-tenant": 500_000, "swizzle": 500_000}  # iterations
LOST = ("swizzle", "sim.clock.skew", 24)  # is not hit any more in this scenario, for so many nights
RED = (41, 42, 200, 377, 378, 379, 610)  # nights with a failed seed
MISSING = (90, 91, 92, 500)


def main() -> int:
    """Write the history, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="a folder for the history and what is drawn of it")
    parser.add_argument("--seed", type=int, default=1, help="of the invented figures (default: 1)")
    parser.add_argument("--until", type=date.fromisoformat, help="the newest night (default: yesterday)")
    arguments = parser.parse_args()
    until = arguments.until or datetime.now(UTC).date() - timedelta(days=1)
    out: Path = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    history = out / "trends.ndjson"
    lines = [msgspec.json.encode(record) + b"\n" for record in invented(random.Random(arguments.seed), until)]
    history.write_bytes(b"".join(lines))
    command = [sys.executable, "-m", "vopr_coverage", "trends", str(history), "--page", str(out / "page.html")]
    command += ["--svg", str(out / "svg"), "--badge", str(out / "badge")]
    print(f"{len(lines):,} invented records in {history}", file=sys.stderr)
    return subprocess.run(command, check=False).returncode


def invented(rng: random.Random, until: date) -> Iterator[TrendRecord]:
    """The records of all nights, the oldest first."""
    for number in range(NIGHTS):
        if number in MISSING:
            continue
        day = until - timedelta(days=NIGHTS - 1 - number)
        at = datetime.combine(day, time(2, 17), UTC) + timedelta(minutes=rng.randint(0, 20))
        red = number in RED
        share = 0.5 if day.weekday() >= 5 else 1.0
        for scenario, asked in SCENARIOS.items():
            ran = int(asked * share * rng.uniform(0.97, 1.0))
            failed = 1 if red and scenario == "combined" else 0
            hit = [point for point in POINTS if not _is_lost(scenario, point, number)]
            if scenario == "baseline" and rng.random() < 0.05:
                hit.remove("sim.storage.torn_write")  # rare there: some nights miss it
            changes = int(ran * 2.4 * (1 - 0.35 * max(0, number - 400) / NIGHTS) * rng.uniform(0.97, 1.03))
            rate = rng.gauss(5_200 if scenario == "baseline" else 3_900, 120)
            yield _record(at, number, red, "long-run", scenario, ran=ran, failed=failed, rate=rate)
            yield _record(
                at, number, red, "coverage", scenario, ran=100_000, failed=0, rate=rate,
                hit=hit, view_changes=changes * 100_000 // ran,
            )  # fmt: skip
        detected = 4 if number in (377, 378, 379) else 5
        yield _record(at, number, red, "canary", "combined", ran=60_000, failed=0, detected=detected)
        yield _record(at, number, red, "determinism", "combined", ran=20_000, failed=0, doubled=100)


def _is_lost(scenario: str, point: str, number: int) -> bool:
    return (scenario, point) == LOST[:2] and number >= NIGHTS - LOST[2]


def _record(
    at: datetime,
    number: int,
    red: bool,
    job: str,
    scenario: str,
    *,
    ran: int,
    failed: int,
    rate: float | None = None,
    hit: list[str] | None = None,
    view_changes: int | None = None,
    detected: int | None = None,
    doubled: int | None = None,
) -> TrendRecord:
    missed = [point for point in POINTS if hit is not None and point not in hit]
    return TrendRecord(
        format=TREND_FORMAT,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        run_id=str(FIRST_RUN + number),
        run_attempt=1,
        run_number=number + 1,
        commit=f"{number * 2_654_435_761 % (1 << 64):016x}" * 2 + "00000000",
        workflow="Nightly (invented)",
        job=job,
        scenario=scenario,
        status="failed" if red else "passed",
        asked=ran,
        planned=ran,
        ran=ran,
        failed=failed,
        rate=None if rate is None else round(rate, 1),
        fault_points_hit=None if hit is None else len(hit),
        fault_points_known=None if hit is None else len(POINTS),
        invariants=None if hit is None else len(INVARIANTS),
        view_changes=view_changes,
        detected=detected,
        declared=None if detected is None else 5,
        seeds_doubled=doubled,
        names=None if hit is None else reached_names(hit=hit, missed=missed, ran=INVARIANTS, silent=()),
    )


if __name__ == "__main__":
    sys.exit(main())
