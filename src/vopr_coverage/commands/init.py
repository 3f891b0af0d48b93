"""`vopr-coverage init`: writes a starter config from healthy runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from vopr_coverage.commands.options import add_reading
from vopr_coverage.commands.output import emit, emit_document, log
from vopr_coverage.errors import ExitCode, FileError, UsageError, UserError, as_one, printable
from vopr_coverage.files import create_text
from vopr_coverage.model.report import Input
from vopr_coverage.reading.find import find_all
from vopr_coverage.reading.formats import row_of
from vopr_coverage.reading.point_lists import read_declared
from vopr_coverage.reading.recorded import ReadAs, read_file
from vopr_coverage.runner.environment import Runner

EPILOG = """\
A run is a simulation stream, vopr's stream, or a folder that `record` wrote. Three runs of different seeds say how far
healthy runs differ:

  vopr-coverage init 'healthy/*' --output .github/vopr-coverage.yml

docs/adopt.md goes from nothing to such runs, in five steps.

exit codes:
  0  the config was written, or printed
  2  wrong usage, a run is not healthy, or F exists: nothing was written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `init`."""
    parser.add_argument(
        "runs", nargs="+", metavar="RUN",
        help="the stream of a healthy run as SCENARIO=PATH, or a folder that `record` wrote: three or more a scenario; "
        "or the files of a tester whose files are runs (docs/formats.md)",
    )  # fmt: skip
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that do not name their own")
    parser.add_argument(
        "-o",
        "--output",
        metavar="F",
        help="write the config to this file, which must not exist yet (default: print it)",
    )
    add_reading(parser)


def run(arguments: argparse.Namespace, _runner: Runner) -> int:
    """Print the config, or write it to a new file."""
    from vopr_coverage.config.starter import asked_for, sections_of, starter_config

    declared = read_declared(Path(arguments.declared), arguments.declared) if arguments.declared else {}
    read_as = ReadAs(arguments.form, declared)
    inputs = _read(arguments, read_as)
    given = (("format", arguments.form), ("declared", arguments.declared))
    reading = {key: value for key, value in given if value}
    if all(read.run is None for read in inputs):
        from vopr_coverage.config.starter_files import starter_of_files
        from vopr_coverage.reading.foundationdb import joined

        sections, config = [], starter_of_files(joined(inputs, read_as.declared), reading)
    else:
        sections = sections_of(inputs)
        config = starter_config(sections, reading)
    if not arguments.output:
        emit_document(config)
        return ExitCode.PASSED
    try:
        create_text(arguments.output, config)
    except FileError as error:
        raise UsageError(f"{printable(arguments.output)} was not written: {error.found}") from None
    emit(f"wrote {printable(arguments.output)}; look at its comments before you commit it\n")
    for section in sections:
        where = f"{printable(section.scenario)}: " if section.scenario else ""
        emit("".join(f"{where}{sentence}\n" for sentence in asked_for(section)))
    return ExitCode.PASSED


def _read(arguments: argparse.Namespace, read_as: ReadAs) -> list[Input]:
    """The runs, each of them once: shared seeds would make them look more alike than they are."""
    from vopr_coverage.check.copies import refuse_copies
    from vopr_coverage.check.merge import overlaps
    from vopr_coverage.check.request import as_input

    found = find_all(arguments.runs)
    for text in found.left_out:
        log(f"warning: {text}")
    inputs, paths, errors = list[Input](), list[str](), list[UserError]()
    for file in found.files:
        try:
            read = as_input(read_file(file, read_as=read_as), file, arguments.scenario, ())
        except UserError as error:
            errors.append(error)
            continue
        inputs.append(read)
        # Runs that wrote nothing are alike, and `sections_of` says what they are.
        if not (read.run and read.run.wrote_nothing) and not row_of(read).two_may_be_alike:
            paths.append(file.path)
    if errors:
        raise as_one(errors)
    refuse_copies(paths)
    shared = overlaps([read for read in inputs if read.scenario is not None])
    if shared:
        raise UsageError(f"init learns from runs with seeds of their own: {shared[0]}")
    return inputs
