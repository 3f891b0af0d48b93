"""The second judge of the fuzzer: it agrees on files that are whole, and notices a verdict that errs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.samples import samples
from tools.fuzzing.door import Finding
from tools.fuzzing.judging import Court, Judged, Names
from tools.fuzzing.reports import SECOND, _whole_simulation
from tools.fuzzing.second import PASSED, opinion
from vopr_coverage.config.file import parse_config
from vopr_coverage.model.outcome import Status

ASKED: dict[str, Any] = {
    "profile": "none", "fault_point_coverage_min": 0.5, "critical_fault_points": ["cut.me"], "required_invariants": [],
    "min_view_changes": 0, "min_repairs": 0, "min_unique_query_plans": 0, "min_phase_events": {},
}  # fmt: skip
END = "workload finished"
ASKED_OF: dict[str, dict[str, Any]] = {
    "stream": {"min_iterations": 1},
    "simulation": {"required_invariants": ["agreement"], "min_iterations": 1},
    "antithesis": {"complete_when": END},
    "jepsen": {"critical_fault_points": ["operation cut.me"]},
    "foundationdb": {"critical_fault_points": ["a.cpp: cut.me"]},
    "tigerbeetle": {
        "critical_fault_points": [], "fault_point_coverage_min": 0, "required_invariants": ["fuzzer cut.me"],
    },
    "points": {"complete_when": END, "fault_points": ["a", "cut.me"]},
}  # fmt: skip


def court_of(name: str, **more: Any) -> Court:
    """A court that has one config for every input."""
    court = Court(samples()[name].form, Names(), SECOND[name])
    asked = ASKED | ASKED_OF.get(name, {}) | more
    vars(court)["configs"] = ((asked, parse_config(json.dumps(asked), "gate.yml")),)
    return court


@pytest.mark.parametrize("name", SECOND)
def test_a_whole_file_passes_with_both_and_fails_without_its_point(name: str) -> None:
    """Otherwise no change of it could be a finding, and an agreement would show nothing."""
    court, sample = court_of(name), samples()[name]
    judged = court.judged(sample.whole)
    assert judged.verdict.passed, [violation.line for violation in judged.verdict.violations]
    assert court.hold(sample.whole, judged)
    evidence = SECOND[name](sample.whole)
    assert evidence.complete is not False
    assert PASSED in opinion(evidence, judged.bounds).values()
    without = court.judged(sample.without)
    assert not without.verdict.passed
    court.hold(sample.without, without)


@pytest.mark.parametrize("name", SECOND)
def test_a_pass_without_the_point_is_a_finding(name: str) -> None:
    """The verdict is that of the whole file, the file is the one without the point."""
    court, sample = court_of(name), samples()[name]
    with pytest.raises(Finding, match="a sick input passes"):
        court.hold(sample.without, court.judged(sample.whole))


def test_a_pass_of_a_run_that_did_not_end_is_a_finding() -> None:
    """Or of a file that holds no run."""
    court, whole = court_of("simulation"), _whole_simulation()
    passed = court.judged(whole)
    assert passed.verdict.passed
    with pytest.raises(Finding, match="complete False"):
        court.hold(whole.rpartition(b'{"type": "end"')[0], passed)
    with pytest.raises(Finding, match="cannot read it"):
        court.hold(b"no record\n", passed)


def test_a_category_that_is_judged_otherwise_is_a_finding() -> None:
    """Also where the verdict as a whole is the same."""
    court = court_of("report", min_repairs=99, min_view_changes=99)
    data = samples()["report"].whole
    judged = court.judged(data)
    assert court.hold(data, judged)
    (report,) = judged.verdict.reports
    gates = tuple(replace(row, status=Status.PASSED) if row.gate == "repairs" else row for row in report.gates)
    wrong = Judged(judged.read, replace(judged.verdict, reports=(replace(report, gates=gates),)), judged.bounds)
    with pytest.raises(Finding, match=r"two judges differ on repairs: .*'passed', 'failed'"):
        court.hold(data, wrong)
