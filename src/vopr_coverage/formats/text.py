"""UTF-8 text, with or without a byte order mark, which every reader of a text or a document skips here. Pure."""

from __future__ import annotations

MARK = "\ufeff"
UTF8_MARK = MARK.encode("utf-8")


def without_mark(data: bytes) -> bytes:
    """Data without the byte order mark that some editors and shells write before UTF-8 text."""
    return data.removeprefix(UTF8_MARK)


def text_of(data: bytes) -> str:
    """UTF-8 text without its byte order mark.

    Raises:
        UnicodeDecodeError: it is not UTF-8; `start` counts from behind the mark.
    """
    return without_mark(data).decode("utf-8")
