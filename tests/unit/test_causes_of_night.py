"""The causes of a night: each finding in exactly one, by facts; what follows from another belongs to it."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from tests.support.red_nights import CRASHED, PANIC_LINES, RED_NIGHTS, a_night_of, lost_run, missed, seed_failed
from vopr_coverage.causes.night import causes_of_night
from vopr_coverage.causes.night_messages import crash_message, has_panic, short
from vopr_coverage.gates.manifest import ADVICE as ENDED_ADVICE
from vopr_coverage.model.cause import SEVERITY
from vopr_coverage.model.crash import crash_of
from vopr_coverage.nightly import advice
from vopr_coverage.nightly.verdict import Finding, JobSeen, NightVerdict

SEED = "7696581394736"
POINT = "storage.torn_write"


def told(*findings: Finding, **results: str) -> list[str]:
    """The causes in words, most severe first; `results` are those of jobs."""
    return [cause.what for cause in causes_of_night(a_night_of(*findings, **results))]


@pytest.mark.parametrize("name", RED_NIGHTS)
def test_every_finding_belongs_to_exactly_one_cause(name: str) -> None:
    """And the causes come in the order of their severity."""
    night = RED_NIGHTS[name]
    causes = causes_of_night(night)
    found = sorted(chain.from_iterable(cause.findings for cause in causes))
    assert found == list(range(len(night.findings)))
    ranks = [SEVERITY.index(cause.kind) for cause in causes]
    assert ranks == sorted(ranks)


_KINDS = ["job", "plan", "lost run", "run health", "failing seed", "determinism", "coverage", "canary", "gate"]
_SOME_FINDING = some.builds(
    Finding,
    job=some.sampled_from(["build", "plan", "long-run", "coverage", "canary", "x"]),
    source=some.sampled_from(["", "combined-1", "a"]),
    kind=some.sampled_from(_KINDS),
    line=some.sampled_from(["x", "Run incomplete: a, b", "seed 1 failed y"]),
    advice=some.sampled_from(sorted(advice.ALL)),
    seed=some.sampled_from([None, "1", "2"]),
    invariant=some.sampled_from([None, "i"]),
    fault_point=some.sampled_from([None, "p"]),
    detail=some.sampled_from(["", CRASHED.detail, "stderr ends with: x"]),
    crash=some.sampled_from([None, CRASHED.crash]),
    name=some.sampled_from(["", "a.b", "a.b_c", "a.c"]),
    rule=some.sampled_from(
        [
            "",
            "InsufficientPerIteration",
            "CriticalFaultPointMissed",
            "FaultPointCoverage",
            "not run",
            "not detected",
            "SeedsDiffer",
            "RunIncomplete",
        ]
    ),
    repro=some.sampled_from(["", "vopr"]),
)


@given(some.lists(_SOME_FINDING, max_size=12), some.sampled_from(["success", "failure", "cancelled", "skipped", ""]))
def test_whatever_the_findings_none_is_lost_and_none_told_twice(findings: list[Finding], result: str) -> None:
    """Also of files that somebody made up, and in whatever order the findings come."""
    jobs = tuple(JobSeen(job, result, "failed", "x") for job in ("build", "plan", "long-run", "coverage", "canary"))
    night = NightVerdict("failed", False, "x", "1.0", jobs=jobs, findings=tuple(findings))
    causes = causes_of_night(night)
    assert sorted(chain.from_iterable(cause.findings for cause in causes)) == list(range(len(findings)))
    assert all(cause.what for cause in causes)
    turned = causes_of_night(replace(night, findings=tuple(reversed(findings))))
    sizes = [sorted(len(cause.findings) for cause in which) for which in (causes, turned)]
    assert sizes[0] == sizes[1]


def test_eight_shards_that_died_of_the_same_panic_are_one_crash() -> None:
    """The numbers in the message differ from shard to shard."""
    night = RED_NIGHTS["crash-in-eight-shards"]
    (cause,) = causes_of_night(night)
    assert (cause.kind, len(cause.sources), cause.seeds) == ("crash", 8, 8)
    assert cause.what == f"`index out of bounds` at seed `{SEED}` (`calm`) and 7 more seeds"
    assert cause.command == f"vopr --scenario calm --seed {SEED} --iterations 1 --json"
    assert cause.details == PANIC_LINES


def test_the_same_message_of_another_place_is_another_crash() -> None:
    """`called Option::unwrap on a None value` has many causes."""
    words = "called `Option::unwrap()` on a `None` value"
    findings = [
        replace(
            CRASHED, crash=crash_of(101, None, (f"thread 'main' panicked at src/{file}:5:9:", words)), source=source
        )
        for file, source in (("a.rs", "1"), ("a.rs", "2"), ("b.rs", "3"))
    ]
    assert len(told(*findings)) == 2


def test_one_invariant_in_three_runs_is_one_cause() -> None:
    """Its message names other values each time; another invariant is another cause."""
    runs = [seed_failed("hash_chain", str(n), f"read {n} at 'key{n}'", source=f"combined-{n}") for n in (5, 6, 7)]
    assert told(*runs) == ["invariant `hash_chain` failed at seed `5` (`combined`) and 2 more seeds"]
    assert len(told(*runs, seed_failed("other", "9", "read 5 at 'key5'"))) == 2


def test_a_crash_of_an_old_file_is_a_crash() -> None:
    """There it was a run without an end, whose last words are in its detail; a timeout's last words are no panic."""
    detail = "stderr ends with: thread 'main' panicked at src/storage.rs:551: hash mismatch"
    line = "Run incomplete: ended with exit code 101, no batch_complete after 8 of 60 iterations, stopped at seed 9"
    old = lost_run("combined-1", line=line, detail=detail, advice="")
    assert told(old) == ["`hash mismatch` in `combined-1`"]
    slow = replace(
        old, line="Run incomplete: timed out after 2 s, nothing written", detail="stderr ends with: 5 % done"
    )
    assert told(slow) == [slow.line]
    some_lines = replace(slow, line="Run incomplete: timed out after 3 s, no batch_complete after 8 of 60 iterations")
    assert len(told(slow, some_lines)) == 1
    assert len(told(slow, old, some_lines)) == 2


def test_a_build_that_failed_explains_what_was_not_run() -> None:
    """Its plan, jobs that were skipped, shards without a recording, canaries that did not run."""
    (cause,) = causes_of_night(RED_NIGHTS["build"])
    assert cause.what == f"Build: {RED_NIGHTS['build'].findings[0].line}"
    assert len(cause.findings) == len(RED_NIGHTS["build"].findings) > 5


def test_a_build_that_failed_does_not_explain_a_run_that_was_lost() -> None:
    """Where only a canary's build failed, the shards had a simulator."""
    build = Finding("build", "", "job", "the job failed", advice.SEE_LOG)
    lost = lost_run("combined-1")
    causes = told(build, lost, **{"build": "failure", "long-run": "failure"})
    assert causes == ["Build: the job failed", "Long run: 1 run left no recording"]
    assert len(told(build, lost, **{"build": "failure", "long-run": "skipped"})) == 1


def test_runs_that_are_missing_belong_to_their_job() -> None:
    """A cancelled night is one cause, however many parts it has."""
    cancelled = [Finding(job, "", "job", "the job was cancelled", advice.AGAIN) for job in ("long-run", "coverage")]
    lost = [lost_run(f"combined-{n}") for n in (1, 2, 3)]
    both = {"long-run": "cancelled", "coverage": "cancelled"}
    assert told(*lost, *cancelled, **both) == ["Long run, Coverage: the job was cancelled"]
    assert told(*lost) == ["Long run: 3 runs left no recording"]


@pytest.mark.parametrize("ended", ["interrupted", "unfinished"])
def test_a_run_that_a_cancelled_job_cut_off_belongs_to_it(ended: str) -> None:
    """Its recorder was stopped or killed with the job. Of a run in a job that went on, that is news."""
    cancelled = Finding("coverage", "", "job", "the job was cancelled", advice.AGAIN)
    about = {"line": "Run incomplete: x", "advice": ENDED_ADVICE[ended], "rule": "RunIncomplete"}
    lost, elsewhere = lost_run("combined-1", "coverage", **about), lost_run("combined-2", **about)
    lacking = Finding("coverage", "combined-1", "coverage", "Coverage not measured: the run did not finish")
    result = {"coverage": "cancelled"}
    assert told(lost, lacking, cancelled, **result) == ["Coverage: the job was cancelled"]
    (cause,) = causes_of_night(a_night_of(lost, cancelled, **result))
    assert cause.command == lost.repro
    timed_out = replace(lost, advice=ENDED_ADVICE["timed-out"])
    assert len(told(timed_out, cancelled, **result)) == 2
    assert len(told(lost, elsewhere, cancelled, **result)) == 2


def test_a_fault_point_is_one_cause_whatever_it_falls_short_of() -> None:
    """Never hit, without an effect, in two scenarios; the share that lacks it, and the gate that has no score."""
    (cause,) = causes_of_night(RED_NIGHTS["coverage"])
    assert cause.what == "fault point `storage.torn_write` was never hit"
    assert len(cause.findings) == 5
    work = missed("storage_torn", line="x", rule="InsufficientPerIteration", fault_point=None, name=f"{POINT}_done")
    assert len(told(*RED_NIGHTS["coverage"].findings, work)) == 1  # a phase of it
    assert told(missed("a"), missed("b")) == ["2 fault points were never hit: `a`, `b`"]
    assert len(told(missed("a"), work)) == 2
    (share,) = told(replace(RED_NIGHTS["coverage"].findings[-2], source="other"))
    assert share.startswith("Fault point coverage")


def test_a_share_that_lacks_one_point_without_effects_belongs_to_it() -> None:
    """And the advice is on the injector: more iterations would not help."""
    share = missed("a", line="too low", rule="FaultPointCoverage", fault_point=None, advice="Run more iterations.")
    effects = missed("a", line="too few", rule="InsufficientFaultEffects", advice="Look at its injector.")
    (cause,) = causes_of_night(a_night_of(share, effects))
    assert (cause.what, cause.advice) == ("fault point `a` was never hit", "Look at its injector.")
    assert cause.findings == (1, 0)
    assert told(replace(share, name=""), effects) != [cause.what]


def test_what_coverage_lacks_belongs_to_the_run_that_did_not_finish() -> None:
    """It says nothing until the crash is fixed."""
    died = replace(CRASHED, job="coverage", source="combined-1")
    assert len(told(died, missed("a"))) == 1
    assert len(told(CRASHED, missed("a"))) == 2  # another part


def test_canaries_that_the_same_checker_should_have_found_are_one_cause() -> None:
    """A dead checker is one thing; a canary that was not built is another."""
    missed = [
        Finding("canary", name, "canary", "not detected", rule="not detected", message=by)
        for name, by in (("a", "i"), ("b", "i"), ("c", "j"))
    ]
    assert told(*missed) == ["canaries `a`, `b` were not detected", "canary `c` was not detected"]
    control = Finding("canary", "control", "canary", "the control run is not green: x", advice.CONTROL)
    assert told(control) == ["the control run of the canaries is not green"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("thread 'main' panicked at src/a.rs:5:9:", "index out of bounds: 5"), "index out of bounds: 5"),
        (("thread 'main' panicked at src/a.rs:5: hash mismatch", "note: a backtrace"), "hash mismatch"),
        (("thread 'main' panicked at 'boom', src/a.rs:5:9",), "boom"),
        (("panic: runtime error: nil map", "goroutine 1 [running]:"), "runtime error: nil map"),
        (("thread 1234 panic: reached unreachable code",), "reached unreachable code"),
        (("vopr: a.c:10: f: Assertion `x' failed.",), "vopr: a.c:10: f: Assertion `x' failed."),
        (("5 % done", "out of memory"), "out of memory"),
        ((), ""),
    ],
)
def test_a_message_is_found_among_the_last_words(words: tuple[str, ...], message: str) -> None:
    """As Rust, Go, Zig and C write it."""
    assert crash_message(words) == message
    assert has_panic(words) == bool(words and message != "out of memory")


def test_a_title_is_short() -> None:
    """What comes after a colon are mostly figures."""
    assert short("index out of bounds: the len is 3") == "index out of bounds"
    assert short("Error: the disk is full") == "Error: the disk is full"
    assert len(short("x" * 500)) == 80
