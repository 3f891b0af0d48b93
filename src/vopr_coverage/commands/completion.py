"""`vopr-coverage completion`: prints the script with which a shell completes commands, flags, words and files."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from vopr_coverage.commands.options import one_of
from vopr_coverage.commands.output import emit
from vopr_coverage.errors import ExitCode, UsageError
from vopr_coverage.runner.environment import Runner

SHELLS = ("bash", "zsh", "fish")
FILES = frozenset({"F", "FILE", "REPORT", "RUN", "NIGHT.json", "OUT.html", "PATH", "VERDICT"})
FOLDERS = frozenset({"DIR", "NIGHT"})

EPILOG = """\
For the shell that runs now, and for every new one if the line stands in its startup file:

  eval "$(vopr-coverage completion bash)"

zsh takes the same line behind `autoload -U compinit && compinit`; fish takes `vopr-coverage completion fish | source`.

exit codes:
  0  the script was printed
  2  wrong usage, or the extra `completion` of the package is not installed
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The argument of `completion`."""
    parser.add_argument("shell", type=one_of(SHELLS), metavar="|".join(SHELLS), help="the shell")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print the script of one shell."""
    from vopr_coverage.commands.parser import build_parser

    try:
        import shtab
    except ImportError:
        raise UsageError(
            "completion needs the extra `completion` of this package: pip install 'vopr-coverage[completion]'"
        ) from None
    parser, commands = build_parser.__wrapped__()  # not those that others parse with: these get words
    for command in commands.values():
        for action in command._actions:
            _describe(action, {"files": shtab.FILE, "folders": shtab.DIRECTORY})
    emit(shtab.complete(parser, shell=arguments.shell, root_prefix="vopr_coverage") + "\n")
    return ExitCode.PASSED


def _describe(action: argparse.Action, kinds: Mapping[str, object]) -> None:
    """Say what an argument takes: our flags check words themselves, so argparse does not know them."""
    metavar = str(action.metavar)
    if metavar in FILES or metavar in FOLDERS:
        vars(action)["complete"] = kinds["files" if metavar in FILES else "folders"]
    elif "|" in metavar and metavar.replace("|", "").replace("_", "").isalpha():
        action.choices = metavar.split("|")
