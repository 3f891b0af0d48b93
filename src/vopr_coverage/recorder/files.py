"""The files of a recording. Whatever is killed, what is on disk can be read."""

from __future__ import annotations

import zlib
from pathlib import Path
from threading import Lock

# Level 1 packs compact lines to within a tenth of what level 6 does, in a third of the time.
LEVEL = 1
GZIP_WINDOW = 31
LOG_HEAD_BYTES_MAX = 1 << 20
LOG_TAIL_BYTES_MAX = 1 << 20
LOG_END_BYTES = 64 << 10


class PackedFile:
    """A gzip file that can be read up to its last flush, even if its end is never written."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115 (closed by finish)
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP_WINDOW)
        self._fresh = True

    def write(self, data: bytes) -> None:
        """Add data; it may stay in memory until the next flush."""
        if data:
            self._fresh = True
            self._put(self._packer.compress(data))

    def flush(self) -> None:
        """Pass all data so far to the system."""
        if self._fresh:
            self._put(self._packer.flush(zlib.Z_SYNC_FLUSH))
            self._fresh = False

    def finish(self) -> None:
        """Write the end with its checksum."""
        self._put(self._packer.flush(zlib.Z_FINISH))
        self._file.close()

    def _put(self, packed: bytes) -> None:
        rest = memoryview(packed)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]


class BoundedLog:
    """A log of which the first and the last part are stored, with a note on what was dropped between them.

    One thread may write while another flushes.

    Attributes:
        size: bytes of the whole log, stored or dropped.
    """

    def __init__(self, path: Path) -> None:
        self._file = open(path, "xb", buffering=0)  # noqa: SIM115 (closed by finish)
        self._tail = bytearray()
        self._fresh = False
        self._lock = Lock()
        self._end = bytearray()
        self.size = 0

    @property
    def dropped(self) -> int:
        """Bytes that were not stored."""
        return max(0, self.size - LOG_HEAD_BYTES_MAX - LOG_TAIL_BYTES_MAX)

    @property
    def end(self) -> bytes:
        """Its last 64 KiB so far, or since `begin_part`."""
        return bytes(self._end[-LOG_END_BYTES:])

    def begin_part(self, note: bytes) -> None:
        """Write a note between two parts of the log; what came before it is no end of the next part."""
        self.write(note)
        with self._lock:
            self._end.clear()

    def write(self, data: bytes) -> None:
        """Add data; the first part is on disk at once, the last after the next flush."""
        with self._lock:
            room = max(0, LOG_HEAD_BYTES_MAX - self.size)
            self.size += len(data)
            self._end += data[-LOG_END_BYTES:]
            if len(self._end) > 2 * LOG_END_BYTES:
                del self._end[:-LOG_END_BYTES]
            if room:
                self._file.write(data[:room])
            if data[room:]:
                self._tail += data[room:]
                del self._tail[:-LOG_TAIL_BYTES_MAX]
                self._fresh = True

    def flush(self) -> None:
        """Write the last part again, behind the first."""
        with self._lock:
            if self._fresh:
                self._write_tail()

    def _write_tail(self) -> None:
        note = f"\n[vopr-coverage: {self.dropped} bytes are left out here]\n".encode() if self.dropped else b""
        self._file.seek(LOG_HEAD_BYTES_MAX)
        self._file.truncate()
        self._file.write(note + self._tail)
        self._fresh = False

    def finish(self) -> None:
        """Flush and close."""
        self.flush()
        self._file.close()
