"""The doctor: it plants what a reader would have read, scores what the gate notices, and closes blind spots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_recording
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
    ending,
    failed,
    ndjson,
    ok,
    start,
)
from tests.support.streams import reading
from vopr_coverage.check.flow import Rules
from vopr_coverage.check.request import CheckRequest, read_runs
from vopr_coverage.check.terms import Overrides
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.doctor import coverage_faults, run_faults
from vopr_coverage.doctor.conclude import diagnose
from vopr_coverage.doctor.cure import with_settings
from vopr_coverage.doctor.faults import ROWS, Where
from vopr_coverage.doctor.judge import REFUSED, examine
from vopr_coverage.doctor.placing import placed
from vopr_coverage.doctor.planting import NAMES_MAX, Fault, NotPlanted, faults_of
from vopr_coverage.errors import UsageError
from vopr_coverage.model.report import Input
from vopr_coverage.reading.formats import read_document

OFTEN = {"storage:fsync_complete": 300}
HEALTHY = a_stream(4, coverage=a_coverage(phases=OFTEN))


def healthy(stream: bytes = HEALTHY) -> Input:
    """A healthy run as it is read."""
    return replace(reading(stream), source="run")


def config_of(**settings: Any) -> Config:
    """A config that the healthy run meets, with these settings on top."""
    return parse_config(json.dumps(MODEST | settings), "gate.json")


def blind_to(config: Config, *inputs: Input, rules: Rules = Rules()) -> set[str]:  # noqa: B008 (frozen)
    """The names of the faults that this gate does not notice."""
    return {fault.name for fault in examine(inputs or [healthy()], rules, config).blind}


# ---- what is planted is what a sick simulator would have written

SICK: list[tuple[Callable[[Input, str], Input | None], str, bytes]] = [
    (
        coverage_faults.without_point,
        "sim.storage.write",
        a_stream(4, coverage=a_coverage({"sim.network.send": 400}, phases=OFTEN)),
    ),
    (coverage_faults.without_point, "network.drop", a_stream(4, coverage=a_coverage(effects={}, phases=OFTEN))),
    (coverage_faults.without_invariant, "vsr_agreement", a_stream(4, coverage=a_coverage(
        invariants={"replica_consistency": 60}, phases=OFTEN))),
    (coverage_faults.without_phase, "storage.fsync_complete", a_stream(4, coverage=a_coverage(phases={}))),
    (coverage_faults.with_half_the_phase, "storage.fsync_complete", a_stream(4, coverage=a_coverage(
        phases={"storage:fsync_complete": 150}))),
    (coverage_faults.without_property_count, "reached_hit", a_stream(4, coverage=a_coverage(phases=OFTEN),
        properties=PROPERTIES | {"reached_hit": 0})),
    (coverage_faults.with_half_the_property_count, "total_observed", a_stream(4, coverage=a_coverage(phases=OFTEN),
        properties=PROPERTIES | {"total_observed": 41})),
    (run_faults.with_a_violated_property, "", a_stream(4, coverage=a_coverage(phases=OFTEN),
        properties=PROPERTIES | {"violated_ids": [run_faults.PLANTED], "violation_count": 1})),
    (run_faults.with_the_same_seed, "", ndjson(start(0, 4), *(ok(seed, storage_hash="0" * 64) for seed in range(4)),
        ending(4, coverage=a_coverage(phases=OFTEN)))),
    (coverage_faults.without_coverage, "", a_stream(4, coverage=None)),
    (run_faults.with_half_the_seeds, "", a_stream(2, coverage=a_coverage(
        {name: count // 2 for name, count in ATTEMPTED.items()},
        {name: count // 2 for name, count in EFFECTS.items()},
        {name: count // 2 for name, count in INVARIANTS.items()},
        {"storage:fsync_complete": 150}))),
]  # fmt: skip


@pytest.mark.parametrize(("plant", "name", "stream"), SICK, ids=lambda x: getattr(x, "__name__", None))
def test_what_is_planted_is_what_a_reader_makes_of_a_sick_stream(
    plant: Callable[[Input, str], Input | None], name: str, stream: bytes
) -> None:
    """Else the doctor would test the gate on evidence that no simulator can give. Total events are no gate's figure."""
    planted, read = plant(healthy(), name), healthy(stream)
    assert planted is not None
    for sick in (planted, read):
        if sick.report:
            sick.report.total_events = sick.report.simulation_time_ns = 0
    assert planted == read


def test_a_failed_seed_and_a_lost_record_are_told_as_a_reader_tells_them() -> None:
    """The failing invariant, the counts of failed records, and the words of a contradiction."""
    broken = ndjson(
        start(0, 4), *(ok(seed) for seed in range(3)), failed(3, run_faults.PLANTED, ""),
        ending(3, [3], coverage=a_coverage(phases=OFTEN)),
    )  # fmt: skip
    planted, read = run_faults.with_a_failed_seed(healthy()), healthy(broken)
    assert planted is not None
    assert planted.run == read.run
    lost = ndjson(start(0, 4), *(ok(seed) for seed in (1, 2, 3)), ending(4, coverage=a_coverage(phases=OFTEN)))
    planted, read = run_faults.with_a_lost_record(healthy()), healthy(lost)
    assert planted is not None
    assert planted.run
    assert read.run
    assert (planted.run.records, planted.run.iterations) == (read.run.records, read.run.iterations)
    assert set(planted.run.contradictions) <= set(read.run.contradictions)


@pytest.mark.parametrize(("plant", "kept"), [(run_faults.cut_at_the_end, 4), (run_faults.cut_in_the_middle, 2)])
def test_a_cut_stream_has_no_coverage_and_no_end(plant: Callable[[Input], Input | None], kept: int) -> None:
    """As a reader finds it: the first lines of the stream alone."""
    read = healthy(b"".join(HEALTHY.splitlines(keepends=True)[: kept + 1]))
    planted = plant(healthy())
    assert planted is not None
    assert planted.run
    assert read.run
    assert read.run.ended_early
    assert read.run.ended_early.startswith(str(planted.run.ended_early))
    assert replace(planted, run=replace(planted.run, ended_early=read.run.ended_early)) == read


def test_a_flat_report_lists_what_is_gone_as_missed() -> None:
    """Its totals stay what they are."""
    read = read_document([a_flat_report()], "flat.json")
    planted = coverage_faults.without_point(read, "sim.network.send")
    assert planted is not None
    assert planted.report is not None
    assert (planted.report.fault_points_hit, planted.report.total_fault_points) == (2, 4)
    assert planted.report.missed_fault_points == ["sim.storage.crash", "sim.network.send"]
    gone = coverage_faults.without_invariant(read, "hash_chain")
    assert gone is not None
    assert gone.report is not None
    assert gone.report.missed_invariants == ["hash_chain"]


def test_nothing_is_planted_where_there_is_nothing_to_lose() -> None:
    """None, not an unchanged copy: that would count as a fault which nobody notices."""
    bare = Input("x", "report", None)
    for row in ROWS:
        assert row.plant(bare, "x") is None, row.kind
    assert coverage_faults.without_effect(healthy(), "sim.network.send") is None
    assert coverage_faults.with_half_the_property_count(healthy(), "nonesuch") is None


def test_a_fault_is_never_the_healthy_run_itself() -> None:
    """Each copy differs from what was given, for every row of the table."""
    for found in faults_of([healthy(), healthy()], None, merged=True, coverage=True):
        if isinstance(found, Fault):
            assert list(found.inputs) != [healthy(), healthy()], found.name
            assert found.changed


# ---- which faults there are


def test_what_cannot_be_planted_is_named_with_its_reason() -> None:
    """And is never counted as noticed."""
    found = list(faults_of([healthy(a_stream(4))], "combined", merged=False, coverage=True))
    missing = {each.name: each.why for each in found if isinstance(each, NotPlanted)}
    assert missing["count-to-zero"] == "no view changes, repairs or query plans are reported"
    assert missing["shards-overlap"] == "nothing is merged, so no seed can count twice"
    assert missing["phase-halved storage.fsync_complete"] == "fewer than 100 of them: half would be chance"
    assert {row.kind for row in ROWS} == {each.kind for each in found if isinstance(each, Fault)} | {
        name.partition(" ")[0] for name in missing
    }


def test_a_fault_of_the_simulator_is_in_all_runs_and_a_fault_of_a_run_in_one() -> None:
    """An injector that is off is off in every shard."""
    runs = [healthy(), healthy(a_stream(4, first=4, coverage=a_coverage(phases=OFTEN)))]
    changed = {
        found.kind: found.changed
        for found in faults_of(runs, None, merged=True, coverage=True)
        if isinstance(found, Fault)
    }
    for row in ROWS:
        if row.kind in changed:
            assert len(changed[row.kind]) == (1 if row.where is Where.ONE else 2), row.kind


def test_a_million_names_are_not_planted_one_by_one() -> None:
    """And it is said how many were left out."""
    many = {f"point-{number}": 1 for number in range(NAMES_MAX + 7)}
    found = list(faults_of([healthy(a_stream(4, coverage=a_coverage({}, many)))], None, merged=False, coverage=True))
    assert sum(isinstance(each, Fault) and each.kind == "fault-point-silent" for each in found) == NAMES_MAX
    assert NotPlanted("fault-point-silent", None, "7 further names: too many to plant") in found


# ---- the score


def test_run_health_is_noticed_without_any_setting() -> None:
    """All of these are red for every config."""
    blind = blind_to(config_of())
    health = {"stream-cut-at-end", "stream-cut-in-middle", "record-lost", "same-seed", "nothing-happens", "seed-failed",
              "property-violated", "seed-nondeterministic", "coverage-missing"}  # fmt: skip
    assert blind & health == set()


@pytest.mark.parametrize(
    ("setting", "closed"),
    [
        ({"critical_fault_points": ["sim.network.send", "sim.storage.write"]}, "fault-point-silent sim.storage.write"),
        ({"min_fault_effects": {"network.drop": 1}}, "fault-without-effect network.drop"),
        ({"required_invariants": ["vsr_agreement", "replica_consistency"]}, "invariant-not-run replica_consistency"),
        ({"min_per_iteration": {"storage:fsync_complete": 40}}, "phase-halved storage.fsync_complete"),
        ({"min_properties": {"reached_hit": 17}}, "property-counter-halved reached_hit"),
        ({"min_properties": {"reached_hit": 1}}, "properties-missing"),
        ({"min_iterations": 3}, "half-of-the-seeds"),
    ],
)
def test_a_setting_closes_its_blind_spot(setting: dict[str, Any], closed: str) -> None:
    """It is there without the setting, and gone with it."""
    assert closed in blind_to(config_of())
    assert closed not in blind_to(config_of(**setting))


def test_the_judge_is_the_gate_with_its_flags() -> None:
    """A flag closes a blind spot as the config does; so does merging."""
    assert "half-of-the-seeds" not in blind_to(config_of(), rules=Rules(overrides=Overrides(min_iterations=3)))
    assert "shards-overlap" not in blind_to(config_of(), rules=Rules("all"))


def test_a_red_run_proves_nothing() -> None:
    """It is refused, with what is wrong with it."""
    sick = healthy(a_stream(4, failing=[2]))
    with pytest.raises(UsageError, match="do not pass their own gate") as caught:
        examine([sick], Rules(), config_of())
    assert "model_verification" in str(caught.value)


def test_an_input_that_is_refused_is_noticed() -> None:
    """Exit code 2 is never a pass: of merged flat reports, lists that do not account for the totals."""
    runs = [replace(read_document([a_flat_report()], name), source=name) for name in ("a", "b")]
    profile = parse_config('{"profile": "smoke_test", "min_repairs": 6}', "gate.json")
    by = {judged.fault.name: judged.noticed_by for judged in examine(runs, Rules("all"), profile).judged}
    assert by["count-to-zero repairs"] == "repairs"
    assert REFUSED not in by.values()


def test_scenarios_are_examined_apart_and_one_that_expects_a_violation_needs_no_coverage() -> None:
    """Its seeds fail; what must be noticed is that they no longer do."""
    byzantine = replace(healthy(a_stream(4, failing=range(4))), scenario="Byzantine")
    plain = replace(healthy(), scenario="plain")
    config = config_of(
        scenarios={"plain": {}, "byzantine": {"expect": "violation", "invariants": ["model_verification"]}}
    )
    examination = examine([plain, byzantine], Rules("scenario"), config)
    noticed = {judged.fault.name for judged in examination.judged if judged.fault.scenario == "byzantine"}
    assert {"expected-failure-gone", "expected-failure-halved", "seed-failed"} <= noticed
    assert not any(name.startswith("fault-point") for name in noticed)
    reasons = {(each.scenario, each.name): each.why for each in examination.not_planted}
    assert "requires no coverage" in reasons["byzantine", "invariant-not-run"]
    assert [judged.fault.name for judged in examination.judged if judged.noticed_by == ""].count(
        "half-of-the-seeds"
    ) == 2
    covered = config_of(
        scenarios={
            "plain": {},
            "byzantine": {"expect": "violation", "invariants": ["model_verification"], "min_phase_events": {
                "storage.fsync_complete": 1}},
        }
    )  # fmt: skip
    judged = examine([byzantine], Rules("scenario"), covered).judged
    assert any(each.fault.kind == "invariant-not-run" for each in judged)


def test_a_recording_is_tested_for_its_manifest(tmp_path: Path) -> None:
    """Another commit, and a crash that no failed seed explains."""
    (tmp_path / "gate.json").write_text(json.dumps(MODEST))
    a_recording(tmp_path / "run", HEALTHY, iterations=4, commit="a" * 40, commit_source="git")
    config, inputs = read_runs(CheckRequest([str(tmp_path / "run")], str(tmp_path / "gate.json")), "none")
    by = {judged.fault.name: judged.noticed_by for judged in examine(inputs, Rules(), config).judged}
    assert (by["other-commit"], by["crash-at-exit"]) == ("run-complete", "run-complete")


# ---- the lines that close a blind spot


def cured(config: Config, *inputs: Input, rules: Rules = Rules()) -> tuple[set[str], set[str]]:  # noqa: B008 (frozen)
    """What stays blind under the proposed settings, and the notes of what has no setting."""
    runs = list(inputs) or [healthy()]
    diagnosis = diagnose(examine(runs, rules, config), runs, rules, config)
    left = {fault.name for fault in examine(runs, rules, with_settings(config, diagnosis.settings)).blind}
    return left, {spot.note for spot in diagnosis.blind_spots if not spot.config}


def test_the_proposed_lines_close_every_blind_spot_that_lines_can_close() -> None:
    """And the healthy run passes under them: else `examine` would refuse it."""
    by_another = {"a minimum for any property counter (`min_properties`) closes it"}
    assert cured(config_of()) == (set(), by_another)
    combined = replace(healthy(), scenario="combined")
    assert cured(config_of(scenarios={"combined": {}}), combined) == (set(), by_another)


def test_a_rare_event_gets_no_bound() -> None:
    """A run without it may be chance, and a gate that is red by chance is switched off. It says what would show it."""
    rare = healthy(
        a_stream(4, coverage=a_coverage(effects={"network.drop": 2}, invariants={"vsr_agreement": 90, "x": 3}))
    )
    left, notes = cured(config_of(), rare)
    assert left == {"fault-point-silent network.drop", "fault-without-effect network.drop", "invariant-not-run x"}
    assert any("network.drop was seen only 2 times" in note and "about 28 iterations" in note for note in notes)


def test_a_setting_keeps_what_is_in_force() -> None:
    """A scenario's list stands in for the one above it, so it has to hold all of it."""
    config = config_of(scenarios={"combined": {}})
    runs = [replace(healthy(), scenario="combined")]
    diagnosis = diagnose(examine(runs, Rules(), config), runs, Rules(), config)
    spot = next(spot for spot in diagnosis.blind_spots if spot.subject == "sim.storage.write")
    assert spot.config == (
        "scenarios:\n  combined:\n    critical_fault_points:\n      - sim.network.send\n      - sim.storage.write\n"
    )


def test_a_flag_above_the_config_is_named() -> None:
    """A line in the config would change nothing."""
    _, notes = cured(config_of(), rules=Rules(overrides=Overrides(min_iterations=1)))
    assert "--min-iterations stands above the config: raise it to 3 or more" in notes


def test_an_alias_is_asked_for_by_the_configs_name() -> None:
    """The gate counts it under that name."""
    config = config_of(aliases={"their_check": "our_check"})
    theirs = healthy(a_stream(4, coverage=a_coverage(invariants={"vsr_agreement": 90, "their_check": 60})))
    diagnosis = diagnose(examine([theirs], Rules(), config), [theirs], Rules(), config)
    required = next(setting for setting in diagnosis.settings if setting.key == "required_invariants")
    assert required.value == ["vsr_agreement", "our_check"]
    assert cured(config, theirs)[0] == set()


# ---- --write


def settings_for(text: str) -> tuple[str, str]:
    """The config with the doctor's lines in it, and the blind spots that are left."""
    config = parse_config(text, "c.yml")
    runs = [replace(healthy(), scenario="combined" if config.scenarios else None)]
    diagnosis = diagnose(examine(runs, Rules(), config), runs, Rules(), config)
    written = placed(text, "c.yml", diagnosis.settings)
    left = examine(runs, Rules(), parse_config(written, "c.yml")).blind
    return written, ", ".join(fault.name for fault in left)


TOP = """\
# The gate of our simulator.
fault_point_coverage_min: 0.5 # half

required_invariants: # each must run
  - vsr_agreement # the important one

min_view_changes: 0
min_repairs: 0
min_unique_query_plans: 0
critical_fault_points: ["sim.network.send"]
min_phase_events: {}
min_iterations: 1 # for now
min_properties:
  reached_hit: 1
"""
SCENARIOS = """
scenarios:
  # small ones
  baseline: {}
  Combined: {} # the big one
  other:
    min_iterations: 3
# the end
"""


def test_lines_are_written_where_they_belong_and_comments_stay() -> None:
    """New entries below the last one, numbers in place, new keys at the end; a flow list is refused."""
    block = TOP.replace('["sim.network.send"]', "\n- sim.network.send")
    written, left = settings_for(block)
    assert left == ""
    for line in block.splitlines():
        if "min_iterations" not in line and "reached_hit" not in line:
            assert line in written.splitlines()
    assert "min_iterations: 3 # for now" in written
    assert "  - vsr_agreement # the important one\n  - replica_consistency # added by vopr-coverage doctor\n" in written
    with pytest.raises(UsageError, match="line 10: `critical_fault_points` is not written line by line"):
        settings_for(TOP)


def test_a_scenario_gets_its_own_lines() -> None:
    """In place of its empty map, with the comment beside it; others are not touched."""
    text = TOP.replace('["sim.network.send"]', "\n  - sim.network.send") + SCENARIOS
    written, left = settings_for(text)
    assert left == ""
    assert "  Combined: # the big one\n    " in written
    assert "  baseline: {}\n" in written
    assert written.endswith("  other:\n    min_iterations: 3\n# the end\n")
    assert settings_for(text.replace("\n", "\r\n"))[0] == written.replace("\n", "\r\n")


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(MODEST),
        "{fault_point_coverage_min: 0.5, required_invariants: [vsr_agreement], min_view_changes: 0, "
        "min_repairs: 0, min_unique_query_plans: 0, min_phase_events: {}, critical_fault_points: [sim.network.send]}",
    ],
)
def test_what_cannot_be_placed_cleanly_is_refused(text: str) -> None:
    """Nothing is guessed: the user gets the lines."""
    with pytest.raises(UsageError, match="not written line by line"):
        settings_for(text)


def test_an_anchor_that_would_spread_the_lines_is_refused() -> None:
    """Lines in the anchored block would change the other scenario, too."""
    text = (
        TOP.replace('["sim.network.send"]', "[sim.network.send]\nprofile: default")
        + "scenarios:\n  combined: &same\n    fault_point_coverage_min: 0.5\n  baseline: *same\n"
    )
    with pytest.raises(UsageError):
        settings_for(text)


def test_the_real_runs_of_the_shipped_config(tmp_path: Path) -> None:
    """Every scenario that is recorded; the lines that the doctor proposes close all but what is rare."""
    config_path = REAL.parents[2] / "examples" / "configs" / "kimberlite.yml"
    runs = ["combined=combined", "baseline=baseline", "multi-tenant=multi-tenant", "swizzle=swizzle-a",
            "view-change-merge=byzantine-view-change-merge"]  # fmt: skip
    reports = [f"{name}={REAL}/{file}.ndjson" for name, _, file in (run.partition("=") for run in runs)]
    config, inputs = read_runs(CheckRequest(reports, str(config_path)), "scenario")
    rules = Rules("scenario")
    diagnosis = diagnose(examine(inputs, rules, config), inputs, rules, config)
    text = config_path.read_text(encoding="utf-8")
    written = parse_config(placed(text, "k.yml", diagnosis.settings), "k.yml")
    left = examine(inputs, rules, written).blind
    assert {fault.subject for fault in left} <= {"storage.fsync_failure"}
