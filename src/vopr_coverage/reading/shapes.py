"""The records around the iterations as types: what fits them meets the schema.

To load and run the schema's validator takes longer than all else that a check of a small
stream does, so it is only asked about records that don't fit; then it decides and explains.
tests/integration/test_shapes.py proves that nothing fits here that `schemas/stream.json` refuses.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

_Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]  # msgspec knows no bound above; larger counts don't fit
_Number = Annotated[float, Meta(ge=0)]


class _StartData(Struct):
    iterations: _Count
    starting_seed: _Count
    checkpoint_loaded: bool | UnsetType = UNSET
    network_faults: bool | UnsetType = UNSET
    storage_faults: bool | UnsetType = UNSET


class _Effects(Struct):
    applied: _Count
    attempted: _Count
    observed: _Count


class _FaultPoints(Struct):
    fault_points: dict[str, _Count | _Effects]
    hit: _Count
    total: _Count


class _Phases(Struct):
    phase_counts: dict[str, _Count]
    total_events: _Count
    unique_phases: _Count


class _Invariants(Struct):
    executed: _Count
    invariant_counts: dict[str, _Count]
    total: _Count


class _Coverage(Struct):
    fault_points: _FaultPoints
    invariants: _Invariants
    phases: _Phases


class _PropertyCounts(Struct, kw_only=True):
    total_observed: _Count | UnsetType = UNSET
    always_evaluated: _Count | UnsetType = UNSET
    never_evaluated: _Count | UnsetType = UNSET
    sometimes_satisfied: _Count
    sometimes_total: _Count
    reached_hit: _Count
    reached_total: _Count


class _Properties(_PropertyCounts, kw_only=True):
    unreached_ids: list[str]
    unsatisfied_sometimes_ids: list[str]
    violated_ids: list[str]
    violation_count: _Count


class _EndData(Struct):
    coverage: _Coverage | None
    elapsed_secs: _Number
    failed_seeds: list[_Count]
    failures: _Count
    rate: _Number | None
    successes: _Count
    properties: _Properties | UnsetType = UNSET


class _Start(Struct, tag_field="type", tag="start"):
    data: _StartData
    timestamp: str


class _End(Struct, tag_field="type", tag="batch_complete"):
    data: _EndData
    timestamp: str


# The counters that a report carries: a new one is added to the schema and above, and nowhere else.
PROPERTY_COUNTERS = _PropertyCounts.__struct_fields__


def fits(document: object) -> bool:
    """Whether a JSON value is a start or an end record that the schema needn't be asked about."""
    try:
        msgspec.convert(document, _Start | _End)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True
