"""Regular expressions from a config: those of Python, a part of them, in a time that no expression can stretch."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vopr_coverage.formats.linear_regex import CHARACTERS_MAX, STEPS_MAX, LinearRegex, PatternError

PANIC = "thread 'main' panicked at src/log.rs:7:\nindex out of bounds: the len is 3 but the index is 12\nnote: x"

# ---- what is found


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
        ("len is {3}", False),
        ("x{", False),
        (r"1{1}2", True),
        (r"at src\nindex|7:\nindex", True),
        ("Panicked", False),
    ],
)
def test_words_of_a_panic(pattern: str, found: bool) -> None:
    """As anybody would write them."""
    assert LinearRegex(pattern).found_in(PANIC) is found
    assert bool(re.search(pattern, PANIC, re.MULTILINE)) is found


ATOMS = st.sampled_from(["a", "b", ".", r"\d", r"\w", r"\s", r"\B", r"\b", "^", "$", "[ab]", "[^a]", "[]a]", r"\.", "{",
                         " ", "1", r"[\d\]]", "[a-c]", "}", "-"])  # fmt: skip


def _longer(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,}", "{0,2}", "{,3}", "{1,3}?"])
    return st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"({'|'.join(parts)})"),
        st.tuples(inner, repeats).map(lambda pair: f"(?:{pair[0]}){pair[1]}"),
        st.tuples(st.sampled_from(["a", ".", r"\d", "[ab]"]), repeats).map("".join),
    )


@settings(derandomize=True, database=None, deadline=None, max_examples=1_000)
@given(st.recursive(ATOMS, _longer, max_leaves=8), st.text("ab1 .\n{]_-é", min_size=1, max_size=8))
def test_it_finds_what_python_finds(pattern: str, text: str) -> None:
    """In every expression that both take."""
    try:
        expected = re.search(pattern, text, re.MULTILINE) is not None
    except re.error:
        with pytest.raises(PatternError):
            LinearRegex(pattern)
        return
    assert LinearRegex(pattern).found_in(text) is expected


# ---- what is refused


@pytest.mark.parametrize("pattern", ["(", "[", "a**", "*", r"\Q", "a{3,2}", "(?P<x", ")", "\\", "{3}"])
def test_what_is_no_expression_is_refused(pattern: str) -> None:
    """In Python's words."""
    with pytest.raises(PatternError, match="expected a regular expression"):
        LinearRegex(pattern)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (r"(a)\1", r"\1"), ("(?=a)", "(?="), ("(?!a)", "(?!"), ("(?<=a)b", "(?<"), ("(?P<x>a)", "(?P"),
        ("(?i)a", "(?i"), ("a*+b", "*+"), ("(?>a)", "(?>"), (r"\Aa", r"\A"), (r"\x41", r"\x"), ("(?#a)b", "(?#"),
    ],
)  # fmt: skip
def test_what_is_not_searched_in_linear_time_is_refused(pattern: str, found: str) -> None:
    """With what is allowed, and with the part that is not."""
    with pytest.raises(PatternError) as told:
        LinearRegex(pattern)
    assert str(told.value).endswith(f"found {found}")


@pytest.mark.parametrize(
    "pattern", ["a" * (CHARACTERS_MAX + 1), "(a{25}){25}", "((){999999999}){9}", "(((){999}){999}){999}", "a{501}"]
)
def test_what_is_too_long_is_refused(pattern: str) -> None:
    """Also where it is short to write and repeats nothing."""
    with pytest.raises(PatternError, match=f"expected at most ({CHARACTERS_MAX} characters|{STEPS_MAX:,} steps)"):
        LinearRegex(pattern)


# ---- how long it takes


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+$x", "(a|a)*x", "(a|aa)+x", "(.*)*x", ".*.*.*.*.*.*.*.*x", "a?" * 60 + "a" * 60 + "x", "((a*)*)*x",
     "(a{0,20}){20}x"],
)  # fmt: skip
def test_no_expression_takes_long(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A count of steps, not a clock: each is looked at once a character."""
    text, visits = "a" * 400, 0
    regex = LinearRegex(pattern)
    reached = LinearRegex._reached

    def counted(self: LinearRegex, starts: set[int], before: str, after: str) -> set[int]:
        nonlocal visits
        found = reached(self, starts, before, after)
        visits += len(found)
        return found

    monkeypatch.setattr(LinearRegex, "_reached", counted)
    assert not regex.found_in(text)
    assert visits <= (len(text) + 1) * 3 * STEPS_MAX
