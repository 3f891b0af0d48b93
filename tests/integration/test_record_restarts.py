"""`vopr-coverage record --on-crash restart`: one bug does not cost a shard its other seeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import manifest_of
from tests.support.reports import MODEST, Ended, run_cli
from tests.support.simulators import record

SIMULATOR = """
import json, os, signal, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
first, count = int(words["--seed"]), int(words["--iterations"])
panics = [int(seed) for seed in words.get("--panic-at", "").split(",") if seed]
def say(kind, data):
    sys.stdout.write(json.dumps({"data": data, "timestamp": str(time.time()), "type": kind}) + "\\n")
    sys.stdout.flush()
say("start", {"starting_seed": first, "iterations": count})
failed, sent = [], 0
for seed in range(first, first + count):
    if seed in panics:
        print(f"thread 'main' panicked at src/log.rs:{seed}:9:\\nindex out of bounds: {seed}", file=sys.stderr)
        sys.exit(101)
    if words.get("--hang-at") == str(seed) or words.get("--hang-again") == str(count):
        time.sleep(60)
    sent += seed
    if words.get("--fail-at") == str(seed):
        say("iteration", {"seed": seed, "status": "failed", "events": 5, "invariant": "log_order", "message": "no"})
        failed.append(seed)
        continue
    noise = os.getpid() if "--nondeterministic" in words else 0
    hashes = {"storage_hash": f"{seed + noise:064x}", "kernel_state_hash": "16f7" * 16}
    say("iteration", {"seed": seed, "status": "ok", "events": 5, "simulated_time_ms": 1.5, **hashes})
coverage = {
    "fault_points": {"fault_points": {"sim.send": sent, f"sim.only.{first}": 1}, "hit": 2, "total": 2},
    "phases": {"phase_counts": {"net:sent": count}, "total_events": count, "unique_phases": 1},
    "invariants": {"invariant_counts": {"log_order": count}, "executed": 1, "total": 1},
}
totals = {"successes": count - len(failed), "failures": len(failed), "failed_seeds": failed}
measured = None if "--unmeasured" in words else coverage
say("batch_complete", {**totals, "elapsed_secs": 0.5, "rate": 6.0, "coverage": measured})
sys.exit(1 if failed else 0)
"""
RESTART = ("--on-crash", "restart")


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start one."""
    (tmp_path / "sim.py").write_text(SIMULATOR)
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    return ["python3", str(tmp_path / "sim.py"), "--seed", "{seed}", "--iterations", "{iterations}"]


def checked(folder: Path, *options: str) -> tuple[Ended, dict[str, Any]]:
    """The recording, judged."""
    ended = run_cli("check", "out", "--verdict-file", "v.json", *options, cwd=folder)
    return ended, json.loads((folder / "v.json").read_text())


def seeds_of(verdict: dict[str, Any]) -> list[str]:
    """The failed seeds, failure by failure."""
    return [seed for failure in verdict["failures"] for seed in failure["seeds"]]


def test_three_panics_are_three_findings_and_every_other_seed_is_judged(tmp_path: Path, simulator: list[str]) -> None:
    """With the coverage of all seeds that did not die: those before each panic run once more."""
    ended = record(tmp_path, *simulator, "--panic-at", "17,18,41", options=RESTART, seed=10, iterations=40)
    assert ended.code == 0, ended
    assert "recorded 40 of 40 iterations" in ended.err
    assert "the simulator died at 3 seeds" in ended.err
    ended, verdict = checked(tmp_path, "--config", "c.json")
    assert (ended.code, verdict["status"]) == (1, "failed")
    assert seeds_of(verdict) == ["17", "18", "41"]
    assert [failure["count"] for failure in verdict["failures"]] == [1, 1, 1]
    assert {failure["crash"]["signature"] for failure in verdict["failures"]} == {
        "panicked at log.rs:#: index out of bounds: #"
    }
    assert "--seed 17 --iterations 1 --panic-at 17,18,41" in verdict["failures"][0]["repro"]
    (report,) = verdict["reports"]
    assert (report["inputs"][0]["iterations"], report["inputs"][0]["complete"]) == (40, True)
    assert report["report"]["phase_events"] == {"net.sent": 37}
    assert report["report"]["hit_fault_points"] == ["sim.only.10", "sim.only.19", "sim.only.42", "sim.send"]
    assert report["report"]["total_events"] == 37 * 5
    warning = "Coverage is of 37 of 40 iterations: the simulator died at 3 seeds, and one that dies reports no coverage"
    assert warning in [remark["text"] for remark in verdict["warnings"]]


def test_the_manifest_has_every_part(tmp_path: Path, simulator: list[str]) -> None:
    """With its seeds and its end, and what ran again."""
    record(tmp_path, *simulator, "--panic-at", "12,13", "--fail-at", "11", options=RESTART, seed=10, iterations=5)
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["whole"], manifest["exit_code"], manifest["measured"]) == (True, 0, 3)
    parts = [(p["seed"], p["iterations"], p["ran"], p["exit_code"], p["died_at"]) for p in manifest["parts"]]
    assert parts == [
        ("10", 5, 3, 101, "12"),
        ("13", 2, 1, 101, "13"),
        ("14", 1, 1, 0, None),
        ("10", 2, 2, 1, None),
    ]
    assert [part["again"] for part in manifest["parts"]] == [False, False, False, True]
    assert [part["measured"] for part in manifest["parts"]] == [False, False, True, True]
    assert manifest["parts"][3]["agrees"] is True
    assert manifest["parts"][0]["last_words"] == [
        "thread 'main' panicked at src/log.rs:12:9:", "index out of bounds: 12",
    ]  # fmt: skip
    log = (tmp_path / "out" / "stderr.log").read_text()
    assert "[vopr-coverage: died at seed 12, started again at seed 13]" in log
    _, verdict = checked(tmp_path)
    assert seeds_of(verdict) == ["11", "12", "13"]


def test_a_crash_at_the_last_seed_leaves_a_whole_run(tmp_path: Path, simulator: list[str]) -> None:
    """Nothing is to be started again but for coverage."""
    assert record(tmp_path, *simulator, "--panic-at", "2", options=RESTART).code == 0
    manifest = manifest_of(tmp_path / "out")
    assert [part["died_at"] for part in manifest["parts"]] == ["2", None]
    ended, verdict = checked(tmp_path, "--config", "c.json")
    assert (verdict["status"], seeds_of(verdict)) == ("failed", ["2"])
    assert verdict["reports"][0]["report"]["phase_events"] == {"net.sent": 2}
    assert "not measured" not in ended.out


def test_a_bug_at_every_seed_is_not_started_again_for_ever(tmp_path: Path, simulator: list[str]) -> None:
    """As often as was asked for; what did not run is said."""
    every = ",".join(map(str, range(30)))
    ended = record(tmp_path, *simulator, "--panic-at", every, options=(*RESTART, "--restarts", "2"), iterations=30)
    assert ended.code == 1
    left = "27 seeds behind it did not run: all 2 restarts were used up"
    assert f"{left}; --restarts N allows up to 100" in ended.err
    assert manifest_of(tmp_path / "out")["restarts"] == 2
    ended, verdict = checked(tmp_path, "-v")
    assert seeds_of(verdict) == ["0", "1", "2"]
    told = f"Simulator died at seed 2: ended with exit code 101; {left}"
    assert f"  - out: {told}\n" in ended.out
    assert "      27 seeds behind them did not run: all 2 restarts were used up\n" in ended.out
    assert [(one["crash"]["not_run"], one["crash"]["restarts"]) for one in verdict["failures"]][-1] == (27, 2)
    assert verdict["status"] == "failed"


def test_without_the_flag_a_run_ends_with_its_simulator(tmp_path: Path, simulator: list[str]) -> None:
    """COMMAND runs once; the crash is a failed seed all the same."""
    ended = record(tmp_path, *simulator, "--panic-at", "1")
    assert ended.code == 1
    assert "died at seed 1, ended with exit code 101: thread 'main' panicked at src/log.rs:1:9: index" in ended.err
    assert "1 seed behind it did not run; --on-crash restart runs them" in ended.err
    _, verdict = checked(tmp_path)
    assert (verdict["status"], seeds_of(verdict)) == ("failed", ["1"])
    assert verdict["violations"][0]["line"].endswith("1 seed behind it did not run")
    assert len(manifest_of(tmp_path / "out")["parts"]) == 1


def test_a_simulator_that_measures_nothing_runs_no_seed_twice(tmp_path: Path, simulator: list[str]) -> None:
    """There is nothing to gain."""
    assert record(tmp_path, *simulator, "--panic-at", "1", "--unmeasured", "yes", options=RESTART).code == 0
    assert [part["again"] for part in manifest_of(tmp_path / "out")["parts"]] == [False, False]


def test_seeds_that_do_something_else_the_second_time_are_told(tmp_path: Path, simulator: list[str]) -> None:
    """Their coverage is not that of the run, and the simulator is not deterministic."""
    assert record(tmp_path, *simulator, "--panic-at", "2", "--nondeterministic", "yes", options=RESTART).code == 0
    assert manifest_of(tmp_path / "out")["parts"][1]["agrees"] is False
    ended, verdict = checked(tmp_path)
    assert "Recording disagrees: seeds 0 to 1 ran again, with other results" in ended.out
    assert verdict["reports"][0]["report"] is None


def test_a_timeout_behind_a_crash_is_incomplete_and_the_crash_a_finding(tmp_path: Path, simulator: list[str]) -> None:
    """Both are said."""
    words = [*simulator, "--panic-at", "1", "--hang-at", "3"]
    assert record(tmp_path, *words, options=(*RESTART, "--timeout", "2"), iterations=5).code == 1
    ended, verdict = checked(tmp_path)
    assert (verdict["status"], seeds_of(verdict)) == ("incomplete", ["1"])
    assert (
        "Run incomplete: timed out after 2 s, no batch_complete after 3 of 5 iterations, stopped at seed 3" in ended.out
    )


def test_no_time_for_coverage_leaves_the_seeds_judged(tmp_path: Path, simulator: list[str]) -> None:
    """What was not measured again is said, and the run is whole."""
    words = [*simulator, "--panic-at", "2", "--hang-again", "2"]
    assert record(tmp_path, *words, options=(*RESTART, "--timeout", "3"), iterations=6).code == 0
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["timed_out"], manifest["whole"], manifest["measured"]) == (False, True, 3)
    assert [part["agrees"] for part in manifest["parts"]] == [None, None, None]
    assert manifest["rate"] > 6 / manifest["duration_s"]
    _, verdict = checked(tmp_path, "--config", "c.json")
    assert (verdict["status"], seeds_of(verdict)) == ("failed", ["2"])
    assert verdict["reports"][0]["report"]["phase_events"] == {"net.sent": 3}
    assert any(remark["text"].startswith("Coverage is of 3 of 6 iterations") for remark in verdict["warnings"])


def test_restarts_need_their_flag(tmp_path: Path, simulator: list[str]) -> None:
    """A number that would have no effect is refused."""
    for options in (("--restarts", "3"), (*RESTART, "--restarts", "0"), (*RESTART, "--restarts", "101")):
        assert record(tmp_path, *simulator, options=options).code == 2
    assert not (tmp_path / "out").exists()


def test_a_shard_of_ten_thousand_seeds_with_three_panics(tmp_path: Path, simulator: list[str]) -> None:
    """Three findings; 9,997 seeds run, judged and measured."""
    words = [*simulator, "--panic-at", "1234,5000,9998"]
    assert record(tmp_path, *words, options=RESTART, iterations=10_000).code == 0
    _, verdict = checked(tmp_path, "--min-iterations", "10000", "--config", "c.json")
    assert seeds_of(verdict) == ["1234", "5000", "9998"]
    assert [violation["kind"] for violation in verdict["violations"]].count("SeedFailed") == 3
    (report,) = verdict["reports"]
    assert report["inputs"][0]["iterations"] == 10_000
    assert report["report"]["invariant_executions"] == {"log_order": 9_997}
