"""Simulation streams for tests, in a few words each."""

from __future__ import annotations

import json
from typing import Any

from tests.support.reports import Record
from vopr_coverage.model.report import Input
from vopr_coverage.reading.simulation import read_simulation

POINTS = {"fault": ["disk.torn_write", "net.drop"], "sometimes": ["leader changes"], "phase": ["commit"]}
INVARIANTS = ["agreement", "durability"]


def begin(seeds: int = 4, first: int = 7, **more: Any) -> Record:
    """A start record that declares three points, a phase and two invariants."""
    declared = {"points": POINTS, "invariants": INVARIANTS}
    return {"type": "start", "format": "simulation/1", "first_seed": first, "seeds": seeds} | declared | more


def seed(number: int, **more: Any) -> Record:
    """A seed that passed, hit a point and ran both invariants."""
    figures = {"events": 100 + number % 1000, "time_ns": 5_000, "digest": f"{number:x}"}
    counts = {"hits": {"disk.torn_write": 2, "commit": 10}, "ran": {"agreement": 5, "durability": 1}}
    return {"type": "seed", "seed": number, "status": "ok"} | figures | counts | more


def failing(number: int, invariant: str = "agreement", message: str = "") -> Record:
    """A seed that failed."""
    return seed(number, status="failed", failure={"invariant": invariant, "message": message})


def finish(seeds: int = 4, failed: int = 0, **more: Any) -> Record:
    """The end record."""
    return {"type": "end", "seeds": seeds, "failed": failed} | more


def a_simulation(seeds: int = 4, first: int = 7, **more: Any) -> list[Record]:
    """The records of a whole stream; `more` is of its start."""
    return [begin(seeds, first, **more), *(seed(first + i) for i in range(seeds)), finish(seeds)]


def as_lines(records: list[Record]) -> bytes:
    """Records as a stream."""
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


def simulated(*records: Record, block: int = 1 << 16) -> Input:
    """These records, read as one stream in blocks of about so many bytes."""
    lines = as_lines(list(records)).splitlines(keepends=True)
    blocks, now = [], b""
    for line in lines:
        now += line
        if len(now) >= block:
            blocks.append(now)
            now = b""
    return read_simulation([*blocks, *([now] if now else [])], "s.ndjson")
