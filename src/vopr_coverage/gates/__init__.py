"""The registry of gates, from which every table of gates derives. A gate is a function of a report and its bounds."""

from __future__ import annotations

from typing import cast

from vopr_coverage.gates import coverage, elsewhere, extras, health, locked, pairs
from vopr_coverage.gates.endings import Gate
from vopr_coverage.gates.health import HealthGate
from vopr_coverage.gates.row import Part, Row, sentences_of

# In the order of the tables on every page.
ROWS: tuple[Row, ...] = (
    *health.ROWS,
    *elsewhere.HEALTH_ROWS,
    *elsewhere.COVERAGE_ROWS,
    *coverage.ROWS,
    *extras.ROWS,
    *pairs.ROWS,
    *locked.ROWS,
    *elsewhere.EXTRA_ROWS,
)

HEALTH_IDS = frozenset(row.id for row in ROWS if row.part is Part.RUN_HEALTH)
HEALTH_GATES = tuple(cast(HealthGate, row.judge) for row in health.ROWS)
CATEGORIES = tuple(cast(Gate, row.judge) for row in coverage.ROWS)
LOCKED_GATE = locked.judge_locked_points
EXTRAS: dict[Gate, tuple[str, ...]] = {cast(Gate, row.judge): row.keys for row in (*extras.ROWS, *pairs.ROWS)}
SENTENCES = sentences_of(ROWS)
