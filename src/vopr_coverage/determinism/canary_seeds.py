"""Compares canaries that were not detected with the control run, seed by seed, to say why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vopr_coverage.canaries.beside import UNEXPLAINED, explained
from vopr_coverage.canaries.controls import ControlRun, control_of, problems_of_control
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import SeedsBeside
from vopr_coverage.canaries.judge import CanaryRun, CanaryVerdict
from vopr_coverage.determinism.lockstep import compare
from vopr_coverage.errors import UserError
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import opened_seeds


def with_reasons(
    verdict: CanaryVerdict,
    declared: Mapping[str, Detector],
    controls: Sequence[ControlRun],
    runs: Sequence[CanaryRun],
) -> CanaryVerdict:
    """The verdict, in which each canary that was not detected says why.

    Both streams are read again, in constant memory. Nothing is read if all canaries were detected, or if their control
    run shows nothing.
    """
    by_name, beside = {run.name: run for run in runs}, dict[str, SeedsBeside]()
    for result in verdict.results:
        run, control = by_name.get(result.name), control_of(result.scenario, controls)
        if result.ending in UNEXPLAINED and run and control and not any(problems_of_control(control.read)):
            try:
                beside[result.name] = seeds_beside(control.path, run.path)
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
