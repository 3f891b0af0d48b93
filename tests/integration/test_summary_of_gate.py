"""The part of a night about its gate: scored by the coverage runs, and required only where the config says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.night_folders import BASE, CONFIG, SHARD_SEEDS, a_night, a_recorded_run, all_needs, part, summarised
from tests.support.reports import a_stream
from vopr_coverage.nightly.verdict import NightVerdict, night_from_json

GREEN = all_needs(regressions="skipped")


def with_minimum(home: Path, least: float | None) -> NightVerdict:
    """The verdict on the night in `home`, under a config with this `doctor_min`."""
    (home / "config.json").write_text(json.dumps(CONFIG | ({} if least is None else {"doctor_min": least})))
    return summarised(home, GREEN)[1]


def test_a_green_night_scores_its_gate(tmp_path: Path) -> None:
    """Told in a part of its own, with the blind spots on the page, and no reason to fail."""
    a_night(tmp_path)
    verdict = with_minimum(tmp_path, None)
    assert verdict.passed
    assert verdict.gate
    assert verdict.gate.score == verdict.gate.noticed / verdict.gate.planted
    assert len(verdict.gate.blind_spots) == verdict.gate.planted - verdict.gate.noticed > 0
    assert part(verdict, "gate").status == "not required"
    assert f"{verdict.gate.noticed} of {verdict.gate.planted} planted faults noticed, score 0." in (
        part(verdict, "gate").line
    )
    page = (tmp_path / "night.md").read_text(encoding="utf-8")
    assert "| Gate | " in page
    assert "<summary>What the gate does not notice: " in page
    assert "half-of-the-seeds" not in {spot.kind for spot in verdict.gate.blind_spots}  # the plan says how many


def test_how_many_reports_other_checks_need_is_nothing_to_a_night(tmp_path: Path) -> None:
    """Its plan says which runs are missing, so `min_reports` neither fails its coverage nor hides its score."""
    a_night(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | {"min_reports": 50}))
    verdict = summarised(tmp_path, GREEN)[1]
    assert verdict.passed
    assert verdict.gate
    assert "report-missing" not in {spot.kind for spot in verdict.gate.blind_spots}


@pytest.mark.parametrize(("least", "status"), [(0.1, "passed"), (1.0, "failed")])
def test_doctor_min_decides(tmp_path: Path, least: float, status: str) -> None:
    """Below it the night is red, with one finding."""
    a_night(tmp_path)
    verdict = with_minimum(tmp_path, least)
    assert part(verdict, "gate").status == status
    assert verdict.status == status
    assert [finding.kind for finding in verdict.findings] == (["gate"] if status == "failed" else [])


def test_red_coverage_has_no_score(tmp_path: Path) -> None:
    """Not measured: a reason to fail only where a score is required."""
    night = a_night(tmp_path)
    run = night / "coverage" / "combined-1"
    a_recorded_run(run, BASE + 1_000, SHARD_SEEDS, a_stream(SHARD_SEEDS, first=BASE + 1_000, failing=[BASE + 1_001]))
    verdict = with_minimum(tmp_path, None)
    assert verdict.gate is None
    assert (part(verdict, "gate").status, part(verdict, "gate").line[:12]) == ("not required", "not measured")
    assert "gate" not in {finding.kind for finding in verdict.findings}
    verdict = with_minimum(tmp_path, 0.5)
    assert part(verdict, "gate").status == "incomplete"
    assert verdict.status == "failed"
    assert [finding.kind for finding in verdict.findings][-1] == "gate"


def test_coverage_runs_of_other_seeds_have_no_score(tmp_path: Path) -> None:
    """They pass the gate, and are not what was planned: the part of coverage is red."""
    night = a_night(tmp_path)
    a_recorded_run(night / "coverage" / "combined-1", BASE + 5_000, SHARD_SEEDS)
    verdict = with_minimum(tmp_path, None)
    assert part(verdict, "coverage").status == "failed"
    assert verdict.gate is None


def test_a_night_of_before_the_doctor_can_be_read(tmp_path: Path) -> None:
    """Its file has no such field."""
    a_night(tmp_path)
    verdict = with_minimum(tmp_path, None)
    old = json.loads((tmp_path / "night.json").read_text())
    del old["gate"]
    read = night_from_json(json.dumps(old).encode(), "night.json")
    assert read.gate is None
    assert read.jobs == verdict.jobs
