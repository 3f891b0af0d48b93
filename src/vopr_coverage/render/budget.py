"""What fits where (source: docs/decisions.md, "Limits"), and how we get there: in tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

SUMMARY_BYTES_MAX = 1 << 20  # per step; a larger file is dropped whole, so bytes are counted
ANNOTATIONS_MAX = 10  # per kind and step
ANNOTATION_CHARACTERS_MAX = 4_096
TEXT_LINES_MAX = 1_000


def utf8_bytes(text: str) -> int:
    """The size of a text as a file."""
    return len(text.encode("utf-8"))


def first_that_fits(drafts: Iterable[Callable[[], str]], most: int, size: Callable[[str], int]) -> str:
    """The first draft of at most `most`, in units of `size`; the last one must always fit."""
    text = ""
    for draft in drafts:
        text = draft()
        if size(text) <= most:
            return text
    raise AssertionError(f"the shortest draft has {size(text)}, the budget is {most}")
