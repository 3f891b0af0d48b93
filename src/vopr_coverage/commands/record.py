"""`vopr-coverage record`: its flags, and from them to a recording. Nothing is decided here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vopr_coverage.commands.options import add_template, seconds, the_command, uint64
from vopr_coverage.errors import ExitCode, printable
from vopr_coverage.files import why
from vopr_coverage.model.manifest import Recording, run_ending
from vopr_coverage.progress import RunProgress

EPILOG = """COMMAND is one run of the simulator, with {scenario}, {seed} and {iterations} in it:

  vopr-coverage record --scenario combined --seed 4711 --iterations 1000 --out recordings/combined-4711 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

No shell takes part. `check` takes the folder for a report.

exit codes:
  0  the whole stream was recorded, whatever it says and however the simulator ended
  1  it is incomplete: the simulator died, ran out of time or was interrupted
  2  usage: nothing was recorded
  3  a bug of ours
"""


def add_record(parser: argparse.ArgumentParser) -> None:
    """The flags of `record`."""
    parser.add_argument("--scenario", required=True, metavar="S", help="what {scenario} stands for in COMMAND")
    parser.add_argument("--seed", type=uint64, required=True, metavar="A", help="the first seed, {seed} in COMMAND")
    parser.add_argument(
        "--iterations", type=uint64, required=True, metavar="N", help="how many seeds, {iterations} in COMMAND"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="a folder that is empty or not there yet")
    parser.add_argument("--commit", metavar="SHA", help="what is simulated (default: GITHUB_SHA, else git's HEAD)")
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="end the simulator after so many seconds (default: never)"
    )
    parser.add_argument(
        "--double-runs",
        action="store_true",
        help="every seed runs twice, as with --check-determinism, which is seen by itself",
    )
    add_template(parser)


def run_record(arguments: argparse.Namespace, simulator: Sequence[str], sha: str) -> int:
    """Record one run; `simulator` is what stands behind `--`, `sha` is GitHub's, or ""."""
    from vopr_coverage.recorder.record import (
        RecordingPlan,
        find_commit,
        record,
    )  # nobody else needs what starts processes

    commit, source = find_commit(arguments.commit, sha)
    plan = RecordingPlan(
        scenario=arguments.scenario,
        seed=arguments.seed,
        iterations=arguments.iterations,
        command=the_command(arguments.template, simulator),
        folder=Path(arguments.out),
        commit=commit,
        commit_source=source,
        timeout_s=arguments.timeout,
        double_runs=arguments.double_runs,
    )
    terminal = sys.stderr is not None and sys.stderr.isatty()
    progress = RunProgress(sys.stderr, plan.iterations, terminal)
    try:
        recording = record(plan, progress)
    except OSError as error:
        _say(f"{arguments.out} can't be written to: {why(error)}; the run was ended")
        return ExitCode.GATE_FAILED
    _say(_told(recording, arguments.out))
    return ExitCode.PASSED if recording.whole else ExitCode.GATE_FAILED


def _told(recording: Recording, folder: str) -> str:
    """One line of what was recorded."""
    done = recording.lines.get("iteration_ok", 0) + recording.lines.get("iteration_failed", 0)
    how = "recorded" if recording.whole else "incomplete: recorded"
    ran = f"{done:,} of {recording.iterations:,} iterations, {recording.rate:,.1f}/s"
    return f"{how} {ran}, {run_ending(recording)}, in {folder}"


def _say(text: str) -> None:
    """Print to standard error, if anybody listens."""
    try:
        print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        return
