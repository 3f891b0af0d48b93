"""`vopr-coverage canary` as a process, on what the real simulator wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.build import REAL, Ended, run_cli
from tests.endings import refused
from vopr_coverage.contract import problems

CONFIG = {
    "canaries": {
        "sim-canary-drop-disabled": {"fault_points": ["network.drop"]},
        "canary-wrong-hash": {"invariants": ["hash_chain", "hash_chain_integrity"]},
    }
}
CONTROL: list[str | Path] = ["--control", REAL / "combined.ndjson"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A working directory with a config."""
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "vopr-coverage.yml").write_text(json.dumps(CONFIG))
    return tmp_path


def canary(folder: Path, *runs: str, more: tuple[str, ...] = ()) -> Ended:
    """Judge these runs against the healthy one."""
    return run_cli("canary", *CONTROL, *runs, *more, cwd=folder)


def test_the_real_canaries(folder: Path) -> None:
    """One has no caller and changes nothing; the other unplugs the drops, and every exit code was 0."""
    runs = [f"{name}={REAL / name.removeprefix('sim-')}.ndjson" for name in CONFIG["canaries"]]
    ended = canary(folder, *runs, more=("--verdict-file", "v.json", "--summary-file", "s.md"))
    assert ended.code == 1
    assert "✅ sim-canary-drop-disabled: detected: fault point network.drop is hit in the control run" in ended.out
    assert "❌ canary-wrong-hash: not detected" in ended.out
    verdict = json.loads((folder / "v.json").read_text())
    assert problems("canaries", verdict) == []
    assert [result["ending"] for result in verdict["results"]] == ["detected", "not detected"]
    assert (folder / "s.md").read_text().startswith("## ❌ Canaries failed\n")


def test_all_detected_passes(folder: Path) -> None:
    """Exit code 0 only then."""
    (folder / "one.json").write_text(json.dumps({"canaries": {"drop": CONFIG["canaries"]["sim-canary-drop-disabled"]}}))
    ended = canary(folder, f"drop={REAL / 'canary-drop-disabled.ndjson'}", more=("--config", "one.json"))
    assert ended.code == 0
    assert ended.out.startswith("✅ Canaries PASSED: 1 of 1 canaries detected\n")


def test_each_way_not_to_run_has_its_word(folder: Path) -> None:
    """Missing, broken, not built, no stream."""
    assert "canary-wrong-hash: not run: no run was given" in canary(folder).out
    assert "canary-wrong-hash: not run: there is no x" in canary(folder, "canary-wrong-hash=x.ndjson").out
    assert "canary-wrong-hash: build failed" in canary(folder, "canary-wrong-hash=build-failed").out
    assert "canary-wrong-hash: unusable" in canary(folder, f"canary-wrong-hash={REAL / 'not-json.txt'}").out
    assert "canary-wrong-hash: crashed" in canary(folder, f"canary-wrong-hash={REAL / 'combined-killed.ndjson'}").out


def test_an_old_verdict_is_not_taken_for_the_new(folder: Path) -> None:
    """Where nothing could be judged, the files say so."""
    (folder / "v.json").write_text('{"passed": true}')
    files = ("--verdict-file", "v.json", "--summary-file", "s.md")
    refused(run_cli("canary", "--control", "missing.ndjson", *files, cwd=folder))
    verdict = json.loads((folder / "v.json").read_text())
    assert problems("canaries", verdict) == []
    assert not verdict["passed"]
    assert "nothing was judged" in (folder / "s.md").read_text()


def test_typos_are_told(folder: Path) -> None:
    """A canary that is judged under a wrong name was not judged."""
    run = REAL / "combined.ndjson"
    assert "did you mean 'canary-wrong-hash'" in refused(canary(folder, f"canary-wrong-hahs={run}"))[0]
    assert "expected NAME=RUN" in refused(canary(folder, str(run)))[0]
    assert "named twice" in refused(canary(folder, f"canary-wrong-hash={run}", f"canary-wrong-hash={run}"))[0]
    assert refused(run_cli("canary", "--control", "missing.ndjson", cwd=folder))


@pytest.mark.parametrize(
    "canaries",
    [{}, {"a": {}}, {"a": {"invariant": ["x"]}}, {"a": {"invariants": "x"}}, {"a": {"determinism": False}}, ["a"]],
)
def test_a_config_that_declares_nothing_is_refused(folder: Path, canaries: object) -> None:
    """Nothing declared would be nothing missed."""
    (folder / "c.json").write_text(json.dumps({"canaries": canaries}))
    assert "canaries" in refused(canary(folder, more=("--config", "c.json")))[0]
