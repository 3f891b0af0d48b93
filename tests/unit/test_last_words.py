"""The last lines of a program's output: the newest, inert, and never more than a message can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vopr_coverage.recorder.last_words import TAIL_BYTES, last_words

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


def test_the_newest_lines_stand_last() -> None:
    """Blank ones don't count, whichever way lines end."""
    assert last_words(b"") == ()
    assert last_words(b"\n \r\n\t\n") == ()
    assert last_words(b"one\r\n\ntwo  \nthree") == ("one", "two", "three")
    assert last_words(b"".join(b"%d\n" % number for number in range(9))) == ("4", "5", "6", "7", "8")
    assert last_words(b"one\ntwo\nthree\n", lines_max=1) == ("three",)


def test_nothing_of_it_moves_a_cursor() -> None:
    """Whatever a program writes, and in whatever encoding."""
    assert last_words(b"\x1b[31mred\x1b[0m\n\x07\x08\xff\xe2\x80\xae") == ("red", "\\x07\\x08\\xff\\u202e")


def test_old_lines_give_way_first() -> None:
    """They are cut where the room ends; a single line that is too long keeps its beginning."""
    assert last_words(b"x" * 500) == ("x" * 399 + "…",)
    assert last_words(b"a" * 300 + b"\n" + b"b" * 300) == ("a" * 99 + "…", "b" * 300)
    assert last_words(b"a\n" + b"b" * 400) == ("b" * 400,)


def test_a_line_whose_beginning_is_missing_is_left_out() -> None:
    """Unless there is no other."""
    assert last_words(b"old " * TAIL_BYTES + b"\nnew") == ("new",)
    assert last_words(b"x" * (TAIL_BYTES + 1)) == ("x" * 399 + "…",)


@given(st.binary(max_size=400), st.integers(1, 6), st.integers(1, 90))
def test_it_is_bounded_whatever_was_written(data: bytes, lines: int, characters: int) -> None:
    """And printable."""
    words = last_words(data * 3, lines_max=lines, characters_max=characters)
    assert len(words) <= lines
    assert sum(map(len, words)) <= characters
    assert all(word.isprintable() for word in words)


def test_all_lines_together_have_a_limit() -> None:
    """The latest lines come first when room is short; of a line that is too long its beginning is kept."""
    assert last_words(b"first\nabcdefgh\nxyz", characters_max=8) == ("abcd…", "xyz")
    assert last_words(b"a" * 1000) == ("a" * 399 + "…",)
    assert last_words(b"a\nb\nc", lines_max=2) == ("b", "c")
    assert last_words(b"a\nbc", characters_max=2) == ("bc",)
    for size in range(1, 30):
        assert sum(map(len, last_words(PANIC, characters_max=size))) <= size


def test_a_panic_stands_first_and_its_backtrace_gives_way() -> None:
    """Why it died says more than where the frames below it lie; of several panics, the last one ended it."""
    frames = b"".join(b"  %d: core::panicking::panic_fmt %s\n" % (n, b"x" * 90) for n in range(40))
    words = last_words(b"warming up\n" + PANIC + b"stack backtrace:\n" + frames)
    assert words[:2] == ("thread 'main' panicked at src/storage.rs:551:", "hash mismatch")
    assert len(words) == 5
    assert sum(map(len, words)) <= 400
    assert last_words(b"panic: one\n\npanic: two\n\ngoroutine 1:\n") == ("panic: two", "goroutine 1:")
