"""The issue's title and text: complete, inert, and never longer than GitHub takes."""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import pytest
from cmarkgfm.cmark import Options
from msgspec.structs import replace

from tests.support.examples import floods_for, tiers_for
from tests.support.loops import for_each
from tests.support.pages import (
    ALL_TIERS,
    HOSTILE,
    LIVE,
    NAME,
    RUN_URL,
    SHA,
    assert_inert,
    from_tier,
    order_of,
    page_of,
    replaced,
)
from tests.support.tracked_issues import a_red_night
from vopr_coverage import __version__
from vopr_coverage.nightly.verdict import Finding, FindingKind, NightRun, NightVerdict
from vopr_coverage.render.budget import COMMENT_CHARACTERS_MAX, ISSUE_CHARACTERS_MAX, TITLE_CHARACTERS_MAX
from vopr_coverage.render.inert import inert
from vopr_coverage.render.issue import (
    KINDS,
    IssueAbout,
    closing_note,
    issue_title,
    render_issue,
)
from vopr_coverage.render.wording import figure

FIRST_URL = "https://github.example/o/p/actions/runs/12"
MARKER = "<!-- vopr-coverage issue id=nightly -->"
ABOUT = IssueAbout(MARKER, SHA, RUN_URL, FIRST_URL, "2026-11-20", 3)
# All but what is a number; a line or a command that is too long would be left out.
FOREIGN = [text[:50] for text in HOSTILE if str(figure(text)) == str(inert(text))]
FEW = ("</code></details>|<b>@team #1", "\n\n# x\n| a | b |\n|--|--|\n| https://evil.example |", "--> <!-- x --> GH-1")
MODEL = a_red_night(17, findings=8)
CANARY = Finding("canary", "skip-fsync", "canary", "it was not detected")
OURS = {"status", "kind", "format", "commit"}
TITLE = re.compile(r"[A-Za-z0-9 ._+=(),·…-]+ is red: [A-Za-z0-9 ._+=(),·…:-]+")


def at_tier(night: NightVerdict, tier: int, about: IssueAbout = ABOUT) -> str:
    """The text as the nth tier tells it."""
    with from_tier(tier):
        return render_issue(night, about, size=lambda _: 0)


def named(night: NightVerdict, text: str) -> NightVerdict:
    """A night in which a file has put `text` wherever it can put a name."""
    changed: NightVerdict = replaced(night, lambda old, _: old.replace(NAME, text))
    return changed


def flooded(night: NightVerdict, text: str, *, words_too: bool) -> NightVerdict:
    """A night all of whose texts are `text`; with `words_too` also status words and kinds."""
    changed: NightVerdict = replaced(night, lambda old, field: old if field in OURS and not words_too else text)
    return changed


def test_it_tells_all_that_somebody_needs_to_begin() -> None:
    """Which job, seed, invariant and fault point, how to replay it, what to keep, since when, where, in that order."""
    red = named(replace(MODEL, findings=MODEL.findings[:3]), "swizzle")
    page = page_of(render_issue(red, ABOUT))
    told = page.prose + " ".join(page.codes)
    for text in (
        "Long run",
        "17",
        "swizzle",
        "vopr --seed 17 swizzle",
        "swizzle 17",
        "0123456",
        "night 41",
        "3 nights",
    ):
        assert text in told, text
    order = ("red since 2026-11-20", "failed at seed", "What to do", "regression file", "Leave", "findings", "commands")
    assert order_of(render_issue(red, ABOUT), *order)
    assert not re.search(r"^\|(?:[^|\n]*\|){5}", render_issue(red, ABOUT), re.MULTILINE), "a table of five columns"
    links = {dict(attributes).get("href") for _, tag, attributes in page.elements if tag == "a"}
    assert links == {RUN_URL, f"{RUN_URL}#summary", FIRST_URL}
    assert "this replays the whole run" in page.prose
    assert "vopr --seed 17 swizzle\n" in page.codes


def test_without_a_place_nothing_is_made_up() -> None:
    """On a laptop there is neither run nor day."""
    page = page_of(render_issue(a_red_night(), IssueAbout()))
    assert not [one for one in page.elements if one[1] == "a"]
    assert "since" not in page.prose
    assert "verdict file" in page.prose


def test_a_night_without_a_verdict_says_what_was_wrong_with_it() -> None:
    """Line by line."""
    page = page_of(
        render_issue(NightVerdict.not_judged(__version__, "no verdict\nnight.json: expected a b", NightRun()), ABOUT)
    )
    assert page.codes[1:3] == ["no verdict", "night.json: expected a b"]
    assert "not a pass" in page.prose


def test_the_note_of_a_green_night_names_the_run() -> None:
    """And how long it was red."""
    page = page_of(closing_note(ABOUT))
    assert "red since 2026-11-20 (first red run), 3 nights." in page.prose
    assert RUN_URL in str(page.elements)
    assert "This night found nothing wrong" in page_of(closing_note(IssueAbout())).prose


# ---- inert


@cache
def benign_at_tier(tier: int) -> str:
    """What each hostile page is compared with; drafting it takes longer than the comparison."""
    return at_tier(MODEL, tier)


@cache
def benign_flood(*, words_too: bool) -> str:
    """The same, with every string replaced."""
    return at_tier(flooded(MODEL, NAME, words_too=words_too), 0)


@for_each(list(enumerate(FOREIGN)))
def test_a_name_stays_in_code_in_every_tier(case: tuple[int, str]) -> None:
    """Wherever a file can put a name."""
    number, text = case
    hostile = named(MODEL, f"x{text}y")
    for tier in tiers_for(number, ALL_TIERS):
        assert_inert(at_tier(hostile, tier), benign_at_tier(tier))


@for_each(list(enumerate(FOREIGN)))
def test_a_file_is_hostile_in_every_field(case: tuple[int, str]) -> None:
    """All texts at once: also status words, kinds, seeds, advice, reason and version."""
    number, text = case[0], f"x{case[1]}y".replace("\n", " ")
    for words_too in floods_for(number):
        hostile = at_tier(flooded(MODEL, text, words_too=words_too), 0)
        assert_inert(hostile, benign_flood(words_too=words_too))


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_every_tier_is_inert(tier: int) -> None:
    """The shorter texts hold what the longest one holds."""
    benign = at_tier(flooded(MODEL, NAME, words_too=True), tier)
    for text in FEW:
        assert_inert(at_tier(named(MODEL, f"x{text}y"), tier), benign_at_tier(tier))
        text = text.replace("\n", " ")
        assert_inert(at_tier(flooded(MODEL, text, words_too=True), tier), benign)


@for_each(FOREIGN)
def test_an_error_is_inert(text: str) -> None:
    """It quotes the file."""
    lines = f"x{text}".split("\n")
    benign = "\n".join(NAME if line else "" for line in lines)
    hostile = at_tier(NightVerdict.not_judged("1.0", "\n".join(lines), NightRun()), 0)
    assert_inert(hostile, at_tier(NightVerdict.not_judged("1.0", benign, NightRun()), 0))


@for_each(HOSTILE)
def test_a_title_is_plain_words(text: str) -> None:
    """No mark is left that makes a mention, a link, code or a picture of it, wherever a title is shown."""
    for night in (named(MODEL, text), named(MODEL, text * 50), flooded(MODEL, text, words_too=True)):
        title = issue_title(night)
        assert TITLE.fullmatch(title), title
        assert not re.search(r"@|#|://|www\.|GH-[0-9]|`|<|:\w+:", title)
        assert len(title) <= TITLE_CHARACTERS_MAX
        assert title == title.strip()


@pytest.mark.parametrize(
    ("night", "told"),
    [
        (a_red_night(), "plainname is red: invariant plainname failed at seed 17 and 2 more causes"),
        (a_red_night(findings=1, place=NightRun()), "Nightly simulation is red: invariant plainname failed at seed 17"),
        (replace(MODEL, findings=(CANARY,)), "plainname is red: canary skip-fsync: it was not detected"),
        (replace(MODEL, findings=(replace(CANARY, kind="job"),)), "plainname is red: Canaries: it was not detected"),
        (
            replace(MODEL, findings=(Finding("plan", "", "plan", "none"),) * 2),
            "plainname is red: Plan: none and 1 more",
        ),
        (a_red_night(findings=0), "plainname is red: it failed"),
        (
            a_red_night(findings=0, status="incomplete", place=NightRun()),
            "Nightly simulation is red: it did not finish",
        ),
        (
            a_red_night(findings=1, place=NightRun(workflow="Nightly @all")),
            "Nightly ·all is red: invariant plainname failed at seed 17",
        ),
        (
            NightVerdict.not_judged("1.0", "x", NightRun(workflow="Nightly")),
            "Nightly is red: the night has no verdict",
        ),
    ],
)
def test_a_title_says_the_first_thing(night: NightVerdict, told: str) -> None:
    """Whose nightly it is, and its first cause."""
    assert told == issue_title(night)


def test_every_kind_of_finding_has_a_word() -> None:
    """Those that the schema knows are ours, and stand outside of code."""
    assert set(KINDS) == set(get_args(FindingKind))
    assert "<code>failing" not in render_issue(MODEL, ABOUT)


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_no_line_is_broken_inside_a_paragraph(tier: int) -> None:
    """An issue shows each such break as <br>; the page must not notice."""
    for night in (MODEL, NightVerdict.not_judged("1.0", "x\ny", NightRun())):
        markdown = at_tier(night, tier)
        assert page_of(markdown, Options.CMARK_OPT_HARDBREAKS).elements == page_of(markdown).elements


# ---- limits


@pytest.mark.parametrize("text", ["x" * 500, "@" * 500, "`|" * 250, "\n" * 500, "☂" * 500, "<" * 5_000])
@pytest.mark.parametrize("findings", [1, 12, 900])
def test_a_body_fits_and_leaves_room_for_a_note(text: str, findings: int) -> None:
    """However much a night has found; what is left out is said."""
    night = named(a_red_night(findings=findings), text)
    night = replace(night, regressions=night.regressions * findings, error=None)
    body = render_issue(night, ABOUT)
    assert len(body) <= ISSUE_CHARACTERS_MAX <= COMMENT_CHARACTERS_MAX - 1_024
    assert body.startswith(f"{MARKER}\n## ")
    if findings == 900:
        assert "all in" in page_of(body).prose
    assert len(closing_note(ABOUT)) < COMMENT_CHARACTERS_MAX - ISSUE_CHARACTERS_MAX - 300


def test_an_error_without_end_fits() -> None:
    """And says how much of it is left out."""
    body = render_issue(NightVerdict.not_judged("1.0", "<@" * 500_000, NightRun()), ABOUT)
    assert len(body) <= ISSUE_CHARACTERS_MAX
    assert "more characters" in page_of(body).prose


def test_a_command_is_never_cut() -> None:
    """One that is too long is left out whole, and that is said."""
    long = replace(MODEL.findings[0], repro="vopr " + "x" * 3_000)
    page = page_of(render_issue(replace(MODEL, findings=(long,), regressions=("swizzle 17", "x" * 301)), ABOUT))
    assert "1 command is too long for this page" in page.prose
    assert "1 line for the regression file is too long for this page" in page.prose
    assert "swizzle 17\n" in page.codes
    assert not LIVE.search(page.prose)


def test_what_a_marker_or_a_day_may_not_be_is_our_mistake() -> None:
    """They are text of ours, checked where they are made."""
    for about in (
        *(IssueAbout(marker="<!-- a --> b -->"), IssueAbout(marker="plain"), IssueAbout(since="@today")),
        *(IssueAbout(run_url="javascript:alert(1)"), IssueAbout(since="2026-11-20", first_url="https://a ")),
    ):
        with pytest.raises(AssertionError):
            render_issue(a_red_night(), about)
