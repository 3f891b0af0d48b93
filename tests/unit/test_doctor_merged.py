"""The doctor with runs that a gate merges: it plants in their sum, and in a report that is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import (
    ATTEMPTED,
    EFFECTS,
    INVARIANTS,
    MODEST,
    PROPERTIES,
    REAL,
    a_coverage,
    a_flat_report,
    a_stream,
    run_cli,
)
from tests.support.streams import reading
from vopr_coverage.base.compare import Base
from vopr_coverage.base.gate import BaseComparison, Limit
from vopr_coverage.check.flow import Rules, judge_inputs
from vopr_coverage.check.request import CheckRequest, Merge, read_runs
from vopr_coverage.check.terms import Overrides
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.doctor import coverage_faults
from vopr_coverage.doctor import judge as doctor
from vopr_coverage.doctor.conclude import diagnose
from vopr_coverage.doctor.cure import with_settings
from vopr_coverage.doctor.judge import Examination, examine
from vopr_coverage.doctor.placing import placed
from vopr_coverage.doctor.sums import added_up
from vopr_coverage.errors import UsageError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.formats import read_document

OFTEN = {"storage:fsync_complete": 300}


def shard(number: int, **changes: Any) -> Input:
    """One of several shards of a campaign: four seeds of its own."""
    coverage = a_coverage(ATTEMPTED, EFFECTS | {f"sim.point-{number}": 2}, phases=OFTEN)
    return replace(reading(a_stream(4, first=4 * number, **{"coverage": coverage, **changes})), source=f"s{number}")


def config_of(**settings: Any) -> Config:
    """A config that the shards meet, with these settings on top."""
    return parse_config(json.dumps(MODEST | settings), "gate.json")


def by_name(examination: Examination) -> dict[str, str]:
    """The gate that noticed each fault."""
    return {judged.fault.name: judged.noticed_by for judged in examination.judged}


def with_figures(examination: Examination) -> dict[tuple[str | None, str], tuple[str, str]]:
    """The gate that noticed each fault of each scenario, and what happened, with its figures."""
    return {
        (judged.fault.scenario, judged.fault.name): (judged.noticed_by, judged.fault.what)
        for judged in examination.judged
        if judged.fault.subject != "unique_query_plans"  # merged, the largest counts, and not the sum
    }


STRICT = {
    "critical_fault_points": ["sim.network.send", "sim.point-1"],
    "min_per_iteration": {"storage:fsync_complete": 40},
    "min_fault_effects": {"network.drop": 50},
    "min_properties": {"reached_hit": 12},
    "required_invariants": list(INVARIANTS),
    "min_iterations": 3,
}
SHARDS = [shard(number) for number in range(5)]
FLAT = [replace(read_document([a_flat_report()], name), source=name) for name in ("a", "b", "c")]
BYZANTINE = [replace(shard(n, failing=range(4 * n, 4 * n + 4)), scenario="Byzantine") for n in range(3)]
EXPECTED = {"byzantine": {"expect": "violation", "invariants": ["model_verification"], "min_caught": 0.9}}
OTHER_PROPERTIES = PROPERTIES | {"unsatisfied_sometimes_ids": ["vsr.replay_detected"], "reached_hit": 9}
WITHOUT_PROPERTIES = coverage_faults.without_properties(shard(5)) or shard(5)
SEVERAL: list[tuple[Merge, dict[str, Any], list[Input]]] = [
    ("all", {}, SHARDS),
    ("all", STRICT, SHARDS),
    ("scenario", STRICT, [*SHARDS, *(replace(shard(n), scenario="other") for n in range(3))]),
    ("scenario", {"scenarios": EXPECTED}, [*BYZANTINE, *SHARDS]),
    ("all", {"min_properties": {"reached_hit": 12}}, [shard(0, properties=OTHER_PROPERTIES), shard(1), shard(2)]),
    ("all", {"min_repairs": 1, "fault_point_coverage_min": 0.7, "required_invariants": ["hash_chain"],
             "critical_fault_points": [], "min_phase_events": {}}, FLAT),
    ("all", {}, [*SHARDS, WITHOUT_PROPERTIES]),
    ("all", STRICT | {"aliases": {"sim.point-3": "sim.point-1"}}, SHARDS),
]  # fmt: skip


@pytest.mark.parametrize(("merge", "settings", "runs"), SEVERAL)
def test_the_sum_notices_what_the_runs_notice(
    merge: Merge, settings: dict[str, Any], runs: list[Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same gate for each fault as if it were planted in every file, which is what the sum stands for."""
    config, rules = config_of(**settings), Rules(merge)
    summed = with_figures(examine(runs, rules, config))
    monkeypatch.setattr(doctor, "added_up", lambda inputs, _name: list(inputs))
    one_by_one = with_figures(examine(runs, rules, config))
    assert len(one_by_one) > 5
    assert set(one_by_one) <= set(summed)
    assert {name: summed[name] for name in one_by_one} == one_by_one


def test_the_real_runs_notice_the_same_as_their_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under the shipped config, whose minimums begin at a length."""
    path = REAL.parents[2] / "examples" / "configs" / "kimberlite.yml"
    names = ["swizzle=swizzle-a", "swizzle=swizzle-b", "combined=combined"]
    reports = [f"{scenario}={REAL}/{run}.ndjson" for scenario, _, run in (name.partition("=") for name in names)]
    config, inputs = read_runs(CheckRequest(reports, str(path)), "scenario")
    summed = by_name(examine(inputs, Rules("scenario"), config))
    monkeypatch.setattr(doctor, "added_up", lambda inputs, _name: list(inputs))
    one_by_one = by_name(examine(inputs, Rules("scenario"), config))
    assert {name: summed[name] for name in one_by_one} == one_by_one


def test_ten_times_as_many_files_are_judged_a_few_times_each(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault is judged with the sum of all files, and not with each of them again."""
    runs = [shard(number) for number in range(300)]
    judged: list[int] = []

    def counting(inputs: Any, *rest: Any, **more: Any) -> Any:
        judged.append(len(inputs))
        return judge_inputs(inputs, *rest, **more)

    monkeypatch.setattr(doctor, "judge_inputs", counting)
    examine(runs, Rules("all"), config_of())
    assert len(judged) > 200
    assert sum(judged) < 10 * len(runs)


def test_half_of_a_count_is_told_from_chance_by_the_sum() -> None:
    """Thirty in each of five files are 150 together."""
    runs = [shard(number, coverage=a_coverage()) for number in range(5)]
    assert "phase-halved storage.fsync_complete" in by_name(examine(runs, Rules("all"), config_of()))
    assert "phase-halved storage.fsync_complete" not in by_name(examine(runs, Rules(), config_of()))


def test_runs_of_several_kinds_are_not_added_up() -> None:
    """Seeds that ran twice count twice, and a flat report has none: one run cannot say both."""
    double = replace(shard(1), run=replace(shard(1).run, double_runs=True))  # type: ignore[type-var]
    assert added_up([shard(0), double], "x") == [shard(0), double]
    assert added_up([shard(0), FLAT[0]], "x") == [shard(0), FLAT[0]]
    [summed] = added_up([shard(0), shard(1)], "x")
    assert (summed.source, summed.run and summed.run.iterations) == ("x", 8)
    [summed] = added_up(BYZANTINE, "x")
    assert summed.run
    assert [(group.invariant, group.count) for group in summed.run.failures] == [("model_verification", 12)]


def test_a_sum_that_does_not_pass_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fault would look noticed."""
    monkeypatch.setattr(doctor, "added_up", lambda _inputs, _name: [shard(0, failing=[1])])
    assert len(examine(SHARDS, Rules("all"), config_of()).blind) > 10


def test_a_base_is_found_for_the_sum() -> None:
    """A lost fault point is noticed by the regression gate, and the healthy runs beside it are no lost reports."""
    runs = [*SHARDS, *(replace(shard(n), scenario="other") for n in range(3))]
    config = config_of()
    base = Base("main", judge_inputs(runs, Rules("scenario"), config))
    rules = Rules("scenario", comparison=BaseComparison(base, Limit(0.0, 0, "--max-regression")))
    found = by_name(examine(runs, rules, config))
    assert found["fault-point-silent sim.point-2"] == "regression"
    assert found["property-counter-halved reached_hit"] == ""


# ---- a report that is missing


def matched(*inputs: Input, pattern: str = "s*") -> list[Input]:
    """Reports that a pattern matches."""
    return [replace(read, pattern=pattern) for read in inputs]


def test_a_report_that_is_missing_is_noticed_by_min_reports_alone() -> None:
    """And the doctor proposes it; it is about the whole check, so it stands at the top level."""
    runs, rules = matched(*SHARDS), Rules("all")
    config = config_of()
    assert by_name(examine(runs, rules, config))["report-missing"] == ""
    diagnosis = diagnose(examine(runs, rules, config), runs, rules, config)
    [spot] = [spot for spot in diagnosis.blind_spots if spot.kind == "report-missing"]
    assert (spot.what, spot.config) == (
        "one of the reports is missing: 5 → 4, and the gate stays green",
        "min_reports: 5\n",
    )
    closed = with_settings(config, diagnosis.settings)
    assert by_name(examine(runs, rules, closed))["report-missing"] == "reports"
    flagged = Rules("all", Overrides(min_reports=5))
    assert by_name(examine(runs, flagged, config))["report-missing"] == "reports"
    low = Rules("all", Overrides(min_reports=4))
    [spot] = [
        spot
        for spot in diagnose(examine(runs, low, config), runs, low, config).blind_spots
        if spot.kind == "report-missing"
    ]
    assert (spot.config, spot.note) == ("", "--min-reports stands above the config: raise it to 5 or more")


@pytest.mark.parametrize("runs", [SHARDS, matched(SHARDS[0]), [*matched(SHARDS[0]), *matched(SHARDS[1], pattern="t*")]])
def test_a_report_that_cannot_be_missing_unnoticed_is_not_planted(runs: list[Input]) -> None:
    """A path that is not there is an error, and so is a pattern without a match."""
    reasons = {each.name: each.why for each in examine(runs, Rules("all"), config_of()).not_planted}
    assert reasons["report-missing"] == "no pattern matches two of the reports, so a missing one is an error"


def test_too_few_reports_do_not_pass_their_own_gate() -> None:
    """As in `check`: a red copy of them would prove nothing."""
    with pytest.raises(UsageError, match="Too few reports: 5"):
        examine(SHARDS, Rules("all", Overrides(min_reports=6)), config_of())


def test_min_reports_is_written_and_its_number_raised() -> None:
    """A line at the top level, and nothing else changes."""
    text = "profile: default # ours\nmin_reports: 2 # at least\n"
    runs, rules = matched(*SHARDS), Rules("all")
    config = config_of(min_reports=2)
    diagnosis = diagnose(examine(runs, rules, config), runs, rules, config)
    settings = [setting for setting in diagnosis.settings if setting.key == "min_reports"]
    assert placed(text, "c.yml", settings) == "profile: default # ours\nmin_reports: 5 # at least\n"
    added = placed("profile: default\n", "c.yml", settings)
    assert added == "profile: default\nmin_reports: 5 # added by vopr-coverage doctor\n"


def test_the_command_has_the_flag_and_knows_what_a_pattern_matched(tmp_path: Path) -> None:
    """A file that is named by its path beside the pattern cannot be missing."""
    (tmp_path / "c.json").write_text(json.dumps(MODEST))
    for number in range(3):
        stream = a_stream(4, first=4 * number, coverage=a_coverage(phases=OFTEN))
        (tmp_path / f"s{number}.ndjson").write_bytes(stream)
    words = ["doctor", "--merge", "all", "--config", "c.json", "--format", "json", "--min-reports"]

    def noticed(least: str, *reports: str) -> dict[str, str]:
        found = json.loads(run_cli(*words, least, *reports, cwd=tmp_path).out)
        return {fault["name"]: fault["noticed_by"] for fault in found["faults"]}

    assert noticed("2", "s*.ndjson")["report-missing"] == ""
    assert noticed("3", "s*.ndjson")["report-missing"] == "reports"
    assert run_cli(*words, "4", "s*.ndjson", cwd=tmp_path).code == 2
    assert noticed("2", "s*.ndjson", "s0.ndjson")["report-missing"] == ""
    assert "report-missing" not in noticed("2", "s*.ndjson", "s0.ndjson", "s1.ndjson")
