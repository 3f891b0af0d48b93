"""The config lines that would close a blind spot: bounds that healthy runs meet and the planted fault does not. Pure.

A bound is proposed only where the figures support it. An event that is rare may be missing in the next healthy run, and
a gate that is red by chance is soon switched off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any

import msgspec
from msgspec.structs import replace

from vopr_coverage.check.attempts import with_attempt_only
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.merge import as_unit, with_aliases
from vopr_coverage.check.terms import terms_for
from vopr_coverage.config.file import Config
from vopr_coverage.config.yaml_text import lines_of
from vopr_coverage.doctor.faults import HALVED_MIN
from vopr_coverage.doctor.planting import Fault
from vopr_coverage.errors import printable
from vopr_coverage.gates.endings import Evidence
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import MAP_KEYS, Bound

# Where 14 events are expected, none occurs once in a million runs, and once in a thousand at twice the variance.
SEEN_MIN = 14
ABOVE_HALF = 0.55  # of a rate that was seen: as far below it as half of it allows

NOTES: Mapping[str, str] = {
    "report-missing": "for every check by this config that sets no other number",
    "other-commit": "its commit was passed with `--commit`, which is not questioned: leave that flag out",
    "expected-failure-halved": "raise `min_caught` of this scenario",
    "expected-failure-gone": "raise `min_caught` of this scenario",
    "properties-missing": "a minimum for any property counter (`min_properties`) closes it",
    "seed-failed": "run health is judged without any setting: this is a bug of the gate, please report it",
}
EXCUSED = "no bound would notice it; `on_not_measured` may excuse the gate that would"


class Setting(msgspec.Struct, frozen=True):
    """One key of the config, with its whole value and with what is new in it.

    Attributes:
        scenario: where it stands; None is the top level.
        value: everything that the key has to hold in this place. A scenario's map adds to that of the top level, a list
            takes its place.
        added: the new entries of a list or a map; empty for a number.
    """

    scenario: str | None
    key: str
    value: Any
    added: Mapping[str, int | float]

    def lines(self) -> list[str]:
        """As lines of a config, from its top level on."""
        path = ("scenarios", self.scenario) if self.scenario else ()
        return lines_of((*path, self.key), self.value)


class Cure(msgspec.Struct, frozen=True):
    """What closes a blind spot. Without a setting, `note` says why there is none."""

    setting: Setting | None
    note: str = ""


class HealthyRuns(msgspec.Struct, frozen=True):
    """The healthy runs of a scenario, under the config's names, and what is judged of them."""

    group: Sequence[Input]
    evidence: Sequence[Evidence]


def healthy_of(group: Sequence[Input], rules: Rules, config: Config) -> HealthyRuns:
    """The runs of a scenario, for all faults that were planted in them."""
    group = [with_aliases(with_attempt_only(read, config), config.aliases) for read in group]
    units = [group] if rules.merge != "none" else [[read] for read in group]
    return HealthyRuns(group, [as_unit("", None, unit).evidence for unit in units])


def cure_of_missing(reports: int, rules: Rules) -> Cure:
    """The setting that would let the gate notice that one of so many reports is missing."""
    if rules.overrides.min_reports is not None:
        return _raised(rules, "min-reports", reports)
    return Cure(Setting(None, "min_reports", reports, {}), NOTES["report-missing"])


def cure_of(fault: Fault, healthy: HealthyRuns, rules: Rules, config: Config) -> Cure:
    """The setting that would let the gate notice this fault of a scenario."""
    seen = _Seen(fault, healthy.group, healthy.evidence, config)
    wish = _WISHES.get(fault.kind)
    if wish is None:
        return Cure(None, NOTES.get(fault.kind, EXCUSED))
    key, value, note = wish(seen)
    if key is None:
        return Cure(None, note)
    if key == "min_iterations" and rules.overrides.min_iterations is not None:
        return _raised(rules, "min-iterations", value)
    scenario = config.scenario(fault.scenario)
    in_force = getattr(terms_for(fault.scenario if scenario else None, rules.overrides, config).bounds, key).value
    if key in MAP_KEYS:
        least = in_force.get(seen.name, 0)
        value = value if isinstance(least, tuple) else max(value, least)
        if scenario:
            in_force = scenario.layer[key].value if key in scenario.layer else {}
    return Cure(_setting(scenario.name if scenario else None, key, in_force, value, seen), note)


def _raised(rules: Rules, flag: str, least: int) -> Cure:
    return Cure(None, f"{rules.overrides.spelled(flag)} stands above the config: raise it to {least} or more")


def together(settings: Iterable[Setting]) -> list[Setting]:
    """Settings of one key in one place as one setting."""
    merged: dict[tuple[str | None, str], Setting] = {}
    for setting in settings:
        place = (setting.scenario, setting.key)
        known = merged.get(place)
        merged[place] = _joined(known, setting) if known else setting
    return list(merged.values())


def with_settings(config: Config, settings: Sequence[Setting]) -> Config:
    """The config as it would be with these settings."""
    layer, scenarios = dict(config.layer), dict(config.scenarios)
    for setting in settings:
        bound = Bound(setting.value, "vopr-coverage doctor")
        known = config.scenario(setting.scenario)
        if setting.key == "min_reports":
            config = replace(config, min_reports=bound)
        elif known is None:
            layer[setting.key] = bound
        else:
            own = scenarios[known.name.lower()]
            scenarios[known.name.lower()] = replace(own, layer={**own.layer, setting.key: bound})
    return replace(config, layer=layer, scenarios=scenarios)


def all_lines(settings: Sequence[Setting]) -> list[str]:
    """All settings as one piece of a config: the top level first, then scenario by scenario."""
    top = [line for setting in settings if setting.scenario is None for line in setting.lines()]
    scenarios = list(dict.fromkeys(setting.scenario for setting in settings if setting.scenario))
    below: list[str] = []
    for name in scenarios:
        mine = [setting for setting in settings if setting.scenario == name]
        below += lines_of((name,), None)
        below += [f"  {line}" for setting in mine for line in lines_of((setting.key,), setting.value)]
    return [*top, *(["scenarios:", *(f"  {line}" for line in below)] if below else [])]


def _joined(a: Setting, b: Setting) -> Setting:
    value, added = b.value, {**a.added, **b.added}
    if isinstance(value, Mapping):
        added |= {name: max(least, b.added[name]) for name, least in a.added.items() if name in b.added}
        value = {**a.value, **b.value, **added}
        added = {name: value[name] for name in added}
    elif isinstance(value, list):
        value = list(dict.fromkeys((*a.value, *b.value)))
    else:
        value = max(a.value, b.value)
    return Setting(scenario=b.scenario, key=b.key, value=value, added=added)


def _setting(scenario: str | None, key: str, in_force: Any, wished: Any, seen: _Seen) -> Setting:
    name = seen.name
    value, added = wished, {}
    if isinstance(in_force, Mapping):
        value, added = {**in_force, name: wished}, {name: wished}
    elif isinstance(in_force, list):
        value, added = [*in_force, name], {name: 1}
    return Setting(scenario=scenario, key=key, value=value, added=added)


class _Seen:
    """What the healthy runs show about the subject of a fault, under the config's names."""

    def __init__(self, fault: Fault, group: Sequence[Input], evidence: Sequence[Evidence], config: Config) -> None:
        self.group, self.evidence = group, evidence
        self.name = config.aliases.get(fault.subject, fault.subject)
        self.fault = fault

    def least(self, counts: Iterable[int | None]) -> int:
        """The least of the counts of all units; 0 if one has none."""
        return min((count or 0 for count in counts), default=0)

    def effects(self) -> int | None:
        """The least effects of the fault point; None if it never has one, or none are reported."""
        counts = [each.fault_effects.get(self.name, 0) if each.fault_effects else 0 for each in self.evidence]
        return self.least(counts) if any(counts) else None

    def executions(self) -> int:
        """The least executions of the invariant."""
        return self.least(each.report.invariant_executions.get(self.name) for each in self.evidence if each.report)

    def occurrences(self) -> int:
        """The least occurrences of the phase event."""
        return self.least(each.report.phase_events.get(self.name) for each in self.evidence if each.report)

    def rate(self) -> float | None:
        """The least occurrences of the phase event per simulation; None without run records."""
        rates = [
            each.report.phase_events.get(self.name, 0) / each.simulations
            for each in self.evidence
            if each.report and each.simulations
        ]
        return min(rates) if len(rates) == len(self.evidence) else None

    def counts(self) -> int:
        """The least view changes, repairs or query plans."""
        return self.least(getattr(each.report, self.fault.subject) for each in self.evidence if each.report)

    def property_counts(self) -> int:
        """The least value of the property counter."""
        return self.least(each.properties.counters.get(self.name) for each in self.evidence if each.properties)

    def iterations(self) -> int:
        """The iterations of the shortest run."""
        return self.least(read.run.iterations for read in self.group if read.run)

    def rare(self, count: int) -> str:
        """Why a rare event gets no bound, and how many iterations would show that it is gone."""
        ran = sum(read.run.iterations for read in self.group if read.run)  # 0 where a report does not say
        enough = ceil(ran * SEEN_MIN / count) if count else 0
        needed = f": about {counted(enough, 'iteration')} would show that it is gone" if enough else ""
        seen = f"{printable(self.name)} was seen only {counted(count, 'time')}"
        return f"{seen}, so a run without it may be chance{needed}"


_Wish = tuple[str | None, Any, str]


def _critical(seen: _Seen) -> _Wish:
    effects = seen.effects()
    if effects is not None and effects < SEEN_MIN:
        return None, None, seen.rare(effects)
    return "critical_fault_points", 1, ""


def _effective(seen: _Seen) -> _Wish:
    effects = seen.effects() or 0
    return ("min_fault_effects", 1, "") if effects >= SEEN_MIN else (None, None, seen.rare(effects))


def _required(seen: _Seen) -> _Wish:
    executions = seen.executions()
    return ("required_invariants", 1, "") if executions >= SEEN_MIN else (None, None, seen.rare(executions))


def _phase(seen: _Seen) -> _Wish:
    occurrences, rate = seen.occurrences(), seen.rate()
    if occurrences < SEEN_MIN:
        return None, None, seen.rare(occurrences)
    if occurrences < HALVED_MIN:
        return "min_phase_events", 1, ""
    if rate is None:
        return "min_phase_events", occurrences // 2 + 1, "for runs of this length"
    return "min_per_iteration", _three_digits(rate * ABOVE_HALF), ""


def _count(seen: _Seen) -> _Wish:
    count = seen.counts()
    if seen.fault.kind == "count-to-zero" and count < SEEN_MIN and seen.name != "unique_query_plans":
        return None, None, seen.rare(count)
    least = 1 if seen.fault.kind == "count-to-zero" and count < HALVED_MIN else count // 2 + 1
    return f"min_{seen.name}", least, "for runs of this length"


def _properties(seen: _Seen) -> _Wish:
    return "min_properties", seen.property_counts() // 2 + 1, ""


def _iterations(seen: _Seen) -> _Wish:
    return "min_iterations", seen.iterations() // 2 + 1, "better still, as many as you ask for"


_WISHES = {
    "fault-point-silent": _critical,
    "fault-without-effect": _effective,
    "invariant-not-run": _required,
    "phase-to-zero": _phase,
    "phase-halved": _phase,
    "count-to-zero": _count,
    "count-halved": _count,
    "property-counter-to-zero": _properties,
    "property-counter-halved": _properties,
    "half-of-the-seeds": _iterations,
}


def _three_digits(number: float) -> float:
    """Rounded to three significant digits, and a whole number as one."""
    rounded = float(f"{number:.3g}")
    return int(rounded) if rounded.is_integer() else rounded
