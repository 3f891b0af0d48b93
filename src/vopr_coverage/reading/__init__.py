"""Reads files into `Input`s. The format is recognised by content, never by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import msgspec

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.files import opened
from vopr_coverage.model.report import Input
from vopr_coverage.reading.formats import FORMATS, ByLine, ByText, FormatRow, Reader, read_document, row_of
from vopr_coverage.reading.records import LOG_LINE_BYTES_MAX
from vopr_coverage.reading.source import BLOCK_BYTES, BrokenData, Progress, blocks
from vopr_coverage.reading.stream import read_stream

# `[vsr.agreement] phase=…` is a line of the simulator's stderr, not an array.
_BEGINS_UNLIKE_JSON = re.compile(rb'\s*(?:[^\s{\[]|\[\s*[^\s\[{"\]])')
RECOGNISED_BYTES = BLOCK_BYTES  # a format is recognised by the lines that begin within so much
_BY_LINE = [(row, row.shown_by) for row in FORMATS.values() if isinstance(row.shown_by, ByLine)]
_BY_TEXT = [(row, row.shown_by) for row in FORMATS.values() if isinstance(row.shown_by, ByText)]


def read_report(source: str, progress: Progress | None = None, form: str | None = None) -> Input:
    """Read one report, of whatever accepted format.

    Args:
        source: a path, or `-` for standard input; also the report's name in messages.
        progress: called with the number of unpacked bytes of each block.
        form: the format that it has to be, a name of FORMATS; None: whichever its content shows.

    Raises:
        FileError, ReportError, ManyErrors: see `opened` and the readers; also if it is of another format than `form`.
    """
    with opened(source) as stream:
        rest = blocks(stream, source, progress)
        reader, seen = recognise(rest, source, form)
        return of_format(form, reader(chain(seen, rest), source), source)


def recognise(rest: Iterator[bytes], source: str = "", form: str | None = None) -> tuple[Reader, list[bytes]]:
    """What reads a file, by its first lines, in whatever pieces a pipe delivers them; and these pieces.

    One line with an envelope makes a stream, whatever precedes it. Otherwise text that begins like
    JSON is a document, and any other text is a stream, whose first record may come late. If it has
    no record, the stream reader reports that.

    Args:
        source, form: as for `read_report`.

    Raises:
        ReportError: its first lines show another format than `form`.
    """
    row, seen = recognised(rest)
    if form is None:
        return row.read if row else _by_default(seen), seen
    wanted = FORMATS[form]
    if row not in (None, wanted):
        raise _other_format(source, wanted, row)
    return wanted.read, seen


def of_format(form: str | None, read: Input, source: str) -> Input:
    """What was read, if it is of the format that it has to be; None is any.

    Raises:
        ReportError: it is a document of another format, which only its keys show.
    """
    if form is not None and row_of(read).name != form:
        raise _other_format(source, FORMATS[form], row_of(read))
    return read


def _other_format(source: str, wanted: FormatRow, found: FormatRow) -> ReportError:
    expected = f"{wanted.title} (format {wanted.name})"
    return ReportError(source, "", expected=expected, found=Words(found.title))


def _by_default(seen: Sequence[bytes]) -> Reader:
    begun = b"".join(seen)[:RECOGNISED_BYTES]
    return read_document if begun.strip() and not _BEGINS_UNLIKE_JSON.match(begun) else read_stream


def recognised(rest: Iterator[bytes]) -> tuple[FormatRow | None, list[bytes]]:
    """The format that the first lines show, and these pieces; None where they show none, as those of a document."""
    seen, begun = list[bytes](), b""
    try:
        for block in rest:
            room = RECOGNISED_BYTES - len(begun)
            seen.append(block)
            begun = (begun + block)[:RECOGNISED_BYTES]
            for value in _values(block, room):
                for row, by in _BY_LINE:
                    if by.looks_like(value):
                        return row, seen
            for row, begins in _BY_TEXT:
                if begins.begins_like.match(begun):
                    return row, seen
            if _BEGINS_UNLIKE_JSON.match(begun) or len(begun) >= RECOGNISED_BYTES:
                break
    except BrokenData as error:
        raise error.on_line(1 + b"".join(seen).count(b"\n")) from None
    return None, seen


class _Outline(msgspec.Struct):
    """What tells the kind of a record, of a line that is too long to build all of it: the rest is skipped."""

    type: str | msgspec.UnsetType = msgspec.UNSET
    format: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    first_seed: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    seed: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    seeds: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    coverage: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def _outline(line: bytes) -> dict[str, object]:
    found = msgspec.json.decode(line, type=_Outline)
    return {key: value for key in found.__struct_fields__ if (value := getattr(found, key)) is not msgspec.UNSET}


def _values(block: bytes, room: int) -> Iterator[object]:
    """The values of the lines that are JSON, of those that begin in the first `room` bytes."""
    end = block.find(b"\n", room - 1)
    for line in (block if end < 0 else block[:end]).split(b"\n"):
        try:
            yield msgspec.json.decode(line) if len(line) <= LOG_LINE_BYTES_MAX else _outline(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
