"""What every judge returns: an Outcome, with a Violation for each thing that falls short."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """The four endings of a gate. Absence of a figure is an ending of its own."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"
    NOT_REQUIRED = "not required"


class Shortfall(msgspec.Struct, frozen=True):
    """One thing that falls short.

    Attributes:
        kind: the seed's ViolationKind where there is one, else one of our run-health kinds.
        message, expected, actual: worded as the seed's validate_coverage() words them.
        line: one line of the text output, worded as the seed's script words it.
        detail: what only this case can say (exact counts, the next thing to try), or "".
        point, invariant, seed: what it is about, where it is about one: a fault point, phase event or property;
            an invariant; the first seed that shows it.
    """

    kind: str
    message: str
    expected: str
    actual: str
    line: str
    detail: str = ""
    point: str | None = None
    invariant: str | None = None
    seed: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """How one gate ended for one report.

    Attributes:
        gate: its id, as in `on_not_measured` and in verdict.json.
        measured, required: text for people, units included.
        value, minimum: the same as numbers where there is one number, else None.
        origin: who set the requirement.
        advice: what to do next; a constant of the gate, never text from a report.
    """

    gate: str
    status: Status
    measured: str
    required: str
    origin: str = ""
    value: int | float | None = None
    minimum: int | float | None = None
    violations: tuple[Shortfall, ...] = ()
    warnings: tuple[str, ...] = ()
    advice: str = ""
    note: str = ""
