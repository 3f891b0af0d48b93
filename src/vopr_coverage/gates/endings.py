"""How coverage gates end: is the figure required, was it measured, is it enough? Pure.

`coverage.py` and `extras.py` define what a gate measures and the text of its shortfalls. These functions
turn both into an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from vopr_coverage.model.drift import Drift
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.points import Observed
from vopr_coverage.model.report import CoverageReport, Properties
from vopr_coverage.model.thresholds import PROFILE_ORIGIN, Bound, Bounds, Floor, number_of

NOT_MEASURED_TEXT = "not measured"
Value = TypeVar("Value")

ADVICE = {
    "other-names": "None of the profile's names occurs in this stream: the simulator uses other names. "
    "`vopr-coverage init` writes a config with the simulator's names, from runs that you know to be healthy.",
    "not-reported": "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse "
    "the gate with `on_not_measured`.",
    "undeclared": "Have the tester declare its points, or lock those that healthy runs hit: `vopr-coverage points "
    "lock RUN…`.",
    "no-invariants": "Have the tester declare its invariants before the run (docs/formats.md says how, for each "
    "format). A format without invariants: set `invariant_coverage_min` to 0, or excuse the gate with "
    "`on_not_measured`.",
    "too-short": "Run more iterations, or require something of shorter runs too: such a run shows nothing.",
    "absent": "Pass the whole output of a run that finished and reports its coverage.",
}

# Follows a gate's own advice. `advice_on` says when.
OF_PROFILE = " These names are the profile's: if the simulator never had them, require its own names in a config."


class Evidence(msgspec.Struct, frozen=True):
    """What coverage gates judge: one report, merged or single, with the figures of its stream.

    `report` is None if there is no coverage. `simulations` and `iterations` are None without a stream (a
    seed that ran twice is one iteration); `fault_effects`, `fault_counts` and `properties` are None without a stream,
    or if the stream does not contain them. `observed` is None if the format has only a report, `drift` without a
    lockfile of points, `pairs` if nobody knows which seed hit which point; `locked_rates` are the lockfile's 95 %
    intervals of the points' rates per seed.
    """

    report: CoverageReport | None
    is_stream: bool = False
    simulations: int | None = None
    fault_effects: Mapping[str, int] | None = None
    properties: Properties | None = None
    via_alias: Mapping[str, tuple[str, ...]] | None = None
    iterations: int | None = None
    fault_counts: Mapping[str, int] | None = None
    attempts_only: Mapping[str, int] = {}
    observed: Observed | None = None
    drift: Drift | None = None
    pairs: PairCoverage | None = None
    locked_rates: Mapping[str, tuple[float, float]] = {}

    def attempts_in_vain(self, name: str) -> str:
        """How often a fault point was attempted that never took effect, as a phrase; "" if it isn't such a point."""
        attempts = self.attempts_only.get(name)
        if not attempts or not self.report or name in self.report.hit_fault_points:
            return ""
        return f"attempted {counted(attempts, 'time')}, never took effect"


Gate = Callable[[Evidence, Bounds], Outcome]


def not_required(gate: str, bound: Bound[Any], measured: str = "", value: int | float | None = None) -> Outcome:
    """The outcome of a gate whose bound is zero or empty. It still shows what was measured."""
    return Outcome(
        gate=gate, status=Status.NOT_REQUIRED, measured=measured, required="nothing", origin=bound.origin, value=value
    )


def absent(gate: str, bound: Bound[Any], required: str) -> Outcome:
    """The outcome without any coverage. It has no violation: the verdict has one for all gates together."""
    return Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=bound.origin,
        advice=ADVICE["absent"],
    )


def judge_count(
    gate: str,
    evidence: Evidence,
    count: int | None,
    bound: Bound[int],
    texts: tuple[str, str, str],
    advice: str,
) -> Outcome:
    """One count against one minimum; `texts` are the violation's kind, message and line."""
    kind, message, line = texts
    if not bound.value:
        return not_required(gate, bound, "" if count is None else str(count), count)
    if evidence.report is None:
        return absent(gate, bound, f"≥ {bound.value}")
    status = Status.PASSED
    if count is None:
        status, advice = Status.NOT_MEASURED, ADVICE["not-reported"]
    elif count < bound.value:
        status = Status.FAILED
    actual = NOT_MEASURED_TEXT if count is None else str(count)
    violation = Shortfall(
        kind=kind,
        message=message,
        expected=f"At least {bound.value}",
        actual=actual,
        line=f"{line}: {actual} (expected >= {bound.value})",
    )
    return Outcome(
        gate=gate,
        status=status,
        measured=actual,
        required=f"≥ {bound.value}",
        origin=bound.origin,
        value=count,
        minimum=bound.value,
        violations=() if status is Status.PASSED else (violation,),
        advice=advice,
    )


def judge_names(
    gate: str,
    evidence: Evidence,
    bounds: Bounds,
    bound: Bound[Any],
    counts: Mapping[str, int],
    violation: Callable[[str], Shortfall],
    verb: str,
    advice: str,
    warnings: tuple[str, ...] = (),
) -> Outcome:
    """Names that must each have a count above zero."""
    if not counts:
        return not_required(gate, bound)
    required = f"all {len(counts)}"
    if evidence.report is None:
        return absent(gate, bound, required)
    missed = [name for name, count in counts.items() if not count]
    return Outcome(
        gate=gate,
        status=Status.FAILED if missed else Status.PASSED,
        measured=f"{len(counts) - len(missed)} of {len(counts)} {verb}",
        required=required,
        origin=bound.origin,
        value=len(counts) - len(missed),
        minimum=len(counts),
        violations=tuple(violation(name) for name in missed),
        warnings=warnings,
        advice=ADVICE["other-names"]
        if _uses_other_names(evidence, bounds, bound)
        else advice_on(evidence, bound, missed, advice),
        note=_aliases(evidence, counts),
    )


def with_dots(values: Mapping[str, Value]) -> dict[str, Value]:
    """Values by name, and by the name with dots for colons, as the config has the names of minimums.

    VOPR writes one phase in both ways; a name that has dots itself comes first.
    """
    return {name.replace(":", "."): value for name, value in values.items()} | dict(values)


def judge_floors(
    gate: str,
    evidence: Evidence,
    bounds: Bounds,
    bound: Bound[Mapping[str, int]] | Bound[Mapping[str, Floor]],
    counts: Mapping[str, float] | None,
    violation: Callable[[str, str, float], Shortfall],
    advice: str,
    unknown: Container[str] = (),
) -> Outcome:
    """Counts by name, each with its own minimum; `counts` None means not measured, and so does a name in `unknown`.

    `violation` makes a shortfall of a name, the measured value as text, and the minimum.
    """
    floors = {name: number_of(least) for name, least in bound.value.items() if least}
    if not floors:
        return not_required(gate, bound)
    required = counted(len(floors), "minimum")
    if counts is None:
        if evidence.report is None:
            return absent(gate, bound, required)
        not_reported = tuple(violation(name, NOT_MEASURED_TEXT, least) for name, least in floors.items())
        return Outcome(
            gate=gate,
            status=Status.NOT_MEASURED,
            measured=NOT_MEASURED_TEXT,
            required=required,
            origin=bound.origin,
            violations=not_reported,
            advice=ADVICE["not-reported"],
        )
    unmeasured = [name for name in floors if name in unknown]
    short = {
        name: counts.get(name, 0)
        for name, least in floors.items()
        if counts.get(name, 0) < least and name not in unmeasured
    }
    met = len(floors) - len(short) - len(unmeasured)
    absent_names = [name for name in short if not short[name]]
    return Outcome(
        gate=gate,
        status=Status.FAILED if short else Status.NOT_MEASURED if unmeasured else Status.PASSED,
        measured=f"{met} of {len(floors)} met",
        required=required,
        origin=bound.origin,
        value=met,
        minimum=len(floors),
        violations=(
            *(violation(name, _figure(count), floors[name]) for name, count in short.items()),
            *(
                msgspec.structs.replace(violation(name, NOT_MEASURED_TEXT, floors[name]), advice=ADVICE["not-reported"])
                for name in unmeasured
            ),
        ),
        advice=ADVICE["other-names"]
        if _uses_other_names(evidence, bounds, bound)
        else advice_on(evidence, bound, absent_names, advice),
        note=_aliases(evidence, floors),
    )


def advice_on(evidence: Evidence, bound: Bound[Any], absent_names: Sequence[str], advice: str) -> str:
    """A gate's own advice, and more if a name may be missing because the profile has it, and the simulator does not.

    A config has the simulator's own names: what it asks for was there once.
    """
    of_profile = bound.origin.startswith("profile ")
    return advice + OF_PROFILE if of_profile and absent_names and _stream_has_names(evidence) else advice


def _stream_has_names(evidence: Evidence) -> bool:
    """Whether it is a stream that contains names. An empty stream has other problems than its names."""
    return evidence.is_stream and evidence.report is not None and bool(evidence.report.invariant_executions)


def _uses_other_names(evidence: Evidence, bounds: Bounds, bound: Bound[Any]) -> bool:
    """Whether the simulator does not use the profile's names at all, in any category.

    A config has the simulator's own names, and a stream in which some of the profile's names occur uses them: there,
    a name that is missing has vanished, and a config made from this run would hide that. An empty stream has other
    problems than its names.
    """
    report = evidence.report
    if not bound.origin.startswith(PROFILE_ORIGIN) or not evidence.is_stream or report is None:
        return False
    occurring = {*report.hit_fault_points, *report.invariant_executions, *report.phase_events}
    return bool(report.invariant_executions) and not occurring & bounds.names_of_profile()


def _figure(count: float) -> str:
    """A count as it is, a rate with four digits."""
    return str(count) if isinstance(count, int) else f"{count:.4g}"


def _aliases(evidence: Evidence, names: Iterable[str]) -> str:
    used = {name: aliases for name, aliases in (evidence.via_alias or {}).items() if name in set(names)}
    return "; ".join(f"{name} via alias {', '.join(aliases)}" for name, aliases in used.items())
