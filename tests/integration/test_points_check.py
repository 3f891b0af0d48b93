"""`check` and the night with a lockfile of points: its denominator, its critical points, and what drifted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.point_runs import a_point_run, put
from tests.support.reports import a_coverage, a_flat_report, a_stream, run_cli
from vopr_coverage.files import write_text

LOCK = ".github/vopr-points.json"
ASKS = "profile: none\nfault_point_coverage_min: 0.5\n"


def a_lock(folder: Path, points: dict[str, dict[str, Any]], kind: str = "fault") -> None:
    """A lockfile at the default place: of each point its scenarios."""
    listed = [{"name": name, "kind": kind, "scenarios": places} for name, places in points.items()]
    document = {"format": "urn:vopr-coverage:schema:points:v1", "rare_seeds": 250_000, "points": listed}
    write_text(folder / LOCK, json.dumps(document))


def checked(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, verdict and what was printed."""
    ended = run_cli("check", *words, "--verdict-file", "v.json", cwd=folder)
    return ended.code, json.loads((folder / "v.json").read_text()), ended.out + ended.err


def gate_of(verdict: dict[str, Any], gate: str = "locked-points") -> dict[str, Any]:
    """One row of the only report."""
    (report,) = verdict["reports"]
    return next(row for row in report["gates"] if row["gate"] == gate)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run that declares four points and hits three, and a config that asks for half of them."""
    put(tmp_path, "run.ndjson", a_point_run({"crash": 9, "drop": 9, "delay": 9, "skew": 0}, scenario="combined"))
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "vopr-coverage.yml").write_text(ASKS)
    return tmp_path


COMMON = {"combined": {"class": "common"}}


def test_a_healthy_run_passes_by_its_own_lockfile(folder: Path) -> None:
    """From the first lock to a green check, with one decision on the point that nothing reached."""
    assert run_cli("points", "lock", "run.ndjson", cwd=folder).code == 0
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 1
    assert [each["line"] for each in verdict["violations"]] == ["Locked point 'skew' was never hit since it was locked"]
    text = (folder / LOCK).read_text()
    (folder / LOCK).write_text(text.replace('"class": "common", "hit": false', '"class": "unreachable", "hit": false'))
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 0
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "100.0% (3 of 3)"


def test_the_file_is_the_denominator(folder: Path) -> None:
    """What it does not have does not count, hit or not; what it has and the run lacks was missed."""
    a_lock(folder, {"crash": COMMON, "drop": COMMON, "gone": COMMON, "skew": {"combined": {"class": "unreachable"}}})
    code, verdict, printed = checked(folder, "run.ndjson")
    assert code == 1
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "66.7% (2 of 3)"
    assert [each["kind"] for each in verdict["violations"]] == ["PointVanished"]
    assert "Locked point 'gone' vanished: it is no longer declared" in printed
    assert any("1 point is hit and not locked" in each["text"] for each in verdict["warnings"])


def test_a_critical_point_of_the_file_has_to_be_hit(folder: Path) -> None:
    """Beside those of the config."""
    a_lock(folder, {"crash": COMMON, "skew": {"combined": {"class": "critical"}}, "drop": COMMON, "delay": COMMON})
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 1
    assert [each["line"] for each in verdict["violations"]] == ["Critical fault point 'skew' never hit"]
    assert gate_of(verdict, "critical-fault-points")["origin"] == LOCK


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ([0.2, 0.5], "lost: a run of 100 seeds would miss it in less than 1 of 100 cases, p = 2e-10"),
        ([0.001, 0.01], "underpowered: needs about 4,603 seeds for 99%, had 100"),
    ],
)
def test_a_critical_point_that_was_missed_is_lost_or_the_run_too_short(
    folder: Path, rate: list[float], said: str
) -> None:
    """By the rate that was locked; it is red either way."""
    points = dict.fromkeys(("crash", "drop", "delay"), COMMON)
    a_lock(folder, points | {"skew": {"combined": {"class": "critical", "rate": rate}}})
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 1
    (violation,) = verdict["violations"]
    assert violation["line"] == f"Critical fault point 'skew' never hit ({said})"
    assert "per seed when it was locked" in violation["detail"]
    assert verdict["warnings"] == []  # it is said once


def test_another_point_that_is_lost_is_a_warning(folder: Path) -> None:
    """How many may be missed is for the minimum to say; but nobody shall overlook it."""
    points = dict.fromkeys(("crash", "drop", "delay"), COMMON)
    a_lock(folder, points | {"skew": {"combined": {"class": "common", "rate": [0.2, 0.5]}}})
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 0
    assert "by the rates that are locked chance does not explain it: skew" in verdict["warnings"][0]["text"]
    a_lock(folder, points | {"skew": {"combined": {"class": "common", "rate": [0.001, 0.5]}}})
    assert checked(folder, "run.ndjson")[1]["warnings"] == []


def test_a_stream_that_lists_what_it_hit_is_measured_by_the_file(folder: Path) -> None:
    """VOPR's: without the file, 100 % of what it lists; with it, of all that there are."""
    (folder / "vopr.ndjson").write_bytes(a_stream(coverage=a_coverage({"crash": 4}, {"crash": 4}, {"x": 1})))
    a_lock(folder, dict.fromkeys(("crash", "drop", "delay", "skew"), COMMON))
    code, verdict, _ = checked(folder, "combined=vopr.ndjson")
    assert code == 1
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "25.0% (1 of 4)"
    row = gate_of(verdict)
    assert (row["status"], row["note"][:10]) == ("passed", "lists only")


def test_a_flat_report_is_counted_by_its_names(folder: Path) -> None:
    """A total that nobody can check against names is not taken."""
    points = ["sim.storage.fsync", "sim.network.send", "sim.storage.write", "sim.storage.crash", "sim.more"]
    (folder / "flat.json").write_bytes(a_flat_report(total_fault_points=9, fault_points_hit=9))
    a_lock(folder, {name: {"*": {"class": "common"}} for name in points})
    _, verdict, _ = checked(folder, "flat.json")
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "60.0% (3 of 5)"


def test_a_list_of_hits_is_measured_by_the_file(folder: Path) -> None:
    """It declares nothing itself; the file does, so no name is called undeclared that is locked."""
    config = folder / "lists.yml"
    config.write_text(f"{ASKS}format: points\ncomplete_when: done\n")
    (folder / "hits.txt").write_text("crash\ndrop\ndone\n")
    a_lock(folder, {name: {"*": {"class": "common"}} for name in ("crash", "drop", "delay")})
    code, verdict, _ = checked(folder, "hits.txt", "--config", "lists.yml")
    assert (code, verdict["warnings"]) == (0, [])
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "66.7% (2 of 3)"


def test_what_nothing_has_shown_can_be_excused(folder: Path) -> None:
    """By the gate's name, as for any figure that was not measured; what vanished cannot."""
    a_lock(
        folder,
        {"crash": COMMON, "drop": COMMON, "delay": COMMON, "skew": {"combined": {"class": "common", "hit": False}}},
    )
    assert checked(folder, "run.ndjson")[0] == 1
    code, verdict, _ = checked(folder, "run.ndjson", "--on-not-measured", "locked-points=warn")
    assert code == 0
    assert any("never hit since" in each["text"] for each in verdict["warnings"])
    a_lock(folder, {"crash": COMMON, "drop": COMMON, "gone": COMMON})
    assert checked(folder, "run.ndjson", "--on-not-measured", "locked-points=ignore")[0] == 1


def test_a_scenario_that_the_file_does_not_have_is_not_measured(folder: Path) -> None:
    """Its points would be nobody's; the entry * is for all others."""
    a_lock(folder, {name: {"calm": {"class": "common"}} for name in ("crash", "drop", "delay")})
    code, verdict, _ = checked(folder, "run.ndjson")
    assert code == 1
    assert "Scenario 'combined' is not in the lockfile" in [each["line"] for each in verdict["violations"]]
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "75.0% (3 of 4)"  # as without the file
    (folder / "vopr.ndjson").write_bytes(a_stream())
    warnings = [each["text"] for each in checked(folder, "combined=vopr.ndjson")[1]["warnings"]]
    assert any(text.startswith("The fault point percentage rests on") for text in warnings)
    a_lock(folder, {name: {"*": {"class": "common"}} for name in ("crash", "drop", "delay")})
    assert "hit" not in checked(folder, "run.ndjson")[1]["violations"][0]["kind"]


def test_merged_runs_are_judged_as_one(folder: Path) -> None:
    """What one shard does not declare, another may."""
    put(folder, "other.ndjson", a_point_run({"crash": 1, "more": 5}, first=100, scenario="combined"))
    a_lock(
        folder,
        dict.fromkeys(("crash", "drop", "delay", "more"), COMMON) | {"skew": {"combined": {"class": "rare"}}},
    )
    code, verdict, _ = checked(folder, "run.ndjson", "other.ndjson", "--merge", "scenario")
    assert (code, verdict["violations"]) == (0, [])
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "80.0% (4 of 5)"


def test_a_sum_of_two_scenarios_has_no_rate(folder: Path) -> None:
    """What can occur in one of them can occur in the sum; how often, nobody has counted."""
    put(folder, "calm.ndjson", a_point_run({"crash": 1, "drop": 1, "delay": 1, "skew": 0}, first=100, scenario="calm"))
    common = {name: COMMON | {"calm": {"class": "common"}} for name in ("crash", "drop", "delay")}
    skew = {"combined": {"class": "common", "rate": [0.2, 0.5]}, "calm": {"class": "unreachable"}}
    a_lock(folder, common | {"skew": skew})
    code, verdict, _ = checked(folder, "run.ndjson", "calm.ndjson", "--merge", "all")
    assert (code, verdict["warnings"]) == (0, [])
    assert gate_of(verdict, "fault-point-coverage")["measured"] == "75.0% (3 of 4)"


def test_a_scenario_that_has_to_fail_is_judged_without_the_file(folder: Path) -> None:
    """Its runs end at the violation, and show nothing about points."""
    (folder / ".github" / "vopr-coverage.yml").write_text(
        f"{ASKS}scenarios:\n  broken: {{expect: violation, invariants: [model_verification]}}\n  '*': {{}}\n"
    )
    (folder / "broken.ndjson").write_bytes(a_stream(failing=[0, 1, 2]))
    a_lock(folder, {"crash": COMMON})
    code, verdict, _ = checked(folder, "broken=broken.ndjson")
    assert (code, verdict["violations"]) == (0, [])


def test_the_config_names_another_file_and_the_flag_another(folder: Path) -> None:
    """As the config itself is found; one that is named and not there is an error."""
    a_lock(folder, {"gone": COMMON})
    (folder / LOCK).rename(folder / "mine.json")
    assert checked(folder, "run.ndjson")[0] == 0
    (folder / ".github" / "vopr-coverage.yml").write_text(f"{ASKS}points: mine.json\n")
    assert "'gone' vanished" in checked(folder, "run.ndjson")[2]
    code, _, printed = checked(folder, "run.ndjson", "--points", "nonesuch.json")
    assert (code, "nonesuch.json: expected a readable file" in printed) == (2, True)


def test_two_lists_of_all_points_are_one_too_many(folder: Path) -> None:
    """And the error says how to move from one to the other; then it works."""
    config = folder / ".github" / "vopr-coverage.yml"
    config.write_text(f"{ASKS}fault_points: [crash, drop]\n")
    assert run_cli("points", "lock", "run.ndjson", cwd=folder).code == 0
    code, verdict, printed = checked(folder, "run.ndjson")
    assert (code, verdict["status"]) == (2, "error")
    assert (
        ".github/vopr-coverage.yml#/fault_points: expected no such key beside .github/vopr-points.json, found 2 "
        "points: `vopr-coverage points lock RUN…` takes them over into that file; then remove the key" in printed
    )
    config.write_text(ASKS)
    assert checked(folder, "run.ndjson")[0] == 1  # skew was never hit


@pytest.mark.parametrize("broken", [b"", b"{}", b'{"format": "urn:vopr-coverage:schema:points:v9"}', b"\xff"])
def test_a_lockfile_that_cannot_be_used_judges_nothing(folder: Path, broken: bytes) -> None:
    """Without it the check would be another, weaker one."""
    (folder / LOCK).write_bytes(broken)
    code, verdict, printed = checked(folder, "run.ndjson")
    assert (code, verdict["status"]) == (2, "error")
    assert LOCK in printed


def test_the_doctor_examines_the_gate_with_the_file(folder: Path) -> None:
    """A healthy run passes it, and a fault point that is gone is noticed."""
    a_lock(folder, dict.fromkeys(("crash", "drop", "delay"), COMMON) | {"skew": {"combined": {"class": "rare"}}})
    ended = run_cli("doctor", "run.ndjson", "--format", "json", cwd=folder)
    assert ended.code == 0
    assert json.loads(ended.out)["planted"]
