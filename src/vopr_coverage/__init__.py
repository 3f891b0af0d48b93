"""The coverage gate for deterministic simulation testing: the names that the seed document defines."""

__version__ = "1.0.0"

from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import CoverageThresholds
from vopr_coverage.seed_api import (
    CoverageValidationResult,
    CoverageViolation,
    ViolationKind,
    format_validation_result,
    validate_coverage,
)

__all__ = [
    "CoverageReport",
    "CoverageThresholds",
    "CoverageValidationResult",
    "CoverageViolation",
    "ViolationKind",
    "format_validation_result",
    "validate_coverage",
]
