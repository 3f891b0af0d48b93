"""examples/configs/simulator.yml: healthy runs from any seed pass it, each sick one fails for its own reason."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from examples.simulator.coverage import FAULT_POINTS
from tests.support.checking import checked
from vopr_coverage.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / "examples" / "configs" / "simulator.yml")
SIMULATOR = ROOT / "examples" / "simulator"


def judged(scenario: str, folder: Path, *options: str, seed: int = 42, iterations: int = 200) -> Verdict:
    """The verdict on a run of the simulator under the example config."""
    numbers = ["--seed", str(seed), "--iterations", str(iterations)]
    command = [sys.executable, str(SIMULATOR), "--scenario", scenario, "--json", *numbers, *options]
    path = folder / f"{scenario}.ndjson"
    path.write_bytes(subprocess.run(command, capture_output=True, check=False, timeout=120).stdout)
    return checked([f"{scenario}={path}"], config=CONFIG)


@pytest.mark.parametrize("scenario", ["baseline", "swizzle", "multi-tenant", "combined", "equivocation"])
@pytest.mark.parametrize("seed", [0, 123_456_789_012])
def test_a_healthy_run_passes(scenario: str, seed: int, tmp_path: Path) -> None:
    """A gate that fails now and then would be switched off. (Fifty bases were tried when the floors were set.)"""
    verdict = judged(scenario, tmp_path, seed=seed)
    assert [violation.line for violation in verdict.violations] == []


@pytest.mark.parametrize(
    ("features", "first"),
    [
        ("drop-disabled", "Fault point 'network.drop' took effect too few times: 0 (expected >= 700)"),
        ("canary-commit-quorum", "Invariant 'commit_quorum' failed on "),
        ("crash-midway", "Run incomplete: no batch_complete after 3 of 200 iterations, stopped at seed 45"),
    ],
)
def test_a_sick_run_fails_for_its_own_reason(features: str, first: str, tmp_path: Path) -> None:
    """The first line of the verdict is the disease."""
    verdict = judged("combined", tmp_path, "--features", features)
    lines = [violation.line for violation in verdict.violations if violation.kind != "FaultPointCoverage"]
    assert lines[0].startswith(first)


def test_a_fault_that_is_attempted_in_vain_is_not_hit(tmp_path: Path) -> None:
    """The injector of drop-disabled decides for a drop as often as ever, and drops nothing."""
    first = judged("combined", tmp_path, "--features", "drop-disabled").violations[0]
    assert first.line == "Fault point coverage too low: 91.7% (expected >= 100.0%)"
    assert re.fullmatch(r"11 of 12 points; 'network.drop' was attempted [\d,]+ times, never took effect", first.detail)


def test_a_nondeterministic_run_fails(tmp_path: Path) -> None:
    """Its seeds leave no record."""
    verdict = judged("combined", tmp_path, "--features", "nondeterministic", "--check-determinism", iterations=3)
    assert any(v.line == "Nondeterministic: 3 failed seeds left no record: 42, 43, 44" for v in verdict.violations)


def test_a_scenario_without_faults_is_not_taken_for_one_with_faults(tmp_path: Path) -> None:
    """A baseline run under the name of `combined` lacks fault points, effects and view changes."""
    baseline = judged("baseline", tmp_path)
    assert baseline.passed
    verdict = checked([f"combined={tmp_path / 'baseline.ndjson'}"], config=CONFIG)
    lines = [violation.line for violation in verdict.violations]
    assert any("sim.storage.crash" in line for line in lines)
    assert any("vsr.view_change_complete" in line or "vsr:view_change_complete" in line for line in lines)


def test_the_config_declares_the_simulators_fault_points() -> None:
    """All of them, in its order."""
    listed = [line[4:].split(" ")[0] for line in Path(CONFIG).read_text(encoding="utf-8").splitlines()]
    assert json.dumps(FAULT_POINTS)[1:-1] in json.dumps(listed)
