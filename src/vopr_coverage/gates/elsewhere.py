"""Rows of the gates that need several inputs or a base: `check/` and `base/` judge them. Pure."""

from __future__ import annotations

from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.row import Part, Row

REPORTS, SEED_RANGES, COVERAGE, REGRESSION = "reports", "seed-ranges", "coverage", "regression"

ADVICE = {
    REPORTS: "Look for the shard whose report is missing: its job may have failed before it wrote or uploaded one.",
    SEED_RANGES: "Give each shard its own range of seeds: shared seeds are counted twice.",
    REGRESSION: "Find out why these points are no longer reached, or allow the loss with `max-regression`.",
    "report-lost": "Judge this report here, too, or let the base branch run once without it.",
    "by-chance": "Give rates to compare with: a history of nights (`history`), more runs, or hits seed by seed. Or let "
    "every loss fail: `max-regression: lost=0`.",
    "no-base": "Let the base branch run the same check once, or excuse this gate: `on-not-measured: regression=warn`.",
}
NO_COUNTERPART_NOTE = "new: the base has no such report"

HEALTH_ROWS = (
    Row(REPORTS, Part.RUN_HEALTH, "Number of reports", advice=(ADVICE[REPORTS],)),
    Row(SEED_RANGES, Part.RUN_HEALTH, "Seed ranges", advice=(ADVICE[SEED_RANGES],)),
)
COVERAGE_ROWS = (Row(COVERAGE, Part.COVERAGE, "Coverage as a whole", advice=tuple(SHARED_ADVICE.values())),)
EXTRA_ROWS = (
    Row(
        id=REGRESSION,
        part=Part.EXTRA,
        title="Regression against base",
        advice=tuple(ADVICE[key] for key in (REGRESSION, "report-lost", "by-chance", "no-base")),
        notes=(NO_COUNTERPART_NOTE,),
    ),
)
