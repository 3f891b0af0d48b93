"""The gate on the history: what it calls a loss, measured on histories drawn from real figures."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tests.support.histories import a_night, night_at, records, work
from vopr_coverage.nightly.reached import ReachedNames
from vopr_coverage.nightly.verdict import JobSeen, NightVerdict
from vopr_coverage.render.night import render_night_markdown
from vopr_coverage.trends.compare import lines_of
from vopr_coverage.trends.file import gate_night
from vopr_coverage.trends.gate import gated, lost_history, remarks_in
from vopr_coverage.trends.history import TrendRecord, text_of
from vopr_coverage.trends.names import with_few_names
from vopr_coverage.trends.of_night import records_of

PASSED = JobSeen("coverage", "success", "passed", "all of it")


def night(number: int, hit: int = 11) -> NightVerdict:
    """A green night that hit so many of 11 fault points."""
    return replace(a_night(number, work("coverage", fault_points_hit=hit)), jobs=(PASSED,))


def judged(tonight: NightVerdict, nights: int = 20) -> NightVerdict:
    """Tonight, after so many nights that hit all."""
    history = [one for number in range(nights) for one in records(number, work("coverage"))]
    return gated(tonight, lines_of(history, records(99, *tonight.work)))


def test_a_lost_fault_point_makes_a_green_night_red() -> None:
    """With a finding that says which figure of which scenario, and a page that leads with it."""
    verdict = judged(night(99, 10))
    assert (verdict.status, verdict.passed) == ("failed", False)
    (finding,) = verdict.findings
    assert finding.kind == "trend"
    assert finding.line.startswith("coverage combined: fault points hit: 10 is below 11")
    assert [(part.name, part.status) for part in verdict.jobs][-1] == ("trends", "failed")
    page = render_night_markdown(verdict)
    assert page.index("10 is below 11") < 600


def test_a_usual_night_stays_green() -> None:
    """And says that the figures were compared."""
    verdict = judged(night(99))
    assert verdict.passed
    assert verdict.jobs[-1].line == "no figure is far from the nights before"
    first = gated(night(0), (), lost_history(0, 1))
    assert (first.passed, first.jobs[-1].line) == (True, "no night before to compare with")


def test_a_gate_that_cannot_be_evaluated_does_not_pass(tmp_path: Path) -> None:
    """The history is no file that can be read, or has lost its nights; the first nights have none to lose."""
    path = tmp_path / "h"
    lost = gate_night(path, night(99), night_at(99))
    assert (lost.status, lost.jobs[-1].status) == ("incomplete", "incomplete")
    (finding,) = lost.findings
    assert finding.line == (
        "the history has 0 nights before this one, and 7 are needed to compare; "
        "this is run 140 of the workflow, so its nights were not restored"
    )
    early = night(99)
    early = replace(early, place=replace(early.place, run_number=7))
    assert gate_night(path, early, night_at(99)).passed
    path.write_bytes(b"\n" * ((8 << 20) + 1))
    assert "the history cannot be used: " in gate_night(path, night(99), night_at(99)).findings[0].line
    path.write_bytes(text_of(one for number in range(7) for one in records(number, work("coverage"))))
    assert gate_night(path, night(99), night_at(99)).passed
    assert (lost_history(7, 59), lost_history(0, 0)) == ("", "")


def test_a_red_night_is_not_judged() -> None:
    """What it found may have moved its figures."""
    red = replace(night(99, 10), status="failed", passed=False)
    red = replace(red, findings=(), jobs=(replace(PASSED, status="incomplete"),))
    finding = judged(night(99, 10)).findings[0]
    verdict = judged(replace(red, findings=(finding,)))
    assert len(verdict.findings) == 1
    assert verdict.jobs[-1].status == "not required"


def test_a_name_says_what_a_number_cannot() -> None:
    """A point that is missed now and then is no news; one that every night hit before is, for seven nights."""

    def of(number: int, *hit: str) -> list[TrendRecord]:
        names = ReachedNames(hit=hit)
        return list(records(number, work("coverage", fault_points_hit=len(hit), fault_points_known=3, names=names)))

    past = [one for number in range(14) for one in of(number, *(("a", "b") if number == 5 else ("a", "b", "rare")))]
    assert remarks_in(lines_of(past, of(14, "a", "b"))) == []
    (told,) = remarks_in(lines_of(past, of(14, "b", "rare")))
    assert told == "coverage combined: fault points hit: 'a' was not hit, unlike on the nights before"
    for night in range(7):
        assert remarks_in(lines_of(past, of(14 + night, "b", "rare")))
        past += of(14 + night, "b", "rare")
    assert remarks_in(lines_of(past, of(21, "b", "rare"))) == []


def test_the_history_has_a_night_that_the_gate_made_red_as_red() -> None:
    """Else the next night would take it for the last green one."""
    verdict = judged(night(99, 10))
    assert {record.status for record in records_of(verdict, night_at(0))} == {"failed"}


def test_names_of_old_nights_that_the_history_has_cut_hide_no_loss() -> None:
    """With a budget for weekends, fewer than 29 comparable nights are among those that have all names."""

    def of(number: int, *hit: str) -> list[TrendRecord]:
        ran = 200 if number % 7 >= 5 else 1_000
        done = work("coverage", asked=ran, ran=ran, fault_points_hit=len(hit), fault_points_known=2)
        return list(records(number, replace(done, names=ReachedNames(hit=hit))))

    past = with_few_names([one for number in range(70) for one in of(number, "a", "b")])
    assert remarks_in(lines_of(past, of(70, "a", "b"))) == []
    (told,) = remarks_in(lines_of(past, of(70, "b")))
    assert told == "coverage combined: fault points hit: 'a' was not hit, unlike on the nights before"
