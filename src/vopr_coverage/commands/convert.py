"""`vopr-coverage convert`: writes reports of any format as one simulation stream."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import chain

from vopr_coverage.commands.options import add_config, add_reading, one_of
from vopr_coverage.commands.output import emit_lines, log
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.files import STDIN, why
from vopr_coverage.runner.environment import Runner

TARGETS = ("simulation",)

EPILOG = """\
What a format doesn't tell is left out, and never written as zero. Formats in which a file is a run make one record a
file; their seeds count from 0. A run that did not finish, that contradicts itself, or of which nobody knows, makes a
stream without an end. `check` never judges the stream better than what it was made of.

exit codes:
  0  the stream was written
  2  wrong usage, or a report cannot be read: nothing was written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `convert`."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a report of any format, a pattern, or a recording")
    parser.add_argument("--to", type=one_of(TARGETS), default="simulation", metavar="simulation", help="the format")
    parser.add_argument(
        "--out", metavar="FILE", help="where to write it; FILE must not exist (default: standard output)"
    )
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that do not name their own")
    add_config(parser)
    add_reading(parser)


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Read everything, then write."""
    assert arguments.to in TARGETS, "there is one target yet"
    lines = _converted(arguments)
    first = next(lines)  # what can't be read raises before anything is written
    if arguments.out is None:
        emit_lines(chain([first], lines))
        return ExitCode.PASSED
    try:
        with open(arguments.out, "xb") as file:
            file.write(first)
            file.writelines(lines)
    except OSError as error:
        raise UsageError(f"{printable(arguments.out)} was not written: {why(error)}") from None
    log(f"simulation stream written to {printable(arguments.out)}")
    return ExitCode.PASSED


def _converted(arguments: argparse.Namespace) -> Iterator[bytes]:
    from vopr_coverage.check.finish import with_finish
    from vopr_coverage.check.request import as_input
    from vopr_coverage.config.reading import load_for_runs
    from vopr_coverage.conversion.files import stream_of_files, with_observed
    from vopr_coverage.conversion.seeds import stream_of_seeds
    from vopr_coverage.conversion.start import is_whole
    from vopr_coverage.reading.find import find_all
    from vopr_coverage.reading.foundationdb import joined
    from vopr_coverage.reading.jepsen import runs_among
    from vopr_coverage.reading.recorded import opened_seeds, read_file
    from vopr_coverage.reading.seeds import Seeds

    if STDIN in arguments.runs:
        raise UsageError("convert reads a run twice, so it takes no standard input: write it to a file")
    config = load_for_runs(arguments.config, form=arguments.form, declared=arguments.declared)
    files, no_runs = runs_among(find_all(arguments.runs).files)
    for sentence in no_runs:
        log(f"warning: {sentence}")
    inputs = []
    for file in files:
        read = as_input(read_file(file, read_as=config.read_as), file, arguments.scenario, ())
        inputs.append(with_finish(read, config.complete_when))
    streams = [read.source for read in inputs if read.run is not None or read.format == "simulation"]
    if streams and len(inputs) > 1:
        raise UsageError(f"{printable(streams[0])} is a stream of its own: convert one at a time")
    inputs = joined([with_observed(read) for read in inputs], config.read_as.declared) if not streams else inputs
    if not all(map(is_whole, inputs)):
        log("warning: nothing says that this is whole and agrees with itself, so the stream has no end record")
    if not streams:
        yield from stream_of_files(inputs)
        return
    with opened_seeds(files[0]) as seeds:
        assert isinstance(seeds, Seeds), "a stream has seeds"
        yield from stream_of_seeds(inputs[0], seeds)
