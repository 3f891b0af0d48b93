"""`check --health-only`: a shard is judged for being whole and healthy, and never called covered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.reports import PROPERTIES, REAL, a_stream, run_cli

RUN = "run.ndjson"


def test_a_healthy_run_passes_whatever_it_covered(tmp_path: Path) -> None:
    """No profile asks for names; the heading says what was judged, and what was not."""
    (tmp_path / RUN).write_bytes(a_stream(5))
    ended = run_cli(
        "check", "--health-only", RUN, "--summary-file", "page.md", "--verdict-file", "v.json", cwd=tmp_path
    )
    assert (ended.code, ended.out.splitlines()[0]) == (0, "✅ Run health PASSED")
    assert "Coverage validation" not in ended.out
    assert "coverage was not judged" in (tmp_path / "page.md").read_text(encoding="utf-8").splitlines()[0]
    verdict = json.loads((tmp_path / "v.json").read_text(encoding="utf-8"))
    assert verdict["health_only"] is True
    assert verdict["reports"][0]["gates"] == []


@pytest.mark.parametrize(
    ("stream", "gate"),
    [
        (a_stream(5, failing=[3]), "failures"),
        (a_stream(5, lost=[3]), "determinism"),
        (a_stream(5)[:900], "run-complete"),
        (a_stream(5, properties=PROPERTIES | {"violated_ids": ["p"], "violation_count": 1}), "properties"),
        (a_stream(2), "iterations"),
    ],
    ids=["failing", "nondeterministic", "cut", "property", "few"],
)
def test_what_is_wrong_with_a_run_fails_it(tmp_path: Path, stream: bytes, gate: str) -> None:
    """Each run health gate counts, min_iterations too."""
    (tmp_path / RUN).write_bytes(stream)
    ended = run_cli("check", "--health-only", RUN, "--min-iterations", "5", "--verdict-file", "v.json", cwd=tmp_path)
    assert ended.code == 1
    assert ended.out.startswith("❌ Run health FAILED")
    assert gate in {one["gate"] for one in json.loads((tmp_path / "v.json").read_text())["violations"]}


def test_a_report_without_run_records_shows_no_health(tmp_path: Path) -> None:
    """A flat report can't say that its run was whole: that is not a pass."""
    (tmp_path / RUN).write_bytes(b'{"coverage":' + json.dumps(_flat()).encode() + b"}")
    ended = run_cli("check", "--health-only", RUN, cwd=tmp_path)
    assert ended.code == 1
    assert "No run records: nothing shows that a run was healthy" in ended.out


def _flat() -> dict[str, object]:
    report: dict[str, object] = {"total_fault_points": 1, "fault_points_hit": 1, "hit_fault_points": ["a"]}
    report |= {"missed_fault_points": [], "invariant_executions": {}, "missed_invariants": [], "view_changes": 1}
    return report | {
        "repairs": 1,
        "unique_query_plans": 1,
        "phase_events": {},
        "total_events": 1,
        "simulation_time_ns": 1,
    }


@pytest.mark.parametrize("flag", [["--profile", "nightly"], ["--base", "v.json"], ["--on-not-measured", "warn"]])
def test_a_flag_on_coverage_is_refused(tmp_path: Path, flag: list[str]) -> None:
    """Nothing would look at it."""
    (tmp_path / RUN).write_bytes(a_stream(5))
    run_cli("check", "--health-only", RUN, "--verdict-file", "v.json", cwd=tmp_path)
    ended = run_cli("check", "--health-only", RUN, *flag, cwd=tmp_path)
    assert ended.code == 2
    assert f"--health-only judges no coverage: leave {flag[0]} out" in ended.err


def test_a_planted_violation_is_still_expected(tmp_path: Path) -> None:
    """What a config expects of a scenario is run health, and holds here as everywhere."""
    config = {"scenarios": {"byzantine": {"expect": "violation", "invariants": ["vsr_agreement"]}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / RUN).write_bytes(a_stream(3, failing=dict.fromkeys(range(3), "vsr_agreement")))
    words = ["check", "--health-only", f"byzantine={RUN}", "--config", "config.json"]
    assert run_cli(*words, cwd=tmp_path).code == 0
    (tmp_path / RUN).write_bytes(a_stream(3))
    assert run_cli(*words, cwd=tmp_path).code == 1


def test_the_real_simulator_s_runs(tmp_path: Path) -> None:
    """A healthy run passes, one that was killed does not."""
    assert run_cli("check", "--health-only", REAL / "combined.ndjson", cwd=tmp_path).code == 0
    assert run_cli("check", "--health-only", REAL / "combined-killed.ndjson", cwd=tmp_path).code == 1
