"""The command line as people meet it: what it prints, writes and ends with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import vopr_coverage
from tests.support.reports import MODEST, REAL, a_stream, run_process
from vopr_coverage import CoverageThresholds, cli
from vopr_coverage.commands import check
from vopr_coverage.formats.schema import problems


def test_the_seeds_example_prints_the_seeds_block(tmp_path: Path) -> None:
    """The four violations of the seed document's output example, byte for byte, and exit code 1."""
    nightly = CoverageThresholds.nightly()
    report = {
        "total_fault_points": 12,
        "fault_points_hit": 9,
        "hit_fault_points": [name for name in nightly.critical_fault_points if name != "sim.storage.crash"],
        "missed_fault_points": ["sim.storage.crash"],
        "invariant_executions": {n: 90 for n in nightly.required_invariants if n != "vsr_view_change_safety"},
        "missed_invariants": ["vsr_view_change_safety"],
        "view_changes": 2,
        "repairs": 2,
        "unique_query_plans": 20,
        "phase_events": nightly.min_phase_events,
        "total_events": 1,
        "simulation_time_ns": 1,
    }
    (tmp_path / "combined-1m.json").write_text(json.dumps(report))
    ended = run_process("check", "combined-1m.json", "--profile", "nightly", cwd=tmp_path)
    assert ended.code == 1
    assert ended.out.startswith(
        "❌ Coverage validation FAILED\n"
        "\n"
        "  - combined-1m.json: Fault point coverage too low: 75.0% (expected >= 90.0%)\n"
        "  - combined-1m.json: Critical fault point 'sim.storage.crash' never hit\n"
        "  - combined-1m.json: Required invariant 'vsr_view_change_safety' never executed\n"
        "  - combined-1m.json: Insufficient view changes: 2 (expected >= 5)\n"
        "\n"
        "Total violations: 4\n"
    )
    assert ended.err == ""


def test_a_pass_says_so_and_ends_with_zero(tmp_path: Path) -> None:
    """From standard input too; nothing stands before the seed's line."""
    (tmp_path / "gate.yml").write_text(json.dumps(MODEST))
    ended = run_process("check", "-", "--config", "gate.yml", cwd=tmp_path, stdin=a_stream())
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("✅ Coverage validation PASSED\n\n")


def test_a_config_in_the_working_directory_is_found_by_itself(tmp_path: Path) -> None:
    """.github/vopr-coverage.yml needs no flag."""
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "vopr-coverage.yml").write_text(json.dumps(MODEST))
    (tmp_path / "run.ndjson").write_bytes(a_stream())
    ended = run_process("check", "-v", "run.ndjson", cwd=tmp_path)
    assert ended.code == 0
    assert f"default + {len(MODEST)} overrides: passed" in ended.out


@pytest.mark.parametrize(("form", "start"), [("json", '{\n  "status": "failed"'), ("markdown", "## ❌ ")])
def test_other_forms_of_the_verdict(tmp_path: Path, form: str, start: str) -> None:
    """JSON and Markdown stand alone on standard output."""
    ended = run_process("check", REAL / "combined.ndjson", "--format", form, cwd=tmp_path)
    assert ended.code == 1
    assert ended.out.startswith(start)


def test_files_are_written_beside_the_text(tmp_path: Path) -> None:
    """Folders are made as needed, and the verdict file meets its schema."""
    flags = ("--verdict-file", "out/verdict.json", "--summary-file", "out/summary.md")
    ended = run_process("check", REAL / "combined.ndjson", *flags, cwd=tmp_path)
    assert ended.code == 1
    assert problems("verdict", json.loads((tmp_path / "out/verdict.json").read_text())) == []
    assert (tmp_path / "out/summary.md").read_text().startswith("## ❌ ")


def test_what_cannot_be_judged_overwrites_an_old_verdict(tmp_path: Path) -> None:
    """A stale file that says passed must not be taken for today's."""
    (tmp_path / "verdict.json").write_text('{"status": "passed"}')
    ended = run_process("check", "nothing.ndjson", "--verdict-file", "verdict.json", cwd=tmp_path)
    assert ended.code == 2
    verdict = json.loads((tmp_path / "verdict.json").read_text())
    assert (verdict["status"], verdict["passed"]) == ("error", False)
    assert ended.err == ("vopr-coverage: nothing.ndjson: expected a readable file, found no such file or directory\n")


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    """The verdict decides the exit code."""
    (tmp_path / "gate.yml").write_text(json.dumps(MODEST))
    ended = run_process("check", "-", "--config", "gate.yml", "--verdict-file", ".", cwd=tmp_path, stdin=a_stream())
    assert ended.code == 0
    assert ended.err == "vopr-coverage: warning: . was not written: a directory\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["chek"], "argument COMMAND: invalid choice: 'chek'"),
        (["check"], "no reports: name at least one file, pattern, or - for standard input"),
        (["check", "x", "--profile", "nightyl"], "argument --profile: unknown 'nightyl'; did you mean 'nightly'?"),
        (["check", "x", "--merge", "both"], "argument --merge: unknown 'both'; known: all, none, scenario"),
        (["check", "x", "--min-iterations", "1e6"], "argument --min-iterations: expected an integer of 0 or more"),
        (["check", "x", "--verdict"], "unknown argument '--verdict'; did you mean '--verdict-file'?"),
        (["schema", "verdikt"], "unknown schema 'verdikt'; did you mean 'verdict'?"),
        (["profiles", "nightly", "--scenario", "x"], "profiles nightly prints that profile as it is"),
    ],
)
def test_usage_that_cannot_be_used_is_one_sentence_and_exit_code_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """argparse neither prints its usage nor ends the process."""
    assert cli.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"vopr-coverage: {told}")


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["init", "--help"], ["profiles", "--help"]])
def test_help_is_help_and_ends_with_zero(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each command has a text of its own."""
    assert cli.main(arguments) == 0
    assert capsys.readouterr().out.startswith("usage: vopr-coverage")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """For bug reports."""
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == "vopr-coverage 1.0.0\n"


def test_our_own_bug_is_exit_code_3_and_never_a_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a traceback, and where to report it."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(check, "check", broken)
    assert cli.main(["check", "x"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "this is our bug, please report it" in captured.err


def test_an_interruption_judges_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends with 130, as shells expect."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "check", interrupted)
    assert cli.main(["check", "x"]) == 130
    assert "nothing was judged" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "determinism"])
def test_standard_error_may_be_closed(tmp_path: Path, command: str) -> None:
    """`2>&-`: there is no terminal to draw on, and the verdict is the same."""
    (tmp_path / "run").write_bytes(a_stream(3))
    script = f"{sys.executable} -m vopr_coverage {command} run --format json 2>&-"
    env = {**os.environ, "PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1])}
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, check=False)
    assert (ran.returncode, json.loads(ran.stdout)["passed"]) == (1, False)


def test_a_reader_that_goes_away_is_no_bug_of_ours(tmp_path: Path) -> None:
    """`vopr-coverage check … | head -1` ends quietly, and not with a pass."""
    program = f"{sys.executable} -m vopr_coverage check - --format json"
    (tmp_path / "run").write_bytes(a_stream(2000, failing=range(2000)))
    script = f"{program} < run | true; echo ${{PIPESTATUS[0]}}"
    env = {**os.environ, "PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1])}
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert "Traceback" not in ran.stderr
    assert ran.stdout.strip() in ("1", "2")
