"""Verdicts by what went wrong: crashes from recordings, the others put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.support.checking import checked
from tests.support.pages import (
    a_gate,
    a_judged,
    a_lost_point,
    a_missed_point,
    a_verdict,
    a_violation,
    compared,
    named,
)
from tests.support.recordings import a_recording
from tests.support.reports import MODEST, a_stream, ndjson, ok, start
from vopr_coverage.model.verdict import BaseSeen, Change, Failure, JudgedReport, Unusable, Verdict, Violation

BASE = BaseSeen("run 12 on main at 3f2a9c1", commit="3f2a9c1d5e" * 4)
PANIC = (
    "thread 'main' panicked at src/storage/wal.rs:551:9:",
    "index out of bounds: the len is 3 but the index is {seed}",
    "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
)


def died(folder: Path, name: str, first: int, panic: Sequence[str] = PANIC) -> str:
    """A recording of ten seeds whose simulator died at the third; returns its path."""
    words = [line.format(seed=first + 2) for line in panic]
    stream = ndjson(start(first, 10), ok(first), ok(first + 1))
    ending: dict[str, Any] = {"exit_code": 101, "whole": False, "last_words": words}
    a_recording(folder / name, stream, seed=str(first), iterations=10, scenario="calm", **ending)
    return str(folder / name)


def judged(folder: Path, *paths: str) -> Verdict:
    """Recordings under a config that a few seeds meet."""
    (folder / "modest.json").write_text(json.dumps(MODEST))
    with chdir(folder):  # pages name the config as it was asked for
        return replace(checked(paths, config="modest.json"), version="VERSION")


def crash(folder: Path) -> Verdict:
    """One run died at a seed."""
    return judged(folder, died(folder, "calm", 40))


def timed_out(folder: Path) -> Verdict:
    """One of two runs was stopped when its time was up."""
    a_recording(folder / "calm-1", a_stream(first=10), seed="10", scenario="calm")
    stream = ndjson(start(20, 10), ok(20), ok(21))
    ending: dict[str, Any] = {"timed_out": True, "timeout_s": 60, "exit_code": None, "signal": 15, "whole": False}
    told = {"last_words": ["replica 2: waiting for a view"], "stderr_bytes": 30}
    a_recording(folder / "calm-2", stream, seed="20", iterations=10, scenario="calm", **ending, **told)
    return judged(folder, str(folder / "calm-1"), str(folder / "calm-2"))


def crash_in_eight_shards(folder: Path) -> Verdict:
    """Eight shards died of one panic, each at a seed of its own, and a ninth is well."""
    a_recording(folder / "shard-9", a_stream(first=900), seed="900", scenario="calm")
    shards = [died(folder, f"shard-{number}", number * 100) for number in range(1, 9)]
    return judged(folder, *shards, str(folder / "shard-9"))


def a_report(name: str, *gates: str, **more: Any) -> JudgedReport:
    """A report of a scenario in which these gates failed."""
    rows = (*(a_gate(gate, measured="6 of 7 hit", required="all 7") for gate in gates), a_gate("repairs", "passed"))
    seen = a_judged("failed").inputs[0]
    health = tuple(a_gate(gate, "passed", measured="0 seeds failed", required="0 seeds") for gate in ("failures",))
    read = replace(seen, source=name, scenario=name, iterations=1_000, gates=health)
    report = replace(a_judged("failed", name), inputs=(read,), gates=rows, thresholds="default", scenario=name)
    return replace(report, lowered=(), **more)


def seeds_failed(source: str, invariant: str, seeds: Sequence[int], message: str) -> tuple[Violation, Failure]:
    """Seeds of a run that failed an invariant, with the command."""
    told = ", ".join(map(str, seeds))
    line = f"Invariant '{invariant}' failed on {len(seeds)} seeds: {told}"
    violation = a_violation("failures", line, detail=message, source=source, invariant=invariant, seed=str(seeds[0]))
    command = f"vopr --scenario {source} --seed {seeds[0]} --iterations 1 --json -v"
    failure = Failure(source, source, invariant, message, len(seeds), tuple(map(str, seeds)), command, False, False)
    return replace(violation, advice="The simulator found a bug: replay the seed with the command shown."), failure


def put_together(violations: Sequence[Violation], reports: Sequence[JudgedReport], **more: Any) -> Verdict:
    """A failed verdict."""
    told = f"{len(violations)} violations in failures"
    return Verdict("failed", False, told, "VERSION", violations=tuple(violations), reports=tuple(reports), **more)


def three_causes(_folder: Path) -> Verdict:
    """A bug in three runs, an injector that is unplugged in two of them, and a phase that is too rare in one."""
    runs = ("calm", "combined", "swizzle")
    bug, bugs = zip(
        *(seeds_failed(run, "vsr_agreement", [7 + n, 91 + n], f"diverged at op {n}") for n, run in enumerate(runs)),
        strict=True,
    )
    change = Change("x", lost_points=("network.drop",))
    reports = [a_report(run, "critical-fault-points", change=change) for run in runs[:2]] + [a_report("swizzle")]
    unplugged = [a_missed_point("network.drop", run) for run in runs[:2]]
    unplugged += [replace(a_lost_point("network.drop"), source=run) for run in runs[:2]]
    rare = a_violation(
        "phase-events",
        "Phase event 'storage.repair' too few: 3 (expected >= 5)",
        "InsufficientPhaseEvents",
        source="swizzle",
        point="storage.repair",
    )
    violations = [
        replace(each, advice="Check that this kind of fault is switched on and really gets scheduled.")
        for each in unplugged
    ]
    rare = replace(rare, advice="Run longer, or choose a scenario in which this phase takes place.")
    return put_together([*bug, *violations, rare], reports, failures=bugs, base=BASE)


def forty_causes(_folder: Path) -> Verdict:
    """Forty invariants, each broken by seeds of its own."""
    found = [seeds_failed("calm", f"invariant_{n:02d}", [1_000 + n, 2_000 + n], "broken") for n in range(40)]
    violations, failures = zip(*found, strict=True)
    return put_together(violations, [a_report("calm")], failures=failures)


def unusable_shards(_folder: Path) -> Verdict:
    """Three files were cut off in the same way, and one is missing."""
    cut = [Unusable(f"shard-{n}.json", None, f"shard-{n}.json:{n}: expected JSON, found its end") for n in range(3)]
    missing = Unusable("night/*", None, "night/*: expected at least one file, found no match for this pattern")
    problems = (*cut, missing)
    error = "\n".join(each.problem for each in problems)
    return replace(put_together([], [a_report("calm")], unusable=problems, error=error), status="error")


def hostile_names(_folder: Path) -> Verdict:
    """Markup of all kinds wherever a file can put a name."""
    hostile = "</code></details>|<b>@team #1 ``` `x` ::error::y\n# z https://evil.example"
    return replace(named(compared(a_verdict()), hostile), version="VERSION")


CAUSE_CASES: Mapping[str, Callable[[Path], Verdict]] = {
    "crash": crash,
    "timed-out": timed_out,
    "crash-in-eight-shards": crash_in_eight_shards,
    "three-causes": three_causes,
    "forty-causes": forty_causes,
    "unusable-shards": unusable_shards,
    "hostile-names": hostile_names,
}
