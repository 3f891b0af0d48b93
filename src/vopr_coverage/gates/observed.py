"""Run health of formats without run records: did the run finish, and did its properties hold? Pure.

`health.py` asks these for files that name what they observed. The gates are the same as for streams.
"""

from __future__ import annotations

from collections.abc import Sequence

from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.model.figures import counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.points import Broken
from vopr_coverage.model.report import Finish, Input

REQUIRED = "the run finished"
ADVICE = {
    "unknown-end": "This format doesn't tell whether a run finished: name the event that the program reports at its "
    "end as `complete_when` in the config, or excuse the gate with `on_not_measured`.",
    "ended-early": "Look at the program's own output and exit status, and run it again.",
    "undecided": "The tester could not tell whether it holds: look at its own output, or let it run longer.",
    "broken": "A property that must hold was broken: look at the run in which it was.",
}
OF_FINISH = (ADVICE["unknown-end"], ADVICE["ended-early"])
OF_PROPERTIES = (ADVICE["broken"], ADVICE["undecided"])


def finish_outcome(finish: Finish) -> Outcome:
    """Whether the run that wrote this file finished, as far as its format or an event of the program tells."""
    gate = "run-complete"
    if finish.ended_early:
        line = f"Run incomplete: {finish.ended_early}"
        shortfall = Shortfall(
            kind="RunIncomplete",
            message="Run incomplete",
            expected="A run that finished",
            actual=finish.ended_early,
            line=line,
        )
        return _outcome(gate, Status.FAILED, "ended early", REQUIRED, (shortfall,), ADVICE["ended-early"])
    if finish.known:
        return _outcome(gate, Status.PASSED, "finished", REQUIRED)
    line = f"Whether the run finished is {NOT_MEASURED_TEXT}"
    shortfall = Shortfall(
        kind="NotMeasured", message=line, expected="A run that finished", actual=NOT_MEASURED_TEXT, line=line
    )
    return _outcome(gate, Status.NOT_MEASURED, NOT_MEASURED_TEXT, REQUIRED, (shortfall,), ADVICE["unknown-end"])


def properties_outcome(file: Input) -> Outcome:
    """No property was broken."""
    gate, required = "properties", "0 violated"
    broken = list(file.observed.broken.values()) if file.observed else []
    undecided = file.observed.undecided if file.observed else ()
    if undecided and not broken:
        return undecided_outcome(undecided)
    if not broken:
        return _outcome(gate, Status.PASSED, "0 violated", required, value=0)
    shortfalls = tuple(map(_broken, broken))
    measured = f"{len(broken)} violated"
    return _outcome(gate, Status.FAILED, measured, required, shortfalls, ADVICE["broken"], len(broken))


def undecided_outcome(names: Sequence[str]) -> Outcome:
    """Properties of which the tester could not tell whether they hold: nobody has said that they do."""
    shortfalls = tuple(map(_not_decided, names))
    return _outcome("properties", Status.NOT_MEASURED, NOT_MEASURED_TEXT, "0 violated", shortfalls, ADVICE["undecided"])


def _broken(found: Broken) -> Shortfall:
    runs = f", in {counted(found.runs, 'run')}" if found.runs > 1 else ""
    return Shortfall(
        kind="PropertyViolated",
        message=f"Property '{found.name}' {found.line}",
        expected="Holds",
        actual="Violated" if found.runs == 1 else f"Violated in {counted(found.runs, 'run')}",
        line=f"Property '{found.name}' {found.line}{runs}",
        point=found.name,
    )


def _not_decided(name: str) -> Shortfall:
    line = f"Property '{name}' was not decided"
    return Shortfall(
        kind="NotMeasured", message=line, expected="Holds", actual=NOT_MEASURED_TEXT, line=line, point=name
    )


def _outcome(
    gate: str,
    status: Status,
    measured: str,
    required: str,
    violations: tuple[Shortfall, ...] = (),
    advice: str = "",
    value: int | None = None,
) -> Outcome:
    return Outcome(
        gate=gate,
        status=status,
        measured=measured,
        required=required,
        origin="always",
        value=value,
        violations=violations,
        advice=advice,
    )
