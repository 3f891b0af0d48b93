"""Reads files into `Input`s. The format is recognised by content, never by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from vopr_coverage.errors import ReportError, Words
from vopr_coverage.files import opened
from vopr_coverage.model.report import Input
from vopr_coverage.reading.antithesis import read_antithesis
from vopr_coverage.reading.antithesis_records import looks_like_antithesis
from vopr_coverage.reading.documents import looks_like_report, read_document
from vopr_coverage.reading.envelopes import looks_like_record
from vopr_coverage.reading.foundationdb import BEGINS_LIKE_TRACE, read_foundationdb
from vopr_coverage.reading.jepsen import BEGINS_LIKE_EDN, read_jepsen
from vopr_coverage.reading.point_lists import read_point_list
from vopr_coverage.reading.records import LOG_LINE_BYTES_MAX, looks_compact
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.simulation_records import looks_like_simulation
from vopr_coverage.reading.source import BLOCK_BYTES, BrokenData, Progress, blocks
from vopr_coverage.reading.stream import read_stream

_Reader = Callable[[Iterable[bytes], str], Input]


def _is_stream_line(value: object) -> bool:
    return looks_compact(value) or (looks_like_record(value) and not looks_like_report(value))


# Formats of which each line is a JSON value, by what one line of each looks like.
LINE_FORMATS: tuple[tuple[Callable[[object], bool], _Reader], ...] = (
    (looks_like_simulation, read_simulation),
    (looks_like_antithesis, read_antithesis),
    (_is_stream_line, read_stream),
)

# `[vsr.agreement] phase=…` is a line of the simulator's stderr, not an array.
_BEGINS_UNLIKE_JSON = re.compile(rb'\s*(?:[^\s{\[]|\[\s*[^\s\[{"\]])')
RECOGNISED_BYTES = BLOCK_BYTES  # a format is recognised by the lines that begin within so much


# Formats of which the first bytes are like those of no other.
TEXT_FORMATS: tuple[tuple[re.Pattern[bytes], _Reader], ...] = (
    (BEGINS_LIKE_EDN, read_jepsen),
    (BEGINS_LIKE_TRACE, read_foundationdb),
)


# How `--from` and the config's `format` call each format, what it is, and what reads it.
NAMED_FORMATS: Mapping[str, tuple[str, _Reader]] = {
    "stream": ("a stream of `vopr --json`", read_stream),
    "report": ("a CoverageReport, or a document with one under 'coverage'", read_document),
    "simulation": ("a simulation stream", read_simulation),
    "antithesis": ("a file of an Antithesis SDK", read_antithesis),
    "jepsen": ("results of Jepsen", read_jepsen),
    "foundationdb": ("a trace of FoundationDB", read_foundationdb),
    "p": ("scenario coverage of P", read_document),
    "tigerbeetle": ("fuzzing results of TigerBeetle", read_document),
    "points": ("a list of points", read_point_list),
}


def read_report(source: str, progress: Progress | None = None, form: str | None = None) -> Input:
    """Read one report, of whatever accepted format.

    Args:
        source: a path, or `-` for standard input; also the report's name in messages.
        progress: called with the number of unpacked bytes of each block.
        form: the format that it has to be, a name of NAMED_FORMATS; None: whichever its content shows.

    Raises:
        FileError, ReportError, ManyErrors: see `opened` and the readers; also if it is of another format than `form`.
    """
    with opened(source) as stream:
        rest = blocks(stream, source, progress)
        reader, seen = recognised(rest)
        if form is None:
            return (reader or _by_default(seen))(chain(seen, rest), source)
        what, wanted = NAMED_FORMATS[form]
        if reader not in (None, wanted):
            raise ReportError(source, "", expected=f"{what} (format {form})", found=Words(_title_of(reader)))
        read = wanted(chain(seen, rest), source)
    found = "report" if read.format == "wrapped" else read.format
    if found != form:
        raise ReportError(source, "", expected=f"{what} (format {form})", found=Words(NAMED_FORMATS[found][0]))
    return read


def _title_of(reader: _Reader | None) -> str:
    return next(title for title, known in NAMED_FORMATS.values() if known is reader)


def recognise(rest: Iterator[bytes]) -> tuple[_Reader, list[bytes]]:
    """What reads a file, by its first lines, in whatever pieces a pipe delivers them; and these pieces.

    One line with an envelope makes a stream, whatever precedes it. Otherwise text that begins like
    JSON is a document, and any other text is a stream, whose first record may come late. If it has
    no record, the stream reader reports that.
    """
    reader, seen = recognised(rest)
    return reader or _by_default(seen), seen


def _by_default(seen: Sequence[bytes]) -> _Reader:
    begun = b"".join(seen)[:RECOGNISED_BYTES]
    return read_document if begun.strip() and not _BEGINS_UNLIKE_JSON.match(begun) else read_stream


def recognised(rest: Iterator[bytes]) -> tuple[_Reader | None, list[bytes]]:
    """The same; None where nothing shows the format."""
    seen, begun = list[bytes](), b""
    try:
        for block in rest:
            room = RECOGNISED_BYTES - len(begun)
            seen.append(block)
            begun = (begun + block)[:RECOGNISED_BYTES]
            for value in _values(block, room):
                for looks_like, reader in LINE_FORMATS:
                    if looks_like(value):
                        return reader, seen
            for begins_like, reader in TEXT_FORMATS:
                if begins_like.match(begun):
                    return reader, seen
            if _BEGINS_UNLIKE_JSON.match(begun) or len(begun) >= RECOGNISED_BYTES:
                break
    except BrokenData as error:
        raise error.on_line(1 + b"".join(seen).count(b"\n")) from None
    return None, seen


def _values(block: bytes, room: int) -> Iterator[object]:
    """The values of the lines that are JSON, of those that begin in the first `room` bytes."""
    end = block.find(b"\n", room - 1)
    for line in (block if end < 0 else block[:end]).split(b"\n"):
        if len(line) > LOG_LINE_BYTES_MAX:
            continue
        try:
            yield msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            continue
