"""Plays seeds one after the other, each as a recording of its own, for `replay` and `record --seeds`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.check.hits import hits_of
from vopr_coverage.commands.options import refuse_unknown_placeholders
from vopr_coverage.commands.output import log, log_last_words, log_withheld, on_terminal
from vopr_coverage.commands.per_seed import seed_runs
from vopr_coverage.config.reading import load_for_runs
from vopr_coverage.errors import ExitCode, UsageError, UserError, printable
from vopr_coverage.files import why
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.model.manifest import STREAM, Recording
from vopr_coverage.model.report import Input
from vopr_coverage.nightly.replay import SeedToReplay, replay_result, seeds_to_replay, why_incomplete
from vopr_coverage.nightly.seed_coverage import judge_seeds, told
from vopr_coverage.nightly.seed_file import SeedFile, WantedSeed
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.find import ReportFile
from vopr_coverage.reading.recorded import read_file, why_not_whole
from vopr_coverage.recorder.child import signals_to
from vopr_coverage.recorder.child_environment import own_tokens
from vopr_coverage.recorder.commits import find_commit
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.record import record
from vopr_coverage.runner.environment import Runner

SEEDS_LISTED_MAX = 10


def play(file: SeedFile, command: tuple[str, ...], arguments: argparse.Namespace, runner: Runner) -> int:
    """Record every seed of a file. Where it says what each is for, also say what of it they still reach.

    Args:
        arguments: with `out`, `commit`, `timeout`, and the flags of `add_per_seed`; `minutes` and `double_runs` if any.

    Raises:
        UserError: nothing was recorded, or no seed left anything to judge.
    """
    refuse_unknown_placeholders(command)
    seeds = list(seeds_to_replay(file.regressions, command))
    out, runs = Path(arguments.out), seed_runs(arguments, command)
    for seed in seeds:
        _refuse_used(out / seed.folder)
    log_withheld(own_tokens())
    commit = find_commit(arguments.commit, runner.sha)
    if commit.difference:
        log(commit.difference)
    plans = [
        RecordingPlan(
            scenario=seed.scenario,
            seed=int(seed.seed),
            iterations=1,
            command=command,
            folder=out / seed.folder,
            commit=commit,
            timeout_s=arguments.timeout,
            per_seed=runs,
            double_runs=getattr(arguments, "double_runs", False),
        )
        for seed in seeds
    ]
    session = _Session(getattr(arguments, "minutes", None), "regression seed" if file.wanted is None else "seed")
    with signals_to(session.on_signal):
        whole = session.play(seeds, plans)
    judged = file.wanted is None or _judge(file.wanted, session)
    return ExitCode.PASSED if whole and judged else ExitCode.GATE_FAILED


def _judge(wanted: Sequence[WantedSeed], session: _Session) -> bool:
    """Say what the seeds reach. Returns whether nothing is lost."""
    if all(points is None for points in session.reached.values()):
        raise UserError(
            f"none of {counted(len(wanted), 'seed')} left a run of this seed alone with its coverage: "
            "does the simulator know these scenarios and seeds?"
        )
    coverage = judge_seeds(wanted, session.reached)
    for line in told(coverage):
        log(line)
    return not coverage.lost


class _Session:
    """Records seeds one after the other, until the time is up or a signal comes.

    Attributes:
        reached: the points of each seed so far; None where there is nothing to judge.
    """

    def __init__(self, minutes: float | None, noun: str) -> None:
        self.reached: dict[tuple[str, str], frozenset[str] | None] = {}
        self._ends_at = None if minutes is None else time.monotonic() + minutes * 60
        self._noun = noun
        self._interrupted = False
        self._stopped = ""

    def on_signal(self, _number: int) -> None:
        """Between two recordings; during one, the recorder handles it and says so in the manifest."""
        self._interrupted = True

    def play(self, seeds: Sequence[SeedToReplay], plans: Sequence[RecordingPlan]) -> bool:
        """Record them, and log a line for each. Returns whether all recordings are whole."""
        whole = played = 0
        for seed, plan in zip(seeds, plans, strict=True):
            left_s = None if self._ends_at is None else self._ends_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                self._stopped = "the time was up"
            if self._interrupted:
                self._stopped = "interrupted"
            if self._stopped:
                break
            try:
                is_whole, result, last_words = self._record(plan, left_s)
            except UsageError as error:  # a mistake shows at the first seed; later, something else happened
                if not played:
                    raise
                is_whole, result, last_words = False, f"incomplete: {error}", ()
            played += 1
            whole += is_whole
            log(f"[{played}/{len(seeds)}] {seed.scenario} seed {seed.seed}: {result}")
            log_last_words(last_words)
        missed = seeds[played:]
        if missed:
            log(f"{self._stopped}: {_listed(missed)} not replayed")
        asked = f"{counted(len(seeds), self._noun)} {agreeing(len(seeds), 'is', 'are')}"
        log(f"{whole:,} of {asked} recorded completely")
        return whole == len(seeds)

    def _record(self, plan: RecordingPlan, left_s: float | None) -> tuple[bool, str, tuple[str, ...]]:
        """Record one seed. Returns whether the recording is whole, what to log about it, and last words to show."""
        limits = [limit for limit in (plan.timeout_s, left_s) if limit is not None]
        try:
            recording = record(
                replace(plan, timeout_s=max(round(min(limits), 3), 0.001) if limits else None),
                RunProgress(sys.stderr, plan.iterations, on_terminal()),
            )
        except OSError as error:
            self._stopped = "the disk cannot be written to"
            return False, f"incomplete: {why(error)}", ()
        self._interrupted |= recording.interrupted
        if not recording.whole:
            reason = why_not_whole(recording, str(plan.folder / STREAM)) or why_incomplete(recording)
            return False, f"incomplete: {reason}", recording.last_words
        read = _read(plan.folder, recording)
        self.reached[plan.scenario, str(plan.seed)] = _points(read, plan.seed) if read else None
        result = replay_result(recording, read.run if read else None, str(plan.seed))
        return True, result, recording.last_words if recording.parts else ()


def _read(folder: Path, recording: Recording) -> Input | None:
    """What was recorded; None if it cannot be read."""
    try:
        file = ReportFile(str(folder / STREAM), str(folder), recording=recording)
        return read_file(file, read_as=load_for_runs().read_as)
    except UserError:
        return None


def _points(read: Input, seed: int) -> frozenset[str] | None:
    """The points that this seed hit; None if that is not known."""
    hits = hits_of(read)
    if hits is None or hits.seeds != 1 or hits.seed_of(0) != seed:
        return None
    return frozenset(name for name, column in hits.columns.items() if column)


def _refuse_used(folder: Path) -> None:
    """Refuse a folder that is not empty, before any seed is recorded."""
    try:
        used = folder.is_dir() and any(folder.iterdir())
    except (OSError, ValueError) as error:
        raise UsageError(f"--out: {printable(str(folder))} cannot be used: {why(error)}") from None
    if used:
        raise UsageError(f"--out: {printable(str(folder))} is not empty: every recording needs a folder of its own")


def _listed(missed: Sequence[SeedToReplay]) -> str:
    names = ", ".join(f"{seed.scenario} {seed.seed}" for seed in missed[:SEEDS_LISTED_MAX])
    more = len(missed) - SEEDS_LISTED_MAX
    were = agreeing(len(missed), "was", "were")
    return f"{names} and {counted(more, 'more seed')} {were}" if more > 0 else f"{names} {were}"
