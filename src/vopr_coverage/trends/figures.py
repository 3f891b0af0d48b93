"""The figures that are followed from night to night, and how far from the usual each may be. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from vopr_coverage.trends.history import TrendRecord

MEASURED_MIN = 3  # of fewer nights a median says nothing


class Figure(NamedTuple):
    """One thing that is followed.

    Attributes:
        value: of a record, None where it was not measured.
        below: tonight is remarked on when it is less than this share of the median; None: never.
        above: the same for more than so many times the median.
        budget: only nights of a comparable budget are compared. `ran`: the figure grows with the iterations that ran,
            but not in proportion, as the size of a set does. `asked`: it is most of what was asked for.
    """

    name: str
    value: Callable[[TrendRecord], float | None]
    below: float | None = None
    above: float | None = None
    budget: Literal["ran", "asked"] | None = None

    @property
    def is_followed(self) -> bool:
        """Whether it ever gets a remark."""
        return self.below is not None or self.above is not None


def _share(part: int | None, whole: int | None, scale: float) -> float | None:
    return None if part is None or not whole else part / whole * scale


ITERATIONS = Figure("iterations", lambda record: record.ran, below=0.5, budget="asked")
POINTS = Figure("fault points hit", lambda record: record.fault_points_hit, below=1.0, budget="ran")
COVERAGE = Figure(
    "fault point coverage in %",
    lambda record: _share(record.fault_points_hit, record.fault_points_known, 100),
    below=0.95,
    budget="ran",
)
INVARIANTS = Figure("invariants run", lambda record: record.invariants, below=1.0, budget="ran")
FIGURES = (
    ITERATIONS,
    Figure("iterations a second", lambda record: record.rate, below=0.5, above=2.0),
    Figure("failed seeds per 1,000 iterations", lambda record: _share(record.failed, record.ran, 1_000), above=2.0),
    POINTS,
    COVERAGE,
    INVARIANTS,
    Figure(
        "view changes per 1,000 iterations", lambda record: _share(record.view_changes, record.ran, 1_000), 0.5, 2.0
    ),
    Figure("canaries detected in %", lambda record: _share(record.detected, record.declared, 100), below=1.0),
    Figure("seeds run twice", lambda record: record.seeds_doubled, below=0.5, budget="asked"),
)


def median(values: Sequence[float]) -> float:
    """The middle one, or the mean of the two in the middle."""
    ranked = sorted(values)
    half = len(ranked) // 2
    return float(ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2)


def median_of_nights(values: Sequence[float]) -> float | None:
    """The median, None of too few nights."""
    return median(values) if len(values) >= MEASURED_MIN else None
