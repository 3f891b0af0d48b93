"""Programs that ask a database over the network: how they are started, and what counts as an answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tools.audit.model import Unanswered

TIMEOUT_S = 600


def answer_of(name: str, line: list[str], folder: Path | None = None) -> tuple[int, Any]:
    """The exit code of a program and the JSON that it printed.

    Raises:
        Unanswered: it could not be started, took too long, or printed no JSON.
    """
    try:
        done = subprocess.run(  # noqa: S603
            line, cwd=folder, capture_output=True, encoding="utf-8", errors="replace", timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unanswered(f"{name}: {error}") from None
    try:
        return done.returncode, json.loads(done.stdout)
    except (ValueError, RecursionError):
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise Unanswered(f"{name} ended with exit code {done.returncode} and without an answer: {said[-1]}") from None
