"""Files to `Input`s. The format is recognised by content, never by name, and never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

import msgspec

from vopr_coverage.reading.documents import read_document
from vopr_coverage.reading.records import looks_like_record
from vopr_coverage.reading.source import Progress, blocks, opened
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.report import Input

_Reader = Callable[[Iterable[bytes], str], Input]


def read_report(source: str, progress: Progress | None = None) -> Input:
    """Read one report, of whatever accepted format.

    Args:
        source: a path, or `-` for standard input; messages call the report by it.
        progress: called with the number of unpacked bytes of each block.

    Raises:
        ReportError, ManyErrors: see the readers.
    """
    with opened(source) as stream:
        following = blocks(stream, source, progress)
        reader, seen = _recognise(following)
        return reader(chain(seen, following), source)


def _recognise(following: Iterator[bytes]) -> tuple[_Reader, list[bytes]]:
    """Tell a stream from a document by the first block's lines.

    One line that is an envelope makes a stream, whatever stands before it. Otherwise text
    that begins like JSON is a document, and any other text is read on as a stream, whose
    first record may come late (or never, and then the stream reader says so).
    """
    first = next(following)
    if any(looks_like_record(value) for value in _values(first)):
        return read_stream, [first]
    return (read_document if first.lstrip()[:1] in (b"{", b"[") else read_stream), [first]


def _values(block: bytes) -> Iterator[object]:
    """The lines that are JSON by themselves."""
    for line in block.splitlines():
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
