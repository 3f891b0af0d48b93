"""`vopr-coverage trends`: prints the history of nights, brings it up to date with a store, and judges the newest."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from vopr_coverage.commands.output import add_format, log
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.files import write_text
from vopr_coverage.runner.environment import Runner
from vopr_coverage.runner.event import event_payload
from vopr_coverage.trends.file import read_history
from vopr_coverage.trends.history import History, TrendRecord

if TYPE_CHECKING:  # else imported by those who ask GitHub
    from vopr_coverage.github.retry import Clock

WARNING_TITLE = "Simulation trends"

EPILOG = """\
FILE has a line for each night, job and scenario; `summary --trends FILE` writes it.

STORE is where the history is kept for longer than a run:

  artifact       the artifacts vopr-coverage-trends of earlier runs on this branch; the workflow uploads the next one
  branch[=NAME]  a branch with nothing else on it (default: vopr-trends), in the repository GITHUB_REPOSITORY
  dir=PATH       a folder

The first two need GITHUB_TOKEN, with the permission `actions: read`, or `contents: write` for a branch
(`contents: read` with --restore). Nights that cannot be restored or stored are a warning: they are in FILE, and a later
night adds them.
Beside trends.ndjson, a branch and a folder hold the four files that --text-files writes.

exit codes:
  0  the history was printed, and FILE and the store were brought up to date
  1  with --gate: the newest night has a remark, or cannot be compared with nights that there were
  2  wrong usage, or FILE cannot be used: it stays as it is
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `trends`."""
    parser.add_argument("file", metavar="FILE", help="the history; with --store or --restore it need not exist")
    parser.add_argument(
        "--store", metavar="STORE",
        help="add the nights of FILE to this store, and its nights to FILE: artifact, branch[=NAME] or dir=PATH",
    )  # fmt: skip
    parser.add_argument(
        "--restore", action="store_true",
        help="only add the nights of the store to FILE (default store: artifact)",
    )  # fmt: skip
    parser.add_argument(
        "--text-files", metavar="DIR",
        help="write dates.txt, fault-coverage.txt, invariant-count.txt and view-changes.txt there, a line a night",
    )  # fmt: skip
    parser.add_argument(
        "--series", metavar="SCENARIO", default="",
        help="the scenario of these files (default: the coverage job's; of several the one that ran most iterations)",
    )  # fmt: skip
    parser.add_argument("--gate", action="store_true", help="exit with 1 if the newest night has a remark")
    add_format(parser)


def run(arguments: argparse.Namespace, runner: Runner, clock: Clock | None = None) -> int:
    """Bring a history up to date with a store, print it, and judge its newest night."""
    path = Path(arguments.file)
    history = _exchanged(arguments, runner, clock) if arguments.store or arguments.restore else read_history(path)
    for warning in history.warnings:
        _warn(warning, runner)
    if arguments.text_files:
        _write_text_files(Path(arguments.text_files), history.records, arguments.series)
    elif arguments.series and not arguments.store:
        raise UsageError("--series names the scenario of text files: it needs --text-files or --store")
    sys.stdout.write(_rendered(arguments.format, history.records, history.warnings))
    return _judge(history.records) if arguments.gate else ExitCode.PASSED


def _exchanged(arguments: argparse.Namespace, runner: Runner, clock: Clock | None) -> History:
    """The history after the store was read, and without --restore added to."""
    from vopr_coverage.github.retry import RetryBudget, SystemClock
    from vopr_coverage.github.trends_store import exchange, load_into, store_at
    from vopr_coverage.trends.store import address_of

    path, address = Path(arguments.file), address_of(arguments.store or "artifact")
    patience = RetryBudget(clock or SystemClock(), log)
    with store_at(address, runner, event_payload(runner), arguments.series, patience) as store:
        stored = load_into(path, store) if arguments.restore else exchange(path, store)
    for line in stored.said:
        log(line)
    return History(stored.records, stored.warnings)


def _write_text_files(folder: Path, records: Sequence[TrendRecord], series: str) -> None:
    from vopr_coverage.trends.text_files import text_files

    texts = text_files(records, series)
    if texts.problem:
        raise UsageError(texts.problem)
    for name, data in texts.files.items():
        write_text(folder / name, data.decode())
    log(f"{', '.join(texts.files)} written to {printable(str(folder))}: {texts.said}")


def _judge(records: Sequence[TrendRecord]) -> int:
    """The exit code for the newest night of the workflow that ran last; what is wrong is told line by line."""
    from vopr_coverage.trends.compare import lately
    from vopr_coverage.trends.gate import judge_trends

    newest = next(iter(lately(records)), None)
    if newest is None:
        log("gate: there is no night to judge")
        return ExitCode.GATE_FAILED
    judged = judge_trends(newest.lines, newest.nights - 1, newest.newest.run_number)
    for finding in judged.findings:
        log(f"gate: {printable(finding.line)}")
    log(f"gate: {judged.job.status}: {printable(judged.job.line)}")
    return ExitCode.GATE_FAILED if judged.findings else ExitCode.PASSED


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
