"""The gate of a night, examined with its coverage runs: whole parts, below, at and above the score that is required."""

from __future__ import annotations

import json

import pytest

from tests.support.reports import a_report
from vopr_coverage.check.flow import Rules
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.doctor.verdict import BlindSpot
from vopr_coverage.model.report import Input
from vopr_coverage.nightly.findings import Covered
from vopr_coverage.nightly.gate import ExaminedGate, examine_coverage_gate
from vopr_coverage.nightly.verdict import Finding, GateScore, JobSeen

NOT_MEASURED = "not measured: coverage is not green, and a red run shows nothing about the gate"
HALF = "2 of 4 planted faults noticed, score 0.500"
FIX_COVERAGE = "Fix the coverage first: a red run shows nothing about the gate."
RUN_DOCTOR = (
    "Run `vopr-coverage doctor` on the coverage runs: it prints the lines of the config that close blind spots."
)
SPOTS = tuple(
    BlindSpot(
        name=f"{kind} {subject}",
        kind=kind,
        subject=subject,
        scenario=None,
        what=f"{what}, and the gate stays green",
        note=f"{subject} was seen only {count} times, so a run without it may be chance",
    )
    for kind, subject, count, what in (
        ("invariant-not-run", "x", 4, "invariant 'x' never runs: 4 → 0"),
        ("phase-to-zero", "p", 3, "phase event 'p' never occurs: 3 → 0"),
    )
)


def a_config(minimum: float | None) -> Config:
    """A gate on two fault points, and on nothing else."""
    points = {"profile": "none", "fault_points": ["a", "b"], "fault_point_coverage_min": 1.0}
    asked = {} if minimum is None else {"doctor_min": minimum}
    return parse_config(json.dumps({**points, **asked}), "gate.json")


def covered(figures: str = "hit a 3\nhit b 3\nran x 4\nphase p 3") -> Covered:
    """The coverage of a night with these figures."""
    return Covered("", (), (Input("flat.json", "report", a_report(figures)),), Rules("scenario"))


def seen(status: str, line: str) -> JobSeen:
    """The part as the night lists it: no job of the workflow is behind it."""
    return JobSeen(name="gate", result="", status=status, line=line)  # type: ignore[arg-type]


def told(line: str, what_to_do: str) -> tuple[Finding, ...]:
    """The one finding on it."""
    return (Finding(job="gate", source="", kind="gate", line=line, advice=what_to_do),)


def test_without_a_minimum_the_score_is_shown_and_required_of_nobody() -> None:
    """With everything that the gate does not see."""
    score = GateScore(score=0.5, planted=4, noticed=2, minimum=None, blind_spots=SPOTS)
    assert examine_coverage_gate(covered(), a_config(None)) == ExaminedGate(seen("not required", HALF), (), score)


@pytest.mark.parametrize(
    ("minimum", "required"), [(0.1, "at least 0.100 is required"), (0.5, "at least 0.500 is required")]
)
def test_a_score_at_its_minimum_passes(minimum: float, required: str) -> None:
    """Equality passes, as with every minimum."""
    score = GateScore(score=0.5, planted=4, noticed=2, minimum=minimum, blind_spots=SPOTS)
    expected = ExaminedGate(seen("passed", f"{HALF}, {required}"), (), score)
    assert examine_coverage_gate(covered(), a_config(minimum)) == expected


def test_a_score_below_its_minimum_fails() -> None:
    """The finding is the line of the part, and says where the missing lines of the config are printed."""
    score = GateScore(score=0.5, planted=4, noticed=2, minimum=0.501, blind_spots=SPOTS)
    line = f"{HALF}, at least 0.501 is required"
    expected = ExaminedGate(seen("failed", line), told(line, RUN_DOCTOR), score)
    assert examine_coverage_gate(covered(), a_config(0.501)) == expected


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        Covered("", ()),
        covered("hit a 3\nmissed b"),  # red: the doctor refuses it
        covered(""),
    ],
    ids=["no coverage", "no runs", "red", "nothing was reached"],
)
def test_a_gate_that_was_not_measured_is_incomplete_where_a_minimum_asks_for_it(nothing: Covered | None) -> None:
    """Nobody else has to be told that there is no score."""
    assert examine_coverage_gate(nothing, a_config(None)) == ExaminedGate(seen("not required", NOT_MEASURED))
    expected = ExaminedGate(seen("incomplete", NOT_MEASURED), told(NOT_MEASURED, FIX_COVERAGE))
    assert examine_coverage_gate(nothing, a_config(0.0)) == expected


def test_runs_without_anything_to_take_away_have_no_score() -> None:
    """Neither zero nor a pass: no fault could be planted."""
    nothing = parse_config(json.dumps({"profile": "none", "doctor_min": 0.5}), "gate.json")
    expected = ExaminedGate(seen("incomplete", NOT_MEASURED), told(NOT_MEASURED, FIX_COVERAGE))
    assert examine_coverage_gate(covered(""), nothing) == expected
