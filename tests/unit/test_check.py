"""From files to a verdict: merging, scenarios, run health, and who is told about what."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.checking import checked
from tests.support.reports import (
    MODEST,
    REAL,
    a_coverage,
    a_flat_report,
    a_record,
    a_stream,
    ending,
    ndjson,
    ok,
    records_of,
    start,
)
from vopr_coverage.canaries.judge import CanaryVerdict
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.errors import UsageError
from vopr_coverage.model.verdict import Verdict, verdict_from_json
from vopr_coverage.nightly.verdict import NightRun, NightVerdict
from vopr_coverage.render.annotations import render_annotations

KIMBERLITE = Path(__file__).parents[2] / "examples" / "configs" / "kimberlite.yml"
Judge = Callable[..., Verdict]


@pytest.fixture
def judged(tmp_path: Path) -> Judge:
    """Judge streams by name, `judged({"x=a.ndjson": a_stream()}, merge="all")`, under a config they meet."""

    def run(files: dict[str, bytes], config: dict[str, object] | None = None, **settings: Any) -> Verdict:
        (tmp_path / "gate.yml").write_text(json.dumps(MODEST | (config or {})))
        reports = []
        for name, data in files.items():
            scenario, named, file = name.rpartition("=")
            (tmp_path / file).write_bytes(data)
            reports.append(f"{scenario}{named}{tmp_path / file}")
        return checked(reports, config=str(tmp_path / "gate.yml"), **settings)

    return run


def lines(verdict: Verdict) -> list[str]:
    """The violations as the text output tells them."""
    return [violation.line for violation in verdict.violations]


def test_a_healthy_stream_passes_and_its_verdict_survives_json(judged: Judge) -> None:
    """verdict.json meets its schema and reads back as the same value."""
    verdict = judged({"a.ndjson": a_stream()})
    assert verdict.passed
    assert verdict_from_json(verdict.to_json().encode(), "verdict.json") == verdict


@pytest.mark.parametrize("name", sorted(path.name for path in REAL.glob("*.ndjson*")))
def test_every_recorded_run_gives_a_verdict_that_meets_its_schema(name: str) -> None:
    """Whatever the run, verdict.json is what its schema says."""
    verdict = checked([str(REAL / name)], profile="nightly", folder=REAL)
    assert verdict_from_json(verdict.to_json().encode(), "verdict.json") == verdict
    assert not verdict.passed


@pytest.mark.parametrize("message", ["a.json: is empty\nb.json: is empty", "a.json: is empty", ""])
def test_all_types_of_verdict_say_alike_that_nothing_was_judged(message: str) -> None:
    """The reason is the first line of the error, and none of them has passed."""
    verdicts = (
        Verdict.not_judged("1.0", message),
        NightVerdict.not_judged("1.0", message, NightRun(run_id="7")),
        DeterminismVerdict.not_judged("1.0", message),
        CanaryVerdict.not_judged("1.0", message),
    )
    reason = f"nothing was judged: {'a.json: is empty' if message else ''}"
    assert [(verdict.reason, verdict.passed) for verdict in verdicts] == [(reason, False)] * 4
    assert [verdict.error for verdict in verdicts if not isinstance(verdict, CanaryVerdict)] == [message] * 3


def test_shards_merged_are_judged_as_one_run(judged: Judge) -> None:
    """Neither shard has ten fsyncs by itself; together they have what is asked."""
    shards = {"x=a.ndjson": a_stream(3, first=0), "x=b.ndjson": a_stream(3, first=3)}
    asked = {"min_phase_events": {"storage.fsync_complete": 60}}
    assert judged(shards, asked, merge="scenario").passed
    assert judged(shards, asked, merge="all").reports[0].name == "all reports (2 merged)"
    assert len(judged(shards, asked).violations) == 2


def test_merging_by_scenario_keeps_scenarios_apart(judged: Judge) -> None:
    """Names compare without regard to case; runs without a name are one scenario."""
    runs = {"X=a": a_stream(first=0), "x=b": a_stream(first=3), "c": a_stream(first=6), "d": a_stream(first=9)}
    names = [report.name for report in judged(runs, merge="scenario").reports]
    assert names == ["X (2 merged)", "runs without a scenario (2 merged)"]


def test_seeds_that_two_merged_runs_share_fail_with_both_ranges(judged: Judge) -> None:
    """Shared seeds would be counted twice; unmerged, nothing is compared."""
    shards = {"a.ndjson": a_stream(3, first=0), "b.ndjson": a_stream(3, first=2)}
    assert lines(judged(shards, merge="all")) == [
        "Seed ranges overlap: a.ndjson (seeds 0 to 2) and b.ndjson (seeds 2 to 4) share seeds"
    ]
    assert judged(shards).passed


def test_the_same_seeds_of_two_scenarios_are_different_runs(judged: Judge) -> None:
    """A seed means nothing without its scenario."""
    assert judged({"x=a": a_stream(3), "y=b": a_stream(3, sometimes=1)}, merge="all").passed


def test_run_health_is_judged_run_by_run_and_told_first(judged: Judge) -> None:
    """One failing shard fails the merged report, and its line precedes the coverage's."""
    shards = {"a.ndjson": a_stream(3, failing=[1]), "b.ndjson": a_stream(3, first=3)}
    verdict = judged(shards, {"required_invariants": ["absent"]}, merge="all")
    assert lines(verdict) == [
        "Invariant 'model_verification' failed on 1 seed: 1",
        "Required invariant 'absent' never executed",
    ]
    assert [violation.source for violation in verdict.violations] == ["a.ndjson", "all reports (2 merged)"]


def test_scenarios_of_a_config_cannot_be_merged_into_one(judged: Judge) -> None:
    """Which scenario's thresholds would hold?"""
    with pytest.raises(UsageError, match="use merge scenario"):
        judged({"x=a": a_stream()}, {"scenarios": {"x": {}}}, merge="all")


def test_failures_are_told_once_per_invariant(judged: Judge) -> None:
    """How many, the first ten seeds, and one command that replays the first."""
    stream = a_stream(30, failing=range(1, 13))
    verdict = judged({"a": stream}, {"repro": "sim -s {scenario} {seed}"}, scenario="big bang")
    assert lines(verdict)[0] == (
        "Invariant 'model_verification' failed on 12 seeds: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more"
    )
    failure = verdict.failures[0]
    assert (failure.count, len(failure.seeds), failure.repro) == (12, 12, "sim -s 'big bang' 1")


def test_a_scenario_is_put_into_the_replay_command_as_it_is(judged: Judge) -> None:
    """What a scenario's name contains is no placeholder."""
    stream = a_stream(3, failing=[1])
    failure = judged({"a": stream}, {"repro": "sim -s {scenario} {seed}"}, scenario="{seed} of {scenario}").failures[0]
    assert failure.repro == "sim -s '{seed} of {scenario}' 1"


def test_a_run_without_a_name_keeps_a_word_to_fill_in(judged: Judge) -> None:
    """A command that forgot the scenario would replay another simulation."""
    failure = judged({"a": a_stream(3, failing=[1])}).failures[0]
    assert failure.repro.startswith("vopr --scenario SCENARIO --seed 1 ")
    assert failure.fill_in


BYZANTINE = {"expect": "violation", "invariants": ["agreement", "prefix"]}
EXPECT = {"scenarios": {"byz": BYZANTINE}}


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ({0: "agreement", 1: "prefix", 2: "agreement"}, []),
        ({0: "agreement", 1: "agreement"}, ["Expected violation missed: 2 of 3 seeds caught it (expected >= 100%)"]),
        (
            {0: "agreement", 1: "agreement", 2: "crash"},
            [
                "Invariant 'crash' failed on 1 seed: 2",
                "Expected violation missed: 2 of 3 seeds caught it (expected >= 100%)",
            ],
        ),
    ],
    ids=["all caught", "one held", "another invariant"],
)
def test_an_expected_violation_turns_the_failures_gate_round(
    judged: Judge, failing: dict[int, str], told: list[str]
) -> None:
    """Every seed must fail one of the named invariants, and none another."""
    assert lines(judged({"byz=a": a_stream(3, failing=failing)}, EXPECT)) == told


def test_what_else_goes_wrong_in_an_expected_violation_still_fails(judged: Judge) -> None:
    """Lost records and broken properties are not what was expected."""
    stream = a_stream(3, failing={0: "agreement", 1: "agreement"}, lost=[2])
    config = {"scenarios": {"byz": BYZANTINE | {"min_caught": 0.6}}}
    assert lines(judged({"byz=a": stream}, config)) == ["Nondeterministic: 1 failed seed left no record: 2"]


def test_run_health_needs_a_stream(judged: Judge) -> None:
    """For a flat report it is not required; what a config asks for by name is then not measured."""
    report = a_flat_report(phase_events={"storage.fsync_complete": 10}, invariant_executions={"vsr_agreement": 10})
    verdict = judged({"a.json": report})
    assert verdict.passed
    assert {gate.status for gate in verdict.reports[0].inputs[0].gates} == {"not required"}
    asked = judged({"a.json": report}, {"min_iterations": 5, "min_properties": {"sometimes_total": 1}})
    assert lines(asked) == [
        "Too few iterations: not measured (expected >= 5)",
        "Property violations: not measured",
        "Property counter 'sometimes_total' too low: not measured (expected >= 1)",
    ]


def test_a_figure_may_be_excused_with_a_warning_or_silently(judged: Judge) -> None:
    """The row still says *not measured*, and who excused it."""
    asked = {"min_repairs": 2}
    assert lines(judged({"a": a_stream()}, asked)) == ["Insufficient repairs: not measured (expected >= 2)"]
    warned = judged({"a": a_stream()}, asked, on_not_measured="warn")
    assert warned.passed
    assert "Insufficient repairs: not measured (expected >= 2)" in [warning.text for warning in warned.warnings]
    row = next(gate for gate in warned.reports[0].gates if gate.gate == "repairs")
    assert (row.status, row.note) == ("not measured", "excused: on_not_measured is warn")
    assert judged({"a": a_stream()}, asked | {"on_not_measured": {"repairs": "ignore"}}).passed


def test_what_is_excused_by_name_stays_unexcused_where_all_coverage_is_absent(judged: Judge) -> None:
    """No row says *excused* when nothing was."""
    verdict = judged({"a": a_stream(coverage=None)}, {"min_repairs": 2}, on_not_measured="warn")
    row = next(gate for gate in verdict.reports[0].gates if gate.gate == "repairs")
    assert (row.status, row.note, verdict.passed) == ("not measured", "", False)


def test_aliases_give_the_profiles_names_and_say_so(judged: Judge) -> None:
    """Counts of both names add up; an alias that nothing uses is a warning."""
    aliases = {"network.drop": "sim.network.drop", "nobody": "nothing"}
    verdict = judged({"a": a_stream()}, {"critical_fault_points": ["sim.network.drop"], "aliases": aliases})
    row = next(gate for gate in verdict.reports[0].gates if gate.gate == "critical-fault-points")
    assert (row.status, row.note) == ("passed", "sim.network.drop via alias network.drop")
    assert any("the alias 'nobody' matches no name" in warning.text for warning in verdict.warnings)


def alias_warnings(verdict: Verdict) -> list[str]:
    """The texts of warnings about aliases."""
    return [warning.text for warning in verdict.warnings if "alias" in warning.text]


def test_aliases_that_nothing_uses_are_one_warning(judged: Judge) -> None:
    """All of them in one sentence; none where a run was not asked for them, or has no figures."""
    aliases = {f"nobody{number}": "nothing" for number in range(7)}
    config: dict[str, Any] = {"aliases": aliases}
    names = ", ".join(f"'nobody{number}'" for number in range(5))
    (told,) = alias_warnings(judged({"a": a_stream()}, config))
    assert told.endswith(f": the aliases {names} … match no name in these reports")
    byzantine = {"byz": {"expect": "violation", "invariants": ["agreement"]}, "plain": {}}
    violated = a_stream(failing=dict.fromkeys(range(3), "agreement"))
    assert alias_warnings(judged({"byz=a": violated}, config | {"scenarios": byzantine})) == []
    assert alias_warnings(judged({"plain=a": a_stream()}, config | {"scenarios": byzantine})) == [told]
    assert alias_warnings(judged({"a": a_stream(coverage=None)}, config)) == []
    assert alias_warnings(judged({"a": a_stream()[:500]}, config)) == []


@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ({"profile": "smoke_test"}, True),
        ({"profile": "smoke_test", "fault_point_coverage_min": 0.5}, False),
        ({"profile": "smoke_test", "fault_point_coverage_min": 0}, False),
    ],
)
def test_many_missed_points_are_a_warning_only_where_no_config_says_how_many(
    tmp_path: Path, config: dict[str, Any], warned: bool
) -> None:
    """A scenario that reaches 5 of 8 points does so every time; its bound in the config says so."""
    stream = a_stream(coverage=a_coverage({"sim.network.send": 4, "sim.storage.write": 3, "a": 0, "b": 0}))
    (tmp_path / "a").write_bytes(stream)
    (tmp_path / "gate.yml").write_text(json.dumps(config))
    verdict = checked([str(tmp_path / "a")], config=str(tmp_path / "gate.yml"))
    texts = [warning.text for warning in verdict.warnings]
    assert any(text.startswith("Many fault points missed (3/6).") for text in texts) is warned


@pytest.mark.parametrize(
    "run",
    ["baseline=baseline", "combined=combined", "multi-tenant=multi-tenant", "swizzle=swizzle-ab",
     "view-change-merge=byzantine-view-change-merge", "inflated-commit=check-determinism-byzantine-no-trace"],
)  # fmt: skip
def test_a_healthy_run_of_the_real_simulator_has_no_warning(run: str) -> None:
    """Warnings in every run teach people not to read them."""
    scenario, name = run.split("=")
    verdict = checked([f"{scenario}={REAL / name}.ndjson"], config=str(KIMBERLITE))
    assert (verdict.passed, verdict.warnings) == (True, ())
    assert render_annotations(verdict, fail=True) == []


def test_the_percentage_of_a_stream_rests_on_known_points(judged: Judge) -> None:
    """Listed, critical and declared; without a declared list a warning says what it rests on."""
    declared = ["sim.network.send", "sim.storage.write", "network.drop", "never.hit"]
    verdict = judged({"a": a_stream()}, {"fault_points": declared})
    assert verdict.reports[0].report is not None
    assert verdict.reports[0].report.fault_point_coverage() == 0.75
    assert not [w for w in verdict.warnings if "rests on" in w.text]
    bare = judged({"a": a_stream()})
    assert any("rests on the 3 points" in warning.text for warning in bare.warnings)
    undeclared = judged({"a": a_stream()}, {"fault_points": declared[:2]})
    assert "Fault points that the config does not declare: network.drop" in [w.text for w in undeclared.warnings]


def test_bounds_below_the_profile_are_told(judged: Judge) -> None:
    """A pull request must not quietly loosen its own gate."""
    lowered = judged({"a": a_stream()}).reports[0].lowered
    assert any(text.startswith("fault_point_coverage_min: 0.5 instead of 0.8 (set by ") for text in lowered)
    assert any("min_view_changes: 0 instead of 1" in text for text in lowered)


def test_an_incomplete_run_has_one_line_for_itself_and_one_for_coverage(judged: Judge) -> None:
    """Twenty lines of missing coverage would hide the one that matters."""
    cut = ndjson(*records_of(a_stream(5))[:-3])
    verdict = judged({"a": cut}, {"min_iterations": 5, "required_properties": ["x"]}, on_not_measured="ignore")
    assert verdict.status == "incomplete"
    assert lines(verdict) == [
        "Run incomplete: no batch_complete after 3 of 5 iterations, stopped at seed 3",
        "Coverage not measured: the run did not finish",
    ]


def test_failures_seen_before_a_run_died_are_told_too(judged: Judge) -> None:
    """A crash doesn't hide the bug that was found on the way."""
    cut = ndjson(*records_of(a_stream(5, failing=[1]))[:-2])
    assert lines(judged({"a": cut}))[:2] == [
        "Run incomplete: no batch_complete after 4 of 5 iterations, stopped at seed 4",
        "Invariant 'model_verification' failed on 1 seed: 1",
    ]


def test_a_stream_without_properties_warns_and_passes_unless_asked(judged: Judge) -> None:
    """Before April 2026 the simulator wrote none."""
    verdict = judged({"a": a_stream(era="feb2026")})
    assert verdict.passed
    assert any("carries no properties" in warning.text for warning in verdict.warnings)
    assert not judged({"a": a_stream(era="feb2026")}, {"min_properties": {"sometimes_total": 1}}).passed


def test_iterations_without_any_event_show_nothing(judged: Judge) -> None:
    """A simulation in which nothing happened did not run."""
    idle = ndjson(start(0, 2), ok(0, events=0), ok(1, events=0), ending(2))
    assert lines(judged({"a": idle})) == ["No ok iteration had a single event"]


def test_what_the_simulator_says_of_its_own_coverage_is_passed_on(judged: Judge) -> None:
    """Its own judgement is a warning; ours decides."""
    stream = a_stream() + ndjson(a_record("coverage_failures", {"failures": ["too low"]}))
    verdict = judged({"a": stream})
    assert verdict.passed
    assert "the simulator itself says: too low" in [warning.text for warning in verdict.warnings]
