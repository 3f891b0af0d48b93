"""The figures of a night by scenario, and the lines that it adds to the regression file. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict
from vopr_coverage.config.file import Config
from vopr_coverage.model.pairs import for_night
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.nightly.findings import Covered
from vopr_coverage.nightly.night_incidence import night_incidence
from vopr_coverage.nightly.plan import NightPlan, PlannedJob
from vopr_coverage.nightly.reached import ReachedNames, reached_names
from vopr_coverage.nightly.regression_file import regression_line
from vopr_coverage.nightly.run_health import FailedSeed, JudgedRun, merged_figures
from vopr_coverage.nightly.verdict import Work

REGRESSION_LINES_MAX = 100
NEW_SEEDS_EVERY_NIGHT: tuple[PlannedJob, ...] = ("long-run", "coverage", "canary")


def work_of(
    plan: NightPlan,
    runs: Mapping[str, Sequence[JudgedRun]],
    canaries: CanaryVerdict | None,
    config: Config,
    covered: Covered | None,
) -> Iterator[Work]:
    """What was asked, was planned and ran, by job and scenario.

    Args:
        covered: the coverage runs as they were judged; None without any.
    """
    for planned in plan.work:
        scenario, of_coverage = planned.scenario.lower(), planned.job == "coverage"
        mine = [run for run in runs.get(planned.job, ()) if run.scenario.lower() == scenario]
        rates = [run.rate for run in mine if run.rate]
        report = merged_figures(mine)
        known = {*report.hit_fault_points, *report.missed_fault_points, *config.fault_points} if report else ()
        ran = sum(run.ran for run in mine)
        lost = sum(not run.present for run in mine)
        failed, expected = sum(run.failed for run in mine), sum(run.expected for run in mine)
        if planned.job == "canary" and canaries:  # `mine` is the control run only
            results = _of_scenario(plan, planned.scenario, canaries)
            ran += sum(result.iterations or 0 for result in results)
            lost += sum(result.ending is CanaryEnding.NOT_RUN for result in results)
            failed += sum(result.failed for result in results if result.ending is not CanaryEnding.DETECTED)
            expected += sum(result.failed for result in results if result.ending is CanaryEnding.DETECTED)
        yield Work(
            job=planned.job,
            scenario=planned.scenario,
            asked=planned.asked,
            planned=planned.planned,
            ran=ran,
            runs=planned.jobs,
            lost=lost,
            failed=failed,
            failed_as_expected=expected,
            rate=round(sum(rates) / len(rates), 3) if rates else None,
            fault_points_hit=report.fault_points_hit if report else None,
            fault_points_known=len(known) if report else None,
            invariants=sum(count > 0 for count in report.invariant_executions.values()) if report else None,
            view_changes=report.view_changes if report else None,
            names=_names(report, known) if report and of_coverage else None,
            incidence=night_incidence(covered.incidences.get(scenario)) if covered and of_coverage else None,
            pairs=for_night(covered.pairs.get(scenario)) if covered and of_coverage else None,
            first_hashes=mine[0].first_hashes if mine and planned.job in NEW_SEEDS_EVERY_NIGHT else (),
        )


def _names(report: CoverageReport, known: Iterable[str]) -> ReachedNames:
    """What the report has by name."""
    executions = report.invariant_executions
    return reached_names(
        hit=report.hit_fault_points,
        missed=set(known) - set(report.hit_fault_points),
        ran=(name for name, count in executions.items() if count > 0),
        silent=(name for name, count in executions.items() if count == 0),
    )


def _of_scenario(plan: NightPlan, scenario: str, canaries: CanaryVerdict) -> list[CanaryResult]:
    """The results of the canaries that were planned in a scenario. One that was not planned is in its first one."""
    first = next((run.scenario for run in plan.canary.include), scenario)
    planned = {run.name: run.scenario for run in plan.canary.include}
    return [result for result in canaries.results if planned.get(result.name, first).lower() == scenario.lower()]


def regression_lines(runs: Iterable[JudgedRun], kept: Container[tuple[str, str]], today: str) -> Iterator[str]:
    """Lines for the regression file: the first failed seeds of each run, without those that it has.

    Args:
        kept: the seeds of the file, as (scenario in lower case, seed).
    """
    failed: dict[FailedSeed, None] = dict.fromkeys(failure for run in runs for failure in run.failures)
    new = [failure for failure in failed if (failure.scenario.lower(), failure.seed) not in kept]
    for failure in new[:REGRESSION_LINES_MAX]:
        if line := regression_line(failure.scenario, failure.seed, failure.invariant, today):
            yield line
