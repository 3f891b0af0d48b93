"""The pages of a night as people see them: cause and command first, at most three blocks, quiet where all is well."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.support.loops import for_each
from tests.support.pages import (
    ALL_TIERS,
    HOSTILE,
    LIVE,
    assert_inert,
    closed,
    even_tables,
    from_tier,
    page_of,
    replaced,
)
from tests.support.red_nights import (
    COMMIT,
    GREEN_COMMIT,
    RED_NIGHTS,
    SEED,
    URL,
    a_green_night,
    a_night_of,
    crash,
    missed,
)
from tests.support.visible import visible_text
from vopr_coverage.causes.night import causes_of_night
from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.verdict import NightVerdict, TrendLine, night_from_json
from vopr_coverage.render.budget import ISSUE_CHARACTERS_MAX, SUMMARY_BYTES_MIN, utf8_bytes
from vopr_coverage.render.issue import IssueAbout, issue_title, render_issue
from vopr_coverage.render.night import render_night_markdown, render_night_text

ODD = "</code></details>|<b>@team #1"
NAMES = ("hash_chain", "combined", "calm", "storage.torn_write", "skip-fsync", "read mismatch", "durable_prefix")
FIRST_CHARACTERS = 600
ABOUT = IssueAbout("<!-- a marker -->", COMMIT, URL, URL.partition("/attempts")[0], "2026-11-25", 2)


def with_odd_names(night: NightVerdict, text: str = ODD) -> NightVerdict:
    """The night with this text in the place of every name that a file can put there."""

    def change(old: str, field: str) -> str:
        if field in ("job", "name", "status", "kind", "rule"):
            return old
        for name in NAMES:
            old = old.replace(name, text)
        return old

    changed: NightVerdict = replaced(night, change)
    return changed


NIGHTS = {**RED_NIGHTS, "odd-names": with_odd_names(RED_NIGHTS["three-causes"])}


@pytest.mark.parametrize("name", ["green", *NIGHTS])
def test_a_golden_page(name: str, golden: Callable[[str, str], None]) -> None:
    """The page, the issue and the text of each night."""
    night = a_green_night() if name == "green" else NIGHTS[name]
    golden(f"night/{name}.md", render_night_markdown(night))
    golden(f"night/{name}.txt", render_night_text(night))
    if not night.passed:
        golden(f"issue/{name}.md", f"{issue_title(night)}\n\n{render_issue(night, ABOUT)}")


@pytest.mark.parametrize("tier", ALL_TIERS)
@pytest.mark.parametrize("name", NIGHTS)
def test_cause_and_command_come_first(name: str, tier: int) -> None:
    """Somebody who is woken at night sees both without scrolling, on the page and in the issue, whatever its size."""
    night = NIGHTS[name]
    first = causes_of_night(night)[0]
    what = first.what.replace("`", "")
    with from_tier(tier):
        pages = render_night_markdown(night), render_issue(night, ABOUT)
    for page in pages:
        seen = visible_text(page)[:FIRST_CHARACTERS].lower()
        assert what.lower() in seen
        assert " ".join(first.command.lower().split()) in seen
        assert closed(page)
        assert even_tables(page)


@pytest.mark.parametrize("name", NIGHTS)
def test_at_most_three_blocks_and_all_findings_folded(name: str) -> None:
    """The other causes are counted; nothing that was found is missing."""
    night = NIGHTS[name]
    causes = causes_of_night(night)
    for page in (render_night_markdown(night), render_issue(night, ABOUT)):
        blocks = re.findall(r"^### (?!Parts|Add|Figures|What to do|\d+ warning)", page, re.MULTILINE)
        assert len(blocks) == min(len(causes), 3)
        assert (f"{len(causes) - 3} more cause" in visible_text(page)) == (len(causes) > 3)
        assert f"{len(night.findings)} finding" in visible_text(page)
        codes = page_of(page).codes
        assert all(any(finding.line in code for code in codes) or finding.line in page for finding in night.findings)


def test_the_issue_has_the_parts_that_did_not_pass_and_names_the_others() -> None:
    """A row for each that somebody has to look at; what passed is one line, and what is not required none."""
    page = render_issue(RED_NIGHTS["three-causes"], ABOUT)
    table = page.partition("### Parts")[2].partition("### What to do")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines() if line.startswith("| ")]
    assert rows == ["| Part", "| Long run", "| Canaries"]
    assert "\nPassed: Build, Plan, Regression seeds, Determinism, Coverage.\n" in table
    assert "Gate" not in table


def test_a_green_night_is_quiet() -> None:
    """The verdict, the parts, four figures; the rest is folded, and nothing asks for attention."""
    page = render_night_markdown(a_green_night())
    seen = visible_text(page)
    assert page.startswith("## ✅ The night passed: all 7 parts\n")
    assert len(seen) < 1_000
    assert not re.search(r"warning|what to do|❌|⚠|❓", seen, re.IGNORECASE)
    assert len(re.findall(r"^\|", page.partition("<details>")[0], re.MULTILINE)) == 2 + 8 + 2 + 4
    assert len(render_night_text(a_green_night()).splitlines()) == 5


def test_warnings_of_weight_are_seen_first() -> None:
    """Three of them; the others are folded and counted."""
    seen = visible_text(render_night_markdown(RED_NIGHTS["warned"]))
    assert "5 warnings" in seen
    assert "3,000 of 1,000,000" in seen
    assert "4,000 of 1,000,000" not in seen
    assert "2 more warnings" in seen


def test_links_lead_to_the_run_its_recordings_and_the_commits_since_the_last_green_night() -> None:
    """Where the run is known; the issue trusts the run that writes it, not the night's file."""
    expected = {
        URL,
        f"{URL}#artifacts",
        "https://github.example/o/p/actions/runs/4690",
        f"https://github.example/o/p/compare/{GREEN_COMMIT}...{COMMIT}",
    }
    night = RED_NIGHTS["crash"]
    assert links_on(render_night_markdown(night)) == expected
    strange = replace(night, place=replace(night.place, url="https://evil.example/o/p/actions/runs/1/attempts/1"))
    more = {f"{URL}#summary", URL.partition("/attempts")[0]}
    assert links_on(render_issue(strange, ABOUT)) == expected | more
    assert links_on(render_night_markdown(a_green_night())) == {URL}
    assert links_on(render_night_markdown(RED_NIGHTS["without-history"])) == set()
    odd = replace(night, place=replace(night.place, url="javascript:alert(1)"))
    assert links_on(render_night_markdown(odd)) == set()
    assert "at the same commit" in visible_text(render_night_markdown(RED_NIGHTS["warned"]))


def links_on(page: str) -> set[str | None]:
    """Where the links of a page lead."""
    return {dict(attributes).get("href") for _, tag, attributes in page_of(page).elements if tag == "a"}


def test_what_a_crash_has_moved_is_one_remark() -> None:
    """However many figures; and a figure that moved in several parts for no known cause is one, too."""
    night = RED_NIGHTS["crash-in-eight-shards"]
    moved = [
        replace(line, remark="1 is far below 9, the median of 3 comparable nights before") for line in night.trends
    ]
    page = render_night_markdown(replace(night, trends=tuple(moved)))
    remarks = [line for line in page.splitlines() if "is far below" in line]
    assert "4 figures moved with this cause" in remarks[0]
    others = [line for line in remarks if "; also in " in line]
    assert len(remarks) == 5
    assert others == []
    alike = [TrendLine("coverage", f"s{n}", "fault points hit", (9.0, 1.0), 9.0, "1 is below 9") for n in range(9)]
    page = render_night_markdown(a_green_night(trends=tuple(alike)))
    assert page.count("is below") == 1
    assert "; also in Coverage, <code>s1</code>" in page
    assert "and 3 more" in page
    figures = [TrendLine("coverage", "s", f"figure {n}", (9.0, 1.0), 9.0, "1 is below 9") for n in range(9)]
    page = render_night_markdown(a_green_night(trends=tuple(figures)))
    assert page.count("is below") == 5
    assert "4 more remarks" in page


def test_numbers_have_no_more_digits_than_people_read() -> None:
    """A rate is no clock, and a bound that says nothing is not told."""
    page = render_night_markdown(a_green_night())
    assert "10,497.824" not in page
    assert "10,498" in page
    little = render_night_markdown(a_green_night(seeds_doubled=1, at_most=1.0))
    assert "at most 100%" not in little
    assert "1 seed ran twice: too few to say how many of all may differ" in little


# ---- inert, closed, and of any size


@for_each(HOSTILE)
def test_odd_names_do_nothing(text: str) -> None:
    """In causes and remarks, as everywhere; a command that is too long would be left out."""
    text = text[:100]
    for name in ("three-causes", "coverage", "health"):
        for render in (render_night_markdown, lambda night: render_issue(night, ABOUT)):
            page = page_of(render(with_odd_names(RED_NIGHTS[name], f"x{text}y")))
            assert not LIVE.search(page.prose)
            plain = page_of(render(with_odd_names(RED_NIGHTS[name], "plainname")))
            assert page.elements == plain.elements
    text_only = render_night_text(with_odd_names(RED_NIGHTS["three-causes"], text))
    assert all(line.isprintable() for line in text_only.split("\n"))


@pytest.mark.parametrize("text", ["x" * 3_000, "<@" * 2_000, "☂" * 1_000])
def test_pages_fit(text: str) -> None:
    """Also of names without end, down to the smallest budget; commands are never cut."""
    night = with_odd_names(RED_NIGHTS["forty-causes"], text)
    for budget in (SUMMARY_BYTES_MIN, 20_000, 200_000):
        page = render_night_markdown(night, budget)
        assert utf8_bytes(page) <= budget
        assert closed(page)
        assert "night.json" in page
    assert len(render_issue(night, ABOUT)) <= ISSUE_CHARACTERS_MAX
    long = replace(crash(1), repro="vopr " + "x" * 30_000)
    for page in (render_night_markdown(a_night_of(long)), render_issue(a_night_of(long), ABOUT)):
        assert "Its command is too long for this page" in page


def test_a_night_that_was_read_back_has_the_same_pages() -> None:
    """All that a page needs is in its file."""
    for night in NIGHTS.values():
        again = night_from_json(night.to_json().encode(), "night.json")
        assert again == night
    bare = replace(RED_NIGHTS["three-causes"], findings=(missed("p"),), warnings=(Remark("", "x"),))
    assert_inert(render_night_markdown(with_odd_names(bare)), render_night_markdown(with_odd_names(bare, "plain")))
    assert SEED in render_night_markdown(RED_NIGHTS["crash"])
