"""`vopr-coverage tracking-issue`: its flags, and from a night's verdict to an issue. Nothing is decided here."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from vopr_coverage.errors import ExitCode, UsageError, printable

EPILOG = """Where it runs is told by GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT and GITHUB_SHA, as in a job;
GITHUB_TOKEN needs `issues: write`.

exit codes:
  0  the issue says what the night was, green or red
  2  it could not be written
  3  a bug of ours
"""


def add_tracking(parser: argparse.ArgumentParser) -> None:
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


def run_tracking(arguments: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Bring the issue up to date, or print it."""
    from vopr_coverage.github.comment_marker import checked_id
    from vopr_coverage.github.comment_settings import checked_author
    from vopr_coverage.github.issue_plan import ID_DEFAULT

    id, author = checked_id(arguments.id, ID_DEFAULT, "--id"), checked_author(arguments.author, "--author")
    if arguments.dry_run:
        return _printed(arguments.night)
    from vopr_coverage.github.retry import SystemClock
    from vopr_coverage.github.session import Hub

    token = environ.get("GITHUB_TOKEN", "")
    if not token:
        raise UsageError("there is no token in GITHUB_TOKEN; --dry-run needs none")
    hub = Hub(environ, b"", token, SystemClock(), _say)
    *warnings, done = hub.track(arguments.night, (), id, author)
    for said in warnings:
        _say(f"warning: {said.text}")
    print(printable(done.text))
    return ExitCode.PASSED


def _printed(path: str) -> int:
    from vopr_coverage.github.issue_flow import draft_alone, read_night

    night, wrong = read_night(path)
    if wrong:
        _say(f"warning: the night left no verdict, and counts as red. {wrong}")
    sys.stdout.write(draft_alone(night))
    return ExitCode.PASSED


def _say(text: str) -> None:
    print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)
