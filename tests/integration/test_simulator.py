"""The example simulator as a program: its stream and report under our own reader, its builds, its endings."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from examples.simulator.coverage import FAULT_POINTS
from examples.simulator.invariants import INVARIANTS
from examples.simulator.scenarios import FEATURES, SCENARIOS
from tests.support.reports import run_cli
from tests.unit.test_simulator import CANARIES
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.report import Input, Run
from vopr_coverage.model.thresholds import SEED_PROFILES
from vopr_coverage.reading import read_report

SOURCE = Path(__file__).parents[2] / "examples" / "simulator"
WALL_CLOCK = re.compile(rb'"(timestamp":"[^"]+"|elapsed_secs":[^,]+|rate":[^,]+)')
PROPERTIES = {
    "always_evaluated", "never_evaluated", "reached_hit", "reached_total", "sometimes_satisfied", "sometimes_total",
    "total_observed", "unreached_ids", "unsatisfied_sometimes_ids", "violated_ids", "violation_count",
}  # fmt: skip


class Ran(NamedTuple):
    """A process that has ended."""

    code: int
    out: bytes
    err: str


def simulated(*arguments: object, program: Path = SOURCE, hash_seed: str = "random") -> Ran:
    """Run the simulator, from source or a build of it, as a process without our packages."""
    env = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-S", str(program), *map(str, arguments)]
    ended = subprocess.run(command, capture_output=True, env=env, timeout=120, check=False)
    return Ran(ended.returncode, ended.stdout, ended.stderr.decode())


def built(out: Path, features: str = "", folder: Path = SOURCE) -> Ran:
    """Make one file of it."""
    command = [sys.executable, str(folder / "build.py"), "--features", features, "--out", str(out)]
    ended = subprocess.run(command, capture_output=True, timeout=60, check=False)
    return Ran(ended.returncode, ended.stdout, ended.stderr.decode())


def data_of(stream: bytes) -> list[Any]:
    """What its records say."""
    return [json.loads(line)["data"] for line in stream.splitlines()]


def read(stream: bytes, folder: Path) -> tuple[Input, Run]:
    """A stream as our reader sees it."""
    path = folder / "run.ndjson"
    path.write_bytes(stream)
    found = read_report(str(path))
    assert found.run is not None
    return found, found.run


@pytest.fixture(scope="module")
def combined(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """The stream and the flat report of 500 iterations of `combined`."""
    report = tmp_path_factory.mktemp("combined") / "report.json"
    ended = simulated("--iterations", 500, "--seed", 1_000_000, "--json", "--report", report)
    assert (ended.code, ended.err) == (0, "")
    return ended.out, report


# ---- the stream and the report


def test_our_reader_takes_the_stream_without_a_word(combined: tuple[bytes, Path], tmp_path: Path) -> None:
    """Whole, in agreement with itself, no warning; the eleven property counters are there."""
    found, run = read(combined[0], tmp_path)
    assert (found.warnings, run.complete, run.contradictions) == ((), True, ())
    assert (run.records, run.failed_records, run.seed_ignored, run.ran_nothing) == (500, 0, False, False)
    assert set(data_of(combined[0])[-1]["properties"]) == PROPERTIES


def test_everything_that_there_is_occurs_in_500_iterations(combined: tuple[bytes, Path]) -> None:
    """All fault points are hit, all faults observed, all invariants run, all properties evaluated and satisfied."""
    end = data_of(combined[0])[-1]
    points = end["coverage"]["fault_points"]["fault_points"]
    assert set(points) == set(FAULT_POINTS)
    faults = {name for name in FAULT_POINTS if points[name]["applied"]}
    assert faults == {n for n in FAULT_POINTS if not n.startswith("sim.") or n.endswith(("partition", "crash"))}
    assert all(points[name]["observed"] > 0 for name in faults)
    assert set(end["coverage"]["invariants"]["invariant_counts"]) == set(INVARIANTS)
    properties = end["properties"]
    assert (properties["always_evaluated"], properties["never_evaluated"]) == (3, 2)
    assert (properties["unsatisfied_sometimes_ids"], properties["violated_ids"]) == ([], [])


def test_seeds_lead_to_runs_of_their_own(combined: tuple[bytes, Path]) -> None:
    """Both hashes differ from seed to seed, so comparing them compares something."""
    iterations = data_of(combined[0])[1:-1]
    for name in ("storage_hash", "kernel_state_hash"):
        assert len({data[name] for data in iterations}) == 500


def test_lines_are_written_as_the_real_simulator_writes_them(combined: tuple[bytes, Path]) -> None:
    """Compact, sorted, floats with a point, UTC with an offset."""
    for line in combined[0].splitlines():
        record = json.loads(line)
        assert line.decode() == json.dumps(record, sort_keys=True, separators=(",", ":"))
        assert record["timestamp"].endswith("+00:00")
    assert re.search(rb'"simulated_time_ms":\d+\.\d+,', combined[0].splitlines()[1])


@pytest.mark.parametrize("profile", SEED_PROFILES)
def test_the_flat_report_meets_every_profile(combined: tuple[bytes, Path], profile: str, tmp_path: Path) -> None:
    """The names are the profiles', the figures are real, and nothing is left unmeasured."""
    assert problems("report", json.loads(combined[1].read_bytes())) == []
    ended = run_cli("check", combined[1], "--profile", profile, cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")


def test_the_flat_report_lists_what_was_missed(tmp_path: Path) -> None:
    """Without faults, seven points and two invariants; the sums agree with the stream."""
    ended = simulated("--scenario", "baseline", "--iterations", 40, "--json", "--report", tmp_path / "flat.json")
    flat = json.loads((tmp_path / "flat.json").read_bytes())
    assert (
        flat["fault_points_hit"] + len(flat["missed_fault_points"]) == flat["total_fault_points"] == len(FAULT_POINTS)
    )
    assert flat["missed_fault_points"][0] == "sim.network.partition"
    assert flat["missed_invariants"] == ["vsr_view_change_safety", "vsr_recovery_safety"]
    report = read(ended.out, tmp_path)[0].report
    assert report is not None
    assert (report.total_events, report.simulation_time_ns) == (flat["total_events"], flat["simulation_time_ns"])
    assert report.phase_events == flat["phase_events"]


# ---- determinism


def test_the_same_seeds_give_the_same_bytes_everywhere(tmp_path: Path) -> None:
    """Whatever the hash seed, from source or from a build; only what the wall clock says differs."""
    arguments = ("--iterations", 25, "--seed", 77, "--json")
    assert built(tmp_path / "simulator").code == 0
    runs = [
        simulated(*arguments, hash_seed="0"),
        simulated(*arguments, hash_seed="4711"),
        simulated(*arguments, program=tmp_path / "simulator"),
    ]
    assert {run.code for run in runs} == {0}
    assert len({WALL_CLOCK.sub(b"", run.out) for run in runs}) == 1


def test_seeds_wrap_round_at_2_to_the_64(tmp_path: Path) -> None:
    """After the highest seed comes seed 0."""
    ended = simulated("--iterations", 3, "--seed", (1 << 64) - 2, "--json")
    assert [data["seed"] for data in data_of(ended.out)[1:-1]] == [(1 << 64) - 2, (1 << 64) - 1, 0]
    assert read(ended.out, tmp_path)[1].contradictions == ()


def test_a_nondeterministic_build_is_found_out(tmp_path: Path) -> None:
    """Seeds that differ from themselves fail without a record, in any scenario; healthy ones have theirs."""
    for scenario in ("baseline", "combined"):
        arguments = ("--scenario", scenario, "--iterations", 6, "--check-determinism", "--json")
        ended = simulated(*arguments, "--features", "nondeterministic")
        run = read(ended.out, tmp_path)[1]
        assert (ended.code, run.records, run.silent_failures.count) == (1, 0, 6)
        healthy = simulated(*arguments)
        run = read(healthy.out, tmp_path)[1]
        assert (healthy.code, run.records, run.silent_failures.count) == (0, 6, 0)


def test_a_seed_that_fails_twice_alike_keeps_its_record(tmp_path: Path) -> None:
    """A planted bug is no nondeterminism."""
    arguments = ("--iterations", 12, "--check-determinism", "--json")
    ended = simulated(*arguments, "--features", "canary-monotonic-regression")
    run = read(ended.out, tmp_path)[1]
    assert ended.code == 1
    assert (run.records, run.silent_failures.count) == (12, 0)
    assert [group.invariant for group in run.failures] == ["replica_head_progress"]


# ---- builds and endings


@pytest.mark.parametrize("canary", CANARIES)
def test_a_built_canary_is_caught_in_forty_iterations(canary: str, tmp_path: Path) -> None:
    """The file alone has the bug: exit code 1, and only its own invariants fail."""
    assert built(tmp_path / canary, canary).code == 0
    ended = simulated("--iterations", 40, "--json", program=tmp_path / canary)
    found, run = read(ended.out, tmp_path)
    assert (ended.code, run.complete, found.warnings) == (1, True, ())
    caught = {group.invariant for group in run.failures}
    assert caught
    assert caught <= CANARIES[canary]


def test_a_build_is_an_executable_file_that_is_the_same_every_time(tmp_path: Path) -> None:
    """Same sources, same bytes; it starts by itself; what is baked in can't be changed any more."""
    for name in ("one", "two"):
        assert built(tmp_path / name, "drop-disabled,canary-wrong-hash").code == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    env = {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}
    listed = subprocess.run([tmp_path / "one", "--list-scenarios"], capture_output=True, text=True, env=env, check=True)
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(SCENARIOS)
    assert simulated("--features", "", program=tmp_path / "one").code == 1


def test_an_unknown_feature_is_not_built(tmp_path: Path) -> None:
    """Exit code 2, the nearest name, and no file."""
    ended = built(tmp_path / "simulator", "canary-skip-fsnc")
    assert ended.code == 2
    assert "unknown name 'canary-skip-fsnc', did you mean 'canary-skip-fsync'?" in ended.err
    assert not (tmp_path / "simulator").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--scenario", "conbined"], "did you mean 'combined'?"),
        (["--features", "crash-midwy"], "did you mean 'crash-midway'?"),
        (["--iterations", "1e6"], "expected an integer from 0 to 2^64-1, found '1e6'"),
        (["--seed", "18446744073709551616"], "expected an integer from 0 to 2^64-1"),
        (["--report", "no/such/folder/report.json"], "--report: no directory"),
        (["run"], "unrecognized arguments: run"),
    ],
)
def test_bad_usage_ends_with_one_and_an_empty_stream(arguments: Sequence[str], said: str) -> None:
    """As with the real simulator, but nothing is taken for something else, and stdout stays clean."""
    ended = simulated(*arguments, "--json")
    assert (ended.code, ended.out) == (1, b"")
    assert said in ended.err


def test_a_run_that_is_killed_is_incomplete(tmp_path: Path) -> None:
    """Only whole lines are left, and `check` tells the seed that it died at."""
    stream = tmp_path / "killed.ndjson"
    with stream.open("wb") as out:
        process = subprocess.Popen([sys.executable, SOURCE, "--iterations", "100000", "--json"], stdout=out)
        deadline_s = time.monotonic() + 60
        while stream.read_bytes().count(b"\n") < 20 and time.monotonic() < deadline_s:
            time.sleep(0.02)
        process.kill()
        process.wait(timeout=60)
    assert stream.read_bytes().endswith(b"}\n")
    ended = run_cli("check", stream, cwd=tmp_path)
    died_at = stream.read_bytes().count(b"\n") - 1
    assert ended.code == 1
    assert f"of 100000 iterations, stopped at seed {died_at}" in ended.out


def test_a_simulator_that_fails_itself_is_incomplete_too(tmp_path: Path) -> None:
    """Exit code 101 and a traceback, as after a panic; the records before it are whole."""
    ended = simulated("--features", "crash-midway", "--iterations", 40, "--json")
    assert ended.code == 101
    assert "RuntimeError: crash-midway" in ended.err
    run = read(ended.out, tmp_path)[1]
    assert (run.complete, run.records) == (False, 5)
    assert str(run.ended_early).endswith("stopped at seed 5")


def test_it_panics_at_the_seeds_that_it_is_told(tmp_path: Path) -> None:
    """So that people can see what becomes of a crash."""
    ended = simulated("--panic-at", "44,47", "--seed", 42, "--iterations", 4, "--json")
    assert ended.code == 101
    assert "RuntimeError: panicked at seed 44" in ended.err
    assert read(ended.out, tmp_path)[1].next_seed == 44


def test_with_v_a_failure_tells_its_last_events() -> None:
    """On stderr beside a stream; the trace can be left out."""
    arguments = ("--features", "canary-skip-fsync", "--iterations", 5, "--json", "-v")
    ended = simulated(*arguments)
    assert "seed 0: vsr_recovery_safety: replica 2 crashed to 22 ops, and had voted for op 23 of view 0" in ended.err
    assert " crash(" in ended.err
    assert len(ended.out.splitlines()) == 7
    assert " crash(" not in simulated(*arguments, "--no-trace-on-failure").err


def test_to_people_it_says_what_failed() -> None:
    """Without --json: the failing seeds and a summary."""
    ended = simulated("--scenario", "EQUIVOCATION", "--iterations", 2)
    lines = ended.out.decode().splitlines()
    assert ended.code == 1
    assert [line.split(":")[0] for line in lines] == ["seed 0", "seed 1", "equivocation"]
    assert lines[-1].endswith("2 failed")


def test_the_folder_is_left_as_it_was_wherever_it_lies(tmp_path: Path) -> None:
    """Neither a run nor a build writes beside the sources, and the folder may have any name."""
    copy = tmp_path / "another_name"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(copy.rglob("*"))
    features = ",".join(sorted(FEATURES))
    assert simulated("--iterations", 0, "--features", features, program=copy).code == 0
    assert built(tmp_path / "simulator", features, folder=copy).code == 0
    assert sorted(copy.rglob("*")) == before
