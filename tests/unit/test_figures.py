"""Numbers as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vopr_coverage.model.figures import agreeing, counted, percent, seed_percent
from vopr_coverage.render import wording

PACKAGE = Path(__file__).parents[2] / "src" / "vopr_coverage"


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 seeds"), (1, "1 seed"), (2, "2 seeds"), (1_000, "1,000 seeds"), (-1, "-1 seeds")]
)
def test_a_count_has_its_noun(count: int, text: str) -> None:
    """One of a kind is singular, everything else is not."""
    assert counted(count, "seed") == text


def test_a_noun_may_have_a_plural_of_its_own() -> None:
    """Not every plural is an s."""
    assert [counted(count, "canary", "canaries") for count in (1, 2)] == ["1 canary", "2 canaries"]


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0%"), (1e-7, "0.00001%"), (0.05, "5%"), (0.12345, "12.3%"), (1, "100%")]
)
def test_a_share_has_three_digits(share: float, text: str) -> None:
    """And is never written as a power of ten."""
    assert percent(share) == text


def test_the_seed_document_has_one_decimal() -> None:
    """Its texts are compared byte for byte."""
    assert [seed_percent(share) for share in (0.9, 1 / 3, 0.89996)] == ["90.0%", "33.3%", "90.0%"]


@pytest.mark.parametrize(("count", "word"), [(0, "are"), (1, "is"), (2, "are"), (1_000, "are")])
def test_a_word_agrees_with_a_count(count: int, word: str) -> None:
    """A verb may need it without the number beside it."""
    assert agreeing(count, "is", "are") == word


@pytest.mark.parametrize("count", [0, 1, 2, 1_000])
def test_pages_and_texts_count_alike(count: int) -> None:
    """A template's filter writes what a text writes."""
    assert wording.counted(count, "canary", "canaries") == counted(count, "canary", "canaries")


def test_no_other_module_makes_a_plural() -> None:
    """One helper, so that no page says "1 names"."""
    home = PACKAGE / "model" / "figures.py"
    own_plural = re.compile(r"""['"][a-z]*['"] if [^\n]{1,40} == 1 else""")
    files = [path for suffix in ("*.py", "*.j2") for path in PACKAGE.rglob(suffix) if path != home]
    assert len(files) > 100
    assert [path.name for path in files if own_plural.search(path.read_text())] == []
