"""One `batch_complete` for a run that several processes ran in parts. Pure.

Each part's counts are added up. What a part says wrongly (a total that its list does not have) stays wrong by as much,
so that the checks of the reader find it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vopr_coverage.reading.shapes import PROPERTY_COUNTERS

_STAGES = ("attempted", "applied", "observed")
_Data = Mapping[str, Any]


def merged_coverage(parts: Sequence[_Data | None]) -> dict[str, Any] | None:
    """`coverage` of parts over different seeds, valid by the schema, as one; None if one of them measured none."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    points = [part["fault_points"] for part in known]
    phases = [part["phases"] for part in known]
    invariants = [part["invariants"] for part in known]
    of_points = _points([part["fault_points"] for part in points])
    of_phases = _sums(part["phase_counts"] for part in phases)
    of_invariants = _sums(part["invariant_counts"] for part in invariants)
    hit, executed = sum(map(_attempted, of_points.values())), sum(count > 0 for count in of_invariants.values())
    return {
        "fault_points": {
            "fault_points": of_points,
            "hit": hit + sum(p["hit"] - sum(map(_attempted, p["fault_points"].values())) for p in points),
            "total": len(of_points) + sum(p["total"] - len(p["fault_points"]) for p in points),
        },
        "phases": {
            "phase_counts": of_phases,
            "total_events": sum(p["total_events"] for p in phases),
            "unique_phases": len(of_phases) + sum(p["unique_phases"] - len(p["phase_counts"]) for p in phases),
        },
        "invariants": {
            "invariant_counts": of_invariants,
            "executed": executed
            + sum(p["executed"] - sum(count > 0 for count in p["invariant_counts"].values()) for p in invariants),
            "total": len(of_invariants) + sum(p["total"] - len(p["invariant_counts"]) for p in invariants),
        },
    }


def merged_properties(parts: Sequence[_Data | None]) -> dict[str, Any] | None:
    """`properties` as one, by the rules for merged runs; None if one of the parts has none."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    merged: dict[str, Any] = {}
    for name in (*PROPERTY_COUNTERS, "unreached_ids", "unsatisfied_sometimes_ids", "violated_ids"):
        values = [part[name] for part in known if name in part]
        if not values:
            continue
        if name == "unsatisfied_sometimes_ids" and len({part["sometimes_total"] for part in known}) == 1:
            merged[name] = sorted(set.intersection(*map(set, values)))
        elif name.endswith("_ids"):
            merged[name] = sorted({one for value in values for one in value})
        else:
            merged[name] = max(values)
    wrong = sum(part["violation_count"] - len(part["violated_ids"]) for part in known)
    merged["violation_count"] = len(merged["violated_ids"]) + wrong
    return merged


def merged_end(parts: Sequence[_Data], successes: int, failed_seeds: Sequence[int], failures: int) -> dict[str, Any]:
    """`data` of the merged record.

    Args:
        parts: `data` of those parts that have an end.
        successes, failed_seeds, failures: of all parts, those without an end included.
    """
    elapsed_s = sum(part["elapsed_secs"] for part in parts)
    properties = merged_properties([part.get("properties") for part in parts])
    return {
        "coverage": merged_coverage([part["coverage"] for part in parts]),
        "elapsed_secs": elapsed_s,
        "failed_seeds": list(failed_seeds),
        "failures": failures,
        "rate": (successes + failures) / elapsed_s if elapsed_s else None,
        "successes": successes,
        **({} if properties is None else {"properties": properties}),
    }


def _attempted(point: Any) -> bool:
    return bool((point if isinstance(point, int) else point["attempted"]) > 0)


def _sums(maps: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for counts in maps:
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
    return dict(sorted(total.items()))


def _points(maps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Counters by stage; plain numbers if one part has only these: then the stages of all are not known."""
    plain = any(isinstance(point, int) for points in maps for point in points.values())
    total: dict[str, Any] = {}
    for points in maps:
        for name, point in points.items():
            if plain:
                count = point if isinstance(point, int) else max(point[stage] for stage in _STAGES)
                total[name] = total.get(name, 0) + count
            else:
                before = total.get(name, dict.fromkeys(_STAGES, 0))
                total[name] = {stage: before[stage] + point[stage] for stage in _STAGES}
    return dict(sorted(total.items()))
