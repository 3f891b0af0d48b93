"""The commands, one module each. `COMMANDS` is the only list of them: parser, help and docs/cli.md follow it."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Protocol, cast

from vopr_coverage.runner.environment import Runner

# Name and summary, in the order of the help. The module has the same name, with _ for -.
COMMANDS = {
    "check": "judge reports and say what they missed",
    "comment": "print a verdict as the pull-request comment that the action would write",
    "init": "write a starter config from healthy runs",
    "schema": "print a JSON Schema",
    "profiles": "print a profile, or the bounds in force and who set each",
    "record": "run a simulator once and keep what it says",
    "determinism": "say whether seeds came out the same twice",
    "canary": "judge whether planted bugs were detected",
    "prepare": "look at a night's inputs, and list its builds",
    "plan": "divide a night's work among jobs, with seeds of its own",
    "replay": "record the seeds that failed once, one by one",
    "summary": "judge a whole night by what it left behind",
    "trends": "print the nights' history, on a runner restored",
    "tracking-issue": "keep one open issue while nights are red",
}


class Command(Protocol):
    """What the module of a command offers.

    Attributes:
        EPILOG: what stands below the flags in its help; ends with its exit codes.
    """

    EPILOG: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare its arguments and flags."""

    def run(self, arguments: argparse.Namespace, runner: Runner) -> int:
        """Run it with parsed arguments, and return the exit code."""


def load(name: str) -> Command:
    """The module of a command. Only the command that was called is imported, so that a small check starts fast."""
    return cast(Command, import_module(f"{__name__}.{name.replace('-', '_')}"))
