"""Measures how fast the simulator runs on this machine: a run of a few seconds, and the iterations in it."""

from __future__ import annotations

import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from vopr_coverage.errors import UsageError, shown
from vopr_coverage.files import why

STOP_S = 5.0
_RECORD = re.compile(rb'"type"\s*:\s*"iteration"')


def measured_rate(command: Sequence[str], seconds: float) -> float:
    """Iterations per second of one process, including its start, measured for at most `seconds`.

    Raises:
        UsageError: the command cannot be started, or finished no iteration.
    """
    started_s = time.monotonic()
    try:
        process = subprocess.Popen(  # noqa: S603 (the user's own command, word by word)
            list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise UsageError(f"the simulator {shown(command[0])} cannot be started: {why(error)}") from None
    assert process.stdout is not None
    count, elapsed_s = _count(process.stdout, started_s, seconds)
    _stop(process)
    if not count:
        problem = f"it finished no iteration in {elapsed_s:.0f} s (exit code {process.returncode})"
        raise UsageError(f"the rate of the simulator {shown(command[0])} cannot be measured: {problem}")
    return count / elapsed_s


def _count(stream: IO[bytes], started_s: float, seconds: float) -> tuple[int, float]:
    """How many iteration records came before the time was up or the stream ended, and the seconds until then."""
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def read() -> None:
        with suppress(OSError, ValueError):
            for line in stream:
                lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    count, last_s = 0, seconds
    while (left_s := started_s + seconds - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left_s)
        except queue.Empty:
            break
        if line is None:
            last_s = time.monotonic() - started_s
            break
        count += _RECORD.search(line) is not None
    return count, max(min(last_s, time.monotonic() - started_s), 1e-6)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the simulator and all processes that it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            os.killpg(process.pid, number)
        try:
            process.wait(STOP_S)
            break
        except subprocess.TimeoutExpired:
            continue
    if process.stdout:
        with suppress(OSError):
            process.stdout.close()
