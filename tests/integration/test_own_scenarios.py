"""A simulation stream that names its scenario is judged as a run of that scenario, by every command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.support.reports import run_cli
from tests.support.simulations import a_simulation, as_lines
from vopr_coverage.errors import ExitCode

CONFIG = {
    "profile": "none",
    "fault_point_coverage_min": 0.9,
    "scenarios": {"bank": {"fault_point_coverage_min": 0.3}, "queue": {"fault_point_coverage_min": 0.9}},
}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A stream of the bank that hits one of its three points, and one of another scenario."""
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    for name in ("bank", "Queue", "bonk"):
        (tmp_path / f"{name}.ndjson").write_bytes(as_lines(a_simulation(4, scenario=name)))
    (tmp_path / "unnamed.ndjson").write_bytes(as_lines(a_simulation(4)))
    return tmp_path


def checked(folder: Path, *words: str) -> tuple[int, str]:
    """Exit code, and all that `check` says."""
    ended = run_cli("check", *words, "--config", "c.json", cwd=folder)
    return ended.code, ended.out + ended.err


def test_the_settings_of_its_scenario_hold_for_it(world: Path) -> None:
    """In any case, and whatever flag names the scenario of runs without one."""
    assert checked(world, "bank.ndjson")[0] == ExitCode.PASSED
    assert checked(world, "bank.ndjson", "--scenario", "queue")[0] == ExitCode.PASSED
    code, said = checked(world, "Queue.ndjson")
    assert code == ExitCode.GATE_FAILED
    assert "(expected >= 90.0%)" in said


def test_a_scenario_that_the_config_does_not_know_is_an_error(world: Path) -> None:
    """With the nearest; the others are judged."""
    code, said = checked(world, "bonk.ndjson", "bank.ndjson")
    assert code == ExitCode.UNUSABLE
    assert "scenario 'bonk' is not in c.json; did you mean 'bank'?" in said


def test_a_run_without_a_name_is_judged_by_the_top_level(world: Path) -> None:
    """As before, with a warning."""
    code, said = checked(world, "-v", "unnamed.ndjson")
    assert code == ExitCode.GATE_FAILED
    assert "No scenario is named for this run" in said
    assert checked(world, "bank=unnamed.ndjson")[0] == ExitCode.PASSED


def test_another_name_by_the_user_is_refused(world: Path) -> None:
    """Both are named; the same name is no news."""
    code, said = checked(world, "queue=bank.ndjson")
    assert code == ExitCode.UNUSABLE
    assert "bank.ndjson is named as scenario 'queue', its start record says 'bank'" in said
    assert checked(world, "BANK=bank.ndjson")[0] == ExitCode.PASSED


def test_runs_of_one_scenario_are_merged_by_their_own_names(world: Path) -> None:
    """And shards that share seeds are told, unless they are of different scenarios."""
    (world / "c.json").write_text(json.dumps({"profile": "none", "fault_point_coverage_min": 0.3}))
    code, said = checked(world, "bank.ndjson", "Queue.ndjson", "--merge", "scenario")
    assert code == ExitCode.PASSED, said
    (world / "again.ndjson").write_bytes(as_lines(a_simulation(6, 9, scenario="bank")))
    code, said = checked(world, "bank.ndjson", "again.ndjson", "--merge", "scenario")
    assert code == ExitCode.GATE_FAILED
    assert "bank.ndjson (seeds 7 to 10) and again.ndjson (seeds 9 to 14) share seeds" in said.replace("\n", " ")


def test_another_scenario_than_the_recorded_one_is_told(world: Path) -> None:
    """The simulator ignored an option, as with other seeds."""
    command = (sys.executable, "-c", "import sys; sys.stdout.write(open('bank.ndjson').read())")
    for name, code in (("bank", ExitCode.PASSED), ("queue", ExitCode.GATE_FAILED)):
        words = ("--scenario", name, "--seed", "7", "--iterations", "4", "--out", name)
        assert run_cli("record", *words, "--", *command, cwd=world).code == ExitCode.PASSED
        ended, said = checked(world, name)
        assert ended == code, said
    assert "Recording disagrees: scenario 'queue' was asked for, the stream starts with 'bank'" in said


def test_two_runs_of_different_scenarios_are_not_compared(world: Path) -> None:
    """Their seeds are not the same runs; of one scenario they are, and a name that is unknown is an error."""
    (world / "c.json").write_text(json.dumps(CONFIG | {"scenarios": {"bank": {}}}))
    ended = run_cli("determinism", "bank.ndjson", "Queue.ndjson", "--config", "c.json", cwd=world)
    assert ended.code == ExitCode.UNUSABLE
    assert "these are runs of two scenarios, 'bank' and 'Queue'" in ended.err
    assert run_cli("determinism", "bonk.ndjson", "--config", "c.json", cwd=world).code == ExitCode.UNUSABLE


def test_a_canary_is_compared_with_the_control_run_of_its_scenario(world: Path) -> None:
    """By the names in both streams."""
    (world / "c.json").write_text(json.dumps({"canaries": {"late": {"invariants": ["agreement"]}}}))
    sick = as_lines(a_simulation(4, scenario="bank")).replace(
        b'"status": "ok"', b'"status": "failed", "failure": {"invariant": "agreement"}'
    )
    (world / "late.ndjson").write_bytes(sick.replace(b'"failed": 0', b'"failed": 4'))
    words = ("--control", "Queue.ndjson", "--control", "bank.ndjson", "late=late.ndjson", "--config", "c.json")
    ended = run_cli("canary", *words, cwd=world)
    assert ended.code == ExitCode.PASSED, ended.out + ended.err
    ended = run_cli("canary", "--control", "Queue.ndjson", *words[4:], cwd=world)
    assert "there is no control run of scenario 'bank'" in ended.out + ended.err


def test_init_writes_a_section_for_each_scenario(world: Path) -> None:
    """Without SCENARIO=PATH."""
    ended = run_cli("init", "bank.ndjson", "Queue.ndjson", cwd=world)
    assert ended.code == ExitCode.PASSED, ended.err
    assert "scenarios:\n  bank:\n" in ended.out
    assert "  Queue:\n" in ended.out
    assert "view" not in ended.out
    assert "repair" not in ended.out


def test_a_scenario_of_a_hostile_stream_has_a_bound(world: Path) -> None:
    """A name of a megabyte is refused, and one with markup is inert."""
    (world / "long.ndjson").write_bytes(as_lines(a_simulation(1, scenario="x" * 501)))
    code, said = checked(world, "long.ndjson")
    assert code == ExitCode.UNUSABLE
    assert "expected the name of a scenario, of at most 500 characters" in said
    (world / "c.json").write_text(json.dumps({"profile": "none", "fault_point_coverage_min": 0.3}))
    (world / "evil.ndjson").write_bytes(as_lines(a_simulation(4, scenario="<img src=x>\n::error::@team")))
    run_cli("check", "evil.ndjson", "--config", "c.json", "--summary-file", "page.md", cwd=world)
    page = (world / "page.md").read_text()
    assert "<img" not in page
    assert "\n::error::" not in page
    assert "@team" not in page
