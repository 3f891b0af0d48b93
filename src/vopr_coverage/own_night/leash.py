"""Runs one command of a night, and ends it when the night's own process is gone, even by a kill.

The night holds the other end of standard input open. When that end closes, this process gets the signal that a user
would send: `record` then stops its simulator, as always.

    python -m vopr_coverage.own_night.leash COMMAND ARGUMENT…     a command of vopr-coverage
    python -m vopr_coverage.own_night.leash --script TEXT         a bash script
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from vopr_coverage.recorder.child_environment import child_environment

SCRIPT = "--script"


def main(words: Sequence[str]) -> int:
    """Run it; the exit code is the command's, or 128 and the number of the signal that ended a script."""
    threading.Thread(target=_end_with_the_night, daemon=True).start()
    if words[0] == SCRIPT:
        return _run_script(words[1])
    sys.argv[1:] = words
    runpy.run_module("vopr_coverage", run_name="__main__", alter_sys=True)
    raise AssertionError("it ends the process")


def _end_with_the_night() -> None:
    with suppress(OSError):
        while os.read(0, 1):
            pass
    os.kill(os.getpid(), signal.SIGTERM)


def _run_script(text: str) -> int:
    script = subprocess.Popen(  # noqa: S603 # the config's own
        ["bash", "-euo", "pipefail", "-c", text],  # noqa: S607 # the bash that the user's shell would run
        stdin=subprocess.DEVNULL,
        env=child_environment(),
    )

    def end(_number: int, _frame: object) -> None:
        os.killpg(os.getpgrp(), signal.SIGKILL)  # the script, all that it started, and this process

    signal.signal(signal.SIGTERM, end)
    status = script.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
