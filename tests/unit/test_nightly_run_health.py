"""Runs of a night against their plan: whole findings, as the page and the tracked issue get them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import CONFIG, a_recorded_run
from tests.support.reports import a_stream
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.nightly.plan import SeedRange
from vopr_coverage.nightly.recordings import ReadRun, _read_run
from vopr_coverage.nightly.run_health import (
    FailedSeed,
    JudgedRun,
    judge_runs,
    merged_figures,
)
from vopr_coverage.nightly.verdict import Finding

PLAIN: Config = parse_config(json.dumps(CONFIG), "gate.json")
LOOK_AT_ITS_LOG = "Look at the log of its job: it was stopped, did not start, or could not upload its recording."
AS_PLANNED = "Start every run with the seed and the scenario of the plan."
CUT_SEEDS = (
    "Let every one of the 64 bits of a seed count: these runs were simulated twice, and counted as different ones."
)


def planned(name: str = "r1", scenario: str = "combined", seed: int = 7, iterations: int = 3) -> SeedRange:
    """A planned run of three seeds."""
    return SeedRange(name, scenario, str(seed), iterations)


def read(home: Path, plan: SeedRange, stream: bytes | None = None, config: Config = PLAIN, **manifest: Any) -> ReadRun:
    """The recording of a planned run, read; as planned and healthy unless a stream or the manifest says otherwise."""
    told = {"seed": int(plan.seed), "iterations": plan.iterations, "stream": stream} | manifest
    a_recorded_run(home / plan.name, **told)
    return _read_run(plan, plan.name, home / plan.name, config, ())


def judged(run: ReadRun, config: Config = PLAIN) -> JudgedRun:
    """One run of the long run."""
    (result,) = judge_runs("long-run", [run], config)
    return result


def unhealthy(line: str, what_to_do: str, **about: Any) -> Finding:
    """A finding on the health of that run."""
    return Finding(job="long-run", source="r1", kind="run health", line=line, advice=what_to_do, **about)


# ---- one run


def test_a_healthy_run_has_its_figures_and_no_finding(tmp_path: Path) -> None:
    """All that a night knows of it: how many seeds, from which on, how fast, and what they reached."""
    run = read(tmp_path, planned())
    assert run.read is not None
    assert run.read.run is not None
    result = judged(run)
    assert result.report is not None
    assert result.report.hit_fault_points == ["network.drop", "sim.network.send", "sim.storage.write"]
    assert result == JudgedRun(
        name="r1",
        scenario="combined",
        present=True,
        ran=3,
        rate=6.0,
        report=result.report,
        first_seed="7",
        first_hashes=run.read.run.first_hashes,
    )
    assert len(result.first_hashes) == 3


def test_a_run_of_another_format_has_no_rate_and_no_hashes(tmp_path: Path) -> None:
    """Nothing of a recording without a rate, or of a report without runs, becomes a number."""
    run = read(tmp_path, planned(), rate=None)
    assert judged(run).rate is None
    assert run.read is not None
    flat = judged(replace(run, read=replace(run.read, format="report", run=None, recording=None)))
    assert (flat.ran, flat.failed, flat.rate, flat.first_seed, flat.first_hashes) == (0, 0, None, None, ())


def test_a_run_without_a_recording_is_lost_with_its_seeds(tmp_path: Path) -> None:
    """From the first to the last of them; nothing else is known of it."""
    plan = planned("r2", "two\nnodes", seed=100, iterations=60)
    result = judged(_read_run(plan, "r2/a", tmp_path / "r2", PLAIN, ()))
    lost = Finding(
        job="long-run",
        source="r2/a",
        kind="lost run",
        line="no recording of two\\nnodes, seeds 100 to 159",
        advice=LOOK_AT_ITS_LOG,
    )
    assert result == JudgedRun(name="r2", scenario="two\nnodes", present=False, findings=(lost,))


def test_a_lost_run_is_run_again_by_the_command_of_another_run(tmp_path: Path) -> None:
    """With its own scenario and seeds, whichever of the others left a recording."""
    plans = [planned("a"), planned("b", "calm", seed=10, iterations=5), planned("c", seed=20)]
    runs = [_read_run(plan, plan.name, tmp_path / plan.name, PLAIN, ()) for plan in plans[:2]]
    results = judge_runs("coverage", [*runs, read(tmp_path, plans[2])], PLAIN)
    assert [[(finding.job, finding.repro) for finding in result.findings] for result in results] == [
        [("coverage", "vopr --scenario combined --seed 7 --iterations 3 --json")],
        [("coverage", "vopr --scenario calm --seed 10 --iterations 5 --json")],
        [],
    ]


def test_a_recording_that_cannot_be_read_is_one_finding(tmp_path: Path) -> None:
    """With the reader's own line; the run is there, and has no figures."""
    (tmp_path / "r1").mkdir()
    (tmp_path / "r1" / "manifest.json").write_text("{", encoding="utf-8")
    run = _read_run(planned(), "r1", tmp_path / "r1", PLAIN, ())
    assert run.problem
    stderr = "Look at the simulator's stderr.log in the recording."
    assert judged(run) == JudgedRun("r1", "combined", True, (unhealthy(run.problem, stderr),))


@pytest.mark.parametrize(
    ("scenario", "seed", "lines"),
    [
        ("combined", 7, []),
        ("Combined", 7, []),  # scenarios are compared without their case
        ("calm", 7, ["it is of scenario calm, planned was combined"]),
        ("combined", 8, ["its seeds begin at 8, planned was 7"]),
        ("a\tb", 8, ["it is of scenario a\\tb, planned was combined", "its seeds begin at 8, planned was 7"]),
    ],
)
def test_a_recording_of_something_else_is_told(tmp_path: Path, scenario: str, seed: int, lines: list[str]) -> None:
    """Else one run could count twice; its seeds are not those that a later night may take for known ones."""
    run = read(tmp_path, planned(), a_stream(3, first=seed), scenario=scenario, seed=seed)
    result = judged(run)
    assert result.findings == tuple(unhealthy(line, AS_PLANNED) for line in lines)
    assert result.first_seed == (None if lines else "7")
    assert result.ran == 3


def test_a_recording_without_a_scenario_is_not_as_planned(tmp_path: Path) -> None:
    """Nobody knows what it is of."""
    run = read(tmp_path, planned(scenario="a\tb"))
    assert run.read is not None
    (finding,) = judged(replace(run, read=replace(run.read, scenario=None, recording=None))).findings
    assert finding == unhealthy("it is of scenario unknown, planned was a\\tb", AS_PLANNED)


def test_fewer_iterations_than_planned_are_told_with_their_rule(tmp_path: Path) -> None:
    """The minimum is the plan's, whatever the config asks for."""
    run = read(tmp_path, planned(iterations=3), a_stream(2, first=7), iterations=2)
    (finding,) = judged(run).findings
    assert finding == unhealthy(
        "Too few iterations: 2 (expected >= 3)",
        "Check the seed and iteration options that the simulator was started with.",
        rule="TooFewIterations",
    )


def test_failed_seeds_are_counted_and_kept(tmp_path: Path) -> None:
    """With a record and without; a seed of each invariant comes before a second one of the first."""
    failing = {7: "hash_chain", 8: "hash_chain", 9: "vsr_agreement"}
    result = judged(
        read(tmp_path, planned(iterations=6), a_stream(6, first=7, failing=failing, lost=[10]), exit_code=1)
    )
    assert (result.ran, result.failed, result.expected) == (6, 4, 0)
    assert result.failures == (
        FailedSeed("combined", "7", "hash_chain"),
        FailedSeed("combined", "9", "vsr_agreement"),
        FailedSeed("combined", "8", "hash_chain"),
    )
    assert [(finding.kind, finding.rule, finding.line) for finding in result.findings] == [
        ("failing seed", "", "seed 7 failed hash_chain (and 1 more seed): read mismatch"),
        ("failing seed", "", "seed 9 failed vsr_agreement: read mismatch"),
        ("run health", "NondeterministicSeeds", "Nondeterministic: 1 failed seed left no record: 10"),
    ]


def test_a_violation_that_is_expected_is_no_failure(tmp_path: Path) -> None:
    """Its seeds are counted by themselves, and none of them is kept."""
    scenarios = {"combined": {"expect": "violation", "invariants": ["hash_chain"], "min_caught": 0.5}}
    config = parse_config(json.dumps({**CONFIG, "scenarios": scenarios}), "gate.json")
    stream = a_stream(3, first=7, failing={7: "hash_chain", 8: "hash_chain", 9: "other"})
    result = judged(read(tmp_path, planned(), stream, config, exit_code=1), config)
    assert (result.failed, result.expected) == (1, 2)
    assert result.failures == (FailedSeed("combined", "9", "other"),)
    assert [finding.line for finding in result.findings] == ["seed 9 failed other: read mismatch"]


# ---- the same seeds again


def test_runs_of_other_seeds_that_did_the_same_are_told_once(tmp_path: Path) -> None:
    """Each run that repeats one, with where both begin; the first of them is the original."""
    stream = a_stream(4, first=7)
    plans = [planned("r0", seed=7, iterations=4), *(planned(f"r{n}", seed=100 * n, iterations=4) for n in (1, 2))]
    runs = [
        read(tmp_path, plan, stream.replace(b'"starting_seed":7', b'"starting_seed":%d' % int(plan.seed)))
        for plan in plans
    ]
    results = judge_runs("long-run", [replace(runs[0], source="r\t0"), *runs[1:]], PLAIN)
    again = [[finding for finding in result.findings if finding.advice == CUT_SEEDS] for result in results]
    repeated = (
        "its first seeds, from {} on, did exactly what those of r\\t0 did, from 7 on: "
        "the simulator uses only a part of its seed"
    )
    assert again == [
        [],
        [unhealthy(repeated.format(100), CUT_SEEDS)],
        [replace(unhealthy(repeated.format(200), CUT_SEEDS), source="r2")],
    ]


# ---- figures of several runs


def test_figures_are_those_of_all_runs_or_of_none(tmp_path: Path) -> None:
    """A lost run adds nothing; one that is there and has no figures would make any sum too small."""
    one, two = (judged(read(tmp_path, planned(f"r{seed}", seed=seed))) for seed in (7, 10))
    lost = JudgedRun("r3", "combined", False)
    assert one.report is not None
    together = merged_figures([one, two, lost])
    assert together is not None
    assert together.invariant_executions == {"replica_consistency": 120, "vsr_agreement": 180}
    assert merged_figures([one]) == one.report
    assert merged_figures([one, replace(two, report=None)]) is None
    assert merged_figures([lost]) is None
    assert merged_figures([]) is None
