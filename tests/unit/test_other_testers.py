"""FoundationDB's traces, P's scenario coverage and TigerBeetle's results: what they say and what they can't."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.reports import run_cli
from vopr_coverage.errors import ReportError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.formats import read_document
from vopr_coverage.reading.foundationdb import joined, read_foundationdb, run_of
from vopr_coverage.reading.source import NoRecords

TRACE = "trace.0.0.0.0.49.1763869069.qBqtOp.0"


def event(kind: str, **attributes: object) -> str:
    """One event of a trace."""
    texts = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<Event Severity="10" Time="1.0" Type="{kind}"{texts} />\n'


def probe(comment: str, covered: int, line: int = 7, **more: object) -> str:
    """A probe of one source file."""
    return event("CodeCoverage", File="a.cpp", Line=line, Covered=covered, Comment=comment, **more)


def trace(number: int, *events: str) -> Input:
    """One rolled file of a run."""
    return read_foundationdb([f"<Trace>\n{''.join(events)}".encode()], f"{TRACE}.{number}.xml")


END = event("ElapsedTime", SimTime="306.9")


def test_rolled_files_are_one_run() -> None:
    """What one of them covers is covered; the missed probes stand in the last one."""
    (run,) = joined([trace(1, probe("one", 1)), trace(2, probe("one", 0), probe("two", 0, 9, Rare=1), END)])
    assert run.report is not None
    assert (run.report.hit_fault_points, run.report.missed_fault_points) == (["a.cpp: one"], ["a.cpp: two"])
    assert run.observed is not None
    assert run.observed.runs == 1
    assert run.warnings == ("1 missed probe is marked as rare by the program",)
    assert run.finish is not None
    assert run.finish.ended_early is None


def test_without_its_last_file_a_run_is_unfinished_and_covers_nothing() -> None:
    """It would show every probe that it names as hit."""
    (run,) = joined([trace(1, probe("one", 1))])
    assert run.report is None
    assert run.finish is not None
    assert run.finish.ended_early == "there is no ElapsedTime event, with which a simulation ends"


def test_a_probe_with_the_same_comment_at_two_lines_is_two_points() -> None:
    """Only unique ones are named without their line, which moves."""
    (run,) = joined([trace(1, probe("again", 1, 7), probe("again", 0, 9), END)])
    assert run.observed is not None
    assert {name: point.hit for name, point in run.observed.points.items()} == {
        "a.cpp:7: again": True,
        "a.cpp:9: again": False,
    }


def test_an_ordinary_server_in_the_same_folder_is_another_run() -> None:
    """Whatever second it began in."""
    assert run_of(f"{TRACE}.1.xml") == run_of(f"{TRACE}.23.xml.gz")
    assert run_of("trace.172.17.0.3.4500.1763869069.8tVoRN.0.1.xml") != run_of(f"{TRACE}.1.xml")


@pytest.mark.parametrize(
    ("events", "broken"),
    [
        ([event("TestResults", Workload="Cycle", Passed=0)], ("test Cycle", "failed")),
        (['<Event Severity="40" Type="Oops" />\n'], ("Oops", "was reported with severity 40")),
        (
            [event("TestsExpectedToPass", Count=2), event("TestResults", Passed=1)],
            ("tests", "had 1 of 2 expected results"),
        ),
    ],
)
def test_what_fails_in_a_simulation_is_a_violation(events: list[str], broken: tuple[str, str]) -> None:
    """By test, by severity, and by number."""
    (run,) = joined([trace(1, *events, probe("one", 1), END)])
    assert run.observed is not None
    assert [(each.name, each.line) for each in run.observed.broken.values()] == [broken]


def test_entities_are_xmls_own_five_and_nothing_else() -> None:
    """Others stay as they are: nothing is expanded, and nothing outside is read."""
    (run,) = joined([trace(1, probe("a &lt;b&gt; &amp;c; &x; &#65;", 1), END)])
    assert run.observed is not None
    assert list(run.observed.points) == ["a.cpp: a <b> &c; &x; A"]


def test_a_probe_without_a_place_is_refused_with_its_line() -> None:
    """Nothing is guessed."""
    with pytest.raises(ReportError, match=r"1\.xml:2: expected a CodeCoverage event with File, Line"):
        trace(1, event("CodeCoverage", Covered=1))


# ---- P


def of_p(*scenarios: dict[str, Any]) -> Input:
    """Such a document, read."""
    return read_document([json.dumps({"version": 1, "testCase": "tc", "scenarios": scenarios}).encode()], "p.json")


def test_scenarios_of_p_are_points() -> None:
    """A rate can't be known: how many schedules ran is not in the file."""
    hit = {"name": "A", "satisfied": True, "satisfyingSchedules": 99}
    read = of_p(hit, {"name": "B", "satisfied": False, "satisfyingSchedules": 0})
    assert read.observed is not None
    assert {name: (point.hit, point.count) for name, point in read.observed.points.items()} == {
        "A": (True, 99),
        "B": (False, 0),
    }


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ({"satisfied": True}, "#/scenarios/0: expected a scenario with a name"),
        ({"name": "A", "satisfied": "yes"}, "#/scenarios/0/satisfied: expected true or false"),
        ({"name": "A", "satisfied": True, "satisfyingSchedules": 0}, "expected schedules where it is satisfied"),
        ({"name": "A", "satisfied": False, "satisfyingSchedules": 3}, "and none where it is not"),
        ({"name": "A", "satisfied": True, "satisfyingSchedules": -1}, "satisfyingSchedules: expected a count"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(scenario: dict[str, Any], told: str) -> None:
    """With its place."""
    with pytest.raises(ReportError) as refused:
        of_p(scenario)
    assert told in str(refused.value)


# ---- TigerBeetle


def result(fuzzer: str, ok: bool, ended: int, **more: Any) -> dict[str, Any]:
    """One record."""
    times = {"commit_timestamp": 1, "seed_timestamp_start": ended - 1, "seed_timestamp_end": ended}
    return {"commit_sha": "c0ffee", "fuzzer": fuzzer, "ok": ok, "count": 1, "seed": 1 << 63} | times | more


def of_tigerbeetle(*results: dict[str, Any]) -> Input:
    """Such a list, read."""
    return read_document([json.dumps(results).encode()], "data.json")


def test_fuzzers_are_invariants_and_a_failed_seed_is_a_violation() -> None:
    """Counts are added up; points there are none."""
    read = of_tigerbeetle(
        result("canary", False, 100),
        result("vopr", True, 90, count=7),
        result("vopr", False, 95),
        result("ewah", True, 80),
    )
    assert read.observed is not None
    assert read.observed.invariants["fuzzer vopr"].executions == 8
    assert {name: broken.line for name, broken in read.observed.broken.items()} == {
        "fuzzer vopr": f"failed at seed {1 << 63} of commit c0ffee"
    }
    assert not read.observed.declares_points


@pytest.mark.parametrize(
    ("canary", "told"),
    [
        ([], "never failed, and a canary must"),
        ([result("canary", True, 100)], "never failed, and a canary must"),
        ([result("canary", False, 0)], "has not failed for 48 hours"),
    ],
)
def test_a_canary_that_has_not_failed_lately_is_a_violation(canary: list[dict[str, Any]], told: str) -> None:
    """Compared with the newest result of any fuzzer: no clock is read."""
    read = of_tigerbeetle(result("vopr", True, 48 * 3600), *canary)
    assert read.observed is not None
    assert read.observed.broken["fuzzer canary"].line == told


def test_a_result_that_lacks_a_key_is_refused_with_its_place() -> None:
    """And its key."""
    broken = result("vopr", True, 9)
    del broken["count"]
    with pytest.raises(ReportError, match=r"data\.json#/1: expected a result of a fuzzer.*`count`"):
        of_tigerbeetle(result("vopr", True, 9), broken)


@pytest.mark.parametrize(("count", "bound"), [(-1, ">= 0"), (1 << 63, "<= 9223372036854775807")])
def test_a_count_that_cannot_be_is_refused_with_its_place(count: int, bound: str) -> None:
    """Below zero it would take away from what other records say."""
    with pytest.raises(ReportError, match=rf"data\.json#/0: expected a result of a fuzzer.*{bound}"):
        of_tigerbeetle(result("vopr", True, 9, count=count))


def test_a_list_declares_probes_by_the_names_of_verdicts(tmp_path: Path) -> None:
    """They have no line in them, and a list may name one that no file has; a recording is read once."""
    (tmp_path / "t.xml").write_text(f"<Trace>\n{probe('one', 1)}{probe('two', 0, 9)}{END}</Trace>\n")
    (tmp_path / "list.txt").write_text("a.cpp: one\na.cpp: two\nb.cpp: three\n")
    (tmp_path / "c.yml").write_text("{profile: none, fault_point_coverage_min: 0.3, declared: list.txt}")
    ended = run_cli("check", "t.xml", "--config", "c.yml", "--format", "json", cwd=tmp_path)
    assert ended.code == 0, ended.err
    report = json.loads(ended.out)["reports"][0]["report"]
    assert (report["hit_fault_points"], report["total_fault_points"]) == (["a.cpp: one"], 3)


@pytest.mark.parametrize("text", ["", "a log\n", "<html></html>\n", '{"type": "Event"}\n'])
def test_text_without_an_event_is_no_trace(text: str) -> None:
    """It would be a run that did not finish, and a broken-off one is refused, since errors may have followed."""
    with pytest.raises(NoRecords, match="expected events of a trace of FoundationDB"):
        read_foundationdb([text.encode()], "t.xml")


def test_attributes_may_be_quoted_either_way_and_have_blanks() -> None:
    """XML allows both; an error that is not seen would be a pass."""
    failed = """<Event Severity = '40' Time="1.0" Type='Crash "a"' />\n"""
    run = trace(1, probe("one", 1).replace('"', "'"), failed, END.replace('="', ' =\t"'))
    assert run.observed is not None
    assert list(run.observed.points) == ["a.cpp:7: one"]
    assert len(run.observed.broken) == 1
    (whole,) = joined([run])
    assert whole.finish is not None
    assert whole.finish.known
    assert whole.finish.ended_early is None


@pytest.mark.parametrize("damaged", ["<Evnt", "<Event", "< Event"])
def test_a_damaged_event_is_refused_with_its_line(damaged: str) -> None:
    """Left out, it would hide what it says. Only the last line may be torn: a killed process leaves it so."""
    bad = probe("two", 0).replace("<Event", damaged).replace("/>", ">" if damaged == "<Event" else "/>")
    with pytest.raises(ReportError, match=r":2: expected an event, <Event … />"):
        trace(1, bad, END)
    torn = trace(1, END, probe("two", 0)[:60])
    assert torn.observed is not None
    assert not torn.observed.points
