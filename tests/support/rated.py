"""Simulation streams in which so many seeds hit each point, for tests of rates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.reports import Ended, run_cli
from tests.support.simulations import as_lines, finish

CONFIG = "profile: none\ncritical_fault_points: [torn]\nrequired_invariants: [agreement]\n"
NIGHT: dict[str, Any] = {
    "format": "urn:vopr-coverage:schema:trend:v1",
    "at": "2026-11-20T02:00:00Z",
    "run_attempt": 1,
    "run_number": 1,
    "commit": None,
    "workflow": "nightly",
    "job": "coverage",
    "scenario": "combined",
    "status": "passed",
    **dict.fromkeys(["asked", "planned", "ran", "failed", "rate", "fault_points_hit", "fault_points_known"]),
    **dict.fromkeys(["invariants", "view_changes", "detected", "declared", "seeds_doubled"]),
}


def a_run(path: Path, seeds: int, hits: Mapping[str, int], first: int = 0, agreed: bool = True) -> Path:
    """A stream whose first `hits[point]` seeds hit a point; every seed hits `always`."""
    points = ["always", "torn", *(name for name in hits if name != "torn")]
    start = {"type": "start", "format": "simulation/1", "scenario": "combined", "first_seed": first, "seeds": seeds}
    records = [start | {"points": {"fault": points}, "invariants": ["agreement"]}]
    for number in range(seeds):
        hit = {"always": 1, **{name: 1 for name, count in hits.items() if number < count}}
        result = {"status": "ok", "events": 5, "time_ns": 9, "digest": f"{first + number:x}"}
        ran = {"agreement": 1} if agreed else {}
        records.append({"type": "seed", "seed": first + number, **result, "hits": hit, "ran": ran})
    path.write_bytes(as_lines([*records, finish(seeds)]))
    return path


def a_history(path: Path, nights: int = 3, **incidence: Any) -> Path:
    """A history of nights that all have this incidence."""
    records = [NIGHT | {"run_id": str(100 + night), "incidence": incidence} for night in range(nights)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def judged(folder: Path, *arguments: str | Path) -> tuple[Ended, dict[str, Any]]:
    """`check` of these reports by a config that requires `torn` and `agreement`, and its verdict."""
    (folder / "gate.yml").write_text(CONFIG)
    verdict = folder / "verdict.json"
    flags = ("--config", "gate.yml", "--scenario", "combined", "--verdict-file", verdict.name)
    ended = run_cli("check", *arguments, *flags, cwd=folder)
    return ended, json.loads(verdict.read_text()) if verdict.exists() else {}


def a_base(folder: Path, seeds: int, hits: Mapping[str, int], *more: str | Path) -> str:
    """The verdict file of a base, whose seeds are others than those of the run."""
    run = a_run(folder / "base.ndjson", seeds, hits, first=1_000_000)
    judged(folder, run, *more)
    (folder / "verdict.json").rename(folder / "base.json")
    return "base.json"
