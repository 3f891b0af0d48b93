"""`vopr-coverage trends`: prints the history of nights; on a runner it can restore it first."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vopr_coverage.commands.drawings import add_drawings, check_drawings, draw
from vopr_coverage.commands.output import add_format, annotate, emit, emit_document, log, write_asked_for
from vopr_coverage.errors import ExitCode, printable
from vopr_coverage.files import is_there
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import event_payload
from vopr_coverage.trends.file import read_history
from vopr_coverage.trends.history import History, TrendRecord
from vopr_coverage.trends.store import BRANCH_DEFAULT, Address, Stored, address_of

if TYPE_CHECKING:  # else imported by those who ask GitHub
    from vopr_coverage.github.retry import Clock

WARNING_TITLE = "Simulation trends"

EPILOG = """\
FILE has a line for each night, job and scenario; `summary --trends FILE` writes it.

The stores artifact and branch work in a job on GitHub. They need GITHUB_TOKEN and the permission `actions: read` or
`contents: write`. What goes wrong there is a warning: a later night can still find the nights.

--page and --svg need an extra of the package: pip install 'vopr-coverage[page]'.

exit codes:
  0  the history was printed, and with --store or --restore written to FILE
  1  --gate: a figure of the newest night is far from the nights before, or there are no nights to
     compare it with although the workflow has run more often
  2  wrong usage, or FILE cannot be used
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `trends`."""
    parser.add_argument("file", metavar="FILE", help="the history; with --restore it need not exist")
    parser.add_argument(
        "--store", metavar="artifact|branch[=NAME]|dir=PATH",
        help="add the nights of FILE to this store, and its nights to FILE: the artifacts vopr-coverage-trends of "
        f"earlier runs on this branch; a branch of its own (default: {BRANCH_DEFAULT}); or a folder",
    )  # fmt: skip
    parser.add_argument(
        "--restore", action="store_true",
        help="only add the nights of the store to FILE (default: of the artifacts)",
    )  # fmt: skip
    parser.add_argument(
        "--text-files", metavar="DIR",
        help="also write dates.txt, fault-coverage.txt, invariant-count.txt and view-changes.txt, one line a night",
    )  # fmt: skip
    parser.add_argument(
        "--series", metavar="SCENARIO",
        help="the scenario of the text files (default: the coverage job's; of several the one with most iterations)",
    )  # fmt: skip
    parser.add_argument(
        "--gate", action="store_true", help="fail if a figure of the newest night is far from the nights before"
    )
    add_format(parser)
    add_drawings(parser)


def run(arguments: argparse.Namespace, runner: Runner, clock: Clock | None = None) -> int:
    """Bring a history up to date with its store, print it, and write what was asked for."""
    check_drawings(arguments)
    path = Path(arguments.file)
    address = address_of(arguments.store or "artifact") if arguments.store or arguments.restore else None
    if address:
        stored = _exchanged(path, address, arguments, runner, clock)
        history = History(stored.records, stored.warnings, stored.later)
        for line in stored.said:
            log(line)
    else:
        history = read_history(path)
    records, warnings = history.records, history.warnings
    if arguments.text_files:
        warnings = (*warnings, *_write_text_files(Path(arguments.text_files), records, arguments.series or ""))
    for warning in warnings:
        _warn(warning, runner)
    for line in draw(arguments, records, runner):
        log(line)
    (emit_document if arguments.format == "json" else emit)(_rendered(arguments.format, records, warnings))
    return _judged(records) if arguments.gate else ExitCode.PASSED


def _exchanged(
    path: Path, address: Address, arguments: argparse.Namespace, runner: Runner, clock: Clock | None
) -> Stored:
    from vopr_coverage.github.retry import SystemClock
    from vopr_coverage.github.trends_store import exchange, load_into, store_at

    if is_there(path):
        read_history(path)  # what can't be used is told before anybody is asked
    series = arguments.series or ""
    with store_at(address, runner, event_payload(runner), series, clock or SystemClock(), log) as store:
        return load_into(path, store) if arguments.restore else exchange(path, store)


def _write_text_files(folder: Path, records: Sequence[TrendRecord], series: str) -> tuple[str, ...]:
    """The seed document's four files. Returns what is to be warned of."""
    from vopr_coverage.trends.text_files import text_files

    texts = text_files(records, series)
    for name, data in texts.files.items():
        write_asked_for(folder / name, data)
    log(f"text files written to {printable(str(folder))}: {texts.said}")
    return (texts.problem,) if texts.problem else ()


def _judged(records: Sequence[TrendRecord]) -> int:
    """Fail where the newest night of the workflow that ran last has a remark, or lacks the nights before it."""
    from vopr_coverage.trends.compare import lately
    from vopr_coverage.trends.gate import lost_history, remarks_in

    chapters = lately(records)
    if not chapters:
        log("there is no night to judge")
        return ExitCode.GATE_FAILED
    newest = chapters[0]
    lost = lost_history(newest.nights - 1, newest.newest.run_number)
    remarks = [lost] if lost else remarks_in(newest.lines)
    for remark in remarks:
        log(f"gate: {printable(remark)}")
    return ExitCode.GATE_FAILED if remarks else ExitCode.PASSED


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

    annotate(command("warning", printable(text), title=WARNING_TITLE), sys.stderr)
