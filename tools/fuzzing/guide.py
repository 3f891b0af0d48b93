"""The same doors, guided by coverage: atheris keeps inputs that reach new code, and changes these further."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.fuzzing.door import Door

FOUND = 77  # what the child ends with at a finding


class Missing(Exception):
    """There is no guide for this Python."""


def guided(doors: Sequence[Door], home: Path, seconds: float) -> str:
    """Fuzz all doors in one process for some seconds, and return what is to be said of it.

    Raises:
        Missing: atheris is not installed.
        SystemExit: a finding; what it is was printed.
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
    words = [f"-max_total_time={max(int(seconds), 1)}", "-rss_limit_mb=2048", "-max_len=20000", "-timeout=60"]
    ended = subprocess.run(  # noqa: S603 (ourselves)
        [sys.executable, "-m", "tools.fuzzing.guide_child", *words, f"-artifact_prefix={found}/guided-", str(corpus)],
        env={**os.environ, "VOPR_FUZZ_DOORS": names}, capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if ended.returncode:
        print(ended.stderr[-6000:], file=sys.stderr)
        raise SystemExit(1)
    runs = [line for line in ended.stderr.splitlines() if line.startswith(("Done ", "#"))]
    return f"guided by coverage: {runs[-1] if runs else 'no inputs'}"
