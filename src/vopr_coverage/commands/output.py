"""A verdict as a command tells it: printed in the form that was asked for, and written to the files that were named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from vopr_coverage.commands.options import one_of
from vopr_coverage.errors import ExitCode, FileError, UserError, printable
from vopr_coverage.files import write_text

FORMATS = ("text", "json", "markdown")


class AnyVerdict(Protocol):
    """What all verdicts have in common."""

    @property
    def passed(self) -> bool:
        """Whether every gate holds."""

    def to_json(self) -> str:
        """The verdict as a file."""


def add_telling(parser: argparse.ArgumentParser) -> None:
    """The flags that say where a verdict goes."""
    parser.add_argument("--verdict-file", metavar="F", help="write the verdict as JSON")
    parser.add_argument("--summary-file", metavar="F", help="write the job summary, as Markdown")
    add_format(parser)


def add_outputs(parser: argparse.ArgumentParser, what: str) -> None:
    """The flag that names the file for outputs of the step."""
    parser.add_argument("--outputs", metavar="F", help=f"append {what}, as GITHUB_OUTPUT takes it")


def append_outputs_to(path: str | None, outputs: Mapping[str, str]) -> None:
    """Append outputs of the step, where the flag names a file for them.

    Raises:
        FileError: the file can't be written.
    """
    from vopr_coverage.runner.files import append_outputs

    if path:
        append_outputs(path, outputs)


def add_format(parser: argparse.ArgumentParser) -> None:
    """The flag that says in which form a command prints."""
    parser.add_argument(
        "--format", type=one_of(FORMATS), default="text", metavar="|".join(FORMATS),
        help="what is printed (default: text)",
    )  # fmt: skip


V = TypeVar("V", bound=AnyVerdict)


def judge_and_tell(
    arguments: argparse.Namespace,
    judge: Callable[[], V],
    nothing_judged: Callable[[str], V],
    text: Callable[[V], str],
    markdown: Callable[[V], str],
    also: Callable[[V], None] = lambda _: None,
) -> int:
    """Judge, print and write; where nothing could be judged, the files say so, so that no old one is taken for it.

    Args:
        arguments: with `format`, `verdict_file` and `summary_file`.
        nothing_judged: the verdict that says why.
        text: of a verdict on something; of an error the caller prints what was raised.
        also: told of the verdict, whichever it is.

    Returns:
        The exit code.

    Raises:
        UserError: what `judge` raised, after it was told.
    """
    failed: UserError | None = None
    try:
        verdict = judge()
    except UserError as error:
        verdict, failed = nothing_judged(str(error)), error
    forms: dict[str, Callable[[], str]] = {
        "json": verdict.to_json,
        "markdown": lambda: markdown(verdict),
        "text": lambda: "" if failed else text(verdict),
    }
    sys.stdout.write(forms[arguments.format]())
    if arguments.verdict_file:
        _write(arguments.verdict_file, verdict.to_json())
    if arguments.summary_file:
        _write(arguments.summary_file, markdown(verdict))
    also(verdict)
    if failed:
        raise failed
    return ExitCode.PASSED if verdict.passed else ExitCode.GATE_FAILED


def _write(path: str, text: str) -> None:
    """Write a file; that it can't be written is a warning: the verdict stands."""
    try:
        write_text(path, text)
    except FileError as error:
        print(f"vopr-coverage: warning: {printable(path)} was not written: {error.found}", file=sys.stderr)
