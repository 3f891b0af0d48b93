"""Attempted is not applied: which fault points are hit, and who says that a point has no effect to count."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.checking import checked
from tests.support.reports import REAL, a_coverage, a_flat_report, a_stream
from tests.support.streams import reading
from vopr_coverage.check.attempts import with_attempt_only
from vopr_coverage.check.request import Merge
from vopr_coverage.config.file import parse_config
from vopr_coverage.config.starter import sections_of, starter_config
from vopr_coverage.errors import UserError
from vopr_coverage.model.report import ATTEMPT_ONLY_BY_DEFAULT, Input
from vopr_coverage.model.verdict import Verdict
from vopr_coverage.reading import read_report

POINTS = {"disk.torn": 315_918, "disk.write": 40}
EFFECTS = {"net.drop": 20}


def a_run(attempted: Mapping[str, int] = POINTS, effects: Mapping[str, int] = EFFECTS, first: int = 0) -> bytes:
    """A stream with these fault points."""
    return a_stream(first=first, coverage=a_coverage(attempted, effects))


def judged(folder: Path, config: Mapping[str, object], *streams: bytes, merge: Merge = "none") -> Verdict:
    """The verdict on streams under a config that requires their phases, invariants, and what is given."""
    bounds = {"profile": "none", "fault_point_coverage_min": 0.1, **config}
    (folder / "gate.yml").write_text(json.dumps(bounds), encoding="utf-8")
    for number, stream in enumerate(streams):
        (folder / f"{number}.ndjson").write_bytes(stream)
    paths = [f"{folder / str(number)}.ndjson" for number in range(len(streams))]
    return checked(paths, config=str(folder / "gate.yml"), merge=merge)


def hit(verdict: Verdict) -> list[str]:
    """The fault points that are hit, by the first report."""
    assert verdict.reports[0].report is not None
    return sorted(verdict.reports[0].report.hit_fault_points)


def test_a_point_that_was_attempted_in_vain_is_not_hit(tmp_path: Path) -> None:
    """315,918 attempts and no effect were once 100 % without a word."""
    every = {"fault_points": [*POINTS, *EFFECTS]}
    verdict = judged(tmp_path, every | {"critical_fault_points": ["disk.torn"], "fault_point_coverage_min": 1}, a_run())
    assert hit(verdict) == ["net.drop"]
    assert [(violation.line, violation.detail) for violation in verdict.violations] == [
        (
            "Fault point coverage too low: 33.3% (expected >= 100.0%)",
            "1 of 3 points; 'disk.torn' was attempted 315,918 times, never took effect; "
            "'disk.write' was attempted 40 times, never took effect",
        ),
        ("Critical fault point 'disk.torn' never hit", "attempted 315,918 times, never took effect"),
    ]


def test_a_passed_check_warns_of_many_attempts_in_vain(tmp_path: Path) -> None:
    """Forty may be chance; three hundred thousand are an injector that does nothing."""
    verdict = judged(tmp_path, {"fault_points": [*POINTS, *EFFECTS]}, a_run())
    assert verdict.passed
    assert [warning.text for warning in verdict.warnings] == [
        "Attempted, and never took effect: disk.torn (315,918 attempts). It counts as not hit. Look at the injector, "
        "or declare in `attempt_only` what has no effect to count."
    ]


@pytest.mark.parametrize(
    ("declared", "points"),
    [
        ([], ["net.drop"]),
        (["disk.write"], ["disk.write", "net.drop"]),
        (["disk.write", "disk.torn"], ["disk.torn", "disk.write", "net.drop"]),
        (["net.drop", "elsewhere"], ["net.drop"]),  # an effect is an effect
    ],
)
def test_the_config_says_which_points_have_no_effect_to_count(
    declared: list[str], points: list[str], tmp_path: Path
) -> None:
    """They are hit when they are attempted, and nothing is said of it."""
    config = {"fault_points": [*POINTS, *EFFECTS, "elsewhere"], "attempt_only": declared}
    verdict = judged(tmp_path, config, a_run())
    assert hit(verdict) == points
    assert bool(verdict.warnings) == ("disk.torn" not in declared)


def test_vopr_counts_no_effect_of_its_operations(tmp_path: Path) -> None:
    """As long as no config decides, they stay hit, with one warning for all runs; a config answers it."""
    operations = dict.fromkeys(sorted(ATTEMPT_ONLY_BY_DEFAULT), 7)
    every = {"fault_points": [*operations, *EFFECTS]}
    runs = [a_run(operations, first=first) for first in (0, 10)]
    verdict = judged(tmp_path, every, *runs)
    assert hit(verdict) == sorted([*operations, *EFFECTS])
    assert [(warning.source, warning.text) for warning in verdict.warnings] == [
        (
            "",
            "No effect of sim.network.deliver, sim.network.send, sim.storage.fsync, sim.storage.read, "
            "sim.storage.write is counted, only attempts: they count as hit. Declare what has no effect to count as "
            "`attempt_only` in the config.",
        )
    ]
    assert judged(tmp_path, every | {"attempt_only": list(operations)}, *runs).warnings == ()
    nothing = judged(tmp_path, every | {"attempt_only": []}, *runs)
    assert (hit(nothing), nothing.warnings) == (["net.drop"], ())


def test_names_of_vopr_are_not_told_to_another_simulator(tmp_path: Path) -> None:
    """Its own points are."""
    verdict = judged(tmp_path, {"fault_points": [*POINTS, *EFFECTS]}, a_run())
    assert "sim." not in str(verdict.warnings)


def test_one_run_of_several_may_show_the_effect(tmp_path: Path) -> None:
    """Merged, a point is hit where it took effect in any of them."""
    other = a_run({}, {"disk.torn": 1, "net.drop": 3}, first=10)
    verdict = judged(tmp_path, {"critical_fault_points": ["disk.torn"]}, a_run(), other, merge="all")
    assert (verdict.passed, hit(verdict)) == (True, ["disk.torn", "net.drop"])


def test_an_alias_may_be_declared_by_either_name(tmp_path: Path) -> None:
    """The name that the config uses elsewhere, or the simulator's."""
    config = {"aliases": {"disk.write": "sim.storage.writes"}, "critical_fault_points": ["sim.storage.writes"]}
    for name in ("disk.write", "sim.storage.writes"):
        assert judged(tmp_path, config | {"attempt_only": [name]}, a_run()).passed
    assert not judged(tmp_path, config | {"attempt_only": []}, a_run()).passed


def test_it_makes_no_difference_how_often_it_is_applied() -> None:
    """A run passes several hands; plain integers and flat reports have no attempts at all."""
    config = parse_config("attempt_only: [disk.write]", "gate.yml")
    once = with_attempt_only(reading(a_run()), config)
    assert once.run is not None
    assert once.run.fault_counts == {"disk.torn": 0, "disk.write": 40, "net.drop": 20}
    assert with_attempt_only(once, config) == once
    integers = reading(a_stream(era="feb2026"))
    assert with_attempt_only(integers, config) == integers


def test_a_flat_report_says_itself_what_was_hit(tmp_path: Path) -> None:
    """It has no counters, so nothing is questioned."""
    (tmp_path / "flat.json").write_bytes(a_flat_report())
    (tmp_path / "gate.yml").write_text("attempt_only: []", encoding="utf-8")
    with_none, without = (
        checked([str(tmp_path / "flat.json")], config=config) for config in (str(tmp_path / "gate.yml"), None)
    )
    assert with_none.violations == without.violations


# ---- what init writes


def learnt(*inputs: Input) -> str:
    """The config that `init` writes."""
    return starter_config(sections_of(inputs))


def test_init_declares_what_its_runs_show() -> None:
    """Attempted, and without effect in every run: with the attempts behind it, so that a dead fault stands out."""
    effect = reading(a_run({"disk.write": 60}, {"disk.torn": 2, "net.drop": 9}, first=10))
    text = learnt(reading(a_run()), effect)
    assert "attempt_only:\n  - disk.write # 100 attempts\n" in text
    assert parse_config(text, "gate.yml").attempt_only == ("disk.write",)
    assert "attempt_only" not in learnt(effect, reading(a_run({}, {"disk.write": 1, "disk.torn": 2}, first=20)))


def test_init_learns_the_operations_of_the_real_simulator() -> None:
    """They stay critical, and its own runs pass without a word."""
    names = ("swizzle-a", "swizzle-b")
    inputs = [read_report(str(REAL / f"{name}.ndjson")) for name in names]
    config = parse_config(learnt(*inputs), "gate.yml")
    operations = ("sim.network.send", "sim.storage.fsync", "sim.storage.read", "sim.storage.write")
    assert config.attempt_only == operations
    assert {*operations[1:]} <= {*config.layer["critical_fault_points"].value}


def test_a_point_is_declared_once() -> None:
    """As all lists of names."""
    with pytest.raises(UserError, match="#/attempt_only: expected a list of names, each once"):
        parse_config("attempt_only: [a, a]", "gate.yml")
