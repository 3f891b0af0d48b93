"""`vopr-coverage canary`: judges whether planted bugs were detected."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from vopr_coverage import __version__
from vopr_coverage.canaries.controls import ControlRun, refuse_unclear
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.folder import (
    BUILD_FAILED,
    BUILD_FAILED_WHY,
    canary_run,
    controls_in,
    is_of_control,
    read_run,
)
from vopr_coverage.canaries.judge import CanaryEnding, CanaryRun, CanaryVerdict, judge_canaries
from vopr_coverage.commands.options import add_config
from vopr_coverage.commands.output import add_verdict_files, emit, emit_document, judge_and_publish
from vopr_coverage.config.file import Config, load_config
from vopr_coverage.config.reading import load_for_runs
from vopr_coverage.determinism.canary_seeds import with_reasons
from vopr_coverage.errors import ExitCode, UsageError, nearest, printable, shown
from vopr_coverage.files import why
from vopr_coverage.nightly.wish import refuse_unsafe_canaries
from vopr_coverage.reading.recorded import ReadAs
from vopr_coverage.render.terminal import on_terminal
from vopr_coverage.runner.environment import Runner

EPILOG = """\
The config declares under `canaries` what must detect each canary. Without that key, the five canaries of the
simulator's document are declared.

Each canary is compared with the control run of its scenario. A recording knows its scenario; that of a stream is the
`scenario` of the canary in the config, and SCENARIO=RUN names that of a control run. A single control run whose
scenario is unknown is for all canaries.

A canary without a run counts as not run. NAME=build-failed says that its build failed; with --runs, a file
`build-failed` in the canary's folder says so.

exit codes:
  0  every declared canary was detected, and the control run is green
  1  a canary was not detected, or the control run is not green
  2  wrong usage, or the config or the control run cannot be used: nothing was judged
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `canary`."""
    parser.add_argument(
        "--control", action="append", default=[], metavar="[SCENARIO=]RUN",
        help="a run of the same seeds without a canary; give one for each scenario that canaries run in",
    )  # fmt: skip
    parser.add_argument(
        "runs", nargs="*", metavar="NAME=RUN", help="a canary and its run: a stream, or a folder that `record` wrote"
    )
    parser.add_argument(
        "--runs", dest="folder", metavar="DIR",
        help="read DIR/control, each DIR/control-SCENARIO, and DIR/NAME of each declared canary instead",
    )  # fmt: skip
    parser.add_argument(
        "--names", action="store_true",
        help="print the names of the declared canaries, one a line (--format json: as an array), and judge nothing",
    )  # fmt: skip
    add_config(parser)
    add_verdict_files(parser)


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Judge canary runs against a control run, or print the names of the canaries."""
    from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text

    _refuse_mixed(arguments)
    if arguments.names:
        return _print_names(arguments)
    return judge_and_publish(
        arguments,
        runner,
        lambda: _judged(arguments),
        nothing_judged=partial(CanaryVerdict.not_judged, __version__),
        text=lambda verdict, terminal: on_terminal(render_canaries_text(verdict), terminal),
        markdown=render_canaries_markdown,
    )


def _refuse_mixed(arguments: argparse.Namespace) -> None:
    runs = arguments.runs or arguments.control
    if arguments.names and (runs or arguments.folder or arguments.verdict_file or arguments.summary_file):
        raise UsageError("--names judges nothing: leave out runs and files")
    if arguments.names and arguments.format == "markdown":
        raise UsageError("--names: expected --format text or json, found 'markdown'")
    if arguments.folder and runs:
        raise UsageError("--runs takes the place of --control and NAME=RUN: give one or the other")
    if not (arguments.names or arguments.folder or arguments.control):
        raise UsageError("no control run: name it with --control, or a folder with --runs")


def _print_names(arguments: argparse.Namespace) -> int:
    names = list(load_config(arguments.config).canaries)
    refuse_unsafe_canaries(names)
    if arguments.format == "json":
        emit_document(msgspec.json.encode(names).decode() + "\n")
    else:
        emit("".join(f"{name}\n" for name in names))
    return ExitCode.PASSED


def _in_folder(folder: Path, config: Config) -> CanaryVerdict:
    """Judge the runs below a folder. A run of a canary that is not declared is a mistake, and not skipped."""
    declared = config.canaries
    refuse_unsafe_canaries(list(declared))
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    except (OSError, ValueError) as error:
        raise UsageError(f"--runs {printable(str(folder))} can't be read: {why(error)}") from None
    for name in names:
        if name not in declared and not is_of_control(name):
            raise UsageError(f"--runs: no canary {shown(name)} is declared; {nearest(name, declared)}")
    controls = controls_in(folder, [name for name in names if name not in declared], config.read_as)
    return _with_reasons(controls, [canary_run(name, folder / name, config.read_as) for name in declared], declared)


def _judged(arguments: argparse.Namespace) -> CanaryVerdict:
    config = load_for_runs(arguments.config)
    declared = config.canaries
    if arguments.folder:
        return _in_folder(Path(arguments.folder), config)
    runs: dict[str, CanaryRun] = {}
    for text in arguments.runs:
        name, equals, path = text.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"expected NAME=RUN, found {shown(text)}")
        if name not in declared:
            raise UsageError(f"no canary {shown(name)} is declared; {nearest(name, declared)}")
        if name in runs:
            raise UsageError(f"canary {shown(name)} is named twice")
        runs[name] = _named_run(name, path, config.read_as)
    controls = [ControlRun(read_run(path, config.read_as), path) for path in arguments.control]
    refuse_unclear(controls)
    return _with_reasons(controls, list(runs.values()), declared)


def _with_reasons(
    controls: Sequence[ControlRun], runs: Sequence[CanaryRun], declared: Mapping[str, Detector]
) -> CanaryVerdict:
    return with_reasons(judge_canaries(controls, runs, declared, __version__), declared, controls, runs)


def _named_run(name: str, path: str, read_as: ReadAs) -> CanaryRun:
    if path == BUILD_FAILED and not os.path.lexists(path):
        return CanaryRun(name, ending=CanaryEnding.BUILD_FAILED, why=BUILD_FAILED_WHY)
    return canary_run(name, Path(path), read_as)
