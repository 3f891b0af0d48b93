"""`vopr-coverage night` with the example simulator: builds, recordings, verdict, and what survives a kill."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

GATE = {"profile": "none", "fault_points": ["sim.network.send", "sim.storage.write"], "fault_point_coverage_min": 1.0}
ROOT = Path(__file__).resolve().parents[2]
SIMULATOR = ROOT / "examples" / "simulator"
COMMAND = "sim --scenario {scenario} --seed {seed} --iterations {iterations} --json --no-trace-on-failure"
NIGHT: Mapping[str, Any] = {
    "build": f'"{sys.executable}" {SIMULATOR}/build.py --features "$FEATURES" --out sim',
    "binary": "sim",
    "command": COMMAND,
    "scenarios": {"combined": 24},
    "coverage": {"combined": 8},
    "determinism": {"combined": 4},
    "determinism_seeds": [42],
    "minutes": 1,
    "rates": {"combined": 0.4},  # so that the long run is divided
    "jobs": 2,
}


class Machine:
    """A checkout with a simulator, and a folder of nights."""

    def __init__(self, folder: Path, canaries: Mapping[str, Any] | None = None, **changes: object) -> None:
        self.folder = folder
        config = {**GATE, "canaries": canaries or {}, "night": {**NIGHT, **changes}}
        (folder / "night.yml").write_text(json.dumps(config), encoding="utf-8")

    def words(self, *more: str) -> list[str]:
        """The command of a night."""
        return [sys.executable, "-m", "vopr_coverage", "night", "--config", "night.yml", *more]

    def night(self, *more: str) -> subprocess.CompletedProcess[str]:
        """Run one to its end."""
        return subprocess.run(self.words(*more), cwd=self.folder, capture_output=True, text=True, check=False)

    @property
    def newest(self) -> Path:
        """The folder of the newest night."""
        return max((self.folder / ".vopr-nights").glob("0*"))

    def verdict(self) -> Any:
        """The newest verdict, without what depends on the clock."""
        verdict = json.loads((self.newest / "night.json").read_bytes())
        return {key: verdict[key] for key in ("status", "reason", "jobs", "findings")}

    def seeds(self) -> list[tuple[str, int]]:
        """Every seed that was recorded, with the folder of its recording."""
        told = []
        for path in sorted(self.newest.glob("*/**/manifest.json")):
            manifest = json.loads(path.read_bytes())
            assert manifest["whole"], path
            first = int(manifest["seed"])
            told += [(path.parent.name, seed) for seed in range(first, first + manifest["iterations"])]
        return told


def test_a_green_night(tmp_path: Path) -> None:
    """Its long run is divided, what it leaves is in one folder, the history has it, and --resume tells the same."""
    machine = Machine(tmp_path)
    done = machine.night("--notify", f"{shutil.which('cp')} -t .")
    assert (done.returncode, machine.verdict()["status"]) == (0, "passed"), done.stderr
    assert "The night passed" in done.stdout
    assert len(list(machine.newest.glob("long-run/*"))) > 1
    assert len(machine.seeds()) == len(set(machine.seeds())) == 24 + 8 + 2 * 4
    assert not (machine.newest / "unfinished").exists()
    assert (tmp_path / "night.json").read_bytes() == (machine.newest / "night.json").read_bytes()
    history = tmp_path / ".vopr-nights" / "trends" / "trends.ndjson"
    assert {json.loads(line)["run_id"] for line in history.read_text().splitlines()} == {"1"}
    again = machine.night("--resume")
    assert (again.returncode, "night 1 has ended already, with exit code 0" in again.stderr) == (0, True)
    assert machine.night().returncode == 0
    assert machine.newest.name == "000002"
    assert {json.loads(line)["run_id"] for line in history.read_text().splitlines()} == {"1", "2"}


def test_a_red_night_has_its_exit_code(tmp_path: Path) -> None:
    """A bug that was planted in the build under test; a canary that can't be built is one more finding."""
    machine = Machine(tmp_path, {"no-such": {"invariants": ["hash_chain"]}}, canary={"combined": 8})
    done = machine.night("--features", "canary-wrong-hash", "--notify", "false")
    assert done.returncode == 1
    assert "build no-such failed: the script ended with exit code 2" in done.stderr
    assert "--notify: false ended with exit code 1" in done.stderr
    found = {(finding["job"], finding["kind"]) for finding in machine.verdict()["findings"]}
    assert ("canary", "canary") in found
    assert ("long-run", "failing seed") in found
    assert machine.night("--resume").returncode == 2  # of another build than this one


def test_without_the_build_under_test_nothing_is_shown(tmp_path: Path) -> None:
    """The night is red and says why; so does --resume."""
    machine = Machine(tmp_path, build="echo no compiler; exit 7")
    done = machine.night()
    assert done.returncode == 1
    assert "build control failed: the script ended with exit code 7" in done.stderr
    assert "no compiler" in done.stderr
    assert machine.verdict()["status"] != "passed"
    assert machine.night("--resume").returncode == 1
    (tmp_path / "elsewhere").mkdir()
    no_binary = Machine(tmp_path / "elsewhere", build="true")
    assert "it left no 'sim', which `binary` names" in no_binary.night().stderr


def test_a_command_that_runs_no_build_is_refused(tmp_path: Path) -> None:
    """The config can't be used: exit code 2, and what was wrong."""
    done = Machine(tmp_path, command="true {seed}").night()
    assert (done.returncode, "expected the binary 'sim' among its words" in done.stderr) == (2, True), done.stderr


def test_a_night_that_cannot_be_planned_is_red(tmp_path: Path) -> None:
    """It has a verdict, which --notify gets, and the end of the log, line by line; --resume plans it again."""
    machine = Machine(tmp_path, rates={}, command="sim --bogus {seed}")
    done = machine.night("--notify", f"{shutil.which('cp')} -t .")
    assert (done.returncode, machine.verdict()["status"]) == (1, "failed"), done.stderr
    assert "vopr-coverage: the night can't be planned; plan.log in the night's folder ends with:\n" in done.stderr
    assert "unrecognized arguments: --bogus" in done.stderr
    assert "plan" in {finding["job"] for finding in machine.verdict()["findings"]}
    assert (tmp_path / "night.json").exists()
    assert "planning" in machine.night("--resume").stderr


@pytest.mark.parametrize("killed", ["kill -9 $$", "sh -c 'kill -9 $$' || exit $?"], ids=["itself", "what it ran"])
def test_what_somebody_killed_runs_again(tmp_path: Path, killed: str) -> None:
    """A build, and a simulator in the middle of a recording: both are in the log, and neither is a finding.

    A script in place of the simulator ends with exit code 137 if it is what the script ran that was killed.
    """
    once = tmp_path / "killed-once"
    dies = f"if mkdir {once}-$1 2>/dev/null; then {killed}; fi"  # mkdir: two that begin at once are still one kill
    simulator = f'#!/bin/sh\n{dies.replace("$1", "simulator")}\nexec "${{0%run}}real" "$@"\n'
    (tmp_path / "wrapper").write_text(simulator)
    (tmp_path / "wrapper").chmod(0o755)
    build = f"{dies.replace('$1', 'build')}\nmkdir -p sim\n{NIGHT['build']}/real\ncp wrapper sim/run"
    machine = Machine(tmp_path, build=build, command=COMMAND.replace("sim ", "sim/run ", 1))
    done = machine.night()
    assert (done.returncode, machine.verdict()["findings"]) == (0, []), done.stderr
    assert done.stderr.count("its simulator was killed, and runs again") == 1
    assert {path.name for path in tmp_path.glob("killed-once-*")} == {"killed-once-build", "killed-once-simulator"}
    assert len(machine.seeds()) == len(set(machine.seeds())) == 24 + 8 + 2 * 4


def test_a_build_that_is_killed_each_time_is_built_by_resume(tmp_path: Path) -> None:
    """Nobody knows yet whether it can be built: the night is red, and has not ended."""
    machine = Machine(tmp_path, build=f"[ -e quiet ] || kill -9 $$\n{NIGHT['build']}")
    killed = machine.night()
    assert (killed.returncode, machine.verdict()["status"]) == (1, "failed"), killed.stderr
    assert "build control was killed each time; --resume tries it again" in killed.stderr
    (tmp_path / "quiet").touch()
    assert machine.night("--resume").returncode == 0
    assert machine.verdict()["status"] == "passed"


def test_a_config_without_a_night_says_where_to_copy_one(tmp_path: Path) -> None:
    """Exit code 2, and nothing is created."""
    (tmp_path / "night.yml").write_text("profile: none\n")
    words = [sys.executable, "-m", "vopr_coverage", "night", "--config", "night.yml"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, "night.yml has no `night`" in done.stderr) == (2, True)
    assert not (tmp_path / ".vopr-nights").exists()


def test_a_night_that_is_killed_goes_on(tmp_path: Path) -> None:
    """Whenever it is killed, its verdict is that of an undisturbed night, and each seed has one recording."""
    calm = Machine(tmp_path)
    assert calm.night().returncode == 0
    verdict, seeds = calm.verdict(), calm.seeds()
    rng = random.Random(4)
    (tmp_path / "killed").mkdir()
    machine = Machine(tmp_path / "killed")
    words, kills = machine.words(), 0
    while kills < 4:
        night = subprocess.Popen(words, cwd=machine.folder, stderr=subprocess.PIPE, text=True, start_new_session=True)
        time.sleep(rng.uniform(0.5, 3))
        if night.poll() is not None:
            break
        if kills == 1:
            refused = machine.night()
            assert (refused.returncode, "another night runs in" in refused.stderr) == (2, True)
        os.kill(night.pid, signal.SIGKILL if kills % 2 == 0 else signal.SIGTERM)
        night.communicate()
        assert night.returncode in (-signal.SIGKILL, -signal.SIGTERM, 130)
        kills += 1
        begun = (machine.folder / ".vopr-nights").exists() and any(machine.folder.glob(".vopr-nights/*/begun.json"))
        words = machine.words("--resume") if begun else machine.words()
    assert kills
    machine.night("--resume")
    assert (machine.verdict(), machine.seeds()) == (verdict, seeds)
