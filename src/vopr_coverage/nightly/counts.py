"""Counts of a night's verdict that the history of nights could not hold. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from vopr_coverage.errors import ReportError


def too_large(holders: Mapping[str, msgspec.Struct], most: int, source: str) -> Iterator[ReportError]:
    """An error for each count above `most`; `holders` are parts of a verdict by their JSON pointers."""
    for at, holder in holders.items():
        for key in holder.__struct_fields__:
            count = getattr(holder, key)
            if isinstance(count, int) and count > most:
                yield ReportError(source, f"#{at}/{key}", expected="a count below 2^63", found=count)
