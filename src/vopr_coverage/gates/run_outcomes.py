"""How gates on run health end, and the notes that they share. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.gates.endings import NOT_MEASURED_TEXT
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import Run

NO_RUN_NOTE = "this format has no run records"
SINGLE_RUNS_NOTE = "seeds were not shown to run twice, see `vopr-coverage determinism`"
NO_PROPERTIES_NOTE = "this stream carries no properties"
UNFINISHED_NOTE = "the run did not finish"
CRASHED_NOTE = "the simulator died, see the failing seeds"


def shortfall(
    kind: str, message: str, expected: str, actual: str, line: str = "", *, detail: str = "", point: str | None = None
) -> Shortfall:
    """A shortfall whose line is its message, if none is given."""
    return Shortfall(
        kind=kind, message=message, expected=expected, actual=actual, line=line or message, detail=detail, point=point
    )


def unanswered(gate: str, is_required: bool, required: str, origin: str, what: str, least: int | None) -> Outcome:
    """A gate whose figure this format cannot contain: *not measured* if the figure is required."""
    if not is_required:
        return not_required(gate, NO_RUN_NOTE)
    expected = f"At least {least}" if least else "Measured"
    message = f"{what}: {NOT_MEASURED_TEXT}"
    line = f"{message} (expected >= {least})" if least else message
    violation = shortfall("NotMeasured", message, expected, NOT_MEASURED_TEXT, line)
    return Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=origin,
        minimum=least,
        violations=(violation,),
        advice=SHARED_ADVICE["not-reported"],
    )


def unfinished(gate: str, required: str, origin: str, run: Run) -> Outcome:
    """A gate that needs a whole stream, for a run that did not finish. Another gate has the violation that says so."""
    return Outcome(
        gate=gate,
        status=Status.NOT_MEASURED,
        measured=NOT_MEASURED_TEXT,
        required=required,
        origin=origin,
        note=CRASHED_NOTE if run.crashed else UNFINISHED_NOTE,
    )


def not_required(gate: str, note: str, *warnings: str) -> Outcome:
    """A gate that has nothing to judge here, and why."""
    return Outcome(gate=gate, status=Status.NOT_REQUIRED, measured="", required="nothing", warnings=warnings, note=note)


def passed(gate: str, measured: str, required: str, value: int | None = None) -> Outcome:
    """A gate that is always required, and met."""
    return Outcome(gate=gate, status=Status.PASSED, measured=measured, required=required, origin="always", value=value)


def failed(
    gate: str, advice: str, measured: str, required: str, shortfalls: Iterable[Shortfall], *, value: int | None = None
) -> Outcome:
    """A gate that is always required, and not met."""
    return Outcome(
        gate=gate,
        status=Status.FAILED,
        measured=measured,
        required=required,
        origin="always",
        violations=tuple(shortfalls),
        advice=advice,
        value=value,
    )
