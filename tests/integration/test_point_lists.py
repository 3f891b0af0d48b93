"""Lists of points: a declared list and the hits of each run, through `check`; and formats that were named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.reports import run_cli

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A list of four points, and two runs that hit three of them together."""
    (tmp_path / "declared.txt").write_text(
        "# what the server may do\ncrash\ndrop\nrepair\tsometimes\nview\treachable\n"
    )
    (tmp_path / "run-1.txt").write_text("crash\t3\ndrop\t1\ndone\t1\n")
    (tmp_path / "run-2.txt").write_text("crash\t1\r\nrepair\t2\r\ndone\t1\r\n")
    (tmp_path / "gate.yml").write_text(
        "profile: none\nformat: points\ndeclared: declared.txt\ncomplete_when: done\nfault_point_coverage_min: 0.75\n"
    )
    return tmp_path


def checked(folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, verdict and what was printed."""
    ended = run_cli("check", *words, "--verdict-file", "v.json", cwd=folder)
    there = (folder / "v.json").exists()
    return ended.code, json.loads((folder / "v.json").read_text()) if there else {}, ended.out + ended.err


def test_two_runs_are_added_up(folder: Path) -> None:
    """Three of four points; how often is the sum, and the line of the end is no point."""
    code, verdict, _ = checked(folder, "run-1.txt", "run-2.txt", "--merge", "all", "--config", "gate.yml")
    report = verdict["reports"][0]["report"]
    assert code == 0
    assert (report["fault_points_hit"], report["total_fault_points"]) == (3, 4)
    assert report["missed_fault_points"] == ["view"]
    assert verdict["warnings"] == []


def test_two_runs_may_hit_the_same(folder: Path) -> None:
    """Lists have no seeds and no times: equal ones are two runs."""
    (folder / "run-3.txt").write_bytes((folder / "run-1.txt").read_bytes())
    code, verdict, _ = checked(folder, "run-[123].txt", "--merge", "all", "--config", "gate.yml")
    assert code == 0
    assert len(verdict["reports"][0]["inputs"]) == 3


def test_flags_do_what_the_config_does(folder: Path) -> None:
    """Without `complete_when` nobody knows whether the run finished, and that is no pass."""
    words = ("--from", "points", "--declared", "declared.txt", "--profile", "none", "--min-reports", "1")
    (folder / "only.yml").write_text("profile: none\nfault_point_coverage_min: 0.5\n")
    code, verdict, said = checked(folder, "run-1.txt", *words, "--config", "only.yml")
    assert code == 1
    assert "not measured" in said
    assert verdict["reports"][0]["report"]["fault_points_hit"] == 2
    undeclared = [remark["text"] for remark in verdict["warnings"]]
    assert any("done" in text and "declared" in text for text in undeclared), undeclared


def test_a_run_without_its_last_line_did_not_finish(folder: Path) -> None:
    """It was killed before it wrote it."""
    (folder / "run-3.txt").write_text("crash\n")
    code, _, said = checked(folder, "run-3.txt", "--config", "gate.yml")
    assert code == 1
    assert "the event 'done' was never reported" in said


def test_a_file_without_a_byte_is_no_list(folder: Path) -> None:
    """The run may have been killed before it wrote anything."""
    (folder / "run-3.txt").write_text("")
    code, _, said = checked(folder, "run-3.txt", "--config", "gate.yml")
    assert code == 2
    assert "run-3.txt: expected a report, found an empty file" in said


def test_a_list_without_names_is_a_run_that_hit_nothing(folder: Path) -> None:
    """Zero of four, and never a pass."""
    (folder / "run-3.txt").write_text("# run 3\n")
    code, verdict, _ = checked(folder, "run-3.txt", "--config", "gate.yml")
    assert code == 1
    report = verdict["reports"][0]["report"]
    assert (report["fault_points_hit"], report["total_fault_points"]) == (0, 4)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("crash\tmany\n", "run.txt:1: expected an integer from 0 to 2^63-1 behind the tab, found 'many'"),
        ("crash\t1\t2\n", "run.txt:1: expected NAME, or NAME<TAB>COUNT"),
        ("crash\n\x1b[2J\n", "run.txt:2: expected NAME, or NAME<TAB>COUNT"),
        ("crash\n\udcff\n", "run.txt:2: expected NAME, or NAME<TAB>COUNT"),
        ('{"a": 1}\n', "run.txt:1: expected NAME, or NAME<TAB>COUNT, found a line of JSON, XML or EDN"),
        (f"{'x' * 1_001}\n", "run.txt:1: expected NAME, or NAME<TAB>COUNT"),
    ],
)
def test_what_is_no_list_is_refused_by_its_line(folder: Path, text: str, problem: str) -> None:
    """Nothing is guessed."""
    (folder / "run.txt").write_bytes(text.encode("utf-8", "surrogateescape"))
    code, _, said = checked(folder, "run.txt", "--config", "gate.yml")
    assert code == 2
    assert problem in said


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("crash\ncrash\n", "declared.txt:2: expected each name once, found 'crash'"),
        ("crash\tfalut\n", "declared.txt:1: expected a kind: fault, sometimes, reachable, phase, found 'falut'"),
        ("# nothing\n", "declared.txt: expected a list of points, one name a line, found no name"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(folder: Path, text: str, problem: str) -> None:
    """Exit code 2: without the list there is no percentage."""
    (folder / "declared.txt").write_text(text)
    code, _, said = checked(folder, "run-1.txt", "--config", "gate.yml")
    assert code == 2
    assert problem in said


def test_a_list_declares_points_of_another_format(folder: Path) -> None:
    """A TypeScript SDK writes no catalog: the list has what its files lack."""
    stream = '{"type":"start","format":"simulation/1","first_seed":1,"seeds":1}\n'
    stream += '{"type":"seed","seed":1,"status":"ok","hits":{"crash":2}}\n{"type":"end","seeds":1,"failed":0}\n'
    (folder / "s.ndjson").write_text(stream)
    (folder / "only.yml").write_text("profile: none\nfault_point_coverage_min: 0.2\n")
    code, verdict, said = checked(folder, "s.ndjson", "--declared", "declared.txt", "--config", "only.yml")
    assert code == 0, said
    assert verdict["reports"][0]["report"]["total_fault_points"] == 4


@pytest.mark.parametrize(
    ("name", "file", "found"),
    [
        ("jepsen", "real/combined.ndjson", "a stream of `vopr --json`"),
        ("stream", "antithesis/go-healthy-seed-2.jsonl.gz", "a file of an Antithesis SDK"),
        ("points", "antithesis/go-healthy-seed-2.jsonl.gz", "a file of an Antithesis SDK"),
        ("report", "real/combined.ndjson", "a stream of `vopr --json`"),
    ],
)
def test_a_file_of_another_format_is_refused_by_name(folder: Path, name: str, file: str, found: str) -> None:
    """Both formats are named."""
    code, _, said = checked(folder, str(DATA / file), "--from", name)
    assert code == 2
    assert f"(format {name}), found {found}" in said


def test_an_unknown_format_is_refused_with_the_nearest(folder: Path) -> None:
    """As every word is."""
    ended = run_cli("check", "run-1.txt", "--from", "antithsis", cwd=folder)
    assert ended.code == 2
    assert "did you mean 'antithesis'?" in ended.err
