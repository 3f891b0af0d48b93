"""Simulators as processes: one that knows flags, may be slow or die, and what is left of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.reports import Ended, run_cli

# As a real one is started: it knows flags and prints as it goes.
SIMULATOR = """
import json, os, signal, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
first, count = int(words["--seed"]), int(words["--iterations"])
def say(kind, data):
    print(json.dumps({"data": data, "timestamp": "t", "type": kind}), flush=True)
failed = []
say("start", {"starting_seed": first, "iterations": count})
for seed in range(first, first + count):
    if words.get("--die-at") == str(seed):
        os.kill(os.getpid(), signal.SIGKILL)
    if words.get("--hang-at") == str(seed):
        if "--deaf" in words:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("hanging", file=sys.stderr, flush=True)
        time.sleep(60)
    if words.get("--fail-at") == str(seed):
        say("iteration", {"seed": seed, "status": "failed", "events": 5, "invariant": "log_order", "message": "no"})
        failed.append(seed)
        continue
    hashes = {"storage_hash": f"{seed:064x}", "kernel_state_hash": "16f7" * 16}
    say("iteration", {"seed": seed, "status": "ok", "events": 5, "simulated_time_ms": 1.5, **hashes})
if "--ends" in words:
    totals = {"successes": count - len(failed), "failures": len(failed), "failed_seeds": failed}
    say("batch_complete", {**totals, "elapsed_secs": 0.5, "rate": 6.0, "coverage": None})
sys.exit(1 if failed else 0)
"""


def a_simulator(folder: Path) -> list[str]:
    """The words that start it, from a file in `folder`; its stream has no end, but with `--ends yes`."""
    (folder / "sim.py").write_text(SIMULATOR)
    return [sys.executable, str(folder / "sim.py"), "--seed", "{seed}", "--iterations", "{iterations}"]


def record(folder: Path, *command: str, options: tuple[str, ...] = (), seed: int = 0, iterations: int = 3) -> Ended:
    """Record three seeds into `folder`/out."""
    asked = ("--scenario", "combined", "--seed", str(seed), "--iterations", str(iterations))
    return run_cli("record", *asked, "--out", "out", *options, "--", *command, cwd=folder)


def wait_for(what: Callable[[], Any], seconds: float = 20.0) -> None:
    """Until it is true; processes take their time on a busy machine."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def read(path: Path) -> bytes:
    """A file that may not be there yet."""
    return path.read_bytes() if path.exists() else b""


def processes_with(word: str) -> list[int]:
    """Processes that still run with this word in their command line, but for recordings."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        words = read_quietly(folder / "cmdline").split(b"\0")
        if word.encode() in words and b"vopr_coverage" not in words:
            found.append(int(folder.name))
    return found


def is_gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for has."""
    state = read_quietly(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return not state or state[0] == b"Z"


def read_quietly(path: Path) -> bytes:
    """A file of a process that may just have ended."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
