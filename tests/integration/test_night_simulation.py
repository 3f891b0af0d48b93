"""A night of a simulator that writes the simulation stream, played with the workflow's commands and no container."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.reports import Ended, run_cli

SIMULATOR = """
import json, os, sys
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
first, count, features = int(words["--seed"]), int(words["--iterations"]), words.get("--features", "").split(",")
def say(**record):
    print(json.dumps(record), flush=True)
points = {"fault": ["net.drop", "disk.torn"], "sometimes": ["leader changes"]}
say(type="start", format="simulation/1", scenario=words["--scenario"], first_seed=first, seeds=count, points=points,
    invariants=["agreement"])
failed = 0
for seed in range(first, first + count):
    wrong = "canary-agreement" in features and seed % 4 == 0 or "bug" in features and seed == first + 3
    if "canary-crash" in features and seed == first + 2:
        print("panicked: index out of bounds", file=sys.stderr, flush=True)
        os.abort()
    failed += wrong
    more = {"failure": {"invariant": "agreement", "message": "no"}} if wrong else {}
    hits = {"net.drop": 3, "leader changes": 1} if "canary-no-torn" in features else {
        "net.drop": 3, "disk.torn": 1, "leader changes": 1}
    noise = os.getpid() if "noisy" in features else 0
    say(type="seed", seed=seed, status="failed" if wrong else "ok", events=100 + seed % 9, time_ns=seed % 977 * 1000,
        hits=hits, ran={"agreement": 4}, digest={"log": f"{seed:x}", "state": f"{seed + noise:x}"}, **more)
say(type="end", seeds=count, failed=failed)
sys.exit(bool(failed))
"""
CONFIG: dict[str, Any] = {
    "fault_point_coverage_min": 1.0,
    "required_invariants": ["agreement"],
    "critical_fault_points": [],
    "min_view_changes": 0,
    "min_phase_events": {},
    "min_repairs": 0,
    "min_unique_query_plans": 0,
    "canaries": {
        "canary-agreement": {"invariants": ["agreement"]},
        "canary-no-torn": {"fault_points": ["disk.torn"]},
        "canary-crash": {"crash": "index out of bounds"},
    },
}
COMMAND = "{python} sim.py --scenario {{scenario}} --seed {{seed}} --iterations {{iterations}} --features '{features}'"


def command(features: str = "") -> str:
    """As a workflow has it."""
    return COMMAND.format(python=f"{sys.executable} -S", features=features)


def record(folder: Path, run: dict[str, Any], out: str, features: str = "") -> None:
    """One run of the plan, as a job of the workflow records it."""
    asked = ["--scenario", run["scenario"], "--seed", run["seed"], "--iterations", str(run["iterations"])]
    asked += ["--expected-crash", run["crash"]] if run.get("crash") else []
    run_cli("record", *asked, "--on-crash", "restart", "--out", out, "--command", command(features), cwd=folder)


def play(folder: Path, features: str = "") -> dict[str, Any]:
    """A small night; its folder is `folder`/night. Returns its plan."""
    (folder / "sim.py").write_text(SIMULATOR)
    (folder / "c.json").write_text(json.dumps(CONFIG))
    work = ["combined=40", "--coverage", "combined=20", "--canary", "combined=20", "--determinism", "combined=100"]
    options = [
        "--determinism-seeds",
        "42",
        "--rate",
        "combined=50",
        "--jobs",
        "2",
        "--minutes",
        "5",
        "--run-number",
        "1",
    ]
    ended = run_cli(
        "plan", *work, *options, "--config", "c.json", "--format", "json", "--command", command(), cwd=folder
    )
    assert ended.code == 0, ended
    plan: dict[str, Any] = json.loads(ended.out)
    (folder / "night").mkdir()
    (folder / "night" / "plan.json").write_text(ended.out)
    for job in ("long_run", "coverage"):
        for run in plan[job]["include"]:
            record(folder, run, f"night/{job.replace('_', '-')}/{run['name']}", features)
    for run in plan["determinism"]["include"]:
        for side in ("a", "b"):
            record(folder, run, f"night/determinism/{run['name']}/{side}", features)
    for run in plan["canary"]["include"]:
        record(folder, run, f"night/canary/{run['name']}", "" if run["build"] == "control" else run["build"])
    return plan


def judged(folder: Path) -> tuple[Ended, dict[str, Any]]:
    """The verdict on the night."""
    ended = run_cli("summary", "night", "--config", "c.json", "--verdict-file", "night.json", cwd=folder)
    return ended, json.loads((folder / "night.json").read_text())


@pytest.fixture(scope="module")
def green(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night in which nothing is wrong; nobody changes it."""
    folder = tmp_path_factory.mktemp("green")
    play(folder)
    return folder


def test_a_green_night(green: Path) -> None:
    """All parts: seeds, digests, coverage by name, and canaries by invariant, vanished point and crash."""
    ended, night = judged(green)
    assert ended.code == 0, ended
    assert (night["status"], night["findings"]) == ("passed", [])
    shown = {part["name"]: part["line"] for part in night["jobs"]}
    assert shown["canary"] == "3 of 3 canaries detected, 1 by a crash"
    assert shown["determinism"].startswith("100 seeds run twice, none differs")
    ran = {work["job"]: work["ran"] for work in night["work"]}
    assert (ran["long-run"], ran["coverage"]) == (40, 20)
    (pairs,) = (work["pairs"] for work in night["work"] if work["job"] == "coverage")
    assert (pairs["seeds"], pairs["possible"], pairs["met"], pairs["strangers_found"]) == (20, 3, 3, 0)
    assert pairs["matrix"] == [[20, 20, 20]] * 3


def lost_run(night: Path) -> None:
    """A shard whose recording never came."""
    shutil.rmtree(next(path for path in (night / "long-run").iterdir()))


def copied_run(night: Path) -> None:
    """A shard that has the seeds of another one."""
    one, other = sorted((night / "coverage").iterdir()) if len(list((night / "coverage").iterdir())) > 1 else (
        sorted((night / "coverage").iterdir())[0],
        sorted((night / "long-run").iterdir())[0],
    )  # fmt: skip
    shutil.copy(other / "stream.ndjson.gz", one / "stream.ndjson.gz")


def cut_run(night: Path) -> None:
    """A stream that breaks off."""
    path = sorted((night / "coverage").iterdir())[0] / "stream.ndjson.gz"
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    ("spoil", "told"),
    [(lost_run, "no recording"), (copied_run, "Recording disagrees"), (cut_run, "Run incomplete")],
)
def test_a_run_that_is_missing_or_another_one_makes_it_red(
    tmp_path: Path, green: Path, spoil: Callable[[Path], None], told: str
) -> None:
    """Whatever the others show."""
    shutil.copytree(green, tmp_path / "n")
    spoil(tmp_path / "n" / "night")
    ended, night = judged(tmp_path / "n")
    assert ended.code == 1
    assert any(told in finding["line"] for finding in night["findings"]), night["findings"]


def test_seeds_that_fail_and_seeds_that_differ_are_found(tmp_path: Path) -> None:
    """With the seed, the command that replays it, and the name of the digest that differs."""
    play(tmp_path, "bug,noisy")
    ended, night = judged(tmp_path)
    assert ended.code == 1
    differing = [finding for finding in night["findings"] if finding["rule"] == "SeedsDiffer"]
    assert [finding["line"].endswith("(digest state)") for finding in differing] == [True]
    failing = [finding for finding in night["findings"] if finding["kind"] == "failing seed"]
    assert failing
    assert all(f"--seed {finding['seed']} --iterations 1" in finding["repro"] for finding in failing)


def test_nights_of_simulation_streams_have_trends(tmp_path: Path, green: Path) -> None:
    """A record of each night, with its figures."""
    shutil.copytree(green, tmp_path / "n")
    options = ("--trends", "trends.ndjson", "--config", "c.json")
    run_cli("summary", "night", *options, cwd=tmp_path / "n")
    lines = (tmp_path / "n" / "trends.ndjson").read_text().splitlines()
    assert lines
    assert '"combined"' in lines[-1]
