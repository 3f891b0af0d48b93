"""examples/configs/simulator.yml: healthy runs from any seed pass it, each sick one fails for its own reason."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from examples.simulator.coverage import FAULT_POINTS
from tests.support.checking import checked
from tests.support.examples import THOROUGH
from tests.support.simulator_runs import SimulatorRuns
from vopr_coverage.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
CONFIG = str(ROOT / "examples" / "configs" / "simulator.yml")


def judged(path: Path, scenario: str) -> Verdict:
    """The verdict on a run of the simulator under the example config."""
    return checked([f"{scenario}={path}"], config=CONFIG)


@pytest.mark.parametrize("scenario", ["baseline", "swizzle", "multi-tenant", "combined", "equivocation"])
@pytest.mark.parametrize("seed", [42, 123_456_789_012] if THOROUGH else [42])
def test_a_healthy_run_passes(scenario: str, seed: int, simulator_runs: SimulatorRuns) -> None:
    """A gate that fails now and then would be switched off. (Fifty bases were tried when the floors were set.)"""
    verdict = judged(simulator_runs.stream(scenario, seed=seed), scenario)
    assert [violation.line for violation in verdict.violations] == []


@pytest.mark.parametrize(
    ("features", "first"),
    [
        ("drop-disabled", "Fault point 'network.drop' took effect too few times: 0 (expected >= 700)"),
        ("canary-commit-quorum", "Invariant 'commit_quorum' failed on "),
        ("crash-midway", "Run incomplete: no batch_complete after 3 of 200 iterations, stopped at seed 45"),
    ],
)
def test_a_sick_run_fails_for_its_own_reason(features: str, first: str, simulator_runs: SimulatorRuns) -> None:
    """The first line of the verdict is the disease."""
    verdict = judged(simulator_runs.stream("combined", "--features", features), "combined")
    lines = [violation.line for violation in verdict.violations if violation.kind != "FaultPointCoverage"]
    assert lines[0].startswith(first)


def test_a_fault_that_is_attempted_in_vain_is_not_hit(simulator_runs: SimulatorRuns) -> None:
    """The injector of drop-disabled decides for a drop as often as ever, and drops nothing."""
    run = simulator_runs.stream("combined", "--features", "drop-disabled")
    first = judged(run, "combined").violations[0]
    assert first.line == "Fault point coverage too low: 91.7% (expected >= 100.0%)"
    assert re.fullmatch(r"11 of 12 points; 'network.drop' was attempted [\d,]+ times, never took effect", first.detail)


def test_a_nondeterministic_run_fails(simulator_runs: SimulatorRuns) -> None:
    """Its seeds leave no record."""
    options = ("--features", "nondeterministic", "--check-determinism")
    verdict = judged(simulator_runs.stream("combined", *options, iterations=3), "combined")
    assert any(v.line == "Nondeterministic: 3 failed seeds left no record: 42, 43, 44" for v in verdict.violations)


def test_a_scenario_without_faults_is_not_taken_for_one_with_faults(simulator_runs: SimulatorRuns) -> None:
    """A baseline run under the name of `combined` lacks fault points, effects and view changes."""
    path = simulator_runs.stream("baseline")
    assert judged(path, "baseline").passed
    verdict = judged(path, "combined")
    lines = [violation.line for violation in verdict.violations]
    assert any("sim.storage.crash" in line for line in lines)
    assert any("vsr.view_change_complete" in line or "vsr:view_change_complete" in line for line in lines)


def test_the_config_declares_the_simulators_fault_points() -> None:
    """All of them, in its order."""
    listed = [line[4:].split(" ")[0] for line in Path(CONFIG).read_text(encoding="utf-8").splitlines()]
    assert json.dumps(FAULT_POINTS)[1:-1] in json.dumps(listed)
