"""The coverage of a night, judged over all runs of a scenario: whole results and whole findings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.reports import a_report
from tests.support.simulations import a_simulation, simulated
from vopr_coverage.check.flow import Known, Rules
from vopr_coverage.check.terms import Overrides
from vopr_coverage.config.file import parse_config
from vopr_coverage.model.incidence import Incidence, Incidences, Samples
from vopr_coverage.model.known_rates import KnownRates
from vopr_coverage.model.pairs import PairCoverage
from vopr_coverage.model.report import Input, Properties, Run
from vopr_coverage.nightly.findings import Covered, judge_coverage
from vopr_coverage.nightly.plan import SeedRange
from vopr_coverage.nightly.recordings import ReadRun
from vopr_coverage.nightly.run_health import judge_runs
from vopr_coverage.nightly.verdict import Finding

ANY: dict[str, Any] = {"profile": "none", "fault_point_coverage_min": 0.1}
SCHEDULED = "Check that this kind of fault is switched on and really gets scheduled."
REACHES = "Run a scenario that reaches the state which this invariant checks."
LONGER = "Run longer, or choose a scenario in which this phase takes place."


def a_run(
    home: Path,
    name: str = "one",
    figures: str = "hit a\nran x 4\nphase p 9",
    scenario: str | None = "Calm",
    first: int = 0,
    **more: Any,
) -> ReadRun:
    """A run of sixty seeds with these figures, and a stream of which only its bytes matter."""
    (home / name).mkdir()
    (home / name / "stream.ndjson.gz").write_bytes(more.pop("stream", name.encode()))
    seeds = more.pop("seeds", 60)
    figures_of_run: dict[str, Any] = {
        "starting_seed": first,
        "announced": seeds,
        "records": seeds,
        "failed_records": 0,
        "iterations": seeds,
        "ended_early": None,
        "properties": Properties({}),
        "fault_counts": {},
    }
    read = Input(name, "stream", a_report(figures), Run(**figures_of_run | more), scenario=scenario)
    return ReadRun(SeedRange(name, scenario or "Calm", str(first), seeds), name, home / name, present=True, read=read)


def covered(*runs: ReadRun, profile: str | None = None, known: Known = (), **config: Any) -> Covered:
    """These runs, judged by this config."""
    parsed = parse_config(json.dumps(ANY | config), "gate.json")
    return judge_coverage(judge_runs("coverage", runs, parsed), runs, profile, parsed, known)


def a_finding(line: str, what_to_do: str = "", **more: Any) -> Finding:
    """A finding on the coverage of the first run."""
    told: dict[str, Any] = {"job": "coverage", "source": "one", "kind": "coverage", "advice": what_to_do, "line": line}
    return Finding(**told | more)


# ---- what is judged, by what


def test_runs_of_one_scenario_are_judged_together(tmp_path: Path) -> None:
    """By the iterations that were planned of all, and as many reports as can be used; whatever the config asks for."""
    one = a_run(tmp_path)
    two = a_run(tmp_path, "two", "hit b\nmissed c", "CALM", first=60)
    assert one.read is not None
    assert two.read is not None
    assert covered(one, two, min_reports=9) == Covered(
        shown="Calm: 2 of 3 fault points, against 2 bounds of the config",
        findings=(),
        inputs=(one.read, two.read),
        rules=Rules("scenario", Overrides(min_iterations=120, min_reports=2)),
        pairs={"calm": None},
        incidences={"calm": Incidences(Samples(2, 120, shortest=60, longest=60), {"a": 1, "b": 1, "c": 0}, {"x": 1})},
    )


def test_each_scenario_is_judged_by_itself(tmp_path: Path) -> None:
    """With a line for each; the least that was planned of one is the minimum of all."""
    runs = (
        a_run(tmp_path),
        a_run(tmp_path, "two", "hit b", "st\torm", first=60, seeds=90),
        a_run(tmp_path, "three", "hit c", first=200),
        a_run(tmp_path, "four", "hit b", "st\torm", first=300, seeds=20),
    )
    found = covered(*runs)
    assert found.shown == (
        "Calm: 2 of 2 fault points, against 2 bounds of the config; "
        "st\\torm: 1 of 1 fault point, against 2 bounds of the config"
    )
    assert found.rules == Rules("scenario", Overrides(min_iterations=110, min_reports=4))
    assert found.findings == ()
    assert set(found.pairs) == set(found.incidences) == {"calm", "st\torm"}


def test_the_profile_and_the_rates_of_earlier_nights_are_handed_on(tmp_path: Path) -> None:
    """They are part of the rules, by which the doctor judges the same runs again."""
    known: Known = ({"calm": KnownRates("earlier nights", {"a": Incidence(9, 10)})},)
    found = covered(a_run(tmp_path), profile="smoke_test", known=known, fault_point_coverage_min=0.0)
    expected = Overrides(profile="smoke_test", min_iterations=60, min_reports=1)
    assert found.rules == Rules("scenario", expected, known=known)
    assert "against smoke_test + 2 overrides" in found.shown


def test_hits_that_are_known_seed_by_seed_tell_pairs(tmp_path: Path) -> None:
    """By the scenario's name in lower case."""
    run = a_run(tmp_path, seeds=4, first=7)
    read = replace(simulated(*a_simulation(4)), scenario="Calm")
    found = covered(replace(run, read=read))
    assert found.pairs == {"calm": PairCoverage(4, possible=3, met=0, points=("disk.torn_write",), matrix=((4,),))}
    points = {"disk.torn_write": 4, "leader changes": 0, "net.drop": 0}
    assert found.incidences == {"calm": Incidences(Samples(4, 4), points, {"agreement": 4, "durability": 4})}


def test_a_run_without_a_scenario_is_called_by_its_name(tmp_path: Path) -> None:
    """Its pairs and incidences are under no name."""
    found = covered(a_run(tmp_path, scenario=None))
    assert found.shown == "one: 1 of 1 fault point, against 2 bounds of the config"
    assert (found.pairs, set(found.incidences)) == ({"": None}, {""})


# ---- nothing can be judged


def test_runs_that_ran_nothing_or_are_lost_are_left_out(tmp_path: Path) -> None:
    """Each has a finding of its own. What was planned of them counts: the plan knows what is missing."""
    one = a_run(tmp_path)
    nothing = a_run(tmp_path, "two", first=60, records=0, iterations=0)
    lost = replace(a_run(tmp_path, "three", first=120), present=False, read=None)
    found = covered(nothing, one, lost)
    assert found.inputs == (one.read,)
    assert found.rules.overrides == Overrides(min_iterations=180, min_reports=1)
    assert covered(nothing, lost) == Covered("", ())


def test_without_any_run_coverage_is_not_measured() -> None:
    """Silence would be a pass."""
    nothing = a_finding("Coverage not measured: no run can be used", source="")
    assert covered() == Covered("", (nothing,))


def test_coverage_that_cannot_be_judged_says_why(tmp_path: Path) -> None:
    """Copies, or a config that cannot be used: the first line of the error, in printable form."""
    unknown = a_finding("unknown profile 'n\\tope'; known: default, general, nightly, smoke_test", source="")
    assert covered(a_run(tmp_path), profile="n\tope") == Covered("", (unknown,))
    runs = (a_run(tmp_path, "a\nb", stream=b"same"), a_run(tmp_path, "two", first=60, stream=b"same"))
    (finding,) = covered(*runs).findings
    assert finding == a_finding(
        f"{tmp_path}/a\\nb/stream.ndjson.gz and {tmp_path}/two/stream.ndjson.gz are the same, byte for byte", source=""
    )


# ---- shortfalls


def test_what_was_not_reached_is_a_finding_with_its_name(tmp_path: Path) -> None:
    """A fault point is one; a phase has a name only. What is known from before is in the line and in the detail."""
    known: Known = ({"calm": KnownRates("the\tnights", {"c\td": Incidence(3, 100)})},)
    found = covered(
        a_run(tmp_path),
        known=known,
        critical_fault_points=["c\td"],
        required_invariants=["i\tj"],
        min_phase_events={"p": 10},
    )
    assert found.findings == (
        a_finding(
            "Critical fault point 'c\\td' never hit (underpowered: needs about 737 seeds for 99%, had 60)",
            SCHEDULED,
            fault_point="c\td",
            rule="CriticalFaultPointMissed",
            name="c\td",
            detail="reached by 3 of 100 seeds on the\\tnights",
        ),
        a_finding(
            "Required invariant 'i\\tj' never executed",
            REACHES,
            invariant="i\tj",
            rule="InvariantNotExecuted",
            name="i\tj",
        ),
        a_finding("Phase event 'p' too few: 9 (expected >= 10)", LONGER, rule="InsufficientPhaseEvents", name="p"),
    )


@pytest.mark.parametrize(
    ("missing", "told", "name"),
    [
        (("b",), "is b", "b"),
        (("b", "c"), "are b, c", ""),
        (tuple("bcdefghijk"), "are b, c, d, e, f, g, h, i, j, k", ""),
        (tuple("bcdefghijkl"), "are b, c, d, e, f, g, h, i, j, k and 1 more", ""),
    ],
)
def test_a_share_that_is_too_low_names_what_was_missed(
    tmp_path: Path, missing: tuple[str, ...], told: str, name: str
) -> None:
    """Ten of them at most; it is about one point only where one is missing."""
    other = a_run(tmp_path, "two", "hit x", "stormy", first=60)
    run = a_run(tmp_path, figures="\n".join(["hit a", *(f"missed {point}" for point in missing)]))
    (finding,) = covered(other, run, fault_point_coverage_min=1).findings
    share = f"{100 / (1 + len(missing)):.1f}%"
    assert replace(finding, advice="") == a_finding(
        f"Fault point coverage too low: {share} (expected >= 100.0%): never hit {told}",
        rule="FaultPointCoverage",
        name=name,
    )
    assert finding.advice


def test_a_share_without_any_known_point_names_none(tmp_path: Path) -> None:
    """Nothing was missed that anybody knows."""
    (finding,) = covered(a_run(tmp_path, figures="ran x 4")).findings
    assert finding.line == "Fault point coverage too low: 0.0% (expected >= 10.0%)"
    assert finding.name == ""


def test_seeds_that_two_runs_share_are_a_finding_of_coverage(tmp_path: Path) -> None:
    """Of all of run health the only one: each run by itself does not know it."""
    found = covered(a_run(tmp_path, ran_nothing=True), a_run(tmp_path, "two", first=50))
    assert found.findings == (
        a_finding(
            "Seed ranges overlap: one (seeds 0 to 59) and two (seeds 50 to 109) share seeds",
            "Give each shard its own range of seeds: shared seeds are counted twice.",
            source="Calm (2 merged)",
            rule="SeedRangesOverlap",
        ),
    )


def test_a_share_that_was_not_measured_names_none(tmp_path: Path) -> None:
    """A simulator that reports no coverage has none to miss."""
    run = a_run(tmp_path)
    assert run.read is not None
    found = covered(replace(run, read=replace(run.read, report=None)))
    assert found.findings == (
        a_finding(
            "Coverage not measured: the report carries none",
            "Pass the whole output of a run that finished and reports its coverage.",
            rule="CoverageNotMeasured",
        ),
    )
    assert found.shown == "1 violation in coverage"


def test_scenarios_are_told_apart_in_lower_case(tmp_path: Path) -> None:
    """As everywhere else: in capitals these two would be one."""
    found = covered(a_run(tmp_path, scenario="maß"), a_run(tmp_path, "two", scenario="mass", first=60, seeds=90))
    assert found.rules.overrides == Overrides(min_iterations=60, min_reports=2)
    assert list(found.pairs) == ["maß", "mass"]
