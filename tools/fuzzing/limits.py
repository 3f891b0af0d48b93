"""How long an input takes and how large the process gets, as the kernel counts both."""

from __future__ import annotations

import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

PER_MB = 1 << 20 if sys.platform == "darwin" else 1 << 10  # macOS counts bytes, Linux KiB
_PEAK = Path("/proc/self/clear_refs")


class TooSlow(BaseException):
    """The time is over. It is no Exception, so that no reader takes it for one of its own."""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise TooSlow


@contextmanager
def seconds(most: float) -> Iterator[None]:
    """Raise TooSlow in whatever runs, once it has used so much time of the processor; other processes do not count.

    Code of C is interrupted when it returns. For code that never does there is the supervisor.
    """
    signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def peak_mb() -> float:
    """The largest resident size of this process since it began, or since `forget_peak`."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / PER_MB


def forget_peak() -> None:
    """Let the kernel count the peak anew, where it can do that (Linux)."""
    if _PEAK.exists():
        _PEAK.write_text("5")
