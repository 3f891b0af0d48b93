"""The ladder that every coverage gate climbs: required? measured? enough? Pure.

`gates.py` and `extra_gates.py` say what a gate measures and how a shortfall reads; here is
how it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import CoverageReport, Properties
from vopr_coverage.model.thresholds import Bound, Bounds

NOT_MEASURED_TEXT = "not measured"

ADVICE = {
    "other-names": "None of the required names occurs in this stream, so the simulator speaks other names than the "
    "profile. `vopr-coverage init` writes a config in its own names.",
    "untold": "The report has no such figure: have the simulator write it, or set this minimum to 0, or excuse the "
    "gate with `on_not_measured`.",
    "absent": "Pass the whole output of a run that finished and reports its coverage.",
}


class Evidence(msgspec.Struct, frozen=True):
    """What the coverage gates judge: one report, merged or single, with its stream's figures.

    `report` is None when there is no coverage at all. `simulations` is None without a stream;
    so are the two below it, or when the stream doesn't carry them.
    """

    report: CoverageReport | None
    is_stream: bool = False
    simulations: int | None = None
    fault_effects: Mapping[str, int] | None = None
    properties: Properties | None = None
    via_alias: Mapping[str, tuple[str, ...]] | None = None


Gate = Callable[[Evidence, Bounds], Outcome]


def not_required(gate: str, bound: Bound[Any], measured: str = "", value: int | float | None = None) -> Outcome:
    """The ending of a gate whose bound is zero or empty; what was measured is told all the same."""
    return Outcome(gate, Status.NOT_REQUIRED, measured, "nothing", bound.origin, value)


def absent(gate: str, bound: Bound[Any], required: str) -> Outcome:
    """No coverage at all: one line for all gates is told by the verdict, none here."""
    return Outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, required, bound.origin, advice=ADVICE["absent"])


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
        status, advice = Status.NOT_MEASURED, ADVICE["untold"]
    elif count < bound.value:
        status = Status.FAILED
    actual = NOT_MEASURED_TEXT if count is None else str(count)
    violation = Shortfall(
        kind, message, f"At least {bound.value}", actual, f"{line}: {actual} (expected >= {bound.value})"
    )
    return Outcome(
        gate,
        status,
        actual,
        f"≥ {bound.value}",
        bound.origin,
        count,
        bound.value,
        () if status is Status.PASSED else (violation,),
        advice=advice,
    )


def judge_names(
    gate: str,
    evidence: Evidence,
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
    unnamed = _speaks_other_names(evidence) and len(missed) == len(counts)
    return Outcome(
        gate,
        Status.FAILED if missed else Status.PASSED,
        f"{len(counts) - len(missed)} of {len(counts)} {verb}",
        required,
        bound.origin,
        len(counts) - len(missed),
        len(counts),
        tuple(violation(name) for name in missed),
        warnings,
        ADVICE["other-names"] if unnamed else advice,
        _aliases(evidence, counts),
    )


def judge_floors(
    gate: str,
    evidence: Evidence,
    bound: Bound[Mapping[str, int]] | Bound[Mapping[str, float]],
    counts: Mapping[str, float] | None,
    violation: Callable[[str, str, float], Shortfall],
    advice: str,
) -> Outcome:
    """Counts by name, each against its own minimum; `counts` None means not measured.

    `violation` words a name's shortfall, given what was measured as text and the minimum.
    """
    floors = {name: least for name, least in bound.value.items() if least}
    if not floors:
        return not_required(gate, bound)
    required = counted(len(floors), "minimum")
    if counts is None:
        if evidence.report is None:
            return absent(gate, bound, required)
        untold = tuple(violation(name, NOT_MEASURED_TEXT, least) for name, least in floors.items())
        return Outcome(
            gate,
            Status.NOT_MEASURED,
            NOT_MEASURED_TEXT,
            required,
            bound.origin,
            violations=untold,
            advice=ADVICE["untold"],
        )
    short = {name: counts.get(name, 0) for name, least in floors.items() if counts.get(name, 0) < least}
    unnamed = _speaks_other_names(evidence) and bool(counts) and not any(name in counts for name in floors)
    return Outcome(
        gate,
        Status.FAILED if short else Status.PASSED,
        f"{len(floors) - len(short)} of {len(floors)} met",
        required,
        bound.origin,
        len(floors) - len(short),
        len(floors),
        tuple(violation(name, _figure(count), floors[name]) for name, count in short.items()),
        advice=ADVICE["other-names"] if unnamed else advice,
        note=_aliases(evidence, floors),
    )


def _speaks_other_names(evidence: Evidence) -> bool:
    """Whether it is a stream that names something: silence altogether has other causes than names."""
    return evidence.is_stream and evidence.report is not None and bool(evidence.report.invariant_executions)


def _figure(count: float) -> str:
    """A count as it is; a rate in four digits."""
    return str(count) if isinstance(count, int) else f"{count:.4g}"


def _aliases(evidence: Evidence, names: Iterable[str]) -> str:
    used = {name: found for name, found in (evidence.via_alias or {}).items() if name in set(names)}
    return "; ".join(f"{name} via alias {', '.join(found)}" for name, found in used.items())
