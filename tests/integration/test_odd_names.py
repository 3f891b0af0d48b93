"""Names that are not UTF-8: whatever is named so, the answer is a verdict or a sentence, and never a traceback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_seams_of_doors import NO_BUILD, lines_of, parsers
from tests.support.night_folders import a_night, all_needs
from tests.support.reports import MODEST, a_stream
from tests.support.simulations import a_simulation, as_lines
from vopr_coverage import cli
from vopr_coverage.errors import ExitCode
from vopr_coverage.files import write_text
from vopr_coverage.formats.json_text import json_text
from vopr_coverage.model.verdict import verdict_from_json
from vopr_coverage.runner.files import write_in_workspace

ODD = "run-\udce9"  # as Python reads the byte E9 of a file name
# Flags that take a path or a name, with the odd file that they get.
TAKES_TEXT = {
    "--config": "gate.json",
    "--base": "verdict.json",
    "--scenario": "new",
    "--commit": "new",
    "--regressions": "seeds.txt",
    "--needs": "needs.json",
    "--trends": "trends.ndjson",
    "--outputs": "new",
    "--plan-file": "new",
    "--verdict-file": "new",
    "--summary-file": "new",
    "--output": "new",
    "--workflow": "gate.json",
    "--command": "new",
}
USABLE = (ExitCode.PASSED, ExitCode.GATE_FAILED, ExitCode.UNUSABLE)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with something for each command, under its usual names and under odd ones."""
    a_night(tmp_path)
    (tmp_path / "run.ndjson").write_bytes(a_stream())
    (tmp_path / "open.ndjson").write_bytes(as_lines(a_simulation(scenario="combined")))
    (tmp_path / "night.yml").write_text(json.dumps({"night": NO_BUILD}))
    (tmp_path / "seeds.txt").write_text("combined 1\n")
    (tmp_path / "needs.json").write_text(json.dumps(all_needs()))
    (tmp_path / "trends.ndjson").write_text("")
    (tmp_path / "gate.json").write_text(json.dumps(MODEST | {"aliases": {"nothing": "something"}, "min_reports": 2}))
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "INPUT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    cli.main(["check", "run.ndjson", "--verdict-file", "verdict.json"])
    shutil.copytree("night", ODD)
    for name in ("run.ndjson", "seeds.txt", "needs.json", "trends.ndjson", "gate.json", "verdict.json", "night.yml"):
        shutil.copy(name, f"{ODD}.{name}")
    return tmp_path


def odd(word: str) -> str:
    """The odd twin of a word, if there is one, else the word with an odd character in it."""
    twin = ODD if word == "night" else f"{ODD}.{Path(word).name}"
    return twin if Path(twin).exists() else word + ODD


def lines(command: str, folder: Path) -> Iterator[list[str]]:
    """Every line of a command with one word changed, and with each flag that takes a text, as text and as JSON."""
    known = {option for action in parsers()[command]._actions for option in action.option_strings}
    given = list(lines_of(command, folder))
    for flags in (["--verdict-file", "v.json"], ["--summary-file", "s.md"], ["--format", "json"]):
        if flags[0] in known:
            given += [[command, *flags, *line[1:]] for line in lines_of(command, folder)]
    for line in given:
        for place, word in enumerate(line):
            if place and not word.startswith("-"):
                yield [*line[:place], odd(word), *line[place + 1 :]]
        end = line.index("--") if "--" in line else len(line)
        for flag in known:
            if flag in TAKES_TEXT:
                yield [*line[:end], flag, f"{ODD}.{TAKES_TEXT[flag]}", *line[end:]]


@pytest.mark.parametrize("command", parsers())
def test_no_name_on_a_command_line_ends_in_a_traceback(
    command: str, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each path, scenario and text that a command takes, one at a time."""
    before = set(world.iterdir())
    for line in lines(command, world):
        code = cli.main(line)
        text = "".join(capsys.readouterr())
        assert code in USABLE, f"{line!a} ended with {code}: {text}"
        assert "Traceback" not in text
        for path in set(world.iterdir()) - before:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_a_verdict_names_an_odd_file_in_escapes(world: Path) -> None:
    """It is judged like any other, by an odd config; the verdict can be read back."""
    code = cli.main(["check", f"{ODD}.run.ndjson", "--config", f"{ODD}.gate.json", "--verdict-file", "v.json"])
    assert code == ExitCode.GATE_FAILED  # by its min_reports
    text = Path("v.json").read_text(encoding="utf-8")
    assert "run-\\\\udce9.gate.json: the alias" in text
    verdict = verdict_from_json(text.encode(), "v.json")
    assert [report.name for report in verdict.reports] == ["run-\\udce9.run.ndjson"]
    assert json_text({ODD: [ODD, 1, None]}) == json_text({"run-\\udce9": ["run-\\udce9", 1, None]})


def test_the_action_judges_an_odd_file_by_an_odd_config(world: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And says so in every file that it writes."""
    env = {"GITHUB_WORKSPACE": str(world), "GITHUB_OUTPUT": "out", "GITHUB_STEP_SUMMARY": "sum"}
    env |= {"INPUT_REPORTS": f"{ODD}.run.ndjson", "INPUT_CONFIG": f"{ODD}.gate.json", "INPUT_SCENARIO": ODD}
    ended = subprocess.run(
        [sys.executable, "-m", "vopr_coverage.action"], env=os.environ | env, capture_output=True, check=False
    )
    assert ended.returncode == ExitCode.GATE_FAILED, ended.stdout
    assert b"Traceback" not in ended.stderr
    for path in ("out", "sum", "vopr-coverage/verdict.json", "vopr-coverage/summary.md"):
        assert Path(path).read_text(encoding="utf-8")


def test_text_with_such_a_name_is_written_with_escapes(world: Path) -> None:
    """A page is written whole, wherever the name came from."""
    write_text("page.md", ODD)
    write_in_workspace(world, "vopr-coverage/page.md", ODD)
    assert Path("page.md").read_bytes() == Path("vopr-coverage/page.md").read_bytes() == b"run-\\udce9"
