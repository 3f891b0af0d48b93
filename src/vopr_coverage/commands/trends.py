"""`vopr-coverage trends`: its flags, and from a history to its table. Nothing is decided here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vopr_coverage.commands.output import add_format
from vopr_coverage.errors import ExitCode, printable
from vopr_coverage.files import is_there
from vopr_coverage.trends.file import read_history, write_history
from vopr_coverage.trends.history import History, TrendRecord, union

if TYPE_CHECKING:  # else imported by those who ask GitHub
    from vopr_coverage.github.retry import Clock

WARNING_TITLE = "Simulation trends"

EPILOG = """FILE is trends.ndjson: a line per night, job and scenario, as `summary --trends FILE` writes it.

--restore is for a runner; it needs GITHUB_TOKEN, and the permission `actions: read`. That nights are missing
is a warning: a later night finds them again.

exit codes:
  0  the history was told, and with --restore written to FILE
  2  usage, or FILE can't be used
  3  a bug of ours
"""


def add_trends(parser: argparse.ArgumentParser) -> None:
    """The flags of `trends`."""
    parser.add_argument("file", metavar="FILE", help="the history; with --restore it need not be there yet")
    parser.add_argument(
        "--restore", action="store_true",
        help="first add to FILE what earlier runs on this branch recorded, from their artifacts vopr-coverage-trends",
    )  # fmt: skip
    add_format(parser)


def run_trends(arguments: argparse.Namespace, environ: Mapping[str, str], clock: Clock | None = None) -> int:
    """Print a history, and before that, with --restore, put it together again.

    Args:
        environ: the process's variables: on a runner they say which repository, run and branch this is.
    """
    path = Path(arguments.file)
    history = History() if arguments.restore and not is_there(path) else read_history(path)
    records, warnings = history.records, history.warnings
    if arguments.restore:
        restored = _restored(environ, clock)
        records = union(records, restored.records)
        write_history(path, records)
        warnings += restored.warnings
    for warning in warnings:
        _warn(warning, environ)
    sys.stdout.write(_told(arguments.format, records, warnings))
    return ExitCode.PASSED


def _restored(environ: Mapping[str, str], clock: Clock | None) -> History:
    from vopr_coverage.github.retry import SystemClock
    from vopr_coverage.github.trends_artifact import TRENDS_ARTIFACT, restore_history
    from vopr_coverage.runner.files import event_payload

    event = event_payload(environ.get("GITHUB_EVENT_PATH", ""))
    found = restore_history(environ, event, environ.get("GITHUB_TOKEN", ""), clock or SystemClock(), _say)
    if found.runs:
        _say(f"history of {', '.join(f'run {run}' for run in found.runs)} restored")
    elif not found.warnings:
        _say(f"no run on this branch has left an artifact {TRENDS_ARTIFACT} yet: the history begins with this night")
    return History(found.records, found.warnings)


def _told(form: str, records: Sequence[TrendRecord], warnings: Sequence[str]) -> str:
    from vopr_coverage.trends.compare import lately

    chapters = lately(records)
    if form == "json":
        import msgspec

        whole = {"records": len(records), "workflows": chapters, "warnings": warnings}
        return msgspec.json.encode(whole).decode() + "\n"
    from vopr_coverage.render.trends import render_trends_markdown, render_trends_text

    return render_trends_markdown(chapters, warnings) if form == "markdown" else render_trends_text(chapters)


def _warn(text: str, environ: Mapping[str, str]) -> None:
    """On standard error: GitHub reads commands there, too, and what is printed stays what was asked for."""
    if environ.get("GITHUB_ACTIONS") != "true":
        _say(f"warning: {text}")
        return
    from vopr_coverage.render.annotations import command

    print(command("warning", printable(text), title=WARNING_TITLE), file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
