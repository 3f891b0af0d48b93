"""What the verdict lists of each file that was judged: the run, and its failing seeds. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vopr_coverage.check.terms import Terms
from vopr_coverage.gates.failing_seeds import crash_in, is_expected
from vopr_coverage.model.outcome import Outcome
from vopr_coverage.model.replay import lacks_scenario, replay_command, replays_whole_run
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Failure, InputSeen, gate_results


def input_seen(read: Input, outcomes: Sequence[Outcome]) -> InputSeen:
    """One file, with the outcomes of its run health."""
    run = read.run
    return InputSeen(
        source=read.source,
        format=read.format,
        scenario=read.scenario,
        complete=read.complete,
        iterations=None if run is None else run.iterations,
        first_seed=None if run is None or run.starting_seed is None else str(run.starting_seed),
        gates=gate_results(outcomes),
        commit=read.recording.commit if read.recording else None,
        wrote_nothing=run is not None and run.wrote_nothing,
    )


def failures_of(read: Input, terms: Terms) -> Iterator[Failure]:
    """The failing seeds of one file, by what failed."""
    wanted = set(terms.expect.invariants) if terms.expect else set()
    for group in read.run.failures if read.run else ():
        yield Failure(
            source=read.source,
            scenario=read.scenario,
            invariant=group.invariant,
            message=group.message,
            count=group.count,
            seeds=tuple(map(str, group.seeds)),
            repro=replay_command(str(group.seeds[0]), read.scenario, terms.repro, read.recording),
            fill_in=lacks_scenario(read.scenario, terms.repro, read.recording),
            expected=is_expected(group, wanted),
            whole_run=replays_whole_run(terms.repro, read.recording),
            crash=crash_in(group, read),
        )
