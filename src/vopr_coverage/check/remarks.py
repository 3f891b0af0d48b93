"""What a check warns of beside its gates: names that a stream or the config does not know. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vopr_coverage.check.merge import Unit, with_known_points
from vopr_coverage.config.file import Config
from vopr_coverage.errors import printable, shown
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bounds
from vopr_coverage.model.verdict import Remark

ALIASES_LISTED = 5


def complete_points(unit: Unit, bounds: Bounds, config: Config) -> tuple[Unit, list[Remark]]:
    """Add the fault points that a stream does not list, and warn where their number is not known."""
    report, drift = unit.evidence.report, unit.evidence.drift
    if drift is not None and not drift.missing:  # the lockfile has all that there are
        return unit, []
    if unit.evidence.observed is not None:  # a format that has its own declarations
        # Names that are required declare nothing: otherwise a run without declarations would hit all of its points.
        declares = unit.evidence.observed.declares_points or config.fault_points
        return with_known_points(
            unit, [*config.fault_points, *(bounds.critical_fault_points.value if declares else ())]
        ), []
    if report is None or not bounds.fault_point_coverage_min.value or not any(i.listed_only for i in unit.inputs):
        return with_known_points(unit, bounds.critical_fault_points.value), []
    declared = set(config.fault_points)
    listed = [*report.hit_fault_points, *report.missed_fault_points]
    undeclared = [name for name in listed if name not in declared]
    completed = with_known_points(unit, [*bounds.critical_fault_points.value, *config.fault_points])
    if not declared:
        silent = sum(name not in listed for name in bounds.critical_fault_points.value)
        critical = f" and on {counted(silent, 'critical point')} that it doesn't list" if silent else ""
        text = (
            f"The fault point percentage rests on the {counted(len(listed), 'point')} that the stream lists{critical}: "
            "a stream never lists a point that was not hit. Declare all of them as `fault_points` in the config."
        )
        return completed, [Remark(unit.name, text)]
    if undeclared:
        names = ", ".join(undeclared[:5]) + (" …" if len(undeclared) > 5 else "")
        return completed, [Remark(unit.name, f"Fault points that the config does not declare: {names}")]
    return completed, []


def unused_aliases(config: Config, inputs: Sequence[Input]) -> Iterator[Remark]:
    """The aliases that match nothing, in one warning.

    A run that ends at an expected violation may reach none of them, and one without figures says nothing of them.
    """
    asked = [read for read in inputs if read.report and not _expects_violation(config, read)]
    used = {theirs for read in inputs for names in read.via_alias.values() for theirs in names}
    unused = [name for name in config.aliases if name not in used and name.replace(":", ".") not in used]
    if asked and unused:
        names = ", ".join(map(shown, unused[:ALIASES_LISTED])) + (" …" if len(unused) > ALIASES_LISTED else "")
        match = agreeing(len(unused), "alias", "aliases"), agreeing(len(unused), "matches", "match")
        yield Remark("", f"{printable(str(config.path))}: the {match[0]} {names} {match[1]} no name in these reports")


def _expects_violation(config: Config, read: Input) -> bool:
    scenario = config.scenario(read.scenario)
    return scenario is not None and scenario.expect is not None


def config_warnings(config: Config, inputs: Sequence[Input]) -> Iterator[Remark]:
    """Runs without a scenario, where the config has scenarios."""
    if config.scenarios:
        for read in inputs:
            if read.scenario is None:
                text = "No scenario is named for this run: it is judged by the config's top-level thresholds."
                yield Remark(read.source, text)
