"""Runs in which something went wrong, as a reader would have read them. Pure.

Each function returns None where it does not apply. A stream that breaks off has no coverage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from msgspec.structs import replace

from vopr_coverage.model.figures import counted
from vopr_coverage.model.report import SEED_COUNT, FailureGroup, Input, Run, SeedList

PLANTED = "planted-by-the-doctor"  # names no invariant and no property of any simulator
OTHER_COMMIT = "0" * 40
ABORTED = 6  # SIGABRT


def with_half_the_seeds(read: Input, _name: str = "") -> Input | None:
    """A whole and healthy run of half as many seeds, which is what was asked for: every count is half."""
    run, report = read.run, read.report
    if run is None or report is None or run.records < 2:
        return None
    half = replace(
        run,
        announced=None if run.announced is None else run.records // 2,
        records=run.records // 2,
        iterations=run.records // 2,
        failed_records=run.failed_records // 2,
        failures=_half_the_failures(run),
        fault_effects=_halves(run.fault_effects),
        fault_counts=_halves(run.fault_counts),
        attempts_only=_halves(run.attempts_only) or {},
        first_hashes=run.first_hashes[: run.records // 2],
    )
    changed = dataclasses.replace(
        report,
        invariant_executions=_halves(report.invariant_executions) or {},
        phase_events=_halves(report.phase_events) or {},
        view_changes=None if report.view_changes is None else report.view_changes // 2,
        repairs=None if report.repairs is None else report.repairs // 2,
    )
    recording = read.recording and replace(read.recording, iterations=half.iterations)
    return replace(read, report=changed, run=half, recording=recording)


def with_the_same_seed(read: Input, _name: str = "") -> Input | None:
    """All iterations have the same hashes, events and time."""
    run = read.run
    if run is None or run.records - run.failed_records < 2:
        return None
    same = run.first_hashes[:1] * len(run.first_hashes)
    return replace(read, run=replace(run, seed_ignored=True, first_hashes=same))


def with_nothing_happening(read: Input, _name: str = "") -> Input | None:
    """No iteration has a single event."""
    run = read.run
    if run is None or run.records - run.failed_records < 1:
        return None
    return replace(read, run=replace(run, ran_nothing=True))


def without_the_expected_failure(read: Input, _name: str = "") -> Input | None:
    """The bug that the scenario plants is caught on no seed."""
    run = read.run
    if run is None or not run.failures:
        return None
    return _with_exit(replace(read, run=replace(run, failures=(), failed_records=0)), 0)


def with_half_the_expected_failures(read: Input, _name: str = "") -> Input | None:
    """The bug that the scenario plants is caught on half of the seeds."""
    run = read.run
    if run is None or run.failed_records < 2:
        return None
    return replace(read, run=replace(run, failures=_half_the_failures(run), failed_records=run.failed_records // 2))


def cut_at_the_end(read: Input, _name: str = "") -> Input | None:
    """The stream breaks off before its last record, with the coverage in it."""
    return _cut(read, read.run.records) if read.run and read.run.records else None


def cut_in_the_middle(read: Input, _name: str = "") -> Input | None:
    """The stream breaks off after half of the iterations."""
    return _cut(read, read.run.records // 2) if read.run and read.run.records > 1 else None


def with_a_failed_seed(read: Input, _name: str = "") -> Input | None:
    """One seed fails an invariant that no config expects to fail."""
    run = read.run
    if run is None or not run.records:
        return None
    seed = (run.starting_seed or 0) + run.records - 1
    groups, failed = run.failures, run.failed_records + 1
    if run.failed_records == run.records:  # then it failed another one before
        groups, failed = (replace(groups[0], count=groups[0].count - 1), *groups[1:]), run.failed_records
    group = FailureGroup(PLANTED, 1, "", (seed % SEED_COUNT,))
    hashes = run.first_hashes[: run.records - failed]
    changed = replace(run, failures=(*groups, group), failed_records=failed, first_hashes=hashes)
    return _with_exit(replace(read, run=changed), 1)


def with_a_violated_property(read: Input, _name: str = "") -> Input | None:
    """A property that must always hold was broken. The simulator exits with 0 all the same."""
    properties = read.run.properties if read.run else None
    if read.run is None or properties is None:
        return None
    violated = replace(properties, violated_ids=(*properties.violated_ids, PLANTED))
    return replace(read, run=replace(read.run, properties=violated))


def with_a_lost_record(read: Input, _name: str = "") -> Input | None:
    """One iteration left no record."""
    run = read.run
    if run is None or not run.records:
        return None
    seed = (run.starting_seed or 0) % SEED_COUNT
    sentence = f"1 seed has neither a record nor a failure, the first is {seed}"
    changed = replace(
        run,
        records=run.records - 1,
        iterations=run.iterations - 1,
        contradictions=(*run.contradictions, sentence),
        first_hashes=run.first_hashes[1:],
    )
    return replace(read, run=changed)


def with_a_nondeterministic_seed(read: Input, _name: str = "") -> Input | None:
    """One seed failed without a record, as a seed does whose two runs differ."""
    run = read.run
    if run is None or not run.records:
        return None
    silent = SeedList(1, ((run.starting_seed or 0) % SEED_COUNT,))
    changed = replace(
        run,
        records=run.records - 1,
        silent_failures=silent,
        double_runs=True,
        first_hashes=run.first_hashes[1:],
    )
    return _with_exit(replace(read, run=changed), 1)


def with_a_crash_at_exit(read: Input, _name: str = "") -> Input | None:
    """The simulator dies after its last record, and no failed seed explains it."""
    if read.recording is None or read.run is None or read.run.failed_records:
        return None
    return replace(read, recording=replace(read.recording, exit_code=None, signal=ABORTED))


def of_another_commit(read: Input, _name: str = "") -> Input | None:
    """The recording is of another commit than the check."""
    recording = read.recording
    if recording is None or recording.commit is None:
        return None
    commits = read.commits or (recording.commit,)
    return replace(read, recording=replace(recording, commit=OTHER_COMMIT), commits=commits)


def the_same_seeds_again(read: Input, _name: str = "") -> Input | None:
    """A second shard that ran the seeds of this one."""
    if read.run is None or read.run.starting_seed is None or not read.run.records:
        return None
    return replace(read, source=f"{read.source} (again)")


def _cut(read: Input, records: int) -> Input:
    run = read.run
    assert run is not None
    announced = run.announced if run.announced is not None else run.iterations
    next_seed = None
    if run.starting_seed is not None and records < announced:
        next_seed = (run.starting_seed + records) % SEED_COUNT
    ended = f"no batch_complete after {records} of {counted(announced, 'iteration')}"
    changed: Run = replace(
        run,
        records=records,
        iterations=records,
        failed_records=min(run.failed_records, records),
        ended_early=ended,
        silent_failures=SeedList(),
        fault_effects=None,
        fault_counts=None,
        attempts_only={},
        properties=None,
        first_hashes=run.first_hashes[:records],
        next_seed=next_seed,
    )
    return replace(read, report=None, run=changed)


def _with_exit(read: Input, code: int) -> Input:
    """The exit code that a simulator ends with after this run, where its manifest tells one."""
    if read.recording is None or not read.recording.finished:
        return read
    return replace(read, recording=replace(read.recording, exit_code=code, signal=None))


def _half_the_failures(run: Run) -> tuple[FailureGroup, ...]:
    """Half of the failed seeds: the first of them, invariant by invariant."""
    left, groups = run.failed_records // 2, list[FailureGroup]()
    for group in run.failures:
        count = min(group.count, left)
        left -= count
        if count:
            groups.append(replace(group, count=count, seeds=group.seeds[:count]))
    return tuple(groups)


def _halves(counts: Mapping[str, int] | None) -> dict[str, int] | None:
    return None if counts is None else {name: count // 2 for name, count in counts.items()}
