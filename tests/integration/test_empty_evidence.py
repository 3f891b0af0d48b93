"""Reports that show nothing: absence of evidence is a failure at every edge."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.endings import passed, refused, violations
from tests.support.reports import (
    MODEST,
    REAL,
    a_flat_report,
    a_stream,
    run_cli,
)

COUNT = "an integer from 0 to 2^64-1"


def test_an_empty_report_fails_category_one(tmp_path: Path) -> None:
    """0 of 0 is 0 %, whatever percentage the producer writes beside it."""
    empty = {"total_fault_points": 0, "fault_points_hit": 0, "hit_fault_points": [], "missed_fault_points": []}
    (tmp_path / "r.json").write_bytes(a_flat_report(**empty, coverage_percent=100.0))
    assert violations(run_cli("check", "r.json", "--profile", "smoke_test", cwd=tmp_path))[0] == (
        "r.json: Fault point coverage too low: 0.0% (expected >= 50.0%)"
    )
    (tmp_path / "zero.ndjson").write_bytes((REAL / "zero-iterations.ndjson").read_bytes())
    lines = violations(run_cli("check", "zero.ndjson", "--profile", "smoke_test", cwd=tmp_path))
    assert lines[0] == "zero.ndjson: No iterations ran (expected >= 1)"
    assert "zero.ndjson: Fault point coverage too low: 0.0% (expected >= 50.0%)" in lines


def test_figures_that_were_not_measured_fail_by_default(tmp_path: Path) -> None:
    """`null` is neither 0 nor a pass, until somebody says that it may be."""
    bounds = {**MODEST, "critical_fault_points": [], "required_invariants": ["hash_chain"], "min_repairs": 2,
              "min_view_changes": 1, "min_unique_query_plans": 3,
              "min_phase_events": {"vsr.prepare_sent": 1}}  # fmt: skip
    (tmp_path / "c.yml").write_text(json.dumps(bounds))
    (tmp_path / "r.json").write_bytes(a_flat_report(view_changes=None, repairs=None, unique_query_plans=None))
    assert violations(run_cli("check", "r.json", "--config", "c.yml", cwd=tmp_path)) == [
        "r.json: Insufficient view changes: not measured (expected >= 1)",
        "r.json: Insufficient repairs: not measured (expected >= 2)",
        "r.json: Insufficient unique query plans: not measured (expected >= 3)",
    ]
    assert passed(run_cli("check", "r.json", "--config", "c.yml", "--on-not-measured", "warn", cwd=tmp_path))


def test_a_stream_without_coverage_is_not_a_pass(tmp_path: Path, modest: list[str]) -> None:
    """`"coverage": null` is what the simulator writes when it lost its coverage, and no policy excuses that."""
    (tmp_path / "s.ndjson").write_bytes(a_stream(coverage=None))
    ended = run_cli("check", "s.ndjson", *modest, "--on-not-measured", "ignore", cwd=tmp_path)
    assert violations(ended) == ["s.ndjson: Coverage not measured: the report carries none"]


def test_a_flat_report_that_contradicts_itself_fails(tmp_path: Path) -> None:
    """More hit than there are, or a point both hit and missed: such a percentage means nothing."""
    (tmp_path / "r.json").write_bytes(a_flat_report(total_fault_points=2, missed_fault_points=["sim.network.send"]))
    assert violations(run_cli("check", "r.json", "--profile", "smoke_test", cwd=tmp_path)) == [
        "r.json: Counts disagree: fault_points_hit is 3, total_fault_points 2",
        "r.json: Counts disagree: fault point 'sim.network.send' is listed as hit and as missed (1 such name)",
    ]


def test_names_listed_twice_do_not_count_twice(tmp_path: Path) -> None:
    """Four names, each listed twice, are not eight hits: 8 of 10 would pass, and 4 of 10 would not."""
    names = ["sim.storage.fsync", "sim.storage.write", "sim.storage.read", "sim.network.send"]
    missed = ["x", "y"]
    counts = {"total_fault_points": 10, "fault_points_hit": 8}
    (tmp_path / "r.json").write_bytes(a_flat_report(hit_fault_points=names * 2, missed_fault_points=missed, **counts))
    twice = "r.json: Counts disagree: hit_fault_points lists 4 different names, fault_points_hit says 8"
    assert violations(run_cli("check", "r.json", "--profile", "smoke_test", cwd=tmp_path)) == [twice]
    # whatever a config renames: a contradiction is one of the report as it was written
    (tmp_path / "c.yml").write_text("profile: smoke_test\naliases: {other: sim.storage.crash}")
    assert violations(run_cli("check", "r.json", "--config", "c.yml", cwd=tmp_path)) == [twice]


def test_the_verdict_file_of_a_refused_command_says_error(tmp_path: Path) -> None:
    """Whoever reads the file later must not find the pass of last night in it."""
    (tmp_path / "v.json").write_text('{"passed": true}')
    assert refused(run_cli("check", "missing", "--verdict-file", "v.json", cwd=tmp_path))
    verdict = json.loads((tmp_path / "v.json").read_text())
    assert (verdict["status"], verdict["passed"]) == ("error", False)
    assert verdict["reason"].endswith("missing: expected a readable file, found no such file or directory")
