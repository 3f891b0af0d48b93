"""Whatever a verdict says, the comment says it and does nothing else: a fork's file is hostile in every field."""

from __future__ import annotations

from functools import cache

import pytest
from cmarkgfm.cmark import Options
from msgspec.structs import replace

from tests.support.examples import floods_for, tiers_for
from tests.support.loops import for_each
from tests.support.pages import (
    ABOUT,
    ALL_TIERS,
    HOSTILE,
    MARKER,
    NAME,
    RUN_URL,
    SUMMARY_URL,
    a_verdict,
    assert_inert,
    comment_at_tier,
    compared,
    flooded,
    named,
    page_of,
    passed,
    string_fields,
    with_one,
    without_base,
    without_lines,
)
from vopr_coverage.errors import visible
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.comment import About, render_comment
from vopr_coverage.render.inert import inert
from vopr_coverage.render.wording import DOCS, GATES, anchor_of, figure

FOREIGN = [text for text in HOSTILE if str(figure(text)) == str(inert(text))]  # all but what is a number
MODEL = compared(without_lines(a_verdict()))
MODELS = {
    "one": MODEL,
    "several": compared(without_lines(a_verdict(2))),
    "no base": without_base(without_lines(a_verdict())),
    "alone": without_lines(a_verdict()),
}
FEW = ("</code></details>|<b>@team #1", "\n\n# x\n| a | b |\n|--|--|\n| https://evil.example |", "--> <!-- x --> GH-1")
FIELDS = list(string_fields(MODEL))


@cache
def benign_at_tier(tier: int) -> str:
    """What each hostile comment is compared with; drafting it takes longer than the comparison."""
    return comment_at_tier(MODEL, tier)


@cache
def benign_flood(*, words_too: bool) -> str:
    """The same, with every string replaced."""
    return comment_at_tier(flooded(MODEL, NAME, words_too=words_too), 0)


@for_each(list(enumerate(FOREIGN)))
def test_a_name_stays_in_code_in_every_tier(case: tuple[int, str]) -> None:
    """Wherever a file can put a name, lost ones and the base's origin among them."""
    number, text = case
    hostile = named(MODEL, text)
    for tier in tiers_for(number, ALL_TIERS):
        assert_inert(comment_at_tier(hostile, tier), benign_at_tier(tier))


@for_each(list(enumerate(FOREIGN)))
def test_a_verdict_file_is_hostile_in_every_field(case: tuple[int, str]) -> None:
    """All strings at once: also status words, gate ids, figures, advice, reason and version."""
    number, text = case
    for words_too in floods_for(number):
        hostile = comment_at_tier(flooded(MODEL, text, words_too=words_too), 0)
        assert_inert(hostile, benign_flood(words_too=words_too))


@pytest.mark.parametrize("tier", ALL_TIERS)
@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_form_of_the_comment_is_inert(model: Verdict, tier: int) -> None:
    """One report or several, with a base, without one, and with one that can't be had."""
    as_known = comment_at_tier(model, tier)
    benign = comment_at_tier(flooded(model, NAME, words_too=True), tier)
    for text in FEW:
        assert_inert(comment_at_tier(named(model, text), tier), as_known)
        assert_inert(comment_at_tier(flooded(model, text, words_too=True), tier), benign)


@pytest.mark.parametrize("part", range(4))
def test_each_string_by_itself_stays_in_code(part: int) -> None:
    """No field is inert only because another one is hostile too."""
    for number in FIELDS[part::4]:
        benign = comment_at_tier(with_one(MODEL, number, "othername"), 0)
        for text in FEW:
            assert_inert(comment_at_tier(with_one(MODEL, number, text), 0), benign)


@for_each(HOSTILE)
def test_the_texts_at_the_very_top_are_inert(text: str) -> None:
    """Why nothing was judged, line by line, and how the run ended."""
    lines = f"x{text}".split("\n")
    benign = "\n".join(NAME if line else "" for line in lines)
    markdown = comment_at_tier(Verdict.not_judged("1.0", "\n".join(lines)), 0)
    assert_inert(markdown, comment_at_tier(Verdict.not_judged("1.0", benign), 0))
    assert page_of(markdown).codes[: -len("sv")] == [visible(line) for line in lines if line]
    ended, as_known = (comment_at_tier(passed(), 0, replace(ABOUT, conclusion=word)) for word in (text, NAME))
    assert_inert(ended, as_known)


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_the_only_links_are_ours(tier: int) -> None:
    """To the run, to its full summary, and to what is written about each gate: by their addresses and nothing else."""
    for model in MODELS.values():
        elements = page_of(comment_at_tier(model, tier)).elements
        links = {attributes for _, tag, attributes in elements if tag == "a"}
        explained = {(("href", f"{DOCS}/verdict.md#{anchor_of(gate)}"),) for gate in GATES}
        assert links - explained == {(("href", RUN_URL),), (("href", SUMMARY_URL),)}
        assert not {tag for _, tag, _ in elements} & {"img", "script", "iframe", "video", "style"}
        assert [tag for _, tag, _ in elements if tag.startswith("comment")] == [f"comment {MARKER[4:-3]}"]


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_no_line_is_broken_inside_a_paragraph(tier: int) -> None:
    """A comment shows each such break as <br>; the page must not notice."""
    for model in MODELS.values():
        markdown = comment_at_tier(model, tier)
        assert page_of(markdown, Options.CMARK_OPT_HARDBREAKS).elements == page_of(markdown).elements


def test_what_a_marker_or_an_address_may_not_be_is_our_mistake() -> None:
    """They are text of ours, checked where they are made; here nothing but a comment and an address gets through."""
    for about in (
        About(marker="<!-- a --> b -->"),
        About(marker="<!-- a\n-->"),
        About(marker="plain"),
        About(run_url="javascript:alert(1)"),
        About(run_url='https://a.example/"><b>'),
        About(summary_url="https://a.example/ b"),
    ):
        with pytest.raises(AssertionError):
            render_comment(passed(), about)
