"""Which pairs of a unit's points met in one seed. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from vopr_coverage.check.hits import hits_of
from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.incidence.pairs import pairs_of
from vopr_coverage.model.hits import Hits, joined
from vopr_coverage.model.pairs import PairCoverage


def with_pairs(unit: Unit) -> Unit:
    """The unit with its pairs, where each of its runs tells seed by seed what was hit and no seed counts twice."""
    return replace(unit, evidence=replace(unit.evidence, pairs=_pairs_in(unit)))


def _pairs_in(unit: Unit) -> PairCoverage | None:
    hits = _hits_in(unit)
    points = _points_of(unit)
    return pairs_of(hits, points) if hits and points else None


def _hits_in(unit: Unit) -> Hits | None:
    parts = [hits for read in unit.inputs if (hits := hits_of(read)) is not None]
    if len(parts) < len(unit.inputs) or not parts or (len(parts) > 1 and overlaps(unit.inputs)):
        return None
    return joined(parts)


def _points_of(unit: Unit) -> list[str]:
    """The points that can occur: those that make up the percentage."""
    observed, report = unit.evidence.observed, unit.evidence.report
    if observed is not None:
        return [name for name, point in observed.points.items() if point.declared and point.kind != "phase"]
    return [*report.hit_fault_points, *report.missed_fault_points] if report else []
