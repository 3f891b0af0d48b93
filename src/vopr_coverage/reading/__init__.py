"""Files to `Input`s. The format is recognised by content, never by name, and never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from vopr_coverage.files import opened
from vopr_coverage.model.report import Input
from vopr_coverage.reading.documents import looks_like_report, read_document
from vopr_coverage.reading.records import LOG_LINE_BYTES_MAX, looks_compact, looks_like_record
from vopr_coverage.reading.source import BLOCK_BYTES, BrokenData, Progress, blocks
from vopr_coverage.reading.stream import read_stream

_Reader = Callable[[Iterable[bytes], str], Input]

# `[vsr.agreement] phase=…` is a line of the simulator's stderr, not an array.
_BEGINS_LIKE_JSON = re.compile(rb'\s*(?:\{|\[\s*(?:[\[{"\]]|\Z))')


def read_report(source: str, progress: Progress | None = None) -> Input:
    """Read one report, of whatever accepted format.

    Args:
        source: a path, or `-` for standard input; messages call the report by it.
        progress: called with the number of unpacked bytes of each block.

    Raises:
        FileError, ReportError, ManyErrors: see `opened` and the readers.
    """
    with opened(source) as stream:
        following = blocks(stream, source, progress)
        reader, seen = _recognise(following)
        return reader(chain(seen, following), source)


def _recognise(following: Iterator[bytes]) -> tuple[_Reader, list[bytes]]:
    """Tell a stream from a document by the lines of its beginning, in whatever pieces a pipe delivers it.

    One line that is an envelope makes a stream, whatever stands before it. Otherwise text
    that begins like JSON is a document, and any other text is read on as a stream, whose
    first record may come late (or never, and then the stream reader says so).
    """
    seen: list[bytes] = []
    try:
        for block in following:
            seen.append(block)
            if any(_tells_a_stream(value) for value in _values(block)):
                return read_stream, seen
            if not _BEGINS_LIKE_JSON.match(seen[0]):
                return read_stream, seen
            if sum(map(len, seen)) >= BLOCK_BYTES:
                break
    except BrokenData as error:
        raise error.on_line(1 + b"".join(seen).count(b"\n")) from None
    return read_document, seen


def _tells_a_stream(value: object) -> bool:
    return looks_compact(value) or (looks_like_record(value) and not looks_like_report(value))


def _values(block: bytes) -> Iterator[object]:
    """The lines that are JSON by themselves."""
    for line in block.split(b"\n"):
        if len(line) > LOG_LINE_BYTES_MAX:
            continue
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
