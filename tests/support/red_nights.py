"""Nights to look at: a green one, and one red by each kind of finding, as the nightly leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from vopr_coverage.canaries.judge import ADVICE as CANARY_ADVICE
from vopr_coverage.canaries.judge import CanaryEnding
from vopr_coverage.determinism.advice import ADVICE as DETERMINISM_ADVICE
from vopr_coverage.doctor.verdict import BlindSpot
from vopr_coverage.gates.coverage import ADVICE as COVERAGE_ADVICE
from vopr_coverage.gates.failing_seeds import ADVICE as FAILING_ADVICE
from vopr_coverage.gates.health import ADVICE as HEALTH_ADVICE
from vopr_coverage.model.crash import CRASH, crash_of, last_words_in_words
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.job import JobPage
from vopr_coverage.nightly.verdict import (
    Finding,
    GateScore,
    GreenNight,
    JobSeen,
    NightRun,
    NightVerdict,
    TrendLine,
    Work,
)

URL = "https://github.example/o/p/actions/runs/4711/attempts/1"
COMMIT, GREEN_COMMIT = "0123456789abcdef0123456789abcdef01234567", "fedcba9876543210fedcba9876543210fedcba98"
GREEN = GreenNight("4690", 40, GREEN_COMMIT, "2026-11-24")
SEED = "7696581394736"
PANIC_LINES = (
    "thread 'main' panicked at src/storage/log.rs:551:17:",
    "index out of bounds: the len is 3 but the index is 7",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
)
CRASHED = Finding(
    job="long-run",
    source="calm-1",
    kind="failing seed",
    line=f"seed {SEED} crashed, ended with exit code 101: {' '.join(PANIC_LINES[:2])}",
    advice=FAILING_ADVICE["crash"],
    seed=SEED,
    invariant=CRASH,
    repro=f"vopr --scenario calm --seed {SEED} --iterations 1 --json",
    scenario="calm",
    detail=last_words_in_words(PANIC_LINES),
    message=" ".join(PANIC_LINES[:2]),
    seeds=1,
    crash=crash_of(101, None, PANIC_LINES),
)
_SHOWN = {
    "build": "its builds ran",
    "plan": "9 jobs of long run and coverage",
    "long-run": "80,000 iterations in 8 runs, no seed failed",
    "regressions": "3 regression seeds held",
    "determinism": "810 seeds run twice, none differs, so at most 0.37% of all differ (95%)",
    "coverage": "combined: 11 of 11 fault points, against nightly + 2 overrides",
    "canary": "5 of 5 canaries detected",
    "gate": "30 of 34 planted faults noticed, score 0.882",
}
_RATES = (10_310.118, 10_480.5, 10_502.25, 10_497.824)


# ---- findings


def seed_failed(invariant: str, seed: str, message: str = "read mismatch", **about: Any) -> Finding:
    """A seed that failed an invariant, as `nightly.run_health.failing_seed` words it."""
    told: dict[str, Any] = {
        "job": "long-run",
        "source": "combined-3",
        "kind": "failing seed",
        "line": f"seed {seed} failed {invariant}: {message}",
        "advice": FAILING_ADVICE["failures"],
        "seed": seed,
        "invariant": invariant,
        "repro": f"vopr --scenario combined --seed {seed} --iterations 1 --json",
        "scenario": "combined",
        "message": message,
        "seeds": 1,
    }
    return Finding(**(told | about))


def lost_run(source: str, job: str = "long-run", **about: Any) -> Finding:
    """A run that left no recording, or not a whole one."""
    told: dict[str, Any] = {
        "line": f"no recording of combined, seeds {SEED} to 7696581404735",
        "advice": advice.LOST,
        "repro": f"vopr --scenario combined --seed {SEED} --iterations 10000 --json",
    }
    return Finding(job=job, source=source, kind="lost run", **(told | about))


def crash(number: int) -> Finding:
    """The crash of one shard: each at a seed of its own, with other numbers in its message."""
    seed = str(int(SEED) + (number - 1) * 10_000)
    words = (PANIC_LINES[0], PANIC_LINES[1].replace("7", str(6 + number)), PANIC_LINES[2])
    return replace(
        CRASHED,
        source=f"calm-{number}",
        line=CRASHED.line.replace(SEED, seed).replace(PANIC_LINES[1], words[1]),
        seed=seed,
        repro=CRASHED.repro.replace(SEED, seed),
        detail=last_words_in_words(words),
        message=" ".join(words[:2]),
        crash=crash_of(101, None, words),
    )


def missed(point: str, source: str = "combined", **about: Any) -> Finding:
    """A critical fault point that was never hit."""
    told: dict[str, Any] = {
        "line": f"Critical fault point '{point}' never hit",
        "advice": COVERAGE_ADVICE["critical-fault-points"],
        "fault_point": point,
        "rule": "CriticalFaultPointMissed",
        "name": point,
    }
    return Finding(job="coverage", source=source, kind="coverage", **(told | about))


def _not_detected(name: str, by: str) -> Finding:
    return Finding(
        job="canary",
        source=name,
        kind="canary",
        line=f"not detected: no seed of 10,000 failed; expected: {by}",
        advice=CANARY_ADVICE[CanaryEnding.NOT_DETECTED],
        rule="not detected",
        message=by,
    )


def _job(part: str, line: str, what_to_do: str) -> Finding:
    return Finding(job=part, source="", kind="job", line=line, advice=what_to_do)


# ---- nights


def _trend(
    job: str, scenario: str, figure: str, *values: float | None, remark: str = "", median: float | None = None
) -> TrendLine:
    return TrendLine(job, scenario, figure, values, values[-2] if median is None else median, remark)


def _trends(scenario: str) -> tuple[TrendLine, ...]:
    return (
        _trend("long-run", scenario, "iterations", 80_000.0, 80_000.0, 80_000.0, 80_000.0),
        _trend("long-run", scenario, "iterations a second", *_RATES),
        _trend("long-run", scenario, "failed seeds per 1,000 iterations", 0.0, 0.0, 0.0, 0.0),
        _trend("long-run", scenario, "fault points hit", 11.0, 11.0, 11.0, 11.0),
        _trend("coverage", "combined", "iterations", 100_000.0, 100_000.0, 100_000.0, 100_000.0),
        _trend("coverage", "combined", "fault points hit", 11.0, 11.0, 11.0, 11.0),
        _trend("coverage", "combined", "fault point coverage in %", 100.0, 100.0, 100.0, 100.0),
        _trend("canary", "combined", "canaries detected in %", 100.0, 100.0, 100.0, 100.0),
    )


def a_green_night(**changes: Any) -> NightVerdict:
    """A night in which all parts passed, with the figures of four nights."""
    spots = tuple(
        BlindSpot(f"n{n}", "counter", f"c{n}", "combined", f"property counter c{n} falls to half", "", "")
        for n in range(4)
    )
    night = NightVerdict(
        status="passed",
        passed=True,
        reason="all 7 parts passed",
        version="1.0.0",
        place=NightRun("4711", 1, 41, COMMIT, "Simulation nightly", URL),
        seed_base="7696581390336",
        jobs=tuple(
            JobSeen(part, "" if part == "gate" else "success", "not required" if part == "gate" else "passed", line)
            for part, line in _SHOWN.items()
        ),
        work=(
            Work(
                "long-run",
                "calm",
                80_000,
                80_000,
                80_000,
                8,
                rate=10_497.824,
                fault_points_hit=11,
                fault_points_known=11,
                invariants=16,
                view_changes=71,
            ),
            Work(
                "coverage",
                "combined",
                100_000,
                100_000,
                100_000,
                1,
                rate=9_811.5,
                fault_points_hit=11,
                fault_points_known=11,
                invariants=16,
                view_changes=88,
            ),
            Work(
                "canary",
                "combined",
                60_000,
                60_000,
                60_000,
                6,
                rate=9_903.2,
                fault_points_hit=11,
                fault_points_known=11,
                invariants=16,
                view_changes=5,
                failed_as_expected=5,
            ),
            Work(
                "determinism",
                "combined",
                810,
                810,
                810,
                10,
                rate=9_700.0,
                fault_points_hit=11,
                fault_points_known=11,
                invariants=16,
                view_changes=2,
            ),
        ),
        detected=5,
        declared=5,
        seeds_doubled=810,
        seeds_differing=0,
        at_most=0.0036915,
        trends=_trends("calm"),
        gate=GateScore(30 / 34, 34, 30, None, spots),
        last_green=GREEN,
    )
    return replace(night, **changes)


def a_night_of(*findings: Finding, **results: str) -> NightVerdict:
    """The night with these findings; `results` are those of jobs, where they are not what the findings make of them."""
    green = a_green_night()
    red = {finding.job: finding for finding in reversed(findings)}
    nothing_seen = {
        job for job in red if all(one.kind in ("lost run", "job") for one in findings if one.job == job)
    } - {"build"}
    jobs = []
    for job in green.jobs:
        status = job.status if job.name not in red else "incomplete" if job.name in nothing_seen else "failed"
        result = results.get(job.name, "failure" if job.name in red and job.name != "gate" else job.result)
        line = red[job.name].line if job.name in red else job.line
        jobs.append(replace(job, status=status, result=result, line=line))
    statuses = {job.status for job in jobs}
    first = findings[0]
    return replace(
        green,
        status="failed" if "failed" in statuses else "incomplete",
        passed=False,
        reason=f"{first.job}, {first.source}: {first.line}" if first.source else f"{first.job}: {first.line}",
        jobs=tuple(jobs),
        findings=findings,
        regressions=tuple(
            f"{one.scenario} {one.seed}  # {one.invariant or 'crash'}, 2026-11-26"
            for one in findings
            if one.kind == "failing seed"
        ),
    )


def _crashed_night(shards: int) -> NightVerdict:
    """The crash and all the figures that it moved."""
    night = a_night_of(*(crash(number) for number in range(1, shards + 1)))
    fewer = {
        "iterations": 31_200.0,
        "iterations a second": 2_100.5,
        "fault points hit": 9.0,
        "failed seeds per 1,000 iterations": shards / 31.2,
    }
    lines = [
        replace(
            line,
            values=(*line.values[:-1], fewer[line.figure]),
            remark=f"{fewer[line.figure]:,.0f} is far below the median of 3 comparable nights before",
        )
        if line.job == "long-run" and line.figure in fewer
        else line
        for line in night.trends
    ]
    work = replace(night.work[0], ran=31_200, failed=shards, rate=2_100.5, fault_points_hit=9, view_changes=None)
    return replace(night, trends=tuple(lines), work=(work, *night.work[1:]))


def _built_nothing() -> NightVerdict:
    skipped = [_job(part, "the job was skipped", advice.BEFORE) for part in ("regressions", "coverage", "canary")]
    findings = (
        _job("build", "the job failed, and nothing that it left behind explains why", advice.SEE_LOG),
        Finding("plan", "", "plan", "there is no plan.json: nothing was planned", advice.NO_PLAN),
        *(lost_run(f"calm-{number}") for number in range(1, 9)),
        *skipped,
    )
    results = {finding.job: "skipped" for finding in findings} | {"build": "failure"}
    return replace(a_night_of(*findings, **results), work=(), trends=(), gate=None, at_most=None, seeds_doubled=None)


_POINT = "storage.torn_write"
_COVERAGE = (
    missed(_POINT),
    missed(_POINT, "swizzle"),
    missed(
        _POINT,
        line=f"Fault point '{_POINT}' took effect too few times: 0 (expected >= 5)",
        rule="InsufficientFaultEffects",
    ),
    missed(
        _POINT,
        line=f"Fault point coverage too low: 90.9% (expected >= 95.0%): never hit are {_POINT}",
        fault_point=None,
        name="",
        rule="FaultPointCoverage",
    ),
    Finding(
        "gate",
        "",
        "gate",
        "not measured: coverage is not green, and a red run shows nothing about the gate",
        advice.NO_SCORE,
    ),
)
_DIVERGES = (
    Finding(
        "determinism",
        "42",
        "determinism",
        "2 seeds differ, the first is 44 (storage hash)",
        DETERMINISM_ADVICE["SeedsDiffer"],
        "44",
        repro="vopr --scenario combined --seed 44 --iterations 1 --json",
        scenario="combined",
        rule="SeedsDiffer",
        seeds=2,
    ),
)
_CANARIES = (_not_detected("skip-fsync", "model_verification"), _not_detected("drop-log", "model_verification"))

RED_NIGHTS: Mapping[str, NightVerdict] = {
    "seed": a_night_of(seed_failed("hash_chain", SEED)),
    "crash": _crashed_night(1),
    "crash-in-eight-shards": _crashed_night(8),
    "determinism": replace(a_night_of(*_DIVERGES), seeds_differing=2, at_most=0.0089),
    "coverage": a_night_of(*_COVERAGE),
    "canary": replace(a_night_of(*_CANARIES), detected=3),
    "gate": a_night_of(
        Finding(
            "gate", "", "gate", "30 of 34 planted faults noticed, score 0.882, at least 0.950 is required", advice.GATE
        )
    ),
    "health": a_night_of(
        Finding(
            "long-run",
            "calm-2",
            "run health",
            "Property 'durable_prefix' was violated",
            HEALTH_ADVICE["properties"],
            rule="PropertyViolated",
        )
    ),
    "lost": a_night_of(lost_run("calm-3"), lost_run("calm-7"), **{"long-run": "failure"}),
    "plan": a_night_of(
        Finding(
            "plan",
            "combined",
            "plan",
            "coverage of combined: 60,000 iterations fit into the budget, at least 100,000 are required",
            advice.BUDGET,
        ),
        plan="success",
    ),
    "build": _built_nothing(),
    "cancelled": a_night_of(
        *(lost_run(f"calm-{n}") for n in (6, 7, 8)),
        *(_job(part, "the job was cancelled or ran out of time", advice.AGAIN) for part in ("long-run", "coverage")),
        **{"long-run": "cancelled", "coverage": "cancelled"},
    ),
    "three-causes": a_night_of(
        crash(1), seed_failed("hash_chain", "17"), seed_failed("hash_chain", "18", source="combined-4"), *_CANARIES
    ),
    "forty-causes": a_night_of(*(seed_failed(f"invariant_{n}", str(n)) for n in range(40))),
    "warned": replace(
        a_night_of(seed_failed("hash_chain", SEED)),
        warnings=tuple(Remark("plan", f"combined: {n},000 of 1,000,000 iterations fit") for n in range(1, 6)),
        last_green=replace(GREEN, commit=COMMIT),
    ),
    "without-history": replace(
        a_night_of(seed_failed("hash_chain", SEED)), place=NightRun(), last_green=None, trends=()
    ),
    "linked-jobs": replace(
        a_night_of(seed_failed("hash_chain", SEED), seed_failed("hash_chain", "18", source="combined-4"), *_COVERAGE),
        job_pages=(
            *(JobPage(part, "", str(id)) for id, part in enumerate(("plan", "regressions", "coverage"), 9_002)),
            JobPage("build", "prepare", "9001"),
            JobPage("build", "control", "9005"),
            JobPage("long-run", "", "9013"),
            *(JobPage("long-run", f"combined-{n}", str(9_010 + n)) for n in range(1, 5)),
            JobPage("canary", "", "9020"),
            JobPage("canary", "skip-fsync", "9021"),
        ),
    ),
    "linked-build": replace(
        _built_nothing(), job_pages=(JobPage("build", "control", "9005"), JobPage("build", "", "9005"))
    ),
    "whole-run": a_night_of(seed_failed("hash_chain", SEED, repro="vopr --config night.toml", whole_run=True)),
}
