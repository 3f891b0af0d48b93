"""`vopr-coverage canary`: its flags, and from the runs it names to a verdict. Nothing is decided here."""

from __future__ import annotations

import argparse
import os

from msgspec.structs import replace

from vopr_coverage import __version__
from vopr_coverage.canary import CanaryRun, CanaryVerdict, Ending, judge_canaries, nothing_judged
from vopr_coverage.check import Settings, find_and_load_config
from vopr_coverage.commands.telling import FORMATS, tell
from vopr_coverage.errors import ExitCode, UsageError, UserError, nearest, shown
from vopr_coverage.paths import find_reports
from vopr_coverage.reading import read_report
from vopr_coverage.report import Input

BUILD_FAILED = "build-failed"

EPILOG = """Expectations come from the config's `canaries`; without it, from the five of the simulator's document.
A canary whose run is missing was not run. NAME=build-failed says that there is no run because its build failed.

exit codes:
  0  every declared canary was detected, and the control run is green
  1  one was not, or the control run is not green
  2  usage, config or the control run can't be used: nothing was judged
  3  a bug of ours
"""


def add_canary(parser: argparse.ArgumentParser) -> None:
    """The flags of `canary`."""
    parser.add_argument("--control", required=True, metavar="RUN", help="a run of the same seeds without a canary")
    parser.add_argument("runs", nargs="*", metavar="NAME=RUN", help="a canary and its run: a stream, or a recording")
    parser.add_argument(
        "--config", metavar="FILE", help="the config (default: .github/vopr-coverage.yml where there is one)"
    )
    parser.add_argument("--verdict-file", metavar="F", help="write the verdict as JSON")
    parser.add_argument("--summary-file", metavar="F", help="write the verdict as Markdown")
    parser.add_argument(
        "--format", choices=FORMATS, default="text", metavar="|".join(FORMATS),
        help="what is printed (default: text)",
    )  # fmt: skip


def run_canary(arguments: argparse.Namespace) -> int:
    """Judge canary runs against a control run, and tell it."""
    from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text

    failed: UserError | None = None
    try:
        verdict = _judged(arguments)
    except UserError as error:
        verdict, failed = nothing_judged(__version__, str(error)), error
    tell(
        arguments,
        verdict.to_json(),
        lambda: "" if failed else render_canaries_text(verdict),
        lambda: render_canaries_markdown(verdict),
    )
    if failed:
        raise failed
    return ExitCode.PASSED if verdict.passed else ExitCode.GATE_FAILED


def _judged(arguments: argparse.Namespace) -> CanaryVerdict:
    declared = find_and_load_config(Settings(config=arguments.config)).canaries
    runs: dict[str, CanaryRun] = {}
    for text in arguments.runs:
        name, equals, path = text.partition("=")
        if not equals or not name or not path:
            raise UsageError(f"expected NAME=RUN, found {shown(text)}")
        if name not in declared:
            raise UsageError(f"no canary {shown(name)} is declared; {nearest(name, declared)}")
        if name in runs:
            raise UsageError(f"canary {shown(name)} is named twice")
        runs[name] = _canary_run(name, path)
    return judge_canaries(_read(arguments.control), list(runs.values()), declared, __version__)


def _read(path: str) -> Input:
    (file, *more) = find_reports([path])
    if more:
        raise UsageError(f"expected one run, found {1 + len(more)} that match {shown(path)}")
    return replace(read_report(file.path), source=file.label, recording=file.recording)


def _canary_run(name: str, path: str) -> CanaryRun:
    """A canary's run, or what stands in its way: a file that can't be read is one canary's matter."""
    if not os.path.lexists(path):
        if path == BUILD_FAILED:
            return CanaryRun(name, ending=Ending.BUILD_FAILED, why="there is no run because its build failed")
        return CanaryRun(name, ending=Ending.NOT_RUN, why=f"there is no {path}")
    try:
        return CanaryRun(name, _read(path))
    except UserError as error:
        return CanaryRun(name, ending=Ending.UNUSABLE, why=str(error).splitlines()[0])
