"""Nights of .github/workflows/vopr-nightly.yml under act, on examples/simulator: green ones, and one for each way to be
red, which is red for that reason alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.hosted import JOB_TOKEN, REPOSITORY, docker
from tests.e2e.night_desk import RUN_ID, Night, NightDesk, installed_tools, runner_image
from tests.e2e.test_starters import OUR_IMAGE, OURS, the_act
from tests.fake_github.fake import FakeGitHub
from tests.fake_github.fixtures import github, github_contract, github_server
from tests.fake_github.state import A_SHA
from tests.support.archives import zipped
from tests.support.histories import a_record
from vopr_coverage.github.issue_plan import IssueStamp
from vopr_coverage.github.trends_artifact import TRENDS_ARTIFACT
from vopr_coverage.nightly.planner import seed_base_of
from vopr_coverage.trends.folder import FolderStore
from vopr_coverage.trends.history import parse_history, text_of
from vopr_coverage.trends.store import BRANCH_DEFAULT, TRENDS_NAME
from vopr_coverage.trends.text_files import TEXT_NAMES

__all__ = ["github", "github_contract", "github_server"]

BUILD = 'python3 examples/simulator/build.py --features "$FEATURES" --out build/simulator'
QUICK = {  # seconds of simulation, and minutes for a slow machine; rates that are given need not be measured
    "scenarios": "combined=24", "coverage": "combined=24", "determinism": "combined=6", "determinism-seeds": "42",
    "canary": "combined=24", "canaries": "false", "rates": "combined=50", "minutes": "10", "jobs": "4",
    "config": "night.yml", "profile": "", "build": BUILD,
}  # fmt: skip
CONFIG = {  # what two dozen seeds of `combined` reach, and what they don't reach where nothing is dropped
    "profile": "default",
    "critical_fault_points": ["sim.network.send", "sim.storage.fsync"],
    "required_invariants": ["durability", "hash_chain"],
    "min_view_changes": 0,
    "min_repairs": 0,
    "min_unique_query_plans": 0,
    "min_phase_events": {},
    "min_fault_effects": {"network.drop": 20},
}
FIRST_SEED = seed_base_of(41)


@dataclass(frozen=True)
class Red:
    """A night that must be red, and why.

    Attributes:
        config: what is different in the config; `lost`: an artifact that gets lost.
        failed: the jobs that are red, beside `Summary`.
        findings: the parts of the night that have findings, and of which kinds.
        told: what the summary says: in which run, which seed, invariant or fault point, how to replay it.
    """

    inputs: Mapping[str, str]
    failed: set[str]
    findings: set[tuple[str, str]]
    told: tuple[str, ...]
    config: Mapping[str, Any] = field(default_factory=dict)
    lost: str = ""


def canary(name: str) -> dict[str, Any]:
    """A config in which one canary is declared."""
    return {"canaries": {name: {"invariants": ["hash_chain"]}}}


ONE_CANARY = {"canaries": "true"}
TWICE = "build/simulator --scenario {scenario} --seed {seed} --iterations {iterations} --json --check-determinism"
RED = {
    "a failing seed": Red(
        {"scenarios": "equivocation=8", "rates": "combined=50 equivocation=50"},
        {"Long run (equivocation 1/1)"},
        {("long-run", "failing seed")},
        (
            f"equivocation-1: seed {FIRST_SEED} failed vsr_agreement",
            f"build/simulator --scenario equivocation --seed {FIRST_SEED} --iterations 1 --json",
            f"equivocation {FIRST_SEED}  # vsr_agreement",
        ),
    ),
    "a nondeterministic build": Red(
        {"build": BUILD.replace('"$FEATURES"', "nondeterministic")},
        {"Determinism (from seed 42)"},
        {("determinism", "determinism")},
        ("the first is seed 42", "build/simulator --scenario combined --seed 42 --iterations 1"),
    ),
    "low coverage": Red(
        {"build": BUILD.replace('"$FEATURES"', "drop-disabled")},
        {"Coverage"},
        {("coverage", "coverage")},
        ("combined-1: Fault point 'network.drop' took effect too few times: 0 (expected >= 20)",),
    ),
    "a missed canary": Red(
        {**ONE_CANARY, "canary-command": TWICE},
        {"Canaries"},
        {("canary", "canary")},
        ("drop-disabled", "not detected", "0 of 1 canary detected"),
        config=canary("drop-disabled"),
    ),
    "a crashing canary": Red(
        ONE_CANARY,
        {"Canaries"},  # its simulator was started again, so all seeds were recorded
        {("canary", "canary")},
        ("crash-midway", "crashed", "0 of 1 canary detected"),
        config=canary("crash-midway"),
    ),
    "a canary that can't be built": Red(
        ONE_CANARY,
        {"Build (no-such-feature)", "Canary run (no-such-feature)", "Canaries"},
        {("canary", "canary"), ("build", "job")},
        ("no-such-feature", "build failed", "0 of 1 canary detected"),
        config=canary("no-such-feature"),
    ),
    "a lost shard": Red(
        {"rates": "combined=0.025", "coverage": "combined=12"},  # a job has time for 15 seeds
        set(),  # every job was told that all went well
        {("long-run", "lost run")},
        ("combined-2",),
        lost="vopr-night-files-long-run-combined-2",
    ),
}


@pytest.fixture(scope="session")
def runner(engine: None) -> str:
    """The image of the jobs' containers."""
    return runner_image()


@pytest.fixture(scope="session")
def tools(runner: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our packages, installed by the setup action's own step in such a container."""
    return installed_tools(tmp_path_factory.getbasetemp().parent, runner)


@pytest.fixture
def desk(tmp_path: Path, runner: str, tools: Path, github: FakeGitHub) -> NightDesk:
    """A repository with the example, a small config, and a GitHub that has no artifacts."""
    github.add_token(JOB_TOKEN)
    desk = NightDesk(tmp_path, the_act(), runner, tools, github)
    desk.set_up()
    desk.config(json.dumps(CONFIG))
    return desk


ADAPTED = {  # the starter's words: its owner's
    'cmake -B build -D CMAKE_BUILD_TYPE=Release -D CANARY="$FEATURES" && cmake --build build --parallel': BUILD,
    "scenarios: baseline=100000 combined=100000": "scenarios: combined=200",
    "coverage: combined=10000": "coverage: combined=200",
    "determinism: combined=1000": 'determinism: combined=10\n      determinism-seeds: "42 123"',
    "config: .github/vopr-coverage.yml": "config: examples/configs/simulator.yml",
    'canaries: "false"': 'canaries: "true"',
    "canary: combined=1000": "canary: combined=200",
    'minutes: "60"': 'minutes: "10"',
}
WITH_OURS = ("--local-repository", f"{OURS}={REPOSITORY}", "--rebuild=false")
STORED = {TRENDS_NAME, *TEXT_NAMES}
CANARIES = ("skip-fsync", "wrong-hash", "commit-quorum", "idempotency-race", "monotonic-regression")


@pytest.fixture
def starter(desk: NightDesk, image: str) -> Iterator[str]:
    """The starter for any simulator, adapted to the example; and the image that its last job wants."""
    docker("tag", image, OUR_IMAGE)
    path = desk.copy(REPOSITORY / "workflows" / "nightly-any-simulator.yml")
    text = path.read_text(encoding="utf-8")
    for theirs, adapted in ADAPTED.items():
        assert theirs in text
        text = text.replace(theirs, adapted)
    path.write_text(text, encoding="utf-8")
    yield f".github/workflows/{path.name}"
    docker("rmi", OUR_IMAGE)


def test_a_green_night_by_the_starter(desk: NightDesk, starter: str) -> None:
    """Rates are measured, five canaries are caught, a seed that failed once is played: every job succeeds, the five
    artifacts hold what they should, the issue that red nights opened is closed, and the history goes on: on the branch,
    and in the artifact with a night that only the branch had."""
    (desk.checkout / ".github" / "vopr-regressions.txt").write_text("combined 17  # durability, mended\n")
    world = desk.github.world
    earlier = world.add_run(event="schedule", conclusion="failure")
    of_artifact, of_branch = a_record(run_id=str(earlier.id)), a_record(1)
    world.add_artifact(TRENDS_ARTIFACT, zipped({TRENDS_NAME: text_of([of_artifact])}), earlier)
    world.git.push({TRENDS_NAME: text_of([of_branch])}, BRANCH_DEFAULT)
    stamp = IssueStamp("nightly", A_SHA, earlier.id, 1, earlier.id, "2026-11-22")
    world.add_issue("The night is red", stamp.line())
    night = desk.act_on("workflow_dispatch", starter, {}, WITH_OURS)
    assert night.failed() == set()
    assert_all_was_kept(night)
    assert desk.github.issues() == []
    stored = world.git.files(BRANCH_DEFAULT)
    assert set(stored) == STORED
    for history in (stored[TRENDS_NAME], (night.artifacts / TRENDS_ARTIFACT / TRENDS_NAME).read_bytes()):
        assert runs_in(history) == {of_artifact.run_id, of_branch.run_id, RUN_ID}


BY_SECTION = "      config: examples/configs/simulator-stream.yml\n"  # all else is in its `night`


def test_a_green_night_of_simulation_streams_by_the_configs_section(desk: NightDesk, starter: str) -> None:
    """The same starter and simulator, with the open format: seeds, digests, coverage and canaries are judged. The only
    input is the config, whose `night` has all others. The store is a folder, to which the night is added, and whose
    earlier night is in the artifact then."""
    path = desk.checkout / starter
    text, inputs = re.subn(
        r"(?<=^    with:\n)(?:      .*\n)+", BY_SECTION, path.read_text("utf-8"), count=1, flags=re.M
    )
    branch = "TRENDS_STORE: branch # ADAPT"
    assert inputs == text.count(branch) == 1
    path.write_text(text.replace(branch, "TRENDS_STORE: dir=/artifacts/.trends # ADAPT"), encoding="utf-8")
    store = desk.home / "artifacts" / ".trends"
    FolderStore(store).append([a_record()])
    night = desk.act_on("workflow_dispatch", starter, {}, WITH_OURS)
    assert night.failed() == set()
    judged = ("long-run", "determinism", "coverage", "canary")
    assert [night.outputs[name] for name in ("verdict", *judged)] == ["passed"] * 5
    assert "5 of 5 canaries detected" in night.told
    assert "minutes: 5 (examples/configs/simulator-stream.yml: night: minutes)" in night.log_of("Prepare")
    assert {path.name for path in store.glob("[!.]*")} == STORED
    for folder in (store, night.artifacts / TRENDS_ARTIFACT):
        assert runs_in((folder / TRENDS_NAME).read_bytes()) == {a_record().run_id, RUN_ID}


def runs_in(history: bytes) -> set[str]:
    """The runs of the nights in a history, all of which can be read."""
    found = parse_history(history, TRENDS_NAME)
    assert found.warnings == ()
    return {record.run_id for record in found.records}


def assert_all_was_kept(night: Night) -> None:
    """Of the green night: a leg for every shard and canary, outputs, summary, and the five artifacts."""
    builds = {"control", *(f"canary-{name}" for name in CANARIES)}
    parts = {"Prepare", "Plan", "Regressions", "Coverage", "Canaries", "Summary", "Tracking issue", "Trends"}
    parts |= {f"Build ({build})" for build in builds} | {f"Canary run ({build})" for build in builds}
    parts |= {"Long run (combined 1/1)", "Coverage run (combined 1/1)"}
    parts |= {f"Determinism (from seed {seed})" for seed in (42, 123)}
    assert set(night.jobs) == parts
    judged = ("long-run", "regressions", "determinism", "coverage", "canary")
    assert [night.outputs[name] for name in ("verdict", *judged)] == ["passed"] * 6
    assert night.outputs["passed"] == "true"
    told = night.told
    assert "5 of 5 canaries detected" in told
    assert f"seeds from {FIRST_SEED} on" in told
    assert night.artifact("vopr-nightly-results") == {
        "plan.json", "long-run/combined-1", "regressions/combined-17",
    }  # fmt: skip
    verdicts = {"coverage.json", "coverage.md", "canary.json", "canary.md", "regressions.json"}
    verdicts |= {"long-run-combined-1.json", "determinism-42.json", "determinism-123.json"}
    report = {
        "coverage/combined-1",
        *(f"canary/{build}" for build in builds),
        *(f"verdicts/{name}" for name in verdicts),
    }
    assert night.artifact("vopr-coverage-report") == report
    assert night.artifact("vopr-determinism-check") == {"42/a", "42/b", "123/a", "123/b"}
    assert night.artifact("vopr-nightly-verdict") == {"night.json", "night.md"}


@pytest.mark.parametrize("why", RED)
def test_a_red_night_is_red_for_its_own_reason(desk: NightDesk, why: str) -> None:
    """Nothing else fails; the summary says what, where and how to replay it; and all is kept all the same."""
    red = RED[why]
    desk.config(json.dumps({**CONFIG, **red.config}))
    if red.lost:
        desk.loses(red.lost)
    night = desk.run({**QUICK, **red.inputs})
    assert night.failed() == red.failed | {"Summary"}
    assert {(finding["job"], finding["kind"]) for finding in night.verdict["findings"]} == red.findings
    told = night.told
    assert [words for words in red.told if words not in told] == []
    assert night.outputs["verdict"] == night.verdict["status"] != "passed"
    assert night.outputs["passed"] == "false"
    assert night.artifact("vopr-nightly-verdict") == {"night.json", "night.md"}
    assert night.artifact("vopr-coverage-trends") == {"trends.ndjson"}
    if "canary-command" in red.inputs:
        assert [night.double_runs(run) for run in ("canary/control", "coverage/combined-1")] == [True, False]


def test_a_canary_that_crashes_as_declared_in_a_scenario_of_its_own_is_detected(desk: NightDesk) -> None:
    """A green night: the job of the canary, too, although its simulator died. Its control run is of its scenario."""
    crash = {"crash": "crash-midway: the simulator itself fails", "scenario": "swizzle", "iterations": 16}
    desk.config(json.dumps({**CONFIG, "canaries": {"crash-midway": crash}}))
    night = desk.run({**QUICK, **ONE_CANARY, "rates": "combined=50 swizzle=50"})
    assert night.failed() == set()
    assert {name for name in night.jobs if name.startswith("Canary run")} == {
        "Canary run (control-swizzle)", "Canary run (crash-midway)",
    }  # fmt: skip
    assert night.outputs["canary"] == "passed"
    assert "1 of 1 canary detected, 1 by a crash" in night.told
