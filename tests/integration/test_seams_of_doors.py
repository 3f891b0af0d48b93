"""What the two doors declare is what they use: inputs, outputs, flags and commands.

An input or a flag that is declared and never read changes nothing and breaks nothing, so only a test can
tell. Here both doors run every command that they have, and note what is asked for.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.formats import read_outputs
from tests.fake_github.fake import FakeGitHub
from tests.support.action_steps import Desk
from tests.support.night_folders import a_night, all_needs
from tests.support.pull_requests import PULL, SECRET
from tests.support.reports import a_stream
from tests.support.simulations import a_simulation, as_lines
from tests.support.simulators import a_simulator
from tests.support.workflow_files import ROOT, WORKFLOW
from vopr_coverage import action, cli
from vopr_coverage.commands.parser import build_parser, parse
from vopr_coverage.errors import ExitCode
from vopr_coverage.runner.inputs import COMMANDS, INPUTS, read_inputs

# ---- the action


class Noted(dict[str, str]):
    """Inputs that note which of them are asked for."""

    def __init__(self, inputs: dict[str, str], asked: set[str]) -> None:
        super().__init__(inputs)
        self.asked = asked

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value, as `dict.get`."""
        self.asked.add(name)
        return super().get(name, default)


@pytest.fixture
def desk(tmp_path: Path, github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A step on a pull request, with a token that may write."""
    github.world.add_pull(PULL)
    github.add_token(SECRET)
    desk = Desk(tmp_path, github)
    monkeypatch.chdir(desk.workspace)
    return desk


def test_every_input_is_read_by_some_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the action runs once."""
    asked: set[str] = set()
    monkeypatch.setattr(action, "read_inputs", lambda environ: Noted(read_inputs(environ), asked))
    for command in COMMANDS:
        desk.step(command=command)
    assert asked == set(INPUTS)


def test_every_output_is_written_by_some_command_and_no_other(desk: Desk) -> None:
    """As action.yml declares them: no workflow would look for any others."""
    declared = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["outputs"]
    assert {name for command in COMMANDS for name in desk.step(command=command).outputs} == set(declared)


@pytest.mark.parametrize("command", COMMANDS)
def test_only_check_and_doctor_judge(desk: Desk, command: str) -> None:
    """A word that is accepted and that nothing acts on would be a `check`."""
    assert ("verdict" in desk.step(command=command).outputs) is (command in ("check", "doctor"))


# ---- the command line


NO_BUILD = {  # a night that ends early
    "build": "false", "binary": "sim", "command": "sim {seed}", "scenarios": {"s": 1}, "coverage": {"s": 1},
}  # fmt: skip


def parsers() -> dict[str, argparse.ArgumentParser]:
    """The parsers of all commands, by name."""
    return build_parser()[1]


def flags(command: str) -> set[str]:
    """What a command's parser stores, by the names of its attributes."""
    return {one.dest for one in parsers()[command]._actions if one.dest != "help"}


def lines_of(command: str, folder: Path) -> Sequence[Sequence[str]]:
    """Command lines by which a command reads all that it takes; `folder` has what they name."""
    simulator = ["--", *a_simulator(folder), "--ends", "yes"]
    planned = ["combined=3", "--minutes", "1", "--run-number", "1"]
    given: dict[str, Sequence[Sequence[str]]] = {
        "check": [["run.ndjson"]],
        "doctor": [["run.ndjson", "--workflow", "nonesuch.yml"]],
        "comment": [["verdict.json"]],
        "init": [["run.ndjson"]],
        "convert": [["run.ndjson"]],
        "points": [["lock", "run.ndjson"], ["show"], ["update", "run.ndjson"]],
        "seeds": [["open.ndjson", "--out", "chosen.txt"]],
        "schema": [["report"]],
        "profiles": [[]],
        "record": [["--scenario", "combined", "--seed", "0", "--iterations", "3", "--out", "out", *simulator]],
        "determinism": [["run.ndjson"]],
        "canary": [["--control", "run.ndjson"], ["--names"]],
        "prepare": [["--config", "night.yml", "--minutes", "60"]],
        "plan": [[*planned, "--rate", "combined=5"], [*planned, "--calibrate", "0.1", *simulator]],
        "replay": [["seeds.txt", "--out", "replayed", *simulator]],
        "summary": [["night", "--needs", "needs.json", "--outputs", "outputs"]],
        "night": [["--config", "night.yml", "--nights", "nights"]],
        "trends": [["trends.ndjson"], ["trends.ndjson", "--text-files", "texts"]],
        "tracking-issue": [["night.json", "--dry-run"]],
        "completion": [["bash"]],
    }
    return [[command, *words] for words in given[command]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something for each command; no variable of a runner is set."""
    a_night(tmp_path)
    (tmp_path / "run.ndjson").write_bytes(a_stream())
    (tmp_path / "open.ndjson").write_bytes(as_lines(a_simulation(scenario="combined")))
    (tmp_path / "night.yml").write_text(json.dumps({"night": NO_BUILD}))
    (tmp_path / "seeds.txt").write_text("combined 1\n")
    (tmp_path / "needs.json").write_text(json.dumps(all_needs()))
    (tmp_path / "trends.ndjson").write_text("")
    for name in [name for name in os.environ if name.startswith("GITHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "run.ndjson", "--verdict-file", "verdict.json"]) == ExitCode.GATE_FAILED
    return tmp_path


@pytest.mark.parametrize("command", parsers())
def test_every_flag_is_read_by_its_command(command: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the parser has stored; a command without a line above is one that nobody has looked at."""
    asked: set[str] = set()
    parsed = argparse.ArgumentParser.parse_args

    class NotedArguments(argparse.Namespace):
        def __getattribute__(self, name: str) -> Any:
            asked.add(name)
            return super().__getattribute__(name)

    def noted(parser: argparse.ArgumentParser, *words: Any) -> argparse.Namespace:
        return NotedArguments(**vars(parsed(parser, *words)))

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", noted)
    for line in lines_of(command, folder):
        assert cli.main(line) in (ExitCode.PASSED, ExitCode.GATE_FAILED, ExitCode.UNUSABLE)
    assert flags(command) - asked == set()


@pytest.mark.parametrize("command", parsers())
def test_a_command_that_runs_a_simulator_takes_its_words_behind_two_dashes(command: str, tmp_path: Path) -> None:
    """Or as one text, by `--command`: those that take one form take the other, too."""
    takes_a_command = "template" in flags(command)
    assert (parsers()[command].get_default("simulator") is not None) is takes_a_command
    if takes_a_command:
        (line, *_) = lines_of(command, tmp_path)
        own = line[: line.index("--")] if "--" in line else line
        assert parse([*own, "--", "vopr", "--", "--json"])[1].simulator == ["vopr", "--", "--json"]
        assert parse(own)[1].simulator == []


def test_the_summary_writes_every_output_of_the_nightly_workflow(folder: Path) -> None:
    """GitHub puts an empty text in the place of one that no step wrote."""
    for line in lines_of("summary", folder):
        cli.main(line)
    written = read_outputs((folder / "outputs").read_text(encoding="utf-8"))
    assert set(WORKFLOW["on"]["workflow_call"]["outputs"]) <= set(written)
