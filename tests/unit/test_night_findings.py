"""Double runs, coverage and canaries of a night, as findings: what is told, once, and by which name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.night_folders import CONFIG, a_recorded_run
from tests.support.recordings import a_recording
from tests.support.reports import a_coverage, a_stream
from tests.support.run_pairs import changed
from vopr_coverage.config.file import Config, parse_config
from vopr_coverage.determinism.flow import TWO_PROCESSES
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.findings import Covered, Doubles, judge_coverage, judge_doubles, other_seeds
from vopr_coverage.nightly.plan import CanaryRange, SeedRange, Shard
from vopr_coverage.nightly.recordings import ReadPair, ReadRun, _read_pair, _read_run
from vopr_coverage.nightly.run_health import judge_runs

PAIR = SeedRange("7", "combined", "7", 60)
PLAIN: Config = parse_config(json.dumps(CONFIG), "gate.json")


def later(stream: bytes) -> bytes:
    """The same run, begun at another second."""
    return stream.replace(b"T02:00:00.", b"T02:00:09.")


def a_pair(home: Path, left: bytes | None, right: bytes | None, planned: SeedRange = PAIR, **manifest: Any) -> ReadPair:
    """Two recordings of the planned seeds, read; None: there is no such recording."""
    for side, stream in (("a", left), ("b", right)):
        if stream is not None:
            told = {"exit_code": 1 if b'"status":"failed"' in stream else 0} | manifest
            a_recorded_run(home / planned.name / side, int(planned.seed), planned.iterations, stream, **told)
    return _read_pair(planned, home, PLAIN, ())


def doubles(*pairs: ReadPair) -> Doubles:
    """The pairs, judged."""
    return judge_doubles(pairs, PLAIN)


def told(findings: Any) -> list[tuple[str, str]]:
    """Which findings there are, and of what."""
    return [(finding.kind, finding.source) for finding in findings]


def test_a_lost_run_has_the_command_that_runs_it_again(tmp_path: Path) -> None:
    """Its own, where it left a recording; else that of another run of its part, with the seeds that were planned."""
    shards = [SeedRange(name, "combined", str(seed), 60) for name, seed in (("one", 7), ("two", 67), ("three", 127))]
    a_recorded_run(tmp_path / "two", 67, 60, a_stream(60, first=67)[:4_000], timed_out=True, whole=False)
    runs = [_read_run(shard, shard.name, tmp_path / shard.name, PLAIN, ()) for shard in shards]
    findings = [finding for run in judge_runs("long-run", runs, PLAIN) for finding in run.findings]
    assert told(findings) == [("lost run", name) for name in ("one", "two", "three")]
    commands = [f"vopr --scenario combined --seed {seed} --iterations 60 --json" for seed in (7, 67, 127)]
    assert [finding.repro for finding in findings] == commands
    assert not any(finding.whole_run for finding in findings)
    assert [run.findings[0].repro for run in judge_runs("long-run", runs[:1], PLAIN)] == [""]


# ---- double runs


def test_equal_runs_have_no_finding_and_a_bound(tmp_path: Path) -> None:
    """Seeds of all pairs add up."""
    other = SeedRange("100", "combined", "100", 1)
    one, two = a_stream(60, first=7), a_stream(1, first=100)
    found = doubles(a_pair(tmp_path, one, later(one)), a_pair(tmp_path, two, later(two), other))
    assert (found.findings, found.seeds, found.differing) == ((), 61, 0)
    assert found.at_most == pytest.approx(1 - 0.05 ** (1 / 61))
    assert found.shown == "61 seeds run twice, none differs, so at most 4.79% of all differ (95%)"
    assert [warning.text.partition(" ")[0] for warning in found.warnings] == ["kernel_state_hash"]
    assert [run.name for run in found.runs] == ["7", "100"]


def test_without_a_pair_nothing_is_shown() -> None:
    """It is a finding, and no bound."""
    found = doubles()
    assert [(one.job, one.kind, one.line) for one in found.findings] == [
        ("determinism", "lost run", "nothing was planned for it: no seed ran twice")
    ]
    assert (found.seeds, found.at_most, found.warnings) == (0, None, ())


def test_a_pair_without_one_side_is_lost_and_nothing_is_compared(tmp_path: Path) -> None:
    """Either side; the other is judged by itself."""
    for home, sides in (("l", (None, a_stream(60, first=7))), ("r", (a_stream(60, first=7), None))):
        found = doubles(a_pair(tmp_path / home, *sides))
        assert told(found.findings) == [("lost run", "7/a" if home == "l" else "7/b")]
        assert (found.seeds, found.at_most) == (0, None)


def test_a_seed_that_fails_on_both_sides_is_told_once(tmp_path: Path) -> None:
    """It is the same seed; what else is wrong with the second run is told, too."""
    stream = a_stream(60, first=7, failing={9: "hash_chain"})
    found = doubles(a_pair(tmp_path, stream, later(stream)))
    assert told(found.findings) == [("failing seed", "7/a")]
    assert not any("failed an invariant" in warning.text for warning in found.warnings)
    crashed = doubles(a_pair(tmp_path, stream, later(a_stream(60, first=7))[:4_000]))
    assert ("lost run", "7/b") in told(crashed.findings)


def test_a_seed_that_differs_is_told_with_its_command(tmp_path: Path) -> None:
    """Which of them comes first, and how to replay it; the bound is an interval's end."""
    stream = a_stream(60, first=7)
    other = later(changed(changed(stream, 20, events=99), 30, events=98))
    found = doubles(a_pair(tmp_path, stream, other))
    (finding,) = found.findings
    assert (finding.kind, finding.source, finding.seed) == ("determinism", "7", "20")
    assert finding.repro == "vopr --scenario combined --seed 20 --iterations 1 --json"
    assert (found.seeds, found.differing) == (60, 2)
    assert found.at_most == pytest.approx(0.1136, abs=1e-4)


def test_a_difference_beside_a_failed_seed_is_told_as_well(tmp_path: Path) -> None:
    """What a run has by itself is listed by its run, and not again by the comparison."""
    left = a_stream(60, first=7, lost=[9])
    found = doubles(a_pair(tmp_path, left, later(changed(a_stream(60, first=7, lost=[9]), 20, events=9)), exit_code=1))
    assert told(found.findings) == [("run health", "7/a"), ("run health", "7/b"), ("determinism", "7")]


def test_runs_that_share_no_seed_are_told_beside_their_own_findings(tmp_path: Path) -> None:
    """Nothing compared is never silence."""
    a_recording(tmp_path / "7" / "a", a_stream(60, first=7), seed="7", iterations=60)
    a_recording(tmp_path / "7" / "b", later(a_stream(60, first=500)), seed="500", iterations=60)
    found = doubles(_read_pair(PAIR, tmp_path, PLAIN, ()))
    assert told(found.findings)[-1] == ("determinism", "7")
    assert "no seed in common" in found.findings[-1].line
    assert found.at_most is None


def test_one_run_twice_is_no_comparison(tmp_path: Path) -> None:
    """The problem is told with what to do."""
    stream = a_stream(60, first=7)
    found = doubles(a_pair(tmp_path, stream, stream))
    (finding,) = found.findings
    assert TWO_PROCESSES in finding.line
    assert (finding.kind, finding.source, finding.advice) == ("determinism", "7", advice.TWO_PROCESSES)


@pytest.mark.parametrize(("seeds", "warned"), [(58, True), (59, False)])
def test_few_seeds_are_a_warning(tmp_path: Path, seeds: int, warned: bool) -> None:
    """Up to the number that brings the bound below 5 %."""
    stream = a_stream(seeds, first=7)
    found = doubles(a_pair(tmp_path, stream, later(stream), replace(PAIR, iterations=seeds)))
    texts = [warning.text for warning in found.warnings if "little" in warning.text]
    assert texts == (["58 seeds show little: up to 5.03% of all may differ"] if warned else [])


def test_a_hash_that_never_varies_is_one_warning_for_all_pairs(tmp_path: Path) -> None:
    """The range with the last word says it."""
    pairs = [SeedRange(str(first), "combined", str(first), 60) for first in (7, 100)]
    streams = [a_stream(60, first=int(pair.seed)) for pair in pairs]
    found = doubles(*(a_pair(tmp_path, one, later(one), pair) for one, pair in zip(streams, pairs, strict=True)))
    assert len(found.warnings) == 1


# ---- coverage


def covered(home: Path, config: Config, *streams: bytes | None, count: int = 60) -> Covered:
    """Coverage runs of 60 seeds each, judged; None: there is no such recording."""
    read: list[ReadRun] = []
    for number, stream in enumerate(streams):
        shard = Shard(f"combined-{number}", "combined", number + 1, len(streams), str(number * count), count)
        if stream is not None:
            a_recorded_run(home / shard.name, number * count, count, stream)
        read.append(_read_run(shard, shard.name, home / shard.name, config, ()))
    return judge_coverage(judge_runs("coverage", read, config), read, None, config)


def test_all_runs_of_a_scenario_are_one(tmp_path: Path) -> None:
    """What is shown are the points of both together."""
    first = a_stream(60, coverage=a_coverage(effects={}))
    found = covered(tmp_path, PLAIN, first, a_stream(60, first=60))
    assert found.findings == ()
    assert found.shown == "combined: 3 of 3 fault points, against default + 7 overrides"


@pytest.mark.parametrize(("missing", "more"), [(10, ""), (11, " and 1 more"), (13, " and 3 more")])
def test_points_that_were_never_hit_are_named(tmp_path: Path, missing: int, more: str) -> None:
    """Ten of them, and how many more; the finding is about no single point."""
    names = [f"p{number:02}" for number in range(missing)]
    config = parse_config(json.dumps(CONFIG | {"fault_points": names}), "gate.json")
    (finding,) = covered(tmp_path, config, a_stream(60)).findings
    assert finding.line.endswith(f": never hit are {', '.join(names[:10])}{more}")
    assert (finding.kind, finding.source, finding.fault_point) == ("coverage", "combined-0", None)


def test_a_point_is_named_where_the_finding_is_about_one(tmp_path: Path) -> None:
    """A phase is none, and neither is a property."""
    asked = {"critical_fault_points": ["crash"], "min_phase_events": {"storage.fsync_complete": 99}}
    config = parse_config(json.dumps(CONFIG | asked), "gate.json")
    findings = covered(tmp_path, config, a_stream(60)).findings
    assert [finding.fault_point for finding in findings] == ["crash", None]
    assert all(finding.advice for finding in findings)


def test_coverage_needs_a_run_that_can_be_used(tmp_path: Path) -> None:
    """A lost run has a finding of its own; without any finding there would be silence."""
    assert covered(tmp_path, PLAIN, None) == Covered("", ())
    nothing = judge_coverage([], [], None, PLAIN)
    assert [finding.line for finding in nothing.findings] == ["Coverage not measured: no run can be used"]
    one_left = covered(tmp_path / "more", PLAIN, None, a_stream(60, first=60))
    assert one_left.shown.startswith("combined: 3 of 3 fault points")


def test_a_run_without_iterations_is_not_counted_in(tmp_path: Path) -> None:
    """It has nothing to add, and its own finding."""
    empty = a_stream(0, first=0)
    found = covered(tmp_path, PLAIN, empty, a_stream(60, first=60))
    assert found.findings == ()


def test_copies_are_refused(tmp_path: Path) -> None:
    """They would count every seed twice."""
    (finding,) = covered(tmp_path, PLAIN, a_stream(60), a_stream(60)).findings
    assert "are the same, byte for byte" in finding.line


def test_the_health_of_a_run_is_not_told_again(tmp_path: Path) -> None:
    """A failed seed is a finding of its run; shared seeds are one of coverage."""
    found = covered(tmp_path, PLAIN, a_stream(60, failing=[3]))
    assert found.findings == ()
    overlapping = covered(tmp_path / "o", PLAIN, a_stream(60), later(a_stream(60)))
    assert [finding.line.partition(":")[0] for finding in overlapping.findings] == ["Seed ranges overlap"]


# ---- canaries on other seeds


@pytest.mark.parametrize(
    ("seed", "iterations", "line"),
    [
        (100, 60, None),
        (101, 60, "bug ran 60 iterations from seed 101, planned were 60 from 100"),
        (100, 1, "bug ran 1 iteration from seed 100, planned were 60 from 100"),
    ],
)
def test_a_canary_that_ran_other_seeds_is_told(tmp_path: Path, seed: int, iterations: int, line: str | None) -> None:
    """Its seeds or their number; the control run has been judged by its plan."""
    planned = [CanaryRange(name, "combined", "100", 60) for name in ("control", "absent", "broken", "bug")]
    a_recorded_run(tmp_path / "control", 3, 9)
    a_recorded_run(tmp_path / "bug", seed, iterations)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    found = list(other_seeds(planned, tmp_path))
    assert [finding.line for finding in found] == ([line] if line else [])
    assert {(finding.source, finding.advice) for finding in found} <= {("bug", advice.OTHER_SEEDS)}
