"""`vopr-coverage replay`: its flags, and from once-failed seeds to a recording of each. Nothing is judged here."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from vopr_coverage.commands.options import add_template, minutes, seconds, the_command
from vopr_coverage.errors import ExitCode, UsageError, UserError, printable, shown
from vopr_coverage.files import why
from vopr_coverage.model.manifest import STREAM, unknown_placeholders
from vopr_coverage.nightly.regression_file import read_regressions
from vopr_coverage.nightly.replay import Played, replay_result, seeds_to_play, why_incomplete
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading import read_report

if TYPE_CHECKING:
    from vopr_coverage.recorder.record import RecordingPlan

SEEDS_TOLD_MAX = 10

EPILOG = """FILE has a line `SCENARIO SEED` for each seed. COMMAND is one run of the simulator:

  vopr-coverage replay .github/vopr-regressions.txt --out regressions --minutes 30 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json
  vopr-coverage check --health-only 'regressions/*'

Each seed is recorded with one iteration, whatever became of those before it.

exit codes:
  0  every seed has a whole recording, whatever it says; or there is none to play
  1  some recording is incomplete, or seeds were not played
  2  usage, or FILE can't be used: nothing was recorded
  3  a bug of ours
"""


def add_replay(parser: argparse.ArgumentParser) -> None:
    """The flags of `replay`."""
    parser.add_argument("file", metavar="FILE", help="seeds that failed once; one that isn't there yet has none")
    parser.add_argument("--out", required=True, metavar="DIR", help="gets a folder SCENARIO-SEED for each recording")
    parser.add_argument("--commit", metavar="SHA", help="what is simulated (default: GITHUB_SHA, else git's HEAD)")
    parser.add_argument("--minutes", type=minutes, metavar="M", help="for all seeds together (default: no end)")
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="for each seed (default: what is left of --minutes)"
    )
    add_template(parser)


def run_replay(arguments: argparse.Namespace, simulator: Sequence[str], sha: str) -> int:
    """Record every once-failed seed; `simulator` is what stands behind `--`, `sha` is GitHub's, or ""."""
    from vopr_coverage.recorder.child import signals_told  # nobody else needs what starts processes
    from vopr_coverage.recorder.record import RecordingPlan, find_commit

    command = the_command(arguments.template, simulator)
    if not command:
        raise UsageError("no command: put it behind --, or in --command")
    for name in unknown_placeholders(command):
        raise UsageError(f"the simulator's command: no placeholder {shown(name)} is known")
    replays = read_regressions(Path(arguments.file)) if arguments.file else ()
    if not replays:
        _say(f"there is no seed to replay in {arguments.file}" if arguments.file else "no file: no seed to replay")
        return ExitCode.PASSED
    to_play = list(seeds_to_play(replays, command))
    out = Path(arguments.out)
    for one in to_play:
        _refuse_used(out / one.folder)
    commit, source = find_commit(arguments.commit, sha)
    plans = [
        RecordingPlan(one.scenario, int(one.seed), 1, command, out / one.folder, commit, source, arguments.timeout)
        for one in to_play
    ]
    session = _Session(arguments.minutes)
    with signals_told(session.on_signal):
        return session.play(to_play, plans)


class _Session:
    """Seeds one after the other, until the time is up or a signal comes."""

    def __init__(self, minutes: float | None) -> None:
        self._ends_at = None if minutes is None else time.monotonic() + minutes * 60
        self._interrupted = False
        self._stopped = ""

    def on_signal(self, _number: int) -> None:
        """Between two recordings; during one, the recorder hears it and says so in the manifest."""
        self._interrupted = True

    def play(self, seeds: Sequence[Played], plans: Sequence[RecordingPlan]) -> int:
        """Record them; tells each, and those that were not played. Returns the exit code."""
        whole = played = 0
        for one, plan in zip(seeds, plans, strict=True):
            left_s = None if self._ends_at is None else self._ends_at - time.monotonic()
            if left_s is not None and left_s <= 0:
                self._stopped = "the time was up"
            if self._interrupted:
                self._stopped = "interrupted"
            if self._stopped:
                break
            try:
                is_whole, told = self._record(plan, left_s)
            except UsageError as error:  # a mistake shows at the first seed; later, something else happened
                if not played:
                    raise
                is_whole, told = False, f"incomplete: {error}"
            played += 1
            whole += is_whole
            _say(f"[{played}/{len(seeds)}] {one.scenario} seed {one.seed}: {told}")
        missed = seeds[played:]
        if missed:
            _say(f"{self._stopped}: {_listed(missed)} not played")
        _say(f"{whole:,} of {len(seeds):,} once-failed seeds are recorded whole")
        return ExitCode.PASSED if whole == len(seeds) else ExitCode.GATE_FAILED

    def _record(self, plan: RecordingPlan, left_s: float | None) -> tuple[bool, str]:
        """One seed: whether its recording is whole, and what to say of it."""
        from vopr_coverage.recorder.record import record

        limits = [limit for limit in (plan.timeout_s, left_s) if limit is not None]
        terminal = sys.stderr is not None and sys.stderr.isatty()
        try:
            recording = record(
                replace(plan, timeout_s=max(round(min(limits), 3), 0.001) if limits else None),
                RunProgress(sys.stderr, plan.iterations, terminal),
            )
        except OSError as error:
            self._stopped = "the disk can't be written to"
            return False, f"incomplete: {why(error)}"
        self._interrupted |= recording.interrupted
        if not recording.whole:
            return False, f"incomplete: {why_incomplete(recording)}"
        try:
            run = read_report(str(plan.folder / STREAM)).run
        except UserError:
            run = None
        return True, replay_result(recording, run, str(plan.seed))


def _refuse_used(folder: Path) -> None:
    """Before anything was played: a recording needs a folder of its own."""
    try:
        used = folder.is_dir() and any(folder.iterdir())
    except (OSError, ValueError) as error:
        raise UsageError(f"--out: {printable(str(folder))} can't be used: {why(error)}") from None
    if used:
        raise UsageError(f"--out: {printable(str(folder))} is not empty: every replay needs a folder of its own")


def _listed(missed: Sequence[Played]) -> str:
    told = ", ".join(f"{one.scenario} {one.seed}" for one in missed[:SEEDS_TOLD_MAX])
    more = len(missed) - SEEDS_TOLD_MAX
    return f"{told} and {more:,} more seeds were" if more > 0 else f"{told} {'was' if len(missed) == 1 else 'were'}"


def _say(text: str) -> None:
    """Print to standard error, if anybody listens."""
    try:
        print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
