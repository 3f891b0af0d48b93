"""The functions and result types of the seed document, with its rules and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from vopr_coverage.formats.serde import Serde
from vopr_coverage.gates import CATEGORIES
from vopr_coverage.gates.coverage import many_missed
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import SEED_KEYS, Bound, CoverageThresholds, nothing_layer, resolve


class ViolationKind(StrEnum):
    """The kinds of violations, one for each category."""

    FaultPointCoverage = "FaultPointCoverage"
    CriticalFaultPointMissed = "CriticalFaultPointMissed"
    InvariantNotExecuted = "InvariantNotExecuted"
    InsufficientViewChanges = "InsufficientViewChanges"
    InsufficientRepairs = "InsufficientRepairs"
    InsufficientQueryPlans = "InsufficientQueryPlans"
    InsufficientPhaseEvents = "InsufficientPhaseEvents"


@dataclass(slots=True)
class CoverageViolation(Serde):
    """One violation, worded for people."""

    schema_name: ClassVar[str] = "validation-result"
    schema_definition: ClassVar[str] = "violation"

    kind: ViolationKind
    message: str
    expected: str
    actual: str


@dataclass(slots=True)
class CoverageValidationResult(Serde):
    """The result of `validate_coverage`: violations fail a build, warnings inform."""

    schema_name: ClassVar[str] = "validation-result"

    passed: bool
    violations: list[CoverageViolation] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def validate_coverage(report: CoverageReport, thresholds: CoverageThresholds) -> CoverageValidationResult:
    """Check the seven categories, in order.

    A figure that is None was not measured: that is a violation if a minimum requires it.
    """
    own = {key: Bound(getattr(thresholds, key), "thresholds") for key in SEED_KEYS}
    bounds = resolve(own, nothing_layer("thresholds"))
    outcomes = [gate(Evidence(report), bounds) for gate in CATEGORIES]
    violations = [
        CoverageViolation(ViolationKind(shortfall.kind), shortfall.message, shortfall.expected, shortfall.actual)
        for outcome in outcomes
        for shortfall in outcome.violations
    ]
    warnings = [text for outcome in outcomes for text in outcome.warnings] + many_missed(report)
    return CoverageValidationResult(not violations, violations, warnings)


def format_validation_result(result: CoverageValidationResult) -> str:
    """The result as text, laid out as the seed's formatter does."""
    lines = [
        f"{'✅' if result.passed else '❌'} Coverage validation {'PASSED' if result.passed else 'FAILED'}",
        "",
    ]
    if result.violations:
        lines += ["Violations:", *_numbered(result.violations), ""]
    if result.warnings:
        lines += ["Warnings:", *(f"  ⚠️  {text}" for text in result.warnings), ""]
    return "\n".join(lines) + "\n"


def _numbered(violations: Sequence[CoverageViolation]) -> list[str]:
    return [
        f"  {number}. {v.message} (expected: {v.expected}, actual: {v.actual})"
        for number, v in enumerate(violations, 1)
    ]
