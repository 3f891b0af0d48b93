"""What a reviewer learns about the change: loosened bounds, what was lost, gates, reports. The summary tells it too."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tests.support.pages import (
    NAME,
    SUMMARY_URL,
    a_change,
    a_gate,
    a_judged,
    a_lost_point,
    a_verdict,
    a_violation,
    at_tier,
    comment_at_tier,
    compared,
    even_tables,
    order_of,
    passed,
    several,
    well,
    without_base,
)
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import BaseSeen, GateBefore


def test_the_page_is_in_the_order_of_what_a_reviewer_needs() -> None:
    """Verdict, causes, loosened bounds, what was lost, what is new, the gates, and, folded, all else."""
    assert order_of(
        comment_at_tier(compared(a_verdict()), 0),
        "## ❌ Simulation coverage failed",
        "Commit <code>",
        "### Invariant <code>plainname</code> failed on 2 seeds, first on seed <code>7</code>",
        "```\nvopr --scenario plainname --seed 7\n```",
        "**What to do:**",
        "### Fault point <code>plainname</code> is no longer hit",
        "Reached on base (<code>plainname</code>), not here",
        "<details><summary>2 more causes</summary>",
        "⚠️ **Judged less strictly than on base:**",
        "### Lost against base",
        "- Reports of the base that are missing here: ",
        "- Fault points hit on base, not here: ",
        "- Invariants run on base, not here: ",
        "### Newly hit",
        "| Gate | Required | Measured | Change | Status |",
        "<details><summary>1 gate not required</summary>",
        "<details><summary>All 6 violations, by gate</summary>",
        "<details><summary>2 warnings</summary>",
        "Compared with <code>plainname</code>.",
        "<details><summary>What the marks mean</summary>",
        "<sub>vopr-coverage",
    )


def test_without_a_base_nothing_is_said_of_one() -> None:
    """No column, no section, no line."""
    markdown = comment_at_tier(a_verdict(), 0)
    assert "| Gate | Required | Measured | Status |" in markdown
    assert not re.search("base|Change|Lost|Newly", markdown)


def test_a_base_that_can_not_be_had_is_told_with_the_reason() -> None:
    """Silence would look like a comparison in which nothing changed."""
    markdown = comment_at_tier(without_base(passed()), 0)
    assert "⚠️ **No comparison with base.** <code>plainname</code>: <code>plainname</code>\n" in markdown
    assert "Change" not in markdown


def test_a_row_says_what_changed_and_whose_doing_it_is() -> None:
    """Gate, required, measured, change, status: what passed on base and fails here is loud."""
    gates = (
        a_gate("view-changes", "failed", measured="2", required="≥ 5", value=2),
        a_gate("repairs", "failed", measured="0", required="≥ 2", value=0),
        a_gate("query-plans", "passed", measured="30", required="≥ 20", value=30),
        a_gate("fault-effects", "passed", measured="1 of 1 met", required="1 minimum"),
    )
    before = (
        GateBefore("view-changes", Status.PASSED, "6", 6),
        GateBefore("repairs", Status.FAILED, "0", 0),
        GateBefore("query-plans", Status.FAILED, "19", 19),
    )
    report = replace(a_judged("failed"), gates=gates, change=a_change(*before))
    lines = comment_at_tier(replace(a_verdict(), reports=(report,)), 0).splitlines()
    rows = [re.sub("<a [^>]+>|</a>", "", line.replace("&nbsp;", " ")) for line in lines if line.startswith("| ")]
    assert rows[1:5] == [
        "| **4 · View changes** | ≥ 5 | 2 | −4 | ❌ failed, **passed on base** |",
        "| **5 · Repairs** | ≥ 2 | 0 | = | ❌ failed, as on base |",
        "| 6 · Query plans | ≥ 20 | 30 | +11 | ✅ passed, failed on base |",
        "| Fault effects | 1 minimum | 1 of 1 met | – | ✅ passed |",
    ]


def test_a_file_with_more_gates_than_there_are_is_cut() -> None:
    """A forged verdict can hold any number of rows; table and run health tell fifty and count the others."""
    report = replace(a_judged("failed"), gates=(a_gate("repairs"),) * 250)
    read = replace(report.inputs[0], gates=tuple(a_gate(f"gate-{number}") for number in range(80)))
    markdown = comment_at_tier(replace(a_verdict(), reports=(replace(report, inputs=(read,)),)), 0)
    assert markdown.count("Repairs</a>**") == 50
    assert "… and 200 more gates, all in <a" in markdown
    assert "<code>gate&#45;49</code>** (<code>1 of 2 plainname</code>) and 30 more\n" in markdown


def test_run_health_is_one_line_and_loud_where_it_is_not_well() -> None:
    """The worst first, with its figure; what is well by name alone."""
    assert "<br>Run health: ✅ completeness, failing seeds\n" in comment_at_tier(passed(), 0)
    rows = (
        a_gate("run-complete", "passed"),
        a_gate("failures", measured="3 seeds failed"),
        a_gate("iterations", "not measured", note="excused: on_not_measured is warn"),
    )
    report = a_judged("failed")
    sick = replace(report, inputs=(replace(report.inputs[0], gates=rows),))
    markdown = comment_at_tier(replace(a_verdict(), reports=(sick,)), 0)
    assert "Run health: ❌ **failing seeds** (3 seeds failed) · ❓ iterations · ✅ completeness\n" in markdown


def test_a_format_without_run_records_says_so_in_that_line() -> None:
    """Five gates that are not required for the same reason are one reason."""
    rows = tuple(a_gate(g, "not required", note="this format has no run records") for g in ("failures", "iterations"))
    report = replace(well(), inputs=(replace(well().inputs[0], gates=rows),))
    assert "Run health: ➖ this format has no run records\n" in comment_at_tier(passed(report), 0)


def test_a_new_report_is_told_as_new() -> None:
    """It has lost nothing, and there is nothing to hold it against."""
    markdown = comment_at_tier(passed(base=BaseSeen("run 7")), 0)
    assert "judged by <code>plainname &#43; 2 overrides</code> · new: not on base<br>" in markdown
    assert "| Gate | Required | Measured | Status |" in markdown


def test_a_counterpart_of_another_name_is_named() -> None:
    """Scenarios match across file names, and a reader wants to know against what."""
    assert "· against <code>base plainname</code>" in comment_at_tier(passed(replace(well(), change=a_change())), 0)
    same = replace(well("x"), change=replace(a_change(), base="x"))
    assert "against <code>" not in comment_at_tier(passed(same), 0)


def test_what_was_lost_is_named_once() -> None:
    """The names stand first on the page; the gate that fails for them has its advice, and what only it can say."""
    named = a_lost_point(NAME)
    fell = a_violation("regression", "Fault point coverage fell by 12.5 points", "CoverageFell")
    for violations, advice in (((named,), "Named above. <code>"), ((named, fell), "<code>")):
        verdict = replace(compared(a_verdict()), violations=violations)
        markdown = comment_at_tier(verdict, 0)
        assert markdown.count("hit on base, not here") == 1
        assert f"- **Regression&nbsp;against&nbsp;base.** {advice}advice plainname</code>\n" in markdown


def test_many_names_are_folded() -> None:
    """Ten in the open, all of them one click away."""
    points = tuple(f"point.{number}" for number in range(40))
    report = replace(a_judged("failed"), change=a_change(lost_points=points))
    markdown = comment_at_tier(replace(a_verdict(), reports=(report,)), 0)
    assert "<code>point&#46;9</code> and 30 more\n" in markdown
    assert "<details><summary>Lost against base: all 41</summary>" in markdown
    assert "\n- Fault point: <code>point&#46;39</code>\n" in markdown
    assert "\n- Invariant: <code>plainname</code>\n" in markdown


def test_what_all_scenarios_lost_is_one_line() -> None:
    """A fault that is switched off is missing everywhere: told once, with the reports it is missing in."""
    reports = tuple(replace(a_judged("failed", f"r{n}"), change=a_change(lost_points=("p",))) for n in range(5))
    markdown = comment_at_tier(replace(a_verdict(), reports=reports), 0)
    line = "- Fault points hit on base, not here: <code>p</code> in <code>r0</code>, <code>r1</code>, <code>r2</code>"
    assert f"{line} and 2 more\n" in markdown
    assert markdown.count("Fault points hit on base, not here") == 1


def test_looser_bounds_stand_in_the_open() -> None:
    """Ten of them, the rest folded: a pull request must not quietly loosen its own gate."""
    report = replace(a_judged("failed"), change=a_change(loosened=tuple(f"bound {n}" for n in range(12))))
    markdown = comment_at_tier(replace(a_verdict(), reports=(report,)), 0)
    assert order_of(
        markdown, "Judged less strictly", "bound 9<", "<summary>2 more</summary>", "bound 10<", "</details>", "|"
    )


# ---- several reports


def test_several_reports_have_an_overview_and_the_failing_ones_their_gates() -> None:
    """What the overview says isn't said again: what passed has no table, and what failed has it folded."""
    markdown = comment_at_tier(compared(several(2, 3)), 0)
    overview = markdown.partition("| Report | Scenario | Iterations | Fault points | Change | Status |\n")[2]
    rows = [re.findall("sick|well", row) for row in overview.splitlines()[1:6]]
    assert rows == [["sick"], ["sick"], ["well"], ["well"], ["well"]]
    assert markdown.count("| Gate |") == 2
    assert "<details><summary>❌ <code>sick&#45;0</code>: gates</summary>" in markdown


def test_hundreds_of_reports_fold() -> None:
    """Twenty in the open, the failing ones first, and no more than ten tables."""
    markdown = comment_at_tier(several(30, 270), 0)
    assert order_of(markdown, "sick&#45;19</code> |", "<details><summary>280 more reports</summary>", "well&#45;269")
    assert markdown.count("| Gate |") == 10
    assert (
        f'… and 20 more reports that did not pass, all in <a href="{SUMMARY_URL}">the run&#39;s summary</a>.'
        in markdown
    )


def test_reports_that_lost_something_come_before_those_that_did_not() -> None:
    """Also when they passed."""
    reports = (well("same"), replace(well("less"), change=a_change(lost_points=("p",))))
    markdown = comment_at_tier(passed(*reports, base=BaseSeen("run 7")), 0)
    assert order_of(markdown, "| <code>less</code> |", "| <code>same</code> |")


# ---- the job summary


def test_the_summary_tells_the_same_comparison_as_the_comment() -> None:
    """Looser bounds, what was lost and what is new, a Change column, and what it was compared with."""
    markdown = at_tier(compared(a_verdict()), 0)
    assert order_of(
        markdown,
        "⚠️ **Judged less strictly than on base:**",
        "### Lost against base",
        "### Newly hit",
        "| Gate | Required | Measured | Change | Status |",
        "| **Run health** | | | | |",
        "| −2 | ❌&nbsp;failed, **passed on base** |",
        "<details><summary>Who set each bound</summary>",
        "| Gate | Required | Set by |",
        "Compared with <code>plainname</code>.",
    )
    assert even_tables(markdown)
    assert "| Report | Scenario | Iterations | Fault points | Change | Status |" in at_tier(compared(a_verdict(2)), 0)


def test_without_a_base_the_summary_says_nothing_of_one() -> None:
    """No column, no section, no line; and a base that can't be had is a line with the reason."""
    for verdict in (a_verdict(), a_verdict(2)):
        assert not re.search("base|Change|Lost|Newly", at_tier(verdict, 0))
    assert "⚠️ **No comparison with base.** <code>plainname</code>: " in at_tier(without_base(a_verdict()), 0)
