"""The container's PID 1: runs `vopr_coverage.action`, and ends at once on SIGTERM and SIGINT."""

import os
import signal
import sys
from types import FrameType


def stop(number: int, _frame: FrameType | None) -> None:
    """End the process with 128 + the signal's number, as a shell would report it.

    The kernel gives PID 1 no default handlers: without this one, a cancelled job waits until it is killed.
    """
    name = signal.Signals(number).name
    os.write(sys.stderr.fileno(), f"vopr-coverage: stopped by {name} before it was done\n".encode())
    os._exit(128 + number)  # no clean-up that could block


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    from vopr_coverage import action  # imported late: a signal may arrive while the package loads

    sys.exit(action.main(os.environ))
