"""What the doctor found, as plain data that is stored as JSON. Pure.

`score` is None where no fault was planted, which is neither zero nor a pass.
"""

from __future__ import annotations

from typing import Literal, Self

import msgspec

from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.verdict import nothing_judged

DOCTOR_FORMAT = "urn:vopr-coverage:schema:doctor:v1"

DoctorStatus = Literal["passed", "failed", "error"]


class PlantedFault(msgspec.Struct, frozen=True):
    """One fault that was planted. `noticed_by` is the first gate that failed on it, "" if none did."""

    name: str
    scenario: str | None
    noticed_by: str


class BlindSpot(msgspec.Struct, frozen=True):
    """A planted fault that leaves the gate green.

    Attributes:
        name: of the fault; `kind` and `subject` are its parts.
        what: what happened, with the figures before and after, in a sentence.
        config: the lines of the config that would close it, complete with what they replace; "" if there are none.
        note: why there are none, or what else to do; "" if there is nothing to add.
    """

    name: str
    kind: str
    subject: str
    scenario: str | None
    what: str
    config: str = ""
    note: str = ""


class NotPlantedFault(msgspec.Struct, frozen=True):
    """A fault that does not apply to these runs, and why. It counts neither as noticed nor as a blind spot."""

    name: str
    scenario: str | None
    why: str


class WorkflowFinding(msgspec.Struct, frozen=True):
    """A place in a workflow file where a red gate would not stop anything.

    Attributes:
        rule: its name in docs/doctor.md.
        place: the job, and the step in it, as the file names them.
        what: what stands there; why: what follows from it; instead: what to write.
    """

    file: str
    line: int
    rule: str
    place: str
    what: str
    why: str
    instead: str


class DoctorVerdict(msgspec.Struct, frozen=True):
    """The answer.

    Attributes:
        score: the share of the planted faults that the gate noticed, 0 to 1; None if none was planted.
        minimum: `doctor_min` of the config; None if it is not set.
        config: the lines that would close all blind spots that lines can close.
        score_with_config: the score with these lines in the config; None without them.
        findings: of the workflow files; `files` is how many were read.
        remarks: what the patterns match that was not read, and what became of `--write`.
        canaries: a sentence on each canary that a crash detects; they are not in the score.
        error: set only if nothing could be judged.
    """

    status: DoctorStatus
    passed: bool
    reason: str
    version: str
    score: float | None = None
    planted: int = 0
    noticed: int = 0
    minimum: float | None = None
    blind_spots: tuple[BlindSpot, ...] = ()
    not_planted: tuple[NotPlantedFault, ...] = ()
    faults: tuple[PlantedFault, ...] = ()
    config: str = ""
    score_with_config: float | None = None
    findings: tuple[WorkflowFinding, ...] = ()
    files: int = 0
    remarks: tuple[str, ...] = ()
    error: str | None = None
    format: str = DOCTOR_FORMAT
    canaries: tuple[str, ...] = ()

    @classmethod
    def not_judged(cls, version: str, message: str) -> Self:
        """The verdict where nothing could be judged, because of what `message` says."""
        return cls(status="error", passed=False, reason=nothing_judged(message), version=version, error=message)

    def to_json(self) -> str:
        """This verdict as JSON, indented for people; see schemas/doctor.json."""
        return json_text(self)
