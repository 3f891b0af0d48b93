"""`vopr-coverage record --per-seed`: every seed in a process of its own, and its ending as its result."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import kept, manifest_of
from tests.support.reports import MODEST, Ended, run_cli
from tests.support.simulators import processes_with, read, record, wait_for

SIMULATOR = """
import json, os, signal, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
seed = int(words["--seed"])
seeds = lambda flag: [int(one) for one in words.get(flag, "").split(",") if one]
def say(kind, data):
    print(json.dumps({"data": data, "timestamp": str(time.time()), "type": kind}), flush=True)
time.sleep((seed * 7 % 3) / 50)
print("warming up", time.time(), file=sys.stderr)
if seed in seeds("--hang-at"):
    print("hanging", file=sys.stderr, flush=True)
    time.sleep(60)
if seed in seeds("--kill-at"):
    os.kill(os.getpid(), signal.SIGSEGV)
if seed in seeds("--panic-at"):
    print(f"thread 'main' panicked at src/log.rs:{seed}:9:\\nindex out of bounds: {seed}", file=sys.stderr)
    sys.exit(101)
if seed in seeds("--exit-at"):
    sys.exit(int(words["--code"]))
if "--stream" in words:
    fails = seed in seeds("--fail-at")
    say("start", {"starting_seed": seed + int(words.get("--off", 0)), "iterations": 1})
    result = {"status": "failed", "invariant": "log_order", "message": "no"} if fails else {
        "status": "ok", "simulated_time_ms": 1.5, "storage_hash": f"{seed:064x}", "kernel_state_hash": "16f7" * 16}
    say("iteration", {"seed": seed, "events": 5, **result})
    coverage = {
        "fault_points": {"fault_points": {"sim.send": 3, f"sim.only.{seed}": 1}, "hit": 2, "total": 2},
        "phases": {"phase_counts": {"net:sent": 2}, "total_events": 2, "unique_phases": 1},
        "invariants": {"invariant_counts": {"log_order": 4}, "executed": 1, "total": 1},
    }
    totals = {"successes": int(not fails), "failures": int(fails), "failed_seeds": [seed] * fails}
    say("batch_complete", {**totals, "elapsed_secs": time.time() % 1, "rate": 6.0, "coverage": coverage})
    sys.exit(fails)
"""
PER_SEED = ("--per-seed", "--parallel", "4")


@pytest.fixture
def simulator(tmp_path: Path) -> list[str]:
    """The words that start one; it writes a stream if it is told to."""
    (tmp_path / "sim.py").write_text(SIMULATOR)
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    return [sys.executable, "-S", str(tmp_path / "sim.py"), "--seed", "{seed}"]


def checked(folder: Path, *options: str) -> tuple[Ended, dict[str, Any]]:
    """The recording, judged."""
    ended = run_cli("check", "out", "--verdict-file", "v.json", *options, cwd=folder)
    return ended, json.loads((folder / "v.json").read_text())


def failed(verdict: dict[str, Any]) -> list[tuple[str, str]]:
    """Invariant and seed of each failure."""
    return [(failure["invariant"], seed) for failure in verdict["failures"] for seed in failure["seeds"]]


def test_a_process_that_dies_is_the_result_of_its_seed(tmp_path: Path, simulator: list[str]) -> None:
    """By exit code or signal, with its last words; all others passed, and no coverage was measured."""
    ended = record(tmp_path, *simulator, "--panic-at", "3,7", "--kill-at", "5", options=PER_SEED, iterations=12)
    assert ended.code == 0, ended
    assert "recorded 12 of 12 iterations" in ended.err
    assert "/s, 3 failed seeds, in " in ended.err, "each process has an exit code of its own"
    ended, verdict = checked(tmp_path, "--health-only", "--min-iterations", "12")
    assert failed(verdict) == [("crash", "3"), ("crash", "5"), ("crash", "7")]
    assert [failure["crash"]["signal"] for failure in verdict["failures"]] == [None, signal.SIGSEGV, None]
    assert verdict["failures"][2]["crash"]["last_words"][-1] == "index out of bounds: 7"
    assert "sim.py --seed 7 --panic-at 3,7" in verdict["failures"][2]["repro"]
    assert verdict["reports"][0]["inputs"][0]["iterations"] == 12
    assert (verdict["status"], verdict["reports"][0]["report"]) == ("failed", None)


def test_seeds_that_all_pass_without_a_word_pass_no_gate_on_coverage(tmp_path: Path, simulator: list[str]) -> None:
    """Their health is known, nothing else is; and they are no run whose seed was ignored."""
    assert record(tmp_path, *simulator, options=PER_SEED, iterations=5).code == 0
    ended, verdict = checked(tmp_path, "--health-only")
    assert ended.code == 0, ended
    ended, verdict = checked(tmp_path, "--config", "c.json")
    assert ended.code == 1
    assert [violation["kind"] for violation in verdict["violations"]] == ["CoverageNotMeasured"]


def test_streams_of_single_seeds_are_one_run(tmp_path: Path, simulator: list[str]) -> None:
    """Their coverage is added up, and what a seed failed is its invariant."""
    words = [*simulator, "--stream", "yes", "--fail-at", "4", "--panic-at", "6"]
    assert record(tmp_path, *words, options=PER_SEED, iterations=9).code == 0
    _, verdict = checked(tmp_path, "--config", "c.json")
    assert failed(verdict) == [("log_order", "4"), ("crash", "6")]
    report = verdict["reports"][0]["report"]
    assert report["invariant_executions"] == {"log_order": 32}
    assert report["hit_fault_points"] == [f"sim.only.{seed}" for seed in range(9) if seed != 6] + ["sim.send"]
    assert report["total_events"] == 40
    told = [remark["text"] for remark in verdict["warnings"]]
    assert any(text.startswith("Coverage is of 8 of 9 iterations: the simulator died at 1 seed") for text in told)
    assert manifest_of(tmp_path / "out")["measured"] == 8
    assert "CountsDisagree" not in {violation["kind"] for violation in verdict["violations"]}


def test_two_recordings_of_the_same_seeds_are_the_same(tmp_path: Path, simulator: list[str]) -> None:
    """Byte for byte, however many ran at a time; and they can be compared."""
    words = [*simulator, "--stream", "yes", "--fail-at", "4", "--panic-at", "6"]
    for name, parallel in (("a", "1"), ("b", "5")):
        asked = ["--scenario", "s", "--seed", "0", "--iterations", "40", "--per-seed", "--parallel", parallel]
        assert run_cli("record", *asked, "--out", name, "--", *words, cwd=tmp_path).code == 0
    a, b = (tmp_path / name / "stream.ndjson.gz" for name in ("a", "b"))
    assert kept(a.parent) == kept(b.parent)
    assert a.read_bytes() == b.read_bytes()
    ended = run_cli("determinism", "a", "b", cwd=tmp_path)
    assert ended.code == 0, ended
    assert "40 seeds run twice, no difference" in ended.out


def test_seeds_without_a_word_prove_no_determinism(tmp_path: Path, simulator: list[str]) -> None:
    """That both passed is all that is known; a seed that dies in one of them differs."""
    for name, more in (("a", []), ("b", []), ("c", ["--panic-at", "2"])):
        asked = ["--scenario", "s", "--seed", "0", "--iterations", "4", "--per-seed", "--out", name]
        run_cli("record", *asked, "--", *simulator, *more, cwd=tmp_path)
    ended = run_cli("determinism", "a", "b", cwd=tmp_path)
    assert ended.code == 1
    assert "Determinism not measured, of 4 seeds nothing is known but that it passed" in ended.out
    ended = run_cli("determinism", "a", "c", cwd=tmp_path)
    assert "1 of 1 seed came out differently in c, the first is seed 2 (status" in ended.out


@pytest.mark.parametrize("code", [126, 127, 125])
def test_a_command_that_could_not_run_is_a_broken_run(tmp_path: Path, simulator: list[str], code: int) -> None:
    """The recording ends there, incomplete, and no seed has failed."""
    words = [*simulator, "--exit-at", "3", "--code", str(code)]
    ended = record(tmp_path, *words, options=PER_SEED, iterations=9)
    assert ended.code == 1
    assert f"ended with exit code {code}" in ended.err
    why = f"exit code {code} does not say that a bug was found"
    assert f"3 has no result: {why}" in (tmp_path / "out" / "stderr.log").read_text()
    ended, verdict = checked(tmp_path)
    assert (verdict["status"], verdict["failures"]) == ("incomplete", [])
    assert f"ended with exit code {code}, no batch_complete after 3 of 9 iterations, stopped at seed 3" in ended.out


def test_which_codes_are_a_bug_can_be_said(tmp_path: Path, simulator: list[str]) -> None:
    """Codes and ranges; any other is a broken run."""
    for code, found in ((127, True), (129, True), (1, False)):
        asked = ["--scenario", "s", "--seed", "0", "--iterations", "4", "--per-seed", "--failed-exit", "101,127-129"]
        words = [*simulator, "--exit-at", "2", "--code", str(code)]
        ended = run_cli("record", *asked, "--out", f"out-{code}", "--", *words, cwd=tmp_path)
        assert ended.code == (0 if found else 1)
        stored = json.loads((tmp_path / f"out-{code}" / "manifest.json").read_text())
        assert (stored["parallel"], stored["failed_exit"]) == (1, [101, 127, 128, 129])


def test_a_stream_of_other_seeds_is_a_broken_run(tmp_path: Path, simulator: list[str]) -> None:
    """Else one seed could count as another."""
    ended = record(tmp_path, *simulator, "--stream", "yes", "--off", "1", options=PER_SEED, iterations=3)
    assert ended.code == 1
    assert "its stream is not of this seed alone" in ended.err


def test_only_the_output_of_seeds_that_ended_badly_is_stored(tmp_path: Path, simulator: list[str]) -> None:
    """In their order, each under its seed."""
    record(tmp_path, *simulator, "--panic-at", "1,4", options=PER_SEED, iterations=6)
    log = (tmp_path / "out" / "stderr.log").read_text()
    assert [line for line in log.splitlines() if line.startswith("[")] == [
        "[vopr-coverage: seed 1, exit code 101]", "[vopr-coverage: seed 4, exit code 101]",
    ]  # fmt: skip
    assert log.count("warming up") == 2


def test_a_timeout_ends_all_processes(tmp_path: Path, simulator: list[str]) -> None:
    """What came before it is there."""
    words = [*simulator, "--hang-at", "3,4"]
    ended = record(tmp_path, *words, options=(*PER_SEED, "--timeout", "3"), iterations=5000)
    assert ended.code == 1
    assert "timed out after 3 s" in ended.err
    _, verdict = checked(tmp_path)
    assert (verdict["status"], verdict["reports"][0]["inputs"][0]["iterations"]) == ("incomplete", 3)
    assert not processes_with(str(tmp_path / "sim.py"))


def test_ctrl_c_ends_all_processes(tmp_path: Path, simulator: list[str]) -> None:
    """None of them is left, and the recording says that it was interrupted."""
    asked = ["--scenario", "s", "--seed", "0", "--iterations", "50", "--out", "out", *PER_SEED]
    words = [sys.executable, "-m", "vopr_coverage", "record", *asked, "--", *simulator, "--hang-at", "2,3,4,5,6,7"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        wait_for(lambda: len(processes_with(str(tmp_path / "sim.py"))) == 4 and read(tmp_path / "out/manifest.json"))
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 1
    manifest = manifest_of(tmp_path / "out")
    assert (manifest["interrupted"], manifest["whole"]) == (True, False)
    assert not processes_with(str(tmp_path / "sim.py"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--parallel", "4"), "--parallel is for --per-seed"),
        (("--failed-exit", "1"), "--failed-exit is for --per-seed"),
        (("--per-seed", "--on-crash", "stop"), "--on-crash stop has no effect with --per-seed"),
        (("--per-seed", "--failed-exit", "0"), "expected exit codes from 1 to 255 such as 1,101,128-129, found '0'"),
        (("--per-seed", "--failed-exit", "1,x"), "found '1,x'"),
        (("--per-seed", "--parallel", "0"), "expected a number from 1 to 256, found '0'"),
    ],
)
def test_flags_without_effect_are_refused(
    tmp_path: Path, simulator: list[str], options: tuple[str, ...], said: str
) -> None:
    """Nothing is recorded."""
    ended = record(tmp_path, *simulator, options=options)
    assert ended.code == 2
    assert said in ended.err
    assert not (tmp_path / "out").exists()


def test_a_command_without_a_seed_or_a_program_is_refused(tmp_path: Path) -> None:
    """All seeds would be one."""
    ended = record(tmp_path, "cargo", "test", options=("--per-seed",))
    assert (ended.code, "write env NAME={seed} in front of it" in ended.err) == (2, True)
    ended = record(tmp_path, "./nonesuch", "{seed}", options=("--per-seed",))
    assert (ended.code, "cannot be started: no such program" in ended.err) == (2, True)
    assert not (tmp_path / "out").exists()


def test_a_seed_may_come_from_a_variable(tmp_path: Path) -> None:
    """As `env NAME={seed}`, so that the command that replays it has it, too."""
    words = ["env", "MADSIM_TEST_SEED={seed}", "sh", "-c", 'test "$MADSIM_TEST_SEED" != 2']
    assert record(tmp_path, *words, options=("--per-seed",), iterations=4).code == 0
    _, verdict = checked(tmp_path)
    assert failed(verdict) == [("crash", "2")]
    assert verdict["failures"][0]["repro"].startswith("env MADSIM_TEST_SEED=2 sh -c ")


def test_a_test_runner_says_why_on_stdout(tmp_path: Path) -> None:
    """Its stderr only says that a test failed."""
    code = "echo 'running 1 test'; echo \"thread 'x' panicked at src/a.rs:1:2:\"; echo 'no'; echo oh >&2; exit 101"
    record(tmp_path, "sh", "-c", code, "{seed}", options=("--per-seed",), iterations=1)
    _, verdict = checked(tmp_path)
    assert verdict["failures"][0]["crash"]["signature"] == "panicked at a.rs:#: no"
