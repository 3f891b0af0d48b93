"""The comparison of our judge with a second one: it runs, it is repeatable, and it notices a judge that errs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tools.agreement import READERS, disagreement, judged, whole_files
from tools.second_judge import PASSED, opinion

from tools import agreement
from vopr_coverage.model.outcome import Status
from vopr_coverage.model.verdict import Verdict

ROOT = Path(__file__).parents[2]
ASKED: dict[str, Any] = {
    "profile": "none", "fault_point_coverage_min": 0.5, "critical_fault_points": ["cut.me"],
    "required_invariants": ["agreement"], "min_view_changes": 6, "min_repairs": 4, "min_unique_query_plans": 0,
    "min_phase_events": {}, "min_iterations": 1,
}  # fmt: skip


def bounds_of(name: str) -> dict[str, Any]:
    """Bounds that the whole file of a format meets."""
    own = {"required_invariants": ["vsr_agreement"], "min_view_changes": 0, "min_repairs": 0}
    bounds = ASKED | (own if name == "stream" else {})
    return bounds | ({"min_iterations": 0} if name == "report" else {})


def both(folder: Path, name: str, lines: list[Any], bounds: dict[str, Any]) -> tuple[bytes, Verdict]:
    """A file of these documents, and our verdict on it."""
    data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    (folder / "input").write_bytes(data)
    (folder / "config.yml").write_text(json.dumps(bounds))
    verdict = judged(folder / "input", folder / "config.yml")
    assert verdict is not None
    return data, verdict


def test_the_judges_agree_on_a_few_hundred_files() -> None:
    """`make fuzz` compares many more."""
    command = [sys.executable, "tools/agreement.py", "--inputs", "400", "--seed", "4711"]
    ended = subprocess.run(command, cwd=ROOT, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("400 inputs from seed 4711 on, both judges agree: ")


@pytest.mark.parametrize("name", whole_files())
def test_a_whole_file_passes_with_both(name: str, tmp_path: Path) -> None:
    """Else an agreement would show nothing."""
    bounds = bounds_of(name)
    data, verdict = both(tmp_path, name, whole_files()[name], bounds)
    assert verdict.passed, [violation.line for violation in verdict.violations]
    assert disagreement(name, data, verdict, bounds) == ""
    evidence = READERS[name](data)
    assert evidence.complete
    assert PASSED in opinion(evidence, bounds).values()


def test_a_pass_that_should_be_none_is_a_finding(tmp_path: Path) -> None:
    """A point that was not hit, a run that did not end, a file that is none."""
    lines, bounds = whole_files()["simulation"], bounds_of("simulation")
    _, passed = both(tmp_path, "simulation", lines, bounds)
    for record in lines[1:-1]:
        del record["hits"]["cut.me"]
    data, _ = both(tmp_path, "simulation", lines, bounds)
    assert "'critical-fault-points': 'failed'" in disagreement("simulation", data, passed, bounds)
    unended = data.rpartition(b'{"type": "end"')[0]
    assert "complete False" in disagreement("simulation", unended, passed, bounds)
    assert "cannot read it" in disagreement("simulation", b"no record\n", passed, bounds)


def test_a_category_that_is_judged_otherwise_is_a_finding(tmp_path: Path) -> None:
    """Also where the verdict as a whole is the same."""
    lines, bounds = whole_files()["report"], bounds_of("report") | {"min_repairs": 99, "min_view_changes": 99}
    data, verdict = both(tmp_path, "report", lines, bounds)
    assert disagreement("report", data, verdict, bounds) == ""
    (report,) = verdict.reports
    gates = tuple(replace(row, status=Status.PASSED) if row.gate == "repairs" else row for row in report.gates)
    wrong = replace(verdict, reports=(replace(report, gates=gates),))
    assert disagreement("report", data, wrong, bounds) == "ours and theirs: {'repairs': ('passed', 'failed')}"


def test_a_finding_is_kept_with_its_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So that it can be judged again by hand."""
    monkeypatch.setattr(agreement, "disagreement", lambda *_: "planted")
    assert agreement.main(["--inputs", "5", "--seed", "7", "--keep", str(tmp_path)]) == 1
    assert capsys.readouterr().out.endswith(": planted\n")
    assert len([*tmp_path.glob("*-7.yml")]) == 1
