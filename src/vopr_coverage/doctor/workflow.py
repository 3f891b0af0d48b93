"""Rules for workflow files: where would a red gate stop nothing? Pure."""

from __future__ import annotations

from collections.abc import Mapping

from vopr_coverage.config.file import Config
from vopr_coverage.doctor.verdict import WorkflowFinding


def findings_in(
    texts: Mapping[str, str], config: Config, min_iterations: int | None = None
) -> tuple[WorkflowFinding, ...]:
    """All findings in workflow files, file by file."""
    return ()
