"""`vopr-coverage record`: runs a simulator once and stores its output in a folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from vopr_coverage.canaries.crash import crashed_as
from vopr_coverage.commands.options import add_simulator, seconds, simulator_command, uint64
from vopr_coverage.commands.output import log, log_last_words, log_withheld, on_terminal
from vopr_coverage.commands.per_seed import add_per_seed, seed_runs
from vopr_coverage.errors import ExitCode, UsageError, printable, shown
from vopr_coverage.files import why
from vopr_coverage.formats.linear_regex import LinearRegex, PatternError
from vopr_coverage.model.crash import Crash, crash_of, seeds_not_run
from vopr_coverage.model.figures import counted, in_digits
from vopr_coverage.model.manifest import STREAM, Recording, has_output, run_ending
from vopr_coverage.progress import RunProgress
from vopr_coverage.reading.compact import ITERATIONS
from vopr_coverage.reading.recorded import why_not_whole
from vopr_coverage.recorder.child_environment import own_tokens
from vopr_coverage.recorder.commits import find_commit
from vopr_coverage.recorder.plan import RecordingPlan
from vopr_coverage.recorder.record import record
from vopr_coverage.runner.environment import Runner

RESTARTS = 10  # enough for the bugs of a night, and few enough that one at every seed ends soon
RESTARTS_MAX = 100

EPILOG = """\
The words behind -- are COMMAND, which runs the simulator once. It writes vopr's stream or a simulation stream to
standard output. {scenario}, {seed} and {iterations} are replaced in it:

  vopr-coverage record --scenario combined --seed 4711 --iterations 1000 --out recordings/combined-4711 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

No shell runs it. With --per-seed, COMMAND runs once for each seed:

  vopr-coverage record --scenario s --seed 1 --iterations 1000 --out recordings/s-1 --per-seed --parallel 4 \\
      -- env MADSIM_TEST_SEED={seed} ./simulation

A COMMAND that writes files of another format (docs/formats.md) gets a path for them as {output}, and runs once for each
seed, too. The path does not exist yet; a seed that ends well and has written nothing ends the recording:

  vopr-coverage record --scenario s --seed 1 --iterations 1000 --out recordings/s-1 --parallel 4 \\
      -- env SEED={seed} ANTITHESIS_SDK_LOCAL_OUTPUT={output} ./simulation.test -test.run Simulation

COMMAND gets the variables of this process, except files of the GitHub runner (such as GITHUB_ENV), ACTIONS_* and names
that end with TOKEN.

`vopr-coverage check DIR` judges the recording. With --seeds, seeds that `vopr-coverage seeds` chose are recorded:

  vopr-coverage record --seeds .github/vopr-seeds.txt --out seeds \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json

exit codes:
  0  every seed was recorded, whatever came of it and however the simulator ended; or the simulator crashed as
     --expected-crash says
  1  the recording is incomplete: the simulator died before its last seed, ran out of time or was interrupted;
     or, with --seeds, no seed reaches what one of them was chosen for
  2  wrong usage: nothing was recorded; or no seed of --seeds left anything to judge
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `record`."""
    parser.add_argument("--scenario", metavar="S", help="the scenario: {scenario} in COMMAND")
    parser.add_argument("--seed", type=uint64, metavar="A", help="the first seed: {seed} in COMMAND")
    parser.add_argument("--iterations", type=uint64, metavar="N", help="how many seeds to run: {iterations} in COMMAND")
    parser.add_argument(
        "--seeds", metavar="FILE",
        help="instead of these three: record each seed of a file that `seeds` wrote, in a folder SCENARIO-SEED of its "
        "own, and list what they no longer reach",
    )  # fmt: skip
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
        metavar="restart|stop",
        help="if the simulator dies at a seed: start it again behind that seed, or stop (default: stop)",
    )
    parser.add_argument(
        "--restarts", type=restarts, metavar="N",
        help=f"with --on-crash restart: start it again at most so many times, up to {RESTARTS_MAX} "
        f"(default: {RESTARTS})",
    )  # fmt: skip
    add_per_seed(parser)
    parser.add_argument(
        "--double-runs",
        action="store_true",
        help="state that COMMAND runs every seed twice; --check-determinism in COMMAND is recognised without this flag",
    )
    parser.add_argument(
        "--expected-crash", type=_pattern, default="", metavar="REGEX",
        help="for a canary that its config detects by `crash`: a crash whose last words match REGEX is no failure",
    )  # fmt: skip
    add_simulator(parser)


def _pattern(text: str) -> str:
    """An argument that is a regular expression; an empty word is none."""
    try:
        LinearRegex(text)
    except PatternError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def restarts(text: str) -> int:
    """An argument that says how often a simulator is started again."""
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= RESTARTS_MAX):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {RESTARTS_MAX}, found {shown(text)}")
    return int(text)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Record one run."""
    command = simulator_command(arguments.template, arguments.simulator)
    arguments.per_seed |= has_output(command)
    _refuse_without_effect(arguments)
    if arguments.seeds is not None:
        return _record_seeds(arguments, command, runner)
    log_withheld(own_tokens())
    commit = find_commit(arguments.commit, runner.sha)
    if commit.difference:
        log(commit.difference)
    plan = RecordingPlan(
        scenario=arguments.scenario,
        seed=arguments.seed,
        iterations=arguments.iterations,
        command=command,
        folder=Path(arguments.out),
        commit=commit,
        timeout_s=arguments.timeout,
        double_runs=arguments.double_runs,
        per_seed=seed_runs(arguments, command),
        restarts=(arguments.restarts or RESTARTS) if arguments.on_crash == "restart" else 0,
    )
    try:
        recording = record(plan, RunProgress(sys.stderr, plan.iterations, on_terminal()))
    except OSError as error:
        log(f"{arguments.out} cannot be written to: {why(error)}; the run was stopped")
        return ExitCode.GATE_FAILED
    log(_recorded(recording, arguments.out))
    for part in recording.parts:
        if part.died_at is not None:
            crash = crash_of(part.exit_code, part.signal, part.last_words)
            log(": ".join(filter(None, [f"died at seed {part.died_at}, {crash.ending}", crash.message])))
    if reason := why_not_whole(recording, str(plan.folder / STREAM)):
        log(reason)
    _log_seeds_not_run(recording)
    of_new_seeds = [part for part in recording.parts if not part.again]
    if not of_new_seeds or of_new_seeds[-1].died_at is None:
        log_last_words(recording.last_words)
    crashed_as_expected = crashed_as(recording, arguments.expected_crash)
    if crashed_as_expected:
        log("it crashed as expected")
    return ExitCode.PASSED if recording.whole or crashed_as_expected else ExitCode.GATE_FAILED


def _record_seeds(arguments: argparse.Namespace, command: tuple[str, ...], runner: Runner) -> int:
    """Record the seeds of a file."""
    from vopr_coverage.commands.one_by_one import play
    from vopr_coverage.nightly.seed_file import read_seed_file

    if not command:
        raise UsageError("no command: put it behind --, or in --command")
    file = read_seed_file(Path(arguments.seeds))
    if not file.regressions:
        raise UsageError(f"--seeds: there is no seed in {printable(arguments.seeds)}, or no such file")
    return play(file, command, arguments, runner)


def _log_seeds_not_run(recording: Recording) -> None:
    """How many seeds nobody ran behind the last one that the simulator died at, why, and which flag runs them."""
    last = next((part for part in reversed(recording.parts) if not part.again), None)
    if last is None or last.died_at is None or recording.whole or recording.stopped:
        return
    restarts = recording.restarts_used_up
    left = Crash(not_run=last.iterations - last.ran, restarts=restarts)
    flag = f"--restarts N allows up to {RESTARTS_MAX}" if restarts else "--on-crash restart runs them"
    asked_for_none = not restarts and not recording.restarts
    log(f"{seeds_not_run([left])}" + (f"; {flag}" if restarts or asked_for_none else ""))


def _refuse_without_effect(arguments: argparse.Namespace) -> None:
    """Refuse flags that would have no effect, and ask for those that are needed."""
    named = {f"--{name}": getattr(arguments, name) for name in ("scenario", "seed", "iterations")}
    if arguments.seeds is None and (missing := [flag for flag, value in named.items() if value is None]):
        raise UsageError(f"the following arguments are required: {', '.join(missing)}, or --seeds")
    if arguments.seeds is not None:
        named |= {"--on-crash": arguments.on_crash, "--restarts": arguments.restarts, "--parallel": arguments.parallel}
        named |= {"--expected-crash": arguments.expected_crash or None}
        if idle := [flag for flag, value in named.items() if value is not None]:
            raise UsageError(f"{idle[0]} has no effect with --seeds, where each seed is a recording of its own")
    if arguments.restarts is not None and arguments.on_crash != "restart":
        raise UsageError("--restarts is for --on-crash restart")
    if arguments.per_seed and (arguments.on_crash == "stop" or arguments.restarts is not None):
        flag = "--on-crash stop" if arguments.on_crash == "stop" else "--restarts"
        raise UsageError(f"{flag} has no effect with --per-seed, where every seed has a process of its own")


def _recorded(recording: Recording, folder: str) -> str:
    """What was recorded, in one line."""
    died = sum(part.died_at is not None for part in recording.parts)
    ran = died + sum(recording.lines.get(kind, 0) for kind in ITERATIONS)
    state = "recorded" if recording.whole else "incomplete: recorded"
    iterations = f"{ran:,} of {counted(recording.iterations, 'iteration')}, {in_digits(recording.rate or 0.0)}/s"
    if died:
        iterations += f", the simulator died at {counted(died, 'seed')}"
    if silent := recording.lines.get("iteration_silent"):
        iterations += f", {counted(silent, 'failed seed')} without a record"
    if recording.per_seed and (failed := recording.lines.get("iteration_failed")):
        iterations += f", {counted(failed, 'failed seed')}"
    if not (recording.per_seed and recording.whole):  # else there were as many endings as seeds
        iterations += f", {run_ending(recording)}"
    return f"{state} {iterations}, in {folder}"
