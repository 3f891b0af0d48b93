"""The last lines of a simulator's stderr: which of them, how long, and harmless."""

from __future__ import annotations

import pytest

from vopr_coverage.recorder.last_words import last_words

PANIC = b"thread 'main' panicked at src/storage.rs:551:\nhash mismatch\nnote: run with `RUST_BACKTRACE=1`\n"


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"", ()),
        (b"\n \n\t\r\n", ()),
        (b"Unknown scenario: nonesuch\n", ("Unknown scenario: nonesuch",)),
        (b"no line end", ("no line end",)),
        (PANIC, tuple(PANIC.decode().splitlines())),
        (b"10%\r20%\rdone\r\n", ("10%", "20%", "done")),
        (b"\x1b[31;1merror\x1b[0m: disk\tfull", ("error: disk full",)),
        (b"\x1b]0;title\x07a\x00b", ("\\x1b]0;title\\x07a\\x00b",)),
        (b"\x9f\xa6 half a character, \xff none", ("\\x9f\\xa6 half a character, \\xff none",)),
        ("\u202eright to left\u2028line".encode(), ("\\u202eright to left\\u2028line",)),
        (b"".join(b"line %d\n" % n for n in range(9)), ("line 4", "line 5", "line 6", "line 7", "line 8")),
    ],
)
def test_the_last_lines_that_are_not_blank(data: bytes, lines: tuple[str, ...]) -> None:
    """In order, escaped, without colours."""
    assert last_words(data) == lines
    assert all(line.isprintable() for line in last_words(data))


def test_all_lines_together_have_a_limit() -> None:
    """The latest lines come first when room is short; of a line that is too long its beginning is kept."""
    assert last_words(b"first\nabcdefgh\nxyz", characters_max=8) == ("abcd…", "xyz")
    assert last_words(b"a" * 1000) == ("a" * 399 + "…",)
    assert last_words(b"a\nb\nc", lines_max=2) == ("b", "c")
    assert last_words(b"a\nbc", characters_max=2) == ("bc",)
    for size in range(1, 30):
        assert sum(map(len, last_words(PANIC, characters_max=size))) <= size
