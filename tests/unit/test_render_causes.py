"""Sentences, commands and links of causes: what is ours is plain, what is foreign inert, and links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.pages import (
    HOSTILE,
    LIVE,
    NAME,
    a_gate,
    a_judged,
    a_verdict,
    assert_inert,
    at_tier,
    closed,
    comment_at_tier,
    even_tables,
    page_of,
    several,
    visible,
)
from vopr_coverage.causes.words import listed, quoted
from vopr_coverage.model.shell_words import shell_word
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.nightly.regression_file import is_scenario, regression_line
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.inert import TOO_LONG, copyable
from vopr_coverage.render.links import origin_link
from vopr_coverage.render.wording import GATES, anchor_of, gate_link, told
from vopr_coverage.runner.environment import Runner

DOCS = Path(__file__).parents[2] / "docs"
SHA = "0123456789abcdef0123456789abcdef01234567"
PLACE = f"https://github.example/o/p/blob/{SHA}"


# ---- sentences


def test_a_sentence_is_plain_and_its_names_are_code() -> None:
    """Words and numbers of ours stand as they are."""
    sentence = "Invariant `a_b` failed on 1,234 seeds, first on seed `7`"
    assert told(sentence) == "Invariant <code>a&#95;b</code> failed on 1,234 seeds, first on seed <code>7</code>"


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_does_not_leave_its_code(hostile: str) -> None:
    """Backticks are what it has none of."""
    page = page_of(str(told(f"Fault point {quoted(hostile)} was never hit")))
    assert page.prose.split() == ["Fault", "point", "was", "never", "hit"]
    assert len(page.codes) == bool(hostile)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_sentence_that_is_none_of_ours_is_inert(hostile: str) -> None:
    """A cause that somebody words anew must not open a page: what is not letters, numbers and marks is code."""
    page = page_of(str(told(hostile)))
    assert not LIVE.search(page.prose)
    assert not set("|<>*#&@/") & set(page.prose)


def test_a_long_list_has_three_names_and_counts_the_others() -> None:
    """Four names are shorter than three and a count of one."""
    assert listed("abcd") == "`a`, `b`, `c`, `d`"
    assert listed("abcde") == "`a`, `b`, `c` and 2 more"


# ---- commands


def test_a_command_is_in_a_fence() -> None:
    """GitHub shows its button for copying there; nothing in it is escaped, so that the copied text is the command."""
    command = "RUST_BACKTRACE=1 ./vopr --seed 7 | tee 'a & b' > out; echo \"$?\""
    assert copyable(command) == f"```\n{command}\n```"
    assert page_of(str(copyable(command))).codes == [f"{command}\n"]


@pytest.mark.parametrize(
    ("command", "fence"),
    [
        ("sim -e 'a `b` c'", "```"),
        ("sim '```' x", "````"),
        ("two `lines`\nof ```` one", "`````"),
        (shell_word("a\x1b[2J`\n@team #1"), "```"),
        ("sim < in > out", "```"),
        ("~x/sim", "```"),
    ],
)
def test_an_odd_command_is_in_a_fence_that_it_cannot_end(command: str, fence: str) -> None:
    """Nothing in it is escaped, so that it can be copied."""
    assert copyable(command) == f"{fence}\n{command}\n{fence}"
    assert page_of(f"before\n\n{copyable(command)}\n\nafter\n").codes == [f"{command}\n"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_command_does_not_leave_its_block(hostile: str) -> None:
    """Whatever it consists of, on one line or several: it makes one block, and nothing else."""
    for command in (hostile, f"vopr {hostile}", f"vopr\n{hostile}\nx"):
        markdown = f"before\n\n{copyable(command)}\n\nafter\n"
        page = page_of(markdown)
        assert [tag for _, tag, _ in page.elements if not tag.startswith("comment")] == ["p", "pre", "code", "p"]
        assert page.prose.split() == ["before", "after"]
        assert closed(markdown)
        assert even_tables(markdown)
        assert not re.search(r"^\s*::|##\[", markdown, re.MULTILINE)


def test_a_command_is_not_cut() -> None:
    """Half of one is worse than none: where it has no room, the page says where it is."""
    assert copyable("x" * 120, 120) == f"```\n{'x' * 120}\n```"
    assert copyable("x" * 121, 120) == f"```\n{TOO_LONG}\n```"


@pytest.mark.parametrize("hostile", [text for text in HOSTILE if is_scenario(text)])
def test_a_line_for_the_regression_file_is_inert(hostile: str) -> None:
    """It is on the page, and whatever a scenario is called stays in its block."""
    verdict = a_verdict()
    odd = replace(verdict, failures=tuple(replace(failure, scenario=hostile) for failure in verdict.failures))
    for render in (at_tier, comment_at_tier):
        page = render(odd, 0)
        assert_inert(page, render(verdict, 0))
        assert any(regression_line(hostile, "7", NAME) in code for code in page_of(page).codes)


# ---- links


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_has_a_paragraph_that_its_link_leads_to(gate: str) -> None:
    """GitHub makes the anchor of the heading."""
    headings = re.findall(r"^#+ (.+)$", (DOCS / "verdict.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = [re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    assert anchors.count(anchor_of(gate)) == 1
    assert f'/docs/verdict.md#{anchor_of(gate)}">' in gate_link(gate)


def test_a_gate_of_nobody_has_no_link() -> None:
    """Its name comes from a file."""
    assert gate_link("x](https://evil.example)").startswith("<code>")


def test_a_bound_leads_to_its_line_of_the_config() -> None:
    """At the commit that was judged; in words where that is not known."""
    code = "<code>ci&#47;a b&#46;yml&#58;28</code>"
    assert origin_link("ci/a b.yml:28", PLACE) == f'<a href="{PLACE}/ci/a%20b.yml#L28">{code}</a>'
    assert origin_link("ci/a b.yml:28", "") == code
    assert origin_link("profile nightly", PLACE) == "profile nightly"


@pytest.mark.parametrize(
    "origin",
    [
        "../x.yml:1", "a/../../../x.yml:1", "/etc/x.yml:1", "a//x.yml:1", "./x.yml:1", "a\\x.yml:1", "x.yml",
        "x.yml:1:2", "https://evil.example/x.yml:1", "x.yml:-1", "input min-iterations",
    ],
)  # fmt: skip
def test_what_is_no_file_of_the_repository_is_no_link(origin: str) -> None:
    """A path that leads out of it would name a file that nobody judged by."""
    assert "<a" not in origin_link(origin, PLACE)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_path_stays_in_its_link(hostile: str) -> None:
    """One link at most, to the place and nowhere else."""
    page = page_of(str(origin_link(f"{hostile}.yml:7", PLACE)))
    links = [dict(attributes)["href"] for _, tag, attributes in page.elements if tag == "a"]
    assert all(link.startswith(f"{PLACE}/") and ".." not in link for link in links)
    assert page.prose.strip() == ""


def test_the_summary_of_a_run_on_github_has_these_links() -> None:
    """And only it: in a comment nobody set the bounds that are shown."""
    row = a_gate("repairs", "failed", origin="night.yml:3")
    verdict = replace(a_verdict(), reports=(replace(a_judged("failed"), gates=(row,)),))
    assert f'<a href="{PLACE}/night.yml#L3">' in render_check_markdown(verdict, place=PLACE)
    assert "night.yml#L3" not in at_tier(verdict, 0)


@pytest.mark.parametrize(
    ("known", "url"),
    [
        ({"repository": "o/p", "sha": SHA}, f"https://github.com/o/p/blob/{SHA}"),
        ({"repository": "o/p", "sha": SHA, "server_url": "https://ghe.example:8443"}, f"https://ghe.example:8443/o/p/blob/{SHA}"),
        ({"repository": "o/p"}, ""),
        ({"sha": SHA}, ""),
        ({"repository": "o/p", "sha": "main"}, ""),
        ({"repository": 'o/p"><b>', "sha": SHA}, ""),
        ({"repository": "o/p", "sha": SHA, "server_url": "javascript:x"}, ""),
    ],
)  # fmt: skip
def test_the_place_of_files_is_known_where_repository_and_commit_are(known: dict[str, Any], url: str) -> None:
    """On a laptop they are not."""
    assert Runner(**known).files_url == url


# ---- what is in the open


def test_run_health_alone_has_no_figure_of_coverage() -> None:
    """What was not judged must not look as if it was."""
    for verdict in (a_verdict(), a_verdict(3)):
        alone = replace(verdict, health_only=True)
        for page in (at_tier(alone, 0), comment_at_tier(alone, 0)):
            assert "Fault points |" not in page
            assert "never hit</summary>" not in page
            assert "the rarest first" not in page


def test_only_what_is_required_is_in_the_open() -> None:
    """Rows that nobody asks for are counted; what was measured of them is a click away."""
    rows = (a_gate("repairs", "failed"), a_gate("view-changes", "not required", measured="12", required="nothing"))
    verdict = replace(a_verdict(), reports=(replace(a_judged("failed"), gates=rows),))
    for page in (at_tier(verdict, 0), comment_at_tier(verdict, 0)):
        assert not re.search(r"^\|.*View&nbsp;changes", page, re.MULTILINE)
        assert "<details><summary>2 gates not required</summary>" in page
        assert re.search(r"^- <a .*View&nbsp;changes</a>: 12$", page, re.MULTILINE)
        assert "2 gates not required." not in visible(page)
    assert "2 gates not required." in at_tier(verdict, 2)


def test_what_could_not_be_measured_without_coverage_is_folded() -> None:
    """A run that did not finish has one finding, and not one a gate; what is excused stays in the open."""
    rows = (
        a_gate("fault-point-coverage", "not measured", measured="not measured"),
        a_gate("repairs", "not measured", measured="not measured", note="excused: on_not_measured is warn"),
    )
    ended = replace(a_judged("incomplete"), gates=rows, report=None)
    for page in (
        at_tier(replace(a_verdict(), reports=(ended,)), 0),
        comment_at_tier(replace(a_verdict(), reports=(ended,)), 0),
    ):
        assert "<details><summary>1 gate not measured, as there is no coverage</summary>" in page
        assert not re.search(r"^\|.*Fault&nbsp;point&nbsp;coverage", page, re.MULTILINE)
        assert re.search(r"^\|.*Repairs.*\(excused\)", page, re.MULTILINE)
    carried = replace(a_judged("failed"), gates=rows)
    assert "as there is no coverage" not in at_tier(replace(a_verdict(), reports=(carried,)), 0)


def test_the_gates_of_many_failed_reports_are_one_fold() -> None:
    """Eight lines to click on would be eight times the same cause."""
    assert "<summary>Gates of 4 reports that did not pass</summary>" in comment_at_tier(several(4, 1), 0)
    assert "<summary>Gates of" not in comment_at_tier(several(3, 1), 0)


def test_there_is_one_legend_a_page() -> None:
    """Folded, and none where no gate is shown."""
    for page in (at_tier(several(3, 3), 0), comment_at_tier(several(3, 3), 0)):
        assert page.count("What the marks mean") == page.count("❓ not measured: fails unless excused") == 1
        assert "fails unless excused" not in visible(page)
    assert "What the marks mean" not in at_tier(Verdict.not_judged("1.0", "x"), 0)
