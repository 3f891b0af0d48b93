"""One simulator as a process of its own: its output, and how it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from types import FrameType
from typing import IO

from vopr_coverage.errors import UsageError, printable
from vopr_coverage.files import why
from vopr_coverage.recorder.child_environment import child_environment

KILL_AFTER_S = 10.0  # between the first signal and the kill
ABANDON_AFTER_S = 2.0  # between the kill and no longer waiting for processes that it left behind
PIECE_BYTES = 1 << 16
PIECES_WAITING_MAX = 64
_PIPE_BYTES = 1 << 20
_HAS_GROUPS = os.name == "posix"
KILL = signal.SIGKILL if _HAS_GROUPS else signal.SIGTERM


class Child:
    """A running simulator, in a process group of its own. Its standard input is empty.

    Attributes:
        stopping_since: when it was first asked to stop, in seconds of the clock; None before.
        log_error: why `log` could not store its stderr, None if it could.
    """

    def __init__(self, words: Sequence[str], log: Callable[[bytes], None]) -> None:
        """Start it. `log` is called with what it writes to stderr, in a thread of its own.

        Raises:
            UsageError: the command cannot be started.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603 (running it is the purpose of this program)
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=child_environment(),
                start_new_session=_HAS_GROUPS,
            )
        except (OSError, ValueError) as error:
            raise UsageError(f"the command {printable(words[0])} cannot be started: {why(error)}") from None
        self.stopping_since: float | None = None
        self._killed_at: float | None = None
        self._ended_at: float | None = None
        self._pieces: Queue[bytes] = Queue(PIECES_WAITING_MAX)
        self._abandoned = False
        self.log_error: OSError | None = None
        assert self._process.stdout
        assert self._process.stderr
        _widen(self._process.stdout)
        self._logging = threading.Thread(target=self._log, args=(self._process.stderr, log), daemon=True)
        self._logging.start()
        threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True).start()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while piece := pipe.read(PIECE_BYTES):
                if not self._hand_over(piece):
                    return
        self._hand_over(b"")

    def _hand_over(self, piece: bytes) -> bool:
        while not self._abandoned:
            with suppress(Full):
                self._pieces.put(piece, timeout=1.0)
                return True
        return False

    def _log(self, pipe: IO[bytes], log: Callable[[bytes], None]) -> None:
        with pipe:
            while piece := pipe.read(PIECE_BYTES):
                if self.log_error is None:
                    try:
                        log(piece)
                    except OSError as error:  # read on: a full pipe would stop the simulator
                        self.log_error = error

    def piece(self, wait_s: float) -> bytes | None:
        """The next bytes of its output; b"" at the end of the output, None if nothing came in time."""
        try:
            return self._pieces.get(timeout=wait_s)
        except Empty:
            return None

    def ask_to_end(self, number: int, now: float) -> None:
        """Send a signal to its process group, so that it stops. The second call kills it."""
        if self.stopping_since is None:
            self.stopping_since = now
            self._signal(number)
        else:
            self._kill(now)

    def keep_order(self, now: float) -> bool:
        """Kill it if it was asked to stop ten seconds ago. Returns whether to wait for more output.

        A process that has ended may leave another one behind that holds its output open. That one is killed after
        the same time.
        """
        if self._ended_at is None and self._process.poll() is not None:
            self._ended_at = now
        since = self.stopping_since if self.stopping_since is not None else self._ended_at
        if since is not None and self._killed_at is None and now - since >= KILL_AFTER_S:
            self._kill(now)
        if self._killed_at is not None and now - self._killed_at >= ABANDON_AFTER_S:
            self._abandoned = True
        return not self._abandoned

    def status(self) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None while it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> None:
        """Wait for its end, at most so long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def close(self) -> int | None:
        """Kill what still runs of its group, wait for the rest of its stderr, and return its status."""
        if self._abandoned or self._process.poll() is None:
            self._signal(KILL)
        self._abandoned = True
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(ABANDON_AFTER_S)
        self._logging.join(ABANDON_AFTER_S)
        return self._process.poll()

    def _kill(self, now: float) -> None:
        self._killed_at = now
        self._signal(KILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if _HAS_GROUPS:
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()


def _widen(pipe: IO[bytes]) -> None:
    """Enlarge a pipe: the two processes then take turns less often."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class SignalHandler:
    """What signals are passed to; `handle` can be replaced while it is installed."""

    def __init__(self, handle: Callable[[int], None]) -> None:
        self.handle = handle

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.handle(number)


@contextmanager
def signals_to(handle: Callable[[int], None]) -> Iterator[SignalHandler]:
    """Pass Ctrl-C and SIGTERM to `handle`. Only the main thread can do so; elsewhere nothing is installed."""
    handler = SignalHandler(handle)
    if threading.current_thread() is not threading.main_thread():
        yield handler
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield handler
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
