"""Compares canaries that were not detected with the control run, seed by seed, to say why."""

from __future__ import annotations

from collections.abc import Mapping

from vopr_coverage.canaries.beside import UNEXPLAINED, explained
from vopr_coverage.canaries.evidence import SeedsBeside
from vopr_coverage.canaries.judge import CanaryVerdict, Detector
from vopr_coverage.determinism.lockstep import compare
from vopr_coverage.errors import UserError
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import opened_seeds


def with_reasons(
    verdict: CanaryVerdict, declared: Mapping[str, Detector], control: str, runs: Mapping[str, str]
) -> CanaryVerdict:
    """The verdict, in which each canary that was not detected says why.

    Both streams are read again, in constant memory. Nothing is read if all canaries were detected, or if the control
    run shows nothing.

    Args:
        control: the path of the control run, `runs`: those of the canaries by name.
    """
    beside: dict[str, SeedsBeside] = {}
    for result in verdict.results:
        if result.ending in UNEXPLAINED and result.name in runs and not verdict.control_problems:
            try:
                beside[result.name] = seeds_beside(control, runs[result.name])
            except UserError:
                continue  # it was read before: what cannot be read now is left without a reason
    return explained(verdict, declared, beside)


def seeds_beside(control: str, canary: str) -> SeedsBeside:
    """Compare the seeds that both runs have.

    Raises:
        UserError: a run that cannot be read.
    """
    (left,), (right,) = find_reports([control]), find_reports([canary])
    with opened_seeds(left) as ours, opened_seeds(right) as theirs:
        found = compare(ours, theirs)
    first = found.kept[0].seed if found.kept else None
    return SeedsBeside(right.scenario, found.compared, found.diverging, first)
