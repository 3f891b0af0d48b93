"""A canary that was not detected says why: its seeds beside those of the control run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.support.reports import REAL, a_coverage, a_stream
from tests.support.run_pairs import changed
from vopr_coverage.canaries import beside
from vopr_coverage.canaries.controls import ControlRun
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import SeedsBeside, Seen
from vopr_coverage.canaries.folder import canary_run, read_run
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, judge_canaries
from vopr_coverage.config.file import parse_config
from vopr_coverage.determinism.canary_seeds import with_reasons
from vopr_coverage.errors import ConfigError
from vopr_coverage.statistics.intervals import iterations_to_see

HASHES = Detector(("hash_chain",))
ELSEWHERE = Seen("alter-table-crash-recovery", 1, 8_000)


def reasoned(tmp_path: Path, control: bytes, canary: bytes, detector: Detector = HASHES) -> CanaryResult:
    """One canary, judged with its reason."""
    for name, stream in (("control", control), ("bug", canary)):
        (tmp_path / name).write_bytes(stream)
    run = canary_run("bug", tmp_path / "bug")
    green = ControlRun(read_run(str(tmp_path / "control")), str(tmp_path / "control"))
    verdict = judge_canaries([green], [run], {"bug": detector}, "1.0")
    (result,) = with_reasons(verdict, {"bug": detector}, [green], [run]).results
    return result


# ---- how many iterations


@pytest.mark.parametrize(
    ("share", "iterations"),
    [(1.0, 1), (0.995, 1), (0.9, 2), (0.5, 7), (2 / 60, 136), (1 / 8_000, 36_840), (1e-6, 4_605_168)],
)
def test_iterations_that_show_a_share_at_99_percent(share: float, iterations: int) -> None:
    """The fewest for which at most one of a hundred such runs shows nothing."""
    assert iterations_to_see(share) == iterations
    assert (1 - share) ** iterations <= 0.0100001
    assert iterations == 1 or (1 - share) ** (iterations - 1) > 0.01


def test_another_confidence_takes_more() -> None:
    """99.9 % takes half as many again as 99 %."""
    assert iterations_to_see(0.01, 0.999) == 688
    assert iterations_to_see(0.01) == 459


# ---- reasons


def test_a_bug_that_changed_no_seed_was_never_called(tmp_path: Path) -> None:
    """Every seed line is the control's."""
    result = reasoned(tmp_path, a_stream(60), a_stream(60))
    assert result.ending is CanaryEnding.NOT_DETECTED
    assert result.why == "60 of 60 seeds identical to the control: the planted bug was never called, or changed nothing"
    assert (result.compared, result.differing, result.advice) == (60, 0, beside.NEVER_CALLED)


def test_a_bug_that_nothing_noticed(tmp_path: Path) -> None:
    """Two seeds came out differently, and no check saw it."""
    canary = changed(changed(a_stream(60), 7, events=99), 40, storage_hash="f" * 64)
    result = reasoned(tmp_path, a_stream(60), canary)
    told = "2 of 60 seeds differ from the control, nothing noticed: the tester is blind to it; the first is 7"
    assert result.why == f"{told}; at this rate, 136 iterations would show a difference at 99 %"
    assert (result.compared, result.differing, result.advice) == (60, 2, beside.BLIND)


def test_a_rate_that_the_run_was_long_enough_for_asks_for_no_more(tmp_path: Path) -> None:
    """One seed in nine differs: 40 iterations are enough to see that."""
    canary = a_stream(45)
    for seed in range(0, 45, 9):
        canary = changed(canary, seed, events=99)
    why = reasoned(tmp_path, a_stream(45), canary).why
    assert why == "5 of 45 seeds differ from the control, nothing noticed: the tester is blind to it; the first is 0"


def test_one_seed_differs_in_the_singular(tmp_path: Path) -> None:
    """And the seed that both runs share counts, not those that only one has."""
    canary = changed(a_stream(60), 59, events=99)
    assert reasoned(tmp_path, a_stream(80), canary).why.startswith("1 of 60 seeds differs from the control, ")


def test_a_bug_that_showed_in_another_scenario(tmp_path: Path) -> None:
    """The config says where, and how often; so it is known how many iterations would show it."""
    result = reasoned(tmp_path, a_stream(60), a_stream(60), Detector(("x",), seen=ELSEWHERE))
    assert result.why == (
        "0 of 60 seeds differ from the control, it showed in 1 of 8,000 of alter-table-crash-recovery: "
        "36,840 iterations of alter-table-crash-recovery would show it at 99 %"
    )
    assert result.advice == beside.CALLED_ELSEWHERE


def test_the_scenario_of_a_run_is_named(tmp_path: Path) -> None:
    """A recording knows it."""
    seeds = SeedsBeside("combined", 60, 0)
    verdict = judge_canaries([ControlRun(read_run(str(REAL / "combined.ndjson")))], [], {"bug": HASHES}, "1.0")
    missed = CanaryResult("bug", CanaryEnding.NOT_DETECTED, "", "")
    verdict = replace(verdict, results=(missed,))
    here = "0 of 60 seeds differ from the control in scenario combined"
    for scenario, told, advice in (
        ("swizzle", "1 of 8,000 of swizzle: 36,840 iterations of swizzle", beside.CALLED_ELSEWHERE),
        ("Combined", "1 of 8,000: 36,840 iterations", beside.CALLED_RARELY),
    ):
        detector = Detector(("x",), seen=Seen(scenario, 1, 8_000))
        (result,) = beside.explained(verdict, {"bug": detector}, {"bug": seeds}).results
        assert result.why == f"{here}, it showed in {told} would show it at 99 %"
        assert result.advice == advice


def test_a_run_of_other_seeds_shows_nothing(tmp_path: Path) -> None:
    """Neither that the bug was called, nor that it was not."""
    result = reasoned(tmp_path, a_stream(20), a_stream(20, first=100))
    assert result.why == "no seed of it is one of the control's, so nothing shows why"
    assert (result.compared, result.differing) == (0, 0)


def test_a_fault_point_that_the_control_lacks_is_explained_too(tmp_path: Path) -> None:
    """Not measured is not detected either."""
    without = a_stream(20, coverage=a_coverage(effects={}))
    result = reasoned(tmp_path, without, without, Detector(fault_points=("network.drop",)))
    assert result.ending is CanaryEnding.NOT_MEASURED
    assert "20 of 20 seeds identical to the control" in result.why


@pytest.mark.parametrize(
    ("failing", "why"),
    [
        ([3], "it may be missed on other seeds: at this rate, 275 iterations would show it at 99 %"),
        (range(5), ""),
    ],
)
def test_a_canary_that_was_detected_by_luck_says_so(tmp_path: Path, failing: list[int], why: str) -> None:
    """One of sixty seeds may be none of sixty on another night."""
    result = reasoned(tmp_path, a_stream(60), a_stream(60, failing=dict.fromkeys(failing, "hash_chain")))
    assert (result.ending, result.why) == (CanaryEnding.DETECTED, why)


def test_what_ended_otherwise_needs_no_reason(tmp_path: Path) -> None:
    """A crash or another invariant is its own; a control run that is not green explains nothing."""
    cut = a_stream(60)[:5_000]
    assert reasoned(tmp_path, a_stream(60), cut).why == ""
    assert reasoned(tmp_path, a_stream(60), a_stream(60, failing=[1])).why == ""
    red = reasoned(tmp_path, a_stream(60, failing=[1]), a_stream(60))
    assert (red.why, red.compared) == ("", None)


def test_a_canary_without_a_caller_in_the_real_simulator(tmp_path: Path) -> None:
    """`canary-wrong-hash` is wired to nothing."""
    control, canary = ((REAL / f"{name}.ndjson").read_bytes() for name in ("combined", "canary-wrong-hash"))
    result = reasoned(tmp_path, control, canary)
    assert (result.compared, result.differing) == (20, 0)


# ---- the config


def a_config(**canary: object) -> str:
    """A config with one canary."""
    return json.dumps({"canaries": {"bug": canary}})


def test_a_config_says_where_a_canary_was_seen() -> None:
    """The scenario, and how many of how many seeds."""
    seen = {"scenario": "swizzle", "seeds": 2, "of": 60}
    assert parse_config(a_config(determinism=True, seen=seen), "c").canaries["bug"].seen == Seen("swizzle", 2, 60)


@pytest.mark.parametrize(
    ("canary", "told"),
    [
        ({"seen": {"scenario": "swizzle", "seeds": 2, "of": 60}}, "c:1: canary 'bug': expected what detects it"),
        ({"determinism": True, "seen": {"scenario": "a", "seeds": 3, "of": 2}}, "on at most `of` seeds, found more"),
        ({"determinism": True, "seen": {"scenario": "a", "seeds": 0, "of": 2}}, "expected an integer from 1 to 2"),
        ({"determinism": True, "seen": {"seeds": 1, "of": 2}}, "expected the key 'scenario'"),
    ],
)
def test_a_canary_that_cannot_be_is_refused(canary: dict[str, object], told: str) -> None:
    """Nothing would ever detect it, or its rate is none."""
    with pytest.raises(ConfigError, match=told):
        parse_config(a_config(**canary), "c")
