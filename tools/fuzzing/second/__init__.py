"""A second, small judge of all formats, to compare the real one with.

It was written from docs/formats.md, docs/formats/ and docs/config.md alone, and imports nothing of ours. It says what
the seven categories are, whether the run is complete, and whether a property was broken. It is no part of the product:
it is slow, reads valid files only, and its errors say little.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PASSED, FAILED, NOT_MEASURED, NOT_REQUIRED = "passed", "failed", "not measured", "not required"
SEEDS = 1 << 64


class Unreadable(Exception):
    """The file is none that can be judged, so that it must not pass."""


class NoOpinion(Exception):
    """The documents do not say enough about such a file."""


@dataclass
class Evidence:
    """What a file says; None is not measured.

    Of `listed` points the percentage is taken, and of those that the config declares; None: the file has its own total.
    """

    complete: bool | None = True  # None: nothing in the file tells
    hit: set[str] | None = None
    hit_count: int = 0
    known_count: int = 0
    listed: set[str] | None = None
    declares: bool = True  # without declared points a file that could declare some has no percentage
    ran: set[str] | None = None
    phases: Mapping[str, int] | None = None
    counters: dict[str, int | None] = field(default_factory=dict)
    broken: bool = False  # a property that must hold did not
    undecided: bool = False


def opinion(evidence: Evidence, bounds: Mapping[str, Any]) -> dict[str, str]:
    """The seven categories, by the names of their gates."""
    share = None
    declares = evidence.declares or bool(bounds.get("fault_points"))
    if evidence.hit is not None and declares:
        hit, known = evidence.hit_count, evidence.known_count
        if evidence.listed is not None:
            all_known = evidence.listed | {*bounds["critical_fault_points"]} | {*bounds.get("fault_points", ())}
            hit, known = len(evidence.hit & all_known), len(all_known)
        share = hit / known if known else 0.0
    return {
        "fault-point-coverage": _least(share, bounds["fault_point_coverage_min"]),
        "critical-fault-points": _all_of(bounds["critical_fault_points"], evidence.hit),
        "required-invariants": _all_of(bounds["required_invariants"], evidence.ran),
        "view-changes": _least(evidence.counters.get("view_changes"), bounds["min_view_changes"]),
        "repairs": _least(evidence.counters.get("repairs"), bounds["min_repairs"]),
        "query-plans": _least(evidence.counters.get("unique_query_plans"), bounds["min_unique_query_plans"]),
        "phase-events": _all_at_least(bounds["min_phase_events"], evidence.phases),
    }


def _least(figure: float | None, minimum: float) -> str:
    if not minimum:
        return NOT_REQUIRED
    if figure is None:
        return NOT_MEASURED
    return PASSED if figure >= minimum else FAILED


def _all_of(names: Iterable[str], seen: set[str] | None) -> str:
    names = set(names)
    if not names:
        return NOT_REQUIRED
    if seen is None:
        return NOT_MEASURED
    return PASSED if names <= seen else FAILED


def _all_at_least(minimums: Mapping[str, int], counts: Mapping[str, int] | None) -> str:
    if not any(minimums.values()):
        return NOT_REQUIRED
    if counts is None:
        return NOT_MEASURED
    return PASSED if all(counts.get(name, 0) >= least for name, least in minimums.items()) else FAILED


def objects(data: bytes) -> list[dict[str, Any]]:
    """The JSON objects among the lines.

    Raises:
        NoOpinion: a seed that `record` wrote as a short line is among them.
    """
    found = []
    for line in data.split(b"\n"):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, list) and value and isinstance(value[0], str):
            raise NoOpinion
        if isinstance(value, dict):
            found.append(value)
    return found
