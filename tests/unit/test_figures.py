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


# Nouns that a text of ours counts. Behind a number they stand in the form that agrees with it.
COUNTED = (
    "bounds bugs changes characters failures files findings hits invariants iterations jobs lines "
    "names nights ones points properties ranges records recordings regressions reports runs seeds shards "
    "violations warnings words"
)
PLURAL = "(?:" + "|".join(COUNTED.split()) + r")\b(?!/)"
FIELD = r"\{(?P<value>[^{}\"']+)\}"  # of an f-string; a format of decimals (1.0 points) or a constant has one form
IN_CODE = re.compile(FIELD + r" (?:[a-z-]+ ){0,2}?" + PLURAL)
IN_TEMPLATE = re.compile(r"\{\{ (?P<value>[^{}]+?) \}\}(?:\*\*)? (?:[a-z-]+ ){0,2}?" + PLURAL)
ONE_FORM = re.compile(
    r"\.[0-9]f|^[A-Z_]+(?::,)?$|percent\(|\w+_of\(|shown\(|^interval$|^self\.since$|counted\(|^len\(names\)$"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('f"{count} seeds failed"', True),
        ('f"{count:,} failed seeds"', True),
        ('f"on {run.count} of {total} seeds"', True),
        ("{{ verdict.detected }} planted bugs", True),
        ("f\"{counted(count, 'seed')} failed\"", False),
        ('f"{rate:,.1f} iterations a second"', False),
        ('f"at most {SEEDS_MAX:,} seeds"', False),
        ('f"scenario {name}, seeds {first} to {last}"', False),
    ],
)
def test_a_plural_that_stands_behind_any_number_is_found(text: str, found: bool) -> None:
    """The search itself."""
    assert bool(plurals_in(text, template="{{" in text)) is found


def plurals_in(text: str, *, template: bool) -> list[str]:
    """Where a plural stands behind a number that may be one."""
    found = (IN_TEMPLATE if template else IN_CODE).finditer(text)
    return [match[0] for match in found if not ONE_FORM.search(match["value"])]


def test_no_text_says_1_seeds() -> None:
    """Every count that may be one gets its noun from the helper."""
    for suffix, template in (("*.py", False), ("*.j2", True)):
        for path in sorted(PACKAGE.rglob(suffix)):
            text = path.read_text(encoding="utf-8")
            assert (path.name, plurals_in(text, template=template)) == (path.name, [])
