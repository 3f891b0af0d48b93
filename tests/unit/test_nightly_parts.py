"""The parts of a night, judged from its folder: what is lost, what failed as expected, and what did not fit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import BASE, CANARY, CONFIG, SHARD_SEEDS, a_night, a_plan, a_recorded_run, judged, part
from tests.support.reports import a_stream
from vopr_coverage.config.file import parse_config
from vopr_coverage.errors import UsageError, UserError
from vopr_coverage.nightly.job_results import PARTS
from vopr_coverage.nightly.night import NightTerms, _long_run, _seeds_ran, judge_night, read_plan
from vopr_coverage.nightly.plan import PlannedWork, Shards
from vopr_coverage.nightly.recordings import NightRead
from vopr_coverage.nightly.run_health import JudgedRun
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightVerdict, SeedsRan

SUCCESS = {job: "success" for jobs in PARTS.values() for job in jobs}
BUDGET = "Give the jobs more minutes, allow more jobs, or ask for less."
LOST = "Look at the log of its job: it was stopped, did not start, or could not upload its recording."
EXPIRED = (
    "Start all jobs of this run again, not only those that failed: artifacts between jobs expire after three days."
)


def findings(verdict: NightVerdict) -> list[tuple[str, str, str]]:
    """Part, run and line of each finding."""
    return [(finding.job, finding.source, finding.line) for finding in verdict.findings]


def reconfigured(home: Path, **changes: Any) -> None:
    """Other settings in the night's config."""
    (home / "config.json").write_text(json.dumps(CONFIG | changes), encoding="utf-8")


# ---- lost and expired recordings


@pytest.mark.parametrize(
    ("result", "more", "what_to_do"),
    [
        ("success", ": its job succeeded, so it has expired or was deleted", EXPIRED),
        ("failure", "", LOST),
        (None, "", LOST),
    ],
)
def test_a_recording_that_its_job_has_handed_on_has_expired(
    tmp_path: Path, result: str | None, more: str, what_to_do: str
) -> None:
    """Only such ones: another finding of the same part keeps its advice."""
    night = a_night(tmp_path)
    shutil.rmtree(night / "long-run" / "combined-1")
    second = BASE + SHARD_SEEDS
    stream = a_stream(SHARD_SEEDS, first=second, failing={second: "hash_chain"})
    a_recorded_run(night / "long-run" / "combined-2", second, SHARD_SEEDS, stream, exit_code=1)
    verdict = judged(tmp_path, needs=None if result is None else SUCCESS | {"long-run": result})
    failed, lost = verdict.findings
    assert failed.line == f"seed {second} failed hash_chain: read mismatch"
    assert failed.advice == "The simulator found a bug: replay the seed with the command shown."
    assert lost == Finding(
        job="long-run",
        source="combined-1",
        kind="lost run",
        line=f"no recording of combined, seeds {BASE} to {BASE + 59}{more}",
        advice=what_to_do,
        repro=f"vopr --scenario combined --seed {BASE} --iterations 60 --json",
    )


# ---- long runs and canaries


@pytest.mark.parametrize(
    ("failing", "line"),
    [
        ([0], "60 iterations in 1 run, 1 seed failed as expected, no other"),
        ([0, 1], "60 iterations in 1 run, 2 seeds failed as expected, no other"),
    ],
)
def test_seeds_that_failed_as_expected_are_in_the_line_of_the_long_run(
    tmp_path: Path, failing: list[int], line: str
) -> None:
    """A scenario may plant a bug."""
    plan = a_plan()
    night = a_night(tmp_path, replace(plan, long_run=Shards(plan.long_run.include[:1])))
    planted = {"expect": "violation", "invariants": ["hash_chain"], "min_caught": 0.01}
    reconfigured(tmp_path, scenarios={"combined": planted})
    stream = a_stream(SHARD_SEEDS, first=BASE, failing={BASE + seed: "hash_chain" for seed in failing})
    a_recorded_run(night / "long-run" / "combined-1", BASE, SHARD_SEEDS, stream, exit_code=1)
    assert part(judged(tmp_path), "long-run").line == line


def test_canaries_of_a_night_are_held_against_the_plan(tmp_path: Path) -> None:
    """A missed one, and one that ran other seeds: each is a finding of its part."""
    night = a_night(tmp_path)
    a_recorded_run(night / "canary" / CANARY, 7, 3)
    verdict = judged(tmp_path)
    assert findings(verdict)[-1] == (
        "canary",
        CANARY,
        f"{CANARY} ran 3 iterations from seed 7, planned were 60 from {BASE + 2_000}",
    )
    assert verdict.findings[0].rule == "not detected"
    assert (verdict.detected, verdict.declared) == (0, 1)


def test_a_control_run_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    """No canary is blamed for it, and none is judged."""
    night = a_night(tmp_path)
    (night / "canary" / "control" / "manifest.json").write_text("{", encoding="utf-8")
    verdict = judged(tmp_path)
    assert [(finding.job, finding.source, finding.kind) for finding in verdict.findings] == [
        ("canary", "control", "run health")
    ]
    line = f"control: {verdict.findings[0].line}"
    assert part(verdict, "canary") == JobSeen("canary", "", "failed", line)
    assert (verdict.detected, verdict.declared) == (None, None)


# ---- the plan


@pytest.mark.parametrize(
    ("planned", "least", "line"),
    [
        (1, 2, "long-run of com\\tbined: 1 iteration fits into the budget, at least 2 are required"),
        (1_000, 2_000, "long-run of com\\tbined: 1,000 iterations fit into the budget, at least 2,000 are required"),
    ],
)
def test_what_does_not_fit_is_a_finding_of_the_plan(tmp_path: Path, planned: int, least: int, line: str) -> None:
    """By scenario, with the advice to plan more."""
    work = PlannedWork("long-run", "com\tbined", planned, planned, least, 5.0, 1, 1.0)
    verdict = judged(tmp_path, a_plan(work=(work,), enough=False))
    assert verdict.findings == (Finding("plan", "com\tbined", "plan", line, BUDGET),)
    too_small = judged(tmp_path / "small", a_plan(enough=False))
    line = "the required iterations do not fit into the budget"
    assert too_small.findings == (Finding("plan", "", "plan", line, BUDGET),)


def test_a_plan_is_read_from_the_folder_of_the_night(tmp_path: Path) -> None:
    """None, if there is none."""
    assert read_plan(tmp_path) is None
    (tmp_path / "plan.json").write_text(a_plan().to_json(), encoding="utf-8")
    assert read_plan(tmp_path) == a_plan()
    (tmp_path / "plan.json").write_text("[]", encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_plan(tmp_path)
    assert str(raised.value) == f"{tmp_path}/plan.json#: expected a night's plan, found an array of 0"


def test_a_night_that_is_no_folder_is_refused_by_its_name(tmp_path: Path) -> None:
    """In printable form."""
    with pytest.raises(UsageError) as raised:
        judge_night(tmp_path / "a\nb", None, NightTerms())
    assert str(raised.value) == f"{tmp_path}/a\\nb is not a folder: expected the night's, which contains plan.json"


def test_a_long_run_of_nothing_is_no_pass(tmp_path: Path) -> None:
    """No plan that we read has one."""
    read = NightRead(long_run=(), regressions=(), coverage=(), pairs=(), controls=(), canaries=())
    part = _long_run(read, parse_config(json.dumps(CONFIG), "gate.json"))
    assert part.findings == (Finding("long-run", "", "lost run", "nothing was planned for it", BUDGET),)
    assert (part.name, part.runs, part.required) == ("long-run", (), True)


@pytest.mark.parametrize(("ranges", "kept"), [(1_999, 2_000), (2_000, 2_000)])
def test_a_night_keeps_the_first_two_thousand_ranges_of_its_seeds(ranges: int, kept: int) -> None:
    """The double runs that were compared come last, and those of canaries are none of them."""
    apart = [JudgedRun("r", "calm", True, ran=1, first_seed=str(2 * number)) for number in range(ranges)]
    double = JudgedRun("d", "calm", True, ran=9, first_seed="7")
    runs = {"long-run": apart, "regressions": (), "coverage": (), "canary": [double], "determinism": [double]}
    found = list(_seeds_ran(runs, [double]))
    assert len(found) == kept
    last = SeedsRan("determinism", "calm", "7", 9) if ranges < 2_000 else SeedsRan("long-run", "calm", "3998", 1)
    assert found[-1] == last
