"""`vopr-coverage plan` as a process: flags to a matrix, and a rate measured from a simulator that really runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.build import line, ok, run_cli, start
from tests.endings import refused

NIGHT = ["plan", "combined=1000", "swizzle=500", "--minutes", "1", "--run-number", "3"]
RATES = ["--rate", "combined=10", "--rate", "swizzle=100"]
# Three iterations, then it hangs: a simulator that would run for hours, as far as calibrating goes.
SIMULATOR = f"""
import sys, time
sys.stdout.buffer.write({line(start(0, 3))!r} + {b"".join(line(ok(seed)) for seed in range(3))!r})
sys.stdout.flush()
time.sleep(600)
"""


def planned(cwd: Path, *more: str, code: int = 0) -> dict[str, Any]:
    """The plan of the night as JSON."""
    ended = run_cli(*NIGHT, *RATES, "--format", "json", *more, cwd=cwd)
    assert ended.code == code, ended
    parsed: dict[str, Any] = json.loads(ended.out)
    return parsed


def test_a_matrix_for_a_jobs_strategy(tmp_path: Path) -> None:
    """One entry a job; all of them together run what was asked."""
    plan = planned(tmp_path)
    jobs = plan["matrix"]["include"]
    assert [(job["scenario"], job["shard"], job["shards"]) for job in jobs] == [
        ("combined", 1, 3),
        ("combined", 2, 3),
        ("combined", 3, 3),
        ("swizzle", 1, 1),
    ]
    assert sum(job["iterations"] for job in jobs) == 1_500
    assert jobs[0]["seed"] == plan["seed_base"] == str(3 << 40)
    assert plan["regressions"] == []


def test_the_configs_minimum_is_held(tmp_path: Path) -> None:
    """A budget that holds less than min_iterations ends with 1, and says why."""
    (tmp_path / "c.json").write_text(json.dumps({"scenarios": {"combined": {"min_iterations": 900}, "swizzle": {}}}))
    assert planned(tmp_path, "--config", "c.json")["enough"]
    short = planned(tmp_path, "--config", "c.json", "--jobs", "2", code=1)
    assert "at least 900 are required" in short["remarks"][0]
    told = run_cli(*NIGHT, *RATES, "--config", "c.json", "--jobs", "2", cwd=tmp_path)
    assert told.code == 1
    assert "The budget can't hold all of it" in told.out
    assert "❌" in told.out


def test_once_failed_seeds_come_along(tmp_path: Path) -> None:
    """From a file in the repository, which need not exist yet."""
    assert planned(tmp_path, "--regressions", "none.txt")["regressions"] == []
    (tmp_path / "seeds.txt").write_text("combined 18446744073709551615 # vsr_agreement\n")
    found = planned(tmp_path, "--regressions", "seeds.txt")["regressions"]
    assert found == [{"scenario": "combined", "seeds": ["18446744073709551615"]}]


def test_a_rate_is_measured_where_none_is_given(tmp_path: Path) -> None:
    """The simulator is run for a moment with its placeholders filled, and stopped."""
    (tmp_path / "simulator.py").write_text(SIMULATOR)
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "1", "--calibrate", "1.5", "--format", "json"]
    ended = run_cli(*night, "--", sys.executable, "simulator.py", "{scenario}", "{seed}", cwd=tmp_path)
    assert ended.code == 0, ended
    (one,) = json.loads(ended.out)["scenarios"]
    assert one["rate"] == 3 / 1.5
    assert ended.err == "vopr-coverage: calibrating combined for 1.5 s\n"


def test_a_simulator_that_does_nothing_cannot_be_calibrated(tmp_path: Path) -> None:
    """Nothing is planned on a rate that nobody measured."""
    night = ["plan", "combined=10", "--minutes", "1", "--run-number", "1", "--calibrate", "1", "--"]
    assert "no iteration was done" in refused_in(tmp_path, *night, sys.executable, "-c", "pass")
    assert "can't be started" in refused_in(tmp_path, *night, "./no-such-simulator")
    assert "no measured rate" in refused_in(tmp_path, *night[:-1])


def refused_in(cwd: Path, *arguments: str) -> str:
    """The last line of what a refused command says."""
    ended = run_cli(*arguments, cwd=cwd)
    told = [text for text in ended.err.splitlines() if "calibrating" not in text]
    return refused(ended._replace(err="\n".join(told)))[0]


def test_typos_are_told(tmp_path: Path) -> None:
    """Before a simulator has run for half a minute."""
    assert "SCENARIO=NUMBER" in refused_in(tmp_path, "plan", "baseline:5", *NIGHT[1:], *RATES)
    assert "no scenario of this plan" in refused_in(tmp_path, *NIGHT, *RATES, "--rate", "combine=1")
    assert "SCENARIO SEED" in refused_in(tmp_path, *NIGHT, *RATES, "--regressions", file_with(tmp_path, "combined x"))


def file_with(folder: Path, text: str) -> str:
    """A file with this text."""
    (folder / "seeds.txt").write_text(text)
    return "seeds.txt"
