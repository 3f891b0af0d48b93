"""The verdict: everything the gates found, as plain data that outlives the process.

Every renderer works from a `Verdict` and nothing else, and so does whoever reads
`verdict.json` later. Seeds are strings: they exceed what a browser or jq can count to.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import msgspec

from vopr_coverage.formats import schema as contract
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.report import CoverageReport, Format

VERDICT_FORMAT = "urn:vopr-coverage:schema:verdict:v1"

VerdictStatus = Literal["passed", "failed", "incomplete", "error"]


class GateResult(msgspec.Struct, frozen=True):
    """One row of the table: an Outcome without its violations, which `Verdict` lists."""

    gate: str
    status: Status
    measured: str
    required: str
    origin: str
    value: int | float | None
    minimum: int | float | None
    advice: str
    note: str


class Violation(msgspec.Struct, frozen=True):
    """One thing that falls short, and in which input or merged report. See outcome.Violation."""

    source: str
    gate: str
    kind: str
    message: str
    expected: str
    actual: str
    line: str
    detail: str
    advice: str
    point: str | None = None
    invariant: str | None = None
    seed: str | None = None


class Remark(msgspec.Struct, frozen=True):
    """Something that doesn't fail the gate; `source` is "" when it concerns the whole check."""

    source: str
    text: str


class Failure(msgspec.Struct, frozen=True):
    """Seeds of one run that failed one invariant.

    `seeds` holds at most a thousand of the `count`. `repro` replays the first; with
    `fill_in` it lacks the scenario's name, which nobody told us. With `whole_run` the recorded
    command can't be told a seed, and runs all of them again.
    """

    source: str
    scenario: str | None
    invariant: str
    message: str
    count: int
    seeds: tuple[str, ...]
    repro: str
    fill_in: bool
    expected: bool
    whole_run: bool = False


class BoundUsed(msgspec.Struct, frozen=True):
    """A bound in force and who set it."""

    key: str
    value: Any
    origin: str


class InputSeen(msgspec.Struct, frozen=True):
    """One file that was judged. Iterations are None where the format doesn't tell, `commit` for all but recordings."""

    source: str
    format: Format
    scenario: str | None
    complete: bool
    iterations: int | None
    first_seed: str | None
    gates: tuple[GateResult, ...]
    commit: str | None = None


class GateBefore(msgspec.Struct, frozen=True):
    """How one gate ends for the base's figures under the bounds of today."""

    gate: str
    status: Status
    measured: str
    value: int | float | None


class Change(msgspec.Struct, frozen=True):
    """One report against its counterpart on the base branch.

    Attributes:
        base: the counterpart's name.
        gates: the categories that the base's figures can be held against.
        lost_points, lost_invariants: hit or run on base and not here.
        new_points, new_invariants: hit or run here and not on base.
        loosened: each way in which this report is judged less strictly than on base.
    """

    base: str
    gates: tuple[GateBefore, ...] = ()
    lost_points: tuple[str, ...] = ()
    new_points: tuple[str, ...] = ()
    lost_invariants: tuple[str, ...] = ()
    new_invariants: tuple[str, ...] = ()
    loosened: tuple[str, ...] = ()


class BaseSeen(msgspec.Struct, frozen=True):
    """What a run was compared with.

    Attributes:
        origin: where it came from: a file, or a run of the base branch.
        missing: why there is nothing to compare with, else None.
        absent: reports of the base to which none here answers.
    """

    origin: str
    missing: str | None = None
    absent: tuple[str, ...] = ()


class JudgedReport(msgspec.Struct, frozen=True):
    """One report, or several merged into one, with the gates that judged it.

    `thresholds` says in words what it was held against; `lowered` tells each bound that
    asks for less than the profile does. `change` is None without a counterpart on a base.
    """

    name: str
    scenario: str | None
    status: VerdictStatus
    thresholds: str
    inputs: tuple[InputSeen, ...]
    gates: tuple[GateResult, ...]
    report: CoverageReport | None
    bounds: tuple[BoundUsed, ...]
    lowered: tuple[str, ...]
    change: Change | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The answer. `reason` is one line; `error` is set only where nothing could be judged.

    With `health_only` no coverage was judged.
    """

    status: VerdictStatus
    passed: bool
    reason: str
    version: str
    violations: tuple[Violation, ...] = ()
    warnings: tuple[Remark, ...] = ()
    failures: tuple[Failure, ...] = ()
    reports: tuple[JudgedReport, ...] = ()
    error: str | None = None
    base: BaseSeen | None = None
    health_only: bool = False
    format: str = VERDICT_FORMAT

    @classmethod
    def not_judged(cls, version: str, message: str) -> Self:
        """The verdict where nothing could be judged, because of what `message` says.

        It replaces files and outputs of earlier runs, so that no old verdict is taken for this run's.
        """
        return cls(status="error", passed=False, reason=nothing_judged(message), version=version, error=message)

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/verdict.json."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode() + "\n"


def verdict_from_json(data: bytes, source: str) -> Verdict:
    """Read a verdict file; it is as untrusted as any report.

    Raises:
        ReportError, ManyErrors: no JSON, or not our schema.
    """
    return msgspec.convert(contract.document(data, source, "verdict"), Verdict)


def nothing_judged(message: str) -> str:
    """The reason of every verdict, of whatever type, where nothing could be judged: the first line of the error."""
    first_line = message.partition("\n")[0]
    return f"nothing was judged: {first_line}"


def gate_results(outcomes: Sequence[Outcome]) -> tuple[GateResult, ...]:
    """Outcomes as rows."""
    return tuple(
        GateResult(o.gate, o.status, o.measured, o.required, o.origin, o.value, o.minimum, o.advice, o.note)
        for o in outcomes
    )
