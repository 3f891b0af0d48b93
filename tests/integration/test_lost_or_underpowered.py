"""A required point that was not hit: `check` says whether it is lost, or the run was too short for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.night_folders import BASE, a_night, a_recorded_run, all_needs, summarised
from tests.support.rated import a_base, a_history, a_run, judged
from tests.support.reports import a_stream, run_cli
from vopr_coverage.trends.file import read_history


def test_without_rates_nothing_is_said(tmp_path: Path) -> None:
    """The line is the seed document's."""
    ended, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {}))
    assert ended.code == 1
    assert [(each["line"], each["detail"]) for each in verdict["violations"]] == [
        ("Critical fault point 'torn' never hit", "")
    ]


def test_a_point_that_the_base_hit_often_is_lost(tmp_path: Path) -> None:
    """60 of 100 seeds hit it on base; by the lower limit of that rate, 50 seeds miss it once in 10^14 runs."""
    base = a_base(tmp_path, 100, {"torn": 60})
    ended, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {}), "--base", base)
    (violation,) = verdict["violations"]
    assert ended.code == 1
    assert violation["line"] == (
        "Critical fault point 'torn' never hit (lost: a run of 50 seeds would miss it in less than 1 of 100 cases, "
        "p = 1.2e-15)"
    )
    assert violation["detail"] == "reached by 60 of 100 seeds on base"
    assert violation["line"] in ended.out


def test_a_run_that_was_too_short_is_underpowered_and_stays_red(tmp_path: Path) -> None:
    """2 of 100 seeds hit it on base, so its rate may be as small as 0.0024."""
    base = a_base(tmp_path, 100, {"torn": 2})
    ended, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {}), "--base", base)
    (violation,) = verdict["violations"]
    assert ended.code == 1
    assert violation["line"].endswith("never hit (underpowered: needs about 1,892 seeds for 99%, had 50)")


def test_an_invariant_that_never_ran_is_told_like_a_point(tmp_path: Path) -> None:
    """It ran in all seeds of the base."""
    base = a_base(tmp_path, 100, {"torn": 50})
    run = a_run(tmp_path / "run.ndjson", 20, {"torn": 9}, agreed=False)
    _, verdict = judged(tmp_path, run, "--base", base)
    (violation,) = verdict["violations"]
    assert violation["line"].startswith("Required invariant 'agreement' never executed (lost: a run of 20 seeds would ")


def test_too_small_a_share_says_which_points_are_lost(tmp_path: Path) -> None:
    """Of 20 seeds none hit the common point and none the rare ones, of which the first five are named."""
    rare = {f"rare {number}": 2 for number in range(7)}
    base = a_base(tmp_path, 100, {"torn": 60, **rare, "new": 0})
    nothing = dict.fromkeys([*rare, "new"], 0)
    run = a_run(tmp_path / "run.ndjson", 20, nothing)
    (tmp_path / "all.yml").write_text("profile: none\nfault_point_coverage_min: 0.9\n")
    flags = ("--config", "all.yml", "--scenario", "combined", "--base", base, "--format", "json")
    (violation,) = json.loads(run_cli("check", run, *flags, cwd=tmp_path).out)["violations"]
    assert violation["detail"] == (
        "1 of 10 points; lost: 'torn'; underpowered: 'rare 0', 'rare 1', 'rare 2', 'rare 3', 'rare 4' and 2 more"
    )


def test_a_history_is_asked_before_the_base(tmp_path: Path) -> None:
    """Three nights of 400 seeds, added up."""
    base = a_base(tmp_path, 100, {"torn": 2})
    history = a_history(tmp_path / "trends.ndjson", of=400, points={"torn": 200})
    run = a_run(tmp_path / "run.ndjson", 50, {})
    _, verdict = judged(tmp_path, run, "--base", base, "--history", history)
    (violation,) = verdict["violations"]
    assert "never hit (lost: " in violation["line"]
    assert violation["detail"] == "reached by 600 of 1,200 seeds on the last 3 nights"


def test_a_history_of_pooled_streams_counts_streams(tmp_path: Path) -> None:
    """Nobody knows how many of a stream's 100 seeds hit it, so even 12 of 12 streams leave a rate of 1.3 in 100."""
    pooled: dict[str, Any] = {"of": 4, "shortest": 100, "longest": 100, "points": {"torn": 4}}
    history = a_history(tmp_path / "trends.ndjson", **pooled)
    _, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {}), "--history", history)
    (violation,) = verdict["violations"]
    assert violation["line"].endswith("(underpowered: needs about 347 seeds for 99%, had 50)")
    assert violation["detail"] == "reached by 12 of 12 runs of 100 seeds on the last 3 nights"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"format": 3}\n', "has no night that tells how many seeds hit which point"),
        (None, "no such file"),
    ],
)
def test_a_history_that_tells_nothing_is_an_error(tmp_path: Path, content: str | None, complaint: str) -> None:
    """Whoever names it relies on it."""
    if content is not None:
        (tmp_path / "trends.ndjson").write_text(content)
    run = a_run(tmp_path / "run.ndjson", 50, {"torn": 3})
    ended, _ = judged(tmp_path, run, "--history", "trends.ndjson")
    assert (ended.code, complaint in ended.err) == (2, True)


def test_a_history_of_other_scenarios_is_told(tmp_path: Path) -> None:
    """Its rates say nothing of this one."""
    history = a_history(tmp_path / "trends.ndjson", of=400, points={"torn": 200})
    history.write_text(history.read_text().replace('"combined"', '"baseline"'))
    ended, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {"torn": 1}), "--history", history)
    assert ended.code == 0
    assert [each["text"] for each in verdict["warnings"]] == [
        "nobody knows how often its points were hit before: there are no rates of scenario 'combined'"
    ]


def test_counts_that_cannot_be_leave_the_night_out(tmp_path: Path) -> None:
    """More hits than seeds: such a record is no record."""
    history = a_history(tmp_path / "trends.ndjson", nights=1, of=4, points={"torn": 5})
    ended, _ = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {"torn": 3}), "--history", history)
    assert ended.code == 2


def test_a_base_whose_rates_cannot_be_is_no_base(tmp_path: Path) -> None:
    """A verdict file is as untrusted as any report."""
    base = tmp_path / a_base(tmp_path, 100, {"torn": 60})
    verdict = json.loads(base.read_text())
    verdict["reports"][0]["rates"]["points"][0]["hit"] = 101
    base.write_text(json.dumps(verdict))
    ended, verdict = judged(tmp_path, a_run(tmp_path / "run.ndjson", 50, {"torn": 1}), "--base", base.name)
    assert ended.code == 0
    assert verdict["base"]["missing"] == (
        "it is no verdict that can be used: verdict: expected counts that agree, found 101 of 100 samples hit 'torn'"
    )


def test_health_alone_has_no_use_for_a_history(tmp_path: Path) -> None:
    """A setting without effect is refused."""
    run = a_run(tmp_path / "run.ndjson", 50, {"torn": 1})
    ended = run_cli("check", run, "--health-only", "--history", "trends.ndjson", cwd=tmp_path)
    assert (ended.code, "leave --history out" in ended.err) == (2, True)


def test_a_night_tells_by_the_nights_before(tmp_path: Path) -> None:
    """Each night leaves its counts in the history: here one stream of 60 seeds, which hit the point."""
    a_night(tmp_path)
    red = json.loads((tmp_path / "config.json").read_text()) | {"critical_fault_points": ["network.drop"]}
    (tmp_path / "config.json").write_text(json.dumps(red))
    assert summarised(tmp_path, all_needs(), "--trends", "trends.ndjson")[0].code == 0
    (record,) = [one for one in read_history(tmp_path / "trends.ndjson").records if one.job == "coverage"]
    assert record.incidence is not None
    assert (record.incidence.of, record.incidence.longest, record.incidence.points["network.drop"]) == (1, 60, 1)
    stream = a_stream(60, first=BASE + 1_000).replace(b"network.drop", b"network.lost")
    a_recorded_run(tmp_path / "night" / "coverage" / "combined-1", BASE + 1_000, 60, stream)
    ended, night = summarised(tmp_path, all_needs(), "--trends", "trends.ndjson")
    assert ended.code == 1
    (finding,) = [each for each in night.findings if each.fault_point == "network.drop"]
    assert "(underpowered: needs about " in finding.line
    assert finding.detail == "reached by 1 of 1 run of 60 seeds on the last 1 night"
