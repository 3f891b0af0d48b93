"""`vopr-coverage tracking-issue`: brings a nightly's issue up to date with the verdict on a night."""

from __future__ import annotations

import argparse
import sys

from vopr_coverage.commands.output import log
from vopr_coverage.errors import ExitCode, UsageError, printable
from vopr_coverage.runner.environment import Runner

EPILOG = """Where it runs is told by GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT and GITHUB_SHA, as in a job;
GITHUB_TOKEN needs `issues: write`.

exit codes:
  0  the issue says what the night was, green or red
  2  it could not be written
  3  a bug of ours
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The flags of `tracking-issue`."""
    parser.add_argument(
        "night", metavar="NIGHT.json", help="the night's verdict, as `summary --verdict-file` writes it"
    )
    parser.add_argument("--id", default="", metavar="ID", help="which issue it is (default: nightly); one a nightly")
    parser.add_argument(
        "--author", default="", metavar="LOGIN",
        help="whom the token writes as (default: github-actions[bot]); only that account's issues are touched",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="print title and text, and ask GitHub for nothing")


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
    hub = Hub(runner, b"", runner.token, SystemClock(), log)
    *warnings, result = hub.track(arguments.night, (), id, author)
    for warning in warnings:
        log(f"warning: {warning.text}")
    print(printable(result.text))
    return ExitCode.PASSED


def _print_issue(path: str) -> int:
    from vopr_coverage.github.issue_flow import draft_alone, read_night

    night, problem = read_night(path)
    if problem:
        log(f"warning: the night left no verdict, and counts as red. {problem}")
    sys.stdout.write(draft_alone(night))
    return ExitCode.PASSED
