"""File access for the CLI and the action: allowed roots, reading up to a limit, writing, and the error messages.

Only regular files are read: a FIFO could block for ever, and a device may never end. Writing accepts
whatever a shell can redirect to, and never waits for a reader.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from vopr_coverage.errors import FileError
from vopr_coverage.formats.text import text_of

STDIN = "-"
REACH = "a path inside the workspace or RUNNER_TEMP: this action reads no other files"

AnyPath = str | Path
_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_KINDS = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
LOCK_POLL_S = 0.02
BROKEN_LINK = "a symbolic link to a path that does not exist"
_ERRORS = {
    errno.ELOOP: "a loop of symbolic links",
    errno.EISDIR: "a directory",
    errno.ENXIO: "a FIFO that nobody reads",
}


def why(error: Exception) -> str:
    """Why the system refused a path, as text that follows "found"."""
    if isinstance(error, OSError):
        return _ERRORS.get(error.errno or 0) or (error.strerror or str(error) or type(error).__name__).lower()
    if isinstance(error, UnicodeError):
        return "a name with characters that no file can have"
    return "a path with a NUL byte"


def refuse_outside(path: AnyPath, roots: Sequence[Path], name: str = "") -> None:
    """Refuse a path outside all roots, symbolic links followed. Without roots every path is allowed.

    Raises:
        FileError: the path is outside.
    """
    if not is_inside(path, roots):
        raise FileError(name or str(path), REACH, "a path outside; make it relative to the workspace")


def is_inside(path: AnyPath, roots: Sequence[Path]) -> bool:
    """Whether a path lies inside one of the roots, symbolic links followed. Without roots every path does."""
    if not roots:
        return True
    try:
        real = Path(os.path.realpath(path))
        return any(real.is_relative_to(os.path.realpath(root)) for root in roots)
    except (OSError, ValueError):
        return True  # opening the file reports the error


@contextmanager
def opened(path: AnyPath, name: str = "") -> Iterator[BufferedReader]:
    """Open a regular file for reading; `-` is standard input.

    Args:
        name: its name in messages; its path if empty.

    Raises:
        FileError: the file is missing, not a regular file, or unreadable.
    """
    name = name or str(path)
    if path == STDIN:
        if sys.stdin is None:
            raise FileError(name, "data on standard input", "none: it is closed")
        yield sys.stdin.buffer  # type: ignore[misc]
        return
    try:
        _refuse_irregular(os.stat(path), name)
        descriptor = os.open(path, os.O_RDONLY | _NO_WAITING | _BINARY)
    except (OSError, ValueError) as error:
        found = BROKEN_LINK if isinstance(error, FileNotFoundError) and os.path.islink(path) else why(error)
        raise FileError(name, "a readable file", found) from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_irregular(os.fstat(descriptor), name)  # the file may have been replaced since `stat`
        yield file


def read_bytes(path: AnyPath, bytes_max: int, name: str = "") -> bytes:
    """Read a whole regular file or standard input, at most `bytes_max` bytes (a multiple of 1 MiB); see `opened`.

    Raises:
        FileError: it cannot be read, or it is larger.
    """
    name = name or str(path)
    with opened(path, name) as file:
        try:
            data = file.read(bytes_max + 1)
        except OSError as error:
            raise FileError(name, "a readable file", why(error)) from None
    if len(data) > bytes_max:
        raise FileError(name, f"at most {bytes_max >> 20} MiB", "a larger file")
    return data


def read_text(path: AnyPath, bytes_max: int, name: str = "") -> str:
    """The text of a UTF-8 file, without a byte order mark; see `read_bytes`."""
    data = read_bytes(path, bytes_max, name)
    try:
        return text_of(data)
    except UnicodeDecodeError:
        raise FileError(name or str(path), "a readable file", "text that is not UTF-8") from None


def is_there(path: AnyPath, name: str = "") -> bool:
    """Whether the path exists. A broken link and an unreadable file do exist.

    Raises:
        FileError: it is not known, because a folder of the path is a broken link, no folder, or unreadable.
    """
    try:
        os.lstat(path)
    except FileNotFoundError:
        folder = next((folder for folder in Path(path).parents if os.path.lexists(folder)), Path())
        if not os.path.exists(folder):
            raise FileError(name or str(path), "a readable file", f"on the way to it {BROKEN_LINK}") from None
        return False
    except (OSError, ValueError) as error:
        raise FileError(name or str(path), "a readable file", why(error)) from None
    return True


def write_text(path: AnyPath, text: str) -> None:
    """Write a file and create its parent folders.

    Raises:
        FileError: it cannot be written. The two functions below raise it, too.
    """
    _write(path, text, os.O_TRUNC, folders=True)


def append_text(path: AnyPath, text: str) -> None:
    """Append to a file, or create it. Its folder must exist."""
    _write(path, text, os.O_APPEND)


def create_text(path: AnyPath, text: str) -> None:
    """Write a file that must not exist yet, and create its parent folders."""
    _write(path, text, os.O_EXCL, folders=True)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file atomically: a reader, even after a crash, sees either the old bytes or the new ones.

    Raises:
        OSError, ValueError: it cannot be written; the file is unchanged.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError, ValueError):
            os.unlink(part)
        raise


def _write(path: AnyPath, text: str, flags: int, *, folders: bool = False) -> None:
    try:
        if folders:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags | _NO_WAITING | _BINARY, 0o666)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            if _NO_WAITING:
                os.set_blocking(descriptor, True)  # only opening must not block
            file.write(text)
    except (OSError, ValueError) as error:
        raise FileError(str(path), "a file that can be written", why(error)) from None


def _refuse_irregular(status: os.stat_result, name: str) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise FileError(name, "a regular file", _KINDS.get(kind, "a device"))


# ---- locks


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
            time.sleep(LOCK_POLL_S)
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
