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
from vopr_coverage.formats.text import without_mark

LINE_BYTES_MAX = 64 << 20
BLOCK_BYTES = 64 << 10  # larger blocks are slower: they and their decoded records no longer fit the CPU's cache
HEAD_BYTES = 4096  # looked at to recognise binary data

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


class NoRecords(ReportError):
    """A file without a single record. `lines` is how many other lines it has."""

    def __init__(self, source: str, at: str = "", *, expected: str, found: str, lines: int = 0) -> None:
        self.lines = lines
        super().__init__(source, at, expected=expected, found=Words(found))


class _Reads(Protocol):
    def read1(self, size: int, /) -> bytes: ...


def blocks(stream: BufferedReader, source: str, progress: Progress | None = None) -> Iterator[bytes]:
    """Yield blocks of whole lines; only the last may lack its newline. A byte order mark is skipped.

    Raises:
        NoRecords: empty data, or gzip data that is truncated before its first byte of content.
        ReportError: binary or UTF-16 data.
        BrokenData: broken gzip, a failing disk, or a line above LINE_BYTES_MAX.
        CutShort: after the last block, if gzip data is truncated.
    """
    reader, head = _unpacked(stream, source)
    block, broken = _whole_head(reader, head, source)
    _refuse_binary(block, source)
    block = without_mark(block)
    if not block:
        raise NoRecords(source, expected="a report", found="an empty file")
    parts, parts_bytes = list[bytes](), 0  # parts of a line whose end was not read yet
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
        block, broken = (b"", broken) if broken else _next(reader, source)
        if broken and not isinstance(broken, CutShort):
            raise broken
    rest = b"".join(parts)
    if rest:
        yield rest
    if broken:
        raise broken


def _whole_head(reader: _Reads, head: bytes, source: str) -> tuple[bytes, BrokenData | None]:
    """The first bytes of a file, in whatever pieces a pipe delivers them, and what ended them too early."""
    broken = None
    while 0 < len(head) < HEAD_BYTES and broken is None:
        more, broken = _next(reader, source)
        if not more:
            break
        head += more
    return head, broken


def _next(reader: _Reads, source: str) -> tuple[bytes, BrokenData | None]:
    """The next block, empty at the end, and what ended the data too early."""
    try:
        return _read(reader, source), None
    except BrokenData as error:
        return b"", error


def _unpacked(stream: BufferedReader, source: str) -> tuple[_Reads, bytes]:
    """A reader of plain or unpacked gzip data, and its first block."""
    try:
        packed = stream.peek(2)[:2] == _GZIP_MAGIC
    except OSError as error:
        raise ReportError(source, "", expected="readable data", found=Words(why(error))) from None
    reader: _Reads = gzip.GzipFile(fileobj=stream) if packed else stream
    try:
        return reader, _read(reader, source)
    except CutShort:
        raise NoRecords(source, ":1", expected="whole gzip data", found="its end too early") from None


def _read(reader: _Reads, source: str) -> bytes:
    try:
        return reader.read1(BLOCK_BYTES)
    except EOFError:
        raise CutShort(source, "whole gzip data", "its end too early") from None
    except (gzip.BadGzipFile, zlib.error):
        raise BrokenData(source, "gzip data", "damaged data") from None
    except OSError as error:
        raise BrokenData(source, "readable data", why(error)) from None


def _refuse_binary(head: bytes, source: str) -> None:
    """Refuse what no simulator writes, by what precedes the end of the first line and the first `{` or `[`.

    A recording shortens lines behind that, so that it must not matter how far into the file a NUL byte is.
    """
    if head.startswith(_UTF16_MARKS):
        raise ReportError(source, "", expected="UTF-8 text", found=Words("UTF-16 text; write it as UTF-8"))
    before, nul, _ = head[:HEAD_BYTES].partition(b"\0")
    if nul and not (b"\n" in before and (b"{" in before or b"[" in before)):
        raise ReportError(source, "", expected="UTF-8 text", found=Words("binary data"))
