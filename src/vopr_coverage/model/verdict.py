"""The verdict: everything that the gates found, as plain data that is stored as JSON.

Renderers read a `Verdict` and nothing else; `verdict.json` is the same data. Seeds are strings,
because browsers and jq lose digits of large integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import msgspec

from vopr_coverage.formats import schema as contract
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.crash import Crash
from vopr_coverage.model.outcome import Outcome, Status
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.points import Location
from vopr_coverage.model.rates import RatesSeen
from vopr_coverage.model.report import CoverageReport, Format
from vopr_coverage.model.seen import ObservedSeen

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
    """One requirement that is not met, and in which input or merged report. See `outcome.Shortfall`.

    `location` is where the source code has the point, invariant or property, as far as the tester says.
    """

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
    location: Location | None = None
    repro: str = ""


class Remark(msgspec.Struct, frozen=True):
    """A remark that fails no gate; `source` is "" if it concerns the whole check."""

    source: str
    text: str


class Failure(msgspec.Struct, frozen=True):
    """Seeds of one run that failed one invariant, or that its simulator died at: then there is a `crash`.

    `seeds` has at most a thousand of the `count`. `repro` replays the first one. With `fill_in` the
    scenario is unknown and its name missing in `repro`. With `whole_run` the recorded command takes
    no seed, so `repro` runs all seeds again.
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
    crash: Crash | None = None


class Unusable(msgspec.Struct, frozen=True):
    """A report that was named and cannot be judged: its name, and why, in one line or several."""

    source: str
    scenario: str | None
    problem: str


class BoundUsed(msgspec.Struct, frozen=True):
    """A bound in force and what set it."""

    key: str
    value: Any
    origin: str


class InputSeen(msgspec.Struct, frozen=True):
    """One file that was judged.

    `complete` is None where nothing tells whether the run finished, `iterations` if the format has no such figure,
    `commit` without a recording. With `wrote_nothing` it is a recording of a simulator that ended without a single
    record.
    """

    source: str
    format: Format
    scenario: str | None
    complete: bool | None
    iterations: int | None
    first_seed: str | None
    gates: tuple[GateResult, ...]
    commit: str | None = None
    wrote_nothing: bool = False


class GateBefore(msgspec.Struct, frozen=True):
    """The result of one gate for the base's figures, under today's bounds."""

    gate: str
    status: Status
    measured: str
    value: int | float | None


class Change(msgspec.Struct, frozen=True):
    """One report against its counterpart on the base branch.

    Attributes:
        base: the counterpart's name.
        gates: the results of the categories for the base's figures.
        lost_points, lost_invariants: hit or run on the base and not here.
        new_points, new_invariants: hit or run here and not on the base.
        loosened: each way in which this report is judged less strictly than on the base.
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
        missing: why there is no base to compare with, else None.
        absent: reports of the base that have no counterpart here.
        commit: the commit that the base was judged at, None where that is not known.
    """

    origin: str
    missing: str | None = None
    absent: tuple[str, ...] = ()
    commit: str | None = None


class JudgedReport(msgspec.Struct, frozen=True):
    """One report, or several merged into one, with the gates that judged it.

    `thresholds` names the bounds in words. `lowered` has each bound that requires less than the
    profile. `change` is None without a counterpart on a base. `too_short` has each minimum that applies to
    longer runs only. `observed` is None for a format that has only a report, `rates` where nobody knows how many
    seeds hit what, `pairs` where nobody knows which seed hit which point.
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
    too_short: tuple[str, ...] = ()
    observed: ObservedSeen | None = None
    rates: RatesSeen | None = None
    pairs: PairCoverage | None = None


class Verdict(msgspec.Struct, frozen=True):
    """The result of a check. `reason` is one line. With `health_only` no coverage was judged.

    Attributes:
        error: why not everything could be judged, or nothing, if there are no reports; None if all was judged.
        unusable: each report that could not be judged, beside others that were.
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
    unusable: tuple[Unusable, ...] = ()
    format: str = VERDICT_FORMAT

    @property
    def lacks_evidence(self) -> bool:
        """Whether something that was named left nothing to judge: then the exit code is not that of a failed gate."""
        return self.error is not None or any(read.wrote_nothing for report in self.reports for read in report.inputs)

    @classmethod
    def not_judged(cls, version: str, message: str) -> Self:
        """The verdict where nothing could be judged, because of what `message` says.

        It replaces files and outputs of earlier runs, so that no old verdict is taken for this run's.
        """
        return cls(status="error", passed=False, reason=nothing_judged(message), version=version, error=message)

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/verdict.json."""
        return json_text(self)


def verdict_from_json(data: bytes, source: str) -> Verdict:
    """Read a verdict file, which is as untrusted as any report.

    Raises:
        ReportError, ManyErrors: it is not JSON, or it violates the schema.
    """
    return msgspec.convert(contract.document(data, source, "verdict"), Verdict)


def nothing_judged(message: str) -> str:
    """The reason of every verdict, of whatever type, where nothing could be judged: the first line of the error."""
    first_line = message.partition("\n")[0]
    return f"nothing was judged: {first_line}"


def gate_results(outcomes: Sequence[Outcome]) -> tuple[GateResult, ...]:
    """Outcomes as rows of the table."""
    return tuple(
        GateResult(
            gate=o.gate,
            status=o.status,
            measured=o.measured,
            required=o.required,
            origin=o.origin,
            value=o.value,
            minimum=o.minimum,
            advice=o.advice,
            note=o.note,
        )
        for o in outcomes
    )
