"""The flags: what each command takes, what its help says, and how a typo is told. Nothing runs here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from vopr_coverage import __version__
from vopr_coverage.check.flow import MERGES
from vopr_coverage.commands.canary import EPILOG as CANARY_EPILOG
from vopr_coverage.commands.canary import add_canary
from vopr_coverage.commands.determinism import EPILOG as TWICE_EPILOG
from vopr_coverage.commands.determinism import add_determinism
from vopr_coverage.commands.options import add_config, one_of
from vopr_coverage.commands.output import add_telling
from vopr_coverage.commands.plan import EPILOG, add_plan
from vopr_coverage.commands.prepare import EPILOG as PREPARE_EPILOG
from vopr_coverage.commands.prepare import add_prepare
from vopr_coverage.commands.record import EPILOG as RECORD_EPILOG
from vopr_coverage.commands.record import add_record
from vopr_coverage.commands.replay import EPILOG as REPLAY_EPILOG
from vopr_coverage.commands.replay import add_replay
from vopr_coverage.commands.summary import EPILOG as SUMMARY_EPILOG
from vopr_coverage.commands.summary import add_summary
from vopr_coverage.commands.tracking_issue import EPILOG as TRACKING_EPILOG
from vopr_coverage.commands.tracking_issue import add_tracking
from vopr_coverage.commands.trends import EPILOG as TRENDS_EPILOG
from vopr_coverage.commands.trends import add_trends
from vopr_coverage.errors import UsageError, nearest, printable, shown
from vopr_coverage.formats.schema import SCHEMA_NAMES
from vopr_coverage.model.thresholds import PROFILE_NAMES

TAKE_A_COMMAND = (
    "record",
    "plan",
    "replay",
)
EXIT_CODES = """exit codes:
  0  every threshold is met
  1  a gate failed, or a run did not finish
  2  reports, config or usage can't be used: nothing was judged
  3  a bug of ours
"""


class _Parser(argparse.ArgumentParser):
    """argparse that raises where it would print usage and end the process."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            known = f"; {nearest(flag, self._option_string_actions)}" if flag.startswith("-") else ""
            self.error(f"unknown argument {shown(flag)}{known}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{printable(message)}\ntry '{self.prog} --help'")


def the_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; `command` in what it returns names the command.

    It raises UsageError where argparse would print its usage and end the process.
    """
    parser = _Parser(
        prog="vopr-coverage",
        description="The coverage gate for deterministic simulation testing.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"vopr-coverage {__version__}")
    commands = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    _add_check(commands)
    _add_comment(commands)
    _add_init(commands)
    _add_schema(commands)
    _add_profiles(commands)
    add_record(_command(commands, "record", "run a simulator once and keep what it says", epilog=RECORD_EPILOG))
    determinism = _command(commands, "determinism", "say whether seeds came out the same twice", epilog=TWICE_EPILOG)
    add_determinism(determinism)
    add_canary(_command(commands, "canary", "judge whether planted bugs were detected", epilog=CANARY_EPILOG))
    add_prepare(_command(commands, "prepare", "look at a night's inputs, and list its builds", epilog=PREPARE_EPILOG))
    add_plan(_command(commands, "plan", "divide a night's work among jobs, with seeds of its own", epilog=EPILOG))
    add_replay(_command(commands, "replay", "record the seeds that failed once, one by one", epilog=REPLAY_EPILOG))
    add_summary(_command(commands, "summary", "judge a whole night by what it left behind", epilog=SUMMARY_EPILOG))
    trends = _command(commands, "trends", "print the nights' history, on a runner restored", epilog=TRENDS_EPILOG)
    add_trends(trends)
    add_tracking(_command(commands, "tracking-issue", "keep one open issue while nights are red", TRACKING_EPILOG))
    return parser


def split_command(argv: Sequence[str]) -> tuple[list[str], list[str]]:
    """Our own arguments, and the simulator's command behind `--` where a command of ours takes one."""
    words = list(argv)
    if not words or words[0] not in TAKE_A_COMMAND or "--" not in words:
        return words, []
    at = words.index("--")
    return words[:at], words[at + 1 :]


def _add_check(commands: Any) -> None:
    check_parser = _command(commands, "check", "judge reports and say what they missed", epilog=EXIT_CODES)
    check_parser.add_argument(
        "reports",
        nargs="*",
        metavar="REPORT",
        help="a stream of `vopr --json`, a CoverageReport or a document with one under 'coverage'; a pattern; "
        "a folder that `record` wrote; - for standard input; SCENARIO=PATH names a run's scenario; gzip is read too",
    )
    _add_terms(check_parser)
    check_parser.add_argument(
        "--merge", type=one_of(MERGES), default="none", metavar="none|scenario|all",
        help="judge each report by itself (none, the default), or added up by scenario, or all as one",
    )  # fmt: skip
    check_parser.add_argument(
        "--on-not-measured", metavar="POLICY",
        help="about required figures that a report doesn't carry: fail (the default), warn or ignore for "
        "view-changes, repairs and query-plans; or GATE=POLICY,…",
    )  # fmt: skip
    check_parser.add_argument(
        "--health-only", action="store_true",
        help="judge run health and no coverage: for one of many shards, whose coverage is judged together",
    )  # fmt: skip
    check_parser.add_argument(
        "--base", metavar="VERDICT", help="compare with the verdict file of another run, such as the base branch's"
    )
    check_parser.add_argument(
        "--max-regression", metavar="POINTS[,lost=N]",
        help="fail when fault point coverage fell by more percentage points than this, or when more than N (0) fault "
        "points and invariants that the base had are lost",
    )  # fmt: skip
    add_telling(check_parser)


def _add_comment(commands: Any) -> None:
    comment = _command(commands, "comment", "print a verdict as the pull-request comment that the action would write")
    comment.add_argument("verdict", metavar="VERDICT", help="a verdict file, as `check --verdict-file` writes it")


def _add_init(commands: Any) -> None:
    init = _command(commands, "init", "write a starter config from healthy runs")
    init.add_argument("runs", nargs="+", metavar="RUN", help="a stream of a run in which all was well")
    init.add_argument("-o", "--output", metavar="F", help="write to F, which must not exist yet (default: print)")


def _add_schema(commands: Any) -> None:
    schema = _command(commands, "schema", "print a JSON Schema")
    schema.add_argument("name", metavar="NAME", help=", ".join(SCHEMA_NAMES))


def _add_profiles(commands: Any) -> None:
    profiles = _command(commands, "profiles", "print a profile, or the bounds in force and who set each")
    profiles.add_argument(
        "name", nargs="?", type=one_of(PROFILE_NAMES), metavar="NAME",
        help=f"{', '.join(PROFILE_NAMES)}; without it: the bounds that `check` would use",
    )  # fmt: skip
    _add_terms(profiles)
    profiles.add_argument("--format", type=one_of(("text", "json")), default="text", metavar="text|json")


def _add_terms(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", type=one_of(PROFILE_NAMES), metavar="default|smoke_test|nightly",
        help="the thresholds to start from (default: the config's, else default)",
    )  # fmt: skip
    add_config(parser)
    parser.add_argument("--scenario", metavar="NAME", help="the scenario of runs that don't name their own")
    parser.add_argument("--min-iterations", type=_count, metavar="N", help="fail a stream that ran fewer iterations")


def _command(commands: Any, name: str, summary: str, epilog: str | None = None) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise argparse.ArgumentTypeError(f"expected an integer of 0 or more, found {shown(text)}")
    return int(text)
