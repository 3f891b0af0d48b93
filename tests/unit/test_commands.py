"""Every command is complete: a row in the table, a module, help for all that it takes, and tests of its own."""

from __future__ import annotations

import argparse
import inspect
from pathlib import Path

import pytest

from vopr_coverage import commands
from vopr_coverage.commands import COMMANDS, load
from vopr_coverage.commands.parser import build_parser

ROOT = Path(__file__).parents[2]
SHARED = {"__init__", "parser", "options", "output", "drawings", "per_seed", "plan_rates", "one_by_one", "watch"}


def module_of(command: str) -> str:
    """The name of its module."""
    return command.replace("-", "_")


def test_every_module_is_a_command_with_a_row_in_the_table() -> None:
    """One without a row could never be called."""
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")} - SHARED
    assert modules == {module_of(command) for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_the_interface_that_the_table_expects(command: str) -> None:
    """`load` takes its word for it, so mypy does not look."""
    module = load(command)
    assert list(inspect.signature(module.add_arguments).parameters) == ["parser"]
    first, second, *more = inspect.signature(module.run).parameters.values()
    assert (first.name, second.name.lstrip("_")) == ("arguments", "runner")
    assert all(parameter.default is not parameter.empty for parameter in more)
    assert (first.annotation, second.annotation) == ("argparse.Namespace", "Runner")
    assert inspect.signature(module.run).return_annotation == "int"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_explains_itself(command: str) -> None:
    """A summary that reads as an order, help for every argument, and exit codes at the end."""
    summary = COMMANDS[command]
    assert summary[0].islower()
    assert not summary.endswith(".")
    parser = build_parser((command,))[1][command]
    assert parser.description == f"{summary[0].upper()}{summary[1:]}" + ("" if summary.endswith("?") else ".")
    for action in parser._actions:
        assert action.help, action.dest
        assert action.metavar or action.nargs == 0 or isinstance(action, argparse._HelpAction), action.dest
    paragraphs = (parser.epilog or "").split("\n\n")
    assert paragraphs[-1].startswith("exit codes:\n  0  ")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_has_tests_of_its_own(command: str) -> None:
    """In tests/integration/test_COMMAND.py, or in files whose names begin with that."""
    files = list((ROOT / "tests" / "integration").glob(f"test_{module_of(command)}*.py"))
    assert any("def test_" in path.read_text(encoding="utf-8") for path in files)
