"""`vopr-coverage init`: writes a starter config from healthy runs."""

from __future__ import annotations

import argparse
import sys

from msgspec.structs import replace

from vopr_coverage.errors import ExitCode, FileError, UsageError, printable
from vopr_coverage.files import create_text
from vopr_coverage.reading import read_report
from vopr_coverage.reading.find import find_reports
from vopr_coverage.runner.environment import Runner

EPILOG = """\
exit codes:
  0  the config was written, or printed
  2  wrong usage, a run is not healthy, or F exists: nothing was written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `init`."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="the stream of a healthy run, or a folder that `record` wrote"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="F",
        help="write the config to this file, which must not exist yet (default: print it)",
    )


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print the config, or write it to a new file."""
    from vopr_coverage.config.starter import starter_config

    files = find_reports(arguments.runs)
    config = starter_config([replace(read_report(file.path), source=file.label) for file in files])
    if not arguments.output:
        sys.stdout.write(config)
        return ExitCode.PASSED
    try:
        create_text(arguments.output, config)
    except FileError as error:
        raise UsageError(f"{printable(arguments.output)} was not written: {error.found}") from None
    print(f"wrote {printable(arguments.output)}; look at its comments before you commit it")
    return ExitCode.PASSED
