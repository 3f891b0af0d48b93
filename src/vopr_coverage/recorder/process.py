"""One process of a recording, from its start to its end: its output is compacted as it comes."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NamedTuple

from vopr_coverage.reading.compact import Compactor
from vopr_coverage.recorder.child import Child

WAIT_S = 0.1  # for output, before looking at the clock again

Clock = Callable[[], float]


class Ended(NamedTuple):
    """How a process ended.

    Attributes:
        status: its exit code, or minus the number of the signal that ended it; None if unknown.
        at_end: whether all of its output was read.
        timed_out: whether it was asked to end because its time was up.
    """

    status: int | None
    at_end: bool
    timed_out: bool

    @property
    def exit_code(self) -> int | None:
        """Its exit code; None if it has none."""
        return self.status if self.status is not None and self.status >= 0 else None

    @property
    def signal(self) -> int | None:
        """The number of the signal that ended it; None if none did."""
        return -self.status if self.status is not None and self.status < 0 else None


def follow(
    child: Child,
    compactor: Compactor,
    write: Callable[[bytes], None],
    tick: Callable[[float], None],
    ends_at: float | None,
    clock: Clock,
) -> Ended:
    """Pass on the output of a process until output and process have ended.

    Args:
        write: is called with compacted lines.
        tick: is called with the time between pieces of output.
        ends_at: when it is asked to end, in seconds of the clock; None: never.

    Raises:
        OSError: `write` could not store them.
    """
    output_ended = timed_out = False
    at_end = True
    while not (output_ended and child.status() is not None):
        piece = None
        if output_ended:
            child.wait(WAIT_S / 10)  # a simulator that has closed its output may still run
        else:
            piece = child.piece(WAIT_S)
        if piece:
            write(compactor.feed(piece))
        output_ended |= piece == b""
        now = clock()
        tick(now)
        if ends_at is not None and now >= ends_at and not timed_out:
            if child.stopping_since is None:
                child.ask_to_end(signal.SIGTERM, now)
            timed_out = True
        if not piece and not child.keep_order(now):
            at_end = False
            break
        if piece and child.stopping_since is not None:
            child.keep_order(now)
    write(compactor.finish())
    return Ended(child.close(), at_end, timed_out)
