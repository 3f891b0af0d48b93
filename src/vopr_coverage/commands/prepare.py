"""`vopr-coverage prepare`: checks a night's inputs before anything is built, and lists what to build."""

from __future__ import annotations

import argparse
import re

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.commands.options import add_canaries, add_config
from vopr_coverage.commands.output import add_outputs, annotate, emit_document, write_outputs
from vopr_coverage.commands.per_seed import add_per_seed, seed_runs
from vopr_coverage.config.file import load_config
from vopr_coverage.errors import ExitCode, UsageError, UserError
from vopr_coverage.files import why
from vopr_coverage.nightly.wish import refuse_unsafe_canaries
from vopr_coverage.recorder.child_environment import child_environment
from vopr_coverage.recorder.plan import SeedRuns, refuse_without_seed
from vopr_coverage.runner.environment import Runner

SPARE_MINUTES = 30  # a job's, beside those that it may simulate for: to set up, and to upload
TITLE = "VOPR nightly"
_MINUTES = re.compile(r"[1-9][0-9]{0,3}")

EPILOG = """\
The flags are the inputs of the nightly workflow. These values are printed, and --outputs appends them to a file:

  builds        the builds, as a JSON array: control, and each canary of the config
  seconds       how long one job may simulate
  half-seconds  half of that, for each of two processes that run one after the other
  job-minutes   the job's timeout: 30 minutes more than it may simulate

exit codes:
  0  all inputs can be used
  2  an input or the config cannot be used
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `prepare`."""
    parser.add_argument("--build", required=True, metavar="SCRIPT", help="the bash script that builds the simulator")
    parser.add_argument("--binary", required=True, metavar="PATH", help="the file or folder that SCRIPT builds")
    parser.add_argument(
        "--command",
        dest="simulator_command",
        required=True,
        metavar="TEMPLATE",
        help="the command that runs the simulator once",
    )
    parser.add_argument("--minutes", required=True, metavar="M", help="how long one job may simulate, in whole minutes")
    add_per_seed(parser)
    add_canaries(parser, "list only the build without a canary")
    add_config(parser)
    add_outputs(parser, "these values")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print what a night builds and how long its jobs may take, and append the same as outputs."""
    try:
        outputs = _outputs(arguments)
    except UserError as error:
        if arguments.outputs:
            from vopr_coverage.render.annotations import command

            annotate(command("error", str(error), title=TITLE))
        raise
    emit_document("".join(f"{name}: {value}\n" for name, value in outputs.items()))
    write_outputs(arguments.outputs, outputs)
    return ExitCode.PASSED


def _outputs(arguments: argparse.Namespace) -> dict[str, str]:
    minutes = _checked_minutes(arguments)
    names = [] if arguments.no_canaries else list(load_config(arguments.config).canaries)
    refuse_unsafe_canaries(names)
    return {
        "builds": msgspec.json.encode([CONTROL, *names]).decode(),
        "seconds": str(minutes * 60),
        "half-seconds": str(minutes * 30),
        "job-minutes": str(minutes + SPARE_MINUTES),
    }


def _checked_minutes(arguments: argparse.Namespace) -> int:
    """The input `minutes`; all inputs are checked.

    Raises:
        UsageError: one of them cannot be used.
    """
    import subprocess  # every command would wait for it to load

    if not arguments.build:
        raise UsageError("The input build is empty: it is the script that builds the simulator.")
    try:
        parse = ["bash", "-n", "-c", arguments.build]  # none of it runs
        parsed = subprocess.run(parse, env=child_environment(), check=False)  # noqa: S603
    except OSError as error:
        raise UsageError(f"bash is needed to read the input build: {why(error)}") from None
    if parsed.returncode:
        raise UsageError("The input build is not a script that bash can parse: see the log above.")
    if not arguments.binary:
        raise UsageError("The input binary is empty: it is the file or folder that build leaves.")
    if not arguments.simulator_command:
        raise UsageError("The input command is empty: it is how the simulator is run.")
    if not _MINUTES.fullmatch(arguments.minutes):
        raise UsageError("The input minutes is not a whole number of minutes.")
    if _runs_of(arguments):
        refuse_without_seed([arguments.simulator_command])
    return int(arguments.minutes)


def _runs_of(arguments: argparse.Namespace) -> SeedRuns | None:
    """The inputs of simulators with one process a seed; one process at a time is what the workflow's default is."""
    if arguments.parallel == 1:
        arguments.parallel = None
    return seed_runs(arguments, tuple(arguments.simulator_command.split()))
