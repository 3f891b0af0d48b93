"""Runs for the lockfile of points: simulation streams in which each point is hit by so many seeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tests.support.simulations import as_lines, begin, finish, seed


def a_point_run(
    hits: Mapping[str, int],
    *,
    seeds: int = 100,
    first: int = 0,
    sometimes: Collection[str] = (),
    scenario: str | None = None,
) -> bytes:
    """A stream that declares these points; each is hit by its first so many seeds.

    Args:
        sometimes: those that are no faults.
    """
    kinds = {
        "fault": [name for name in hits if name not in sometimes],
        "sometimes": [name for name in hits if name in sometimes],
    }
    named = {} if scenario is None else {"scenario": scenario}
    records = [begin(seeds, first, points={kind: names for kind, names in kinds.items() if names}, **named)]
    records += [
        seed(first + i, hits={name: 1 for name, count in hits.items() if i < count}, digest=f"{first + i:x}")
        for i in range(seeds)
    ]
    return as_lines([*records, finish(seeds)])


def put(folder: Path, name: str, data: bytes) -> str:
    """A file in a folder; returns its name."""
    (folder / name).write_bytes(data)
    return name
