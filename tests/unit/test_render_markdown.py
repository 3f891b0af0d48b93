"""What a reader of the summary sees, in each tier."""

from __future__ import annotations

import json
import re

import pytest
from msgspec.structs import replace

from tests.support.pages import (
    NAME,
    a_change,
    a_gate,
    a_judged,
    a_missed_point,
    a_verdict,
    a_violation,
    at_tier,
    order_of,
    page_of,
)
from vopr_coverage.errors import printable
from vopr_coverage.gates import coverage as gates
from vopr_coverage.gates import extras as extra_gates
from vopr_coverage.gates import health
from vopr_coverage.model.verdict import (
    Remark,
    Verdict,
    verdict_from_json,
)
from vopr_coverage.render.check import render_check_markdown
from vopr_coverage.render.wording import GATES, gate_title

# ---- tiers: everything, failing parts, headline


def with_reports(status: str, count: int) -> Verdict:
    """A verdict over one failing report and `count` - 1 that end as `status`."""
    reports = (a_judged("failed", "sick"), *(a_judged(status, f"well-{n}") for n in range(count - 1)))
    return replace(a_verdict(), reports=reports)


def headings(markdown: str) -> list[str]:
    """The page's headings."""
    return re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)


def test_the_first_tier_tells_everything() -> None:
    """With room enough every report has its table, and nothing is said to be elsewhere."""
    markdown = at_tier(with_reports("passed", 3), 0)
    assert markdown.count("| Gate | Required | Measured |") == 3
    assert "verdict file" not in markdown
    assert headings(markdown) == [
        "❌ Simulation coverage failed",
        "Invariant <code>plainname</code> failed on 2 seeds, first on seed <code>7</code>",
        "Critical fault point <code>plainname</code> was never hit",
        "<code>Fault point &#39;plainname&#39; took effect too few times&#58; 0 &#40;expected &#62;&#61; 1&#41;</code>",
        "Gates by report", "2 warnings",
    ]  # fmt: skip


@pytest.mark.parametrize("tier", [1, 2, 3, 4])
def test_the_middle_tiers_tell_the_failing_parts(tier: int) -> None:
    """What is well goes first: its tables are left out, and the page says so."""
    markdown = at_tier(with_reports("passed", 3), tier)
    assert markdown.count("| Gate | Required | Measured |") == 1
    assert "Invariant &#39;plainname&#39; failed on 2 seeds" in markdown
    assert "Shortened to fit: everything is in the verdict file." in markdown


def test_the_last_tier_is_the_headline() -> None:
    """Verdict, reason, how much there is, and where: no table, no list."""
    markdown = at_tier(with_reports("passed", 3), 5)
    assert markdown.splitlines()[:11] == [
        "## ❌ Simulation coverage failed",
        "",
        "**3 causes.**",
        "",
        "Invariant <code>plainname</code> failed on 2 seeds, first on seed <code>7</code>",
        "",
        "```",
        "vopr --scenario plainname --seed 7",
        "```",
        "",
        "3 violations, 2 warnings, 3 reports: too much for this page, all in the verdict file.",
    ]
    assert "|" not in markdown
    assert "- " not in markdown


@pytest.mark.parametrize(
    "what",
    ["bounds", "violations", "failures", "fault points", "invariants", "expected violations", "warnings"],
)
def test_each_list_that_is_cut_says_how_much_is_missing(what: str) -> None:
    """Of 250 entries a tier of 200 leaves 50 out: it says so under that list."""
    names = [f"n{number}" for number in range(250)]
    verdict, report, failure = a_verdict(), a_judged("failed"), a_verdict().failures[0]
    coverage = report.report
    assert coverage is not None
    if what == "bounds":
        report = replace(report, change=a_change(loosened=tuple(names)))
    elif what == "violations":
        verdict = replace(verdict, violations=tuple(a_violation("failures", name) for name in names))
    elif what == "failures":
        verdict = replace(verdict, failures=tuple(replace(failure, invariant=name) for name in names))
    elif what == "expected violations":
        verdict = replace(verdict, failures=tuple(replace(failure, invariant=n, expected=True) for n in names))
    elif what == "warnings":
        verdict = replace(verdict, warnings=tuple(Remark("", name) for name in names))
    elif what == "fault points":
        coverage.missed_fault_points = names
    else:
        coverage.invariant_executions = dict.fromkeys(names, 7)
    markdown = at_tier(replace(verdict, reports=(report,)), 1)
    assert f"… and 50 more {what}, all in the verdict file." in markdown
    assert "n199" in markdown or what == "invariants"
    assert markdown.count("all in the verdict file") == 1


def test_reports_that_are_left_out_are_counted() -> None:
    """The overview names those that fit, and the tables of some of them."""
    verdict = replace(a_verdict(), reports=tuple(a_judged("failed", f"r{number}") for number in range(250)))
    markdown = at_tier(verdict, 1)
    assert "… and 50 more reports, all in the verdict file." in markdown
    assert "… and 200 more reports, all in the verdict file." in markdown


def test_where_the_rest_is_can_be_named() -> None:
    """A caller who knows the artifact says so."""
    sizes = iter([2 << 20] * 5)
    markdown = render_check_markdown(a_verdict(), size=lambda _: next(sizes, 0), elsewhere="the artifact `night`")
    assert "all in the artifact `night`." in markdown


# ---- what a reader sees


def plain(markdown: str) -> str:
    """A page without the links that gates have, and with spaces that break."""
    return re.sub("<a [^>]+>|</a>", "", markdown).replace("&nbsp;", " ")


def test_five_seconds() -> None:
    """The first lines are the verdict, how many causes it has, the first, the seed's own message, and its command."""
    lines = [line for line in at_tier(a_verdict(), 0).splitlines() if line]
    assert lines[0] == "## ❌ Simulation coverage failed"
    assert lines[1] == "**3 causes.**"
    assert lines[2] == "### Invariant <code>plainname</code> failed on 2 seeds, first on seed <code>7</code>"
    assert lines[3] == "<code>plainname</code>"
    assert lines[4:7] == ["```", "vopr --scenario plainname --seed 7", "```"]
    assert not [line for line in lines if "below the profile" in line], "that is no news: `profiles` tells it"


def test_loosened_bounds_are_told_once_and_fold_when_many() -> None:
    """They come first but are not louder than the verdict; one bound of five reports is one line."""
    changes = [a_change(loosened=("same", f"own {n}")) for n in range(5)]
    reports = tuple(replace(a_judged("failed", f"r{n}"), change=change) for n, change in enumerate(changes))
    markdown = at_tier(replace(a_verdict(), reports=reports), 0)
    assert "⚠️ **Judged less strictly than on base:**" in markdown
    assert markdown.count("<code>same</code>") == 1
    assert "- <code>own 4</code> for <code>r4</code>" in markdown


def test_the_table_has_its_parts_and_the_seven_their_numbers() -> None:
    """Run health, the seven categories and what a config adds stand apart; what fails is bold."""
    results = tuple(a_gate(gate, "passed") for gate in GATES if GATES[gate].part != "Run health" and gate != "coverage")
    report = replace(a_judged("failed"), gates=results)
    rows = [line for line in at_tier(replace(a_verdict(), reports=(report,)), 0).splitlines() if line.startswith("|")]
    first = [plain(row.split(" | ")[0].removeprefix("| ")) for row in rows[2:]]
    assert first[:3] == ["**Run health**", "Completeness", "**Failing seeds**"]
    assert first[3:11] == [
        "**Coverage**", "1 · Fault point coverage", "2 · Critical fault points", "3 · Required invariants",
        "4 · View changes", "5 · Repairs", "6 · Query plans", "7 · Phase events",
    ]  # fmt: skip
    assert first[11:17] == [
        "**Beyond the seven**", "Fault effects", "Work per iteration", "Property counters", "Required properties",
        "Invariant coverage",
    ]  # fmt: skip


def test_a_format_without_run_records_says_so_once() -> None:
    """Five rows of "not required" are one, with the reason."""
    note = "this format has no run records"
    health = tuple(a_gate(g, "not required", measured="", note=note) for g in ("failures", "iterations"))
    report = replace(a_judged("failed"), inputs=(replace(a_judged("failed").inputs[0], gates=health),))
    markdown = at_tier(replace(a_verdict(), reports=(report,)), 0)
    assert "| **Run health** |" not in markdown
    assert "<details><summary>1 gate not required</summary>" in markdown
    assert "\n- Run health · this format has no run records\n" in markdown


def test_a_gate_says_where_its_requirement_comes_from() -> None:
    """Gate, required, measured, status in the open; set by folded: figures plain, foreign text in code."""
    row = a_gate("repairs", "failed", required="≥ 20000", measured="7", origin="night.yml:3")
    report = replace(a_judged("failed"), gates=(row,))
    markdown = plain(at_tier(replace(a_verdict(), reports=(report,)), 0))
    told = "| 5 · Repairs | ≥ 20,000 | <code>night&#46;yml&#58;3</code> |"
    assert order_of(markdown, "| **5 · Repairs** | ≥ 20,000 | 7 | ❌ failed |", "Who set each bound", told)


def test_an_excused_gate_is_told_as_excused() -> None:
    """Not measured and excused is neither a pass nor what the reader has to mend."""
    row = a_gate("repairs", "not measured", note="excused: on_not_measured is warn")
    report = replace(a_judged("passed"), gates=(row,))
    markdown = at_tier(Verdict("passed", True, NAME, "1.0", reports=(report,)), 0)
    assert "| 5 · Repairs |" in plain(markdown)
    assert "❓&nbsp;not&nbsp;measured (excused)" in markdown
    assert "5&nbsp;·&nbsp;Repairs: excused: on_not_measured is warn" in markdown


def test_merged_runs_share_a_row() -> None:
    """Of several runs a row shows the worst ending, and how many agree with it."""
    read = a_judged("failed").inputs[0]
    runs = tuple(replace(read, gates=(a_gate("failures", status),)) for status in ("passed", "failed", "passed"))
    report = replace(a_judged("failed"), inputs=runs)
    markdown = at_tier(replace(a_verdict(), reports=(report,)), 0)
    assert re.search(r"\| \*\*Failing seeds\*\* \| .* \| 1 of 3 runs \| ❌ failed \|", plain(markdown))
    assert "3 runs merged" in markdown


def test_names_that_were_missed_are_grouped() -> None:
    """Ten names under one piece of advice are one line, the other thirty are folded."""
    violations = tuple(a_missed_point(f"point.{number}") for number in range(40))
    markdown = at_tier(replace(a_verdict(), violations=violations), 0)
    assert "  - Never hit: <code>point&#46;0</code>, <code>point&#46;1</code>" in markdown
    assert "<code>point&#46;9</code> and 30 more\n" in markdown
    assert "<details><summary>2&nbsp;·&nbsp;Critical&nbsp;fault&nbsp;points: all 40</summary>" in markdown
    assert markdown.count("\n- <code>point&#46;") == 40
    folded = page_of(markdown[markdown.index("All 40 violations, by gate") :]).codes
    assert "advice" in folded[folded.index("point.0") - 1]


def test_a_name_with_quotes_is_not_parsed_apart() -> None:
    """The line is ours, the name isn't: all of it is shown."""
    violation = a_missed_point("a' never hit")
    assert "a' never hit" in page_of(at_tier(replace(a_verdict(), violations=(violation,)), 0)).codes


def test_a_verdict_file_of_an_earlier_version_is_read() -> None:
    """Its violations do not say what they are about, and are shown by their lines."""
    document = json.loads(a_verdict().to_json())
    for violation in document["violations"]:
        for key in ("point", "invariant", "seed"):
            del violation[key]
    verdict = verdict_from_json(json.dumps(document).encode(), "verdict.json")
    assert f"Critical fault point '{NAME}' never hit" in page_of(at_tier(verdict, 0)).codes


def test_a_line_without_its_name_is_shown_whole() -> None:
    """Verdict files of earlier versions do not say which point a line is about: nothing of it is lost."""
    line = "Critical fault point 'a' never hit, not even once"
    violation = a_violation("critical-fault-points", line, "CriticalFaultPointMissed")
    assert line in page_of(at_tier(replace(a_verdict(), violations=(violation,)), 0)).codes


def test_failing_seeds_come_with_their_command() -> None:
    """A command to copy for each failing invariant: those of no cause in the open are folded, expected ones apart."""
    model = a_verdict().failures[0]
    failures = tuple(replace(model, invariant=f"inv{n}", repro=f"vopr --seed {n}") for n in range(5))
    markdown = at_tier(replace(a_verdict(), failures=(*failures, replace(model, expected=True))), 0)
    assert [code.strip() for code in page_of(markdown).codes if code.startswith("vopr")] == [
        f"vopr --seed {n}" for n in range(5)
    ]
    assert markdown.index("5 more commands to replay failing seeds") < markdown.index("vopr --seed 0")
    assert "<details><summary>1 expected violation</summary>" in markdown


def test_a_missing_scenario_is_to_be_filled_in() -> None:
    """A command that can't run as it stands says so."""
    failure = replace(a_verdict().failures[0], fill_in=True)
    assert "Fill in the scenario first." in at_tier(replace(a_verdict(), failures=(failure,)), 0)
    others = tuple(replace(failure, invariant="other", repro=f"vopr {n}") for n in range(2))
    assert "; fill in the scenario:" in at_tier(replace(a_verdict(), failures=(failure, *others)), 0)


def test_invariants_that_never_ran_come_first() -> None:
    """The rarest first, and 0 is spelt out."""
    report = a_judged("failed")
    assert report.report is not None
    report.report.invariant_executions = {"often": 900, "seldom": 2}
    report.report.missed_invariants = ["silent"]
    markdown = at_tier(replace(a_verdict(), reports=(report,)), 0)
    told = ["| <code>silent</code> | never |", "| <code>seldom</code> | 2 |", "| <code>often</code> | 900 |"]
    assert "\n".join(told) in markdown


def test_an_error_says_that_nothing_was_judged() -> None:
    """All of the message, line by line, and no legend for a table that isn't there."""
    markdown = at_tier(Verdict.not_judged("1.0", "a.json: expected JSON\nb.json: is empty"), 0)
    assert "Nothing was judged, and that is not a pass:" in markdown
    assert page_of(markdown).codes[0] == "a.json: expected JSON\nb.json: is empty"
    assert "not measured" not in markdown


def test_plurals() -> None:
    """One is one, and two are two."""
    markdown = at_tier(replace(a_verdict(), violations=(a_violation("failures", "x"),), warnings=(Remark("", "w"),)), 0)
    assert "1 violation, by gate</summary>" in markdown
    two = replace(a_verdict(), violations=(a_missed_point("a"), a_missed_point("b")))
    assert "<summary>Both violations, by gate</summary>" in at_tier(two, 0)
    assert "One cause" not in markdown
    assert "**One cause accounts for both violations.**" in at_tier(
        replace(a_verdict(), violations=(a_missed_point("a"), a_missed_point("b"))), 0
    )
    assert "### 1 warning\n" in markdown


def test_all_advice_of_ours_is_prose() -> None:
    """Every constant that a gate gives as advice is shown as text, not as a quotation."""
    for texts in (gates.ADVICE, extra_gates.ADVICE, health.ADVICE):
        for advice in texts.values():
            violation = replace(a_violation("failures", "x"), advice=advice)
            assert f"** {advice}\n" in at_tier(replace(a_verdict(), violations=(violation,)), 0)


def test_every_gate_has_a_title() -> None:
    """A gate that nobody named would stand in the table as code."""
    for advice in (gates.ADVICE, extra_gates.ADVICE):
        for gate in advice:
            assert "<code>" not in gate_title(gate)


def test_long_texts_are_cut_visibly() -> None:
    """A text above 300 characters ends in an ellipsis."""
    markdown = at_tier(replace(a_verdict(), warnings=(Remark("", "w" * 400),)), 0)
    assert f"<code>{'w' * 299}…</code>" in markdown
    assert printable("w" * 400) not in markdown
