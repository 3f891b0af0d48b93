"""From a night's folder and the results of its jobs to the verdict on the night, in one straight line.

The jobs' own verdicts are not trusted: their recordings are judged again, by the functions that also judge on a
laptop, and compared with the plan.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

import msgspec

from vopr_coverage import __version__
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.judge import NONE_DECLARED, CanaryVerdict, judge_canaries
from vopr_coverage.check.flow import Known
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.config.lock import with_lock
from vopr_coverage.config.reading import for_runs
from vopr_coverage.determinism.canary_seeds import with_reasons
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.files import is_there, read_bytes
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.conclude import conclude
from vopr_coverage.nightly.findings import Covered, canary_findings, judge_coverage, judge_doubles, other_seeds
from vopr_coverage.nightly.gate import examine_coverage_gate
from vopr_coverage.nightly.job_results import job_seen, result_of
from vopr_coverage.nightly.known_seeds import SEEDS_RAN_MAX, seeds_ran
from vopr_coverage.nightly.no_plan import NO_CANARY_ASKED, PLAN, lost, night_without_a_plan
from vopr_coverage.nightly.parallel import Progress
from vopr_coverage.nightly.plan import PLAN_BYTES_MAX, NightPlan, plan_from_json
from vopr_coverage.nightly.recordings import NightRead, read_night
from vopr_coverage.nightly.replay import replay_runs
from vopr_coverage.nightly.run_health import JudgedRun, judge_runs
from vopr_coverage.nightly.totals import regression_lines, work_of
from vopr_coverage.nightly.verdict import Finding, NightRun, NightVerdict, SeedsRan

NO_CANARIES = "Canaries are switched off: nothing shows that this simulator would find a bug."


class NightTerms(msgspec.Struct, frozen=True):
    """The terms that a night is judged by.

    Attributes:
        config: the config's path; None looks for one in the working directory.
        profile: the thresholds for coverage; None: the config's.
        commits: those that may have been simulated; empty if unknown.
        canaries: whether planted bugs have to be detected.
        kept: the seeds of the regression file, as (scenario in lower case, seed).
        place: the run that this night is.
        today: the date, for the lines of the regression file.
        known: how often points were hit on the nights before; see `Rules`.
    """

    config: str | None = None
    profile: str | None = None
    commits: tuple[str, ...] = ()
    canaries: bool = True
    kept: frozenset[tuple[str, str]] = frozenset()
    place: NightRun = NightRun()
    today: str = ""
    known: Known = ()


class _JudgedPart(msgspec.Struct, frozen=True):
    """One part of the night, judged by its recordings; `shown` is its line if there is no finding."""

    name: str
    shown: str = ""
    findings: tuple[Finding, ...] = ()
    runs: tuple[JudgedRun, ...] = ()
    required: bool = True


def judge_night(
    folder: Path,
    needs: Mapping[str, str] | None,
    terms: NightTerms,
    progress: Progress | None = None,
    processes: int | None = None,
) -> NightVerdict:
    """The verdict on the night in `folder`.

    Args:
        needs: the jobs' results; None if they are unknown, as on a laptop.
        progress, processes: see `read_night`.

    Raises:
        UserError: the folder, the plan or the config cannot be used; nothing was judged.
    """
    if not folder.is_dir():
        raise UsageError(f"{printable(str(folder))} is not a folder: expected the night's, which contains {PLAN}")
    config = for_runs(with_lock(load_config(terms.config)))
    plan = read_plan(folder)
    if plan is None:
        return night_without_a_plan(needs, terms.place, canaries=terms.canaries and bool(config.canaries))
    read = read_night(
        folder, plan, config, terms.commits, terms.canaries and bool(config.canaries), progress, processes
    )
    doubles = judge_doubles(read.pairs, config)
    canaries, canary_part = _canary(plan, read, folder / "canary", config, terms)
    covered, coverage_part = _coverage(read, config, terms)
    gate = examine_coverage_gate(None if coverage_part.findings else covered, config)
    parts = (
        _JudgedPart("build", "its builds ran"),
        _plan_part(plan),
        _long_run(read, config),
        _regressions(read, config),
        _JudgedPart("determinism", doubles.shown, doubles.findings, doubles.runs),
        coverage_part,
        canary_part,
    )
    seen = [job_seen(part.name, needs, _with_expiry(part, needs), part.shown, required=part.required) for part in parts]
    runs = {part.name: part.runs for part in parts}
    return conclude(
        [*(job for job, _ in seen), gate.job],
        (*chain.from_iterable(findings for _, findings in seen), *gate.findings),
        NightVerdict(
            status="passed",
            passed=True,
            reason="",
            version=__version__,
            place=terms.place,
            seed_base=plan.seed_base,
            work=tuple(work_of(plan, runs, canaries, config, covered)),
            detected=canaries.detected if canaries else None,
            declared=canaries.declared if canaries else None,
            seeds_doubled=doubles.seeds,
            seeds_differing=doubles.differing,
            at_most=doubles.at_most,
            seeds_ran=tuple(_seeds_ran(runs, doubles.compared)),
            regressions=tuple(regression_lines(chain.from_iterable(runs.values()), _kept(plan, terms), terms.today)),
            warnings=tuple(_warnings(plan, doubles.warnings, config, terms)),
            gate=gate.score,
        ),
    )


def read_plan(folder: Path) -> NightPlan | None:
    """The plan of the night in `folder`; None if it has none."""
    path = folder / PLAN
    return plan_from_json(read_bytes(path, PLAN_BYTES_MAX), str(path)) if is_there(path) else None


def _with_expiry(part: _JudgedPart, needs: Mapping[str, str] | None) -> tuple[Finding, ...]:
    """The part's findings. A job that succeeded has handed its recording on, so one that is missing has expired."""
    if result_of(part.name, needs) != "success":
        return part.findings
    return tuple(
        msgspec.structs.replace(
            finding, line=f"{finding.line}: its job succeeded, so it has expired or was deleted", advice=advice.EXPIRED
        )
        if finding.advice == advice.LOST
        else finding
        for finding in part.findings
    )


def _seeds_ran(runs: Mapping[str, Sequence[JudgedRun]], compared: Sequence[JudgedRun]) -> Iterator[SeedsRan]:
    found = chain.from_iterable(seeds_ran(job, runs[job]) for job in ("long-run", "regressions", "coverage"))
    return islice(chain(found, seeds_ran("determinism", compared)), SEEDS_RAN_MAX)


def _nothing_planned(part: str, what_to_do: str) -> Finding:
    return lost(part, "nothing was planned for it", what_to_do)


def _plan_part(plan: NightPlan) -> _JudgedPart:
    findings = [
        Finding(
            job="plan",
            source=work.scenario,
            kind="plan",
            line=f"{work.job} of {printable(work.scenario)}: {counted(work.planned, 'iteration')} "
            f"{agreeing(work.planned, 'fits', 'fit')} into the budget, "
            f"at least {work.min_iterations:,} are required",
            advice=advice.BUDGET,
        )
        for work in plan.work
        if work.job in ("long-run", "coverage") and work.planned < work.min_iterations
    ]
    if not plan.enough and not findings:
        line = "the required iterations do not fit into the budget"
        findings.append(Finding(job="plan", source="", kind="plan", line=line, advice=advice.BUDGET))
    jobs = len(plan.long_run.include) + len(plan.coverage.include)
    shown = f"{counted(jobs, 'job')} of long run and coverage"
    return _JudgedPart("plan", shown, tuple(findings))


def _long_run(read: NightRead, config: Config) -> _JudgedPart:
    runs = judge_runs("long-run", read.long_run, config)
    if not runs:
        return _JudgedPart("long-run", findings=(_nothing_planned("long-run", advice.BUDGET),))
    ran, expected = sum(run.ran for run in runs), sum(run.expected for run in runs)
    failed = f"{counted(expected, 'seed')} failed as expected, no other" if expected else "no seed failed"
    shown = f"{counted(ran, 'iteration')} in {counted(len(runs), 'run')}, {failed}"
    return _JudgedPart("long-run", shown, _findings(runs), tuple(runs))


def _regressions(read: NightRead, config: Config) -> _JudgedPart:
    if not read.regressions:
        return _JudgedPart("regressions", "no regression seeds", required=False)
    runs = judge_runs("regressions", read.regressions, config)
    return _JudgedPart("regressions", f"{counted(len(runs), 'regression seed')} held", _findings(runs), tuple(runs))


def _coverage(read: NightRead, config: Config, terms: NightTerms) -> tuple[Covered | None, _JudgedPart]:
    runs = judge_runs("coverage", read.coverage, config)
    if not runs:
        return None, _JudgedPart("coverage", findings=(_nothing_planned("coverage", advice.BUDGET),))
    judged = judge_coverage(runs, read.coverage, terms.profile, config, terms.known)
    return judged, _JudgedPart("coverage", judged.shown, (*_findings(runs), *judged.findings), tuple(runs))


def _canary(
    plan: NightPlan, read: NightRead, folder: Path, config: Config, terms: NightTerms
) -> tuple[CanaryVerdict | None, _JudgedPart]:
    """Judge the canaries, and whether the control run is what was planned."""
    if not terms.canaries:
        return None, _JudgedPart("canary", NO_CANARY_ASKED, required=False)
    if not config.canaries:
        return None, _JudgedPart("canary", "no canaries are declared", required=False)
    if not read.controls:
        return None, _JudgedPart("canary", findings=(_nothing_planned("canary", advice.BUDGET),))
    runs = judge_runs("canary", read.controls, config)
    controls = [ControlRun(run.read, str(run.folder)) for run in read.controls if run.read]
    if not controls:  # each control run has a finding that says why
        return None, _JudgedPart("canary", findings=_findings(runs))
    verdict = judge_canaries(controls, read.canaries, config.canaries, __version__)
    verdict = with_reasons(verdict, config.canaries, controls, read.canaries)
    told = {run.name for run in runs if run.findings}  # these findings have more detail
    untold = tuple(control for control in verdict.controls if control.source not in told)
    findings = (
        *_findings(runs),
        *canary_findings(msgspec.structs.replace(verdict, controls=untold)),
        *other_seeds(plan.canary.include, folder),
    )
    return verdict, _JudgedPart("canary", verdict.reason, findings, tuple(runs))


def _findings(runs: Iterable[JudgedRun]) -> tuple[Finding, ...]:
    return tuple(finding for run in runs for finding in run.findings)


def _kept(plan: NightPlan, terms: NightTerms) -> set[tuple[str, str]]:
    return {*terms.kept, *((run.scenario.lower(), run.seed) for run in replay_runs(plan.regressions))}


def _warnings(plan: NightPlan, doubles: Iterable[Remark], config: Config, terms: NightTerms) -> Iterator[Remark]:
    if not terms.canaries:
        yield Remark("canary", NO_CANARIES)
    elif not config.canaries:
        yield Remark("canary", NONE_DECLARED)
    yield from (Remark("plan", remark) for remark in plan.remarks if remark != NONE_DECLARED)  # said once
    yield from doubles
