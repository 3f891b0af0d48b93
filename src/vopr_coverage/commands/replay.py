"""`vopr-coverage replay`: records each regression seed, or each seed that `seeds` chose."""

from __future__ import annotations

import argparse
from pathlib import Path

from vopr_coverage.commands.one_by_one import play
from vopr_coverage.commands.options import (
    add_simulator,
    minutes,
    refuse_unknown_placeholders,
    seconds,
    simulator_command,
)
from vopr_coverage.commands.output import log
from vopr_coverage.commands.per_seed import add_per_seed
from vopr_coverage.errors import ExitCode, UsageError
from vopr_coverage.nightly.seed_file import SeedFile, read_seed_file
from vopr_coverage.runner.environment import Runner

EPILOG = """\
FILE has a line `SCENARIO SEED` for each regression seed; a SCENARIO with blanks stands in double quotes. The words
behind -- are COMMAND, which runs the simulator once:

  vopr-coverage replay .github/vopr-regressions.txt --out regressions --minutes 30 \\
      -- ./vopr --scenario {scenario} --seed {seed} --iterations {iterations} --json
  vopr-coverage check --health-only --min-iterations 1 'regressions/*'

Each seed is recorded with one iteration, however the seeds before it ended. A FILE that `vopr-coverage seeds` wrote
also says what each seed is for: what the seeds no longer reach is listed.

exit codes:
  0  every seed has a complete recording, whatever it reports; or FILE has no seeds
  1  a recording is incomplete, seeds were not replayed, or no seed reaches what one of them was chosen for
  2  wrong usage, or FILE cannot be used: nothing was recorded; or no chosen seed left anything to judge
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `replay`."""
    parser.add_argument(
        "file", metavar="FILE", help="the regression file, or a file of `seeds`; one that does not exist has no seeds"
    )
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
    """Record every seed of the file."""
    command = simulator_command(arguments.template, arguments.simulator)
    if not command:
        raise UsageError("no command: put it behind --, or in --command")
    refuse_unknown_placeholders(command)
    file = read_seed_file(Path(arguments.file)) if arguments.file else SeedFile(())
    if not file.regressions:
        log(f"there is no seed to replay in {arguments.file}" if arguments.file else "no file: no seed to replay")
        return ExitCode.PASSED
    return play(file, command, arguments, runner)
