"""Shards added up are the run that they were cut from."""

from __future__ import annotations

import pytest

from tests.support.reports import (
    PROPERTIES,
    REAL,
    a_stream,
)
from tests.support.streams import reading
from vopr_coverage.check.merge import as_unit
from vopr_coverage.reading import read_report


def test_two_shards_merged_equal_the_whole_run_figure_for_figure() -> None:
    """swizzle-a and swizzle-b cover the seeds of swizzle-ab: all that is judged must come out the same."""
    a, b, ab = (read_report(str(REAL / f"swizzle-{name}.ndjson")) for name in ("a", "b", "ab"))
    merged, whole = as_unit("m", None, [a, b]).evidence, as_unit("w", None, [ab]).evidence
    assert merged.report == whole.report
    assert merged.report is not None
    assert merged.report.total_events > 0
    assert merged.fault_effects == whole.fault_effects
    assert merged.properties == whole.properties
    assert merged.simulations == whole.simulations == 30


@pytest.mark.parametrize(
    ("total_of_b", "unsatisfied"),
    [
        (27, ("both",)),  # the same properties in both: what one shard satisfied is satisfied
        (28, ("both", "only a", "only b")),  # b knows a property that a doesn't: silence about it proves nothing
    ],
)
def test_property_counts_of_shards_take_the_maximum(total_of_b: int, unsatisfied: tuple[str, ...]) -> None:
    """Counters are maxima, what one shard violated is violated, and unsatisfied is what nobody satisfied."""
    a = PROPERTIES | {"always_evaluated": 40, "unsatisfied_sometimes_ids": ["only a", "both"]}
    b = PROPERTIES | {"never_evaluated": 9, "unsatisfied_sometimes_ids": ["both", "only b"]}
    b |= {"sometimes_total": total_of_b, "violation_count": 1, "violated_ids": ["never this"]}
    shards = [reading(a_stream(3, first=first, properties=own)) for first, own in ((0, a), (3, b))]
    merged = as_unit("m", None, shards).evidence.properties
    assert merged is not None
    assert (merged.counters["always_evaluated"], merged.counters["never_evaluated"]) == (40, 9)
    assert merged.counters["sometimes_total"] == total_of_b
    assert (merged.unsatisfied_ids, merged.violated_ids) == (unsatisfied, ("never this",))
