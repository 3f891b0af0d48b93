"""The verdict of `vopr-coverage determinism`, as plain data. Seeds are strings, as in verdict.py."""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from vopr_coverage.determinism.differences import Difference
from vopr_coverage.determinism.lockstep import Ranges
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.verdict import Remark, nothing_judged

DETERMINISM_FORMAT = "urn:vopr-coverage:schema:determinism:v1"

Status = Literal["passed", "failed", "incomplete", "not measured", "error"]
Mode = Literal["twice in one run", "two runs"]


class SeedsListed(msgspec.Struct, frozen=True):
    """How many seeds, and the first hundred ranges of them, as `42` or `100–199`."""

    count: int = 0
    ranges: tuple[str, ...] = ()


def seeds_listed(ranges: Ranges) -> SeedsListed:
    """Ranges as text, the first hundred of them."""
    spelled = (f"{first}–{last}" if first != last else str(first) for first, last in ranges.ranges)
    return SeedsListed(ranges.count, tuple(spelled))


class ComparedRun(msgspec.Struct, frozen=True):
    """One of the runs. `silent` failed without a record, `missing` are shared seeds without one."""

    source: str
    scenario: str | None
    complete: bool
    first_seed: str | None
    announced: int | None
    iterations: int
    failed: int
    silent: SeedsListed
    missing: SeedsListed = SeedsListed()


class Divergence(msgspec.Struct, frozen=True):
    """A seed that came out differently, with what differs."""

    seed: str
    differences: tuple[Difference, ...]


class DeterminismFinding(msgspec.Struct, frozen=True):
    """One reason why this isn't a pass: of which run, what kind, in one line, and what to do.

    `detail` has the last words of its simulator, if there are any.
    """

    source: str
    kind: str
    line: str
    advice: str
    detail: str = ""


class ReplayCommand(msgspec.Struct, frozen=True):
    """The command that replays one seed."""

    seed: str
    command: str


class FieldCount(msgspec.Struct, frozen=True):
    """In how many seeds a field differs."""

    field: str
    seeds: int


class DeterminismVerdict(msgspec.Struct, frozen=True):
    """The answer.

    Attributes:
        mode: None where nothing was judged.
        seeds: how many were run twice and could be compared.
        nondeterministic: how many of these came out differently.
        at_least, at_most: 95 % bounds on the share of such seeds, 0 to 1; None without seeds.
        fill_in: the replay commands lack the scenario's name, which is not known.
    """

    status: Status
    passed: bool
    reason: str
    version: str
    mode: Mode | None = None
    seeds: int = 0
    nondeterministic: int = 0
    at_least: float | None = None
    at_most: float | None = None
    runs: tuple[ComparedRun, ...] = ()
    findings: tuple[DeterminismFinding, ...] = ()
    by_field: tuple[FieldCount, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    replays: tuple[ReplayCommand, ...] = ()
    fill_in: bool = False
    warnings: tuple[Remark, ...] = ()
    error: str | None = None
    format: str = DETERMINISM_FORMAT

    @property
    def nothing_judged(self) -> bool:
        """Whether `error` is all there is. Beside runs, it says why one of two cannot be compared."""
        return self.error is not None and not self.runs

    @classmethod
    def not_judged(cls, version: str, message: str) -> Self:
        """The verdict where nothing could be judged, because of what `message` says."""
        return cls(status="error", passed=False, reason=nothing_judged(message), version=version, error=message)

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/determinism.json."""
        return json_text(self)
