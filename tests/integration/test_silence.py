"""Silence on green: healthy runs under a config that somebody decided on have no warning and no annotation."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from benchmarks import silence
from tests.support.checking import checked
from tests.support.reports import MODEST, REAL, a_coverage, a_stream, run_cli
from vopr_coverage.render.annotations import render_annotations


def test_the_shipped_config_is_silent_on_the_recorded_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """The number that `make silence` prints, here for the runs of tests/data."""
    assert silence.main([]) == 0
    told = capsys.readouterr().out
    assert "kimberlite.yml: 0 warnings and 0 annotations on 5 healthy checks, 0 of them red" in told
    assert told.endswith("in all: 0\n")


def test_what_is_said_is_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A config that declares too little is not silent."""
    (tmp_path / "gate.yml").write_text("profile: none\nmin_iterations: 5\nfault_point_coverage_min: 0.1\n")
    assert silence.main(["--config", str(tmp_path / "gate.yml")]) == 1
    told = capsys.readouterr().out
    assert "gate.yml: 10 warnings and 10 annotations on 5 healthy checks, 0 of them red" in told
    assert silence.main(["--config", str(tmp_path / "missing.yml")]) == 2


def test_a_config_of_init_is_silent_on_another_run_of_the_simulator(tmp_path: Path) -> None:
    """Learnt from seeds 0 to 14, judged on 15 to 29."""
    run_cli("init", f"swizzle={REAL / 'swizzle-a.ndjson'}", "-o", "gate.yml", cwd=tmp_path)
    text = (tmp_path / "gate.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["profile"] == "none"
    verdict = checked([f"swizzle={REAL / 'swizzle-b.ndjson'}"], config=str(tmp_path / "gate.yml"))
    assert (verdict.passed, verdict.warnings, verdict.reports[0].lowered) == (True, (), ())
    assert render_annotations(verdict, fail=True) == []


def test_names_of_vopr_never_appear_to_another_simulator(tmp_path: Path) -> None:
    """Neither in its config, nor in a verdict by it, passed or failed."""
    coverage = a_coverage({}, {"disk.torn": 200}, {"agreement": 600}, {"vote:won": 90})
    (tmp_path / "run").write_bytes(a_stream(20, coverage=coverage))
    run_cli("init", "run", "-o", "gate.yml", cwd=tmp_path)
    (tmp_path / "worse").write_bytes(a_stream(20, first=50, coverage=a_coverage({}, {"x": 1}, {"agreement": 1}, {})))
    texts = [(tmp_path / "gate.yml").read_text(encoding="utf-8")]
    for run in ("run", "worse"):
        ended = run_cli("check", run, "--config", "gate.yml", "--verdict-file", "v.json", cwd=tmp_path)
        assert ended.code == (run == "worse")
        texts += [ended.out, (tmp_path / "v.json").read_text(encoding="utf-8")]
    assert not [word for word in ("sim.", "vsr", "projection", "linearizab") for text in texts if word in text]


def test_a_config_answers_the_warning_on_properties(tmp_path: Path) -> None:
    """Whoever asks for none has decided; health alone has nobody to ask."""
    (tmp_path / "run").write_bytes(a_stream(era="feb2026"))
    for asked, warned in (("", True), ("min_properties: {}\n", False)):
        (tmp_path / "gate.yml").write_text(yaml.safe_dump(MODEST) + asked, encoding="utf-8")
        verdict = checked([str(tmp_path / "run")], config=str(tmp_path / "gate.yml"))
        assert any("carries no properties" in warning.text for warning in verdict.warnings) == warned
    ended = run_cli("check", "run", "--health-only", "--config", "gate.yml", cwd=tmp_path)
    assert "carries no properties" in ended.out
    (tmp_path / "gate.yml").rename(tmp_path / "init.yml")  # whatever its name
    assert "carries no properties" not in run_cli("check", "run", "--config", "init.yml", cwd=tmp_path).out


def test_a_floor_answers_the_warning_on_few_executions(tmp_path: Path) -> None:
    """Nine of nine that are asked for are not few."""
    coverage = a_coverage({}, {"drop": 20}, {"agreement": 9}, {})
    (tmp_path / "run").write_bytes(a_stream(9, coverage=coverage))
    required = "profile: none\nmin_properties: {}\nrequired_invariants: [agreement]\n"
    for floor, warned in (("", True), ("min_per_iteration: {agreement: 1}\n", False)):
        (tmp_path / "gate.yml").write_text(required + floor, encoding="utf-8")
        verdict = checked([str(tmp_path / "run")], config=str(tmp_path / "gate.yml"))
        assert (verdict.passed, bool(verdict.warnings)) == (True, warned)


def test_a_warning_that_counts_stands_before_those_of_no_weight(tmp_path: Path) -> None:
    """Twelve runs with a line of stderr each would cut it off."""
    coverage = a_coverage({"disk.torn": 500}, {"drop": 20}, {"agreement": 90}, {})
    noisy = b"some log line\n"
    runs = [f"r{number:02}" for number in range(12)]
    for number, run in enumerate(runs):
        healthy = a_coverage({}, {"drop": 20, "disk.torn": 1}, {"agreement": 90}, {})
        stream = a_stream(3, first=10 * number, coverage=coverage if run == "r11" else healthy)
        (tmp_path / run).write_bytes(noisy + stream)
    config = "profile: none\nmin_properties: {}\nfault_points: [drop, disk.torn]\nfault_point_coverage_min: 0.1\n"
    (tmp_path / "gate.yml").write_text(config, encoding="utf-8")
    verdict = checked([str(tmp_path / run) for run in runs], config=str(tmp_path / "gate.yml"))
    first, *others = verdict.warnings
    assert first.text.startswith("Attempted, and never took effect: disk.torn (500 attempts).")
    assert len(others) == 12
    assert "disk.torn" in render_annotations(verdict, fail=True)[0]


def test_profiles_tells_once_what_is_looser(tmp_path: Path) -> None:
    """Than the profile, and scenario by scenario than the top level."""
    (tmp_path / "gate.yml").write_text(
        "min_repairs: 3\nmin_view_changes: 0\nscenarios: {calm: {min_repairs: 1}, loud: {}}\n", encoding="utf-8"
    )
    told = run_cli("profiles", "--config", "gate.yml", cwd=tmp_path).out
    assert told.endswith(
        "\n# Less than profile default requires:\n#   min_view_changes: 0 instead of 1 (set by gate.yml:2)\n"
        "\n# Less than the top level requires, in scenario calm:\n"
        "#   min_repairs: 1 instead of 3 (set by gate.yml:3)\n"
    )
    assert "loud" not in told
    assert "#" not in run_cli("profiles", "none", cwd=tmp_path).out.replace("# profile none", "")
