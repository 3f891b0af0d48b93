"""Summary and text of real runs, against golden files: `pytest --update-golden`, then read the diff.

See a page as a reader does: `python tools/preview.py VERDICT.json --screenshot page.png`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.checking import checked
from tests.support.pages import closed, even_tables, page_of
from tests.support.reports import a_flat_report
from tests.support.verdict_cases import CASES, COMPARED, ROOT, judged
from vopr_coverage.causes.check import causes_of
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.render.budget import utf8_bytes
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.check_brief import render_check_brief
from vopr_coverage.render.outline import nothing_judged
from vopr_coverage.render.terminal import Terminal, columns, rows

EVERY = CASES | COMPARED
EIGHTY = Terminal(80)


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("case", EVERY)
def test_real_runs_read_as_they_should(case: str, golden: Callable[[str, str], None]) -> None:
    """The job summary and the terminal's text, word for word."""
    verdict = judged(EVERY[case])
    golden(f"summary/{case}.md", render_check_markdown(verdict))
    golden(f"summary/{case}.txt", render_check_brief(verdict, EIGHTY))
    golden(f"summary/{case}-verbose.txt", render_check_text(verdict))


@pytest.mark.parametrize("case", EVERY)
def test_the_text_of_a_failed_run_is_one_screen(case: str) -> None:
    """In rows of a terminal of 80 columns, with the verdict in the last one, and with the first cause in full."""
    verdict = judged(EVERY[case])
    lines = render_check_brief(verdict, EIGHTY).splitlines()
    mark = "✅" if verdict.passed else "❌"
    assert lines[-1].startswith(mark)
    assert columns(lines[-1]) <= 80
    if not verdict.passed:
        assert rows(lines, 80) <= 25
    for cause in causes_of(verdict)[:1] if verdict.reports and not verdict.passed else ():
        whole = " ".join(" ".join(lines).split())
        assert cause.what in whole
        assert not cause.command or any(line.strip().startswith(cause.command) for line in lines)


@pytest.mark.parametrize("case", EVERY)
@pytest.mark.parametrize("width", [40, 80, 120])
def test_the_lines_of_the_block_are_never_changed(case: str, width: int) -> None:
    """What is listed without -v are lines of the seed script's list, each byte for byte: all of them in its order, or
    first one of each cause."""
    verdict = judged(EVERY[case])
    if nothing_judged(verdict):
        return
    whole, brief = (
        text.partition("\nTotal violations")[0].splitlines()
        for text in (
            render_check_text(verdict),
            render_check_brief(verdict, Terminal(width)),
        )
    )
    listed = [line for line in brief if line.startswith("  - ")]
    assert brief[0] == whole[0]
    every = [line for line in whole if line.startswith("  - ")]
    if len(listed) == len(every):
        assert listed == every
        return
    problems = len(every) - len(verdict.violations)
    of_causes = [every[problems + cause.findings[0]] for cause in causes_of(verdict) if cause.findings]
    first = [*every[:problems], *of_causes][: len(listed)]
    assert listed[: len(first)] == first
    assert set(listed) <= set(every)
    assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("case", EVERY)
@pytest.mark.parametrize("width", [60, 80])
def test_only_lines_that_must_stay_whole_are_longer_than_the_terminal(case: str, width: int) -> None:
    """Lines of the seed script, commands, lines for a file and the verdict; all of it still fits on one screen."""
    verdict = judged(EVERY[case])
    lines = render_check_brief(verdict, Terminal(width)).splitlines()
    commands = tuple(cause.command for cause in causes_of(verdict) if cause.command)
    whole = [line for line in lines if line.startswith(("  - ", "❌", "✅")) or line.strip().startswith(commands)]
    assert all(columns(line) <= width for line in lines if line not in whole)
    assert verdict.passed or rows(lines, width) <= 25


@pytest.mark.parametrize("case", EVERY)
def test_the_summary_needs_nothing_but_the_verdict_file(case: str) -> None:
    """What was written to verdict.json renders to the same page later, elsewhere."""
    verdict = judged(EVERY[case])
    assert render_check_markdown(verdict_from_json(verdict.to_json().encode(), "v.json")) == render_check_markdown(
        verdict
    )


@pytest.mark.parametrize("case", EVERY)
def test_the_summary_renders(case: str) -> None:
    """Closed, with even tables, and without a piece of Markdown or HTML that stayed text."""
    markdown = render_check_markdown(judged(EVERY[case]))
    assert closed(markdown)
    assert even_tables(markdown)
    page = page_of(markdown)
    assert not set("|<>`*#") & set(page.prose)
    assert "" not in page.codes


@pytest.mark.parametrize("case", [case for case in EVERY if case not in ("expected-violation", "night")])
def test_what_gates_write_about_real_runs_is_known_as_ours(case: str) -> None:
    """Figures, notes and advice stand as plain text: a gate that words them anew must teach wording.py.

    What `expect` requires names invariants, and is left out here.
    """
    foreign = []
    for line in render_check_markdown(judged(EVERY[case])).splitlines():
        cells = line.split(" | ")
        if line.startswith("| ") and len(cells) in (5, 6) and "&nbsp;" in cells[0]:
            foreign += [cell for cell in cells[:-1] if "<code>" in cell]
        if line.startswith("- **") and "<code>" in line:
            foreign.append(line)
        if line.startswith("<sub>"):
            notes = line.partition("vopr-coverage <code>VERSION</code>")[0].split("<br>")
            foreign += [note for note in notes if "<code>" in note and "via alias" not in note]
    assert foreign == []


def test_five_hundred_fault_points_degrade_in_tiers(tmp_path: Path) -> None:
    """300 of 500 missed, 40 of them critical, long names: all told in the summary, and the failing parts in 20 KB."""
    names = [f"sim.storage.replica_group_{n:03d}.journal.write_ahead_log.torn_write_after_fsync" for n in range(500)]
    report = tmp_path / "big.json"
    figures = {"total_fault_points": 500, "fault_points_hit": 200}
    report.write_bytes(a_flat_report(hit_fault_points=names[300:], missed_fault_points=names[:300], **figures))
    config = tmp_path / "big.yml"
    config.write_text("critical_fault_points:\n" + "".join(f"  - {name}\n" for name in names[:40] + names[400:410]))
    verdict = checked([str(report)], config=str(config))
    whole, small = render_check_markdown(verdict), render_check_markdown(verdict, 20_000)
    assert set(names[:300]) <= set(page_of(whole).codes)
    assert len([line for line in whole.splitlines() if not line.startswith("- ")]) < 110
    assert utf8_bytes(whole) < 60_000  # even a comment has room for all of it
    assert "10 of 50 hit" in small
    assert "in the verdict file." in small
