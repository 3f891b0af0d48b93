"""Canaries with a scenario or iterations of their own: planned beside a control run of that scenario, and judged so."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.night_folders import BASE, a_plan, a_recorded_run
from tests.support.recordings import a_recording
from tests.support.reports import a_stream
from tests.support.run_pairs import changed
from tests.support.tracked_issues import a_red_night
from vopr_coverage.canaries.controls import ControlRun, control_of, refuse_unclear, why_no_control
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.folder import canary_run, read_run
from vopr_coverage.canaries.judge import ADVICE, CanaryEnding, CanaryRun, judge_canaries
from vopr_coverage.config.file import parse_config
from vopr_coverage.determinism.canary_seeds import with_reasons
from vopr_coverage.errors import ConfigError, UsageError
from vopr_coverage.formats.schema import problems
from vopr_coverage.model.report import Input
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.findings import other_seeds
from vopr_coverage.nightly.plan import CanaryRange, NightPlan, plan_from_json
from vopr_coverage.nightly.planner import plan_night
from vopr_coverage.nightly.verdict import Work
from vopr_coverage.nightly.wish import Asked, Wish, own_work
from vopr_coverage.render.canaries import render_canaries_markdown, render_canaries_text
from vopr_coverage.trends.of_night import records_of

USUAL = Asked("combined", 1_000)
RATES = {"combined": 10.0, "swizzle": 100.0, "gray": 1.0}


def planned(declared: dict[str, Detector], minutes: float = 60, usual: Asked = USUAL) -> NightPlan:
    """A night with these canaries."""
    crashes = {name: detector.crash for name, detector in declared.items() if detector.crash}
    wish = Wish((usual,), canary=usual, canaries=tuple(declared), own=own_work(declared, usual), crashes=crashes)
    return plan_night(wish, RATES, 1, minutes)


def rows(plan: NightPlan) -> list[tuple[str, str, int, str]]:
    """The matrix of the canaries, without seeds."""
    return [(run.name, run.scenario, run.iterations, run.build) for run in plan.canary.include]


HASH = Detector(("hash_chain",))


def own(scenario: str | None, iterations: int | None, **more: object) -> Detector:
    """A canary with something of its own."""
    return Detector(**{"invariants": ("x",), "scenario": scenario, "iterations": iterations, **more})  # type: ignore[arg-type]


# ---- planned


def test_canaries_without_their_own_are_planned_as_before() -> None:
    """One control run, and all of them the same seeds and iterations."""
    plan = planned({"a": HASH, "b": HASH})
    assert rows(plan) == [
        ("control", "combined", 1_000, "control"), ("a", "combined", 1_000, "a"), ("b", "combined", 1_000, "b"),
    ]  # fmt: skip
    assert len({run.seed for run in plan.canary.include}) == 1


def test_a_scenario_of_its_own_has_a_control_run() -> None:
    """As long as its longest canary, from the same seed on; seeds of two scenarios are disjoint."""
    plan = planned({"a": HASH, "b": own("swizzle", 5_000), "c": own("Swizzle", None), "d": own("gray", 7)})
    assert rows(plan) == [
        ("control", "combined", 1_000, "control"),
        ("a", "combined", 1_000, "a"),
        ("control-swizzle", "swizzle", 5_000, "control"),
        ("b", "swizzle", 5_000, "b"),
        ("c", "swizzle", 1_000, "c"),
        ("control-gray", "gray", 7, "control"),
        ("d", "gray", 7, "d"),
    ]
    seeds = {name: int(run.seed) for run in plan.canary.include for name in [run.name]}
    assert seeds["control-swizzle"] == seeds["b"] == seeds["c"] == seeds["control"] + 1_000
    assert seeds["control-gray"] == seeds["d"] == seeds["b"] + 5_000
    assert [run.name for run in plan.canary.controls] == ["control", "control-swizzle", "control-gray"]
    work = [(each.scenario, each.jobs, each.asked, each.planned, each.rate) for each in plan.work][1:]
    assert work == [
        ("combined", 2, 2_000, 2_000, 10.0),
        ("swizzle", 3, 11_000, 11_000, 100.0),
        ("gray", 2, 14, 14, 1.0),
    ]
    assert plan_from_json(plan.to_json().encode(), "plan.json") == plan


def test_more_iterations_of_the_usual_scenario_lengthen_its_control_run() -> None:
    """The other canaries run no more than before."""
    plan = planned({"a": HASH, "b": own(None, 3_000)})
    assert [run[2] for run in rows(plan)] == [3_000, 1_000, 3_000]


def test_a_scenario_that_no_canary_runs_has_no_control_run() -> None:
    """Nor needs it a rate."""
    plan = planned({"a": own("swizzle", 9)}, usual=Asked("combined", 1_000))
    assert [run[0] for run in rows(plan)] == ["control-swizzle", "a"]
    wish = Wish((Asked("gray", 1),), canary=Asked("new", 5), canaries=("a",), own={"a": Asked("gray", 2)})
    assert [run.name for run in plan_night(wish, RATES, 1, 9).canary.include] == ["control-gray", "a"]


def test_a_canary_that_a_missing_fault_point_detects_is_as_long_as_its_control_run() -> None:
    """With fewer iterations the absence shows nothing, so it would never be detected."""
    drop = Detector(fault_points=("network.drop",), iterations=10)
    assert own_work({"a": drop, "b": own(None, 3_000)}, USUAL) == {
        "a": Asked("combined", 3_000), "b": Asked("combined", 3_000),
    }  # fmt: skip
    assert own_work({"a": drop, "b": HASH}, USUAL) == {}


def test_what_does_not_fit_is_cut_for_control_and_canaries_alike() -> None:
    """With a remark that names the scenario."""
    plan = planned({"a": own("gray", 10_000), "b": own("gray", 5)}, minutes=1)
    assert [run[2] for run in rows(plan)] == [48, 48, 5]
    assert [remark for remark in plan.remarks if remark.startswith("canary gray: 48 of 10,000 iterations fit into")]


def test_the_words_of_a_declared_crash_are_in_the_plan() -> None:
    """`record` compares them; control runs have none."""
    plan = planned({"a": Detector(crash="no quorum"), "b": HASH})
    assert [run.crash for run in plan.canary.include] == ["", "no quorum", ""]


def test_two_runs_never_share_a_folder() -> None:
    """A canary may be called like the control run of another's scenario."""
    with pytest.raises(UsageError, match="would share a folder"):
        planned({"control-swizzle": HASH, "b": own("swizzle", 5)})


def test_control_runs_count_among_the_jobs() -> None:
    """256 in all."""
    many: dict[str, Detector] = {f"c{n}": HASH for n in range(253)}
    assert len(planned({**many, "own": own("swizzle", 5)}).canary.include) == 256
    with pytest.raises(UsageError, match="canaries: expected at most 254 in a night"):
        planned({**many, "more": HASH, "own": own("swizzle", 5)})


@pytest.mark.parametrize(("scenario", "told"), [("new", "has no rate"), ("", "expected a printable name")])
def test_a_scenario_that_cannot_run_is_refused(scenario: str, told: str) -> None:
    """As for the usual one."""
    wish = Wish((USUAL,), canary=USUAL, canaries=("a",), own={"a": Asked(scenario, 5)})
    with pytest.raises(UsageError, match=told):
        plan_night(wish, RATES, 1, 60)


def test_an_older_plan_is_read() -> None:
    """Its rows have no build: that of a run is its name."""
    document = json.loads(a_plan().to_json())
    for row in document["canary"]["include"]:
        del row["build"], row["crash"]
    plan = plan_from_json(json.dumps(document).encode(), "plan.json")
    assert [(run.name, run.is_control) for run in plan.canary.include] == [
        ("control", True), ("canary-skip-fsync", False),
    ]  # fmt: skip


# ---- the config


def test_a_config_names_scenario_and_iterations() -> None:
    """Either, both or none."""
    text = "scenarios: {Gray: {}}\ncanaries:\n  a: {determinism: true, scenario: gray, iterations: 40}\n"
    assert parse_config(text, "c").canaries["a"] == Detector(determinism=True, scenario="gray", iterations=40)


@pytest.mark.parametrize(
    ("canary", "told"),
    [
        ("{determinism: true, scenario: gary}", "c:3: canary 'a': scenario 'gary' is not in c; did you mean 'gray'"),
        ("{scenario: gray, iterations: 5}", "c:3: canary 'a': expected what detects it, found none"),
        ("{determinism: true, iterations: 0}", "c:3#/canaries/a/iterations: expected an integer from 1 to 2^40"),
        ("{determinism: true, scenario: ''}", "expected a scenario's name of 1 to 200 characters"),
    ],
)
def test_a_canary_that_cannot_run_is_refused(canary: str, told: str) -> None:
    """With its line."""
    with pytest.raises(ConfigError) as refused:
        parse_config(f"scenarios: {{gray: {{}}}}\ncanaries:\n  a: {canary}\n", "c")
    assert told in str(refused.value)


# ---- judged


def a_run(home: Path, name: str, stream: bytes, scenario: str, **manifest: object) -> str:
    """A recording."""
    a_recording(home / name, stream, seed="0", iterations=20, scenario=scenario, **manifest)
    return str(home / name)


def controls(home: Path, **streams: bytes) -> list[ControlRun]:
    """A control run of each scenario."""
    paths = {name: a_run(home, f"control-{name}", stream, name) for name, stream in streams.items()}
    return [ControlRun(read_run(path), path) for path in paths.values()]


def test_a_canary_is_compared_with_the_control_run_of_its_scenario(tmp_path: Path) -> None:
    """Its seeds are those of `gray`, and differ from all of `combined`."""
    gray = a_stream(20)
    for seed in range(20):
        gray = changed(gray, seed, events=99)
    green = controls(tmp_path, combined=a_stream(20), gray=gray)
    a_run(tmp_path, "one", gray, "Gray")
    a_run(tmp_path, "two", gray, "combined")
    runs = [canary_run(name, tmp_path / name) for name in ("one", "two")]
    declared = {"one": HASH, "two": HASH}
    verdict = with_reasons(judge_canaries(green, runs, declared, "1.0"), declared, green, runs)
    assert [(result.scenario, result.differing) for result in verdict.results] == [("Gray", 0), ("combined", 20)]
    text = render_canaries_text(verdict)
    assert "❌ one in Gray: not detected" in text
    controls_told = (
        "Control: control-combined (combined), nothing failed\nControl: control-gray (gray), nothing failed\n"
    )
    assert text.endswith(f"\n{controls_told}\n❌ Canaries FAILED: {verdict.reason}\n")
    assert "in <code>Gray</code>" in render_canaries_markdown(verdict)
    assert problems("canaries", json.loads(verdict.to_json())) == []


def test_a_missing_fault_point_is_one_of_the_same_scenario(tmp_path: Path) -> None:
    """In `gray` nothing is dropped, with or without the bug."""
    green = controls(tmp_path, combined=a_stream(20), gray=a_stream(20, coverage=None))
    a_run(tmp_path, "one", a_stream(20, coverage=None), "gray")
    detector = Detector(fault_points=("sim.network.send",))
    (result,) = judge_canaries(green, [canary_run("one", tmp_path / "one")], {"one": detector}, "1.0").results
    assert (result.ending, result.detail) == (
        CanaryEnding.NOT_MEASURED, "the control run doesn't hit the fault point either",
    )  # fmt: skip


def test_a_canary_without_a_control_run_says_so(tmp_path: Path) -> None:
    """Although its own invariant failed: nothing shows that it would not fail without the bug."""
    a_run(tmp_path, "one", a_stream(20, failing={3: "hash_chain"}), "gray")
    run = canary_run("one", tmp_path / "one")
    verdict = judge_canaries(controls(tmp_path, combined=a_stream(20)), [run], {"one": HASH}, "1.0")
    (result,) = verdict.results
    assert (verdict.passed, result.ending) == (False, CanaryEnding.NO_CONTROL)
    assert result.detail == "there is no control run of scenario 'gray', only of 'combined'"
    assert result.advice == ADVICE[CanaryEnding.NO_CONTROL]
    assert problems("canaries", json.loads(verdict.to_json())) == []


def test_a_run_that_broke_off_needs_no_control_run_to_be_broken(tmp_path: Path) -> None:
    """What ended it is told, and not what it lacks besides."""
    a_run(tmp_path, "one", a_stream(20)[:3_000], "gray", exit_code=101, whole=False)
    verdict = judge_canaries(
        controls(tmp_path, combined=a_stream(20)), [canary_run("one", tmp_path / "one")], {"one": HASH}, "1.0"
    )
    assert verdict.results[0].ending is CanaryEnding.CRASHED


def test_one_red_control_run_of_two_is_named_with_its_scenario(tmp_path: Path) -> None:
    """The verdict fails; canaries of the other are still explained."""
    green = controls(tmp_path, combined=a_stream(20), gray=a_stream(20, failing=[3]))
    a_run(tmp_path, "one", a_stream(20), "combined")
    a_run(tmp_path, "two", a_stream(20), "gray")
    runs, declared = [canary_run(name, tmp_path / name) for name in ("one", "two")], {"one": HASH, "two": HASH}
    verdict = with_reasons(judge_canaries(green, runs, declared, "1.0"), declared, green, runs)
    assert verdict.reason == "1 of 2 control runs not green, so that nothing shows what their canaries do"
    assert verdict.control_problems == ("of gray: invariant model_verification failed on 1 seed",)
    assert [bool(result.why) for result in verdict.results] == [True, False]
    assert "Control: control-gray (gray) is not green\n  - invariant" in render_canaries_text(verdict)
    assert "Not every control run is green" in render_canaries_markdown(verdict)


def an_input(scenario: str | None) -> ControlRun:
    """A control run of which only the scenario matters."""
    return ControlRun(Input("run", "stream", None, scenario=scenario))


@pytest.mark.parametrize(
    ("scenario", "of", "found"),
    [
        ("gray", ["combined", "Gray"], 1),
        ("gray", ["combined"], None),
        (None, ["combined"], 0),
        ("gray", [None], 0),
        (None, [None], 0),
        (None, ["combined", "gray"], None),
        ("gray", [], None),
    ],
)
def test_which_control_run_is_meant(scenario: str | None, of: list[str | None], found: int | None) -> None:
    """The one of that scenario; the only one, if a name is unknown."""
    runs = [an_input(name) for name in of]
    assert control_of(scenario, runs) is (None if found is None else runs[found])


def test_an_unknown_scenario_beside_several_control_runs_is_told() -> None:
    """And so is a lack of control runs."""
    assert why_no_control(None, [an_input("a"), an_input("b")]) == (
        "its scenario is unknown, and there are control runs of 'a', 'b'"
    )
    assert why_no_control("a", []) == "there is no control run that could be used"


@pytest.mark.parametrize(
    ("of", "told"),
    [(["a", None], "with several, name the scenario of each"), (["a", "A"], "expected one of each scenario")],
)
def test_control_runs_that_cannot_be_told_apart_are_refused(of: list[str | None], told: str) -> None:
    """A canary would be compared with one of them by chance."""
    with pytest.raises(UsageError, match=told):
        refuse_unclear([an_input(name) for name in of])
    refuse_unclear([an_input(None)])


def test_a_stream_runs_what_the_config_says() -> None:
    """Unless it is known what ran."""
    run, detector = Input("run", "stream", None), Detector(scenario="gray")
    assert CanaryRun("a", run).scenario(detector) == "gray"
    assert CanaryRun("a", Input("run", "stream", None, scenario="swizzle")).scenario(detector) == "swizzle"
    assert CanaryRun("a").scenario(HASH) is None


# ---- in a night


def test_a_canary_of_another_scenario_than_planned_is_told(tmp_path: Path) -> None:
    """By seeds alone it would be the right one."""
    a_recorded_run(tmp_path / "bug", BASE, 5, scenario="gray")
    (finding,) = other_seeds([CanaryRange("bug", "combined", str(BASE), 5, "bug")], tmp_path)
    assert (finding.line, finding.advice) == ("it is of scenario gray, planned was combined", advice.OTHER_SEEDS)


def test_the_history_counts_canaries_once(tmp_path: Path) -> None:
    """Detected and declared are of all of them, so a second scenario must not repeat them."""
    work = tuple(Work("canary", scenario, 40, 40, 40, 2) for scenario in ("combined", "gray"))
    night = a_red_night(1, work=work, detected=2, declared=3)
    records = records_of(night, datetime(2026, 11, 26, tzinfo=UTC))
    assert [(record.scenario, record.detected, record.declared) for record in records] == [
        ("combined", 2, 3), ("gray", None, None),
    ]  # fmt: skip
