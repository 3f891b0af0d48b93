"""Is a run a function of its seed? One run that made every seed twice, or two runs of the same seeds. Pure.

Two runs made by different processes or machines show more: a simulator's own check repeats a
seed inside one process, where addresses, environment and build are the same both times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from vopr_coverage.determinism.advice import (
    ADVICE,
    INCOMPLETE,
    NO_DIGESTS,
    NOT_MEASURED,
    UNMEASURED,
    differing_seeds,
    nothing_compared,
)
from vopr_coverage.determinism.differences import Constancy, Constant
from vopr_coverage.determinism.lockstep import Comparison, Ranges, Readable, compare, ranges_of
from vopr_coverage.determinism.verdict import (
    ComparedRun,
    DeterminismFinding,
    DeterminismVerdict,
    Divergence,
    FieldCount,
    Mode,
    ReplayCommand,
    SeedsListed,
    Status,
    seeds_listed,
)
from vopr_coverage.gates.failing_seeds import first_seeds
from vopr_coverage.gates.manifest import called_without_record, disagreements, early_end, last_output
from vopr_coverage.model.figures import counted, percent
from vopr_coverage.model.manifest import DOUBLE_RUNS_FLAG, Recording
from vopr_coverage.model.replay import lacks_scenario, replay_command
from vopr_coverage.model.report import CHECKED_TWICE, SEED_COUNT, Run
from vopr_coverage.model.verdict import Remark
from vopr_coverage.statistics.intervals import bounds_of

RANGES_TOLD = 10
REPLAYS_MAX = 10
SHARE_MAX = 0.05  # a bound above this leaves much open
SEEDS_ENOUGH = 59  # bring the bound below it
ORDINARY_FAILURES = "failed an invariant, with a record"
EMPTY_STATE = "it is VOPR's hash of an empty kernel state"  # so in all its runs that were seen

# BLAKE3 of 56 zero bytes: VOPR's hash of a kernel state that nothing was written to (docs/determinism.md).
EMPTY_STATE_HASH = "16f7d7f185c197029deb76de81b3c86ac70a01af8ae32cc73b59d6cd049cee87"


class Subject(msgspec.Struct, frozen=True):
    """A run to judge: what the user calls it, its scenario, its seeds, yet to be read, and a recording's manifest."""

    name: str
    scenario: str | None
    seeds: Readable
    recording: Recording | None = None


class Context(msgspec.Struct, frozen=True):
    """What a verdict says besides the judgement: our version, and the template of replay commands."""

    version: str
    repro: str | None


def judge_one(subject: Subject, context: Context) -> DeterminismVerdict:
    """Judge a run by its own check: a seed whose two runs differ fails and leaves no record.

    A whole run without such a seed passes only where something shows that its seeds ran twice.
    """
    constancy = Constancy()
    for stretch in subject.seeds:
        constancy.see(stretch.records)
    run = _run_of(subject)
    findings = list(_troubles(subject, None))
    own = subject.seeds.read.observed.invariants.get(CHECKED_TWICE) if subject.seeds.read.observed else None
    recorded = subject.recording is not None and subject.recording.double_runs
    silent, differing = run.silent_failures, differing_seeds(run)
    found = silent.count + differing.count
    twice = run.complete and bool(run.double_runs or recorded or found or (own and own.ran))
    seeds = run.iterations if twice else 0
    if own and own.ran and not recorded and run.complete:
        seeds = max(own.runs, differing.count)
    if not findings and not seeds:
        why = "nothing shows that seeds ran twice" if run.iterations else "no iterations ran"
        kind = NOT_MEASURED if subject.seeds.read.format == "stream" else NO_DIGESTS
        findings.append(_finding(subject.name, kind, f"Determinism not measured: {why}"))
    warnings = [*_constants(subject.name, constancy.constants()), *_failures(subject)]
    replays = (*silent.seeds, *differing.seeds)[:REPLAYS_MAX]
    counts = (seeds, found if twice else 0)
    return _verdict("twice in one run", [(subject, None)], findings, warnings, context, counts, replays)


def judge_two(left: Subject, right: Subject, context: Context) -> DeterminismVerdict:
    """Judge two runs by the seeds that both have; either may have failed seeds of its own check, too."""
    found = compare(left.seeds, right.seeds)
    sides = [(left, found.missing[0]), (right, found.missing[1])]
    findings = [finding for subject, missing in sides for finding in _troubles(subject, missing)]
    if found.diverging:
        first = found.kept[0]
        fields = ", ".join(difference.field for difference in first.differences)
        line = (
            f"{_of_seeds(found.diverging, found.compared)} came out differently in {right.name}, "
            f"the first is seed {first.seed} ({fields})"
        )
        findings.append(_finding(left.name, "SeedsDiffer", line))
    if not findings and not found.compared:
        nothing, kind = nothing_compared(found.outcomes, {subject.seeds.read.format for subject, _ in sides})
        spans = f"{left.name} has {_span(left.seeds)}, {right.name} has {_span(right.seeds)}"
        findings.append(_finding(left.name, kind, f"Determinism not measured, {nothing}: {spans}"))
    warnings = [*_constants(left.name, found.constant), *_different_ranges(left, right, found)]
    warnings += [*_failures(left), *_failures(right), *_different_builds(left, right)]
    silent = [seed for subject, _ in sides for seed in _run_of(subject).silent_failures.seeds[:REPLAYS_MAX]]
    replays = list(dict.fromkeys([*(seed.seed for seed in found.kept), *silent]))[:REPLAYS_MAX]
    counts = (found.compared, found.diverging)
    verdict = _verdict("two runs", sides, findings, warnings, context, counts, replays)
    return msgspec.structs.replace(
        verdict,
        by_field=tuple(FieldCount(field, seeds) for field, seeds in found.by_field.items()),
        divergences=tuple(Divergence(str(seed.seed), seed.differences) for seed in found.kept),
    )


def _verdict(
    mode: Mode,
    sides: Sequence[tuple[Subject, Ranges | None]],
    findings: Sequence[DeterminismFinding],
    warnings: Sequence[Remark],
    context: Context,
    counts: tuple[int, int],
    replays: Sequence[int],
) -> DeterminismVerdict:
    seeds, differing = counts
    low, high = bounds_of(seeds, differing) if seeds else (None, None)
    remarks = [Remark(subject.name, text) for subject, _ in sides for text in subject.seeds.read.warnings]
    if high is not None and not differing and high > SHARE_MAX:
        remarks.append(Remark("", _few(seeds, high)))
    status = _status(findings)
    recording = next((_without_check(subject.recording) for subject, _ in sides if subject.recording), None)
    scenario = next((subject.scenario for subject, _ in sides if subject.scenario is not None), None)
    share = percent(high or 0.0)
    reason = f"no difference in {counted(seeds, 'seed')}, so at most {share} of all would differ (95% confidence)"
    if findings:
        reason = f"{findings[0].source}: {findings[0].line[0].lower()}{findings[0].line[1:]}"
    return DeterminismVerdict(
        status=status,
        passed=status == "passed",
        reason=reason,
        version=context.version,
        mode=mode,
        seeds=seeds,
        nondeterministic=differing,
        at_least=low,
        at_most=high,
        runs=tuple(_seen(subject, missing) for subject, missing in sides),
        findings=tuple(findings),
        replays=tuple(
            ReplayCommand(str(seed), replay_command(str(seed), scenario, context.repro, recording)) for seed in replays
        ),
        fill_in=bool(replays) and lacks_scenario(scenario, context.repro, recording),
        warnings=(*warnings, *remarks),
    )


def _status(findings: Sequence[DeterminismFinding]) -> Status:
    kinds = {finding.kind for finding in findings}
    if INCOMPLETE in kinds:
        return "incomplete"
    if kinds - set(UNMEASURED):
        return "failed"
    return "not measured" if kinds else "passed"


def _troubles(subject: Subject, missing: Ranges | None) -> Iterator[DeterminismFinding]:
    """What is wrong with a run by itself: it broke off, contradicts itself, or failed its own check."""
    run = _run_of(subject)
    read = subject.seeds.read
    read = msgspec.structs.replace(read, recording=subject.recording, own_scenario=read.scenario)
    if run.ended_early:
        lost = seeds_listed(missing) if missing else SeedsListed()
        left_out = ""
        if lost.count:
            left_out = f"; {counted(lost.count, 'seed')} to compare left no record: {_ranges_in_words(lost)}"
        line = f"Run incomplete: {early_end(read)}{left_out}"
        yield _finding(subject.name, INCOMPLETE, line, last_output(subject.recording))
    for sentence in run.contradictions:
        yield _finding(subject.name, "CountsDisagree", f"Counts disagree: {sentence}")
    for disagreement in disagreements(read):
        yield _finding(subject.name, "RecordingDisagrees", disagreement.line, disagreement.detail)
    silent = run.silent_failures
    if silent.count:
        failed = f"{_of_seeds(silent.count, run.iterations)} failed without a record"
        line = f"{called_without_record(subject.recording)}: {failed}: {first_seeds(silent)}"
        yield _finding(subject.name, "NondeterministicSeeds", line)
    differing = differing_seeds(run)
    if differing.count:
        line = f"Nondeterministic: {_of_seeds(differing.count, run.iterations)} failed the invariant {CHECKED_TWICE}: "
        yield _finding(subject.name, "NondeterministicSeeds", line + first_seeds(differing))


def _constants(source: str, constants: Iterator[Constant] | Sequence[Constant]) -> Iterator[Remark]:
    for constant in constants:
        value, why = constant.value, ""
        if not value.strip("0"):
            why = " (it is all zeros: nothing was stored)"
        elif constant.field == "kernel_state_hash" and EMPTY_STATE_HASH.startswith(value[:64]):
            why = f" ({EMPTY_STATE})"
        seeds = counted(constant.seeds, "seed")
        text = f"{constant.field} is the same for all {seeds}, so that comparing it proves nothing{why}"
        yield Remark(source, text)


def _failures(subject: Subject) -> Iterator[Remark]:
    """Ordinary failures are none of ours, but they are told apart from those that are."""
    run = _run_of(subject)
    failed = sum(group.count for group in run.failures if not group.crash and group.invariant != CHECKED_TWICE)
    if not failed:
        return
    text = f"{counted(failed, 'seed')} {ORDINARY_FAILURES}: bugs, which `vopr-coverage check` judges"
    if run.silent_failures.count:
        text += (
            ". Those without a record may be such bugs, too: VOPR's check compares when failing runs "
            "began, unless --no-trace-on-failure is set"
        )
    yield Remark(subject.name, text)


def _different_ranges(left: Subject, right: Subject, found: Comparison) -> Iterator[Remark]:
    one, other = left.seeds, right.seeds
    if found.shared and (one.starting_seed, one.announced) != (other.starting_seed, other.announced):
        spans = f"{left.name} has {_span(one)}, {right.name} has {_span(other)}"
        yield Remark("", f"The runs announced different seeds, only the {found.shared:,} in common count: {spans}")


def _different_builds(left: Subject, right: Subject) -> Iterator[Remark]:
    one, other = (subject.recording.commit if subject.recording else None for subject in (left, right))
    if one and other and not (one.startswith(other) or other.startswith(one)):
        yield Remark("", f"Recorded at two commits, {one[:12]} and {other[:12]}: a difference may be the code's")


def _few(seeds: int, high: float) -> str:
    return (
        f"{counted(seeds, 'seed')} can't show much: up to {percent(high)} of all seeds may be nondeterministic; "
        f"it takes {SEEDS_ENOUGH} to bring that below {percent(SHARE_MAX)}"
    )


def _seen(subject: Subject, missing: Ranges | None) -> ComparedRun:
    run, seeds = _run_of(subject), subject.seeds
    return ComparedRun(
        source=subject.name,
        scenario=subject.scenario,
        complete=run.complete,
        first_seed=None if seeds.starting_seed is None else str(seeds.starting_seed),
        announced=seeds.announced,
        iterations=run.iterations,
        failed=run.failed_records,
        silent=seeds_listed(ranges_of(run.silent_failures)),
        missing=seeds_listed(missing) if missing else SeedsListed(),
    )


def _run_of(subject: Subject) -> Run:
    run = subject.seeds.read.run
    assert run is not None  # only streams are read seed by seed
    return run


def _ranges_in_words(seeds: SeedsListed) -> str:
    return ", ".join(seeds.ranges[:RANGES_TOLD]) + (", …" if len(seeds.ranges) > RANGES_TOLD else "")


def _span(seeds: Readable) -> str:
    """`seeds 0–14`."""
    start, count = seeds.starting_seed, seeds.announced
    if start is None or count is None:
        return "an unknown range"
    if count < 2:
        return f"seed {start}" if count else "no seeds"
    return f"seeds {start}–{(start + count - 1) % SEED_COUNT}"


def _of_seeds(some: int, of: int) -> str:
    return f"{some:,} of {counted(of, 'seed')}"


def _finding(source: str, kind: str, line: str, detail: str = "") -> DeterminismFinding:
    return DeterminismFinding(source=source, kind=kind, line=line, advice=ADVICE[kind], detail=detail)


def _without_check(recording: Recording) -> Recording:
    """The recording as if the simulator's own check had been off: the advice is to replay seeds without it."""
    command = tuple(word for word in recording.command if word != DOUBLE_RUNS_FLAG)
    return msgspec.structs.replace(recording, command=command)
