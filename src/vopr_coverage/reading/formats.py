"""The formats that are read: one row each. Whatever lists formats reads this table.

docs/formats.md has the same rows for users, and tests/unit/test_formats_table.py names what a row lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

import msgspec

from vopr_coverage.model.report import Format, Input
from vopr_coverage.reading.antithesis import read_antithesis
from vopr_coverage.reading.antithesis_records import looks_like_antithesis
from vopr_coverage.reading.documents import looks_like_report, parsed, read_coverage
from vopr_coverage.reading.envelopes import looks_like_record
from vopr_coverage.reading.foundationdb import BEGINS_LIKE_TRACE, read_foundationdb
from vopr_coverage.reading.jepsen import BEGINS_LIKE_EDN, read_jepsen
from vopr_coverage.reading.p_lang import looks_like_p, read_p
from vopr_coverage.reading.point_lists import read_point_list
from vopr_coverage.reading.records import looks_compact
from vopr_coverage.reading.simulation import read_simulation
from vopr_coverage.reading.simulation_records import looks_like_simulation
from vopr_coverage.reading.stream import read_stream
from vopr_coverage.reading.tigerbeetle import looks_like_tigerbeetle, read_tigerbeetle

Reader = Callable[[Iterable[bytes], str], Input]
# What an import may not tell, in the words of docs/formats.md.
Lack = Literal["points", "invariants", "seeds", "failures", "end", "counts"]


class ByLine(msgspec.Struct, frozen=True):
    """Recognised by one line that is a JSON value; text of other lines may stand around it."""

    looks_like: Callable[[object], bool]


class ByText(msgspec.Struct, frozen=True):
    """Recognised by its first bytes, which are like those of no other format."""

    begins_like: re.Pattern[bytes]


class ByDocument(msgspec.Struct, frozen=True):
    """Recognised as one whole JSON document, and read from its parsed value."""

    looks_like: Callable[[object], bool]
    read_value: Callable[[Any, str], Input]


class FormatRow(msgspec.Struct, frozen=True):
    """One format.

    Attributes:
        name: what `--from`, the input `format` and verdicts call it.
        title: what it is, in messages.
        read: reads a whole file, given in blocks, under its name.
        shown_by: how it is recognised; None: only where somebody says what it is.
        a_run_is: what one run is: a `seed`, a `file`, or unknown seeds of which only `totals` are there.
        lacks: what no file of it tells, and what is therefore *not measured*.
        variants: further names that verdicts call it, for shapes that are read alike.
        two_may_be_alike: whether two runs may leave the same bytes, so that two such files are no copies.
    """

    name: Format
    title: str
    read: Reader
    shown_by: ByLine | ByText | ByDocument | None
    a_run_is: Literal["seed", "file", "totals"]
    lacks: tuple[Lack, ...] = ()
    variants: tuple[Format, ...] = ()
    two_may_be_alike: bool = False


def read_document(blocks: Iterable[bytes], source: str) -> Input:
    """Read one JSON document, of whichever format it shows.

    Raises:
        ReportError, ManyErrors: text that is not JSON, a document of no format, or one that violates its schema; each
        with line or pointer.
    """
    document = parsed(blocks, source)
    for shown_by in (row.shown_by for row in FORMATS.values()):
        if isinstance(shown_by, ByDocument) and shown_by.looks_like(document):
            return shown_by.read_value(document, source)
    return read_coverage(document, source)


def _is_stream_line(value: object) -> bool:
    return looks_compact(value) or (looks_like_record(value) and not looks_like_report(value))


# In the order in which they are tried.
_ROWS = (
    FormatRow(
        name="simulation",
        title="a simulation stream",
        read=read_simulation,
        shown_by=ByLine(looks_like_simulation),
        a_run_is="seed",
    ),
    FormatRow(
        name="antithesis",
        title="a file of an Antithesis SDK",
        read=read_antithesis,
        shown_by=ByLine(looks_like_antithesis),
        a_run_is="file",
        lacks=("seeds", "failures", "end", "counts"),
    ),
    FormatRow(
        name="stream",
        title="a stream of `vopr --json`",
        read=read_stream,
        shown_by=ByLine(_is_stream_line),
        a_run_is="seed",
    ),
    FormatRow(
        name="jepsen",
        title="results of Jepsen",
        read=read_jepsen,
        shown_by=ByText(BEGINS_LIKE_EDN),
        a_run_is="file",
        lacks=("seeds", "failures"),
    ),
    FormatRow(
        name="foundationdb",
        title="a trace of FoundationDB",
        read=read_foundationdb,
        shown_by=ByText(BEGINS_LIKE_TRACE),
        a_run_is="file",
        lacks=("invariants", "seeds", "failures", "counts"),
    ),
    FormatRow(
        name="p",
        title="scenario coverage of P",
        read=read_document,
        shown_by=ByDocument(looks_like_p, read_p),
        a_run_is="file",
        lacks=("invariants", "seeds", "failures"),
    ),
    FormatRow(
        name="tigerbeetle",
        title="fuzzing results of TigerBeetle",
        read=read_document,
        shown_by=ByDocument(looks_like_tigerbeetle, read_tigerbeetle),
        a_run_is="file",
        lacks=("points", "seeds", "failures"),
    ),
    FormatRow(
        name="report",
        title="a CoverageReport, or a document with one under 'coverage'",
        read=read_document,
        shown_by=ByDocument(looks_like_report, read_coverage),
        a_run_is="totals",
        lacks=("seeds", "failures"),
        variants=("wrapped",),
    ),
    FormatRow(
        name="points",
        title="a list of points",
        read=read_point_list,
        shown_by=None,
        a_run_is="file",
        lacks=("invariants", "seeds", "failures", "end"),
        two_may_be_alike=True,
    ),
)
FORMATS: Mapping[str, FormatRow] = {row.name: row for row in _ROWS}
FORMAT_NAMES = tuple(FORMATS)
_BY_FORMAT = {name: row for row in _ROWS for name in (row.name, *row.variants)}


def row_of(read: Input) -> FormatRow:
    """The row of the format that an input was read from."""
    return _BY_FORMAT[read.format]
