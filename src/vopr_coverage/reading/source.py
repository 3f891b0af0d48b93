"""Bytes of a report file, a block of whole lines at a time, in constant memory.

Plain or gzip (told by content). Refuses what is not text, and lines above `LINE_BYTES_MAX`.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Protocol

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.files import why

LINE_BYTES_MAX = 64 << 20
BLOCK_BYTES = 64 << 10  # fits the cache, and what is decoded from it the allocator's arena: larger blocks are slower

Progress = Callable[[int], None]

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
_GZIP_MAGIC = b"\x1f\x8b"


class BrokenData(ReportError):
    """Data that goes wrong after the blocks so far. Whoever reads those knows how many lines they were."""

    def __init__(self, source: str, expected: str, found: str) -> None:
        super().__init__(source, "", expected=expected, found=Words(found))

    def on_line(self, number: int) -> ReportError:
        """The same complaint, with the number of the line that it is about."""
        return ReportError(self.source, f":{number}", expected=self.expected, found=self.found)


class CutShort(BrokenData):
    """Packed data that ends before its checksum: what came out of it counts, whole it is not."""


class _Reads(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def blocks(stream: BufferedReader, source: str, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield blocks of whole lines; only the last may lack its newline. Starts past a BOM.

    Raises:
        ReportError: empty, binary or UTF-16 data.
        BrokenData: broken gzip, a failing disk, or a line above LINE_BYTES_MAX.
        CutShort: after the last block, where gzip data breaks off.
    """
    reader, head = _unpacked(stream, source)
    _refuse_binary(head, source)
    head = head.removeprefix(_UTF8_MARK)
    if not head:
        raise ReportError(source, "", expected="a report", found=Words("an empty file"))
    begun, waiting, cut = list[bytes](), 0, None  # the parts of a line whose end is still to come
    fresh = head
    while fresh:
        if progress:
            progress(len(fresh))
        end = fresh.rfind(b"\n") + 1
        if end:
            yield b"".join([*begun, memoryview(fresh)[:end]])
            begun, waiting = [], 0
        begun.append(fresh[end:])
        waiting += len(begun[-1])
        if waiting > LINE_BYTES_MAX:
            raise BrokenData(source, "a line", f"over {LINE_BYTES_MAX >> 20} MiB without a line end")
        try:
            fresh = _read(reader, source)
        except CutShort as error:
            fresh, cut = b"", error
    rest = b"".join(begun)
    if rest:
        yield rest
    if cut:
        raise cut


def _unpacked(stream: BufferedReader, source: str) -> tuple[_Reads, bytes]:
    """The reader for plain or gzip data, and its first block."""
    try:
        packed = stream.peek(2)[:2] == _GZIP_MAGIC
    except OSError as error:
        raise ReportError(source, "", expected="readable data", found=Words(why(error))) from None
    reader: _Reads = gzip.GzipFile(fileobj=stream) if packed else stream
    return reader, _read(reader, source)


def _read(reader: _Reads, source: str) -> bytes:
    try:
        return reader.read1(BLOCK_BYTES)
    except EOFError:
        raise CutShort(source, "whole gzip data", "its end too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BrokenData(source, "gzip data", "damaged data") from None
    except OSError as error:
        raise BrokenData(source, "readable data", why(error)) from None


def count_lines(block: bytes) -> int:
    """How many line ends there are. `count` before Python 3.13 takes more than twice as long to look for them."""
    return len(block) - len(block.replace(b"\n", b""))


def _refuse_binary(head: bytes, source: str) -> None:
    if head.startswith(_UTF16_MARKS):
        raise ReportError(source, "", expected="UTF-8 text", found=Words("UTF-16 text; write it as UTF-8"))
    if b"\0" in head[:4096]:
        raise ReportError(source, "", expected="UTF-8 text", found=Words("binary data"))
