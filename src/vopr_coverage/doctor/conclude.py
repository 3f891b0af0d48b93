"""From planted faults and findings in workflow files to one verdict. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from vopr_coverage.check.flow import Rules
from vopr_coverage.config.file import Config
from vopr_coverage.doctor.cure import Setting, all_lines, cure_of, cure_of_missing, healthy_of, together
from vopr_coverage.doctor.judge import Examination, scenarios_of
from vopr_coverage.doctor.verdict import (
    BlindSpot,
    DoctorVerdict,
    NotPlantedFault,
    PlantedFault,
    WorkflowFinding,
)
from vopr_coverage.errors import printable
from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import Input


class Diagnosis(msgspec.Struct, frozen=True):
    """Blind spots, and the settings that would close them, one for each key and place."""

    blind_spots: tuple[BlindSpot, ...]
    settings: tuple[Setting, ...]


def diagnose(examination: Examination, inputs: Sequence[Input], rules: Rules, config: Config) -> Diagnosis:
    """What the gate does not see, and what would let it."""
    healthy = {scenario: healthy_of(group, rules, config) for scenario, group, _ in scenarios_of(inputs, rules, config)}
    spots, settings = list[BlindSpot](), list[Setting]()
    for fault in examination.blind:
        if fault.reports is not None:
            cure = cure_of_missing(len(inputs), rules)
        else:
            cure = cure_of(fault, healthy[fault.scenario], rules, config)
        lines = cure.setting.lines() if cure.setting else []
        if cure.setting:
            settings.append(cure.setting)
        spot = BlindSpot(
            name=fault.name,
            kind=fault.kind,
            subject=fault.subject,
            scenario=fault.scenario,
            what=f"{fault.what}, and the gate stays green",
            config="".join(f"{line}\n" for line in lines),
            note=cure.note,
        )
        spots.append(spot)
    return Diagnosis(tuple(spots), tuple(together(settings)))


def conclude_doctor(
    version: str,
    examination: Examination | None,
    diagnosis: Diagnosis | None,
    minimum: float | None,
    findings: Sequence[WorkflowFinding] = (),
    files: int = 0,
) -> DoctorVerdict:
    """The verdict: failed below `doctor_min`, and if a workflow file has a finding.

    Args:
        examination, diagnosis: None where no runs were given.
    """
    score = examination.score if examination else None
    too_low = minimum is not None and examination is not None and (score is None or score < minimum)
    passed = not too_low and not findings
    return DoctorVerdict(
        status="passed" if passed else "failed",
        passed=passed,
        reason=_reason(examination, minimum if too_low else None, findings, files),
        version=version,
        score=score,
        planted=len(examination.judged) if examination else 0,
        noticed=examination.noticed if examination else 0,
        minimum=minimum,
        blind_spots=diagnosis.blind_spots if diagnosis else (),
        not_planted=tuple(
            NotPlantedFault(name=each.name, scenario=each.scenario, why=each.why)
            for each in (examination.not_planted if examination else ())
        ),
        faults=tuple(
            PlantedFault(each.fault.name, each.fault.scenario, each.noticed_by)
            for each in (examination.judged if examination else ())
        ),
        config="".join(f"{line}\n" for line in all_lines(diagnosis.settings)) if diagnosis else "",
        findings=tuple(findings),
        files=files,
    )


def _reason(
    examination: Examination | None, missed_minimum: float | None, findings: Sequence[WorkflowFinding], files: int
) -> str:
    parts = []
    if examination:
        score = examination.score
        share = "nothing could be planted" if score is None else f"score {score:.3f}"
        parts.append(f"{examination.noticed} of {counted(len(examination.judged), 'planted fault')} noticed, {share}")
        if missed_minimum is not None:
            parts[-1] += f", doctor_min is {missed_minimum:g}"
    if files:
        where = f"in {counted(files, 'workflow file')}"
        first = f", the first at {printable(findings[0].file)}:{findings[0].line}" if findings else ""
        parts.append(f"{counted(len(findings), 'finding')} {where}{first}")
    return "; ".join(parts)
