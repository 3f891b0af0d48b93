"""The command line as argparse sees it, built from the table of commands. Nothing runs here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import cache
from typing import Any, NoReturn

from vopr_coverage import __version__
from vopr_coverage.commands import COMMANDS, Command, load
from vopr_coverage.errors import UsageError, nearest, printable, shown

EPILOG = """\
exit codes:
  0  the verdict passed, or the command did its work
  1  the verdict did not pass, or the work is not complete
  2  wrong usage, or a file cannot be used: nothing was judged
  3  a bug in vopr-coverage

The help of each command says what its exit codes mean.
"""


class _Parser(argparse.ArgumentParser):
    """argparse that raises where it would print usage and end the process."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            flag = unknown[0].partition("=")[0]
            known = f"; {nearest(flag, self._option_string_actions)}" if flag.startswith("-") else ""
            self.error(f"unknown argument {shown(flag)}{known}")
        return parsed, unknown

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{printable(message)}\ntry '{self.prog} --help'")


def parse(argv: Sequence[str]) -> tuple[Command, argparse.Namespace]:
    """The command that a command line calls, and its arguments.

    Words behind `--` are in `arguments.simulator` where the command runs a simulator.

    Raises:
        UsageError: where argparse would print its usage and end the process.
        SystemExit: after `--help` and `--version`, with exit code 0.
    """
    words, simulator = list(argv), list[str]()
    called = next((word for word in words if word in COMMANDS), None)
    parser, commands = build_parser((called,) if called else ())
    if called and "--" in words and commands[called].get_default("simulator") is not None:
        at = words.index("--")
        words, simulator = words[:at], words[at + 1 :]
    arguments = parser.parse_args(words)
    arguments.simulator = simulator
    return load(arguments.command), arguments


def _with_command(parser: argparse.ArgumentParser) -> str:
    """The usage as argparse writes it, and the words that stand behind all others."""
    vars(parser)["color"] = False  # newer Pythons colour what is formatted here, and would colour it twice
    written = parser.format_usage().removeprefix("usage: ").rstrip().replace("%", "%%")
    return f"{written} -- COMMAND"


@cache
def build_parser(
    called: tuple[str, ...] = tuple(COMMANDS),
) -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """The parser of the whole command line, and the parsers of all commands by name.

    Args:
        called: commands to load. All others have nothing but their line in the overview.

    The parsers are the same objects at each call: argparse keeps what it parses in a namespace of each call.
    """
    parser = _Parser(
        prog="vopr-coverage",
        description="The coverage gate for deterministic simulation testing.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"vopr-coverage {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", required=True, parser_class=_Parser
    )
    commands: dict[str, argparse.ArgumentParser] = {}
    for name, summary in COMMANDS.items():
        commands[name] = subparsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}{'' if summary.endswith('?') else '.'}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if name in called:
            command = load(name)
            commands[name].epilog = command.EPILOG
            command.add_arguments(commands[name])
            if commands[name].get_default("simulator") is not None:
                commands[name].usage = _with_command(commands[name])
    return parser, commands
