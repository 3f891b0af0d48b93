"""A verdict as a command tells it: printed in the form that was asked for, and written to the files that were named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from vopr_coverage.errors import printable

FORMATS = ("text", "json", "markdown")


def tell(arguments: argparse.Namespace, json: str, text: Callable[[], str], markdown: Callable[[], str]) -> None:
    """Print and write a verdict. A file that can't be written is a warning: the verdict stands.

    Args:
        arguments: with `format`, `verdict_file` and `summary_file`.
        text, markdown: called only where they are wanted; an empty text prints nothing.
    """
    forms = {"json": lambda: json, "markdown": markdown, "text": text}
    sys.stdout.write(forms[arguments.format]())
    if arguments.verdict_file:
        _write(arguments.verdict_file, json)
    if arguments.summary_file:
        _write(arguments.summary_file, markdown())


def _write(path: str, text: str) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        print(f"vopr-coverage: warning: {printable(path)} was not written: {error.strerror}", file=sys.stderr)
