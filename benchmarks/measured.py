"""A child process and what it took: wall and CPU time, peak memory, exit code and output.

What a kernel says of a process's peak begins with the size of whoever started it, and a bench grows large. So a small
process of its own starts each child, and weighs it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
_UNWANTED = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONDEVMODE")
_WEIGH = """
import json, os, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.run(sys.argv[2:]).returncode
wall_s = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
peak = used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
with open(sys.argv[1], "w") as file:
    json.dump([code, wall_s, used.ru_utime + used.ru_stime, peak], file)
"""


@dataclass(frozen=True)
class Measured:
    """One child with all its children, from its start to its end; `peak_bytes` is that of the largest of them."""

    code: int
    wall_s: float
    cpu_s: float
    peak_bytes: int
    output: str


def child(argv: Sequence[str], cwd: Path, stdin: IO[bytes] | None = None, timeout_s: float = 3_600.0) -> Measured:
    """Run a command of this checkout's to its end; `output` has standard output and error.

    Compiled modules are kept in `cwd`, so that a second run finds them as in an installed package.

    Raises:
        subprocess.TimeoutExpired: it did not end in time.
    """
    environment = {key: value for key, value in os.environ.items() if key not in _UNWANTED}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    environment["PYTHONPYCACHEPREFIX"] = str(cwd / "pycache")
    with tempfile.TemporaryDirectory(prefix="vopr-measured-") as folder:
        figures = Path(folder) / "figures"
        ended = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _WEIGH, str(figures), *argv],
            cwd=cwd,
            env=environment,
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_s,
            check=True,
        )
        code, wall_s, cpu_s, peak_bytes = json.loads(figures.read_text())
    return Measured(code, wall_s, cpu_s, peak_bytes, ended.stdout.decode(errors="replace"))
