"""What every gate returns: an Outcome, with a Shortfall for each requirement that is not met."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """The four results of a gate. A missing figure is a result of its own."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_MEASURED = "not measured"
    NOT_REQUIRED = "not required"


class Shortfall(msgspec.Struct, frozen=True):
    """One requirement that is not met.

    Attributes:
        kind: the seed's ViolationKind where there is one, else one of our run-health kinds.
        message, expected, actual: worded as the seed's validate_coverage() words them.
        line: one line of the text output, worded as the seed's script words it.
        detail: more about this case (exact counts, the next thing to try), or "".
        point: the fault point, phase event or property that it is about, else None.
        invariant: the invariant that it is about, else None.
        seed: the first seed that shows it, else None.
        advice: what to do about it, where the gate's own advice does not fit; a text of the gate, or "".
        repro: the shell command that runs its seeds once more, for a run that did not end by itself, or "".
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
    advice: str = ""
    repro: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """The result of one gate for one report.

    Attributes:
        gate: its id, as in `on_not_measured` and in verdict.json.
        measured, required: text for people, units included.
        value, minimum: the same as one number each, else None.
        origin: who set the requirement.
        advice: what to do next; a constant of the gate, never text from a report.
        note: a remark on the result; "" without one.
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
