"""Numbers as people read them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vopr_coverage.model.figures import agreeing, counted, in_digits, percent, seed_percent
from vopr_coverage.render import wording
from vopr_coverage.render.inert import inert

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
    ("share", "text"),
    [
        (0.0, "0%"),
        (1e-7, "0.00001%"),
        (2.99e-7, "0.00003%"),
        (1e-9, "<0.000001%"),
        (0.05, "5%"),
        (0.12345, "12.3%"),
        (1, "100%"),
    ],
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
    own_plural = re.compile(r"""['"][a-z]*['"] if [^\n]{1,40} (?:[=!]= 1|> 1|>= 2) else ['"]""")
    files = [path for suffix in ("*.py", "*.j2") for path in PACKAGE.rglob(suffix) if path != home]
    assert len(files) > 100
    assert [path.name for path in files if own_plural.search(path.read_text())] == []


# Nouns that a text of ours counts. Behind a number they stand in the form that agrees with it.
COUNTED = (
    "bounds bugs builds canaries causes changes characters commits copies events faults failures fields files findings "
    "folders gates hits inputs invariants iterations jobs lines names nights ones parts plans points problems "
    "properties ranges recordings records regressions remarks reports rows runs scenarios seeds shards spots steps "
    "violations warnings words workflows"
)
PLURAL = "(?:" + "|".join(COUNTED.split()) + r")\b(?!/)"
FIELD = r"\{(?P<value>[^{}]+)\}"  # of an f-string; a format of decimals (1.0 points) or a constant has one form
IN_CODE = re.compile(FIELD + r" (?:[a-z-]+ ){0,2}?" + PLURAL)
IN_TEMPLATE = re.compile(r"\{\{ (?P<value>[^{}]+?) \}\}(?:\*\*)? (?:[a-z-]+ ){0,2}?" + PLURAL)
ONE_FORM = re.compile(
    r"\.[0-9]f|^[A-Z_ *:,]+$|percent\(|\w+_of\(|shown\(|^interval$|^self\.since$|counted|printable\(|^len\(names\)$|"
    r'^"failed"$|^causes\|length$'  # of several causes, in the branch for several
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('f"{count} seeds failed"', True),
        ('f"{count:,} failed seeds"', True),
        ('f"on {run.count} of {total} seeds"', True),
        ("f\"all of {sum(job.status == 'passed' for job in jobs)} parts passed\"", True),
        ('f"{detected} of {len(results)} canaries detected"', True),
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
            # errors.py is left of the helper, and writes this one for several alone
            known = ["{more} more problems"] if path.name == "errors.py" else []
            assert (path.name, plurals_in(text, template=template)) == (path.name, known)


# Rates and durations: more digits than three are noise, and a reader compares them in vain.
MANY_DIGITS = re.compile(r"\{[^{}]*(?:rate|minutes|seconds|_s|hours)\b[^{}]*:[,.0-9]*[fg]\}")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('f"{work.rate:,.1f}/s"', True),
        ('f"after {recording.timeout_s:g} s"', True),
        ('f"{minutes:g} min"', True),
        ('f"{in_digits(work.rate)}/s"', False),
        ('f"{took:.0f} of {total:.0f} s"', False),
    ],
)
def test_a_rate_with_digits_of_its_own_is_found(text: str, found: bool) -> None:
    """The search itself."""
    assert bool(MANY_DIGITS.search(text)) is found


def test_rates_and_durations_have_three_digits() -> None:
    """10,498 a second, not 10,497.824: one helper writes them, in every text."""
    found = [
        (path.name, match[0]) for path in PACKAGE.rglob("*.py") for match in MANY_DIGITS.finditer(path.read_text())
    ]
    assert [each for each in found if each not in WHOLE] == []


# Whole megabytes and seconds that count up or down, and a constant of ours.
WHOLE = [
    ("progress.py", "{rate:,.0f}"),
    ("progress.py", "{seconds:.0f}"),
    ("retry.py", "{seconds:.0f}"),
    ("plan.py", "{CALIBRATION_S:g}"),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [(10_497.824, "10,498"), (79.14, "79.1"), (5.25, "5.25"), (10.0, "10"), (0.01351, "0.0135"), (0.0, "0"),
     (1.234e-5, "0.000012"), (1.234e-7, "1.23e-07"),
     (float("nan"), "nan"), (float("inf"), "inf"), (1e300, "1e+300")],
)  # fmt: skip
def test_a_figure_has_three_digits(value: float, text: str) -> None:
    """Of a large one all before the point; what is no number is written as such."""
    assert in_digits(value) == text


def test_pages_write_fractions_in_three_digits() -> None:
    """A template that prints a rate as it is prints it as texts do."""
    assert str(inert(10_497.824)) == "10,498"
    assert str(inert(1_234)) == "1,234"
