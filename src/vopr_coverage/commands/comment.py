"""`vopr-coverage comment`: shows the pull-request comment that belongs to a verdict file."""

from __future__ import annotations

import argparse

from vopr_coverage.base.file import BASE_BYTES_MAX
from vopr_coverage.commands.output import emit
from vopr_coverage.errors import ExitCode
from vopr_coverage.files import read_bytes
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.runner.environment import Runner

EPILOG = """\
exit codes:
  0  the comment was printed, whatever the verdict is
  2  wrong usage, or VERDICT cannot be used: nothing was printed
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The argument of `comment`."""
    parser.add_argument("verdict", metavar="VERDICT", help="a verdict file, as `check --verdict-file` writes it")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print the comment."""
    from vopr_coverage.render.comment import About, render_comment

    data = read_bytes(arguments.verdict, BASE_BYTES_MAX)
    emit(render_comment(verdict_from_json(data, arguments.verdict), About()))
    return ExitCode.PASSED
