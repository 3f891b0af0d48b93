"""`vopr-coverage tracking-issue`: brings a nightly's issue up to date with the verdict on a night."""

from __future__ import annotations

import argparse

from vopr_coverage.commands.output import emit, log
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.runner.environment import Runner

EPILOG = """\
The variables GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT and GITHUB_SHA say which run this is, as in every
job. GITHUB_TOKEN needs the permission `issues: write`.

exit codes:
  0  the issue is up to date, whether the night was green or red
  2  wrong usage, or the issue could not be written
  3  a bug in vopr-coverage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `tracking-issue`."""
    parser.add_argument(
        "night",
        metavar="NIGHT.json",
        help="the verdict on the night, which `summary --verdict-file` writes; a missing file counts as a red night",
    )
    parser.add_argument(
        "--id",
        default="",
        metavar="ID",
        help="which issue to update (default: nightly); give each nightly workflow its own",
    )
    parser.add_argument(
        "--author", default="", metavar="LOGIN",
        help="the account of the token (default: github-actions[bot]); only issues of this account are changed",
    )  # fmt: skip
    parser.add_argument(
        "--dry-run", action="store_true", help="print the title and text of the issue; GitHub is not called"
    )


def run(arguments: argparse.Namespace, runner: Runner) -> int:
    """Bring the issue up to date, or print it."""
    from vopr_coverage.github.comment_marker import checked_id
    from vopr_coverage.github.comment_settings import checked_author
    from vopr_coverage.github.issue_plan import ID_DEFAULT

    id, author = checked_id(arguments.id, ID_DEFAULT, "--id"), checked_author(arguments.author, "--author")
    if arguments.dry_run:
        return _print_issue(arguments.night)
    from vopr_coverage.github.retry import SystemClock
    from vopr_coverage.github.session import Hub

    if not runner.token:
        raise UsageError("there is no token in GITHUB_TOKEN; --dry-run needs none")
    hub = Hub(runner, event=b"", token=runner.token, clock=SystemClock(), say=log)
    *warnings, result = hub.track(arguments.night, (), id, author)
    for warning in warnings:
        log(f"warning: {warning.text}")
    emit(printable(result.text) + "\n")
    return ExitCode.PASSED


def _print_issue(path: str) -> int:
    from vopr_coverage.github.issue_flow import draft_alone, read_night

    night, problem = read_night(path)
    if problem:
        log(f"warning: the night left no verdict, and counts as red. {problem}")
    emit(draft_alone(night))
    return ExitCode.PASSED
