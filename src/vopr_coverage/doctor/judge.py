"""Judges healthy runs with one planted fault after another, by the team's own gate. Pure.

The gate is `judge_inputs` with the team's config, flags and merging: the doctor has no rules of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.attempts import with_attempt_only
from vopr_coverage.check.flow import Rules, judge_inputs, merged_name
from vopr_coverage.check.shards import too_few_reports
from vopr_coverage.check.terms import fewest_reports
from vopr_coverage.config.file import Config
from vopr_coverage.doctor.planting import Fault, NotPlanted, faults_of, missing_report
from vopr_coverage.doctor.sums import added_up
from vopr_coverage.errors import UsageError, UserError, printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import BOUND_KEYS
from vopr_coverage.model.verdict import Verdict

REFUSED = "the input is refused"  # stands where a gate's name would: nothing was judged, which is never a pass
UNHEALTHY_SHOWN = 3

Progress = Callable[[int, int], None]


class Judged(msgspec.Struct, frozen=True):
    """One planted fault. `noticed_by` is the first gate that failed, "" if the verdict passed."""

    fault: Fault
    noticed_by: str


class Examination(msgspec.Struct, frozen=True):
    """All planted faults of some runs, and those that do not apply to them."""

    judged: tuple[Judged, ...]
    not_planted: tuple[NotPlanted, ...]

    @property
    def noticed(self) -> int:
        """How many planted faults turned the gate red."""
        return sum(bool(judged.noticed_by) for judged in self.judged)

    @property
    def score(self) -> float | None:
        """The share of them, 0 to 1; None if none was planted."""
        return self.noticed / len(self.judged) if self.judged else None

    @property
    def blind(self) -> list[Fault]:
        """The planted faults that left the gate green."""
        return [judged.fault for judged in self.judged if not judged.noticed_by]


def examine(inputs: Sequence[Input], rules: Rules, config: Config, progress: Progress | None = None) -> Examination:
    """Plant every fault of the table in these runs, and judge each copy.

    Args:
        progress: if given, is called with how many copies have been judged, and of how many.

    Raises:
        UsageError: the runs themselves do not pass, so that a red copy would prove nothing.
        UserError: a config or rules that cannot be used.
    """
    inputs = [with_attempt_only(read, config) for read in inputs]
    too_few = too_few_reports(len(inputs), fewest_reports(rules.overrides, config))
    _refuse_unhealthy(judge_inputs(inputs, rules, config, violations=too_few))
    found = [missing_report(inputs)]
    groups = list(scenarios_of(inputs, rules, config))
    for scenario, group, others in groups:
        found += _faults_in(scenario, group, others, rules, config)
    faults = [each for each in found if isinstance(each, Fault)]
    company = {scenario: others for scenario, _, others in groups}
    judged = list[Judged]()
    for done, fault in enumerate(faults, 1):
        judged.append(Judged(fault, _noticed_by(fault, company.get(fault.scenario, ()), rules, config)))
        if progress:
            progress(done, len(faults))
    return Examination(tuple(judged), tuple(each for each in found if isinstance(each, NotPlanted)))


def _faults_in(
    scenario: str | None, group: Sequence[Input], others: Sequence[Input], rules: Rules, config: Config
) -> Iterator[Fault | NotPlanted]:
    """The faults of one scenario. Where its runs are merged, those that a fault does not change are added up."""
    merged, coverage = rules.merge != "none", _requires_coverage(scenario, config)
    sums = added_up(group, merged_name(group, rules.merge)) if merged else None
    if sums and _first_gate([*sums, *others], rules, config):
        sums = None  # a sum that does not pass would make every fault look noticed
    beside: dict[tuple[int, ...], list[Input]] = {}
    for found in faults_of(group, scenario, merged=merged, coverage=coverage, sums=sums):
        if isinstance(found, NotPlanted) or not sums or len(found.changed) == len(found.inputs):
            yield found
            continue
        if found.changed not in beside:
            unchanged = [read for index, read in enumerate(found.inputs) if index not in found.changed]
            beside[found.changed] = added_up(unchanged, merged_name(unchanged, rules.merge))
        changed = [found.inputs[index] for index in found.changed]
        inputs = (*changed, *beside[found.changed])
        yield replace(found, inputs=inputs, changed=tuple(range(len(changed))))


def score_under(examination: Examination, inputs: Sequence[Input], rules: Rules, stricter: Config) -> float | None:
    """The score under a config that requires more: what was noticed stays noticed, so only blind spots are judged.

    Returns:
        None if the healthy runs do not pass it.
    """
    try:
        too_few = too_few_reports(len(inputs), fewest_reports(rules.overrides, stricter))
        healthy = judge_inputs(inputs, rules, stricter, violations=too_few).passed
    except UserError:
        healthy = False
    if not healthy or not examination.judged:
        return None
    others = {scenario: company for scenario, _, company in scenarios_of(inputs, rules, stricter)}
    closed = sum(
        bool(_noticed_by(fault, others.get(fault.scenario, ()), rules, stricter)) for fault in examination.blind
    )
    return (examination.noticed + closed) / len(examination.judged)


def scenarios_of(
    inputs: Sequence[Input], rules: Rules, config: Config
) -> Iterator[tuple[str | None, list[Input], list[Input]]]:
    """The runs of each scenario, and the other runs that its copies have to be judged with.

    Runs that are judged apart need no company. Compared with a base, a run that is missing is a finding of its own.
    """
    if rules.merge == "all":
        yield None, list(inputs), []
        return
    groups: dict[str, list[Input]] = {}
    for read in inputs:
        groups.setdefault((read.scenario or "").lower(), []).append(read)
    company = {key: _company(group, rules) for key, group in groups.items()} if rules.comparison else {}
    for mine, group in groups.items():
        others = [read for key, reads in company.items() if key != mine for read in reads]
        scenario = config.scenario(group[0].scenario)
        yield scenario.name if scenario else group[0].scenario, group, others


def _company(group: Sequence[Input], rules: Rules) -> Sequence[Input]:
    return added_up(group, merged_name(group, rules.merge)) if rules.merge != "none" else group


def _refuse_unhealthy(verdict: Verdict) -> None:
    if verdict.passed:
        return
    found = [f"{printable(violation.source)}: {printable(violation.line)}" for violation in verdict.violations]
    more = len(found) - UNHEALTHY_SHOWN
    lines = found[:UNHEALTHY_SHOWN] + ([f"… and {counted(more, 'more violation')}"] if more > 0 else [])
    reason = "these runs do not pass their own gate, so a red copy would prove nothing: give healthy ones"
    raise UsageError("\n".join([f"{reason} ({verdict.status})", *lines]))


def _requires_coverage(scenario: str | None, config: Config) -> bool:
    """Whether coverage is required of a scenario: with `expect`, only if the scenario itself sets a bound on it."""
    settings = config.scenario(scenario)
    if settings is None or settings.expect is None:
        return True
    return any(key in settings.layer for key in BOUND_KEYS if key != "min_iterations")


def _noticed_by(fault: Fault, others: Sequence[Input], rules: Rules, config: Config) -> str:
    if fault.reports is not None:
        missing = too_few_reports(fault.reports, fewest_reports(rules.overrides, config))
        return missing[0].gate if missing else _first_gate(fault.inputs, rules, config)
    if rules.merge == "none" and not rules.comparison:  # each run is judged apart, so the first red one decides
        noticed = (_first_gate([fault.inputs[index]], rules, config) for index in fault.changed)
        return next(filter(None, noticed), "")
    return _first_gate([*fault.inputs, *others], rules, config)


def _first_gate(inputs: Sequence[Input], rules: Rules, config: Config) -> str:
    try:
        verdict = judge_inputs(inputs, rules, config)
    except UserError:
        return REFUSED
    return "" if verdict.passed else verdict.violations[0].gate
