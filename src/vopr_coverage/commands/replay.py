"""`vopr-coverage replay`: records each regression seed. Nothing is judged here."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from vopr_coverage.commands.options import (
    add_simulator,
    minutes,
    refuse_unknown_placeholders,
    seconds,
    simulator_command,
)
from vopr_coverage.commands.output import log, log_last_words, on_terminal
from vopr_coverage.commands.per_seed import add_per_seed, seed_runs
from vopr_coverage.config.reading import load_for_runs
from vopr_coverage.errors import ExitCode, UsageError, UserError, printable
from vopr_coverage.files import why
from vopr_coverage.model.figures import agreeing, counted
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.replay import SeedToReplay, replay_result, seeds_to_replay, why_incomplete
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.find import find_reports
from vopr_coverage.reading.recorded import read_file
from vopr_coverage.recorder.child import signals_to
from vopr_coverage.recorder.commits import find_commit
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.record import record
from vopr_coverage.runner.environment import Runner

SEEDS_LISTED_MAX = 10

EPILOG = """\
FILE has a line `SCENARIO SEED` for each regression seed. The words behind -- are COMMAND, which runs the simulator
once:

  vopr-coverage replay .github/vopr-regressions.txt --out regressions --minutes 30 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json
  vopr-coverage check --health-only --min-iterations 1 'regressions/*'

Each seed is recorded with one iteration, however the seeds before it ended.

exit codes:
  0  every seed has a complete recording, whatever it reports; or FILE has no seeds
  1  a recording is incomplete, or seeds were not replayed
  2  wrong usage, or FILE cannot be used: nothing was recorded
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `replay`."""
    parser.add_argument("file", metavar="FILE", help="the regression file; a file that does not exist has no seeds")
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="the folder for the recordings; each gets a folder SCENARIO-SEED in it",
    )
    parser.add_argument(
        "--commit", metavar="SHA", help="the commit that is simulated (default: GITHUB_SHA, else git's HEAD)"
    )
    parser.add_argument(
        "--minutes", type=minutes, metavar="M", help="time for all seeds together, in minutes (default: no limit)"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="time for each seed, in seconds (default: what is left of --minutes)",
    )
    add_simulator(parser)
    add_per_seed(parser, parallel=False)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Record every regression seed."""
    command = simulator_command(arguments.template, arguments.simulator)
    if not command:
        raise UsageError("no command: put it behind --, or in --command")
    refuse_unknown_placeholders(command)
    regressions = read_regressions(Path(arguments.file)) if arguments.file else ()
    if not regressions:
        log(f"there is no seed to replay in {arguments.file}" if arguments.file else "no file: no seed to replay")
        return ExitCode.PASSED
    seeds = list(seeds_to_replay(regressions, command))
    out, runs = Path(arguments.out), seed_runs(arguments, command)
    for seed in seeds:
        _refuse_used(out / seed.folder)
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
        )
        for seed in seeds
    ]
    session = _Session(arguments.minutes)
    with signals_to(session.on_signal):
        return session.play(seeds, plans)


class _Session:
    """Records seeds one after the other, until the time is up or a signal comes."""

    def __init__(self, minutes: float | None) -> None:
        self._ends_at = None if minutes is None else time.monotonic() + minutes * 60
        self._interrupted = False
        self._stopped = ""

    def on_signal(self, _number: int) -> None:
        """Between two recordings; during one, the recorder handles it and says so in the manifest."""
        self._interrupted = True

    def play(self, seeds: Sequence[SeedToReplay], plans: Sequence[RecordingPlan]) -> int:
        """Record them, and log a line for each. Returns the exit code."""
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
        asked = f"{counted(len(seeds), 'regression seed')} {agreeing(len(seeds), 'is', 'are')}"
        log(f"{whole:,} of {asked} recorded completely")
        return ExitCode.PASSED if whole == len(seeds) else ExitCode.GATE_FAILED

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
            return False, f"incomplete: {why_incomplete(recording)}", recording.last_words
        try:
            (file,) = find_reports([str(plan.folder)])
            run = read_file(file, read_as=load_for_runs().read_as).run
        except UserError:
            run = None
        return True, replay_result(recording, run, str(plan.seed)), recording.last_words if recording.parts else ()


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
