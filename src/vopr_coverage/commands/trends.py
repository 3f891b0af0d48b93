"""`vopr-coverage trends`: prints the history of nights; on a runner it can restore it first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vopr_coverage.commands.drawings import add_drawings, check_drawings, draw
from vopr_coverage.commands.output import add_format, log
from vopr_coverage.errors import ExitCode, printable
from vopr_coverage.files import is_there
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import event_payload
from vopr_coverage.trends.file import read_history, write_history
from vopr_coverage.trends.history import History, TrendRecord, union

if TYPE_CHECKING:  # else imported by those who ask GitHub
    from vopr_coverage.github.retry import Clock

WARNING_TITLE = "Simulation trends"

EPILOG = """\
FILE has a line for each night, job and scenario; `summary --trends FILE` writes it.

--restore works in a job on GitHub. It needs GITHUB_TOKEN and the permission `actions: read`. Nights that cannot be
restored are a warning: a later night can still find them.

--page and --svg need an extra of the package: pip install 'vopr-coverage[page]'.

exit codes:
  0  the history was printed, and with --restore written to FILE
  2  wrong usage, or FILE cannot be used
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `trends`."""
    parser.add_argument("file", metavar="FILE", help="the history; with --restore it need not exist")
    parser.add_argument(
        "--restore", action="store_true",
        help="first add to FILE the history in the artifacts vopr-coverage-trends of earlier runs on this branch",
    )  # fmt: skip
    add_format(parser)
    add_drawings(parser)


def run(arguments: argparse.Namespace, runner: Runner, clock: Clock | None = None) -> int:
    """Print a history; with --restore, first add what earlier runs recorded."""
    check_drawings(arguments)
    path = Path(arguments.file)
    history = History() if arguments.restore and not is_there(path) else read_history(path)
    records, warnings = history.records, history.warnings
    if arguments.restore:
        restored = _restored(runner, clock)
        records = union(records, restored.records)
        write_history(path, records)
        warnings += restored.warnings
    for warning in warnings:
        _warn(warning, runner)
    for line in draw(arguments, records, runner):
        log(line)
    sys.stdout.write(_rendered(arguments.format, records, warnings))
    return ExitCode.PASSED


def _restored(runner: Runner, clock: Clock | None) -> History:
    from vopr_coverage.github.retry import SystemClock
    from vopr_coverage.github.trends_artifact import TRENDS_ARTIFACT, restore_history

    restored = restore_history(runner, event_payload(runner), clock or SystemClock(), log)
    if restored.runs:
        log(f"history of {', '.join(f'run {run}' for run in restored.runs)} restored")
    elif not restored.warnings:
        log(f"no run on this branch has left an artifact {TRENDS_ARTIFACT} yet: the history begins with this night")
    return History(restored.records, restored.warnings)


def _rendered(form: str, records: Sequence[TrendRecord], warnings: Sequence[str]) -> str:
    from vopr_coverage.trends.compare import lately

    chapters = lately(records)
    if form == "json":
        import msgspec

        document = {"records": len(records), "workflows": chapters, "warnings": warnings}
        return msgspec.json.encode(document).decode() + "\n"
    from vopr_coverage.render.trends import render_trends_markdown, render_trends_text

    return render_trends_markdown(chapters, warnings) if form == "markdown" else render_trends_text(chapters)


def _warn(text: str, runner: Runner) -> None:
    """Warn on standard error: GitHub reads commands there, too, and standard output holds the history alone."""
    if not runner.is_github:
        log(f"warning: {text}")
        return
    from vopr_coverage.render.annotations import command

    print(command("warning", printable(text), title=WARNING_TITLE), file=sys.stderr, flush=True)
