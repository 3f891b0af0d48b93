"""The coverage gate for deterministic simulation testing: the seed document's names."""

__version__ = "1.0.0"

from vopr_coverage.report import CoverageReport
from vopr_coverage.seed_api import (
    CoverageValidationResult,
    CoverageViolation,
    ViolationKind,
    format_validation_result,
    validate_coverage,
)
from vopr_coverage.thresholds import CoverageThresholds

__all__ = [
    "CoverageReport",
    "CoverageThresholds",
    "CoverageValidationResult",
    "CoverageViolation",
    "ViolationKind",
    "format_validation_result",
    "validate_coverage",
]
