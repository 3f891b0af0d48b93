"""Blocks of NDJSON that are decoded at once, line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

_LINE_END = b"\nnull\n"
_Line = TypeVar("_Line")


def one_a_line(decode_lines: Callable[[bytes], list[_Line | None]], block: bytes) -> list[_Line]:
    """Decode a block, and make sure that its records end where its lines do; empty if they don't.

    The decoder takes any white space between records and within them, so two records on one line and one
    on two lines would look like three lines. A null behind every line end shows where lines end: it is
    refused within a record, and between records it has to follow each of them.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: as the decoder, which has to take null, too.
    """
    apart = block.replace(b"\n", _LINE_END)
    lines = (len(apart) - len(block)) // (len(_LINE_END) - 1)
    values = decode_lines(apart)
    records, ends = values[::2], values[1::2]
    if len(values) == 2 * lines and ends.count(None) == lines and all(records):
        return cast("list[_Line]", records)
    return []
