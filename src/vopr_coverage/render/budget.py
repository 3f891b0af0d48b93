"""What fits where (source: docs/decisions.md, "Limits"), and how we get there: in tiers."""

from __future__ import annotations

from collections.abc import Callable, Iterable

SUMMARY_BYTES_MAX = 1 << 20  # per step; a larger file is dropped whole, so bytes are counted
SUMMARY_BYTES_MIN = 4_096  # the headline of any verdict fits into this
COMMENT_CHARACTERS_MAX = 65_536  # code points; so many have at most the 262,144 bytes that are stored
COMMENT_CHARACTERS_MIN = 8_192  # the headline of any verdict, our links and the marker fit into this
ANNOTATIONS_MAX = 10  # per kind and step
ANNOTATION_CHARACTERS_MAX = 4_096  # the runner counts UTF-16 code units
TITLE_CHARACTERS_MAX = 160  # of an issue; GitHub takes 256
ISSUE_CHARACTERS_MAX = COMMENT_CHARACTERS_MAX - 1_024  # the rest is for the note that closes the issue
TEXT_LINES_MAX = 1_000
TEXT_ENTRIES_MAX = 50  # per section of a text; the verdict file has all of them


def utf8_bytes(text: str) -> int:
    """The size of a text as a file."""
    return len(text.encode("utf-8"))


def utf16_units(text: str) -> int:
    """The length of a text as the runner, a .NET program, counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut_utf16(text: str, most: int) -> str:
    """The beginning of a text in at most `most` UTF-16 code units, no character halved."""
    return text.encode("utf-16-le", "surrogatepass")[: most * 2].decode("utf-16-le", "ignore")


def first_that_fits(drafts: Iterable[Callable[[], str | None]], most: int, size: Callable[[str], int]) -> str:
    """The first draft of at most `most`, in units of `size`; None stands for one that is longer.

    The last one must always fit.
    """
    for draft in drafts:
        text = draft()
        if text is not None and size(text) <= most:
            return text
    raise AssertionError(f"the shortest draft is longer than the budget of {most}")
