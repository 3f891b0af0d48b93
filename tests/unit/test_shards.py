"""Missing shards: fewer reports than required, and seeds that no merged run has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.recordings import a_recording
from tests.support.reports import MODEST, a_flat_report, a_stream, run_cli
from tests.unit.test_merging import LAST, a_run
from vopr_coverage.check.shards import gaps
from vopr_coverage.model.report import CoverageReport, Input
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.render.check import render_check_markdown, render_check_text
from vopr_coverage.render.comment import About, render_comment


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "modest.json").write_text(json.dumps(MODEST))
    (tmp_path / "four.json").write_text(json.dumps(MODEST | {"min_reports": 4}))
    monkeypatch.chdir(tmp_path)


def shards(*numbers: int) -> None:
    """Shards of five seeds each."""
    for number in numbers:
        Path(f"shard-{number}.ndjson").write_bytes(a_stream(5, first=5 * number))


def judged(**settings: Any) -> Verdict:
    """The verdict on all of them."""
    return checked(["shard-*"], **{"config": "modest.json", "merge": "all"} | settings)


def texts(verdict: Verdict) -> list[str]:
    """Its warnings on missing shards."""
    return [warning.text for warning in verdict.warnings if "min-reports" in warning.text]


# ---- min-reports


def test_a_missing_shard_fails_min_reports() -> None:
    """Three of four: the sum meets every threshold."""
    shards(0, 1, 3)
    assert judged().passed
    assert judged(min_reports=3).passed
    verdict = judged(min_reports=4)
    (violation,) = verdict.violations
    assert (verdict.status, verdict.reason) == ("failed", "1 violation in reports")
    assert (violation.kind, violation.expected, violation.actual) == ("TooFewReports", "At least 4", "3")
    assert violation.line == "Too few reports: 3 (expected >= 4, set by --min-reports)"


@pytest.mark.parametrize("merge", ["none", "scenario", "all"])
def test_what_is_merged_is_counted_before(merge: str) -> None:
    """Files and recordings, each once, however they are judged."""
    shards(0, 1)
    a_recording(Path("shard-2"), a_stream(5, first=10), seed="10", iterations=5)
    Path("shard-1-again.ndjson").symlink_to("shard-1.ndjson")
    assert judged(merge=merge, min_reports=3).passed
    assert "reports" in [violation.gate for violation in judged(merge=merge, min_reports=4).violations]


def test_a_flag_beats_the_config_and_zero_requires_nothing() -> None:
    """As with every other setting."""
    shards(0, 1, 2)
    (violation,) = judged(config="four.json").violations
    assert violation.line == "Too few reports: 3 (expected >= 4, set by four.json:1)"
    assert judged(config="four.json", min_reports=3).passed
    assert judged(config="four.json", min_reports=0).passed


def test_health_alone_counts_reports_too() -> None:
    """Whoever judges shards one by one sets the flag."""
    shards(0, 1)
    ended = run_cli("check", "shard-0.ndjson", "--health-only", "--config", "four.json", cwd=Path.cwd())
    assert ended.code == 1
    assert "Too few reports: 1 (expected >= 4, set by four.json:1)" in ended.out
    words = ("--health-only", "--config", "four.json", "--min-reports", "1")
    assert run_cli("check", "shard-0.ndjson", *words, cwd=Path.cwd()).code == 0


def test_every_page_says_that_reports_are_missing() -> None:
    """It belongs to no report, and has its advice all the same."""
    shards(0, 1, 2)
    verdict = judged(min_reports=4)
    for page in (render_check_text(verdict), render_check_markdown(verdict), render_comment(verdict, About())):
        assert "Too few reports: 3" in page.replace("&#58;", ":")
        assert "Look for the shard whose report is missing" in page
    assert "Number&nbsp;of&nbsp;reports" in render_check_markdown(verdict)


# ---- gaps


def test_a_gap_between_merged_seeds_is_named() -> None:
    """And does not fail the check: seeds may have been left out on purpose."""
    shards(0, 1, 3)
    told = "No run has the 5 seeds from 10 to 14: if a shard is missing, `min-reports` makes that a failure."
    assert judged().passed
    assert texts(judged()) == [told]
    assert texts(judged(merge="none")) == []
    ended = run_cli("check", "shard-*", "--health-only", "--merge", "all", cwd=Path.cwd())
    assert told in ended.out


@pytest.mark.parametrize(
    ("ranges", "named"),
    [
        ([], ""),
        ([(0, 5)], ""),
        ([(0, 5), (5, 5), (10, 5)], ""),
        ([(10, 5), (0, 5), (5, 5)], ""),  # in any order
        ([(0, 5), (10, 5)], "the 5 seeds from 5 to 9"),
        ([(10, 5), (0, 5)], "the 5 seeds from 5 to 9"),
        ([(0, 5), (6, 5), (11, 5)], "the 1 seed from 5 to 5"),
        ([(0, 5), (10, 5), (15, 5), (21, 1)], "the 5 seeds from 5 to 9, the 1 seed from 20 to 20"),
        ([(0, 20), (5, 5), (30, 1)], "the 10 seeds from 20 to 29"),  # one within another
        ([(0, 5), (3, 9), (12, 2)], ""),  # an overlap is no gap
        ([(5, 0), (0, 5), (10, 5)], "the 5 seeds from 5 to 9"),  # a run without seeds
        ([(None, 5), (0, 5), (10, 5)], "the 5 seeds from 5 to 9"),
        ([(100, 5), (200, 5), (300, 5)], ""),  # at a fixed distance
        ([(100, 5), (200, 5), (400, 5)], "the 195 seeds from 205 to 399"),  # one is missing
        ([(LAST - 4, 5), (0, 5)], ""),  # around 2^64
        ([(LAST - 4, 5), (5, 5)], "the 5 seeds from 0 to 4"),
        ([(LAST - 9, 5), (0, 5), (5, 5)], f"the 5 seeds from {LAST - 4} to {LAST}"),
        ([(LAST - 9, 5), (2, 5), (7, 5)], f"the 7 seeds from {LAST - 4} to 1"),
        ([(LAST - 1, 4), (2, 5), (9, 1)], "the 2 seeds from 7 to 8"),  # one run wraps
        (
            [(0, 1), (1, 1), (3, 1), (5, 1), (7, 1), (9, 1)],
            "the 1 seed from 2 to 2, the 1 seed from 4 to 4, the 1 seed from 6 to 6 and 1 more gap",
        ),
    ],
)
def test_which_seeds_no_run_has(ranges: list[tuple[int | None, int]], named: str) -> None:
    """Between the first run and the last; what lies outside is nobody's."""
    told = f"No run has {named}: if a shard is missing, `min-reports` makes that a failure."
    assert gaps([a_run(*each) for each in ranges]) == ([told] if named else [])


def test_each_scenario_has_its_own_seeds() -> None:
    """Case does not matter; reports without seeds leave no gap."""
    flat = Input("flat.json", "report", CoverageReport())
    runs = [a_run(0, 5, scenario="x"), a_run(10, 5, scenario="X"), a_run(5, 5, scenario="y"), flat, flat]
    (told,) = gaps(runs)
    assert told.startswith("No run of x has the 5 seeds from 5 to 9: ")
    assert gaps([flat, flat]) == []


def test_a_run_that_died_covers_what_it_announced() -> None:
    """That it died is told by itself."""
    assert gaps([a_run(0, 5, 2), a_run(5, 5)]) == []


def test_flat_reports_can_be_counted() -> None:
    """They have no seeds."""
    Path("flat.json").write_bytes(a_flat_report())
    assert [v.gate for v in checked(["flat.json"], min_reports=2).violations if v.gate == "reports"] == ["reports"]
