"""`vopr-coverage doctor`, and the action's `command: doctor`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fake_github.fake import FakeGitHub
from tests.support.action_steps import Desk
from tests.support.pull_requests import PULL, SECRET
from tests.support.reports import MODEST, PHASES, a_coverage, a_stream, run_cli
from vopr_coverage.config.file import parse_config

HEALTHY = a_stream(4, coverage=a_coverage(phases={"storage:fsync_complete": 300}))
TOP = """\
# The gate of our simulator.
fault_point_coverage_min: 0.5 # half

required_invariants: # each must run
  - vsr_agreement # the important one

min_view_changes: 0
min_repairs: 0
min_unique_query_plans: 0
critical_fault_points:
- sim.network.send
min_phase_events: {}
min_iterations: 1 # for now
min_properties:
  reached_hit: 1
"""


def test_the_command_tells_scores_and_writes(tmp_path: Path) -> None:
    """Text, JSON and Markdown; `--write` changes the file, and then the score is 1."""
    (tmp_path / "run.ndjson").write_bytes(HEALTHY)
    text = TOP
    (tmp_path / "c.yml").write_text(text)
    words = ["doctor", "run.ndjson", "--config", "c.yml"]
    told = run_cli(*words, cwd=tmp_path)
    assert told.code == 0
    assert "fault point 'sim.storage.write' never fires, and the gate stays green" in told.out
    assert (tmp_path / "c.yml").read_text() == text
    found = json.loads(run_cli(*words, "--format", "json", cwd=tmp_path).out)
    assert (found["status"], found["passed"], found["score_with_config"]) == ("passed", True, 1.0)
    assert found["score"] == found["noticed"] / found["planted"]
    assert len(found["blind_spots"]) == found["planted"] - found["noticed"] > 0
    assert "min_iterations: 3" in found["config"]
    run_cli(*words, "--write", "--summary-file", "s.md", cwd=tmp_path)
    assert "noticed: score" in (tmp_path / "s.md").read_text()
    assert json.loads(run_cli(*words, "--format", "json", cwd=tmp_path).out)["score"] == 1.0


def test_doctor_min_is_off_until_it_is_set(tmp_path: Path) -> None:
    """Below it the exit code is 1; a red run is exit code 2 in either case."""
    (tmp_path / "run.ndjson").write_bytes(HEALTHY)
    (tmp_path / "red.ndjson").write_bytes(a_stream(4, failing=[1]))
    for least, code in ((None, 0), (0.2, 0), (1.0, 1)):
        (tmp_path / "c.json").write_text(json.dumps(MODEST | ({} if least is None else {"doctor_min": least})))
        ended = run_cli("doctor", "run.ndjson", "--config", "c.json", cwd=tmp_path)
        assert ended.code == code
        assert ("doctor_min is 1" in ended.out) is (code == 1)
        assert run_cli("doctor", "red.ndjson", "--config", "c.json", cwd=tmp_path).code == 2
    assert run_cli("doctor", cwd=tmp_path).code == 2


def test_a_score_that_equals_doctor_min_passes(tmp_path: Path) -> None:
    """As equality does with every bound."""
    (tmp_path / "run.ndjson").write_bytes(HEALTHY)
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    words = ["doctor", "run.ndjson", "--config", "c.json"]
    score = json.loads(run_cli(*words, "--format", "json", cwd=tmp_path).out)["score"]
    (tmp_path / "c.json").write_text(json.dumps(MODEST | {"doctor_min": score}))
    assert run_cli(*words, cwd=tmp_path).code == 0


def test_a_finding_in_a_workflow_file_is_exit_code_1(tmp_path: Path) -> None:
    """Told with file, line and what to write instead, also without any run; the score is then not measured."""
    gate = "on: push\njobs:\n  a:\n    steps:\n      - run: ./sim >x && vopr-coverage check x --min-iterations 1{}\n"
    (tmp_path / "good.yml").write_text(gate.format(""))
    (tmp_path / "bad.yml").write_text(gate.format(" || true"))
    assert run_cli("doctor", "--workflow", "good.yml", cwd=tmp_path).code == 0
    ended = run_cli("doctor", "--workflow", "good.yml", "bad.yml", "--summary-file", "s.md", cwd=tmp_path)
    assert ended.code == 1
    assert "bad.yml:5: job a, step number 1: `vopr-coverage check`: `|| true` hides its exit code" in ended.out
    assert "Write instead: " in ended.out
    assert "Where a red gate would not stop anything" in (tmp_path / "s.md").read_text()
    found = json.loads(run_cli("doctor", "--workflow", "bad.yml", "--format", "json", cwd=tmp_path).out)
    assert (found["status"], found["score"], found["planted"], found["files"]) == ("failed", None, 0, 1)
    assert [(one["file"], one["line"], one["rule"]) for one in found["findings"]] == [("bad.yml", 5, "exit-code-lost")]
    (tmp_path / "odd.yml").write_text("a: !b c")
    assert run_cli("doctor", "--workflow", "odd.yml", cwd=tmp_path).code == 2


def test_a_file_that_cannot_be_edited_is_left_alone(tmp_path: Path) -> None:
    """The lines are printed, with the reason."""
    (tmp_path / "run.ndjson").write_bytes(HEALTHY)
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    ended = run_cli("doctor", "run.ndjson", "--config", "c.json", "--write", cwd=tmp_path)
    assert "Nothing was written to c.json, add the lines by hand: line 1: it is not written line by line" in ended.out
    assert "    min_iterations: 3" in ended.out
    assert json.loads((tmp_path / "c.json").read_text()) == MODEST


def test_names_from_a_run_are_inert_in_text_page_and_config(tmp_path: Path) -> None:
    """A name with a line break or a mention is shown and nothing else."""
    evil = "x\n- @team: [click](https://evil.example) #"
    stream = a_stream(
        4, coverage=a_coverage({"sim.network.send": 400, "sim.storage.write": 3}, {evil: 20}, phases=PHASES)
    )
    (tmp_path / "run.ndjson").write_bytes(stream)
    (tmp_path / "c.yml").write_text(TOP)
    ended = run_cli("doctor", "run.ndjson", "--config", "c.yml", "--write", "--summary-file", "s.md", cwd=tmp_path)
    assert ended.code == 0
    assert "\n- @team" not in ended.out + (tmp_path / "s.md").read_text() + (tmp_path / "c.yml").read_text()
    assert "](https" not in (tmp_path / "s.md").read_text()
    assert evil in parse_config((tmp_path / "c.yml").read_text(), "c.yml").layer["critical_fault_points"].value


# ---- the action


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A step on a pull request."""
    github.world.add_pull(PULL)
    github.add_token(SECRET)
    desk = Desk(tmp_path, github)
    monkeypatch.chdir(desk.workspace)
    return desk


def test_the_action_examines_the_gate(desk: Desk) -> None:
    """Its score is an output, the page is in the job summary, and nothing is commented."""
    told = desk.step(command="doctor")
    assert told.code == 0
    assert (told.outputs["verdict"], told.outputs["passed"]) == ("passed", "true")
    verdict = json.loads((desk.workspace / told.outputs["verdict-file"]).read_text())
    assert told.outputs["score"] == f"{verdict['score']:.6f}"
    assert "## ✅ The gate was examined" in told.summary
    assert "comment-url" not in told.outputs


def test_the_action_fails_below_doctor_min_unless_fail_is_false(desk: Desk) -> None:
    """A red run is exit code 2 in either case."""
    config = desk.workspace / ".github" / "vopr-coverage.yml"
    config.write_text(json.dumps(MODEST | {"doctor_min": 1}))
    told = desk.step(command="doctor")
    assert (told.code, told.outputs["passed"]) == (1, "false")
    assert "::error title=The gate itself::" in told.log
    told = desk.step(command="doctor", fail="false")
    assert (told.code, told.outputs["passed"]) == (0, "false")
    assert "::warning title=The gate itself::" in told.log
    told = desk.step(command="doctor", reports="bad.ndjson", fail="false")
    assert (told.code, told.outputs["verdict"], told.outputs["score"]) == (2, "error", "")


def test_the_action_reads_workflow_files(desk: Desk) -> None:
    """Below the workspace alone."""
    assert desk.step(command="doctor", reports="", workflow="nonesuch.yml").code == 2
    assert desk.step(command="doctor", reports="", workflow="/etc/passwd").code == 2
    assert desk.step(command="check", workflow="nonesuch.yml").code == 2
