"""The whole verdict on two runs of the same seeds: what differs, what is missing, and what to do."""

from __future__ import annotations

import pytest

from tests.support.determinism_verdicts import DIGESTS, REPLAY, a_recording, rounded, seen, simulation, vopr
from tests.support.reports import a_stream, ndjson, records_of
from tests.support.run_pairs import CONTEXT, changed, valid, varying
from tests.support.simulations import a_simulation, begin, failing, finish, seed
from vopr_coverage.determinism.advice import nothing_compared
from vopr_coverage.determinism.differences import Difference
from vopr_coverage.determinism.judge import Subject, judge_two
from vopr_coverage.determinism.verdict import (
    DeterminismFinding,
    DeterminismVerdict,
    Divergence,
    FieldCount,
    ReplayCommand,
    SeedsListed,
)
from vopr_coverage.model.report import Input
from vopr_coverage.model.verdict import Remark
from vopr_coverage.reading.recorded import SeedlessRun

LOOK = (
    "Replay the first of these seeds on both sides, with tracing, and look for where they part: order of hash maps, "
    "addresses, wall clock, threads, or another build."
)
ORDINARY = "1 seed failed an invariant, with a record: bugs, which `vopr-coverage check` judges"


def judged(left: Subject, right: Subject) -> DeterminismVerdict:
    """The verdict on two runs, with four digits of its bounds."""
    return rounded(valid(judge_two(left, right, CONTEXT)))


def few(seeds: str, bound: str) -> Remark:
    """The warning of so few seeds."""
    text = f"{seeds} can't show much: up to {bound} of all seeds may be nondeterministic; "
    return Remark("", text + "it takes 59 to bring that below 5%")


def test_two_runs_that_agree_pass() -> None:
    """What is special about each of them is a warning."""
    left = vopr(varying(2), recording=a_recording(iterations=2, commit="a" * 40))
    right = vopr(varying(2) + b"noise\n", "b", None, a_recording(iterations=2, commit="b" * 40))
    assert judged(left, right) == DeterminismVerdict(
        status="passed",
        passed=True,
        reason="no difference in 2 seeds, so at most 77.6% of all would differ (95% confidence)",
        version="1.0",
        mode="two runs",
        seeds=2,
        at_least=0.0,
        at_most=0.7764,
        runs=(seen(2), seen(2, "b", scenario=None)),
        warnings=(
            Remark("", "Recorded at two commits, aaaaaaaaaaaa and bbbbbbbbbbbb: a difference may be the code's"),
            Remark("b", "1 line is no record of the stream (is stderr mixed in?)"),
            few("2 seeds", "77.6%"),
        ),
    )


def test_two_runs_that_differ_fail() -> None:
    """Each seed that came out differently has its fields, both values and a command."""
    left = varying(4, failing=[2])
    right = changed(changed(left, 2, message="torn"), 0, events=7, storage_hash="f" * 64)
    line = "2 of 4 seeds came out differently in b, the first is seed 0 (events, storage_hash)"
    assert judged(vopr(left), vopr(right, "b")) == DeterminismVerdict(
        status="failed",
        passed=False,
        reason=f"a: {line}",
        version="1.0",
        mode="two runs",
        seeds=4,
        nondeterministic=2,
        at_least=0.15,
        at_most=0.85,
        runs=(seen(4, failed=1), seen(4, "b", failed=1)),
        findings=(DeterminismFinding("a", "SeedsDiffer", line, LOOK),),
        by_field=(FieldCount("events", 1), FieldCount("storage_hash", 1), FieldCount("message", 1)),
        divergences=(
            Divergence("0", (Difference("events", "100", "7"), Difference("storage_hash", "0" * 64, "f" * 64))),
            Divergence("2", (Difference("message", "read mismatch", "torn"),)),
        ),
        replays=(
            ReplayCommand("0", "vopr --scenario combined --seed 0"),
            ReplayCommand("2", "vopr --scenario combined --seed 2"),
        ),
        warnings=(Remark("a", ORDINARY), Remark("b", ORDINARY)),
    )


def test_seeds_without_a_record_are_told_of_either_run() -> None:
    """Those of a run that broke off as seeds to compare, those that failed silently as nondeterministic."""
    cut = b"".join(varying(6).splitlines(keepends=True)[:4])
    killed = a_recording(iterations=6, duration_s=None)
    assert judged(vopr(varying(6, lost=[1, 4])), vopr(cut, "b", recording=killed)) == DeterminismVerdict(
        status="incomplete",
        passed=False,
        reason="a: nondeterministic: 2 of 6 seeds failed without a record: 1, 4",
        version="1.0",
        mode="two runs",
        seeds=2,
        at_least=0.0,
        at_most=0.7764,
        runs=(
            seen(6, silent=SeedsListed(2, ("1", "4")), missing=SeedsListed(2, ("1", "4"))),
            seen(6, "b", complete=False, iterations=3, missing=SeedsListed(3, ("3–5",))),
        ),
        findings=(
            DeterminismFinding(
                "a", "NondeterministicSeeds", "Nondeterministic: 2 of 6 seeds failed without a record: 1, 4", REPLAY
            ),
            DeterminismFinding(
                "b",
                "RunIncomplete",
                "Run incomplete: the recording never finished, no batch_complete after 3 of 6 iterations, "
                "stopped at seed 3; 3 seeds to compare left no record: 3–5",
                "Look at the simulator's stderr and exit status, and run this seed range again.",
                "its last output may be in stderr.log",
            ),
        ),
        replays=tuple(ReplayCommand(seed, f"vopr --scenario combined --seed {seed}") for seed in ("1", "4")),
        warnings=(few("2 seeds", "77.6%"),),
    )


def test_a_run_that_broke_off_behind_the_shared_seeds_lacks_none() -> None:
    """It is incomplete all the same."""
    cut = b"".join(varying(6).splitlines(keepends=True)[:4])
    verdict = judged(vopr(cut), vopr(varying(3), "b"))
    line = "Run incomplete: no batch_complete after 3 of 6 iterations, stopped at seed 3"
    assert [finding.line for finding in verdict.findings] == [line]
    assert (verdict.status, verdict.seeds) == ("incomplete", 3)


def test_a_seed_that_failed_its_own_check_on_one_side_differs_too() -> None:
    """Both are told, the command is there once, and the scenario is the one that is known."""
    checked = begin(optional_invariants=["determinism"])
    left = [checked, failing(7, "determinism"), seed(8), seed(9), seed(10), finish(4, 1)]
    assert judged(simulation(left), simulation(a_simulation(), "b", "x")) == DeterminismVerdict(
        status="failed",
        passed=False,
        reason="a: nondeterministic: 1 of 4 seeds failed the invariant determinism: 7",
        version="1.0",
        mode="two runs",
        seeds=4,
        nondeterministic=1,
        at_least=0.0456,
        at_most=0.6994,
        runs=(
            seen(4, scenario=None, first_seed="7", failed=1),
            seen(4, "b", scenario="x", first_seed="7"),
        ),
        findings=(
            DeterminismFinding(
                "a",
                "NondeterministicSeeds",
                "Nondeterministic: 1 of 4 seeds failed the invariant determinism: 7",
                REPLAY,
            ),
            DeterminismFinding(
                "a",
                "SeedsDiffer",
                "1 of 4 seeds came out differently in b, the first is seed 7 (status, invariant, message)",
                LOOK,
            ),
        ),
        by_field=(FieldCount("status", 1), FieldCount("invariant", 1), FieldCount("message", 1)),
        divergences=(
            Divergence(
                "7",
                (
                    Difference("status", "failed", "ok"),
                    Difference("invariant", "determinism", None),
                    Difference("message", "", None),
                ),
            ),
        ),
        replays=(ReplayCommand("7", "vopr --scenario x --seed 7"),),
    )


def test_two_runs_without_a_seed_in_common_are_not_measured() -> None:
    """What each of them has is told, and that the announced seeds differ is no second warning."""
    line = "eterminism not measured, no seed in common: a has seeds 0–2, b has seed 9"
    advice = "Give two runs of the same seeds: the same --seed and --iterations."
    left, right = vopr(varying(3), scenario=None), vopr(varying(1, first=9), "b", None)
    assert judged(left, right) == DeterminismVerdict(
        status="not measured",
        passed=False,
        reason=f"a: d{line}",
        version="1.0",
        mode="two runs",
        runs=(seen(scenario=None), seen(1, "b", scenario=None, first_seed="9")),
        findings=(DeterminismFinding("a", "NothingCompared", f"D{line}", advice),),
    )


def test_two_simulations_without_digests_are_not_measured() -> None:
    """Although all of their seeds passed in both."""
    bare = [begin(2), seed(7, digest=None), seed(8, digest=None), finish(2)]
    (finding,) = judged(simulation(bare), simulation(a_simulation(2), "b")).findings
    line = "Determinism not measured, 2 seeds passed in both runs and have no digest in one of them"
    spans = "a has seeds 7–8, b has seeds 7–8"
    assert finding == DeterminismFinding("a", "NoDigests", f"{line}: {spans}", DIGESTS)


@pytest.mark.parametrize(
    ("outcomes", "formats", "why"),
    [
        (0, {"stream"}, ("no seed in common", "NothingCompared")),
        (0, {"simulation", "antithesis"}, ("no seed in common", "NothingCompared")),
        (1, {"stream"}, ("of 1 seed nothing is known but that it passed", "NoDigests")),
        (2, {"stream"}, ("of 2 seeds nothing is known but that it passed", "NoDigests")),
        (1, {"simulation"}, ("1 seed passed in both runs and has no digest in one of them", "NoDigests")),
        (
            1_000,
            {"stream", "simulation"},
            ("1,000 seeds passed in both runs and have no digest in one of them", "NoDigests"),
        ),
        (0, {"p"}, ("nothing in a file of p tells of a seed what could be compared", "NoDigests")),
        (
            0,
            {"p", "jepsen"},
            ("nothing in a file of jepsen or p tells of a seed what could be compared", "NoDigests"),
        ),
    ],
)
def test_why_nothing_was_compared_is_told(outcomes: int, formats: set[str], why: tuple[str, str]) -> None:
    """The seeds, or the format of the files."""
    assert nothing_compared(outcomes, formats) == why


# ---- warnings


def test_hashes_that_never_vary_are_warned_about_and_seeds_that_were_not_shared() -> None:
    """In this order, and of thousands with commas."""
    left, right = vopr(a_stream(1_100)), vopr(a_stream(1_100, first=50), "b")
    assert judged(left, right).warnings == (
        Remark("a", "kernel_state_hash is the same for all 1,050 seeds, so that comparing it proves nothing"),
        Remark(
            "",
            "The runs announced different seeds, only the 1,050 in common count: "
            "a has seeds 0–1099, b has seeds 50–1149",
        ),
    )


@pytest.mark.parametrize(
    ("left", "right", "told"),
    [
        ((0, 3), (0, 3), []),
        ((0, 3), (0, 4), ["only the 3 in common count: a has seeds 0–2, b has seeds 0–3"]),
        ((0, 4), (1, 3), ["only the 3 in common count: a has seeds 0–3, b has seeds 1–3"]),
        ((0, 3), (1, 3), ["only the 2 in common count: a has seeds 0–2, b has seeds 1–3"]),
        ((0, 2), (2, 2), []),
    ],
)
def test_two_ranges_of_seeds_are_compared_where_they_overlap(
    left: tuple[int, int], right: tuple[int, int], told: list[str]
) -> None:
    """Another first seed or another number is enough; nothing in common is a finding."""
    runs = [vopr(varying(count, first), name) for (first, count), name in ((left, "a"), (right, "b"))]
    texts = [warning.text for warning in judged(runs[0], runs[1]).warnings]
    begun = "The runs announced different seeds, "
    assert [text.removeprefix(begun) for text in texts if text.startswith(begun)] == told


def test_a_run_without_a_start_record_has_an_unknown_range() -> None:
    """Nothing is said of the range that both announced, because one did not."""
    headless = ndjson(*records_of(varying(3))[1:])
    verdict = judged(vopr(headless), vopr(varying(9), "b"))
    assert [warning.text for warning in verdict.warnings] == [few("3 seeds", "63.2%").text]
    empty = judged(vopr(ndjson(*records_of(varying(0))[1:])), vopr(varying(2), "b"))
    assert (empty.runs[0].first_seed, empty.runs[0].announced, empty.warnings) == (None, None, ())


def test_ten_commands_are_made_for_seeds_that_differ_before_those_that_failed_silently() -> None:
    """Ten silent ones of each run at most, and none twice."""
    left, right = varying(30, lost=[28]), varying(30, lost=[*range(10, 27)])
    for number in (3, 5):
        right = changed(right, number, events=1)
    verdict = judged(vopr(left), vopr(right, "b"))
    assert [replay.seed for replay in verdict.replays] == ["3", "5", "28", *map(str, range(10, 17))]


def test_runs_of_a_format_without_seeds_have_an_unknown_range() -> None:
    """Nothing in them can be compared, which is no pass."""
    seedless = [SeedlessRun(Input(source=name, format="antithesis", report=None)) for name in ("a", "b")]
    one, other = (Subject(name, None, run) for name, run in zip("ab", seedless, strict=True))
    (finding,) = judged(one, other).findings
    why = "nothing in a file of antithesis tells of a seed what could be compared"
    line = f"Determinism not measured, {why}: a has an unknown range, b has an unknown range"
    assert finding == DeterminismFinding("a", "NoDigests", line, DIGESTS)
