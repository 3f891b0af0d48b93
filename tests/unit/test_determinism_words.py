"""The words of a verdict on determinism: bounds, ranges, commits and commands at their limits."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.determinism_verdicts import a_recording
from tests.support.reports import a_stream, ending, ndjson, ok, records_of, start
from tests.support.run_pairs import CONTEXT, a_subject, changed, one, two, valid, varying
from vopr_coverage.determinism.judge import EMPTY_STATE_HASH, Subject, judge_one, judge_two
from vopr_coverage.determinism.verdict import DeterminismVerdict
from vopr_coverage.model.manifest import Recording

A, B = "a" * 40, "b" * 40


def recorded_at(left: str, right: str) -> DeterminismVerdict:
    """Two equal runs, recorded at these commits."""
    one, other = (
        Subject(name, "combined", a_subject(varying(60), name).seeds, a_recording(iterations=60, commit=commit))
        for name, commit in (("a", left), ("b", right))
    )
    return valid(judge_two(one, other, CONTEXT))


# ---- how much it proves


@pytest.mark.parametrize(("seeds", "warned"), [(58, True), (59, False)])
def test_fifty_nine_seeds_are_enough(seeds: int, warned: bool) -> None:
    """They bring the bound below 5 %; one less does not."""
    texts = [warning.text for warning in two(varying(seeds), varying(seeds)).warnings]
    told = (
        f"{seeds} seeds can't show much: up to 5.03% of all seeds may be nondeterministic; "
        "it takes 59 to bring that below 5%"
    )
    assert texts == ([told] if warned else [])


def test_few_seeds_that_all_differ_show_everything() -> None:
    """Nobody is told that up to 100 % may differ."""
    left = varying(20)
    right = left
    for seed in range(20):
        right = changed(right, seed, events=99)
    verdict = two(left, right)
    assert (verdict.seeds, verdict.nondeterministic, verdict.warnings) == (20, 20, ())


def test_a_green_verdict_is_a_value() -> None:
    """Its reason has the bound, its commands are none, and the scenario has nothing to fill in."""
    verdict = two(varying(60), varying(60))
    assert verdict.reason == "no difference in 60 seeds, so at most 4.87% of all would differ (95% confidence)"
    assert (verdict.replays, verdict.fill_in, verdict.passed) == ((), False, True)


# ---- hashes that never vary


def constants(hashed: str, field: str = "kernel_state_hash") -> list[str]:
    """Warnings of a run whose seeds all have this hash."""
    records = [start(0, 70), *(ok(seed, **{field: hashed}) for seed in range(70)), ending(70)]
    return [w.text.partition(" proves nothing")[2] for w in one(ndjson(*records)).warnings if w.text.startswith(field)]


def test_vopr_s_empty_state_is_known_by_its_digits_in_its_own_field_alone() -> None:
    """Cut, whole or longer; another hash that begins like it is another hash, and a text without digits is no zero."""
    empty = " (it is VOPR's hash of an empty kernel state)"
    assert constants(EMPTY_STATE_HASH) == [empty]
    assert constants(EMPTY_STATE_HASH[:16]) == [empty]
    assert constants(EMPTY_STATE_HASH + "ab") == [empty]
    assert constants(EMPTY_STATE_HASH[:63] + "0") == [""]
    assert constants(EMPTY_STATE_HASH, "storage_hash") == [""]
    assert constants("0" * 64) == [" (it is all zeros: nothing was stored)"]
    assert constants("X" * 64) == [""]


# ---- ranges and commits


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ((0, 2), (5, 3), "no seed in common: a has seeds 0–1, b has seeds 5–7"),
        ((0, 1), (5, 1), "no seed in common: a has seed 0, b has seed 5"),
        ((0, 0), (5, 1), "no seed in common: a has no seeds, b has seed 5"),
    ],
)
def test_seeds_that_two_runs_do_not_share_are_named(left: tuple[int, int], right: tuple[int, int], told: str) -> None:
    """One, several or none."""
    streams = [varying(count, first=first) for first, count in (left, right)]
    verdict = valid(judge_two(a_subject(streams[0], "a"), a_subject(streams[1], "b"), CONTEXT))
    assert told in verdict.findings[0].line


def test_a_run_without_a_start_has_an_unknown_range() -> None:
    """Nothing announced it."""
    headless = ndjson(*records_of(varying(0))[1:])
    verdict = valid(judge_two(a_subject(headless, "a"), a_subject(varying(5), "b"), CONTEXT))
    assert verdict.status == "incomplete"
    assert (verdict.runs[0].first_seed, verdict.runs[1].first_seed) == (None, "0")


@pytest.mark.parametrize(("lost", "dots"), [(10, False), (11, True)])
def test_ten_ranges_of_missing_seeds_are_told(lost: int, dots: bool) -> None:
    """And that there are more."""
    records = records_of(varying(60))
    missing = set(range(1, 1 + 2 * lost, 2))
    left = ndjson(*[r for r in records if r["data"].get("seed") not in missing][:-1])
    line = valid(judge_two(a_subject(left, "a"), a_subject(varying(60), "b"), CONTEXT)).findings[0].line
    assert line.partition("left no record: ")[2].startswith("1, 3, 5, 7, 9, 11, 13, 15, 17, 19")
    assert line.endswith(", …") is dots


@pytest.mark.parametrize(
    ("left", "right", "warned"), [(A, A, False), (A, A[:12], False), (A[:12], A, False), (A, B, True)]
)
def test_two_commits_are_a_warning_unless_one_is_the_others_short_name(left: str, right: str, warned: bool) -> None:
    """Twelve digits of each are told."""
    texts = [warning.text for warning in recorded_at(left, right).warnings]
    told = f"Recorded at two commits, {'a' * 12} and {'b' * 12}: a difference may be the code's"
    assert texts == ([told] if warned else [])


# ---- commands


def test_at_most_ten_commands_replay_without_the_simulators_own_check() -> None:
    """Its check would hide an ordinary failure."""
    command = ["vopr", "--check-determinism", "--seed", "{seed}", "--json"]
    recording = replace(a_recording(iterations=20, double_runs=True), command=tuple(command), exit_code=1)
    subject = Subject("a", "combined", a_subject(a_stream(20, lost=range(12)), "a").seeds, recording)
    verdict = valid(judge_one(subject, replace(CONTEXT, repro=None)))
    assert [replay.command for replay in verdict.replays] == [f"vopr --seed {seed} --json" for seed in range(10)]


@pytest.mark.parametrize(
    ("repro", "recording", "fill_in", "command"),
    [
        ("vopr {scenario} {seed}", None, True, "vopr SCENARIO 1"),
        ("vopr {scenario} {seed}", a_recording(), True, "vopr SCENARIO 1"),
        ("vopr {seed}", None, False, "vopr 1"),
        (None, None, True, "vopr --scenario SCENARIO --seed 1 --iterations 1 --json -v --no-trace-on-failure"),
        (None, a_recording(), False, "vopr --scenario combined --seed 1 --iterations 1 --json"),
    ],
)
def test_a_command_that_lacks_the_scenario_says_so(
    repro: str | None, recording: Recording | None, fill_in: bool, command: str
) -> None:
    """A recording knows its own, unless the config has a command."""
    subject = Subject("a", None, a_subject(varying(3, lost=[1]), "a").seeds, recording)
    verdict = valid(judge_one(subject, replace(CONTEXT, repro=repro)))
    assert ([replay.command for replay in verdict.replays], verdict.fill_in) == ([command], fill_in)


def test_the_reason_of_a_red_verdict_is_its_first_finding() -> None:
    """With the run that it is about, and a small letter behind the colon."""
    verdict = two(varying(100), changed(varying(100, lost=[5]), 9, events=1))
    assert verdict.reason == "b: nondeterministic: 1 of 100 seeds failed without a record: 5"
    assert len(verdict.findings) == 2


def test_a_run_that_is_not_shown_to_have_run_twice_has_no_seeds() -> None:
    """Neither one that broke off, nor one that says nothing of it."""
    for stream in (varying(100), varying(100)[:9_000]):
        assert (one(stream).seeds, one(stream).nondeterministic) == (0, 0)
