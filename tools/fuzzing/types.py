"""The doors for the types of the seed document, which read and write themselves as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from tests.support.reports import a_flat_report
from tools.fuzzing.door import Door, Ending, Finding
from tools.fuzzing.drawn import document_of
from vopr_coverage.formats.serde import Serde
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.thresholds import CoverageThresholds
from vopr_coverage.seed_api import CoverageValidationResult, format_validation_result, validate_coverage

VIOLATION = {"kind": "InsufficientRepairs", "message": "m", "expected": "e", "actual": "a"}


def type_doors() -> list[Door]:
    """One for each type."""
    thresholds = json.dumps(asdict(CoverageThresholds.of_profile("default"))).encode()
    result = json.dumps({"passed": False, "violations": [VIOLATION], "warnings": ["w"]}).encode()
    return [
        _door_of("CoverageReport", CoverageReport, "report", a_flat_report()),
        _door_of("CoverageThresholds", CoverageThresholds, "thresholds", thresholds),
        _door_of("CoverageValidationResult", CoverageValidationResult, "validation-result", result),
    ]


def _door_of(name: str, kind: type[Serde], schema: str, sample: bytes) -> Door:
    """A type of the seed document, from text and to text."""

    def take(data: bytes) -> Ending:
        value = kind.from_json(data.decode("utf-8", "surrogateescape"))
        text = value.to_json()
        if kind.from_json(text) != value:
            raise Finding(f"a {name} differs after it was written", text[:300])
        if isinstance(value, CoverageReport):
            format_validation_result(validate_coverage(value, CoverageThresholds.of_profile("default")))
        return "taken"

    return Door(name, take, (sample,), ("formats/serde",), draw=document_of(schema), text="json")
