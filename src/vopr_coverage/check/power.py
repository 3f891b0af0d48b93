"""How often a unit's seeds hit each point, and what that says about a point that none of them hit. Pure."""

from __future__ import annotations

from vopr_coverage.check.merge import Unit, overlaps
from vopr_coverage.incidence.samples import incidences_of
from vopr_coverage.model.incidence import Incidences


def incidences_in(unit: Unit) -> Incidences | None:
    """How many of the unit's samples hit each point; None where that is not known, or seeds would count twice."""
    report = unit.evidence.report
    if report is None or (len(unit.inputs) > 1 and overlaps(unit.inputs)):
        return None
    return incidences_of(unit.inputs, report.missed_fault_points, report.missed_invariants)
