"""Every block of the documentation is run, is linted, or stands in the table of exceptions."""

from __future__ import annotations

import json
import re

import pytest

from tests.docs.accounts import Unaccounted, account, linter_of, summary
from tests.docs.exceptions import ELSEWHERE, EXCEPTED, FOLLOWED, NOT_RUN
from tests.docs.pages import BLOCKS, PAGES
from tests.docs.sessions import SESSIONS
from tests.support.markdown_blocks import ROOT, Block
from vopr_coverage.nightly.seed_file import parse_seed_file
from vopr_coverage.points.lockfile import parse_lock

JSON = [block for block in BLOCKS if block.language == "json"]


def test_every_block_is_accounted_for() -> None:
    """`make docs-blocks` prints the counts."""
    _, lost = summary(BLOCKS)
    assert lost == []


def test_every_row_has_a_block() -> None:
    """And every session and page has something to run; else a table holds what is long gone."""
    rows = [*ELSEWHERE, *NOT_RUN, *EXCEPTED]
    assert [row for row in rows if not any(row.matches(block) for block in BLOCKS)] == []
    assert set(SESSIONS) | set(FOLLOWED) <= set(PAGES)


@pytest.mark.parametrize("page", FOLLOWED)
def test_what_counts_as_run_is_named_by_its_test(page: str) -> None:
    """A page that its test no longer reads would count as run."""
    test = (ROOT / FOLLOWED[page]).read_text(encoding="utf-8")
    assert "follow(" in test
    assert page.rpartition("/")[2] in test or "PAGES" in test


@pytest.mark.parametrize("block", JSON, ids=lambda block: block.where)
def test_json_can_be_parsed(block: Block) -> None:
    """As one document, or line by line."""
    try:
        json.loads(block.text)
    except json.JSONDecodeError:
        assert all(json.loads(line) for line in block.text.splitlines())


@pytest.mark.parametrize("block", [b for b in BLOCKS if linter_of(b) == "go"], ids=lambda block: block.where)
def test_lines_that_go_prints_are_records(block: Block) -> None:
    """Each `fmt.Printf` of a whole record."""
    for line in block.text.splitlines():
        printed = re.fullmatch(r"fmt\.Printf\((\".*?[^\\]\")(?:, .*)?\)", line)
        assert printed, line
        assert json.loads(json.loads(printed[1]).replace("%d", "7").replace("%x", "7f"))["type"]


@pytest.mark.parametrize("block", [b for b in BLOCKS if linter_of(b) == "diff"], ids=lambda block: block.where)
def test_a_diff_of_a_lockfile_can_be_read_on_both_sides(block: Block) -> None:
    """Without the lines that it removes, and without those that it adds."""
    for left_out in "+-":
        lines = [line[1:] for line in block.text.splitlines() if line[0] != left_out]
        points = "\n".join(lines).rstrip(",")
        text = f'{{"format": "urn:vopr-coverage:schema:points:v1", "rare_seeds": 250000, "points": [{points}]}}'
        assert parse_lock(text.encode(), block.where).points


def test_shown_files_of_seeds_can_be_read() -> None:
    """By the reader that `replay` has."""
    shown = [block for block in BLOCKS if linter_of(block) == "seeds"]
    assert shown
    assert [block.where for block in shown if not parse_seed_file(block.text, block.where).wanted] == []


@pytest.mark.parametrize(
    ("language", "text", "advice"),
    [
        ("", "a\n", "name the language"),
        ("text", "a\n", "has no linter"),
        ("yaml", "one: 1\n", "has no linter"),
        ("console", "$ true\n", "give its page a session"),
        ("sh", "true\n", "give its page a session"),
    ],
)
def test_a_block_that_nothing_holds_is_an_error(language: str, text: str, advice: str) -> None:
    """It says where the block is, and what to do."""
    with pytest.raises(Unaccounted, match=f"^docs/new.md:7: nothing runs or lints this block.*{advice}"):
        account(Block("docs/new.md", 7, language, text, ""))


def test_an_exception_for_what_can_be_linted_is_an_error() -> None:
    """Else the table would grow where a linter could do."""
    block = Block("docs/architecture.md", 7, "json", "flowchart", "")
    with pytest.raises(Unaccounted, match="but it can be linted"):
        account(block)
