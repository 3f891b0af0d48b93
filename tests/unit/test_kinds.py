"""Floors per iteration for every count, and names under the wrong key."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.checking import checked
from tests.support.reports import a_coverage, a_stream
from vopr_coverage.errors import ConfigError

COVERAGE = a_coverage({"disk.write": 300, "disk.torn": 30}, {"net.drop": 30}, {"agreement": 60}, {"vote:won": 90})


def lines(folder: Path, config: str, stream: bytes) -> list[str]:
    """The violations of a stream under a config without a profile."""
    (folder / "gate.yml").write_text(f"profile: none\nmin_iterations: 1\n{config}", encoding="utf-8")
    (folder / "run").write_bytes(stream)
    verdict = checked([str(folder / "run")], config=str(folder / "gate.yml"))
    return [f"{each.line}{f' ({each.detail})' if each.detail else ''}" for each in verdict.violations]


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("net.drop", 3),  # effects of a fault
        ("disk.write", 30),  # an operation of which only attempts are counted
        ("agreement", 6),  # an invariant
        ("vote.won", 9),  # a phase
        ("vote:won", 9),
    ],
)
def test_every_count_has_floors_per_iteration(name: str, rate: int, tmp_path: Path) -> None:
    """At the rate that was measured it passes, just above it fails."""
    config = 'attempt_only: [disk.write]\nmin_per_iteration: {"%s": %s}'
    stream = a_stream(10, coverage=COVERAGE)
    assert lines(tmp_path, config % (name, rate), stream) == []
    (told,) = lines(tmp_path, config % (name, rate + 0.5), stream)
    assert told == f"'{name.replace(':', '.')}' too few per iteration: {rate} (expected >= {rate + 0.5})"


def test_a_plain_integer_is_a_count_too(tmp_path: Path) -> None:
    """Streams without counters have no effects, but they count their points."""
    stream = a_stream(10, coverage=a_coverage({"disk.torn": 30}, {}, era="feb2026"))
    assert lines(tmp_path, "min_per_iteration: {disk.torn: 3}", stream) == []
    assert lines(tmp_path, "min_per_iteration: {disk.torn: 4}", stream) == [
        "'disk.torn' too few per iteration: 3 (expected >= 4)"
    ]


def test_attempts_without_effect_are_zero_and_told(tmp_path: Path) -> None:
    """A zero without its reason would be looked for in the wrong place."""
    assert lines(tmp_path, "min_per_iteration: {disk.torn: 1}", a_stream(10, coverage=COVERAGE)) == [
        "'disk.torn' too few per iteration: 0 (expected >= 1) (attempted 30 times, never took effect)"
    ]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (
            "min_fault_effects:\n  vote.won: 1",
            "gate.yml:4#/min_fault_effects: expected the name of a fault point, found 'vote.won', which these reports "
            "have as phase event: use `min_phase_events` or `min_per_iteration`",
        ),
        (
            "min_phase_events:\n  agreement: 1",
            "gate.yml:4#/min_phase_events: expected the name of a phase event, found 'agreement', which these reports "
            "have as invariant: use `required_invariants` or `min_per_iteration`",
        ),
        (
            "required_invariants: [agreement,\n  net.drop]",
            "gate.yml:4#/required_invariants: expected the name of an invariant, found 'net.drop', which these reports "
            "have as fault point: use `critical_fault_points`, `min_fault_effects` or `min_per_iteration`",
        ),
        (
            "critical_fault_points: [agreement]",
            "gate.yml:3#/critical_fault_points: expected the name of a fault point, found 'agreement', which these "
            "reports have as invariant: use `required_invariants` or `min_per_iteration`",
        ),
        (
            "min_per_iteration: {sometimes_total: 1}",
            "gate.yml:3#/min_per_iteration: expected the name of a fault point or phase event or invariant, found "
            "'sometimes_total', which these reports have as property counter: use `min_properties`, with steps if it "
            "depends on the length of the run",
        ),
        (
            "required_properties: [net.drop]",
            "gate.yml:3#/required_properties: expected the name of a property, found 'net.drop', which these reports "
            "have as fault point: use `critical_fault_points`, `min_fault_effects` or `min_per_iteration`",
        ),
        (
            "attempt_only: [disk.write]\nmin_fault_effects: {disk.write: 1}",
            "gate.yml:4#/min_fault_effects: expected a fault point whose effects are counted, found 'disk.write', "
            "which is in `attempt_only`: use `min_per_iteration`",
        ),
        (
            'scenarios:\n  "*":\n    min_phase_events:\n      net.drop: 2',
            "gate.yml:6#/min_phase_events: expected the name of a phase event, found 'net.drop', which these reports "
            "have as fault point: use `critical_fault_points`, `min_fault_effects` or `min_per_iteration`",
        ),
    ],
)
def test_a_name_of_another_kind_says_which_key_is_meant(config: str, told: str, tmp_path: Path) -> None:
    """It would read as 0 for ever."""
    (tmp_path / "gate.yml").write_text(f"profile: none\nmin_iterations: 1\n{config}", encoding="utf-8")
    (tmp_path / "run").write_bytes(a_stream(10, coverage=COVERAGE))
    with pytest.raises(ConfigError) as caught:
        checked([f"s={tmp_path / 'run'}"], config="gate.yml", folder=tmp_path)
    assert str(caught.value) == told


def test_a_name_of_no_kind_is_missing(tmp_path: Path) -> None:
    """It may be there tomorrow; a name that a profile asks for is none of the config's."""
    stream = a_stream(10, coverage=COVERAGE)
    assert lines(tmp_path, "min_per_iteration: {gone: 1}", stream) == [
        "'gone' too few per iteration: 0 (expected >= 1)"
    ]
    named_so = a_coverage({}, {"hash_chain": 3}, {"agreement": 1})
    (tmp_path / "named").write_bytes(a_stream(10, coverage=named_so))
    assert not checked([str(tmp_path / "named")], profile="smoke_test").passed


def test_a_name_of_two_kinds_is_not_questioned(tmp_path: Path) -> None:
    """A simulator may call a fault and a phase the same."""
    both = a_coverage({}, {"crash": 30}, {"agreement": 60}, {"crash": 5})
    assert (
        lines(tmp_path, "min_phase_events: {crash: 5}\nmin_fault_effects: {crash: 30}", a_stream(10, coverage=both))
        == []
    )
