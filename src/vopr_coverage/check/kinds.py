"""Names that a config asks for under the wrong key: a phase event is no fault point, and would read as 0. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vopr_coverage.config.file import Config
from vopr_coverage.errors import PROBLEMS_SHOWN_MAX, ConfigError, shown
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input
from vopr_coverage.model.thresholds import Bounds

POINT, PHASE, INVARIANT, PROPERTY, COUNTER = (
    "fault point",
    "phase event",
    "invariant",
    "property",
    "property counter",
)
_ASKS_FOR: Mapping[str, tuple[str, ...]] = {
    "critical_fault_points": (POINT,),
    "required_invariants": (INVARIANT,),
    "min_phase_events": (PHASE,),
    "min_fault_effects": (POINT,),
    "min_per_iteration": (POINT, PHASE, INVARIANT),
    "required_properties": (PROPERTY,),
}
_KEYS: Mapping[str, str] = {
    POINT: "`critical_fault_points`, `min_fault_effects` or `min_per_iteration`",
    PHASE: "`min_phase_events` or `min_per_iteration`",
    INVARIANT: "`required_invariants` or `min_per_iteration`",
    PROPERTY: "`required_properties`",
    COUNTER: "`min_properties`, with steps if it depends on the length of the run",
}


def refuse_other_kinds(all_bounds: Sequence[Bounds], inputs: Sequence[Input], config: Config) -> None:
    """Refuse names that the reports have, but only as something else than what their key asks for.

    Raises:
        ConfigError: the first ten, each with its line and the key that is meant.
    """
    asked = [
        (key, name, place)
        for bounds in all_bounds
        for key in _ASKS_FOR
        for name, place in getattr(bounds, key).entries.items()
        if name in getattr(bounds, key).value
    ]
    if not asked:
        return
    kinds = _kinds_of(inputs, config)
    lines = list(dict.fromkeys(_complaints(asked, kinds, config)))
    if lines:
        left = len(lines) - PROBLEMS_SHOWN_MAX
        more = [f"… and {counted(left, 'more problem')}"] if left > 0 else []
        raise ConfigError("\n".join([*lines[:PROBLEMS_SHOWN_MAX], *more]))


def _complaints(asked: Sequence[tuple[str, str, str]], kinds: Mapping[str, set[str]], config: Config) -> Iterator[str]:
    for key, name, place in asked:
        wanted = _ASKS_FOR[key]
        found = [kind for kind, names in kinds.items() if name in names]
        if found and not set(found) & set(wanted):
            expected = " or ".join(wanted)
            a = "an" if expected[0] in "aeiou" else "a"
            yield (
                f"{place}#/{key}: expected the name of {a} {expected}, found {shown(name)}, "
                f"which these reports have as {found[0]}: use {_KEYS[found[0]]}"
            )
        elif key == "min_fault_effects" and name in (config.attempt_only or ()):
            yield (
                f"{place}#/{key}: expected a fault point whose effects are counted, found {shown(name)}, "
                "which is in `attempt_only`: use `min_per_iteration`"
            )


def _kinds_of(inputs: Sequence[Input], config: Config) -> dict[str, set[str]]:
    """The names of all reports and of the config's own lists, by what they name."""
    kinds: dict[str, set[str]] = {kind: set() for kind in _KEYS}
    kinds[POINT] |= {*config.fault_points, *(config.attempt_only or ())}
    for point in config.lock.points if config.lock else ():
        kinds[PHASE if point.kind == "phase" else POINT].add(point.name)
    for read in inputs:
        report, properties = read.report, read.run.properties if read.run else None
        if report:
            kinds[POINT] |= {*report.hit_fault_points, *report.missed_fault_points}
            kinds[PHASE] |= set(report.phase_events)
            kinds[INVARIANT] |= {*report.invariant_executions, *report.missed_invariants}
        if properties:
            kinds[PROPERTY] |= {*properties.unsatisfied_ids, *properties.violated_ids}
            kinds[COUNTER] |= set(properties.counters)
    return kinds
