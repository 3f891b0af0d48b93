"""The night's gate, examined by the doctor: the coverage runs are the healthy ones that faults are planted in. Pure."""

from __future__ import annotations

import msgspec

from vopr_coverage.config.file import Config
from vopr_coverage.doctor.conclude import diagnose
from vopr_coverage.doctor.judge import examine
from vopr_coverage.errors import UserError
from vopr_coverage.model.figures import counted
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.findings import Covered
from vopr_coverage.nightly.verdict import Finding, GateScore, JobSeen, JobStatus

GATE = "gate"
BLIND_SPOTS_MAX = 1_000


class ExaminedGate(msgspec.Struct, frozen=True):
    """The part of the night about the gate. `score` is None where it was not measured."""

    job: JobSeen
    findings: tuple[Finding, ...] = ()
    score: GateScore | None = None


def examine_coverage_gate(covered: Covered | None, config: Config) -> ExaminedGate:
    """Score the gate by the night's coverage runs. It is required only where the config has `doctor_min`.

    Args:
        covered: the coverage of the night; None where its part is red.
    """
    examination = None
    if covered and covered.inputs:
        try:
            examination = examine(covered.inputs, covered.rules, config)
        except UserError:  # the coverage part has a finding that says why
            examination = None
    if examination is None or examination.score is None:
        line = "not measured: coverage is not green, and a red run shows nothing about the gate"
        return _unmeasured(line) if config.doctor_min is not None else ExaminedGate(_seen("not required", line))
    assert covered is not None
    diagnosis = diagnose(examination, covered.inputs, covered.rules, config)
    score = GateScore(
        score=examination.score,
        planted=len(examination.judged),
        noticed=examination.noticed,
        minimum=config.doctor_min,
        blind_spots=diagnosis.blind_spots[:BLIND_SPOTS_MAX],
    )
    line = f"{score.noticed:,} of {counted(score.planted, 'planted fault')} noticed, score {score.score:.3f}"
    if score.minimum is None:
        return ExaminedGate(_seen("not required", line), score=score)
    line += f", at least {score.minimum:.3f} is required"
    if score.score >= score.minimum:
        return ExaminedGate(_seen("passed", line), score=score)
    finding = Finding(job=GATE, source="", kind="gate", line=line, advice=advice.GATE)
    return ExaminedGate(_seen("failed", line), (finding,), score)


def _unmeasured(line: str) -> ExaminedGate:
    finding = Finding(job=GATE, source="", kind="gate", line=line, advice=advice.NO_SCORE)
    return ExaminedGate(_seen("incomplete", line), (finding,))


def _seen(status: JobStatus, line: str) -> JobSeen:
    return JobSeen(name=GATE, result="", status=status, line=line)
