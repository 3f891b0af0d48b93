"""What a command prints and writes: its verdict, outputs of the step, lines about its work."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TextIO, TypeVar

from vopr_coverage.commands.options import one_of
from vopr_coverage.errors import (
    ExitCode,
    FileError,
    UsageError,
    UserError,
    document_without_commands,
    printable,
    without_commands,
)
from vopr_coverage.files import replace_file, why, write_text
from vopr_coverage.progress import ProgressLine
from vopr_coverage.render.terminal import WIDTH_LOG, WIDTH_UNKNOWN, Terminal, terminal_of
from vopr_coverage.runner.environment import Runner

FORMATS = ("text", "json", "markdown")
JSON_FORMATS = ("json", "sarif")


class AnyVerdict(Protocol):
    """What all verdicts have in common."""

    @property
    def passed(self) -> bool:
        """Whether every gate holds."""

    def to_json(self) -> str:
        """The verdict as a file."""


def add_verdict_files(parser: argparse.ArgumentParser, formats: Sequence[str] = FORMATS) -> None:
    """The flags that name the files of a verdict, and the form in which it is printed."""
    parser.add_argument("--verdict-file", metavar="F", help="write the verdict to this file, as JSON")
    parser.add_argument("--summary-file", metavar="F", help="write the job summary to this file, as Markdown")
    add_format(parser, formats)


def add_verbose(parser: argparse.ArgumentParser) -> None:
    """The flag for a text with everything in it."""
    parser.add_argument(
        "-v", "--verbose", action="store_true",
        help="print everything: all findings, causes and warnings, and what passed",
    )  # fmt: skip


def add_outputs(parser: argparse.ArgumentParser, what: str) -> None:
    """The flag that names the file for outputs of the step."""
    parser.add_argument("--outputs", metavar="F", help=f"append {what} to this file, in the format of GITHUB_OUTPUT")


def write_outputs(path: str | None, outputs: Mapping[str, str]) -> None:
    """Append outputs of the step, where the flag names a file for them.

    Raises:
        FileError: the file can't be written.
    """
    from vopr_coverage.runner.files import append_outputs

    if path:
        append_outputs(path, outputs)


def emit(text: str) -> None:
    """Print text of whole lines. All that a command prints for people passes here, and is inert in a job's log."""
    sys.stdout.write(without_commands(text))


def annotate(line: str, out: TextIO | None = None) -> None:
    """Print a workflow command of ours, whose text is escaped."""
    print(line, file=out, flush=True)


def emit_document(text: str) -> None:
    """Print JSON, or YAML whose strings are quoted as in JSON: a log may show it, too."""
    sys.stdout.write(document_without_commands(text))


def emit_lines(lines: Iterable[bytes]) -> None:
    """Print lines of JSON one by one, as `emit_document` does."""
    for line in lines:
        sys.stdout.buffer.write(document_without_commands(line.decode()).encode())
    sys.stdout.buffer.flush()


def log(text: str) -> None:
    """Print a line about the work to standard error, if anybody reads it: the exit code must not depend on it."""
    with suppress(OSError, ValueError, AttributeError):
        print(f"vopr-coverage: {printable(text)}", file=sys.stderr, flush=True)


def log_withheld(names: Sequence[str]) -> None:
    """Say which tokens of the user's own a simulator does not get: it may fail without them."""
    if names:
        log(f"the simulator does not get {', '.join(names)}: code under test gets no token")


def log_last_words(lines: Sequence[str]) -> None:
    """Print the last lines that a simulator wrote to stderr."""
    for line in lines:
        log(f"stderr: {line}")


def on_terminal() -> bool:
    """Whether standard error is a terminal, where a line can be rewritten."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress_line() -> Iterator[ProgressLine | None]:
    """A line that shows how far the work is, and is removed at the end; None where there is no terminal."""
    line = ProgressLine(sys.stderr)
    try:
        yield line if on_terminal() else None
    finally:
        line.clear()


def add_format(parser: argparse.ArgumentParser, formats: Sequence[str] = FORMATS) -> None:
    """The flag for the format of what a command prints."""
    parser.add_argument(
        "--format", type=one_of(formats), default="text", metavar="|".join(formats),
        help="the format of what is printed (default: text)",
    )  # fmt: skip


V = TypeVar("V", bound=AnyVerdict)


def standard_output(runner: Runner) -> Terminal:
    """What people read standard output on: a terminal with its width, a job's log, or a pipe of 80 columns."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    unknown = WIDTH_LOG if runner.is_github else WIDTH_UNKNOWN
    columns = shutil.get_terminal_size((unknown, 24)).columns
    colours = is_terminal if runner.colours is None else runner.colours
    return terminal_of(columns, colours=colours, screen=is_terminal)


def judge_and_publish(
    arguments: argparse.Namespace,
    runner: Runner,
    judge: Callable[[], V],
    nothing_judged: Callable[[str], V],
    text: Callable[[V, Terminal], str],
    markdown: Callable[[V], str],
    also: Callable[[V], None] = lambda _: None,
    more: Mapping[str, Callable[[V], str]] = MappingProxyType({}),
) -> int:
    """Judge, print and write. Where nothing could be judged, the files say so: no old file is taken for this verdict.

    Args:
        arguments: with `format`, `verdict_file` and `summary_file`.
        nothing_judged: the verdict that says why.
        text: for a verdict; an error is raised, and the caller prints it.
        also: is called with the verdict, whatever it is.
        more: further formats by name, each with its renderer.

    Returns:
        The exit code.

    Raises:
        UserError: what `judge` raised, after the files were written.
    """
    failed: UserError | None = None
    try:
        verdict = judge()
    except UserError as error:
        verdict, failed = nothing_judged(str(error)), error
    forms: dict[str, Callable[[], str]] = {
        "json": verdict.to_json,
        "markdown": lambda: markdown(verdict),
        "text": lambda: "" if failed else text(verdict, standard_output(runner)),
        **{name: partial(render, verdict) for name, render in more.items()},
    }
    (emit_document if arguments.format in JSON_FORMATS else emit)(forms[arguments.format]())
    if arguments.verdict_file:
        _write(arguments.verdict_file, verdict.to_json())
    if arguments.summary_file:
        _write(arguments.summary_file, markdown(verdict))
    also(verdict)
    if failed:
        raise failed
    return ExitCode.PASSED if verdict.passed else ExitCode.GATE_FAILED


def write_asked_for(path: Path, data: bytes) -> None:
    """Write a file that a flag asks for, and its folders.

    Raises:
        UsageError: it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    except (OSError, ValueError) as error:
        raise UsageError(f"{printable(str(path))} was not written: {why(error)}") from None


def _write(path: str, text: str) -> None:
    """Write a file. Failing is a warning: the verdict decides the exit code."""
    try:
        write_text(path, text)
    except FileError as error:
        log(f"warning: {path} was not written: {error.found}")
