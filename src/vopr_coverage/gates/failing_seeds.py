"""The gate on failing seeds: no seed failed an invariant, and the simulator died at none. Pure."""

from __future__ import annotations

from collections.abc import Container

import msgspec

from vopr_coverage.gates.run_outcomes import failed, passed, shortfall, unanswered, unfinished
from vopr_coverage.model.crash import CRASH, Crash, last_words_in_words, seeds_not_run
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.outcome import Outcome, Shortfall, Status
from vopr_coverage.model.report import SEED_COUNT, FailureGroup, Input, Run, SeedList
from vopr_coverage.model.thresholds import Bounds

SEEDS_LISTED_MAX = 10
SEED_FAILED = "SeedFailed"  # the kind of a violation

ADVICE = {
    "failures": "The simulator found a bug: replay the seed with the command shown.",
    "crash": "The simulator died at this seed: replay it with the command shown. If it then holds, the crash depends "
    "on the seeds before it, on memory or on the machine.",
    "expected-failures": "The bug that this scenario plants must be caught on every seed: look at its oracle.",
}


class Expectation(msgspec.Struct, frozen=True):
    """`expect: violation`: the invariants that may fail, and the fraction of the seeds that must fail them."""

    invariants: tuple[str, ...]
    min_caught: float
    origin: str


def first_seeds(seeds: SeedList | FailureGroup) -> str:
    """The first ten seeds, and how many more there are."""
    first = ", ".join(str(seed) for seed in seeds.seeds[:SEEDS_LISTED_MAX])
    return first + (f" and {seeds.count - SEEDS_LISTED_MAX} more" if seeds.count > SEEDS_LISTED_MAX else "")


def judge_failures(file: Input, _bounds: Bounds, expect: Expectation | None) -> Outcome:
    """No seed failed an invariant; where a violation is expected, enough seeds failed."""
    gate, run = "failures", file.run
    if run is None:
        return unanswered(gate, expect is not None, "expected violation", "", "Expected violation", None)
    if expect is not None:
        return _judge_expected(file, run, expect)
    if run.failures:
        measured = f"{counted(run.failed_records, 'seed')} failed"
        shortfalls = [_seed_failed(group, file) for group in run.failures]
        return failed(gate, ADVICE[gate], measured, "0 seeds", shortfalls, value=run.failed_records)
    if not run.complete:
        return unfinished(gate, "0 seeds", "always", run)
    return passed(gate, "0 seeds failed", "0 seeds", 0)


def _judge_expected(file: Input, run: Run, expect: Expectation) -> Outcome:
    gate = "failures"
    expected = set(expect.invariants)
    required = f"≥ {expect.min_caught * 100:g}% of seeds fail {' or '.join(expect.invariants)}"
    if not run.complete and not run.crashed:
        return unfinished(gate, required, expect.origin, run)
    caught = sum(group.count for group in run.failures if is_expected(group, expected))
    of_all = f"{caught} of {counted(run.iterations, 'seed')} caught it"
    shortfalls = [_seed_failed(group, file) for group in run.failures if not is_expected(group, expected)]
    share = caught / run.iterations if run.iterations else 0.0
    if share < expect.min_caught:
        least = f"{expect.min_caught * 100:g}%"
        line = f"Expected violation missed: {of_all} (expected >= {least})"
        shortfalls.append(
            shortfall("ExpectedViolationMissed", "Expected violation missed", f"At least {least}", str(caught), line)
        )
    return Outcome(
        gate=gate,
        status=Status.FAILED if shortfalls else Status.PASSED,
        measured=of_all,
        required=required,
        origin=expect.origin,
        value=share,
        minimum=expect.min_caught,
        violations=tuple(shortfalls),
        advice=ADVICE["expected-failures"],
    )


def is_expected(group: FailureGroup, invariants: Container[str]) -> bool:
    """Whether these seeds failed as a scenario wants it. A crash is never expected, whatever an invariant is called."""
    return group.crash is None and group.invariant in invariants


def crash_in(group: FailureGroup, file: Input) -> Crash | None:
    """The crash at these seeds, and what did not run because of it; None if they failed in another way."""
    run, recording = file.run, file.recording
    if group.crash is None or run is None or not run.crashed or group is not run.failures[-1]:
        return group.crash
    not_run = _not_run(group, run)
    restarts = recording.restarts_used_up if recording and not_run else 0
    return msgspec.structs.replace(group.crash, not_run=not_run, restarts=restarts)


def _seed_failed(group: FailureGroup, file: Input) -> Shortfall:
    if crash := crash_in(group, file):
        return _crashed(group, crash)
    seeds = agreeing(group.count, "seed")
    line = f"Invariant '{group.invariant}' failed on {group.count} {seeds}: {first_seeds(group)}"
    message = f"Invariant '{group.invariant}' failed"
    return Shortfall(
        kind=SEED_FAILED,
        message=message,
        expected="Holds on every seed",
        actual=f"{group.count} {seeds}",
        line=line,
        detail=group.message,
        advice=ADVICE["failures"],
        invariant=group.invariant,
        seed=str(group.seeds[0]) if group.seeds else None,
    )


def _crashed(group: FailureGroup, crash: Crash) -> Shortfall:
    where = f"seed {first_seeds(group)}"
    if group.count > 1:
        where = f"{counted(group.count, 'seed')}: {first_seeds(group)}"
    left = seeds_not_run([crash])
    return Shortfall(
        kind=SEED_FAILED,
        message=f"Simulator died at {counted(group.count, 'seed') if group.count > 1 else where}",
        expected="Holds on every seed",
        actual=crash.ending,
        line=f"Simulator died at {where}: {crash.ending}{f'; {left}' if left else ''}",
        detail=last_words_in_words(crash.last_words),
        invariant=CRASH,
        seed=str(group.seeds[0]),
        advice=ADVICE["crash"],
    )


def _not_run(died: FailureGroup, run: Run) -> int:
    """How many seeds were to run behind the one that the simulator died at."""
    if run.announced is None or run.starting_seed is None:
        return 0
    return run.announced - (died.seeds[-1] - run.starting_seed) % SEED_COUNT - 1
