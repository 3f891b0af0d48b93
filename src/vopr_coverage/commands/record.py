"""`vopr-coverage record`: runs a simulator once and stores its output in a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vopr_coverage.commands.options import add_simulator, seconds, simulator_command, uint64
from vopr_coverage.commands.output import log, log_last_words, on_terminal
from vopr_coverage.errors import ExitCode, UsageError, shown
from vopr_coverage.files import why
from vopr_coverage.model.figures import counted
from vopr_coverage.model.manifest import Recording, run_ending
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import ITERATIONS
from vopr_coverage.recorder.commits import find_commit
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.record import record
from vopr_coverage.runner.environment import Runner

RESTARTS = 10  # enough for the bugs of a night, and few enough that one at every seed ends soon
RESTARTS_MAX = 100

EPILOG = """\
The words behind -- are COMMAND, which runs the simulator once. {scenario}, {seed} and {iterations} are replaced in it:

  vopr-coverage record --scenario combined --seed 4711 --iterations 1000 --out recordings/combined-4711 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

No shell runs it. `vopr-coverage check DIR` judges the recording.

exit codes:
  0  every seed was recorded, whatever came of it and however the simulator ended
  1  the recording is incomplete: the simulator died before its last seed, ran out of time or was interrupted
  2  wrong usage: nothing was recorded
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `record`."""
    parser.add_argument("--scenario", required=True, metavar="S", help="the scenario: {scenario} in COMMAND")
    parser.add_argument("--seed", type=uint64, required=True, metavar="A", help="the first seed: {seed} in COMMAND")
    parser.add_argument(
        "--iterations", type=uint64, required=True, metavar="N", help="how many seeds to run: {iterations} in COMMAND"
    )
    parser.add_argument(
        "--out", required=True, metavar="DIR", help="the folder for the recording; it must be empty, or not exist yet"
    )
    parser.add_argument(
        "--commit", metavar="SHA", help="the commit that is simulated (default: GITHUB_SHA, else git's HEAD)"
    )
    parser.add_argument(
        "--timeout", type=seconds, metavar="S", help="stop the simulator after so many seconds (default: never)"
    )
    parser.add_argument(
        "--on-crash",
        choices=("restart", "stop"),
        default="stop",
        help="if the simulator dies at a seed: start it again behind that seed, or stop (default: stop)",
    )
    parser.add_argument(
        "--restarts", type=restarts, metavar="N",
        help=f"with --on-crash restart: start it again at most so many times, up to {RESTARTS_MAX} "
        f"(default: {RESTARTS})",
    )  # fmt: skip
    parser.add_argument(
        "--double-runs",
        action="store_true",
        help="state that COMMAND runs every seed twice; --check-determinism in COMMAND is recognised without this flag",
    )
    add_simulator(parser)


def restarts(text: str) -> int:
    """An argument that says how often a simulator is started again."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= RESTARTS_MAX):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {RESTARTS_MAX}, found {shown(text)}")
    return int(text)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Record one run."""
    if arguments.restarts is not None and arguments.on_crash != "restart":
        raise UsageError("--restarts is for --on-crash restart")
    commit = find_commit(arguments.commit, runner.sha)
    if commit.difference:
        log(commit.difference)
    plan = RecordingPlan(
        scenario=arguments.scenario,
        seed=arguments.seed,
        iterations=arguments.iterations,
        command=simulator_command(arguments.template, arguments.simulator),
        folder=Path(arguments.out),
        commit=commit,
        timeout_s=arguments.timeout,
        double_runs=arguments.double_runs,
        restarts=(arguments.restarts or RESTARTS) if arguments.on_crash == "restart" else 0,
    )
    try:
        recording = record(plan, RunProgress(sys.stderr, plan.iterations, on_terminal()))
    except OSError as error:
        log(f"{arguments.out} cannot be written to: {why(error)}; the run was stopped")
        return ExitCode.GATE_FAILED
    log(_recorded(recording, arguments.out))
    log_last_words(recording.last_words)
    return ExitCode.PASSED if recording.whole else ExitCode.GATE_FAILED


def _recorded(recording: Recording, folder: str) -> str:
    """What was recorded, in one line."""
    died = sum(part.died_at is not None for part in recording.parts)
    ran = died + sum(recording.lines.get(kind, 0) for kind in ITERATIONS)
    state = "recorded" if recording.whole else "incomplete: recorded"
    iterations = f"{ran:,} of {counted(recording.iterations, 'iteration')}, {recording.rate:,.1f}/s"
    if died:
        iterations += f", the simulator died at {counted(died, 'seed')}"
    if silent := recording.lines.get("iteration_silent"):
        iterations += f", {counted(silent, 'failed seed')} without a record"
    return f"{state} {iterations}, {run_ending(recording)}, in {folder}"
