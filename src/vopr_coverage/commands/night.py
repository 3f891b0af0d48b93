"""`vopr-coverage night`: a whole night on this machine."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

from vopr_coverage.commands.options import add_config, count
from vopr_coverage.commands.output import log, on_terminal
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.config.night import NightSection
from vopr_coverage.errors import UsageError, printable
from vopr_coverage.own_night.board import Board
from vopr_coverage.own_night.crew import Crew
from vopr_coverage.own_night.flow import Steps, run_steps
from vopr_coverage.own_night.folder import NightsFolder
from vopr_coverage.recorder.child_environment import child_environment
from vopr_coverage.recorder.commits import find_commit
from vopr_coverage.runner.environment import Runner

EPILOG = """\
The config's `night` says what is built and run: see docs/own-machine.md. Every night has a folder of its own below
--nights, with its plan, recordings, logs, night.json and night.md; beside them are the history of all nights, and its
page where the extra is installed: pip install 'vopr-coverage[page]'.

A night that was stopped or killed goes on with --resume: what was recorded to its end stays, the rest runs again from
its first seed. --notify runs COMMAND with the path of night.json as its last word, whatever the verdict is.

exit codes:
  0  every part of the night passed
  1  a part of the night did not pass, or did not finish
  2  wrong usage, or the config or the simulator cannot be used
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `night`."""
    add_config(parser)
    parser.add_argument("--nights", metavar="DIR", help="the folder of all nights (default: the config's .vopr-nights)")
    parser.add_argument("--resume", action="store_true", help="go on with the newest night where it was")
    parser.add_argument(
        "--jobs", type=_jobs, metavar="N", help="how many recordings run side by side (default: the config's, else "
        "as many as there are cores)",
    )  # fmt: skip
    parser.add_argument(
        "--features", default="", metavar="LIST",
        help="build the simulator under test with these FEATURES, to see what a red night looks like",
    )  # fmt: skip
    parser.add_argument("--notify", metavar="COMMAND", help="run this at the end, with the verdict's path behind it")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Run a night, or what is left of one."""
    config = load_config(arguments.config)
    section = _section(config)
    nights = NightsFolder(Path(arguments.nights or section.nights))
    commit = find_commit(None, "").name or ""
    signal.signal(signal.SIGTERM, _stop)
    with nights.held():
        if arguments.resume:
            night, begun, done = nights.go_on(section, commit, arguments.features)
        else:
            (night, begun), done = nights.begin(section, commit, arguments.features), None
        if done:
            log(f"night {begun.number} has ended already, with exit code {done.exit_code}: {printable(str(night))}")
            return done.exit_code
        log(f"night {begun.number} in {printable(str(night))}" + (", goes on" if arguments.resume else ""))
        cores = arguments.jobs or section.jobs or cores_here()
        board = Board(sys.stderr, on_terminal(), cores)
        steps = Steps(
            nights=nights,
            night=night,
            begun=begun,
            config=config,
            crew=Crew(night, cores, board, _say),
            cores=cores,
            page=find_spec("vl_convert") is not None,
            say=_say,
        )
        try:
            code = run_steps(steps)
        except KeyboardInterrupt:
            log(f"night {begun.number} was stopped; --resume goes on with it")
            return 130
        for sentence in nights.thin(section.disk_gb, night):
            log(sentence)
    if arguments.notify:
        _notify(arguments.notify, night / "night.json")
    return code


def cores_here() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _say(text: str) -> None:
    """Log each line of a text, such as the end of a log."""
    for line in text.splitlines():
        log(line)


def _section(config: Config) -> NightSection:
    if config.night is None:
        where = printable(str(config.path)) if config.path else "the config"
        raise UsageError(f"{where} has no `night`: what is to be built and run; docs/own-machine.md has one to copy")
    return config.night


def _jobs(text: str) -> int:
    number = count(text)
    if not 1 <= number <= 256:
        raise argparse.ArgumentTypeError(f"expected a number from 1 to 256, found {number}")
    return number


def _stop(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _notify(command: str, verdict: Path) -> None:
    """Tell somebody; a message that is not sent changes no verdict."""
    import shlex
    import subprocess

    from vopr_coverage.files import why

    words = [*shlex.split(command), str(verdict)]
    try:
        code = subprocess.run(words, stdin=subprocess.DEVNULL, env=child_environment(), check=False).returncode  # noqa: S603 # the user's own
    except (OSError, ValueError) as error:
        log(f"--notify: {printable(words[0])} cannot be started: {why(error)}")
        return
    if code:
        log(f"--notify: {printable(words[0])} ended with exit code {code}")
