"""The shipped configs, examined by the doctor with healthy runs of their own: nearly all is noticed."""

from __future__ import annotations

from pathlib import Path

from tests.support.reports import REAL
from tests.support.simulator_runs import SimulatorRuns
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest, read_runs
from vopr_coverage.doctor.conclude import Diagnosis, diagnose
from vopr_coverage.doctor.judge import examine

ROOT = Path(__file__).parents[2]
SCORE_MIN = 0.95
KIMBERLITE = {
    "baseline": ("baseline",),
    "combined": ("combined",),
    "multi-tenant": ("multi-tenant",),
    "swizzle": ("swizzle-a", "swizzle-b"),
    "view-change-merge": ("byzantine-view-change-merge",),
}
SIMULATED = ("baseline", "swizzle", "multi-tenant", "combined", "equivocation")


def examined(name: str, reports: list[str]) -> tuple[float, Diagnosis]:
    """The score of a shipped config with these runs, and what is left."""
    rules = Rules("scenario")
    config, inputs = read_runs(CheckRequest(reports, str(ROOT / "examples" / "configs" / name)), rules.merge)
    examination = examine(inputs, rules, config)
    return examination.score or 0.0, diagnose(examination, inputs, rules, config)


def test_the_config_of_kimberlite_notices_nearly_all() -> None:
    """What is left is too rare, or is how many seeds a job runs, which its workflow says (docs/doctor.md)."""
    reports = [f"{scenario}={REAL}/{run}.ndjson" for scenario, runs in KIMBERLITE.items() for run in runs]
    score, diagnosis = examined("kimberlite.yml", reports)
    assert score >= SCORE_MIN
    assert {spot.kind for spot in diagnosis.blind_spots if spot.config} == {"half-of-the-seeds"}


def test_the_config_of_the_example_notices_nearly_all(simulator_runs: SimulatorRuns) -> None:
    """The same, with runs of the simulator that is shipped."""
    reports = [f"{scenario}={simulator_runs.stream(scenario)}" for scenario in SIMULATED]
    score, diagnosis = examined("simulator.yml", reports)
    assert score >= SCORE_MIN
    assert [spot.what for spot in diagnosis.blind_spots if spot.config] == []
