"""A lock that a process holds in a file, and that the system takes back when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_S = 0.02


class HeldError(Exception):
    """Another process held the lock all the time."""


@contextmanager
def locked(path: Path, wait_s: float = 0.0) -> Iterator[None]:
    """Hold the lock in that file; it stays when the lock is given back, or others would lock a file that is gone.

    Raises:
        HeldError: another process has held it for `wait_s`.
        OSError: there is no such file, and it can't be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)  # which no process that is started here inherits
    try:
        until = time.monotonic() + wait_s
        while not _taken(descriptor):
            if time.monotonic() >= until:
                raise HeldError
            time.sleep(POLL_S)
        yield
    finally:
        os.close(descriptor)  # which gives the lock back


def _taken(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
