"""The vacuous gates of the one public nightly, K1 to K13, and our own list: each is impossible here.

The numbers are those of the study of that nightly; each test stages the defect and shows that the
gate does not pass.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.checking import checked
from vopr_coverage import CoverageThresholds
from vopr_coverage.errors import UserError
from vopr_coverage.model.verdict import Verdict

REAL = Path(__file__).parents[1] / "data" / "real"
KIMBERLITE = str(Path(__file__).parents[2] / "examples" / "configs" / "kimberlite.yml")


def judged(*reports: str, **settings: str) -> Verdict:
    """The verdict on recorded runs under the config that healthy ones pass."""
    return checked(reports, config=KIMBERLITE, **settings)  # type: ignore[arg-type]


def gates(verdict: Verdict) -> set[str]:
    """Which gates were violated."""
    return {violation.gate for violation in verdict.violations}


def edited(tmp_path: Path, name: str, **batch: object) -> str:
    """A recorded run with keys of its `batch_complete` replaced."""
    *head, last = (REAL / f"{name}.ndjson").read_text().splitlines()
    record = json.loads(last)
    record["data"] |= batch
    path = tmp_path / f"{name}.ndjson"
    path.write_text("\n".join([*head, json.dumps(record)]) + "\n")
    return str(path)


def recorded_properties() -> dict[str, object]:
    """The properties of the recorded combined run."""
    *_, last = (REAL / "combined.ndjson").read_text().splitlines()
    properties: dict[str, object] = json.loads(last)["data"]["properties"]
    return properties


def judged_asking_only(tmp_path: Path, **asked: object) -> Verdict:
    """The verdict on the recorded combined run where nothing is required but this."""
    config = tmp_path / "gate.json"
    config.write_text(json.dumps(json.loads(CoverageThresholds().to_json()) | asked))
    return checked([str(REAL / "combined.ndjson")], config=str(config))


def test_k1_the_thresholds_are_applied_to_what_the_simulator_writes() -> None:
    """There, validate_coverage() has no caller; here a real stream is held to a profile."""
    verdict = checked([str(REAL / "combined.ndjson")], profile="nightly", folder=REAL)
    assert {"critical-fault-points", "required-invariants", "phase-events"} <= gates(verdict)


def test_k2_the_stream_is_read_as_a_stream() -> None:
    """There, json.load raises on line 2; here every record is read."""
    verdict = judged(f"combined={REAL}/combined.ndjson")
    assert (verdict.status, verdict.reports[0].inputs[0].iterations) == ("passed", 20)


def test_k3_an_input_that_cannot_be_judged_is_an_error_not_a_pass() -> None:
    """There, continue-on-error hides it; here nothing returns a verdict."""
    with pytest.raises(UserError, match="was the simulator run with --json"):
        judged(f"combined={REAL}/not-json.txt")


def test_k4_a_run_without_config_or_flags_is_held_to_the_default_profile() -> None:
    """There, the job named enforcement enforces nothing."""
    verdict = checked([str(REAL / "combined.ndjson")], folder=REAL)
    assert (verdict.status, verdict.reports[0].thresholds) == ("failed", "default")


def test_k5_a_figure_that_is_missing_is_not_read_as_null_or_zero() -> None:
    """There, a million nulls and zeros become the trend; here the figure is not measured."""
    verdict = checked([str(REAL / "combined.ndjson")], profile="nightly", folder=REAL)
    rows = {gate.gate: gate for gate in verdict.reports[0].gates}
    assert (rows["view-changes"].status, rows["view-changes"].value) == ("not measured", None)


def test_k6_more_faults_never_lower_the_percentage() -> None:
    """There, baseline has 80 % and combined 50 %; here a fault that lands is a hit."""
    verdict = judged(f"baseline={REAL}/baseline.ndjson", f"combined={REAL}/combined.ndjson")
    shares = [report.report.fault_point_coverage() for report in verdict.reports if report.report]
    assert shares == [5 / 8, 1.0]


def test_k7_an_empty_run_has_no_coverage() -> None:
    """There, nothing is 100 %; here it is 0 of 8, and 0 iterations fail by themselves."""
    verdict = judged(f"baseline={REAL}/zero-iterations.ndjson")
    assert {"iterations", "fault-point-coverage"} <= gates(verdict)
    assert verdict.reports[0].report is not None
    assert verdict.reports[0].report.fault_point_coverage() == 0.0


def test_k8_failed_seeds_are_found_in_the_records_that_exist() -> None:
    """There, a grep looks for a word that is never written."""
    verdict = judged(f"combined={REAL}/byzantine-view-change-merge.ndjson")
    assert "failures" in gates(verdict)
    assert verdict.failures[0].seeds[:2] == ("7", "8")


def test_k9_colons_and_dots_name_the_same_phase() -> None:
    """There, storage:fsync_complete never meets storage.fsync_complete."""
    verdict = checked([str(REAL / "combined.ndjson")], profile="default", folder=REAL)
    assert verdict.reports[0].report is not None
    assert verdict.reports[0].report.phase_events == {"storage.fsync_complete": 396}
    assert not any("fsync_complete" in violation.line for violation in verdict.violations)


def test_k10_a_canary_that_switches_a_fault_off_shows_although_its_run_is_green() -> None:
    """There, exit status 0 counts as a canary that passed."""
    assert gates(judged(f"combined={REAL}/canary-drop-disabled.ndjson")) == {"critical-fault-points", "per-iteration"}


def test_k11_a_crash_is_incomplete_and_nothing_else() -> None:
    """There, any non-zero exit is a caught canary; here a crash has a verdict of its own."""
    verdict = judged(f"combined={REAL}/combined-killed.ndjson")
    assert verdict.status == "incomplete"
    assert "stopped at seed 915" in verdict.violations[0].line


def test_k12_a_determinism_failure_without_a_record_is_found() -> None:
    """There, the record is skipped and only a count remains."""
    verdict = judged(f"swizzle={REAL}/canary-rng-unseeded-check-determinism.ndjson")
    assert gates(verdict) == {"determinism"}


def test_k13_properties_that_were_never_seen_do_not_count_as_held(tmp_path: Path) -> None:
    """There, 73 annotations stay unregistered at 100 %; here a floor on the counters says so."""
    nothing = {"sometimes_total": 0, "sometimes_satisfied": 0, "unsatisfied_sometimes_ids": []}
    path = edited(tmp_path, "combined", properties=recorded_properties() | nothing)
    assert gates(judged(f"combined={path}")) == {"property-floors", "required-properties"}


def test_thresholds_that_require_nothing_are_a_usage_error(tmp_path: Path) -> None:
    """Zeros in every bound would pass any run."""
    with pytest.raises(UserError, match=r"combined\.ndjson require nothing"):
        judged_asking_only(tmp_path, min_phase_events={"storage.fsync_complete": 0})


def test_a_floor_on_iterations_alone_shows_no_coverage(tmp_path: Path) -> None:
    """Something must have been covered: a run that only lasted long proves nothing."""
    verdict = judged_asking_only(tmp_path, min_iterations=5)
    assert [violation.kind for violation in verdict.violations] == ["NothingShown"]


def test_coverage_null_is_not_measured_and_cannot_be_excused(tmp_path: Path) -> None:
    """An excuse for single figures is none for the lack of all of them."""
    verdict = judged(f"combined={edited(tmp_path, 'combined', coverage=None)}", on_not_measured="ignore")
    assert "Coverage not measured: the report carries none" in [violation.line for violation in verdict.violations]
    assert not verdict.passed


def test_excusing_every_figure_does_not_make_a_pass(tmp_path: Path) -> None:
    """When all that was required is excused, no coverage gate passed."""
    asked = {"min_view_changes": 1, "min_repairs": 1, "min_unique_query_plans": 1}
    verdict = judged_asking_only(tmp_path, **asked, on_not_measured="ignore")
    assert [violation.kind for violation in verdict.violations] == ["NothingShown"]


def test_a_run_that_ignored_its_seed_fails(tmp_path: Path) -> None:
    """Twenty times the same run is one run."""
    first, second, *rest = (REAL / "combined.ndjson").read_text().splitlines()
    same = json.loads(second)
    lines = [first]
    for line in [second, *rest[:-1]]:
        record = json.loads(line)
        record["data"] = same["data"] | {"seed": record["data"]["seed"]}
        lines.append(json.dumps(record))
    path = tmp_path / "combined.ndjson"
    path.write_text("\n".join([*lines, rest[-1]]) + "\n")
    verdict = judged(f"combined={path}")
    assert [violation.kind for violation in verdict.violations] == ["SeedIgnored"]


def test_one_file_given_twice_counts_once(tmp_path: Path) -> None:
    """Neither by another spelling nor by a link does a run count twice."""
    link = tmp_path / "again.ndjson"
    link.symlink_to(REAL / "combined.ndjson")
    verdict = judged(f"combined={REAL}/combined.ndjson", f"{REAL}/../real/combined.ndjson", str(link))
    assert len(verdict.reports) == 1


def test_properties_that_were_violated_fail_although_the_simulator_exits_with_zero(tmp_path: Path) -> None:
    """The exit status doesn't tell; the record does."""
    properties = recorded_properties() | {"violation_count": 1, "violated_ids": ["vsr.agreement"]}
    verdict = judged(f"combined={edited(tmp_path, 'combined', properties=properties)}")
    assert [violation.line for violation in verdict.violations] == ["Property 'vsr.agreement' was violated"]


def test_a_run_that_is_too_short_for_all_floors_shows_nothing_and_says_why(tmp_path: Path) -> None:
    """Not that no gate passed: none is due yet."""
    verdict = judged_asking_only(tmp_path, profile="none", min_per_iteration={"x": [{"from": 5000, "at_least": 1}]})
    line = "Run too short: all that is required of it is required of 5,000 iterations or more"
    assert [violation.line for violation in verdict.violations] == [line]
    assert "Run more iterations" in verdict.violations[0].advice
