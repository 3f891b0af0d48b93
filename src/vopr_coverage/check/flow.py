"""From a request to its verdict, in one straight line. Both doors call it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.base.compare import counterparts
from vopr_coverage.base.gate import BaseComparison
from vopr_coverage.check.attempts import undeclared_attempts, with_attempt_only, without_effect
from vopr_coverage.check.conclude import conclude, lost_reports, with_unusable
from vopr_coverage.check.examples import with_example_seeds
from vopr_coverage.check.finish import with_finish
from vopr_coverage.check.judge import judge, judge_health
from vopr_coverage.check.kinds import refuse_other_kinds
from vopr_coverage.check.locked import as_locked
from vopr_coverage.check.merge import Unit, as_unit, with_aliases, with_known_points
from vopr_coverage.check.pairs import with_pairs
from vopr_coverage.check.remarks import complete_points, config_warnings, unused_aliases
from vopr_coverage.check.request import (
    CheckRequest,
    FileProgress,
    Merge,
    read_named,
)
from vopr_coverage.check.shards import ALL_REPORTS, gaps, too_few_reports
from vopr_coverage.check.terms import Overrides, fewest_reports, health_terms_for, terms_for
from vopr_coverage.config.file import Config
from vopr_coverage.errors import UsageError, printable, shown
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Remark, Unusable, Verdict, Violation
from vopr_coverage.reading.point_lists import with_undeclared_told

NO_OVERRIDES = Overrides()
Known = tuple[Mapping[str, KnownRates], ...]


class Rules(msgspec.Struct, frozen=True):
    """How inputs are judged: what is merged, what flags set above the config, and what is compared with the base.

    `known` is how often points were hit before, by scenario in lower case, from each source that knows. Of those that
    know a point the first is asked, and the base's verdict last.
    """

    merge: Merge = "none"
    overrides: Overrides = NO_OVERRIDES
    comparison: BaseComparison | None = None
    known: Known = ()


def check(request: CheckRequest, rules: Rules, progress: FileProgress = lambda _: None) -> Verdict:
    """Read, merge, judge, and compare with the base. Reports that cannot be used are listed beside those that can.

    Args:
        progress: gives each file, by its path, a callback for the bytes read, or None.

    Raises:
        UserError: config or rules that cannot be used, or no report that can; nothing was judged.
    """
    config, inputs, unusable, remarks = read_named(request, rules.merge, progress)
    missing = too_few_reports(len(inputs) + len(unusable), fewest_reports(rules.overrides, config))
    verdict = judge_inputs(inputs, rules, config, unusable, missing)
    verdict = with_example_seeds(verdict, [as_configured(read, config) for read in inputs])
    return _with_warnings(verdict, remarks)


def check_health(
    request: CheckRequest, overrides: Overrides, merge: Merge = "none", progress: FileProgress = lambda _: None
) -> Verdict:
    """Read reports and judge their run health alone: for one of many shards, whose coverage is judged together.

    Raises:
        UserError: as `check`; also for overrides of what only coverage is judged by.
    """
    for setting in ("profile", "on_not_measured"):
        if getattr(overrides, setting) is not None:
            refuse_beside_health_only(setting.replace("_", "-"), overrides)
    config, inputs, unusable, remarks = read_named(request, merge, progress)
    missing = too_few_reports(len(inputs) + len(unusable), fewest_reports(overrides, config))
    verdict = with_unusable(judge_health_of(inputs, overrides, config, merge, missing), unusable, merge)
    return _with_warnings(verdict, remarks)


def refuse_beside_health_only(setting: str, overrides: Overrides) -> None:
    """Refuse a setting that would have no effect.

    Raises:
        UsageError: always.
    """
    health_only = overrides.spelled("health-only")
    raise UsageError(f"{health_only} judges no coverage: leave {overrides.spelled(setting)} out")


def judge_inputs(
    inputs: Sequence[Input],
    rules: Rules,
    config: Config,
    unusable: Sequence[Unusable] = (),
    violations: Sequence[Violation] = (),
) -> Verdict:
    """Merge and judge what was read, and compare it with the base.

    Args:
        unusable: reports that were named and cannot be judged. They are not missing, and with them nothing passes.
        violations: of gates that are about no single report.

    Raises:
        UserError: a config or rules that cannot be used.
    """
    inputs = [as_configured(read, config) for read in inputs]
    judgements, warnings, of_config = [], list[Remark](), list(config_warnings(config, inputs))
    of_config += undeclared_attempts(config, inputs)
    of_config += unused_aliases(config, inputs)
    units = list(_units(inputs, rules.merge, config))
    base = rules.comparison.base if rules.comparison else None
    limit = rules.comparison.limit if rules.comparison else None
    names = [*((unit.name, unit.scenario) for unit in units), *((each.source, each.scenario) for each in unusable)]
    befores, absent = counterparts(names, base)
    all_terms = [replace(terms_for(unit.scenario, rules.overrides, config), limit=limit) for unit in units]
    fewest = fewest_reports(rules.overrides, config)
    refuse_other_kinds([terms.bounds for terms in all_terms], inputs, config)
    for unit, terms, before in zip(units, all_terms, befores[: len(units)], strict=True):
        unit, bounds = as_locked(unit, terms, config)
        terms = replace(terms, bounds=bounds)
        unit, remarks = complete_points(unit, terms.bounds, config)
        unit = with_pairs(unit)
        warnings += [*without_effect(unit), *_missing_seeds(unit, fewest.value)]
        of_config += remarks
        key = (unit.scenario or "").lower()
        known = [source[key] for source in rules.known if key in source]
        if rules.known and not known:
            warnings.append(Remark(unit.name, _no_rates(unit.scenario)))
        judgements.append(judge(unit, terms, before if base else None, known))
    seen, lost = lost_reports(base, absent, limit)
    verdict = conclude(judgements, [*warnings, *of_config], __version__, seen, [*violations, *lost])
    return with_unusable(verdict, unusable, rules.merge)


def _no_rates(scenario: str | None) -> str:
    of = f"there are no rates of scenario {shown(scenario)}" if scenario else "its report names no scenario"
    return f"nobody knows how often its points were hit before: {of}"


def as_configured(read: Input, config: Config) -> Input:
    """What was read, under the names and by the declarations of the config."""
    read = with_finish(with_attempt_only(read, config), config.complete_when)
    return with_aliases(read if config.lock else with_undeclared_told(read), config.aliases)


def judge_health_of(
    inputs: Sequence[Input],
    overrides: Overrides,
    config: Config,
    merge: Merge = "none",
    violations: Sequence[Violation] = (),
) -> Verdict:
    """Judge the run health of what was read.

    Args:
        violations: of gates that are about no single report.

    Raises:
        UserError: a config that cannot be used.
    """
    inputs = [as_configured(read, config) for read in inputs]
    judgements, warnings = [], list(config_warnings(config, inputs))
    for unit in _units(inputs, merge, config):
        terms = health_terms_for(unit.scenario, overrides, config)
        warnings += _missing_seeds(unit, fewest_reports(overrides, config).value)
        unit, _ = as_locked(with_known_points(unit, ()), terms, config)  # its figures are those of the night
        judgements.append(judge_health(unit, terms))
    return replace(conclude(judgements, warnings, __version__, violations=violations), health_only=True)


def _missing_seeds(unit: Unit, fewest: int) -> list[Remark]:
    """Gaps between the runs of a unit, where nobody has said how many reports there must be: 1 says little."""
    return [Remark(unit.name, text) for text in gaps(unit.inputs)] if len(unit.inputs) > 1 >= fewest else []


def _with_warnings(verdict: Verdict, texts: Sequence[str]) -> Verdict:
    return replace(verdict, warnings=(*(Remark("", text) for text in texts), *verdict.warnings))


def _units(inputs: Sequence[Input], merge: Merge, config: Config) -> Iterator[Unit]:
    if merge == "none":
        for read in inputs:
            yield as_unit(read.source, read.scenario, [read])
        return
    if merge == "all" and config.scenarios:
        raise UsageError(
            f"merge all adds up runs of all scenarios, but {printable(str(config.path))} judges them by scenario: "
            "use merge scenario"
        )
    groups: dict[str, list[Input]] = {}
    for read in inputs:
        key = (read.scenario or "").lower() if merge == "scenario" else ""
        groups.setdefault(key, []).append(read)
    for group in groups.values():
        yield as_unit(merged_name(group, merge), group[0].scenario if merge == "scenario" else None, group)


def merged_name(group: Sequence[Input], merge: Merge) -> str:
    """What runs that are merged are called together."""
    if len(group) == 1:
        return group[0].source
    scenario = group[0].scenario if merge == "scenario" else None
    name = scenario or (ALL_REPORTS if merge == "all" else "runs without a scenario")
    return f"{name} ({len(group)} merged)"
