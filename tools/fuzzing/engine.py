"""One lane: takes inputs to doors, one after the other, and notes how they ended."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random

from tools.fuzzing.changes import changed
from tools.fuzzing.door import MEGABYTES_MAX, SLOW, Door, Finding, taken
from tools.fuzzing.doors import door_of
from tools.fuzzing.limits import forget_peak, peak_mb
from tools.fuzzing.minimal import minimal

DRAWN = 0.15  # of the inputs of a door that can draw documents
EXTRA = 0.1  # of the inputs of a door with a corpus
KEPT_MAX = 5  # findings of one kind that are kept


@dataclass
class Count:
    """What one lane did at one door, with the code as it is now."""

    inputs: int = 0
    refused: int = 0
    taken: int = 0
    judged: int = 0
    findings: int = 0
    slowest_ms: float = 0.0
    peak_mb: float = 0.0
    cpu_s: float = 0.0
    kinds: dict[str, int] = field(default_factory=dict)


def input_of(door: Door, lane: int | str, number: int) -> bytes:
    """The input of that id, always the same for the same samples."""
    rng = Random(f"{door.name}:{lane}:{number}")  # noqa: S311 (so that an id plays its input again)
    chance = rng.random()
    if door.draw and chance < DRAWN:
        return door.draw(rng)
    samples = door.extra if door.extra and chance > 1 - EXTRA else door.samples
    return changed(rng, rng.choice(samples), door.text, door.tokens)


def turn(
    door: Door, lane: int, first: int, count: Count, home: Path, *, seconds: float, most: int,
    before_each: Callable[[int], None] = lambda _: None,
) -> int:  # fmt: skip
    """Take inputs to one door for some seconds of this processor, at most so many; returns the next number.

    Args:
        before_each: gets the number of each input before it is taken, for whoever watches this lane.
    """
    forget_peak()
    limit = max(MEGABYTES_MAX, peak_mb())
    begun, number = time.process_time(), first
    now = begun
    while number < first + most and now - begun < seconds:
        before_each(number)
        data, before, found = input_of(door, lane, number), time.process_time(), None
        try:
            ending = taken(door, data, limit)
            setattr(count, ending, getattr(count, ending) + 1)
        except Finding as finding:
            found = finding if is_finding(door, data, finding) else None
        now = time.process_time()
        count.slowest_ms = max(count.slowest_ms, 1000 * (now - before))
        if found:
            _keep(door, lane, number, data, found, count, home)
        count.inputs += 1
        number += 1
    count.cpu_s += now - begun
    count.peak_mb = max(count.peak_mb, peak_mb())
    return number


def is_finding(door: Door, data: bytes, finding: Finding) -> bool:
    """Whether it is one the second time, too, where it is about time: a processor that is shared is slow at times."""
    if not finding.kind.startswith(SLOW):
        return True
    try:
        taken(door, data, float("inf"))
    except Finding:
        return True
    return False


def _keep(door: Door, lane: int, number: int, data: bytes, finding: Finding, count: Count, home: Path) -> None:
    """Keep an input with what it does, as small as it can be made in a few seconds."""
    count.findings += 1
    count.kinds[finding.kind] = count.kinds.get(finding.kind, 0) + 1
    if count.kinds[finding.kind] > KEPT_MAX:
        return
    store_finding(door, lane, number, minimal(door, data, finding.kind), finding, home)


def store_finding(door: Door, lane: int, number: int, data: bytes, finding: Finding, home: Path) -> None:
    """Write an input that is a finding, and beside it what its id is and what it does."""
    folder = home / "findings"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{door.name.replace(' ', '-')}-{lane}-{number}"
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(f"{door.name}:{lane}:{number}\n{finding.kind}\n{finding.details}\n", "utf-8")


def play(id: str) -> int:
    """Print the input of an id, and what becomes of it."""
    name, lane, number = id.rsplit(":", 2)
    door = door_of(name)
    data = input_of(door, lane, int(number))
    sys.stdout.buffer.write(data + b"\n")
    try:
        print(f"-- {taken(door, data)}")
    except Finding as finding:
        print(f"-- {finding.kind}\n{finding.details}")
        return 1
    return 0


def as_json(counts: dict[str, Count]) -> str:
    """Counts as the ledger stores them."""
    return json.dumps({name: asdict(count) for name, count in counts.items()}, indent=1)
