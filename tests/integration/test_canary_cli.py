"""`vopr-coverage canary` as a process, on what the real simulator wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.endings import refused
from tests.support.recordings import a_recording, asked_for
from tests.support.reports import REAL, Ended, run_cli
from vopr_coverage.canaries.detector import SHIPPED
from vopr_coverage.canaries.judge import NONE_DECLARED
from vopr_coverage.formats.schema import problems

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
    why = "20 of 20 seeds identical to the control: the planted bug was never called, or changed nothing"
    assert f"\n      {why}\n" in ended.out
    verdict = json.loads((folder / "v.json").read_text())
    assert problems("canaries", verdict) == []
    assert [result["ending"] for result in verdict["results"]] == ["detected", "not detected"]
    assert [result.get("differing") for result in verdict["results"]] == [None, 0]
    page = (folder / "s.md").read_text()
    assert page.startswith("## ❌ Canaries failed\n")
    assert "never called" in page


def test_all_detected_passes(folder: Path) -> None:
    """Exit code 0 only then."""
    (folder / "one.json").write_text(json.dumps({"canaries": {"drop": CONFIG["canaries"]["sim-canary-drop-disabled"]}}))
    ended = canary(folder, f"drop={REAL / 'canary-drop-disabled.ndjson'}", more=("--config", "one.json"))
    assert ended.code == 0
    assert ended.out.endswith("✅ Canaries PASSED: 1 of 1 canary detected\n")


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


def a_night(folder: Path, **runs: str) -> Path:
    """A folder of canary runs, as the jobs of a night leave it: each a recording of one of the real streams."""
    for name, stream in runs.items():
        a_recording(folder / "night" / name, (REAL / f"{stream}.ndjson").read_bytes(), **asked_for_real(stream))
    return folder / "night"


def asked_for_real(stream: str) -> dict[str, object]:
    """What a real stream was asked for."""
    asked = asked_for((REAL / f"{stream}.ndjson").read_bytes())
    return {"seed": str(asked["seed"]), "iterations": asked["iterations"]}


def test_a_folder_of_runs_is_judged_like_runs_by_name(folder: Path) -> None:
    """Control and canaries by the names of their folders."""
    night = a_night(folder, control="combined", **{"sim-canary-drop-disabled": "canary-drop-disabled"})
    ended = run_cli("canary", "--runs", "night", "--verdict-file", "v.json", cwd=folder)
    assert ended.code == 1
    assert "✅ sim-canary-drop-disabled: detected: fault point network.drop" in ended.out
    assert f"❌ canary-wrong-hash: not run: there is no {Path('night') / 'canary-wrong-hash'}" in ended.out
    (night / "canary-wrong-hash").mkdir()
    (night / "canary-wrong-hash" / "build-failed").touch()
    ended = run_cli("canary", "--runs", "night", cwd=folder)
    assert "❌ canary-wrong-hash: build failed: there is no run because its build failed" in ended.out
    (night / "canary-wrong-hash" / "build-failed").unlink()
    (night / "canary-wrong-hash").rmdir()
    a_night(folder, **{"canary-wrong-hash": "canary-wrong-hash"})
    assert "20 of 20 seeds identical to the control" in run_cli("canary", "--runs", "night", cwd=folder).out
    a_night(folder, **{"canary-gone": "combined"})
    told = refused(run_cli("canary", "--runs", "night", cwd=folder))[0]
    assert "--runs: no canary 'canary-gone' is declared" in told


def test_a_folder_in_which_all_is_detected_passes(folder: Path) -> None:
    """Exit code 0."""
    (folder / "one.json").write_text(json.dumps({"canaries": {"drop": CONFIG["canaries"]["sim-canary-drop-disabled"]}}))
    a_night(folder, control="combined", drop="canary-drop-disabled")
    ended = run_cli("canary", "--runs", "night", "--config", "one.json", cwd=folder)
    assert ended.code == 0, ended
    assert ended.out.endswith("✅ Canaries PASSED: 1 of 1 canary detected\n")


def test_without_a_control_run_nothing_is_judged(folder: Path) -> None:
    """It is missing, or was not built, or the folder itself isn't there; and the files say so."""
    a_night(folder, **{"canary-wrong-hash": "combined"})
    told = refused(run_cli("canary", "--runs", "night", "--verdict-file", "v.json", cwd=folder))[0]
    assert "there is no control run" in told
    assert not json.loads((folder / "v.json").read_text())["passed"]
    (folder / "night" / "control").mkdir()
    (folder / "night" / "control" / "build-failed").touch()
    told = refused(run_cli("canary", "--runs", "night", cwd=folder))[0]
    assert told == "there is no control run because its build failed"
    assert (
        "--runs nowhere can't be read: no such file" in refused(run_cli("canary", "--runs", "nowhere", cwd=folder))[0]
    )


def test_the_declared_canaries_are_named(folder: Path) -> None:
    """For a workflow's loop and for its matrix; those that are shipped, where a config declares none."""
    assert run_cli("canary", "--names", cwd=folder).out == "sim-canary-drop-disabled\ncanary-wrong-hash\n"
    told = run_cli("canary", "--names", "--format", "json", cwd=folder)
    assert told.out == '["sim-canary-drop-disabled","canary-wrong-hash"]\n'
    (folder / "empty.json").write_text("{}")
    assert run_cli("canary", "--names", "--config", "empty.json", cwd=folder).out.splitlines() == list(SHIPPED)
    assert run_cli("canary", "--names", "--config", "", cwd=folder).out.splitlines() == list(CONFIG["canaries"])


@pytest.mark.parametrize("name", ["../x", "a b", "-rf", "control", "", "x" * 81])
def test_a_canary_whose_name_is_no_folder_is_told(folder: Path, name: str) -> None:
    """Before a build or a folder is named by it."""
    (folder / "c.json").write_text(json.dumps({"canaries": {name: {"determinism": True}}}))
    a_night(folder, control="combined")
    for words in (("--names",), ("--runs", "night")):
        assert "expected" in refused(run_cli("canary", *words, "--config", "c.json", cwd=folder))[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "no control run: name it with --control, or a folder with --runs"),
        (("a=b",), "no control run: name it with --control, or a folder with --runs"),
        (("--runs", "night", "--control", "x"), "--runs takes the place of --control and NAME=RUN"),
        (("--runs", "night", "a=b"), "--runs takes the place of --control and NAME=RUN"),
        (("--names", "--runs", "night"), "--names judges nothing: leave out runs and files"),
        (("--names", "--control", "x"), "--names judges nothing: leave out runs and files"),
        (("--names", "a=b"), "--names judges nothing: leave out runs and files"),
        (("--names", "--verdict-file", "v.json"), "--names judges nothing: leave out runs and files"),
        (("--names", "--format", "markdown"), "--names: expected --format text or json, found 'markdown'"),
    ],
)
def test_flags_that_exclude_each_other_are_told(folder: Path, words: tuple[str, ...], told: str) -> None:
    """Else one of them would be left out without a word."""
    assert refused(run_cli("canary", *words, cwd=folder))[0].startswith(told)


def test_typos_are_told(folder: Path) -> None:
    """A canary that is judged under a wrong name was not judged."""
    run = REAL / "combined.ndjson"
    assert "did you mean 'canary-wrong-hash'" in refused(canary(folder, f"canary-wrong-hahs={run}"))[0]
    assert "expected NAME=RUN" in refused(canary(folder, str(run)))[0]
    assert "named twice" in refused(canary(folder, f"canary-wrong-hash={run}", f"canary-wrong-hash={run}"))[0]
    assert refused(run_cli("canary", "--control", "missing.ndjson", cwd=folder))


@pytest.mark.parametrize(
    "canaries",
    [{"a": {}}, {"a": {"invariant": ["x"]}}, {"a": {"invariants": "x"}}, {"a": {"determinism": False}}, ["a"]],
)
def test_a_canary_that_nothing_can_detect_is_refused(folder: Path, canaries: object) -> None:
    """It would be missed on every night."""
    (folder / "c.json").write_text(json.dumps({"canaries": canaries}))
    assert "canaries" in refused(canary(folder, more=("--config", "c.json")))[0]


@pytest.mark.parametrize("declared", [{}, None])
def test_canaries_that_are_empty_on_purpose_leave_the_control_run_to_judge(folder: Path, declared: object) -> None:
    """A healthy control run passes, with a word on what it leaves open; a sick one still fails."""
    (folder / "none.json").write_text(json.dumps({"canaries": declared}))
    ended = canary(folder, more=("--config", "none.json", "--verdict-file", "v.json"))
    assert (ended.code, ended.out.splitlines()[-1]) == (0, f"✅ Canaries PASSED: {NONE_DECLARED}")
    assert problems("canaries", json.loads((folder / "v.json").read_text())) == []
    sick: list[str | Path] = ["--control", REAL / "combined-killed.ndjson", "--config", "none.json"]
    assert run_cli("canary", *sick, cwd=folder).code == 1
