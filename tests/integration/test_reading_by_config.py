"""The config's `format` and `declared` hold wherever runs are read, and so does `complete_when` for recorded files.

A tester writes a list of points a seed: only the config says what these files are, and what they could have reached.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.reports import Ended, run_cli
from vopr_coverage.errors import ExitCode

LISTING = """
import sys
seed, output, features = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
points = {"drop": seed, "crash": 1, "done": 1}
for feature in features:
    points.pop(feature, None)
open(output, "w").write("# points\\n" + "".join(f"{name}\\t{count}\\n" for name, count in points.items()))
"""
CONFIG: dict[str, Any] = {
    "profile": "none",
    "format": "points",
    "declared": "points.txt",
    "complete_when": "done",
    "fault_point_coverage_min": 0.6,
    "critical_fault_points": ["drop"],
    "canaries": {"canary-drop": {"fault_points": ["drop"]}},
}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A tester, a config with a list of its three points, and a recording of four seeds."""
    (tmp_path / "listing.py").write_text(LISTING)
    (tmp_path / "points.txt").write_text("crash\ndrop\nrepair\tsometimes\n")
    write(tmp_path, CONFIG)
    assert recorded(tmp_path, "healthy").code == ExitCode.PASSED
    return tmp_path


def write(folder: Path, config: dict[str, Any]) -> None:
    """The config where every command finds it."""
    (folder / ".github").mkdir(exist_ok=True)
    (folder / ".github" / "vopr-coverage.yml").write_text(json.dumps(config))


def recorded(folder: Path, out: str, *without: str, seed: int = 7, iterations: int = 4, scenario: str = "s") -> Ended:
    """Seeds that do not reach these points."""
    asked = ("--scenario", scenario, "--seed", str(seed), "--iterations", str(iterations), "--out", out)
    command = (sys.executable, "-S", "listing.py", "{seed}", "{output}", *without)
    return run_cli("record", *asked, "--", *command, cwd=folder)


def verdict(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and verdict of `check`."""
    ended = run_cli("check", *words, "--format", "json", cwd=folder)
    return ended.code, json.loads(ended.out) if ended.out else {}


def test_check_reads_recorded_lists(world: Path) -> None:
    """Two of three declared points; the event at the end is none of them."""
    code, found = verdict(world, "healthy")
    assert code == ExitCode.PASSED, found
    report = found["reports"][0]
    assert report["report"]["missed_fault_points"] == ["repair"]
    assert report["report"]["total_fault_points"] == 3
    assert report["inputs"][0]["format"] == "points"


def test_a_recorded_seed_that_did_not_end_is_no_pass(world: Path) -> None:
    """Its process ended with 0, and its list has not the event that ends a run."""
    assert recorded(world, "short", "done").code == ExitCode.PASSED
    code, found = verdict(world, "short")
    assert code == ExitCode.GATE_FAILED
    assert "Counts disagree: the event 'done' was never reported" in json.dumps(found)


def test_without_the_config_a_list_is_no_report(world: Path) -> None:
    """It could be any text; so says every command."""
    write(world, {key: value for key, value in CONFIG.items() if key != "format"})
    for words in (("check", "healthy"), ("doctor", "healthy"), ("convert", "healthy"), ("init", "healthy")):
        ended = run_cli(*words, cwd=world)
        assert ended.code == ExitCode.UNUSABLE, ended.out
        assert "output.tar.gz: 7" in ended.err


def test_a_missing_list_is_an_error_of_every_command_that_reads_runs(world: Path) -> None:
    """And of none that reads none."""
    (world / "points.txt").unlink()
    for words in (("check", "healthy"), ("doctor", "healthy"), ("determinism", "healthy"), ("convert", "healthy")):
        ended = run_cli(*words, cwd=world)
        assert (ended.code, "points.txt" in ended.err) == (ExitCode.UNUSABLE, True), words
    assert run_cli("profiles", cwd=world).code == ExitCode.PASSED


def test_a_canary_is_found_by_a_vanished_point(world: Path) -> None:
    """In files that only the config explains."""
    assert recorded(world, "canary-drop", "drop").code == ExitCode.PASSED
    ended = run_cli("canary", "--control", "healthy", "canary-drop=canary-drop", cwd=world)
    assert ended.code == ExitCode.PASSED, ended.out + ended.err
    ended = run_cli("canary", "--control", "healthy", "canary-drop=healthy", cwd=world)
    assert ended.code == ExitCode.GATE_FAILED


def test_doctor_plants_its_faults_in_them(world: Path) -> None:
    """A point that is lost is noticed."""
    ended = run_cli("doctor", "healthy", "--format", "json", cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    assert json.loads(ended.out)["planted"] > 0


def test_init_and_convert_read_them(world: Path) -> None:
    """`init` by flags, since it writes the config; `convert` by the config."""
    words = ("--from", "points", "--declared", "points.txt")
    ended = run_cli("init", "healthy", *words, cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    assert "declared: points.txt" in ended.out
    assert run_cli("convert", "healthy", "--out", "out.ndjson", cwd=world).code == ExitCode.PASSED
    write(world, {**CONFIG, "format": "simulation"})
    code, found = verdict(world, "out.ndjson")
    assert code == ExitCode.PASSED, found
    assert found["reports"][0]["report"]["missed_fault_points"] == ["repair"]


def test_a_night_reads_them(world: Path) -> None:
    """Long run, coverage and canary; then it is red for what the lists show."""
    ended = run_cli(
        "plan", "s=8", "--coverage", "s=4", "--canary", "s=4", "--rate", "s=50", "--jobs", "1", "--minutes", "5",
        "--run-number", "1", "--format", "json", "--command", "unused {seed} {iterations} {scenario}", cwd=world,
    )  # fmt: skip
    assert ended.code == ExitCode.PASSED, ended.err
    plan: dict[str, Any] = json.loads(ended.out)
    (world / "night").mkdir()
    (world / "night" / "plan.json").write_text(ended.out)
    for job in ("long_run", "coverage", "canary"):
        for run in plan[job]["include"]:
            out = f"night/{job.replace('_', '-')}/{run['name']}"
            without = ["drop"] * (run.get("build") == "canary-drop")
            size = {"seed": int(run["seed"]), "iterations": run["iterations"], "scenario": run["scenario"]}
            assert recorded(world, out, *without, **size).code == ExitCode.PASSED
    ended = run_cli("summary", "night", "--verdict-file", "night.json", "--trends", "t.ndjson", cwd=world)
    night = json.loads((world / "night.json").read_text())
    assert [finding["line"] for finding in night["findings"]] == ["nothing was planned for it: no seed ran twice"]
    records = [json.loads(line) for line in (world / "t.ndjson").read_text().splitlines()]
    coverage = next(record for record in records if record["job"] == "coverage")
    assert (coverage["fault_points_hit"], coverage["fault_points_known"]) == (2, 3)
    assert coverage["names"]["missed"] == ["repair"]
    (world / "points.txt").write_text("crash\ndrop\nrepair\nclock\nskew\n")
    ended = run_cli("summary", "night", cwd=world)
    assert ended.code == ExitCode.GATE_FAILED
    assert "Fault point coverage too low: 40.0%" in ended.out


def test_a_replayed_seed_is_told_by_what_it_wrote(world: Path) -> None:
    """Not by its process, which ended well."""
    edn = "{:valid? false, :linear {:valid? false}}"
    (world / "regressions.txt").write_text("s 7\n")
    writing = f"import sys; open(sys.argv[1], 'w').write('{edn}')"
    write(world, {"profile": "none"})
    words = ("--out", "replays", "--", sys.executable, "-c", writing, "{output}", "{seed}", "{scenario}")
    ended = run_cli("replay", "regressions.txt", *words, cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    assert "s seed 7: failed invariant checker linear" in ended.err
