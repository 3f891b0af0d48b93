"""Units of reports to judgements: what requires nothing, what shows nothing, and what an excuse covers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.recordings import a_manifest
from tests.support.reports import a_flat_report, a_report, a_stream, ndjson, ok, records_of, requiring, start
from tests.support.streams import reading
from vopr_coverage.base.compare import Before
from vopr_coverage.base.gate import Limit
from vopr_coverage.check.judge import Judgement, judge, judge_health
from vopr_coverage.check.merge import Unit, as_unit
from vopr_coverage.check.terms import Terms
from vopr_coverage.errors import UsageError
from vopr_coverage.gates.failing_seeds import Expectation
from vopr_coverage.model.manifest import recording_from_json
from vopr_coverage.model.report import FailureGroup, Input, Run
from vopr_coverage.model.thresholds import Bound
from vopr_coverage.reading.formats import read_document

EXPECT = Expectation(("x",), 0.5, "gate.yml:3")
CUT = ndjson(*records_of(a_stream(5))[:-3])


def terms(expect: Expectation | None = None, excuses: dict[str, str] | None = None, **bounds: Any) -> Terms:
    """Terms that require just this."""
    return Terms(
        bounds=requiring(**bounds),
        profile="default",
        words="the test's",
        on_not_measured=excuses or {},
        repro="sim {scenario} {seed}",
        expect=expect,
    )


def a_unit(*inputs: Input, scenario: str | None = None) -> Unit:
    """The inputs as one unit, named `unit`."""
    return as_unit("unit", scenario, inputs)


def stream(data: bytes = b"", name: str = "a.ndjson") -> Input:
    """A stream as read, healthy if no other is given."""
    read = reading(data or a_stream())
    return Input(name, "stream", read.report, read.run, warnings=read.warnings, listed_only=True)


def told(judgement: Judgement) -> list[tuple[str, str, str]]:
    """Where, which gate, and the line of each violation."""
    return [(violation.source, violation.gate, violation.line) for violation in judgement.violations]


# ---- what requires nothing


@pytest.mark.parametrize(
    "bounds",
    [
        {},
        {"fault_point_coverage_min": 0.0, "min_repairs": 0},
        {"min_phase_events": {"vsr.commit": 0}, "min_properties": {"always_evaluated": 0}},
        {"critical_fault_points": [], "required_properties": []},
    ],
)
def test_terms_that_require_nothing_are_refused(bounds: dict[str, Any]) -> None:
    """Every run would pass them. Where a violation is expected, that is required."""
    with pytest.raises(UsageError, match="the thresholds for unit require nothing: every run would pass them"):
        judge(a_unit(stream()), terms(**bounds))
    caught = stream(a_stream(2, failing={0: "x", 1: "x"}))
    assert judge(a_unit(caught), terms(EXPECT, **bounds)).violations == ()


def test_run_health_alone_needs_no_thresholds() -> None:
    """It requires what it always does."""
    assert judge_health(a_unit(stream()), terms()).violations == ()


# ---- iterations of merged runs


@pytest.mark.parametrize(("least", "passes"), [(0, True), (5, True), (6, True), (7, False)])
def test_iterations_are_asked_of_merged_runs_together(least: int, passes: bool) -> None:
    """A shard is as short as somebody made it; the violation is about all of them, once."""
    unit = a_unit(stream(a_stream(3)), stream(a_stream(3, first=3), "b.ndjson"))
    for judging in (judge, judge_health):
        judgement = judging(unit, terms(min_iterations=least, min_phase_events={"storage.fsync_complete": 1}))
        line = f"Too few iterations: 6 (expected >= {least})"
        assert told(judgement) == ([] if passes else [("unit", "iterations", line)])
        rows = [row for read in judgement.report.inputs for row in read.gates if row.gate == "iterations"]
        assert [row.status for row in rows] == ["passed" if passes else "failed"] * 2
        assert [row.required for row in rows] == [f"≥ {least} in all, 6 ran" if least else "≥ 1"] * 2


def test_a_shard_that_ran_nothing_is_no_part_of_a_sum() -> None:
    """However many the others ran; and a run that broke off leaves the sum unknown."""
    unit = a_unit(stream(a_stream(3)), stream(a_stream(0, first=3), "b.ndjson"))
    assert ("b.ndjson", "iterations", "No iterations ran (expected >= 1)") in told(judge(unit, terms(min_iterations=3)))
    cut = b"".join(a_stream(3, first=3).splitlines(keepends=True)[:3])
    judgement = judge(a_unit(stream(a_stream(3)), stream(cut, "b.ndjson")), terms(min_iterations=9))
    assert [gate for _, gate, _ in told(judgement)] == ["run-complete"]


# ---- what shows nothing


def test_a_report_that_no_gate_says_anything_of_shows_nothing() -> None:
    """Iterations are no coverage; one passed gate is."""
    alone = judge(a_unit(stream()), terms(min_iterations=1))
    assert told(alone) == [("unit", "coverage", "No coverage gate passed: this report shows nothing")]
    assert alone.report.status == "failed"
    assert judge(a_unit(stream()), terms(min_phase_events={"storage.fsync_complete": 1})).violations == ()


def test_excused_figures_do_not_pass_and_are_told_where_they_should_be() -> None:
    """`warn` warns, `ignore` is silent, and both say so in their row; `fail` and a gate that is not named fail."""
    asked: dict[str, Any] = {"min_repairs": 2, "min_phase_events": {"storage.fsync_complete": 1}}
    line = "Insufficient repairs: not measured (expected >= 2)"
    for policy, violations, warned in (("fail", [line], False), ("warn", [], True), ("ignore", [], False)):
        judgement = judge(a_unit(stream()), terms(None, {"repairs": policy, "view-changes": "warn"}, **asked))
        assert [violation.line for violation in judgement.violations] == violations
        assert (line in [warning.text for warning in judgement.warnings]) == warned
        row = next(gate for gate in judgement.report.gates if gate.gate == "repairs")
        assert row.note == ("" if policy == "fail" else f"excused: on_not_measured is {policy}")
    nothing = judge(a_unit(stream()), terms(None, {"repairs": "ignore"}, min_repairs=2))
    assert [violation.kind for violation in nothing.violations] == ["NothingShown"]


def test_a_failed_gate_is_not_excused() -> None:
    """What was measured and is too little fails, whatever the policy."""
    report = read_document([a_flat_report(repairs=1)], "r.json")
    judgement = judge(a_unit(report), terms(None, {"repairs": "ignore"}, min_repairs=2, min_view_changes=1))
    assert told(judgement) == [("unit", "repairs", "Insufficient repairs: 1 (expected >= 2)")]


@pytest.mark.parametrize(
    ("data", "status", "why"),
    [(a_stream(coverage=None), "failed", "the report carries none"), (CUT, "incomplete", "the run did not finish")],
)
def test_coverage_that_is_absent_is_told_once(data: bytes, status: str, why: str) -> None:
    """For all gates together, and no excuse covers it; a cut run says that it was cut."""
    excuses = dict.fromkeys(("repairs", "view-changes"), "ignore")
    judgement = judge(a_unit(stream(data)), terms(None, excuses, min_repairs=1, min_view_changes=1))
    assert ("unit", "coverage", f"Coverage not measured: {why}") in told(judgement)
    assert judgement.report.status == status
    assert [violation.gate for violation in judgement.violations].count("coverage") == 1


def test_a_document_without_coverage_carries_none() -> None:
    """It has no run that could have ended early."""
    judgement = judge(a_unit(Input("w.json", "wrapped", None)), terms(min_repairs=1))
    assert told(judgement) == [("unit", "coverage", "Coverage not measured: the report carries none")]


def test_one_cut_shard_makes_the_merged_coverage_absent() -> None:
    """Its part of the figures is not known, so neither is the sum."""
    other = Input("b.ndjson", "stream", None, reading(start(3, 3), ok(3)).run, listed_only=True)
    judgement = judge(a_unit(stream(), other), terms(min_phase_events={"storage.fsync_complete": 1}))
    assert ("unit", "coverage", "Coverage not measured: the run did not finish") in told(judgement)
    assert judgement.report.status == "incomplete"


def test_an_expected_violation_that_was_caught_shows_something() -> None:
    """It needs no coverage; a run in which nothing was caught fails by that alone."""
    caught = judge(a_unit(stream(a_stream(2, failing={0: "x", 1: "x"}))), terms(EXPECT))
    assert (caught.violations, caught.report.lowered) == ((), ())
    uncovered = stream(a_stream(2, failing={0: "x", 1: "x"}, coverage=None))
    assert judge(a_unit(uncovered), terms(EXPECT)).violations == ()
    missed = judge(a_unit(stream()), terms(EXPECT))
    assert [violation.kind for violation in missed.violations] == ["ExpectedViolationMissed"]


def test_health_of_a_report_without_runs_shows_nothing() -> None:
    """Nor does that of one flat report among streams."""
    flat = Input("r.json", "report", a_report("hit a"))
    line = "No run records: nothing shows that a run was healthy"
    assert told(judge_health(a_unit(flat), terms())) == [("unit", "coverage", line)]
    assert told(judge_health(a_unit(stream(), flat), terms())) == [("unit", "coverage", line)]
    cut = judge_health(a_unit(stream(CUT)), terms())
    assert [violation.kind for violation in cut.violations] == ["RunIncomplete"]
    assert cut.report.gates == ()


# ---- what is told of whom


def test_run_health_comes_first_and_overlaps_last_of_it() -> None:
    """Each violation names its input or the merged unit; warnings of the reader come along."""
    broken, second = stream(a_stream(3, failing=[1])), stream(a_stream(3, first=2), "b.ndjson")
    second = Input("b.ndjson", "stream", second.report, second.run, warnings=("odd",), listed_only=True)
    judgement = judge(a_unit(broken, second), terms(required_invariants=["absent"]))
    assert told(judgement) == [
        ("a.ndjson", "failures", "Invariant 'model_verification' failed on 1 seed: 1"),
        ("unit", "required-invariants", "Required invariant 'absent' never executed"),
        (
            "unit",
            "seed-ranges",
            "Seed ranges overlap: a.ndjson (seeds 0 to 2) and b.ndjson (seeds 2 to 4) share seeds",
        ),
    ]
    assert ("b.ndjson", "odd") in [(warning.source, warning.text) for warning in judgement.remarks]
    assert [(read.source, read.first_seed, read.iterations) for read in judgement.report.inputs] == [
        ("a.ndjson", "0", 3),
        ("b.ndjson", "2", 3),
    ]


def test_a_single_input_is_not_compared_with_itself() -> None:
    """Only merged runs can share seeds."""
    judgement = judge(a_unit(stream()), terms(min_phase_events={"storage.fsync_complete": 1}))
    assert [violation.gate for violation in judgement.violations] == []


def test_failures_are_listed_with_a_command_that_replays_the_first_seed() -> None:
    """Expected ones are marked as such; a report without runs has none."""
    run = Run(0, 3, 3, 3, 3, None, failures=(FailureGroup("x", 2, "m", (0, 1)), FailureGroup("y", 1, "n", (2,))))
    read = Input("a", "stream", a_report("hit a"), run, "byz")
    expected, other = judge(a_unit(read, scenario="byz"), terms(EXPECT)).failures
    assert (expected.invariant, expected.expected, expected.seeds, expected.repro) == (
        "x",
        True,
        ("0", "1"),
        "sim byz 0",
    )
    assert (other.invariant, other.expected, other.fill_in, other.whole_run) == ("y", False, False, False)
    assert not any(failure.expected for failure in judge(a_unit(read), terms(min_repairs=1)).failures)
    flat = Input("r.json", "report", a_report("hit a"))
    assert judge(a_unit(flat), terms(fault_point_coverage_min=0.5)).failures == ()


def test_flat_reports_have_no_seeds_and_count_as_whole() -> None:
    """There is nothing in them that could be incomplete."""
    flat = Input("r.json", "report", a_report("hit a"))
    (seen,) = judge(a_unit(flat), terms(fault_point_coverage_min=0.5)).report.inputs
    assert (seen.complete, seen.iterations, seen.first_seed, seen.commit) == (True, None, None, None)


def test_runs_say_whether_they_are_complete_and_which_commit_was_recorded() -> None:
    """A recording has its own command; one without a seed in it can only be run again as a whole."""
    whole, cut = (judge(a_unit(stream(data)), terms(min_repairs=1)).report.inputs[0] for data in (a_stream(), CUT))
    assert (whole.complete, cut.complete) == (True, False)
    read = stream(a_stream(failing=[1]))
    for command, whole_run in ((["vopr", "--seed", "{seed}"], False), (["vopr", "--all"], True)):
        manifest = a_manifest(command=command, commit="0123abc", commit_source="git")
        recording = recording_from_json(json.dumps(manifest).encode(), "manifest.json")
        recorded = Input(read.source, read.format, read.report, read.run, recording=recording)
        own = judge(a_unit(recorded), terms(min_repairs=1))
        assert [failure.whole_run for failure in own.failures] == [False]  # the config's command takes a seed
        judgement = judge(a_unit(recorded), replace(terms(min_repairs=1), repro=None))
        assert judgement.report.inputs[0].commit == "0123abc"
        assert [failure.whole_run for failure in judgement.failures] == [whole_run]


def test_many_missed_points_are_remarked_on_where_no_config_sets_how_many() -> None:
    """A config that sets a minimum has said so; without a minimum, what was missed was not asked for."""
    missed = a_report("hit a\n" + "\n".join(f"missed m{number}" for number in range(9)))
    unit = a_unit(Input("r.json", "report", missed))
    asked = terms(fault_point_coverage_min=0.1)
    assert not judge(unit, asked).remarks
    by_profile = replace(asked.bounds, fault_point_coverage_min=Bound(0.1, "profile default"))
    told_of = judge(unit, replace(asked, bounds=by_profile)).remarks
    assert [warning.source for warning in told_of if "Many fault points missed (9/10)" in warning.text] == ["unit"]
    assert not judge(unit, terms(critical_fault_points=["a"])).remarks


def test_without_a_base_nothing_is_compared() -> None:
    """A counterpart that is missing makes no change, and without a limit no gate."""
    bounds: dict[str, Any] = {"min_phase_events": {"storage.fsync_complete": 1}}
    for before in (None, Before(), Before(missing="no base yet")):
        judgement = judge(a_unit(stream()), terms(**bounds), before)
        assert (judgement.report.change, judgement.violations) == (None, ())
        assert "regression" not in [gate.gate for gate in judgement.report.gates]


def test_a_counterpart_is_compared_with_and_a_limit_is_a_gate() -> None:
    """What the base hit and this report did not is lost; without a limit that fails nothing."""
    bounds: dict[str, Any] = {"fault_point_coverage_min": 0.1}
    base = judge(a_unit(Input("r.json", "report", a_report("hit a\nhit b"))), terms(**bounds)).report
    now = a_unit(Input("r.json", "report", a_report("hit a\nmissed b")))
    seen = judge(now, terms(**bounds), Before(base))
    assert seen.report.change is not None
    assert (seen.report.change.lost_points, seen.violations) == (("b",), ())
    limited = judge(
        now, replace(terms(**bounds), limit=Limit(points=0, lost=0, origin="--max-regression")), Before(base)
    )
    assert {violation.gate for violation in limited.violations} == {"regression"}


# ---- many runs


class Counted(tuple[Input, ...]):
    """Runs that count how often somebody goes through all of them."""

    __slots__ = ()
    passes = 0

    def __iter__(self) -> Iterator[Input]:
        """Count, and go through them."""
        Counted.passes += 1
        return super().__iter__()


@pytest.mark.parametrize("many", [2, 40])
def test_the_work_on_merged_runs_grows_with_their_number_alone(many: int) -> None:
    """However many there are, each is looked at as often as if there were two."""
    runs = [stream(a_stream(3, first=3 * number), f"{number}.ndjson") for number in range(many)]
    unit = replace(a_unit(*runs), inputs=Counted(runs))
    Counted.passes = 0
    judge(unit, terms(min_iterations=1))
    assert Counted.passes <= 20
