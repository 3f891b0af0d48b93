"""Reads a report file in blocks of whole lines, in constant memory.

Plain or gzip, recognised by content. Binary data and lines above `LINE_BYTES_MAX` are refused.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Protocol

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.files import why
from vopr_coverage.formats.text import UTF8_MARK, without_mark

LINE_BYTES_MAX = 64 << 20
BLOCK_BYTES = 64 << 10  # larger blocks are slower: they and their decoded records no longer fit the CPU's cache

Progress = Callable[[int], None]

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_GZIP_MAGIC = b"\x1f\x8b"


class BrokenData(ReportError):
    """Data that is broken after the blocks so far. Only the reader of the blocks knows the line number."""

    def __init__(self, source: str, expected: str, found: str) -> None:
        super().__init__(source, "", expected=expected, found=Words(found))

    def on_line(self, number: int) -> ReportError:
        """The same error with its line number."""
        return ReportError(self.source, f":{number}", expected=self.expected, found=self.found)


class CutShort(BrokenData):
    """Gzip data that ends before its checksum. The blocks so far are valid; the file is incomplete."""


class _Reads(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def blocks(stream: BufferedReader, source: str, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield blocks of whole lines; only the last may lack its newline. A byte order mark is skipped.

    Raises:
        ReportError: empty, binary or UTF-16 data.
        BrokenData: broken gzip, a failing disk, or a line above LINE_BYTES_MAX.
        CutShort: after the last block, if gzip data is truncated.
    """
    reader, head = _unpacked(stream, source)
    _refuse_binary(head, source)
    head = without_mark(_beyond_a_mark(head, reader, source))
    if not head:
        raise ReportError(source, "", expected="a report", found=Words("an empty file"))
    parts, parts_bytes, cut_short = list[bytes](), 0, None  # parts of a line whose end was not read yet
    block = head
    while block:
        if progress:
            progress(len(block))
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*parts, memoryview(block)[:end]])
            parts, parts_bytes = [], 0
        parts.append(block[end:])
        parts_bytes += len(parts[-1])
        if parts_bytes > LINE_BYTES_MAX:
            raise BrokenData(source, "a line", f"over {LINE_BYTES_MAX >> 20} MiB without a line end")
        try:
            block = _read(reader, source)
        except CutShort as error:
            block, cut_short = b"", error
    rest = b"".join(parts)
    if rest:
        yield rest
    if cut_short:
        raise cut_short


def _unpacked(stream: BufferedReader, source: str) -> tuple[_Reads, bytes]:
    """A reader of plain or unpacked gzip data, and its first block."""
    try:
        packed = stream.peek(2)[:2] == _GZIP_MAGIC
    except OSError as error:
        raise ReportError(source, "", expected="readable data", found=Words(why(error))) from None
    reader: _Reads = gzip.GzipFile(fileobj=stream) if packed else stream
    return reader, _read(reader, source)


def _beyond_a_mark(head: bytes, reader: _Reads, source: str) -> bytes:
    """More of the data, if so far it may be a part of a byte order mark: a pipe delivers any piece."""
    while head and len(head) < len(UTF8_MARK) and UTF8_MARK.startswith(head):
        more = _read(reader, source)
        if not more:
            break
        head += more
    return head


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
    """The number of line ends. Before Python 3.13, `count` takes more than twice as long."""
    return len(block) - len(block.replace(b"\n", b""))


def _refuse_binary(head: bytes, source: str) -> None:
    if head.startswith(_UTF16_MARKS):
        raise ReportError(source, "", expected="UTF-8 text", found=Words("UTF-16 text; write it as UTF-8"))
    if b"\0" in head[:4096]:
        raise ReportError(source, "", expected="UTF-8 text", found=Words("binary data"))
