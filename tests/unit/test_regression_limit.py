"""`max-regression`: what may be lost, as the user writes it."""

from __future__ import annotations

import re

import pytest

from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import BaseComparison, Limit, comparison_of, parse_limit
from vopr_coverage.errors import UsageError


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("0", Limit(0.0, 0, "x")),
        ("100", Limit(100.0, 0, "x")),
        ("100.0", Limit(100.0, 0, "x")),
        ("2.5, lost=3", Limit(2.5, 3, "x")),
        ("2.5,lost = 0", Limit(2.5, 0, "x")),
        ("lost=999999999", Limit(100.0, 999_999_999, "x")),
        ("lost=any\n 1", Limit(1.0, None, "x")),
        ("significant", Limit(100.0, 0, "x", significant=True)),
        ("significant, 2\nlost=1", Limit(2.0, 1, "x", significant=True)),
        ("2.", Limit(2.0, 0, "x")),
        ("0.12345678", Limit(0.12345678, 0, "x")),
    ],
)
def test_a_limit_is_read_with_all_its_parts(text: str, limit: Limit) -> None:
    """In any order, separated by commas or lines; what is not named allows any fall, and no lost name."""
    assert parse_limit(text, "x") == limit


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("2, lost=-1", "'lost=-1'"),
        ("lost=1.0", "'lost=1.0'"),
        ("lost=some", "'lost=some'"),
        ("found=3", "'found=3'"),
        ("found=any", "'found=any'"),
        ("lost=1=2", "'lost=1=2'"),
        ("=5", "'=5'"),
        ("5=", "'5='"),
        ("100.1", "'100.1'"),
        ("101", "'101'"),
        (".5", "'.5'"),
        ("1.2.3", "'1.2.3'"),
        ("0.123456789", "'0.123456789'"),
        ("lost=1000000000", "'lost=1000000000'"),
        ("1,,2", "''"),
        ("Significant", "'Significant'"),
        ("any", "'any'"),
        ("²", "'²'"),
    ],
)
def test_a_limit_that_cannot_be_read_is_told_with_the_word(text: str, word: str) -> None:
    """The word alone, and all that could stand there."""
    expected = f"x: expected percentage points from 0 to 100, lost=NUMBER, lost=any or significant, found {word}"
    with pytest.raises(UsageError, match=f"^{re.escape(expected)}$"):
        parse_limit(text, "x")


@pytest.mark.parametrize("text", ["significant, lost=any", "lost=any\nsignificant", "significant, 2, lost=any"])
def test_a_limit_that_no_loss_can_break_is_refused(text: str) -> None:
    """`significant` chooses losses that fail, `lost=any` lets none of them fail."""
    expected = "x: significant says which losses fail, and lost=any that none does: leave one out"
    with pytest.raises(UsageError, match=f"^{re.escape(expected)}$"):
        parse_limit(text, "x")


@pytest.mark.parametrize(("spelling", "origin"), [("--{}", "--max-regression"), ("input {}", "input max-regression")])
def test_a_limit_remembers_how_the_user_wrote_it(spelling: str, origin: str) -> None:
    """On the command line, and in a workflow."""
    base = Base("the verdict file base.json")
    assert comparison_of(base, "2", spelling) == BaseComparison(base, Limit(2.0, 0, origin))
    with pytest.raises(UsageError, match=f"^{origin}: expected "):
        comparison_of(base, "two", spelling)


def test_without_a_limit_there_is_only_something_to_compare_with() -> None:
    """And without a base nothing at all."""
    base = Base("the verdict file base.json")
    assert comparison_of(base, None, "--{}") == BaseComparison(base, None)
    assert comparison_of(None, None, "--{}") is None


def test_a_limit_without_a_base_is_refused() -> None:
    """Such a gate could not fail. What is wrong with the limit itself is told first."""
    with pytest.raises(UsageError, match=r"^--max-regression needs a base to compare with: set --base$"):
        comparison_of(None, "2", "--{}")
    with pytest.raises(UsageError, match=r"^input max-regression needs a base to compare with: set input base$"):
        comparison_of(None, "2", "input {}")
    with pytest.raises(UsageError, match=r"^--max-regression: expected "):
        comparison_of(None, "two", "--{}")
