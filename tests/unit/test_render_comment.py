"""What a reviewer sees in the comment at first sight: verdict, commit, links, whose figures; and in each tier."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from tests.support.pages import (
    ABOUT,
    ALL_TIERS,
    MARKER,
    RUN_URL,
    SHA,
    SUMMARY_URL,
    a_change,
    a_judged,
    a_verdict,
    a_violation,
    comment_at_tier,
    compared,
    order_of,
    page_of,
    passed,
    several,
    well,
)
from vopr_coverage.model.verdict import Remark, Verdict
from vopr_coverage.render.comment import About, render_comment
from vopr_coverage.render.wording import DOCS

# ---- headline


@pytest.mark.parametrize("tier", ALL_TIERS)
def test_the_marker_is_the_first_line_of_every_tier(tier: int) -> None:
    """By it the comment is found again, so nothing stands before it and nothing cuts it."""
    for verdict in (a_verdict(), passed(), Verdict.not_judged("1.0", "x" * 50_000)):
        assert comment_at_tier(verdict, tier).startswith(f"{MARKER}\n## ")


def test_a_preview_has_no_marker_and_no_links() -> None:
    """Without a run to lead to, what is left out is in the verdict file."""
    markdown = render_comment(a_verdict(), About())
    assert markdown.startswith("## ❌ Simulation coverage failed\n")
    assert "Commit" not in markdown
    assert "https://github.example" not in markdown
    assert set(re.findall('href="([^#]*)', markdown)) == {f"{DOCS}/verdict.md"}
    assert "what passed: in the verdict file</sub>" in markdown


def test_the_commit_and_the_links_follow_the_reason() -> None:
    """Seven digits, in <code> so that GitHub doesn't link them elsewhere, and our two links with escaped addresses."""
    lines = comment_at_tier(passed(), 0).splitlines()
    assert lines[1:6] == [
        "## ✅ Simulation coverage passed",
        "",
        "**Passed:** every gate holds for 1 report",
        "",
        f"Commit <code>{SHA[:7]}</code> · "
        f'<a href="{RUN_URL.replace("&", "&amp;")}">run</a> · <a href="{SUMMARY_URL}">full summary</a>',
    ]


def test_a_run_without_a_page_of_its_own_for_the_summary_leads_to_the_run() -> None:
    """One address serves for both, at the top and at the foot."""
    links = page_of(comment_at_tier(passed(), 0, About(run_url=RUN_URL))).elements
    addresses = [dict(attributes)["href"] for _, tag, attributes in links if tag == "a"]
    assert [address for address in addresses if not address.startswith(DOCS)] == [RUN_URL] * 3


@pytest.mark.parametrize(
    ("conclusion", "did"),
    [
        ("failure", "failed"),
        ("cancelled", "was cancelled"),
        ("timed_out", "timed out"),
        ("skipped", "was skipped"),
        ("Success", "ended as <code>Success</code>"),
        ("a b", "ended as <code>a b</code>"),
    ],
)
def test_a_verdict_that_passed_in_a_run_that_did_not_is_no_pass(conclusion: str, did: str) -> None:
    """A forged or half-finished verdict must not get the green headline; in any tier."""
    for tier in ALL_TIERS:
        markdown = comment_at_tier(passed(), tier, replace(ABOUT, conclusion=conclusion))
        assert markdown.splitlines()[1] == f"## ⚠️ Not passed: every gate holds, but the run {did}"
        assert "✅ Simulation" not in markdown


def test_a_run_that_succeeded_or_is_not_over_caps_nothing() -> None:
    """And what failed by itself says why, whatever its run did."""
    for conclusion in ("", "success"):
        about = replace(ABOUT, conclusion=conclusion)
        assert "\n## ✅ Simulation coverage passed\n" in comment_at_tier(passed(), 0, about)
    about = replace(ABOUT, conclusion="failure")
    assert "\n## ❌ Simulation coverage failed\n" in comment_at_tier(a_verdict(), 0, about)


@pytest.mark.parametrize(
    "forged",
    [
        replace(passed(), passed=False),
        replace(passed(), violations=(a_violation("failures", "x"),)),
        replace(passed(), reports=()),
        passed(well(), a_judged("failed")),
        replace(passed(), error="nothing"),
    ],
)
def test_a_verdict_that_contradicts_itself_has_not_passed(forged: Verdict) -> None:
    """The word at its top is only one of the things that a file says."""
    for tier in ALL_TIERS:
        assert comment_at_tier(forged, tier).splitlines()[1].startswith("## ❌ ")


def test_foreign_figures_are_told_as_what_they_are() -> None:
    """In the headline, and in a line under it: whoever wrote the code can have forged them."""
    for tier in ALL_TIERS:
        markdown = comment_at_tier(passed(), tier, replace(ABOUT, foreign=True))
        assert markdown.splitlines()[1] == "## ✅ Simulation coverage passed (unverified)"
        assert order_of(markdown, "Commit", "**Unverified:** these figures are the fork's.", "can forge them")
    assert "nverified" not in comment_at_tier(passed(), 0)


def test_an_error_says_that_nothing_was_judged() -> None:
    """A line of it a line, which wraps where a block would hide its end."""
    markdown = comment_at_tier(Verdict.not_judged("1.0", "a.json: expected JSON\n\nb.json: is empty"), 0)
    assert "Nothing was judged, and that is not a pass:\n\n- <code>a&#46;json" in markdown
    assert "\n- <code>b&#46;json&#58; is empty</code>\n" in markdown
    assert "what passed" not in markdown


# ---- tiers


@pytest.mark.parametrize("tier", [1, 2, 3, 4])
def test_a_shortened_comment_says_so_at_its_top(tier: int) -> None:
    """And where all of it is."""
    markdown = comment_at_tier(compared(several(2, 3)), tier)
    shortened = f'Shortened to fit: everything is in <a href="{SUMMARY_URL}">the run&#39;s summary</a>.'
    assert order_of(markdown, "Commit", shortened, "Judged less strictly")


def test_the_last_tier_is_the_headline() -> None:
    """Verdict, reason, links, and how much there is of what: no table, no list."""
    lines = comment_at_tier(compared(a_verdict()), 5).splitlines()
    assert lines[3] == "**5 causes account for 6 violations.**"
    assert lines[7] == "Invariant <code>plainname</code> failed on 2 seeds, first on seed <code>7</code>"
    assert lines[9:12] == ["```", "vopr --scenario plainname --seed 7", "```"]
    assert lines[13].startswith(
        "6 violations, 2 warnings, 1 below base's, 3 lost against base, 2 newly hit, "
        "1 report: too much for this page, all in <a "
    )
    assert not any(line.startswith(("|", "-")) for line in lines)


@pytest.mark.parametrize(
    "what", ["bounds", "names", "violations", "failures", "fault points", "warnings", "reports", "invariants"]
)
def test_each_list_that_is_cut_says_how_much_is_missing(what: str) -> None:
    """Of 250 entries a tier of 200 leaves 50 out: it says so under that list, with a link."""
    names = tuple(f"n{number}" for number in range(250))
    verdict, report = a_verdict(), a_judged("failed")
    coverage = report.report
    assert coverage is not None
    if what == "bounds":
        report = replace(report, change=a_change(loosened=names))
    elif what == "names":
        report = replace(report, change=a_change(lost_points=names, lost_invariants=()))
    elif what == "violations":
        verdict = replace(verdict, violations=tuple(a_violation("failures", name) for name in names))
    elif what == "failures":
        verdict = replace(verdict, failures=tuple(replace(verdict.failures[0], invariant=name) for name in names))
    elif what == "warnings":
        verdict = replace(verdict, warnings=tuple(Remark("", name) for name in names))
    elif what == "fault points":
        coverage.missed_fault_points = list(names)
    elif what == "invariants":
        coverage.invariant_executions = dict.fromkeys(names, 7)
    reports = tuple(well(name) for name in names) if what == "reports" else (report,)
    markdown = comment_at_tier(replace(verdict, reports=reports), 1)
    told = f'… and 50 more {what}, all in <a href="{SUMMARY_URL}">the run&#39;s summary</a>.'
    assert markdown.count(told) == 1
    assert markdown.count("all in <a") == 1
