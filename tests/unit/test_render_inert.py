"""Whatever a report says, the summary says it and does nothing else."""

from __future__ import annotations

import re
from functools import cache

import pytest
from cmarkgfm.cmark import Options
from markupsafe import Markup

from tests.support.examples import floods_for
from tests.support.loops import for_each
from tests.support.pages import (
    ALL_TIERS,
    HOSTILE,
    NAME,
    a_verdict,
    assert_inert,
    at_tier,
    compared,
    flooded,
    named,
    page_of,
    string_fields,
    with_one,
    without_base,
    without_lines,
)
from vopr_coverage.errors import visible
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.inert import CHARACTERS_MAX, inert, inert_block
from vopr_coverage.render.wording import figure, gate_title, prose, status

FOREIGN = [text for text in HOSTILE if str(figure(text)) == str(inert(text))]  # all but what is a number
MODEL = compared(without_lines(a_verdict()))
FEW = ("</code></details>|<b>@team #1", "\n\n# x\n| a | b |\n|--|--|\n| https://evil.example |", "{{ 7*7 }}`::error::x")


@cache
def benign_at_tier(tier: int) -> str:
    """What each hostile page is compared with; drafting it takes longer than the comparison."""
    return at_tier(MODEL, tier)


@cache
def benign_flood(*, words_too: bool) -> str:
    """The same, with every string replaced."""
    return at_tier(flooded(MODEL, NAME, words_too=words_too), 0)


@for_each(FOREIGN)
def test_a_name_changes_nothing_but_the_text_in_code(text: str) -> None:
    """A name from the corpus adds no link, image, element, cell or word outside <code>, wherever names stand."""
    assert_inert(at_tier(named(MODEL, text), 0), benign_at_tier(0))


@for_each(list(enumerate(FOREIGN)))
def test_a_verdict_file_is_hostile_in_every_field(case: tuple[int, str]) -> None:
    """Even status words, gate ids, advice, reason, thresholds, origin and version from a file stay in <code>."""
    number, text = case
    for words_too in floods_for(number):
        hostile = at_tier(flooded(MODEL, text, words_too=words_too), 0)
        assert_inert(hostile, benign_flood(words_too=words_too))


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_every_tier_is_inert(tier: int) -> None:
    """The shorter pages hold what the longest one holds."""
    model = compared(without_lines(a_verdict(2)))
    strange, as_known = at_tier(flooded(model, NAME, words_too=True), tier), at_tier(model, tier)
    for text in FOREIGN[::9]:
        assert_inert(at_tier(flooded(model, text, words_too=True), tier), strange)
        assert_inert(at_tier(named(model, text), tier), as_known)


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_a_page_without_a_comparison_is_inert(tier: int) -> None:
    """No base, or one that can't be had: what is said instead is as inert."""
    for model in (without_lines(a_verdict(2)), without_base(without_lines(a_verdict()))):
        as_known = at_tier(model, tier)
        for text in FEW:
            assert_inert(at_tier(named(model, text), tier), as_known)


@pytest.mark.parametrize("part", range(3))
def test_each_string_by_itself_stays_in_code(part: int) -> None:
    """No field is inert only because another one is hostile too."""
    for number in list(string_fields(MODEL))[part::3]:
        benign = at_tier(with_one(MODEL, number, "othername"), 0)
        for text in FEW:
            assert_inert(at_tier(with_one(MODEL, number, text), 0), benign)


@for_each(HOSTILE)
def test_an_error_is_inert(text: str) -> None:
    """Where nothing was judged, the message quotes the file: in a block, and all of it."""
    markdown = at_tier(Verdict.not_judged("1.0", text), 0)
    assert_inert(markdown, at_tier(Verdict.not_judged("1.0", NAME), 0))
    told = "\n".join(visible(line) for line in text.split("\n"))
    assert page_of(markdown).codes[0].strip("\n") == told.strip("\n")


@for_each(HOSTILE)
def test_text_is_still_told(text: str) -> None:
    """Inert is not mute: a reader sees the text, escaped and cut at 300 characters."""
    (told,) = page_of(f"x {inert(text)} y").codes
    expected = visible(text)
    if len(expected) > CHARACTERS_MAX:
        assert len(told) == CHARACTERS_MAX
        assert told[-1] == "…"
        told, expected = told[:-1], expected[: CHARACTERS_MAX - 1]
    assert told == expected


def test_no_line_break_depends_on_where_the_page_stands() -> None:
    """In comments GitHub turns each line break within a paragraph into <br>; the page must not notice."""
    for tier in ALL_TIERS:
        markdown = at_tier(compared(without_lines(a_verdict(3))), tier)
        assert page_of(markdown, Options.CMARK_OPT_HARDBREAKS).elements == page_of(markdown).elements


def test_only_punctuation_as_entities_is_left_in_code() -> None:
    """GitHub links mentions in decoded text outside code, so no mark may end the code: not one stands bare."""
    told = str(inert("".join(chr(code) for code in range(33, 127))))
    bare = re.sub(r"(<!-- -->)?&#\d+;", "", told.removeprefix("<code>").removesuffix("</code>"))
    assert bare.isalnum()


def test_a_repro_command_is_never_cut() -> None:
    """Half a command is worse than none."""
    command = "vopr --scenario 'a b' --seed 7 " + "x" * 2_000
    assert page_of(str(inert_block(command))).codes == [command]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, ""),
        ("", ""),
        (1234567, "1,234,567"),  # grouped, so that GitHub can't take it for a commit
        (0.25, "0.25"),
        (Markup("<b>ours</b>"), "<b>ours</b>"),
        (1 << 200, "<code>an integer of 201 bits</code>"),  # Python refuses to print it
        ([1, 2], "<code>an array of 2</code>"),
    ],
)
def test_what_is_not_text(value: object, told: str) -> None:
    """Numbers and markup of ours pass, nothing is nothing, the rest is said in <code>."""
    assert str(inert(value)) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("72.7% (8 of 11)", "72.7% (8 of 11)"),
        ("every gate holds for 1 report over 20 iterations", "every gate holds for 1 report over 20 iterations"),
        ("1234567", "1,234,567"),
        ("≥ 2000000", "≥ 2,000,000"),
        ("default + 11 overrides", "default + 11 overrides"),
        ("not measured", "not measured"),
        ("whole, counts agree", "whole, counts agree"),
        ("12345678901234567890", "12,345,678,901,234,567,890"),  # a seed
        ("12.5 points, 1 lost", "12.5 points, 1 lost"),
        ("at most 0 points, 0 lost", "at most 0 points, 0 lost"),
        ("at most 2.5 points, any lost", "at most 2.5 points, any lost"),
    ],
)
def test_figures_made_of_our_words_are_plain(text: str, told: str) -> None:
    """A table of figures is easier to read without a grey box around each."""
    assert str(figure(text)) == told


@pytest.mark.parametrize(
    "text",
    [
        *("#1", "1.", "- 1", "@team", "of  of", " of", "8 of 11 <b>", "deadbeef", "123456789012345678901", "1.2.3.4"),
        *("1-1", "+1", "all, their, seeds", "of\nof", "0x1f", "١", "1" * 90, "of " * 40),
    ],
)
def test_a_figure_with_anything_else_is_code(text: str) -> None:
    """One foreign word, mark or digit, and the whole text is inert."""
    assert str(figure(text)) == str(inert(text))


def test_words_that_we_do_not_know_are_code() -> None:
    """What is ours is looked up by key; a verdict file can't bring its own words."""
    for lookup in (gate_title, status, prose):
        assert str(lookup("passed!")) == "<code>passed&#33;</code>"
