"""What went wrong stands first, with its command, on every page of a failed verdict, however short the page is.

The pages are golden files: `pytest --update-golden`, then read the diff.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cause_cases import CAUSE_CASES
from tests.support.pages import ABOUT, ALL_TIERS, LIVE, at_tier, closed, comment_at_tier, even_tables, page_of, visible
from tests.support.verdict_cases import CASES, COMPARED, ROOT, judged
from vopr_coverage.causes.check import causes_of
from vopr_coverage.errors import printable
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.comment import render_comment

FIRST = 600  # characters that are seen
EVERY = [*CAUSE_CASES, *CASES, *COMPARED]
HEADLINE = len(ALL_TIERS) - 1


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verdict]:
    """The verdict of a case."""
    name = request.param
    if name in CAUSE_CASES:
        yield CAUSE_CASES[name](tmp_path)
        return
    monkeypatch.chdir(ROOT)
    yield judged((CASES | COMPARED)[name])


@pytest.mark.parametrize("name", CAUSE_CASES)
def test_pages_read_as_they_should(name: str, golden: Callable[[str, str], None], tmp_path: Path) -> None:
    """Summary and comment, word for word."""
    verdict = CAUSE_CASES[name](tmp_path)
    golden(f"summary/{name}.md", render_check_markdown(verdict))
    golden(f"comment/{name}.md", render_comment(verdict, ABOUT))


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_pages_of_every_size_read_as_they_should(tier: int, golden: Callable[[str, str], None], tmp_path: Path) -> None:
    """Of three causes, word for word."""
    verdict = CAUSE_CASES["three-causes"](tmp_path)
    golden(f"summary/three-causes-{tier}.md", at_tier(verdict, tier))
    golden(f"comment/three-causes-{tier}.md", comment_at_tier(verdict, tier))


@pytest.mark.parametrize("case", EVERY, indirect=True)
@pytest.mark.parametrize("tier", ALL_TIERS)
def test_cause_and_command_are_among_the_first_600_characters(case: Verdict, tier: int) -> None:
    """What is folded is not seen, and the marks of Markdown are not either."""
    for markdown in (at_tier(case, tier), comment_at_tier(case, tier)):
        seen = visible(markdown)[:FIRST]
        for cause in causes_of(case)[:1]:
            what = cause.what.split("`")
            words = cause.details[0][:40] if case.error and not case.reports else what[0] or what[1][:20]
            assert words.strip() in seen
            if cause.command and (tier < HEADLINE or len(cause.command) <= 120):
                assert " ".join(map(printable, cause.command.split("\n"))) in seen


@pytest.mark.parametrize("case", EVERY, indirect=True)
@pytest.mark.parametrize("tier", ALL_TIERS)
def test_every_page_is_closed_and_inert(case: Verdict, tier: int) -> None:
    """And made of nothing but the verdict file."""
    read = verdict_from_json(case.to_json().encode(), "v.json")
    for markdown, again in (
        (at_tier(case, tier), at_tier(read, tier)),
        (comment_at_tier(case, tier), comment_at_tier(read, tier)),
    ):
        assert markdown == again
        assert closed(markdown)
        assert even_tables(markdown)
        page = page_of(markdown)
        assert not set("|<>*#") & set(page.prose)
        assert not LIVE.search(page.prose)


def test_a_cause_is_told_once(tmp_path: Path) -> None:
    """Eight shards that died are one heading, one command and one panic in the open."""
    seen = visible(render_check_markdown(CAUSE_CASES["crash-in-eight-shards"](tmp_path)))
    assert seen.count("Simulator died at 8 seeds, first at seed 102, in 8 runs: ") == 1
    assert seen.count("--seed 102 ") == 1
    assert seen.count("RUST_BACKTRACE") == 1
    assert not re.search(r"--seed [2-8]02", seen)


def test_at_most_three_causes_are_in_the_open(tmp_path: Path) -> None:
    """The others are folded, with their commands."""
    markdown = render_comment(CAUSE_CASES["forty-causes"](tmp_path), ABOUT)
    assert len(re.findall(r"vopr --scenario calm --seed \d+ ", visible(markdown))) == 3
    assert "<details><summary>37 more causes</summary>" in markdown
    assert len(re.findall(r"^vopr --scenario calm --seed \d+ ", markdown, re.MULTILINE)) == 40
