"""Files, for every door alike: whether a path lies inside these roots, its bytes up to a limit, and why not, in words.

Only regular files are read: a FIFO would wait for ever, and a device has no end. Writing takes
whatever a shell would redirect to, and waits for no reader.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path

from vopr_coverage.errors import FileError

STDIN = "-"
REACH = "a path inside the workspace or RUNNER_TEMP, all that this action sees and reads"

AnyPath = str | Path
_NO_WAITING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_KINDS = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
_ERRORS = {
    errno.ELOOP: "a loop of symbolic links",
    errno.EISDIR: "a directory",
    errno.ENXIO: "a FIFO that nobody reads",
}


def why(error: Exception) -> str:
    """Why the system refused a path, in words that follow "found"."""
    if isinstance(error, OSError):
        return _ERRORS.get(error.errno or 0) or (error.strerror or str(error) or type(error).__name__).lower()
    if isinstance(error, UnicodeError):
        return "a name with characters that no file can have"
    return "a path with a NUL byte"


def refuse_outside(path: AnyPath, roots: Sequence[Path], name: str = "") -> None:
    """Refuse a path that leads out of all roots, symbolic links followed; without roots every path is inside.

    Raises:
        FileError: it leads outside.
    """
    if not roots:
        return
    try:
        real = Path(os.path.realpath(path))
        inside = any(real.is_relative_to(os.path.realpath(root)) for root in roots)
    except (OSError, ValueError):
        return  # whoever opens it says what is wrong with it
    if not inside:
        raise FileError(name or str(path), REACH, "a path outside; make it relative to the workspace")


@contextmanager
def opened(path: AnyPath, name: str = "") -> Iterator[BufferedReader]:
    """Open a regular file for reading; `-` is standard input.

    Args:
        name: what messages call it; its path if empty.

    Raises:
        FileError: there is none, it is no regular file, or it cannot be read.
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
        raise FileError(name, "a readable file", why(error)) from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_irregular(os.fstat(descriptor), name)  # another may have taken its place
        yield file


def read_bytes(path: AnyPath, bytes_max: int, name: str = "") -> bytes:
    """All of a regular file or of standard input, of at most `bytes_max` (whole MiB); see `opened`.

    Raises:
        FileError: it cannot be read, or is larger.
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
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FileError(name or str(path), "a readable file", "text that is not UTF-8") from None


def is_there(path: AnyPath, name: str = "") -> bool:
    """Whether anything has this name, be it a link that leads nowhere: a file that cannot be read is not absent.

    Raises:
        FileError: nobody can tell.
    """
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise FileError(name or str(path), "a readable file", why(error)) from None
    return True


def write_text(path: AnyPath, text: str) -> None:
    """Write a file and make the folders above it.

    Raises:
        FileError: it cannot be written. So do the two below.
    """
    _write(path, text, os.O_TRUNC, folders=True)


def append_text(path: AnyPath, text: str) -> None:
    """Append to a file, which need not be there yet; its folder must be."""
    _write(path, text, os.O_APPEND)


def create_text(path: AnyPath, text: str) -> None:
    """Write a file that must not be there yet, and make the folders above it."""
    _write(path, text, os.O_EXCL, folders=True)


def replace_file(path: Path, data: bytes) -> None:
    """Replace a file at once: whoever reads it meanwhile, or after a crash, finds the old bytes or the new ones.

    Raises:
        OSError, ValueError: it cannot be written; then the file is as it was.
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


def _write(path: AnyPath, text: str, how: int, *, folders: bool = False) -> None:
    try:
        if folders:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how | _NO_WAITING | _BINARY, 0o666)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            if _NO_WAITING:
                os.set_blocking(descriptor, True)  # only opening must not wait
            file.write(text)
    except (OSError, ValueError) as error:
        raise FileError(str(path), "a file that can be written", why(error)) from None


def _refuse_irregular(status: os.stat_result, name: str) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise FileError(name, "a regular file", _KINDS.get(kind, "a device"))
