"""`vopr-coverage prepare`: checks a night's inputs before anything is built, and lists what to build."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from vopr_coverage.canaries.controls import CONTROL
from vopr_coverage.commands.options import add_config, simulator_command
from vopr_coverage.commands.output import add_outputs, annotate, emit, emit_document, write_outputs
from vopr_coverage.commands.per_seed import exit_codes, processes, seed_runs
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.config.night_settings import NAMES, NightSetting, key_of, merged
from vopr_coverage.errors import ExitCode, UsageError, UserError, printable, shown
from vopr_coverage.files import why
from vopr_coverage.nightly.wish import JOBS_MAX, refuse_unsafe_canaries
from vopr_coverage.recorder.child_environment import child_environment
from vopr_coverage.recorder.plan import PARALLEL_MAX, SeedRuns, refuse_without_seed
from vopr_coverage.runner.environment import Runner

SPARE_MINUTES = 30  # a job's, beside those that it may simulate for: to set up, and to upload
TITLE = "VOPR nightly"
Value = TypeVar("Value")
_MINUTES = re.compile(r"[1-9][0-9]{0,3}")

EPILOG = """\
The flags are the inputs of the nightly workflow. One that is missing or empty is taken from `night` in the config.
These values are printed, and --outputs appends them to a file:

  builds        the builds, as a JSON array: control, and each canary of the config
  seconds       how long one job may simulate
  half-seconds  half of that, for each of two processes that run one after the other
  job-minutes   the job's timeout: 30 minutes more than it may simulate

The settings follow, each with its origin. As outputs they have the names of the inputs; per-seed and trends-gate are
empty for false.

exit codes:
  0  all settings can be used
  2  a setting or the config cannot be used, or neither the inputs nor the config have one that is required
  3  a bug in vopr-coverage
"""

_FLAGS = {  # flag: metavar, help
    "build": ("SCRIPT", "the bash script that builds the simulator"),
    "binary": ("PATH", "the file or folder that SCRIPT builds"),
    "command": ("TEMPLATE", "the command that runs the simulator once"),
    "canary-command": ("TEMPLATE", "the command of canaries and their control run, if it is another one"),
    "parallel": ("N", f"with --per-seed: how many run at a time, up to {PARALLEL_MAX}"),
    "failed-exit": ("CODES", "with --per-seed: the exit codes that say that a bug was found"),
    "scenarios": ("WORK", "the long run, as `SCENARIO=N ...`"),
    "coverage": ("WORK", "what coverage is judged on, as `SCENARIO=N ...`"),
    "canary": ("WORK", "what each canary runs, as `SCENARIO=N`"),
    "determinism": ("WORK", "what runs twice, as `SCENARIO=N`"),
    "determinism-seeds": ("SEEDS", "the first seeds of the determinism runs"),
    "minutes": ("M", "how long one job may simulate, in whole minutes"),
    "jobs": ("N", f"at most so many jobs, up to {JOBS_MAX}"),
    "rates": ("RATES", "iterations a second of one job, as `SCENARIO=R ...`"),
    "canary-rates": ("RATES", "the same for --canary-command"),
    "profile": ("NAME", "the profile to start from, for coverage"),
    "regressions": ("F", "the regression file"),
    "trends-gate": ("true|false", "whether a figure far from the nights before makes a night red"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `prepare`, each of which may be an empty text."""
    for flag, (metavar, told) in _FLAGS.items():
        parser.add_argument(f"--{flag}", dest=f"night_{key_of(flag)}", default="", metavar=metavar, help=told)
    parser.add_argument(
        "--per-seed", dest="night_per_seed", nargs="?", const="true", default="", metavar="true|false",
        help="run COMMAND once for each seed",
    )  # fmt: skip
    told = "whether canaries are built and hunted"
    parser.add_argument("--canaries", dest="night_canaries", default="", metavar="true|false", help=told)
    parser.add_argument(
        "--no-canaries", dest="night_canaries", action="store_const", const="false", help="the same as false"
    )
    add_config(parser)
    add_outputs(parser, "these values")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print what a night builds, how long its jobs may take and its settings, and append the same as outputs."""
    try:
        config = load_config(arguments.config)
        settings = merged({name: getattr(arguments, f"night_{key_of(name)}") for name in NAMES}, config)
        limits = _limits(settings, config)
    except UserError as error:
        if arguments.outputs:
            from vopr_coverage.render.annotations import command

            annotate(command("error", str(error), title=TITLE))
        raise
    emit_document("".join(f"{name}: {value}\n" for name, value in limits.items()))
    emit("".join(_line(name, setting) for name, setting in settings.items() if setting.text))
    write_outputs(arguments.outputs, limits | {name: _output(name, one.text) for name, one in settings.items()})
    return ExitCode.PASSED


def _line(name: str, setting: NightSetting) -> str:
    return f"{name}: {printable(setting.text)} ({setting.origin[0].lower()}{setting.origin[1:]})\n"


def _output(name: str, text: str) -> str:
    """A setting as the workflow's steps read it; a flag that is off is empty, as bash wants it for `${NAME:+...}`."""
    return "" if name in ("per-seed", "trends-gate") and text == "false" else text


def _limits(settings: Mapping[str, NightSetting], config: Config) -> dict[str, str]:
    minutes = _checked_minutes(settings)
    names = list(config.canaries) if settings["canaries"].text == "true" else []
    refuse_unsafe_canaries(names)
    return {
        "builds": msgspec.json.encode([CONTROL, *names]).decode(),
        "seconds": str(minutes * 60),
        "half-seconds": str(minutes * 30),
        "job-minutes": str(minutes + SPARE_MINUTES),
    }


def _checked_minutes(settings: Mapping[str, NightSetting]) -> int:
    """The setting `minutes`; all settings that no later command checks before the build are checked.

    Raises:
        UsageError: one of them cannot be used.
    """
    import subprocess  # every command would wait for it to load

    try:
        parse = ["bash", "-n", "-c", settings["build"].text]  # none of it runs
        parsed = subprocess.run(parse, env=child_environment(), check=False)  # noqa: S603
    except OSError as error:
        raise UsageError(f"bash is needed to read the build script: {why(error)}") from None
    if parsed.returncode:
        raise UsageError(f"{settings['build'].origin} is not a script that bash can parse: see the log above.")
    if not _MINUTES.fullmatch(settings["minutes"].text):
        raise UsageError(f"{settings['minutes'].origin} is not a whole number of minutes.")
    _checked(settings["jobs"], _jobs)
    command = simulator_command(settings["command"].text, (), settings["command"].origin)
    if _runs_of(settings, command):
        refuse_without_seed([settings["command"].text])
    return int(settings["minutes"].text)


def _jobs(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= JOBS_MAX):
        raise argparse.ArgumentTypeError(f"expected a number from 1 to {JOBS_MAX}, found {shown(text)}")
    return int(text)


def _runs_of(settings: Mapping[str, NightSetting], command: Sequence[str]) -> SeedRuns | None:
    """The settings of simulators with one process a seed; one process at a time is what the default is."""
    parallel = _checked(settings["parallel"], processes)
    codes = _checked(settings["failed-exit"], exit_codes)
    given = argparse.Namespace(
        per_seed=settings["per-seed"].text == "true", parallel=None if parallel == 1 else parallel, failed_exit=codes
    )
    return seed_runs(given, command)


def _checked(setting: NightSetting, kind: Callable[[str], Value]) -> Value:
    """A setting as a flag of this kind would take it."""
    try:
        return kind(setting.text)
    except argparse.ArgumentTypeError as error:
        raise UsageError(f"{setting.origin}: {error}") from None
