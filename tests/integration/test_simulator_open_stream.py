"""The example simulator writes the open stream beside VOPR's: one run, two formats, the same verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.simulator.coverage import FAULT_POINTS, OPERATIONS, PHASES
from tests.support.checking import checked
from tests.support.simulator_runs import SIMULATOR
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading import read_report

# Bounds that both formats measure; view changes, repairs and query plans are in neither stream.
CONFIG = {
    "profile": "none",
    "fault_points": list(FAULT_POINTS),
    "attempt_only": list(OPERATIONS),
    "fault_point_coverage_min": 0.9,
    "critical_fault_points": ["sim.network.send", "network.drop"],
    "required_invariants": ["hash_chain", "vsr_view_change_safety"],
    "min_phase_events": {"vsr.prepare_sent": 10, "vsr.view_change_complete": 3},
    "min_per_iteration": {"vsr.prepare_sent": 20, "linearizability": 12, "network.drop": 2},
    "min_iterations": 20,
}


def run(folder: Path, *options: str) -> tuple[Path, Path, subprocess.CompletedProcess[str]]:
    """One run, as vopr's stream and as the open one."""
    paths = folder / "vopr" / "run.ndjson", folder / "open" / "run.ndjson"
    for path in paths:
        path.parent.mkdir(exist_ok=True)
    command = [sys.executable, str(SIMULATOR), "--seed=42", "--json", f"--simulation={paths[1]}", *options]
    with paths[0].open("wb") as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, text=True, check=False, timeout=120)
    return *paths, ended


def records(path: Path) -> list[dict[str, Any]]:
    """The records of a stream."""
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def judged(path: Path, folder: Path) -> Verdict:
    """The verdict on a stream."""
    (folder / "config.yml").write_text(yaml.safe_dump(CONFIG))
    return checked([str(path)], config=str(folder / "config.yml"))


def gates_of(verdict: Verdict) -> dict[str, tuple[str, str, str]]:
    """How each gate ended, on what figure, against what bound; VOPR's properties are invariants of the open stream."""
    gates = [*verdict.reports[0].gates, *(gate for read in verdict.reports[0].inputs for gate in read.gates)]
    return {gate.gate: (gate.status.value, gate.measured, gate.required) for gate in gates if gate.gate != "properties"}


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        (["--iterations=40"], True),
        (["--iterations=40", "--scenario=baseline"], False),
        (["--iterations=40", "--scenario=swizzle"], False),
        (["--iterations=10"], False),
        (["--iterations=40", "--features=drop-disabled"], False),
        (["--iterations=40", "--features=canary-wrong-hash"], False),
        (["--iterations=40", "--features=canary-commit-quorum"], False),
    ],
)
def test_both_streams_of_a_run_give_the_same_verdict(options: list[str], passes: bool, tmp_path: Path) -> None:
    """Gate by gate: status, figure, bound and the words of each violation."""
    vopr, simulation, _ = run(tmp_path, *options)
    one, other = judged(vopr, tmp_path), judged(simulation, tmp_path)
    assert one.passed == other.passed == passes
    assert gates_of(one) == gates_of(other)
    assert [violation.line for violation in one.violations] == [violation.line for violation in other.violations]


def test_a_crash_leaves_both_incomplete_at_its_seed(tmp_path: Path) -> None:
    """Neither has an end, and the seeds before it stand in both."""
    vopr, simulation, ended = run(tmp_path, "--iterations=40", "--panic-at=47")
    assert ended.returncode == 101
    for path, end in ((vopr, "batch_complete"), (simulation, "end record")):
        first = judged(path, tmp_path).violations[0].line
        assert (
            first
            == f"Run incomplete: no {end} after 5 of 40 {'iterations' if path == vopr else 'seeds'}, stopped at seed 47"
        )


def test_a_seed_whose_two_runs_differ_fails_in_both(tmp_path: Path) -> None:
    """VOPR leaves its record out; the open stream says what failed."""
    options = ("--iterations=4", "--check-determinism", "--features=nondeterministic")
    vopr, simulation, ended = run(tmp_path, *options)
    assert ended.returncode == 1
    assert not judged(vopr, tmp_path).passed
    lines = [violation.line for violation in judged(simulation, tmp_path).violations]
    assert "Invariant 'determinism' failed on 4 seeds: 42, 43, 44, 45" in lines


def test_hits_are_recorded_seed_by_seed_and_add_up(tmp_path: Path) -> None:
    """VOPR's stream has the sums of a batch alone; here each seed has its own."""
    vopr, simulation, _ = run(tmp_path, "--iterations=30")
    seeds = records(simulation)[1:-1]
    coverage = records(vopr)[-1]["data"]["coverage"]
    points = coverage["fault_points"]["fault_points"]
    sums = {name: sum(seed["hits"].get(name, 0) for seed in seeds) for name in FAULT_POINTS}
    assert sums == {name: points[name]["attempted" if name in OPERATIONS else "applied"] for name in FAULT_POINTS}
    invariants = coverage["invariants"]["invariant_counts"]
    assert {name: sum(seed["ran"].get(name, 0) for seed in seeds) for name in invariants} == invariants
    assert len({seed["hits"]["network.drop"] for seed in seeds}) > 3
    read = read_report(str(simulation)).observed
    assert read is not None
    crashes = read.points["sim.storage.crash"]
    assert crashes.runs == sum("sim.storage.crash" in seed["hits"] for seed in seeds) < (crashes.count or 0)


def test_the_reader_takes_it_without_a_word(tmp_path: Path) -> None:
    """All that a seed hits or runs is declared, and occurs."""
    read = read_report(str(run(tmp_path, "--iterations=200", "--check-determinism")[1]))
    assert read.warnings == ()
    assert read.observed is not None
    assert [name for name, point in read.observed.points.items() if not point.hit] == []
    assert {name for name, point in read.observed.points.items() if point.kind == "phase"} == {
        phase.replace(":", ".") for phase in PHASES
    }


def test_it_can_be_printed_but_not_between_the_lines_of_the_other(tmp_path: Path) -> None:
    """`-` is standard output, which has one stream."""
    _, simulation, _ = run(tmp_path, "--iterations=3")
    command = [sys.executable, str(SIMULATOR), "--seed=42", "--iterations=3", "--simulation=-"]
    printed = subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
    assert printed == simulation.read_bytes()
    both = subprocess.run([*command, "--json"], capture_output=True, text=True, check=False, timeout=60)
    assert (both.returncode, both.stdout) == (1, "")
    assert "--json and --simulation can't both write to standard output" in both.stderr
