"""The shipped configs, examined by the doctor with healthy runs of their own: nearly all is noticed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.reports import REAL
from vopr_coverage.check.flow import CheckRequest, Rules, read_runs
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


@pytest.mark.xfail(reason="the config asks for too little of each scenario; it is being rewritten")
def test_the_config_of_kimberlite_notices_nearly_all(tmp_path: Path) -> None:
    """No line would close a blind spot that is left: what is rare, and what chance decides."""
    reports = [f"{scenario}={REAL}/{run}.ndjson" for scenario, runs in KIMBERLITE.items() for run in runs]
    score, diagnosis = examined("kimberlite.yml", reports)
    assert score >= SCORE_MIN
    assert [spot.what for spot in diagnosis.blind_spots if spot.config] == []


def test_the_config_of_the_example_notices_nearly_all(tmp_path: Path) -> None:
    """The same, with runs of the simulator that is shipped."""
    for scenario in SIMULATED:
        command = [
            sys.executable,
            str(ROOT / "examples" / "simulator"),
            "--scenario",
            scenario,
            "--seed",
            "42",
            "--json",
        ]
        ran = subprocess.run([*command, "--iterations", "200"], capture_output=True, check=False, timeout=120)
        (tmp_path / f"{scenario}.ndjson").write_bytes(ran.stdout)
    reports = [f"{scenario}={tmp_path}/{scenario}.ndjson" for scenario in SIMULATED]
    score, diagnosis = examined("simulator.yml", reports)
    assert score >= SCORE_MIN
    assert [spot.what for spot in diagnosis.blind_spots if spot.config] == []
