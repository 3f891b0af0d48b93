"""One `batch_complete` for a run that several processes ran in parts. Pure.

Each part's counts are added up. What a part says wrongly (a total that its list does not have) stays wrong by as much,
so that the checks of the reader find it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from vopr_coverage.reading.shapes import PROPERTY_COUNTERS
from vopr_coverage.reading.simulation_records import EndLine

_LISTS = ("unreached_ids", "unsatisfied_sometimes_ids", "violated_ids")
_STAGES = ("attempted", "applied", "observed")
_Data = Mapping[str, Any]


class EndSum:
    """The sum of the end records of parts, one after the other. Parts without coverage leave that of the others alone.

    Attributes:
        measured: how many iterations the coverage is of.
        successes, failures, failed_seeds: of all parts.
    """

    def __init__(self) -> None:
        self.measured = self.successes = self.failures = 0
        self.failed_seeds: list[int] = []
        self._coverage: dict[str, Any] | None = None
        self._elapsed_s = 0.0
        self._properties = _PropertySum()

    def add(self, end: _Data, iterations: int) -> None:
        """Add `data` of a valid end record of so many iterations."""
        self.count(end["successes"], end["failures"], end["failed_seeds"])
        self._elapsed_s += end["elapsed_secs"]
        self._properties.add(end.get("properties"))
        if end["coverage"] is not None:
            self.measured += iterations
            before = [] if self._coverage is None else [self._coverage]
            self._coverage = _merged([*before, end["coverage"]])

    def count(self, successes: int, failures: int, failed_seeds: Iterable[int]) -> None:
        """Add seeds of which no end record says anything."""
        self.successes += successes
        self.failures += failures
        self.failed_seeds += failed_seeds

    def line(self, *, timed: bool) -> bytes:
        """The record that is the sum, with its line end. Unless it is `timed`, it does not say how long that took."""
        elapsed_s = self._elapsed_s if timed else 0.0
        properties = self._properties.merged()
        data = {
            "coverage": self._coverage,
            "elapsed_secs": elapsed_s,
            "failed_seeds": self.failed_seeds,
            "failures": self.failures,
            "rate": (self.successes + self.failures) / elapsed_s if elapsed_s else None,
            "successes": self.successes,
            **({} if properties is None else {"properties": properties}),
        }
        return msgspec.json.encode({"data": data, "timestamp": "", "type": "batch_complete"}) + b"\n"


class _PropertySum:
    """The sum of `properties`, by the rules for merged runs. If a part has none, nothing is known of the whole."""

    def __init__(self) -> None:
        self._counters: dict[str, int] = {}
        self._any: dict[str, set[str]] = {}
        self._unsatisfied_by_all: set[str] | None = None
        self._totals: set[int] = set()
        self._wrong = 0
        self._absent = False

    def add(self, properties: _Data | None) -> None:
        if properties is None:
            self._absent = True
            return
        for name in PROPERTY_COUNTERS:
            if name in properties:
                self._counters[name] = max(self._counters.get(name, 0), properties[name])
        for name in _LISTS:
            self._any.setdefault(name, set()).update(properties[name])
        unsatisfied, before = set(properties["unsatisfied_sometimes_ids"]), self._unsatisfied_by_all
        self._unsatisfied_by_all = unsatisfied if before is None else before & unsatisfied
        self._totals.add(properties["sometimes_total"])
        self._wrong += properties["violation_count"] - len(properties["violated_ids"])

    def merged(self) -> dict[str, Any] | None:
        if self._absent or not self._totals:
            return None
        lists = {name: sorted(names) for name, names in self._any.items()}
        if len(self._totals) == 1:  # else a part that does not list an id may not know it at all
            lists["unsatisfied_sometimes_ids"] = sorted(self._unsatisfied_by_all or ())
        return {**self._counters, **lists, "violation_count": len(lists["violated_ids"]) + self._wrong}


def _merged(coverage: Sequence[_Data]) -> dict[str, Any]:
    points = [part["fault_points"] for part in coverage]
    phases = [part["phases"] for part in coverage]
    invariants = [part["invariants"] for part in coverage]
    of_points = _points([part["fault_points"] for part in points])
    of_phases = _sums(part["phase_counts"] for part in phases)
    of_invariants = _sums(part["invariant_counts"] for part in invariants)
    return {
        "fault_points": {
            "fault_points": of_points,
            "hit": _hit(of_points) + sum(part["hit"] - _hit(part["fault_points"]) for part in points),
            "total": len(of_points) + sum(part["total"] - len(part["fault_points"]) for part in points),
        },
        "phases": {
            "phase_counts": of_phases,
            "total_events": sum(part["total_events"] for part in phases),
            "unique_phases": len(of_phases) + sum(part["unique_phases"] - len(part["phase_counts"]) for part in phases),
        },
        "invariants": {
            "invariant_counts": of_invariants,
            "executed": _ran(of_invariants)
            + sum(part["executed"] - _ran(part["invariant_counts"]) for part in invariants),
            "total": len(of_invariants) + sum(part["total"] - len(part["invariant_counts"]) for part in invariants),
        },
    }


def _ran(counts: Mapping[str, int]) -> int:
    return sum(count > 0 for count in counts.values())


def _hit(points: Mapping[str, Any]) -> int:
    return sum((point if isinstance(point, int) else point["attempted"]) > 0 for point in points.values())


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


class SimulationTotals:
    """The totals of several end records of a simulation stream, added up."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}

    def add(self, end: EndLine) -> None:
        """Add one."""
        counters = end.counters.given() if end.counters else None
        for key, counts in (("hits", end.hits), ("ran", end.ran), ("counters", counters)):
            if counts is not None:
                total = self._counts.setdefault(key, {})
                for name, count in counts.items():
                    before = total.get(name, 0)
                    total[name] = max(before, count) if name == "unique_query_plans" else before + count

    def line(self, seeds: int, failed: int, by_seed: Collection[str]) -> bytes:
        """The record, with its line end. What seeds say `by_seed` is left out: those that died are not in it."""
        totals = {key: counts for key, counts in self._counts.items() if key not in by_seed}
        return msgspec.json.encode({"type": "end", "seeds": seeds, "failed": failed, **totals}) + b"\n"
