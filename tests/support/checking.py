"""`check` for tests: one call with everything that a command line could set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import comparison_of
from vopr_coverage.check.flow import Rules, check
from vopr_coverage.check.request import CheckRequest, Merge
from vopr_coverage.check.terms import Overrides
from vopr_coverage.model.verdict import Verdict


def checked(
    reports: Sequence[str],
    *,
    config: str | None = None,
    profile: str | None = None,
    scenario: str | None = None,
    merge: Merge = "none",
    min_iterations: int | None = None,
    min_reports: int | None = None,
    on_not_measured: str | None = None,
    base: Base | None = None,
    max_regression: str | None = None,
    commits: tuple[str, ...] = (),
    folder: Path = Path(),
    roots: tuple[Path, ...] = (),
) -> Verdict:
    """The verdict on these reports; what is left out is as on a command line without that flag."""
    request = CheckRequest(
        reports=reports, config=config, scenario=scenario, commits=commits, folder=folder, roots=roots
    )
    overrides = Overrides(
        profile=profile, min_iterations=min_iterations, min_reports=min_reports, on_not_measured=on_not_measured
    )
    return check(request, Rules(merge, overrides, comparison_of(base, max_regression, overrides.spelling)))
