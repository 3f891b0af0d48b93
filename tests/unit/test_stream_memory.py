"""What is kept of a stream stays bounded, whatever the stream holds."""

from __future__ import annotations

from typing import Any

from tests.support.reports import (
    ending,
    ok,
    start,
)
from tests.support.streams import reading, run_of
from vopr_coverage.model.report import SEEDS_KEPT_MAX
from vopr_coverage.reading.tally import Tally


def test_failures_without_end_keep_a_thousand_seeds() -> None:
    """What is kept of the failures doesn't grow with them, however many seeds and invariants fail."""
    tally, count = Tally(), 160_000  # more than a thousand of each invariant
    tally.starting_seed, tally.announced = 0, count
    for seed in range(count):
        tally.add(_failed_data(seed), seed + 2)
    groups = tally.failure_groups()
    assert len(groups) == 101
    assert sum(group.count for group in groups) == count
    assert max(len(group.seeds) for group in groups) == SEEDS_KEPT_MAX
    assert all(len(group.message) <= 500 for group in groups)
    assert tally.failed_seeds.itemsize * len(tally.failed_seeds) == 8 * count


def _failed_data(seed: int) -> Any:
    from vopr_coverage.reading.records import FailedData

    return FailedData(events=1, invariant=f"invariant {seed % 150}", message="x" * 9_000, seed=seed)


def test_a_million_silent_failures_keep_a_thousand_seeds() -> None:
    """The seeds that left no record are counted, and the first thousand named."""
    count = 200_000
    run = run_of(start(0, count), ending(0, range(count)))
    assert (run.silent_failures.count, run.silent_failures.seeds) == (count, tuple(range(SEEDS_KEPT_MAX)))
    assert run.contradictions == ()


def test_contradictions_and_unknown_names_are_kept_to_ten() -> None:
    """A stream that is wrong on every line doesn't fill the memory with sentences about it."""
    run = reading(start(0, 1), *(ok(5, **{f"key{n}": 1}) for n in range(500)), ending(1))
    assert run.run is not None
    assert len(run.run.contradictions) == 11
    assert run.run.contradictions[-1] == "492 more of this kind"
    assert len(run.warnings) == 10
