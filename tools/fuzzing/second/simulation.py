"""The small judge of simulation streams: docs/formats/simulation.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tools.fuzzing.second import SEEDS, Evidence, Unreadable, objects


def read_simulation(data: bytes) -> Evidence:
    """A simulation stream."""
    records = [each for each in objects(data) if each.get("type") in ("start", "seed", "end")]
    types = [each["type"] for each in records]
    if not types or types[0] != "start":
        raise Unreadable
    found = Evidence()
    if types[-1] != "end" or types[1:-1] != ["seed"] * len(types[1:-1]):
        found.complete = False
        return found
    start, end, seeds = records[0], records[-1], records[1:-1]
    announced = [(start["first_seed"] + place) % SEEDS for place in range(min(start["seeds"], 10_000))]
    failed = sum(each["status"] == "failed" for each in seeds)
    found.complete = [each["seed"] for each in seeds] == announced
    found.complete &= len(seeds) == start["seeds"] == end["seeds"] and failed == end["failed"]
    hits, found.complete = _totals("hits", seeds, end, found.complete)
    ran, found.complete = _totals("ran", seeds, end, found.complete)
    points = start.get("points", {})
    counted = {name for kind, names in points.items() if kind != "phase" for name in names}
    if hits is not None:
        hit = {name for name, count in hits.items() if count}
        found.hit, found.listed, found.declares = hit, counted, bool(counted)
        found.phases = {name: hits.get(name, 0) for name in {*points.get("phase", ())} - counted}
    if ran is not None:
        found.ran = {name for name, count in ran.items() if count}
    counters, found.complete = _totals("counters", seeds, end, found.complete)
    known = {*start.get("counters", ()), *(counters or {})}
    found.counters = {name: (counters or {}).get(name, 0) for name in known}
    return found


def _totals(key: str, seeds: list[Any], end: Any, complete: bool) -> tuple[Mapping[str, int] | None, bool]:
    """The sums of the seeds, or the totals at the end; they must agree where both are there."""
    told = [each[key] for each in seeds if key in each]
    sums = Counter[str]()
    for each in told:
        sums.update(each)
    if key in end:
        total = Counter({name: count for name, count in end[key].items() if count})
        return end[key], complete and (not told or total == Counter({n: c for n, c in sums.items() if c}))
    return (sums if told else None), complete
