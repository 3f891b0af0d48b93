"""Causes: what went wrong is told once, most severe first, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from tests.support.pages import (
    HOSTILE,
    a_gate,
    a_judged,
    a_lost_point,
    a_missed_point,
    a_verdict,
    a_violation,
    compared,
    flooded,
    named,
)
from tests.support.verdict_cases import CASES, COMPARED, ROOT, judged
from vopr_coverage.causes.check import causes_of
from vopr_coverage.gates.endings import ADVICE as SHARED_ADVICE
from vopr_coverage.model.cause import SEVERITY, Cause
from vopr_coverage.model.crash import crash_of
from vopr_coverage.model.report import CoverageReport
from vopr_coverage.model.verdict import BaseSeen, Change, Failure, Unusable, Verdict, Violation


def failed(*violations: Violation, **more: Any) -> Verdict:
    """A verdict with these violations and without reports, if none are given."""
    return Verdict("failed", False, "why", "1.0", violations=violations, **more)


def a_seed_failed(source: str, invariant: str = "agreement", message: str = "diverged", seed: str = "7") -> Violation:
    """Seeds of a run that failed an invariant."""
    line = f"Invariant '{invariant}' failed on 2 seeds: {seed}, 99"
    return a_violation("failures", line, detail=message, source=source, invariant=invariant, seed=seed)


def a_failure(source: str, invariant: str = "agreement", seed: str = "7", **more: Any) -> Failure:
    """The same, with the command that replays the first."""
    told: dict[str, Any] = {"scenario": "calm", "message": "diverged", "count": 2, "fill_in": False, "expected": False}
    told |= {"seeds": (seed, "99"), "repro": f"sim --seed {seed}"}
    return Failure(source=source, invariant=invariant, **(told | more))


def a_floor(kind: str, gate: str, name: str, source: str = "run", actual: str = "0") -> Violation:
    """A name whose count is too low."""
    return replace(a_violation(gate, f"'{name}' too few: {actual}", kind, source=source, point=name), actual=actual)


def one(verdict: Verdict) -> Cause:
    """The only cause of a verdict."""
    (cause,) = causes_of(verdict)
    return cause


def whats(verdict: Verdict) -> list[str]:
    """What each cause says."""
    return [cause.what for cause in causes_of(verdict)]


# ---- seeds


def test_an_invariant_that_failed_in_three_runs_is_one_cause() -> None:
    """With all seeds counted, the first seed, and its command; the figures in the messages differ."""
    runs = ("a", "b", "c")
    found = [a_seed_failed(run, message=f"diverged at {number}") for number, run in enumerate(runs)]
    cause = one(failed(*found, failures=tuple(map(a_failure, runs))))
    assert cause.what == "Invariant `agreement` failed on 6 seeds, first on seed `7`, in 3 runs"
    assert (cause.kind, cause.seed, cause.seeds, cause.command) == ("violation", "7", 6, "sim --seed 7")
    assert (cause.sources, cause.findings) == (runs, (0, 1, 2))


def test_other_invariants_and_other_messages_are_other_causes() -> None:
    """An invariant with two messages may have two bugs."""
    verdict = failed(a_seed_failed("a"), a_seed_failed("b", message="lost a write"), a_seed_failed("c", "hash_chain"))
    assert len(causes_of(verdict)) == 3


def test_a_command_of_one_seed_is_preferred_to_one_of_a_whole_run() -> None:
    """And one that can be copied as it is to one in which a name is missing."""
    failures = (a_failure("a", whole_run=True), a_failure("b", fill_in=True), a_failure("c", seed="8"))
    cause = one(failed(*map(a_seed_failed, "ab"), a_seed_failed("c", seed="8"), failures=failures))
    assert cause.what == "Invariant `agreement` failed on 6 seeds, first on seed `8`, in 3 runs"
    assert (cause.command, cause.fill_in, cause.whole_run) == ("sim --seed 8", False, False)


def test_advice_on_a_violation_is_not_that_of_the_planted_bug() -> None:
    """A scenario that expects a violation has another one: what its gate advises is about the expected one."""
    found = replace(a_seed_failed("a"), advice="The bug that this scenario plants must be caught on every seed")
    cause = one(failed(found, failures=(a_failure("a"),)))
    assert cause.advice == "The simulator found a bug: replay the seed with this command."


def test_what_a_run_lacks_in_which_no_seed_held_belongs_to_its_bug() -> None:
    """Such a run ends its seeds early, and its coverage says nothing."""
    report = a_judged("failed", "run")
    gates = (a_gate("failures", value=2),)
    sick = replace(report, inputs=(replace(report.inputs[0], source="run", iterations=2, gates=gates),))
    found = (a_seed_failed("run"), a_missed_point("net.drop", "run"), a_missed_point("net.drop", "other"))
    bug, missed = causes_of(failed(*found, reports=(sick,), failures=(a_failure("run"),)))
    assert (bug.findings, missed.findings) == ((0, 1), (2,))
    assert "No seed of this run held" in bug.advice
    healthy = replace(sick, inputs=(replace(sick.inputs[0], iterations=3),))
    assert one(failed(found[1], reports=(healthy,))).kind == "missed"
    assert [cause.findings for cause in causes_of(failed(*found, reports=(healthy,)))] == [(0,), (1, 2)]


def test_a_panic_that_eight_shards_died_of_is_one_cause() -> None:
    """At other seeds, in other places of the file; with the last words, the ending, and what the shards lack."""
    shards = [f"shard-{number}" for number in range(8)]
    words = "thread 'main' panicked at src/wal.rs:8{}:5: index out of bounds: the len is {}"
    found, failures = [], []
    for number, shard in enumerate(shards):
        seed = str(100 + number)
        crash = crash_of(101, None, [words.format(number, number), "note: run with RUST_BACKTRACE=1"])
        found.append(a_seed_failed(shard, "crash", seed=seed))
        found.append(a_violation("coverage", "Coverage not measured", "CoverageNotMeasured", source=shard))
        failures.append(a_failure(shard, "crash", seed, crash=crash, count=1, seeds=(seed,)))
    cause = one(failed(*found, failures=tuple(failures)))
    assert cause.what == ("Simulator died at 8 seeds, first at seed `100`, in 8 runs: `" + words.format(0, 0) + "`")
    assert (cause.kind, cause.seeds, cause.command) == ("crash", 8, "sim --seed 100")
    assert cause.details[0] == "ended with exit code 101"
    assert len(cause.findings) == 16


def test_a_crash_without_last_words_tells_its_ending_once() -> None:
    """It stands where the message would."""
    failure = a_failure("run", "crash", crash=crash_of(None, 11, []), count=1, seeds=("7",))
    cause = one(failed(a_seed_failed("run", "crash"), failures=(failure,)))
    assert (cause.what, cause.details) == ("Simulator died at seed `7`: `ended by signal 11`", ())


def test_two_panics_of_one_run_are_two_causes() -> None:
    """They have the same name where an invariant has its own."""
    found = [a_seed_failed("run", "crash", seed=seed) for seed in ("7", "8")]
    panics = ("panicked at wal.rs:1: index out of bounds", "panicked at log.rs:1: overflow")
    failures = [
        a_failure("run", "crash", seed, crash=crash_of(101, None, [panic]), count=1, seeds=(seed,))
        for seed, panic in zip(("7", "8"), panics, strict=True)
    ]
    assert [cause.seed for cause in causes_of(failed(*found, failures=tuple(failures)))] == ["7", "8"]


# ---- runs


def test_eight_shards_that_ended_in_the_same_way_are_one_cause_with_eight_runs() -> None:
    """Their seeds and the line numbers differ, and what they lack is told with it."""
    shards = [f"shard-{number}" for number in range(8)]
    words = "stderr ended with: thread 'main' panicked at src/wal.rs:8{}:5: index out of bounds: the len is {}"
    ended = [
        a_violation("run-complete", f"Run incomplete: stopped at seed {n}", "RunIncomplete", words.format(n, n), shard)
        for n, shard in enumerate(shards)
    ]
    lacking = [
        a_violation("coverage", "Coverage not measured", "CoverageNotMeasured", source=shard) for shard in shards
    ]
    cause = one(failed(*ended, *lacking))
    assert cause.what == "8 runs did not finish in the same way: `stopped at seed 0`"
    assert (cause.kind, len(cause.sources), len(cause.findings)) == ("unusable", 8, 16)
    assert cause.details == (words.format(0, 0),)


@pytest.mark.parametrize("kind", ["RunIncomplete", "TimedOut", "Interrupted", "RecordingUnfinished", "UnexplainedExit"])
def test_a_run_that_did_not_end_by_itself_can_be_run_again(kind: str) -> None:
    """By the command of the first of them; older verdicts have none."""
    ended = a_violation("run-complete", "It ended", kind)
    assert one(failed(ended)).command == ""
    told = one(failed(ended, replace(ended, source="b", repro="vopr --seed 7", advice="Look.")))
    assert (told.command, told.whole_run) == ("vopr --seed 7", False)


def test_what_is_wrong_with_a_run_in_two_ways_has_two_causes() -> None:
    """Counts that disagree are no other commit, though one gate says both; two runs of one commit are one cause."""
    counts = a_violation("run-complete", "Counts disagree: a is 1, b 2", "CountsDisagree")
    commit = a_violation("run-complete", "Recorded at another commit: a (expected b)", "OtherCommit")
    found = causes_of(failed(counts, commit, replace(commit, source="b")))
    assert [cause.what for cause in found] == [
        "`Recorded at another commit: a (expected b)` and 1 more like it",
        "`Counts disagree: a is 1, b 2`",
    ]


def test_shards_that_ended_in_two_ways_have_two_causes() -> None:
    """Another panic is another bug."""
    panics = ("panicked at wal.rs:1: index out of bounds", "panicked at log.rs:1: overflow")
    ended = [a_violation("run-complete", "Run incomplete", "RunIncomplete", panic, panic) for panic in panics]
    assert len(causes_of(failed(*ended))) == 2


def test_a_merged_report_lacks_what_its_run_did_not_finish() -> None:
    """The violation is about the merged report, the cause about the run."""
    report = a_judged("incomplete", "calm (2 merged)")
    merged = replace(report, inputs=(replace(report.inputs[0], source="a"),))
    ended = a_violation("run-complete", "Run incomplete: x", "RunIncomplete", source="a")
    lacking = a_violation("coverage", "Coverage not measured", "CoverageNotMeasured", source="calm (2 merged)")
    cause = one(failed(ended, lacking, reports=(merged,)))
    assert (cause.findings, cause.sources) == ((0, 1), ("a",))
    assert one(failed(lacking, reports=(merged,))).sources == ("calm (2 merged)",)


def test_reports_with_the_same_problem_are_one_cause() -> None:
    """Without a violation; each problem is told, and all names are there."""
    alike = tuple(Unusable(f"s{n}.json", None, f"s{n}.json:{n}: expected an integer") for n in range(3))
    verdict = failed(unusable=(*alike, Unusable("x", None, "x: no such file")), error="why")
    first, second = causes_of(verdict)
    assert first.what == "3 reports cannot be judged for the same reason: `s0.json`, `s1.json`, `s2.json`"
    assert first.details == tuple(f"s{n}.json:{n}: expected an integer" for n in range(3))
    assert (first.sources, second.sources, first.findings) == (("s0.json", "s1.json", "s2.json"), ("x",), ())
    assert one(failed(error="why\nso")).details == ("why", "so")


# ---- names


def test_an_injector_that_is_unplugged_is_one_cause() -> None:
    """Never hit, without effects, below its floors, lost against base, with its phase, and the percentage that fell."""
    change = Change("base", lost_points=("sim.net.drop",))
    figures = CoverageReport(10, 9, ["x"], ["sim.net.drop"], {}, [], 0, 0, 0, {})
    share = a_gate("fault-point-coverage", value=0.9, minimum=1.0)
    report = replace(a_judged("failed", "run"), change=change, report=figures, gates=(share,))
    found = (
        a_violation("fault-point-coverage", "90%", "FaultPointCoverage", source="run"),
        a_missed_point("sim.net.drop", "run"),
        a_floor("InsufficientPhaseEvents", "phase-events", "net.drop_seen"),
        a_floor("InsufficientFaultEffects", "fault-effects", "sim.net.drop"),
        a_floor("InsufficientPerIteration", "per-iteration", "sim.net.drop"),
        a_violation("regression", "fell", "CoverageFell", source="run"),
        replace(a_lost_point("sim.net.drop"), source="run"),
    )
    cause = one(failed(*found, reports=(report,), base=BaseSeen("run 12 at abc1234")))
    assert cause.what == "Fault point `sim.net.drop` is no longer hit"
    assert cause.since == "Reached on base (`run 12 at abc1234`), not here"
    assert (cause.kind, cause.findings) == ("lost", (0, 1, 2, 3, 4, 5, 6))
    assert cause.advice.startswith("Look at the injector of this fault")


def test_a_point_without_effects_and_the_percentage_that_lacks_it_are_one_cause() -> None:
    """Nobody calls it critical, and it is not hit all the same; one that only is too rare is another cause."""
    figures = CoverageReport(10, 9, ["net.delay"], ["net.drop"], {}, [], 0, 0, 0, {})
    share = a_gate("fault-point-coverage", value=0.9, minimum=1.0)
    report = replace(a_judged("failed", "run"), report=figures, gates=(share,))
    found = [a_violation("fault-point-coverage", "90%", "FaultPointCoverage", source="run")]
    found += [a_floor("InsufficientFaultEffects", "fault-effects", "net.drop")]
    cause = one(failed(*found, reports=(report,)))
    assert (cause.what, cause.kind) == ("Fault point `net.drop` was never hit", "missed")
    assert (cause.findings, cause.advice[:20]) == ((0, 1), "Look at the injector")
    found += [a_floor("InsufficientFaultEffects", "fault-effects", "net.delay", actual="3")]
    assert whats(failed(*found, reports=(report,))) == [
        "Fault point `net.drop` was never hit",
        "Fault point `net.delay` took effect too rarely",
    ]


@pytest.mark.parametrize(
    ("then", "here", "command"),
    [
        ("a" * 40, {"b" * 40}, f"git log --oneline {'a' * 12}..{'b' * 12}"),
        ("a" * 40, {None}, f"git log --oneline {'a' * 12}..HEAD"),
        ("a" * 40, {"b" * 40, "c" * 40}, f"git log --oneline {'a' * 12}..HEAD"),
        ("a" * 40, {"; rm -rf ~ #"}, f"git log --oneline {'a' * 12}..HEAD"),
        ("; rm -rf ~ #", {"b" * 40}, ""),
        (None, {"b" * 40}, ""),
    ],
)
def test_what_was_lost_has_a_command_that_lists_the_commits_since(
    then: str | None, here: set[str | None], command: str
) -> None:
    """Where they are known, and are commits: a file may hold any text."""
    read = a_judged("failed").inputs[0]
    report = replace(a_judged("failed", "run"), inputs=tuple(replace(read, commit=commit) for commit in here))
    lost = replace(a_lost_point("net.drop"), source="run")
    cause = one(failed(lost, reports=(report,), base=BaseSeen("base", commit=then)))
    assert cause.command == command
    assert ("lists the commits" in cause.advice) is bool(command)


def test_a_percentage_that_more_than_the_missing_points_explain_is_a_cause_of_its_own() -> None:
    """Half of the points are missing, and one of them is known by name."""
    figures = CoverageReport(10, 5, ["x"], ["net.drop"], {}, [], 0, 0, 0, {})
    share = a_gate("fault-point-coverage", value=0.5, minimum=0.9)
    report = replace(a_judged("failed", "run"), report=figures, gates=(share,))
    found = (
        a_violation("fault-point-coverage", "50%", "FaultPointCoverage", source="run"),
        a_missed_point("net.drop", "run"),
    )
    assert sorted(cause.findings for cause in causes_of(failed(*found, reports=(report,)))) == [(0,), (1,)]


def test_an_injector_that_is_unplugged_in_every_scenario_is_one_cause() -> None:
    """In however many reports."""
    found = [
        violation
        for run in "abc"
        for violation in (
            a_missed_point("net.drop", run),
            a_floor("InsufficientFaultEffects", "fault-effects", "net.drop", run),
        )
    ]
    cause = one(failed(*found))
    assert (cause.what, cause.kind) == ("Fault point `net.drop` was never hit", "missed")
    assert cause.sources == ("a", "b", "c")


def test_points_of_one_part_that_went_together_are_one_cause_and_those_of_another_part_are_not() -> None:
    """All faults of the network, and one of the disk."""
    found = [a_lost_point(name) for name in ("net.drop", "net.delay", "disk.tear")]
    verdict = failed(*found, base=BaseSeen("base"))
    assert whats(verdict) == ["2 fault points are no longer hit: `net.drop`, `net.delay`", whats(verdict)[1]]
    assert whats(verdict)[1] == "Fault point `disk.tear` is no longer hit"


def test_names_that_fell_short_in_one_way_are_one_cause_a_gate() -> None:
    """Nothing else ties them together."""
    found = [a_missed_point(name) for name in ("a.x", "b.y")]
    found += [a_floor("InsufficientPhaseEvents", "phase-events", name) for name in ("c.x", "d.y")]
    assert whats(failed(*found)) == [
        "2 critical fault points were never hit: `a.x`, `b.y`",
        "2 phase events occurred too rarely: `c.x`, `d.y`",
    ]


def test_figures_that_a_report_does_not_contain_are_one_cause() -> None:
    """Whoever writes the report is to write them."""
    gates = ("view-changes", "repairs", "query-plans")
    found = [replace(a_violation(gate, "x", "Insufficient"), actual="not measured") for gate in gates]
    assert one(failed(*found)).what == (
        "3 required figures are missing in the report: `view-changes`, `repairs`, `query-plans`"
    )


def test_a_simulator_with_other_names_has_one_cause() -> None:
    """Its points, invariants and phases are all called otherwise."""
    other = SHARED_ADVICE["other-names"]
    found = [
        replace(a_missed_point("a"), advice=other),
        replace(a_missed_point("b"), gate="phase-events", advice=other),
    ]
    cause = one(failed(*found))
    assert (cause.what, cause.advice) == (
        "The simulator uses other names than those that are required of it",
        other,
    )


# ---- all of them


def test_the_most_severe_comes_first() -> None:
    """A bug before a report that is missing, before what was lost, before what fell short."""
    found = (
        a_floor("InsufficientPhaseEvents", "phase-events", "c"),
        a_missed_point("a"),
        a_lost_point("b"),
        a_violation("failures", "Expected violation missed", "ExpectedViolationMissed"),
        a_violation("reports", "Too few reports", "TooFewReports"),
        a_violation("determinism", "Nondeterministic", "NondeterministicSeeds"),
        a_violation("properties", "Property violated", "PropertyViolated", point="p"),
        a_violation("run-complete", "Simulator ended badly", "UnexplainedExit"),
    )
    causes = causes_of(failed(*found))
    assert [cause.kind for cause in causes] == list(SEVERITY)
    assert [cause.findings for cause in causes] == [(7,), (6,), (5,), (4,), (3,), (2,), (1,), (0,)]


@pytest.mark.parametrize("case", CASES | COMPARED)
def test_every_violation_of_a_real_run_has_one_cause(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is lost and none is told twice; what failed has a cause, and what passed has none."""
    monkeypatch.chdir(ROOT)
    verdict = judged((CASES | COMPARED)[case])
    causes = causes_of(verdict)
    assert sorted(number for cause in causes for number in cause.findings) == list(range(len(verdict.violations)))
    assert bool(causes) is not verdict.passed
    assert len(causes) <= 4
    assert all(cause.what for cause in causes)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_every_violation_of_a_hostile_verdict_has_one_cause(hostile: str) -> None:
    """And no name ends the backticks that it stands between."""
    model = compared(a_verdict())
    for verdict in (named(model, hostile), flooded(model, hostile, words_too=True)):
        causes = causes_of(verdict)
        assert sorted(number for cause in causes for number in cause.findings) == list(range(len(verdict.violations)))
        assert all(cause.what.count("`") % 2 == 0 and cause.since.count("`") % 2 == 0 for cause in causes)
    calm, odd = causes_of(named(model, "calm")), causes_of(named(model, hostile))
    assert [ours(cause.what) for cause in calm] == [ours(cause.what) for cause in odd]


def ours(text: str) -> list[str]:
    """What is ours of a sentence: every other piece between the backticks."""
    return text.split("`")[::2]


def test_thousands_of_violations_are_grouped_in_no_time() -> None:
    """Rules look names up: with a search for each violation, this would take minutes."""
    found = [a_missed_point(f"part{n}.point") for n in range(3_000)]
    found += [a_lost_point(f"part{n}.point") for n in range(3_000)]
    found += [a_floor("InsufficientPhaseEvents", "phase-events", f"part{n}.point_seen") for n in range(3_000)]
    found += [a_floor("InsufficientPhaseEvents", "phase-events", "_" * 5_000 + str(n)) for n in range(100)]
    causes = causes_of(failed(*found))
    assert [len(cause.findings) for cause in causes] == [3] * 3_000 + [100]
