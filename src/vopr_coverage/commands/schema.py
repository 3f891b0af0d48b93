"""`vopr-coverage schema`: prints one of the shipped JSON Schemas."""

from __future__ import annotations

import argparse

from vopr_coverage.commands.output import emit_document
from vopr_coverage.errors import ExitCode
from vopr_coverage.formats.schema import SCHEMA_NAMES, schema_text
from vopr_coverage.runner.environment import Runner

EPILOG = """\
exit codes:
  0  the schema was printed
  2  there is no schema with this name
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The argument of `schema`."""
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(SCHEMA_NAMES)}")


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print it as it is shipped."""
    emit_document(schema_text(arguments.name))
    return ExitCode.PASSED
