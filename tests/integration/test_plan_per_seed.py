"""`plan --per-seed`: a rate measured from a simulator that runs one seed a process; and one of a simulation stream.

No rate here depends on the machine: each simulator runs a number of seeds, and hangs at the next one.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.support.endings import refused
from tests.support.reports import Ended, run_cli
from vopr_coverage.nightly.plan import plan_from_json

NIGHT = ["plan", "s=10", "--minutes", "1", "--run-number", "1", "--seed-base", "100", "--format", "json"]
# Writes nothing. Seeds from 106 on never end; it notes the seeds that it began.
SIMULATOR = """
import os, sys, time
seed, act = int(sys.argv[1]), sys.argv[2]
open(f"seed-{seed}", "w").close()
if seed >= 106:
    time.sleep(600)
print(f"seed {seed} was here", file=sys.stderr)
if act == "crashes" or (act == "finds" and seed == 102):
    sys.exit(101)
if act == "misuse" and seed == 103:
    sys.exit(127)
"""


def planned(cwd: Path, act: str, *flags: str, seconds: str = "3") -> Ended:
    """`plan --per-seed` on that simulator."""
    (cwd / "simulator.py").write_text(SIMULATOR)
    words = [sys.executable, "simulator.py", "{seed}", act]
    return run_cli(*NIGHT, "--calibrate", seconds, "--per-seed", *flags, "--", *words, cwd=cwd)


def rates(ended: Ended) -> set[float]:
    """Those of the plan."""
    assert ended.code == 0, ended
    return {work.rate for work in plan_from_json(ended.out.encode(), "plan").work}


@pytest.mark.parametrize("flags", [(), ("--parallel", "3")], ids=["one", "three"])
def test_seeds_that_ended_are_the_rate(tmp_path: Path, flags: tuple[str, ...]) -> None:
    """Six in three seconds, one of them with a bug, from the night's first seed on; none of a stopped one."""
    ended = planned(tmp_path, "finds", *flags)
    assert rates(ended) == {2.0}
    assert ended.err.splitlines() == [
        "vopr-coverage: calibrating s for 3 s",
        "vopr-coverage: calibrated s: 2 iterations a second",
    ]
    began = sorted(int(path.name.removeprefix("seed-")) for path in tmp_path.glob("seed-*"))
    assert began == list(range(100, 107 if not flags else 109))


def test_a_code_that_says_nothing_is_refused_with_the_last_words(tmp_path: Path) -> None:
    """As for a simulator with all seeds in one process: nothing is planned on it."""
    told = refused(planned(tmp_path, "misuse", seconds="60"))
    assert re.fullmatch(
        r"the rate of s cannot be measured: the simulator '.+' ended with exit code 127 after [0-9.]+ m?s and 3 seeds, "
        r"and left no result of the next one",
        told[1],
    )
    assert told[2:] == [
        "the simulator's last lines:",
        "  seed 103 was here",
        "Fix the simulator, or give its rate with --rate s=R (the input `rates` of the nightly workflow).",
    ]
    found = refused(planned(tmp_path, "finds", "--failed-exit", "1", seconds="60"))
    assert "ended with exit code 101" in found[1]


def test_a_simulator_that_fails_at_every_seed_has_no_rate(tmp_path: Path) -> None:
    """It would measure how soon it dies."""
    told = refused(planned(tmp_path, "crashes"))
    assert told[1].endswith(" failed at each of 6 seeds")
    assert "  seed 105 was here" in told
    assert planned(tmp_path, "crashes", "--rate", "s=7").err == ""


def test_a_seed_that_takes_longer_is_not_broken(tmp_path: Path) -> None:
    """The advice fits the cause."""
    told = refused(planned(tmp_path, "finds", "--seed-base", "500", seconds="0.5"))
    assert "finished no seed in 0.5 s, then it was stopped" in told[1]
    assert told[2].startswith("Calibrate for longer with --calibrate, or give its rate with --rate s=R (")


def test_flags_that_would_have_no_effect_are_refused(tmp_path: Path) -> None:
    """So is a command without a seed; an empty word is none, as the workflow hands it on."""
    for flags in (["--parallel", "2"], ["--failed-exit", "101"]):
        assert refused(run_cli(*NIGHT, *flags, cwd=tmp_path)) == [f"{flags[0]} is for --per-seed"]
    told = refused(run_cli(*NIGHT, "--calibrate", "1", "--per-seed", "--", "true", cwd=tmp_path))
    assert "the command has no {seed}" in told[1]
    assert rates(planned(tmp_path, "finds", "--failed-exit", "")) == {2.0}


STREAM = """
import sys, time
print('{"type":"start","format":"simulation/1","first_seed":100,"seeds":9}')
for seed in range(100, 106):
    print('{"hits":{},"type" : "seed","seed":%d,"status":"ok","note":"\\\\"type\\\\":\\\\"iteration\\\\""}' % seed)
sys.stdout.flush()
"""


def test_seed_records_of_a_simulation_stream_are_iterations(tmp_path: Path) -> None:
    """And its end record is an end: behind it, a bad exit code reports failed seeds."""
    last = 'print(\'{"type":"end","seeds":6,"failed":0}\', flush=True)\n'
    for more, expected in (("time.sleep(600)", 0), (f"{last}sys.exit(1)", 0), ("sys.exit(1)", 2)):
        (tmp_path / "simulator.py").write_text(f"{STREAM}{more}")
        ended = run_cli(*NIGHT, "--calibrate", "3", "--", sys.executable, "simulator.py", cwd=tmp_path)
        assert ended.code == expected, ended
        if "sleep" in more:
            assert rates(ended) == {2.0}
