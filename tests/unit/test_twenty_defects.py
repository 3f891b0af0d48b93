"""What is wrong with the one public nightly for such a simulator, as a checklist: twenty defects, none possible here.

Each test holds the shipped workflow, or what it calls, against one of them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import BASE, SHARD_SEEDS, a_night, a_recorded_run, all_needs, summarised
from tests.support.recordings import recorded
from tests.support.reports import PROPERTIES, a_stream, run_cli
from tests.support.workflow_files import (
    CALL,
    JOBS,
    MATRICES,
    ROOT,
    STARTERS,
    TEXT,
    TRIAL,
    WORKFLOW,
    expressions_in,
    scripts,
    steps,
    uploads,
    using,
)
from vopr_coverage.canaries.controls import CONTROL, ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun, judge_canaries
from vopr_coverage.commands.options import simulator_command
from vopr_coverage.config.file import load_config
from vopr_coverage.config.night_settings import WITHOUT_SECTION, merged
from vopr_coverage.model.manifest import filled
from vopr_coverage.nightly.plan import NightPlan, SeedRange, Shard
from vopr_coverage.nightly.planner import HEADROOM, plan_night
from vopr_coverage.nightly.wish import Asked, Wish
from vopr_coverage.reading import read_report

MEASURED = {"baseline": 80.0, "combined": 5.2, "multi-tenant": 32.0, "swizzle": 68.0}  # iterations a second
DETECTOR = Detector(("hash_chain",))


def asked(text: str) -> tuple[Asked, ...]:
    """`SCENARIO=N …` as the planner takes it."""
    pairs = (word.split("=") for word in text.split())
    return tuple(Asked(name, int(number)) for name, number in pairs)


def vopr_settings() -> dict[str, str]:
    """The settings of a caller that leaves all inputs empty and has the config for `vopr`."""
    config = load_config(str(ROOT / "examples" / "configs" / "kimberlite.yml"))
    return {name: one.text for name, one in merged({}, config).items()}


def the_plan(run_number: int = 41) -> NightPlan:
    """The night that the config for `vopr` asks for, at the rates that were measured of the simulator."""
    given = vopr_settings()
    (canary,), (determinism,) = asked(given["canary"]), asked(given["determinism"])
    seeds = tuple(map(int, given["determinism-seeds"].split()))
    wish = Wish(
        asked(given["scenarios"]), asked(given["coverage"]), canary, ("one", "two"), determinism, seeds
    )  # fmt: skip
    return plan_night(wish, MEASURED, run_number, int(given["minutes"]), int(given["jobs"]))


def seeds_of(*lists: Sequence[Shard | SeedRange]) -> list[range]:
    """The seeds of every run, in order."""
    runs = [range(int(run.seed), int(run.seed) + run.iterations) for runs in lists for run in runs]
    return sorted(runs, key=lambda one: one.start)


def checked(folder: Path, stream: bytes, *flags: str) -> tuple[int, str]:
    """Exit code and text of the long run's own judgement on a stream."""
    (folder / "run.ndjson").write_bytes(stream)
    ended = run_cli("check", "--health-only", "run.ndjson", *flags, cwd=folder)
    return ended.code, ended.out


def ending_of(folder: Path, stream: bytes) -> CanaryEnding:
    """What becomes of a canary whose run is this stream, beside a healthy control run."""
    inputs = {}
    for name, written in {"control": a_stream(20), "canary": stream}.items():
        (folder / name).write_bytes(written)
        inputs[name] = read_report(str(folder / name))
    verdict = judge_canaries(
        [ControlRun(inputs["control"])], [CanaryRun("one", inputs["canary"])], {"one": DETECTOR}, "1.0"
    )
    assert verdict.passed == (verdict.results[0].ending is CanaryEnding.DETECTED)
    return verdict.results[0].ending


def test_01_a_night_can_finish() -> None:
    """Not 53 hours in three: no job gets more than its time holds, and the simulator is stopped before the job is."""
    plan = the_plan()
    for job, run in [("long-run", one) for one in plan.long_run.include] + [
        ("coverage", one) for one in plan.coverage.include
    ]:
        assert run.iterations / MEASURED[run.scenario] <= plan.minutes * 60 * HEADROOM, job
    assert any(one.jobs > 1 for one in plan.work)
    short = plan_night(Wish(asked("combined=1000000")), MEASURED, 1, 180, 1)
    assert "would take" in " ".join(short.remarks)
    assert scripts("long-run").count("--timeout") == scripts("long-run").count("vopr-coverage record") == 1


def test_02_every_night_has_new_seeds() -> None:
    """They follow from the run's number, and the simulator is told them."""
    nights = [the_plan(number) for number in (41, 42)]
    runs = [seeds_of(plan.long_run.include, plan.coverage.include) for plan in nights]
    assert runs[0][-1].stop <= runs[1][0].start
    assert '--run-number "$GITHUB_RUN_NUMBER"' in scripts("plan")
    for command in (vopr_settings()["command"], TRIAL["command"]["default"]):
        words = filled(simulator_command(command, ()), "combined", "4711", 9)
        assert "--seed 4711" in shlex.join(words)


def test_03_one_failure_stops_nothing_else() -> None:
    """No two scenarios share a job, and nothing waits for the long run but the summary."""
    assert len({(run.name, run.scenario) for run in the_plan().long_run.include}) > 4
    assert [name for name, job in JOBS.items() if "long-run" in job.get("needs", ())] == ["summary"]
    assert all(expressions_in(job["if"]) for name, job in JOBS.items() if name not in ("prepare", "build"))


def test_04_the_judge_reads_what_the_simulator_writes(tmp_path: Path) -> None:
    """A stream of records; and what it says of one counts."""
    assert checked(tmp_path, a_stream(5))[0] == 0
    assert checked(tmp_path, a_stream(5)[:-40])[0] == 1
    assert checked(tmp_path, b"{}\n")[0] == 2
    assert not [step for _, step in steps() if "continue-on-error" in step]


def test_05_trends_are_figures(tmp_path: Path) -> None:
    """A record for each job and scenario, not a line for each iteration; and no failure is hidden."""
    a_night(tmp_path)
    summarised(tmp_path, all_needs(), "--trends", "trends.ndjson")
    lines = [json.loads(line) for line in (tmp_path / "trends.ndjson").read_text().splitlines()]
    assert {line["job"] for line in lines} == {"long-run", "coverage", "canary", "determinism"}
    assert len(lines) == 4
    assert not re.search(r"\bjq\b|\|\| *(true|:)", TEXT)


def test_06_trends_accumulate() -> None:
    """History is fetched before the night is judged, handed on whatever the verdict is, and kept for 90 days."""
    script = scripts("summary")
    assert script.index("trends night/trends.ndjson --restore") < script.index("--trends night/trends.ndjson")
    assert uploads()["vopr-coverage-trends"]["path"] == "night/trends.ndjson"
    assert JOBS["summary"]["permissions"]["actions"] == "read"


def test_07_nothing_is_uploaded_from_a_hidden_folder() -> None:
    """Such files would stay behind, and nobody would hear of it."""
    parts = [part for given in uploads().values() for part in re.split(r"[/\s]+", given["path"])]
    assert parts
    assert [part for part in parts if part.startswith(".")] == []


def test_08_a_failed_seed_is_found_where_it_stands(tmp_path: Path) -> None:
    """In its record, by a reader; no text is searched for a word that nobody writes."""
    code, told = checked(tmp_path, a_stream(5, failing=[3]))
    assert code == 1
    assert "seed 3" in told
    assert not re.search(r"\b(grep|awk)\b", TEXT)


def test_09_what_is_kept_for_weeks_is_small(tmp_path: Path) -> None:
    """Recordings, a fraction of their stream; never the stream itself."""
    stream = a_stream(3_000)
    recorded(stream, tmp_path / "recording")
    kept = sum(file.stat().st_size for file in (tmp_path / "recording").iterdir())
    assert kept < len(stream) / 5
    assert not re.search(r"> *\S*\.ndjson", scripts().replace(">>", ""))


def test_10_an_exit_code_is_not_believed(tmp_path: Path) -> None:
    """Violated properties, a missing end and too few iterations fail a run whose simulator ended with 0."""
    violated = a_stream(5, properties=PROPERTIES | {"violated_ids": ["p"], "violation_count": 1})
    for stream in (violated, a_stream(5)[:900], a_stream(2)):
        assert checked(tmp_path, stream, "--min-iterations", "5")[0] == 1
    assert '--health-only --min-iterations "$NIGHT_ITERATIONS"' in scripts("long-run")


def test_11_double_runs_fit_and_share_no_seed() -> None:
    """Twice, within a job's time; a range ends where the next one begins."""
    plan = the_plan()
    runs = seeds_of(plan.determinism.include)
    assert len(runs) == 10
    assert all(one.stop <= other.start for one, other in pairwise(runs))
    assert all(2 * len(one) / MEASURED["combined"] <= plan.minutes * 60 * HEADROOM for one in runs)


def test_12_every_range_runs_and_a_difference_has_a_name(tmp_path: Path) -> None:
    """A job for each; a second process that is compared seed by seed."""
    assert MATRICES["determinism"]["matrix"].endswith(".determinism }}")
    assert scripts("determinism").count("vopr-coverage record") == 2
    assert scripts("determinism").count("vopr-coverage determinism") == 1
    (tmp_path / "a").write_bytes(a_stream(5))
    (tmp_path / "b").write_bytes(a_stream(5, failing=[3]).replace(b"T02:00:00.", b"T02:00:01."))
    ended = run_cli("determinism", "a", "b", cwd=tmp_path)
    assert ended.code == 1
    assert "seed 3" in ended.out


def test_13_coverage_is_enforced() -> None:
    """By the action itself, whose failure is the job's, and against the strictest profile by default."""
    (gate,) = using("./.vopr-coverage/composite", "coverage")
    assert gate["with"]["profile"] == "${{ needs.prepare.outputs.profile }}"
    assert gate["with"]["merge"] == "scenario"
    assert not {"fail", "on-not-measured"} & set(gate["with"])
    assert "if" not in gate
    assert WITHOUT_SECTION["profile"] == "nightly"


@pytest.mark.parametrize(
    ("stream", "ending"),
    [
        (a_stream(20, failing={3: "hash_chain"})[:-400], "crashed"),
        (b"Error: Unknown argument: run\n", "unusable"),
        (b"", "unusable"),
    ],
    ids=["broken off", "usage error", "nothing"],
)
def test_14_a_crash_is_no_detection(tmp_path: Path, stream: bytes, ending: str) -> None:
    """Neither is a run that never began: each has a word of its own, and none of them passes."""
    (tmp_path / "control").write_bytes(a_stream(20))
    (tmp_path / "canary").write_bytes(stream)
    (tmp_path / "config.json").write_text(json.dumps({"canaries": {"one": {"invariants": ["hash_chain"]}}}))
    ended = run_cli("canary", "--control", "control", "one=canary", "--config", "config.json", cwd=tmp_path)
    assert ended.code == 1
    assert f"❌ one: {ending}" in ended.out


def test_15_canaries_have_a_control_run_and_an_expected_invariant(tmp_path: Path) -> None:
    """The same seeds without the bug; another invariant is no detection; and the runs are kept."""
    control, *canaries = the_plan().canary.include
    assert control.name == CONTROL
    assert {(run.seed, run.iterations) for run in canaries} == {(control.seed, control.iterations)}
    assert ending_of(tmp_path, a_stream(20, failing={3: "hash_chain"})) is CanaryEnding.DETECTED
    assert ending_of(tmp_path, a_stream(20, failing={3: "other"})) is CanaryEnding.WRONG_INVARIANT
    assert "night/canary" in uploads()["vopr-coverage-report"]["path"].split()


def test_16_canaries_are_those_that_are_declared(tmp_path: Path) -> None:
    """One that does nothing is told as not detected, and can be taken out where all the others are listed."""
    assert ending_of(tmp_path, a_stream(20)) is CanaryEnding.NOT_DETECTED
    (tmp_path / "config.json").write_text(json.dumps({"canaries": {"mine": {"invariants": ["hash_chain"]}}}))
    ended = run_cli("canary", "--names", "--config", "config.json", cwd=tmp_path)
    assert ended.out == "mine\n"
    night = ("--build", "make", "--binary", "vopr", "--command", "vopr", "--config", "config.json")
    work = ("--scenarios", "a=9", "--coverage", "a=9", "--determinism", "a=2", "--canary", "a=5")
    assert 'builds: ["control","mine"]' in run_cli("prepare", *night, *work, cwd=tmp_path).out
    assert "vopr-coverage prepare" in scripts("prepare")


def test_17_no_leg_of_a_matrix_stops_the_others() -> None:
    """Not of any matrix."""
    assert set(MATRICES) == {"build", "long-run", "determinism", "coverage-run", "canary-run"}
    assert {strategy["fail-fast"] for strategy in MATRICES.values()} == {False}


def test_18_each_build_is_made_once() -> None:
    """In one job, of the one binary that is needed; all others fetch it."""
    building = {name for name, step in steps() if 'bash -euo pipefail -c "$NIGHT_BUILD"' in step.get("run", "")}
    assert building == {"build"}
    simulating = {name for name in JOBS if re.search("vopr-coverage (record|replay|plan)", scripts(name))}
    fetching = {
        name for name in JOBS for step in using("./.vopr-coverage/setup", name) if step.get("with", {}).get("build")
    }
    assert simulating == fetching
    assert "--bin vopr" in vopr_settings()["build"]


def test_19_rights_turns_summary_and_notice() -> None:
    """Least rights, one night at a time, a job summary, inputs for a trial, and an issue while nights are red."""
    assert {right for job in JOBS.values() for right in job["permissions"].values()} == {"read"}
    assert WORKFLOW["concurrency"]["group"]
    assert 'cat night/night.md >>"$GITHUB_STEP_SUMMARY"' in scripts("summary")
    assert set(TRIAL) == set(CALL)
    for starter in STARTERS.values():
        assert starter["jobs"]["tracking-issue"]["steps"][-1]["with"]["command"] == "tracking-issue"


def test_20_the_summary_says_which_seed_and_how_to_replay_it(tmp_path: Path) -> None:
    """Which job, run, seed, invariant and fault point; not only that something was red."""
    night, seed = a_night(tmp_path), BASE + 17
    failing: Mapping[int, str] = {seed: "hash_chain"}
    stream = a_stream(SHARD_SEEDS, first=BASE, failing=failing)
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    ended, verdict = summarised(tmp_path, all_needs(long_run="failure"))
    assert ended.code == 1
    found: Any = next(one for one in verdict.findings if one.kind == "failing seed")
    assert (found.job, found.source, found.seed, found.invariant) == ("long-run", "combined-1", str(seed), "hash_chain")
    assert str(seed) in found.repro
    assert "fault_point" in (ROOT / "src/vopr_coverage/schemas/night.json").read_text(encoding="utf-8")
