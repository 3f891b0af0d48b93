"""The whole verdict on one run: what it shows by itself, in which words, and what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from tests.support.determinism_verdicts import DIGESTS, REPLAY, a_recording, rounded, seen, simulation, vopr
from tests.support.reports import Record, ndjson, ok, records_of, start
from tests.support.run_pairs import CONTEXT, valid, varying
from tests.support.simulations import a_simulation, begin, failing, finish, seed
from vopr_coverage.determinism.judge import Subject, judge_one
from vopr_coverage.determinism.verdict import (
    ComparedRun,
    DeterminismFinding,
    DeterminismVerdict,
    ReplayCommand,
    SeedsListed,
)
from vopr_coverage.model.verdict import Remark

TWICE = "Give two runs of the same seeds, made by two processes, or a recording of a run with --check-determinism."
CHECKED = begin(optional_invariants=["determinism"])


def judged(subject: Subject) -> DeterminismVerdict:
    """The verdict on a run, with four digits of its bounds."""
    return rounded(valid(judge_one(subject, CONTEXT)))


def test_a_run_that_ran_every_seed_twice_without_a_difference_passes() -> None:
    """Its recording says that it did; how much three seeds show is told."""
    assert judged(vopr(varying(3), recording=a_recording(double_runs=True))) == DeterminismVerdict(
        status="passed",
        passed=True,
        reason="no difference in 3 seeds, so at most 63.2% of all would differ (95% confidence)",
        version="1.0",
        mode="twice in one run",
        seeds=3,
        at_least=0.0,
        at_most=0.6316,
        runs=(seen(),),
        warnings=(
            Remark(
                "",
                "3 seeds can't show much: up to 63.2% of all seeds may be nondeterministic; "
                "it takes 59 to bring that below 5%",
            ),
        ),
    )


def test_seeds_that_failed_without_a_record_are_nondeterministic() -> None:
    """Ten of them are named and can be replayed; ordinary failures are told apart."""
    line = (
        "ondeterministic: 12 of 1,234 seeds failed without a record: "
        "1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009 and 2 more"
    )
    assert judged(vopr(varying(1_234, failing=[3], lost=range(1_000, 1_012)))) == DeterminismVerdict(
        status="failed",
        passed=False,
        reason=f"a: n{line}",
        version="1.0",
        mode="twice in one run",
        seeds=1_234,
        nondeterministic=12,
        at_least=0.0056,
        at_most=0.0169,
        runs=(seen(1_234, failed=1, silent=SeedsListed(12, ("1000–1011",))),),
        findings=(DeterminismFinding("a", "NondeterministicSeeds", f"N{line}", REPLAY),),
        replays=tuple(
            ReplayCommand(str(seed), f"vopr --scenario combined --seed {seed}") for seed in range(1_000, 1_010)
        ),
        warnings=(
            Remark(
                "a",
                "1 seed failed an invariant, with a record: bugs, which `vopr-coverage check` judges. Those without a "
                "record may be such bugs, too: VOPR's check compares when failing runs began, unless "
                "--no-trace-on-failure is set",
            ),
        ),
    )


def test_seeds_that_failed_with_traces_kept_may_be_ordinary_bugs() -> None:
    """The recorded command shows that they were."""
    recording = a_recording(command=["vopr", "--seed", "{seed}", "--check-determinism"])
    (finding,) = judged(vopr(varying(3, lost=[1]), recording=recording)).findings
    line = "Nondeterministic, or failed with traces kept: 1 of 3 seeds failed without a record: 1"
    assert finding == DeterminismFinding("a", "NondeterministicSeeds", line, REPLAY)


def test_a_simulator_s_own_check_is_an_invariant() -> None:
    """It counts the seeds that it checked. Another invariant's failure is an ordinary bug, and a scenario unknown."""
    checked = {"ran": {"agreement": 1, "determinism": 1}}
    records = [CHECKED, seed(7, **checked), failing(8, "determinism") | checked, seed(9, **checked), failing(10)]
    assert judged(simulation([*records, finish(4, 2)])) == DeterminismVerdict(
        status="failed",
        passed=False,
        reason="a: nondeterministic: 1 of 4 seeds failed the invariant determinism: 8",
        version="1.0",
        mode="twice in one run",
        seeds=3,
        nondeterministic=1,
        at_least=0.0615,
        at_most=0.7923,
        runs=(seen(4, scenario=None, first_seed="7", failed=2),),
        findings=(
            DeterminismFinding(
                "a",
                "NondeterministicSeeds",
                "Nondeterministic: 1 of 4 seeds failed the invariant determinism: 8",
                REPLAY,
            ),
        ),
        replays=(ReplayCommand("8", "vopr --scenario SCENARIO --seed 8"),),
        fill_in=True,
        warnings=(Remark("a", "1 seed failed an invariant, with a record: bugs, which `vopr-coverage check` judges"),),
    )


def test_a_recording_that_timed_out_is_incomplete() -> None:
    """Its manifest says what ended it, and its simulator's last words."""
    stopped = {"timed_out": True, "timeout_s": 2.0, "signal": 15, "exit_code": None, "last_words": ["waiting"]}
    cut = ndjson(start(0, 6), ok(0), ok(1))
    line = "un incomplete: timed out after 2 s, no batch_complete after 2 of 6 iterations, stopped at seed 2"
    assert judged(vopr(cut, recording=a_recording(iterations=6, double_runs=True, **stopped))) == DeterminismVerdict(
        status="incomplete",
        passed=False,
        reason=f"a: r{line}",
        version="1.0",
        mode="twice in one run",
        runs=(seen(6, complete=False, iterations=2),),
        findings=(
            DeterminismFinding(
                "a",
                "RunIncomplete",
                f"R{line}",
                "Look at the simulator's stderr and exit status, and run this seed range again.",
                "the simulator was ended by signal 15; stderr ends with: waiting",
            ),
        ),
        warnings=(
            Remark(
                "a",
                "kernel_state_hash is the same for all 2 seeds, so that comparing it proves nothing",
            ),
        ),
    )


def test_what_contradicts_a_recording_or_itself_is_a_finding_each() -> None:
    """With its own advice, and what the simulator said in the end."""
    records = records_of(varying(3))
    late = ndjson(records[0], records[2], records[1], *records[3:], b"a line of its log\n")
    recording = a_recording(exit_code=3, seed="1", last_words=["oops"])
    verdict = judged(vopr(late, recording=recording))
    advice = "Look at the recording's manifest.json and stderr.log, and record this run again."
    assert verdict.findings == (
        *(
            DeterminismFinding(
                "a",
                "CountsDisagree",
                f"Counts disagree: {sentence}",
                "Look at how this file came about: its counts do not agree, so it proves nothing.",
            )
            for sentence in (
                "line 3 has seed 0 again or too late, seed 2 was due",
                "1 seed has neither a record nor a failure, the first is 0",
            )
        ),
        DeterminismFinding(
            "a",
            "RecordingDisagrees",
            "Simulator ended with exit code 3, though no seed failed",
            advice,
            "stderr ends with: oops",
        ),
        DeterminismFinding(
            "a",
            "RecordingDisagrees",
            "Recording disagrees: seed 1 was asked for, the stream starts with 0",
            advice,
        ),
    )
    assert verdict.warnings == (Remark("a", "1 line is no record of the stream (is stderr mixed in?)"),)
    assert verdict.status == "failed"


@pytest.mark.parametrize(
    ("subject", "run", "kind", "why", "advice"),
    [
        (lambda: vopr(varying(3)), seen(), "NotMeasured", "nothing shows that seeds ran twice", TWICE),
        (lambda: vopr(varying(0)), seen(0), "NotMeasured", "no iterations ran", TWICE),
        # a recorded simulator that checks nothing
        (
            lambda: vopr(varying(3), recording=a_recording()),
            seen(),
            "NotMeasured",
            "nothing shows that seeds ran twice",
            TWICE,
        ),
        (
            lambda: simulation(a_simulation(scenario="s")),
            seen(4, scenario=None, first_seed="7"),
            "NoDigests",
            "nothing shows that seeds ran twice",
            DIGESTS,
        ),
        # its check is declared, and ran at no seed
        (
            lambda: simulation([CHECKED, *a_simulation()[1:]]),
            seen(4, scenario=None, first_seed="7"),
            "NoDigests",
            "nothing shows that seeds ran twice",
            DIGESTS,
        ),
    ],
)
def test_a_run_that_does_not_show_that_its_seeds_ran_twice_is_not_measured(
    subject: Callable[[], Subject], run: ComparedRun, kind: str, why: str, advice: str
) -> None:
    """That is no pass."""
    assert judged(subject()) == DeterminismVerdict(
        status="not measured",
        passed=False,
        reason=f"a: determinism not measured: {why}",
        version="1.0",
        mode="twice in one run",
        runs=(run,),
        findings=(DeterminismFinding("a", kind, f"Determinism not measured: {why}", advice),),
    )


# ---- how many seeds count


CHECK = {"ran": {"agreement": 1, "determinism": 1}}


@pytest.mark.parametrize(
    ("records", "double_runs", "counts"),
    [
        # those at which the simulator's check ran
        ([seed(7, **CHECK), seed(8), seed(9, **CHECK)], False, (2, 0)),
        # or failed
        ([seed(7, **CHECK), failing(8, "determinism"), failing(9, "determinism")], False, (2, 2)),
        # all, if it counts no seed and failed at one
        ([seed(7), failing(8, "determinism"), seed(9)], False, (3, 1)),
        # all of a recording whose command says that all ran twice
        ([seed(7, **CHECK), seed(8), seed(9)], True, (3, 0)),
        ([seed(7), seed(8), seed(9)], True, (3, 0)),
        # the failure of another invariant is none of its check
        ([seed(7, **CHECK), failing(8, "agreement"), seed(9)], False, (1, 0)),
    ],
)
def test_seeds_that_ran_twice_are_counted(records: list[Record], double_runs: bool, counts: tuple[int, int]) -> None:
    """And those of them that differed."""
    failed = sum(record["status"] == "failed" for record in records)
    stream = [begin(3, 7, optional_invariants=["determinism"]), *records, finish(3, failed)]
    subject = replace(simulation(stream), recording=a_recording(seed="7", double_runs=double_runs))
    verdict = judged(subject)
    assert (verdict.seeds, verdict.nondeterministic) == counts


def test_of_a_run_that_broke_off_no_seed_counts() -> None:
    """Its findings do, and can be replayed."""
    records = [CHECKED, seed(7, **CHECK), failing(8, "determinism") | CHECK]
    verdict = judged(simulation(records))
    assert (verdict.status, verdict.seeds, verdict.nondeterministic, verdict.at_most) == ("incomplete", 0, 0, None)
    assert [finding.kind for finding in verdict.findings] == ["RunIncomplete", "NondeterministicSeeds"]
    assert [replay.seed for replay in verdict.replays] == ["8"]
