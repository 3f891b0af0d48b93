"""The same doors, guided by coverage: atheris keeps inputs that reach new code, and changes these further."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.fuzzing.door import Door

FIRST = "first input at the door "  # what the child writes for each door


class Missing(Exception):
    """There is no guide for this Python."""


def guided(doors: Sequence[Door], home: Path, seconds: float) -> str:
    """Fuzz all doors in one process for some seconds, and return what is to be said of it.

    Raises:
        Missing: atheris is not installed.
        SystemExit: a finding, or a door without an input; what it is was printed.
    """
    if importlib.util.find_spec("atheris") is None:
        version = ".".join(map(str, sys.version_info[:2]))
        raise Missing(f"atheris is not installed; it has no wheel for every Python, and this one is {version}")
    corpus, found = home / "guided", home / "findings"
    for folder in (corpus, found):
        folder.mkdir(parents=True, exist_ok=True)
    for number, door in enumerate(doors):
        for index, sample in enumerate((*door.samples, *door.extra)):
            (corpus / f"sample-{number}-{index}").write_bytes(bytes([number]) + sample)
    names = ",".join(door.name for door in doors)
    words = [f"-max_total_time={max(int(seconds), 1)}", "-rss_limit_mb=2048", "-max_len=20000", "-timeout=600"]
    ended = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "tools.fuzzing.guide_child", *words, f"-artifact_prefix={found}/guided-", str(corpus)],
        env={**os.environ, "VOPR_FUZZ_DOORS": names}, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if ended.returncode:
        print(ended.stderr[-6000:], file=sys.stderr)
        raise SystemExit(1)
    runs = [line for line in ended.stderr.splitlines() if line.startswith(("Done ", "#"))]
    reached = {line.removeprefix(FIRST) for line in ended.stderr.splitlines() if line.startswith(FIRST)}
    if missed := [door.name for door in doors if door.name not in reached]:
        raise SystemExit(f"no guided input reached {', '.join(missed)}")
    return f"guided by coverage, {len(reached)} doors: {runs[-1] if runs else 'no count of inputs'}"
