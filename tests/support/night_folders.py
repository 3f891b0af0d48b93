"""Nights for tests: a plan, and a folder of recordings that do what it says; a test breaks one of them."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.e2e.formats import read_outputs
from tests.support.recordings import a_recording
from tests.support.reports import MODEST, Ended, a_stream, run_cli
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.night import NightTerms, judge_night
from vopr_coverage.nightly.plan import (
    CanaryRange,
    CanaryRanges,
    NightPlan,
    PlannedWork,
    SeedRange,
    SeedRanges,
    Shard,
    Shards,
    plan_from_json,
)
from vopr_coverage.nightly.regression_file import RegressionSeeds
from vopr_coverage.nightly.replay import replay_folder
from vopr_coverage.nightly.verdict import JobSeen, NightVerdict, night_from_json

BASE = 1 << 40
SHARD_SEEDS = 60
CANARY, DETECTOR = "canary-skip-fsync", "model_verification"
CONFIG: dict[str, Any] = {**MODEST, "canaries": {CANARY: {"invariants": [DETECTOR]}}}


def a_plan(regressions: Mapping[str, list[str]] | None = None, **changes: Any) -> NightPlan:
    """Two shards of long run, one of coverage, one canary, one range of double runs: sixty seeds each."""
    shards = tuple(
        Shard(f"combined-{number}", "combined", number, 2, str(BASE + (number - 1) * SHARD_SEEDS), SHARD_SEEDS)
        for number in (1, 2)
    )
    covering = Shard("combined-1", "combined", 1, 1, str(BASE + 1_000), SHARD_SEEDS)
    canaries = tuple(
        CanaryRange(name, "combined", str(BASE + 2_000), SHARD_SEEDS, name) for name in ("control", CANARY)
    )
    told: dict[str, Any] = {
        "seed_base": str(BASE),
        "run_number": 1,
        "minutes": 150.0,
        "enough": True,
        "remarks": (),
        "work": (
            PlannedWork("long-run", "combined", 120, 120, 0, 5.0, 2, 1.0),
            PlannedWork("coverage", "combined", 60, 60, 0, 5.0, 1, 1.0),
            PlannedWork("canary", "combined", 120, 120, 0, 5.0, 2, 1.0),
            PlannedWork("determinism", "combined", 60, 60, 0, 5.0, 1, 1.0),
        ),
        "long_run": Shards(shards),
        "coverage": Shards((covering,)),
        "canary": CanaryRanges(canaries),
        "determinism": SeedRanges((SeedRange("42", "combined", "42", SHARD_SEEDS),)),
        "regressions": tuple(RegressionSeeds(name, tuple(seeds)) for name, seeds in (regressions or {}).items()),
    }
    return NightPlan(**(told | changes))


def a_recorded_run(folder: Path, seed: int, iterations: int, stream: bytes | None = None, **manifest: Any) -> None:
    """A recording of these seeds, whole and healthy unless a stream or the manifest says otherwise."""
    if folder.exists():
        shutil.rmtree(folder)
    told = {"seed": str(seed), "iterations": iterations, **manifest}
    a_recording(folder, a_stream(iterations, first=seed) if stream is None else stream, **told)


def a_night(home: Path, plan: NightPlan | None = None) -> Path:
    """A green night: the plan's recordings, each where it belongs, and the config beside them. Returns its folder."""
    plan = plan or a_plan()
    home.mkdir(parents=True, exist_ok=True)
    (home / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    return shutil.copytree(_built(plan.to_json()), home / "night")


@cache
def _built(plan_text: str) -> Path:
    """The recordings of a plan, made once; they are gone when the process ends."""
    plan = plan_from_json(plan_text.encode(), "plan.json")
    folder = tempfile.mkdtemp(prefix="night-")
    atexit.register(_remove, folder, os.getpid())
    night = Path(folder) / "night"
    night.mkdir()
    (night / "plan.json").write_text(plan.to_json(), encoding="utf-8")
    for part, shards in (("long-run", plan.long_run), ("coverage", plan.coverage)):
        for run in shards.include:
            a_recorded_run(night / part / run.name, int(run.seed), run.iterations)
    for number, side in enumerate(("a", "b")):  # two processes never begin at the same instant
        for pair in plan.determinism.include:
            stream = a_stream(pair.iterations, first=int(pair.seed)).replace(b"T02:00:00.", b"T02:00:0%d." % number)
            a_recorded_run(night / "determinism" / pair.name / side, int(pair.seed), pair.iterations, stream)
    for one in plan.canary.include:
        caught = [int(one.seed) + 3] if one.name != "control" else []
        stream = a_stream(one.iterations, first=int(one.seed), failing=dict.fromkeys(caught, DETECTOR))
        code = 1 if caught else 0
        a_recorded_run(night / "canary" / one.name, int(one.seed), one.iterations, stream, exit_code=code)
    for replay in plan.regressions:
        for seed in replay.seeds:
            a_recorded_run(night / "regressions" / replay_folder(replay.scenario, seed), int(seed), 1)
    return night


def _remove(folder: str, owner: int) -> None:
    """Remove a folder at the end of the process that made it; its forks share the folder, and may end before it."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def all_needs(**results: str) -> dict[str, Any]:
    """The `needs` of a green night; a job's result may be another (`long_run="failure"`)."""
    jobs = [job for jobs in PARTS.values() for job in jobs]
    told = {name.replace("_", "-"): result for name, result in results.items()}
    assert set(told) <= set(jobs)
    return {job: {"result": told.get(job, "success"), "outputs": {}} for job in jobs}


def summarised(home: Path, needs: Mapping[str, Any] | None = None, *flags: str) -> tuple[Ended, NightVerdict]:
    """`summary` of the night in `home`, told by files of every kind; the verdict as it was read back."""
    words = [*flags]
    if needs is not None:
        (home / "needs.json").write_text(json.dumps(needs), encoding="utf-8")
        words += ["--needs", "needs.json"]
    if "--config" not in words:
        words += ["--config", "config.json"]
    files = ["--verdict-file", "night.json", "--summary-file", "night.md", "--outputs", "outputs"]
    (home / "outputs").write_text("")
    ended = run_cli("summary", "night", *words, *files, cwd=home)
    return ended, night_from_json((home / "night.json").read_bytes(), "night.json")


def judged(
    home: Path, plan: NightPlan | None = None, needs: dict[str, str] | None = None, **terms: Any
) -> NightVerdict:
    """A night of this plan, judged in this process; the folder is made unless there is one."""
    if not (home / "night").exists():
        a_night(home, plan)
    return judge_night(home / "night", needs, NightTerms(**{"config": str(home / "config.json")} | terms), processes=1)


def outputs_of(home: Path) -> dict[str, str]:
    """The step's outputs."""
    return read_outputs((home / "outputs").read_text(encoding="utf-8"))


def part(verdict: NightVerdict, name: str) -> JobSeen:
    """One part of the night."""
    return next(job for job in verdict.jobs if job.name == name)


def red_parts(verdict: NightVerdict) -> dict[str, str]:
    """The parts that don't hold, by name, with how they ended."""
    return {job.name: job.status for job in verdict.jobs if job.status not in ("passed", "not required")}
