"""The commands, one module each. `COMMANDS` is the only list of them: parser, help and docs/cli.md follow it."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import Protocol, cast

from vopr_coverage.runner.environment import Runner

# Name and summary, in the order of the help. The module has the same name, with _ for -.
COMMANDS = {
    "check": "judge reports: their coverage, and the health of the runs",
    "comment": "print the pull-request comment for a verdict file",
    "doctor": "plant faults in healthy runs, and list those that the gate would not notice",
    "init": "write a starter config from healthy runs",
    "seeds": "choose the few seeds that reach all that a night reached",
    "convert": "write reports of any format as a simulation stream",
    "points": "write, show and update the lockfile of points",
    "schema": "print a JSON Schema",
    "profiles": "print a profile, or the thresholds that `check` would use",
    "record": "run a simulator once and store its output in a folder",
    "determinism": "compare runs of the same seeds: are they deterministic?",
    "canary": "judge whether planted bugs were detected",
    "prepare": "check the inputs of a nightly run, and list its builds",
    "plan": "divide the work of a night among jobs",
    "replay": "record every regression seed again",
    "summary": "judge a whole night from its recordings",
    "night": "run a whole night on this machine",
    "trends": "print the history of nights; on a runner, restore it first",
    "tracking-issue": "keep one issue open while nights are red",
    "completion": "print a script for your shell that completes commands and flags",
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
