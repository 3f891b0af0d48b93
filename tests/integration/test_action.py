"""The action's door, as a process with a runner's variables; the container has tests of its own."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import vopr_coverage
from tests.support.rated import CONFIG, a_history, a_run
from tests.support.recordings import a_recording
from tests.support.reports import MODEST, a_stream
from tests.support.workflow_files import ROOT
from vopr_coverage import action
from vopr_coverage.formats.schema import problems
from vopr_coverage.runner.inputs import DEFAULTS, lines

Runs = Callable[[Path, Mapping[str, str]], tuple[int, str]]


class Step(NamedTuple):
    """What a step left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str


def outputs_of(text: str) -> dict[str, str]:
    """Parse GITHUB_OUTPUT as the runner does: `name<<DELIMITER`, lines, DELIMITER."""
    return {name: value for name, _, value in re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", text, re.M | re.S)}


def run_action(workspace: Path, runs: Runs | None = None, **inputs: str) -> Step:
    """Run the action in a workspace with these inputs (underscores for hyphens)."""
    files = workspace.parent / f"{workspace.name}-files"
    files.mkdir(exist_ok=True)
    env = {
        **{key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "INPUT_"))},
        "PYTHONPATH": str(Path(vopr_coverage.__file__).parents[1]),
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_ACTION": "__self",
        "GITHUB_REPOSITORY": "somebody/database",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_RUN_ID": "4711",
        "GITHUB_OUTPUT": str(files / "output"),
        "GITHUB_STEP_SUMMARY": str(files / "summary"),
        "RUNNER_TEMP": str(files),
        **{f"INPUT_{name.upper().replace('_', '-')}": value for name, value in inputs.items()},
    }
    code, log = (runs or in_this_process)(workspace, env)
    assert "Traceback" not in log
    texts = [(files / name).read_text("utf-8") if (files / name).exists() else "" for name in ("output", "summary")]
    return Step(code, log, outputs_of(texts[0]), texts[1])


def in_this_process(workspace: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The exit code and the log of a step; a process of its own takes longer than the step."""
    log = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="\n")
    with chdir(workspace), redirect_stdout(log), redirect_stderr(log):
        code = action.main(env)
    log.flush()
    return int(code), log.buffer.getvalue().decode()


def in_a_process(workspace: Path, env: Mapping[str, str]) -> tuple[int, str]:
    """The same as the container runs it."""
    command = [sys.executable, "-m", "vopr_coverage.action"]
    ran = subprocess.run(command, cwd=workspace, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a config and a run that meets it."""
    folder = tmp_path / "workspace"
    (folder / ".github").mkdir(parents=True)
    (folder / ".github" / "vopr-coverage.yml").write_text(json.dumps(MODEST))
    (folder / "good.ndjson").write_bytes(a_stream())
    (folder / "bad.ndjson").write_bytes(a_stream(failing=[1]))
    return folder


@pytest.mark.parametrize("runs", [in_this_process, in_a_process])
def test_a_run_that_passes(workspace: Path, runs: Runs) -> None:
    """Outputs, summary, and files whose paths are relative to the workspace."""
    step = run_action(workspace, runs, reports="good.ndjson\n\n# a comment\n")
    assert step.code == 0
    assert step.outputs == {
        "passed": "true",
        "verdict": "passed",
        "violations": "0",
        "warnings": step.outputs["warnings"],
        "fault-point-coverage": "1.000000",
        "verdict-file": "vopr-coverage/self/verdict.json",
        "summary-file": "vopr-coverage/self/summary.md",
        "comment-url": "",
    }
    verdict = json.loads((workspace / step.outputs["verdict-file"]).read_text())
    assert problems("verdict", verdict) == []
    assert step.summary.startswith("## ✅ ")
    assert (workspace / step.outputs["summary-file"]).read_text() == step.summary
    assert "::error" not in step.log


def test_a_run_that_fails(workspace: Path) -> None:
    """Exit code 1, the seed's block in the log behind a fence, and an annotation for each violation."""
    step = run_action(workspace, reports="*.ndjson")
    assert (step.code, step.outputs["passed"], step.outputs["violations"]) == (1, "false", "1")
    fence = re.match(r"::stop-commands::(\w+)\n❌ Coverage validation FAILED\n", step.log)
    assert fence is not None
    after = step.log.split(f"::{fence[1]}::\n")[1]
    assert after.startswith("::error title=Simulation coverage::bad.ndjson: Invariant 'model_verification' failed")


def test_fail_false_reports_and_passes(workspace: Path) -> None:
    """For adopting the gate step by step: warnings in place of errors, `passed` stays false."""
    step = run_action(workspace, reports="bad.ndjson", fail="false")
    assert (step.code, step.outputs["passed"], step.outputs["verdict"]) == (0, "false", "failed")
    assert "::error" not in step.log
    assert "::warning title=Simulation coverage::bad.ndjson: Invariant" in step.log


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "no reports: name at least one file"),
        ({"reports": "none.ndjson"}, "none.ndjson: expected a readable file"),
        ({"reports": "*.json"}, "*.json: expected at least one file, found no match for this pattern"),
        ({"reports": "good.ndjson", "profile": "nightyl"}, "input profile: unknown 'nightyl'; did you mean 'nightly'?"),
        ({"reports": "good.ndjson", "profil": "nightly"}, "unknown input 'profil'; did you mean 'profile'?"),
        ({"reports": "good.ndjson", "command": "chek"}, "input command: unknown 'chek'; did you mean 'check'?"),
        ({"reports": "good.ndjson", "merge": "both"}, "input merge: unknown 'both'"),
        ({"reports": "good.ndjson", "min_iterations": "1e6"}, "input min-iterations: expected an integer of 0 or more"),
        ({"reports": "good.ndjson", "fail": "yes"}, "input fail: expected true or false, found 'yes'"),
        ({"reports": "good.ndjson", "on_not_measured": "repair=warn"}, "input on-not-measured: unknown 'repair'"),
        (
            {"reports": "good.ndjson", "config": "../x.yml"},
            "../x.yml: expected a path inside the workspace or RUN",
        ),
        ({"reports": "/etc/hostname"}, "/etc/hostname: expected a path inside the workspace or RUNNER_TEMP"),
        ({"reports": "out.ndjson"}, "out.ndjson: expected a path inside the workspace or RUNNER_TEMP"),
    ],
)
def test_what_cannot_be_judged_is_exit_code_2_whatever_fail_says(
    workspace: Path, inputs: dict[str, str], told: str
) -> None:
    """One error that says why, outputs that say error, and a summary that doesn't look like a pass."""
    (workspace / "out.ndjson").symlink_to("/etc/hostname")
    step = run_action(workspace, None, **{"fail": "false"} | inputs)
    assert (step.code, step.outputs["verdict"], step.outputs["passed"]) == (2, "error", "false")
    assert f"::error title=Simulation coverage::{told}" in step.log
    assert step.summary.startswith("## ❌ ")


@pytest.mark.parametrize("fail", ["true", "false"])
def test_reports_beside_an_unusable_one_are_judged_and_the_step_fails(workspace: Path, fail: str) -> None:
    """The failing seed is told everywhere; no output looks like a pass or like a figure of all reports."""
    step = run_action(workspace, reports="*.ndjson\nnever/*", fail=fail)
    told = "never/*: expected at least one file, found no match for this pattern"
    assert (step.code, step.outputs["verdict"], step.outputs["passed"]) == (2, "error", "false")
    assert (step.outputs["violations"], step.outputs["fault-point-coverage"]) == ("1", "")
    level = "error" if fail == "true" else "warning"
    assert f"::error title=Simulation coverage::1 report cannot be judged:%0A{told}\n" in step.log
    assert f"::{level} title=Simulation coverage::bad.ndjson: Invariant 'model_verification' failed" in step.log
    assert step.summary.startswith("## ❌ Simulation coverage could not be judged in full\n")
    assert "replay the seed with this command." in step.summary


def test_a_recording_that_wrote_nothing_fails_the_step_as_a_report_without_evidence(workspace: Path) -> None:
    """Whatever `fail` says; beside it all is judged."""
    hung = {"timed_out": True, "timeout_s": 2.0, "exit_code": None, "signal": 15, "whole": False}
    a_recording(workspace / "hung", b"", **hung)
    step = run_action(workspace, reports="bad.ndjson\nhung", fail="false")
    assert (step.code, step.outputs["verdict"], step.outputs["passed"]) == (2, "incomplete", "false")
    assert "::warning title=Simulation coverage::hung: Run incomplete: timed out after 2 s, nothing written" in step.log
    assert "bad.ndjson: Invariant 'model_verification' failed" in step.log


def test_a_config_that_is_a_link_out_of_the_workspace_is_not_read(workspace: Path, tmp_path: Path) -> None:
    """A stranger's checkout must not make us print what it can't read itself."""
    (tmp_path / "secret").write_text("password: 12345\n")
    (workspace / ".github" / "vopr-coverage.yml").unlink()
    (workspace / ".github" / "vopr-coverage.yml").symlink_to(tmp_path / "secret")
    step = run_action(workspace, reports="good.ndjson")
    assert step.code == 2
    assert "password" not in step.log
    assert ".github/vopr-coverage.yml: expected a path inside the workspace or RUNNER_TEMP" in step.log


@pytest.mark.parametrize("name", ["dir", "file", "files", "path", "report", "tokens", "url", "mode", "name", "repo"])
def test_a_variable_of_the_job_that_looks_like_an_input_is_not_ours(workspace: Path, name: str) -> None:
    """`env: INPUT_DIR: …` at the job reaches the container too."""
    assert run_action(workspace, None, reports="good.ndjson", **{name: "somewhere"}).code == 0


@pytest.mark.parametrize("name", ["profil", "fial", "bsae", "mege", "min_iteration", "configs", "on_not_mesured"])
def test_a_slip_in_an_inputs_name_is_an_error_where_that_input_is_not_set(workspace: Path, name: str) -> None:
    """Set beside it, it was meant as nothing but itself."""
    step = run_action(workspace, None, reports="good.ndjson", **{name: "1"})
    assert step.code == 2
    assert f"::error title=Simulation coverage::unknown input '{name.replace('_', '-')}'; did you mean" in step.log


def test_a_slip_beside_the_input_itself_is_the_jobs_own_variable(workspace: Path) -> None:
    """Whoever has set `profile` did not mean it by INPUT_PROFIL."""
    assert run_action(workspace, reports="good.ndjson", profile="default", profil="nightly").code == 0


def test_the_defaults_are_those_of_action_yml() -> None:
    """An input with its default is one that no workflow has set; a token is always there."""
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["inputs"]
    assert {name: one["default"] for name, one in declared.items() if one["default"] and name != "token"} == DEFAULTS


def test_a_comment_ends_a_line_of_reports(workspace: Path) -> None:
    """Behind a path, too; without a space in front it is a part of the name."""
    (workspace / "a#b.ndjson").write_bytes((workspace / "good.ndjson").read_bytes())
    reports = "# all of tonight's\n\ngood.ndjson  # the healthy one\n  # none\na#b.ndjson\t# another\n#"
    step = run_action(workspace, reports=reports)
    assert step.code == 0
    assert "  - a#b.ndjson," in step.log
    assert lines(reports) == ["good.ndjson", "a#b.ndjson"]


def test_switches_leave_out_summary_and_annotations(workspace: Path) -> None:
    """The verdict doesn't depend on how it is shown."""
    step = run_action(workspace, reports="bad.ndjson", summary="false", annotations="false")
    assert (step.code, step.summary) == (1, "")
    assert "::error" not in step.log


def test_a_report_in_the_runners_temporary_folder_is_read(workspace: Path) -> None:
    """Artifacts are best unpacked outside the checkout."""
    (workspace.parent / "workspace-files").mkdir()
    report = workspace.parent / "workspace-files" / "run.ndjson"
    report.write_bytes(a_stream())
    assert run_action(workspace, reports=str(report)).code == 0


def test_a_history_in_the_workspace_tells_what_is_lost_and_no_other_is_read(workspace: Path, tmp_path: Path) -> None:
    """The nights before hit the point that this run misses; a file outside of the workspace may be anybody's."""
    (workspace / "gate.yml").write_text(CONFIG)
    a_run(workspace / "run.ndjson", 50, {})
    a_history(workspace / "trends.ndjson", of=400, points={"torn": 200})
    told = run_action(workspace, reports="combined=run.ndjson", config="gate.yml", history="trends.ndjson")
    assert told.code == 1
    assert "Critical fault point 'torn' never hit (lost: a run of 50 seeds would miss it" in told.log
    outside = a_history(tmp_path / "outside.ndjson", of=400, points={"torn": 200})
    told = run_action(workspace, reports="combined=run.ndjson", config="gate.yml", history=str(outside))
    assert (told.code, "this action reads no other files" in told.log) == (2, True)


@pytest.mark.parametrize("number", [errno.EPERM, errno.EINVAL, errno.ENOSYS])
def test_files_whose_owner_cannot_be_set_are_written_all_the_same(
    workspace: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The root of a rootless container may not give files away; the next step uploads the verdict by its output."""

    def refused(*_words: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", refused)
    step = run_action(workspace, reports="good.ndjson")
    assert step.code == 0
    assert (workspace / step.outputs["verdict-file"]).is_file()
    assert (workspace / step.outputs["summary-file"]).is_file()
    assert "was not written" not in step.log
    told = f"vopr-coverage/self was written, but its owner could not be set: {os.strerror(number).lower()}"
    assert step.log.count(told) == 1


def test_files_are_written_through_no_link(workspace: Path, tmp_path: Path) -> None:
    """A checkout may hold a link where our folder goes; the verdict stands, the file isn't written."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (workspace / "vopr-coverage").symlink_to(elsewhere)
    step = run_action(workspace, reports="good.ndjson")
    assert step.code == 0
    assert "::warning::vopr-coverage/self/verdict.json was not written" in step.log
    assert "verdict-file" not in step.outputs
    assert list(elsewhere.iterdir()) == []


def test_a_link_in_place_of_a_file_is_replaced_not_followed(workspace: Path, tmp_path: Path) -> None:
    """What it points to stays as it is."""
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (workspace / "vopr-coverage" / "self").mkdir(parents=True)
    (workspace / "vopr-coverage" / "self" / "verdict.json").symlink_to(victim)
    step = run_action(workspace, reports="good.ndjson")
    assert json.loads((workspace / step.outputs["verdict-file"]).read_text())["passed"] is True
    assert victim.read_text() == "untouched"


def test_no_text_of_a_report_becomes_a_command(workspace: Path) -> None:
    """Names of a report are fenced in the log and escaped in annotations."""
    evil = "x\n::set-output name=passed::true\r##[error]owned%0A::error::owned"
    (workspace / "evil.ndjson").write_bytes(a_stream(failing={1: evil}))
    step = run_action(workspace, reports="evil.ndjson")
    fence = step.log.split("\n", 1)[0].removeprefix("::stop-commands::")
    inside, outside = step.log.split(f"::{fence}::\n")
    assert step.code == 1
    assert not re.search(r"^\s*::set-output", inside, re.M)
    for line in outside.splitlines():
        assert not line or line.startswith(
            ("::error title=Simulation coverage::", "::warning title=Simulation coverage::")
        )
    assert step.outputs["passed"] == "false"


def test_a_second_step_of_a_job_keeps_the_first_ones_files(workspace: Path) -> None:
    """GITHUB_ACTION tells steps apart; without one the folder has no subfolder."""
    from vopr_coverage.runner.files import step_folder

    assert step_folder("__org_repo_2") == "vopr-coverage/org_repo_2"
    assert step_folder("../../etc") == "vopr-coverage/etc"
    assert step_folder("") == "vopr-coverage"
