"""Canaries with a scenario of their own, and canaries that a crash detects: planned, recorded, judged, in a night."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.endings import refused
from tests.support.night_folders import (
    BASE,
    CANARY,
    DETECTOR,
    a_night,
    a_plan,
    a_recorded_run,
    all_needs,
    part,
    summarised,
)
from tests.support.recordings import manifest_of
from tests.support.reports import MODEST, a_stream, run_cli
from tests.support.simulators import record
from vopr_coverage.nightly.plan import CanaryRange, CanaryRanges

PANIC = "thread 'main' panicked: no quorum"
CONFIG: dict[str, Any] = {
    **MODEST,
    "canaries": {
        CANARY: {"invariants": [DETECTOR]},
        "no-quorum": {"crash": "panicked: no quorum", "scenario": "gray", "iterations": 40},
    },
}
GRAY = BASE + 3_000


def a_night_of_two(home: Path, **crashed: Any) -> Path:
    """A green night with a canary of `combined`, and one of `gray` that crashes with the declared words."""
    plan = a_plan()
    rows = [
        CanaryRange(name=name, scenario="gray", seed=str(GRAY), iterations=40, build=build)
        for name, build in (("control-gray", "control"), ("no-quorum", "no-quorum"))
    ]
    night = a_night(home, a_plan(canary=CanaryRanges((*plan.canary.include, *rows))))
    (home / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    a_recorded_run(night / "canary" / "control-gray", GRAY, 40, scenario="gray")
    died = {"exit_code": 101, "whole": False, "last_words": [PANIC], "scenario": "gray", **crashed}
    stream = b"".join(a_stream(40, first=GRAY).splitlines(keepends=True)[:20])
    a_recorded_run(night / "canary" / "no-quorum", GRAY, 40, stream, **died)
    return night


# ---- a night


def test_a_night_with_two_control_runs_and_a_crash_is_green(tmp_path: Path) -> None:
    """It says how many were detected, and that one of them was by a crash."""
    a_night_of_two(tmp_path)
    ended, verdict = summarised(tmp_path, all_needs(regressions="skipped"))
    assert (ended.code, verdict.findings) == (0, ()), ended
    assert part(verdict, "canary").line == "2 of 2 canaries detected, 1 by a crash"
    assert "2 of 2 canaries detected, 1 by a crash" in (tmp_path / "night.md").read_text()
    assert "Coverage, Canaries" in ended.out


def test_a_night_with_another_crash_is_red_and_quotes_it(tmp_path: Path) -> None:
    """What was expected stands beside what the simulator wrote."""
    a_night_of_two(tmp_path, last_words=["panicked: index out of bounds"])
    _, verdict = summarised(tmp_path)
    (finding,) = verdict.findings
    assert (finding.kind, finding.source) == ("canary", "no-quorum")
    assert finding.line == (
        "crashed: ended with exit code 101; stderr ends with: panicked: index out of bounds; `crash` does not match "
        "its last words; expected: a crash whose last words match panicked: no quorum"
    )
    assert "index out of bounds" in (tmp_path / "night.md").read_text()


def test_a_lost_control_run_leaves_its_canary_without_one(tmp_path: Path) -> None:
    """The other canary is judged; both the lost run and the canary are told."""
    night = a_night_of_two(tmp_path)
    for path in (night / "canary" / "control-gray").iterdir():
        path.unlink()
    _, verdict = summarised(tmp_path)
    assert [(finding.source, finding.kind) for finding in verdict.findings] == [
        ("no-quorum", "canary"), ("control-gray", "lost run"),
    ]  # fmt: skip
    assert verdict.findings[0].line.startswith("no control run: there is no control run of scenario 'gray', only of ")
    assert (verdict.detected, verdict.declared) == (1, 2)


def test_a_red_control_run_is_told_once(tmp_path: Path) -> None:
    """By its failed seed, and not as a control run besides; the other one stays silent."""
    night = a_night_of_two(tmp_path)
    stream = a_stream(40, first=GRAY, failing=[GRAY + 1])
    a_recorded_run(night / "canary" / "control-gray", GRAY, 40, stream, scenario="gray", exit_code=1)
    _, verdict = summarised(tmp_path)
    assert [(finding.source, finding.kind) for finding in verdict.findings] == [("control-gray", "failing seed")]


def test_a_control_run_that_must_fail_by_the_config_is_red_nevertheless(tmp_path: Path) -> None:
    """No finding of run health says so: a canary beside failures that are expected shows nothing."""
    night = a_night_of_two(tmp_path)
    stream = a_stream(40, first=GRAY, failing=range(GRAY, GRAY + 40))
    a_recorded_run(night / "canary" / "control-gray", GRAY, 40, stream, scenario="gray", exit_code=1)
    scenarios = {"gray": {"expect": "violation", "invariants": [DETECTOR]}, "*": {}}
    (tmp_path / "config.json").write_text(json.dumps({**CONFIG, "scenarios": scenarios}), encoding="utf-8")
    _, verdict = summarised(tmp_path)
    (finding,) = verdict.findings
    told = f"the control run is not green: invariant {DETECTOR} failed on 40 seeds"
    assert (finding.source, finding.line) == ("control-gray", told)


def test_the_work_of_a_night_is_counted_by_scenario(tmp_path: Path) -> None:
    """A canary's iterations are not those of another scenario."""
    night = a_night_of_two(tmp_path)
    document = json.loads((night / "plan.json").read_text())
    document["work"].append({**document["work"][2], "scenario": "gray", "asked": 80, "planned": 80})
    (night / "plan.json").write_text(json.dumps(document))
    _, verdict = summarised(tmp_path)
    ran = {each.scenario: (each.ran, each.runs) for each in verdict.work if each.job == "canary"}
    assert ran == {"combined": (120, 2), "gray": (40 + 20, 2)}


# ---- by hand


@pytest.fixture
def by_hand(tmp_path: Path) -> Path:
    """Streams of two scenarios, and a config in which one canary names its own."""
    (tmp_path / "combined.ndjson").write_bytes(a_stream(20))
    (tmp_path / "gray.ndjson").write_bytes(a_stream(20, first=100))
    (tmp_path / "a.ndjson").write_bytes(a_stream(20, failing={3: "hash_chain"}))
    (tmp_path / "b.ndjson").write_bytes(a_stream(20, first=100))
    scenarios = {"a": "combined", "b": "gray"}
    canaries = {name: {"invariants": ["hash_chain"], "scenario": scenario} for name, scenario in scenarios.items()}
    (tmp_path / "c.json").write_text(json.dumps({"canaries": canaries}))
    return tmp_path


def test_control_runs_are_named_with_their_scenario(by_hand: Path) -> None:
    """Streams don't know theirs, so the config's scenario of a canary decides."""
    two = ("--control", "combined=combined.ndjson", "--control", "gray=gray.ndjson", "--config", "c.json")
    ended = run_cli("canary", *two, "a=a.ndjson", "b=b.ndjson", cwd=by_hand)
    assert ended.code == 1
    assert "✅ a in combined: detected" in ended.out
    assert "❌ b in gray: not detected" in ended.out
    assert "20 of 20 seeds identical to the control" in ended.out
    one = run_cli("canary", *two[:2], *two[4:], "a=a.ndjson", "b=b.ndjson", cwd=by_hand)
    assert "❌ b: no control run: there is no control run of scenario 'gray', only of 'combined'" in one.out
    assert "Run the same seeds of this scenario without a canary" in one.out
    assert "with several, name the scenario of each" in refused(
        run_cli("canary", "--control", "combined.ndjson", "--control", "gray=gray.ndjson", cwd=by_hand)
    )[0]  # fmt: skip


def test_a_folder_has_a_control_run_for_each_scenario(tmp_path: Path) -> None:
    """`control-SCENARIO` beside `control`; a canary that is declared under such a name is no control run."""
    night = a_night_of_two(tmp_path)
    ended = run_cli("canary", "--runs", "night/canary", "--config", "config.json", "--verdict-file", "v", cwd=tmp_path)
    assert ended.code == 0, ended
    assert "✅ no-quorum in gray: detected: ended with exit code 101, no batch_complete after 19 of 40" in ended.out
    assert [control["scenario"] for control in json.loads((tmp_path / "v").read_text())["controls"]] == [
        "combined", "gray",
    ]  # fmt: skip
    (night / "canary" / "control").rename(night / "canary" / "control-combined")
    assert run_cli("canary", "--runs", "night/canary", "--config", "config.json", cwd=tmp_path).code == 0
    declared = {**CONFIG["canaries"], "control-gray": {"invariants": ["x"]}}
    (tmp_path / "more.json").write_text(json.dumps({"canaries": declared}))
    ended = run_cli("canary", "--runs", "night/canary", "--config", "more.json", cwd=tmp_path)
    assert "❌ control-gray: no control run: there is no control run of scenario 'gray'" in ended.out


def test_two_control_runs_of_a_scenario_are_refused(tmp_path: Path) -> None:
    """By their names, before anything is compared."""
    night = a_night_of_two(tmp_path)
    a_recorded_run(night / "canary" / "control-gray", GRAY, 40, scenario="combined")
    ended = run_cli("canary", "--runs", "night/canary", "--config", "config.json", cwd=tmp_path)
    assert "expected one of each scenario, found two of 'combined'" in refused(ended)[0]


# ---- plan, profiles, record, doctor


def test_a_plan_has_what_the_config_says(tmp_path: Path) -> None:
    """The text names each scenario; the JSON has build and crash for the workflow's matrix."""
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    words = ["combined=60", "--canary", "combined=60", "--minutes", "9", "--run-number", "1", "--config", "c.json"]
    rates = ["--rate", "combined=5 gray=2"]
    ended = run_cli("plan", *words, *rates, cwd=tmp_path)
    assert "  combined: control and 1 canary, 120 of 120 iterations in 2 jobs" in ended.out
    assert "  gray: control and 1 canary, 80 of 80 iterations in 2 jobs" in ended.out
    rows = json.loads(run_cli("plan", *words, *rates, "--format", "json", cwd=tmp_path).out)["canary"]["include"]
    assert [(row["name"], row["build"], row["crash"], row["iterations"]) for row in rows] == [
        ("control", "control", "", 60),
        (CANARY, CANARY, "", 60),
        ("control-gray", "control", "", 40),
        ("no-quorum", "no-quorum", "panicked: no quorum", 40),
    ]
    assert "scenario 'gray' has no rate" in refused(run_cli("plan", *words, *rates[:1], "combined=5", cwd=tmp_path))[0]
    assert run_cli("plan", *words, "--no-canaries", "--rate", "combined=5", cwd=tmp_path).code == 0


def test_profiles_print_what_canaries_run(tmp_path: Path) -> None:
    """Behind the bounds; those that are shipped are none of the config's."""
    (tmp_path / "c.json").write_text(json.dumps(CONFIG))
    out = run_cli("profiles", "--config", "c.json", cwd=tmp_path).out
    assert (
        f"canary {CANARY}: invariant {DETECTOR}\n"
        "canary no-quorum: a crash whose last words match panicked: no quorum  # runs 40 iterations of gray\n"
    ) in out
    assert "canary" not in run_cli("profiles", cwd=tmp_path).out


PANICS = f"import sys; sys.stderr.write({PANIC!r}); sys.exit(101)"


@pytest.mark.parametrize(
    ("pattern", "code"), [("no quorum", 0), ("", 1), ("index out of bounds", 1)], ids=["expected", "none", "another"]
)
def test_an_expected_crash_is_no_failed_recording(tmp_path: Path, pattern: str, code: int) -> None:
    """The job of a canary that crashes as declared is green; any other crash leaves it red."""
    ended = record(tmp_path, sys.executable, "-c", PANICS, options=("--expected-crash", pattern))
    assert (ended.code, "it crashed as expected" in ended.err) == (code, code == 0)
    assert manifest_of(tmp_path / "out")["last_words"] == [PANIC]


def test_an_expected_crash_that_cannot_be_searched_is_refused(tmp_path: Path) -> None:
    """Before the simulator runs."""
    ended = record(tmp_path, sys.executable, "-c", PANICS, options=("--expected-crash", r"(a)\1"))
    assert ended.code == 2
    assert "--expected-crash: expected a regular expression of RE2, found" in ended.err
    assert not (tmp_path / "out").exists()


def test_the_doctor_tries_other_crashes(tmp_path: Path) -> None:
    """In its text, its page and its file; they do not change the score."""
    (tmp_path / "run.ndjson").write_bytes(a_stream(20))
    (tmp_path / "w.yml").write_text("on: push\njobs: {}\n")
    for crash, told in (("panicked: no quorum", "none of 7 other crashes does"), ("panicked", "so does another crash")):
        (tmp_path / "c.json").write_text(json.dumps({"canaries": {"bug": {"crash": crash}}}))
        words = ("doctor", "--workflow", "w.yml", "--config", "c.json", "--verdict-file", "v", "--summary-file", "s")
        ended = run_cli(*words, cwd=tmp_path)
        assert f"Canaries (1):\n  - bug: detected by a crash whose last words match {crash}" in ended.out
        assert told in json.loads((tmp_path / "v").read_text())["canaries"][0]
        assert "### Canaries" in (tmp_path / "s").read_text()
