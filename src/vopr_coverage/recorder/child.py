"""One simulator as a process of its own: what it prints, and how it is ended when it must."""

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

KILL_AFTER_S = 10.0  # between asking and ending
ABANDON_AFTER_S = 2.0  # between ending and no longer waiting for what a process left behind
PIECE_BYTES = 1 << 16
PIECES_WAITING_MAX = 64
_PIPE_BYTES = 1 << 20
_HAS_GROUPS = os.name == "posix"
KILL = signal.SIGKILL if _HAS_GROUPS else signal.SIGTERM


class Child:
    """A running simulator, in a process group of its own. Its standard input is empty.

    Attributes:
        stopping_since: when it was first asked to end, in seconds of the clock; None before.
    """

    def __init__(self, words: Sequence[str], log: Callable[[bytes], None]) -> None:
        """Start it; `log` gets what it writes to stderr, in a thread of its own.

        Raises:
            UsageError: the command can't be started.
        """
        try:
            self._process = subprocess.Popen(  # noqa: S603 (to run it is what we are for)
                list(words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=_HAS_GROUPS,
            )
        except (OSError, ValueError) as error:
            raise UsageError(f"the command {printable(words[0])} can't be started: {why(error)}") from None
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
        """The next bytes of its output; b"" at its end, None where nothing came in time."""
        try:
            return self._pieces.get(timeout=wait_s)
        except Empty:
            return None

    def ask_to_end(self, number: int, now: float) -> None:
        """Send a signal to its process group, and from now on expect it to end. The second time it is ended."""
        if self.stopping_since is None:
            self.stopping_since = now
            self._signal(number)
        else:
            self._kill(now)

    def keep_order(self, now: float) -> bool:
        """End what was asked to end ten seconds ago. Returns whether to wait on for output.

        A process that has ended may have left another behind that holds its output open;
        that one gets as long.
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
        """Its exit code, or minus the signal that ended it; None while it runs."""
        return self._process.poll()

    def close(self) -> int | None:
        """End whatever of its group still runs, wait for the last of its stderr, and return its status."""
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
    """A larger pipe makes fewer turns between the two processes."""
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


class Told:
    """Who is told of a signal, for now."""

    def __init__(self, handle: Callable[[int], None]) -> None:
        self.handle = handle

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.handle(number)


@contextmanager
def signals_told(handle: Callable[[int], None]) -> Iterator[Told]:
    """Have Ctrl-C and SIGTERM told to `handle`, as far as this thread may decide on that."""
    told = Told(handle)
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {number: signal.signal(number, told) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
