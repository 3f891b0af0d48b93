"""Regular expressions from a config: as people write them, and in a time that no expression can stretch."""

from __future__ import annotations

import re

import pytest

from vopr_coverage.formats.linear_regex import CHARACTERS_MAX, LinearRegex, PatternError

PANIC = "thread 'main' panicked at src/log.rs:7:\nindex out of bounds: the len is 3 but the index is 12\nnote: é"


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("index out of bounds", True),
        (r"the len is \d+ but the index is \d+", True),
        (r"^index", True),  # of any line
        (r"\.rs:\d+:$", True),
        (r"panicked at .*index", False),  # `.` does not leave its line
        (r"(overflow|out of bounds): the", True),
        (r"(?:overflow|underflow)", False),
        (r"[Ii]ndex [^x]+ bounds", True),
        (r"\bbut\b", True),
        (r"\bbu\b", False),
        (r"1{1}2", True),
        (r"at src\nindex|7:\nindex", True),
        ("é$", True),
        ("Panicked", False),
    ],
)
def test_words_of_a_panic(pattern: str, found: bool) -> None:
    """As anybody would write them, they mean what they mean in Python."""
    assert LinearRegex(pattern).found_in(PANIC) is found
    assert bool(re.search(pattern, PANIC, re.MULTILINE)) is found


@pytest.mark.parametrize(
    "pattern",
    ["(", "[", "*", r"\Q\E\K", "a{3,2}", "(?P<x", ")", "\\", r"(a)\1", "(?=a)", "(?!a)", "(?<=a)b", "a)|(b", "\ud800"],
)
def test_what_is_no_expression_is_refused(pattern: str) -> None:
    """Also what only a search that goes back can find, and what would leave our own brackets."""
    with pytest.raises(PatternError, match="expected a regular expression of RE2, found"):
        LinearRegex(pattern)


@pytest.mark.parametrize("pattern", ["a" * (CHARACTERS_MAX + 1), "(((a{999}){999}){999})"])
def test_what_is_too_long_is_refused(pattern: str) -> None:
    """Also where it is short to write."""
    with pytest.raises(PatternError, match="expected"):
        LinearRegex(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$x", "(a|a)*x", "(a|aa)+x", "(.*)*x", "((a*)*)*x", "(a{0,20}){20}x"])
def test_no_expression_takes_long(pattern: str) -> None:
    """Python's own search would not come back from any of them."""
    assert not LinearRegex(pattern).found_in("a" * 100_000)
