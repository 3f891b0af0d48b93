"""Writes docs/cli.md from the parsers of the command line: every command, its arguments and its exit codes.

    python tools/cli_reference.py

The text is made from the parsers and not from what `--help` prints, whose layout changes from one Python to another.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.reference_tables import cell, code
from vopr_coverage.commands.parser import build_parser

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
BEHIND = "the command that runs the simulator, behind all other arguments; or `--command`"
INTRODUCTION = """# Command line

<!-- Written by tools/cli_reference.py from the help texts: `make generate`. -->

`vopr-coverage COMMAND --help` prints the same. Install it with `pip install .` in a checkout; `python -m vopr_coverage`
is the same program.
"""


def parsers() -> Mapping[str, argparse.ArgumentParser]:
    """The parser of each command, in the order of the help."""
    return build_parser()[1]


def reference() -> str:
    """The whole page."""
    commands = parsers()
    overview = [f"| [`{name}`](#{name}) | {cell(parser.description or '')} |" for name, parser in commands.items()]
    lines = [INTRODUCTION, "| command | what it does |", "|---|---|", *overview]
    for name, parser in commands.items():
        lines += ["", *section(name, parser)]
    return "\n".join(lines) + "\n"


def section(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """One command."""
    yield f"## {name}"
    yield ""
    yield parser.description or ""
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    if actions:
        yield from ("", "| argument | |", "|---|---|")
        yield from (f"| {argument(action)} | {cell(help_of(action))} |" for action in actions)
    if parser.get_default("simulator") is not None:
        yield f"| `-- COMMAND` | {BEHIND} |"
    if parser.epilog:
        yield from ("", "```text", parser.epilog.rstrip(), "```")


def argument(action: argparse.Action) -> str:
    """An argument as it is typed; an optional positional one in brackets."""
    value = action.metavar if isinstance(action.metavar, str) else ""
    if not action.option_strings:
        return code(f"[{value}]" if action.nargs in ("?", "*") else value)
    names = ", ".join(code(f"{flag} {value}".strip()) for flag in action.option_strings)
    return f"{names} (required)" if action.required else names


def help_of(action: argparse.Action) -> str:
    """An argument's help, without argparse's doubled percent signs."""
    return (action.help or "").replace("%%", "%")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8", newline="\n")
