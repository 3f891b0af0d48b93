"""`vopr-coverage canary` for simulation streams and files of an SDK: by an invariant, a vanished point, or a crash."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.recordings import recorded
from tests.support.reports import Record, run_cli
from tests.support.simulations import a_simulation, as_lines, begin, failing, finish, seed

DATA = Path(__file__).parents[1] / "data" / "antithesis"
GONE = [begin(), *(seed(n, hits={"commit": 1}) for n in range(7, 11)), finish()]
FEWER = [begin(3), *(seed(n, hits={"commit": 1}) for n in range(7, 10)), finish(3)]
FAILED = [begin(), seed(7), failing(8), seed(9), seed(10), finish(4, 1)]
OTHER = [begin(), seed(7), failing(8, "durability"), seed(9), seed(10), finish(4, 1)]
BLIND = [begin(), *(seed(n, digest=f"x{n}") for n in range(7, 11)), finish()]


def judged(folder: Path, canary: str, detector: Record, control: str = "control") -> Record:
    """The verdict on one canary."""
    (folder / "c.json").write_text(json.dumps({"canaries": {"canary-x": detector}}))
    files = ("--config", "c.json", "--verdict-file", "v.json")
    run_cli("canary", "--control", control, f"canary-x={canary}", *files, cwd=folder)
    verdict: dict[str, Any] = json.loads((folder / "v.json").read_text())
    return verdict


@pytest.mark.parametrize(
    ("records", "detector", "ending", "told"),
    [
        (FAILED, {"invariants": ["agreement"]}, "detected", "invariant agreement failed on 1 of 4 seeds"),
        (OTHER, {"invariants": ["agreement"]}, "wrong invariant", "durability on 1 seed"),
        (GONE, {"fault_points": ["disk.torn_write"]}, "detected", "is hit in the control run and gone here"),
        (FEWER, {"fault_points": ["disk.torn_write"]}, "not measured", "3 iterations, fewer than the control run's 4"),
        (GONE, {"fault_points": ["net.drop"]}, "not measured", "the control run doesn't hit the fault point either"),
        (a_simulation(), {"invariants": ["agreement"]}, "not detected", "nothing failed in 4 iterations"),
        (a_simulation()[:-1], {"invariants": ["agreement"]}, "crashed", "no end record after 4 of 4 seeds"),
    ],
)
@pytest.mark.parametrize("as_recording", [False, True])
def test_simulation_streams(
    tmp_path: Path, records: list[Record], detector: Record, ending: str, told: str, as_recording: bool
) -> None:
    """Plain or recorded, the ending is the same."""
    (tmp_path / "control").write_bytes(as_lines(a_simulation()))
    (tmp_path / "x").write_bytes(as_lines(records))
    if as_recording:
        recorded(as_lines(records), tmp_path / "r", seed=7, iterations=records[0]["seeds"])
    (result,) = judged(tmp_path, "r" if as_recording else "x", detector)["results"]
    assert (result["ending"], told in result["detail"]) == (ending, True), result


def test_a_canary_that_nothing_noticed_is_compared_by_its_digests(tmp_path: Path) -> None:
    """It says whether the planted bug did anything."""
    (tmp_path / "control").write_bytes(as_lines(a_simulation()))
    for records, told in ((a_simulation(), "4 of 4 seeds identical to the control"), (BLIND, "4 of 4 seeds differ")):
        (tmp_path / "x").write_bytes(as_lines(records))
        (result,) = judged(tmp_path, "x", {"invariants": ["agreement"]})["results"]
        assert told in result["why"]


def test_files_of_an_sdk(tmp_path: Path) -> None:
    """A property that is broken in the canary's file, and in the control's."""
    control, canary = str(DATA / "go-healthy-seed-2.jsonl.gz"), str(DATA / "go-always-fails-seed-2.jsonl.gz")
    verdict = judged(tmp_path, canary, {"invariants": ["no such property"]}, control)
    assert verdict["control_problems"] == []
    (result,) = verdict["results"]
    assert result["ending"] == "wrong invariant"
    name = result["detail"].partition(" on ")[0]
    (result,) = judged(tmp_path, canary, {"properties": [name]}, control)["results"]
    assert result["ending"] == "detected"
    (result,) = judged(tmp_path, canary, {"invariants": [name]}, control)["results"]
    assert result["ending"] == "detected"
    assert judged(tmp_path, control, {"invariants": [name]}, canary)["control_problems"] != []
