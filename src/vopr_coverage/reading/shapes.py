"""Types for the start and end records: a record that fits them meets the schema.

The schema's validator takes longer to load and run than all the rest of a small check, so it is used
only for records that do not fit; then it decides and explains. tests/integration/test_shapes.py
checks that nothing fits here that `schemas/stream.json` refuses.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

_Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]  # msgspec supports no higher bound; larger counts do not fit
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


# The counters of a report. A new counter is added to the schema and to the class above, nowhere else.
PROPERTY_COUNTERS = _PropertyCounts.__struct_fields__


def fits(document: object) -> bool:
    """Whether a JSON value is a start or end record that needs no validation by the schema."""
    try:
        msgspec.convert(document, _Start | _End)
    except (msgspec.ValidationError, OverflowError):
        return False
    return True
