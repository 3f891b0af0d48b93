"""What a later attempt of a night keeps of an earlier one: what was found where it has no evidence of its own."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from vopr_coverage.model.verdict import Remark
from vopr_coverage.nightly.earlier import keep_earlier
from vopr_coverage.nightly.verdict import Finding, FindingKind, JobSeen, NightRun, NightVerdict, SeedsRan

LONG_RUN = JobSeen("long-run", "failure", "incomplete", "combined-1: it left no recording")
COVERAGE = JobSeen("coverage", "success", "passed", "combined: 3 of 3 fault points")
FAILED_SEED = Finding(
    job="long-run",
    source="combined-1",
    kind="failing seed",
    line="seed 7 failed log_order",
    seed="7",
    invariant="log_order",
    repro="vopr --seed 7",
    scenario="combined",
)
LOW = Finding(job="long-run", source="", kind="coverage", line="too low", fault_point="crash")
LOST = Finding(job="long-run", source="combined-1", kind="lost run", line="it left no recording")
LINE = "combined 7  # log_order"


def a_night(
    attempt: int, *findings: Finding, jobs: tuple[JobSeen, ...] = (LONG_RUN, COVERAGE), **more: Any
) -> NightVerdict:
    """A night's verdict in that attempt of run 4711."""
    told: dict[str, Any] = {
        "status": "incomplete",
        "passed": False,
        "reason": "long-run, combined-1: it left no recording",
        "version": "1.0",
        "place": NightRun(run_id="4711", run_attempt=attempt),
        "seed_base": "7",
        "jobs": jobs,
        "findings": findings,
    }
    return NightVerdict(**(told | more))


def found(finding: Finding, attempt: int = 1) -> Finding:
    """The same finding, as a later attempt has it."""
    return replace(finding, line=f"{finding.line} (found by attempt {attempt})")


def test_what_is_found_stays_where_nothing_ran_again() -> None:
    """With its seed and its line for the regression file. Part and night fail by it; other parts are as they were."""
    night = a_night(3, LOST, seed_base=None)
    earlier = a_night(2, FAILED_SEED, LOW, seed_base="9", regressions=(LINE,))
    kept = keep_earlier(night, earlier)
    assert kept == replace(
        night,
        status="failed",
        reason="long-run, combined-1: seed 7 failed log_order (found by attempt 2); 2 more findings",
        jobs=(
            JobSeen("long-run", "failure", "failed", "combined-1: it left no recording; 2 findings kept of attempt 2"),
            COVERAGE,
        ),
        findings=(found(FAILED_SEED, 2), found(LOW, 2), LOST),
        seed_base="9",
        regressions=(LINE,),
    )


def test_a_finding_says_once_which_attempt_found_it() -> None:
    """The first one."""
    earlier = a_night(2, found(FAILED_SEED))
    kept = keep_earlier(a_night(3, LOST), earlier)
    assert kept.findings == (found(FAILED_SEED), LOST)
    assert kept.jobs[0].line == "combined-1: it left no recording; 1 finding kept of attempt 2"


@pytest.mark.parametrize("kind", ["lost run", "job", "plan"])
def test_a_part_lacks_evidence_where_a_finding_says_so(kind: FindingKind) -> None:
    """Such findings themselves are of one attempt: what was missing then may be there now."""
    missing = Finding(job="long-run", source="x", kind=kind, line="missing")
    kept = keep_earlier(a_night(2, missing), a_night(1, replace(missing, line="before"), FAILED_SEED))
    assert set(kept.findings) == {missing, found(FAILED_SEED)}


def test_each_part_is_judged_by_itself() -> None:
    """One that is whole keeps nothing, although it is red; the parts stay in their order."""
    red = JobSeen("coverage", "failure", "failed", "too low")
    own = replace(LOW, job="coverage", line="still too low")
    coverage = replace(FAILED_SEED, job="coverage", source="combined-2")
    later = a_night(2, LOST, own, jobs=(LONG_RUN, red), status="failed")
    kept = keep_earlier(later, a_night(1, FAILED_SEED, coverage))
    assert kept.findings == (found(FAILED_SEED), LOST, own)
    assert [(job.name, job.status) for job in kept.jobs] == [("long-run", "failed"), ("coverage", "failed")]
    whole = a_night(2, own, jobs=(COVERAGE, red), status="failed")
    assert keep_earlier(whole, a_night(1, coverage)) == whole


def test_nothing_is_there_twice_and_what_is_most_urgent_comes_first() -> None:
    """Of kept and own findings together. The same is what has the same kind, run, seed, invariant and fault point."""
    low = replace(LOW, line="found now")
    kept = keep_earlier(a_night(2, LOST, low), a_night(1, LOW, replace(LOW, fault_point="torn"), FAILED_SEED))
    assert kept.findings == (
        found(FAILED_SEED), low, found(replace(LOW, fault_point="torn")), LOST,
    )  # fmt: skip
    for other in ({"kind": "run health"}, {"source": "x"}, {"seed": "8"}, {"invariant": "x"}, {"fault_point": "x"}):
        again = a_night(2, LOST, replace(FAILED_SEED, **other))
        assert found(FAILED_SEED) in keep_earlier(again, a_night(1, FAILED_SEED)).findings


def test_a_seed_that_ran_again_stands_for_itself() -> None:
    """Of a part that is not whole: the seed held, or it is found anew. A finding that is of no seed stays."""
    ran = (SeedsRan("regressions", "combined", "7", 1),)
    about_seed = replace(LOW, seed="7")
    kept = keep_earlier(a_night(2, LOST, seeds_ran=ran), a_night(1, FAILED_SEED, about_seed, regressions=(LINE,)))
    assert kept.findings == (found(about_seed), LOST)
    beside = (SeedsRan("regressions", "combined", "8", 1),)
    assert found(FAILED_SEED) in keep_earlier(a_night(2, LOST, seeds_ran=beside), a_night(1, FAILED_SEED)).findings


def test_nothing_kept_changes_nothing() -> None:
    """Not even the lines for the regression file."""
    night = a_night(2, LOST, seed_base=None)
    assert keep_earlier(night, a_night(1, LOST, regressions=(LINE,))) == night


def test_lines_for_the_regression_file_come_with_seeds() -> None:
    """Own ones first, each once, a hundred at most."""
    lines = tuple(f"combined {n}" for n in range(60))
    more = tuple(f"combined {n}" for n in range(50, 150))
    night = a_night(2, LOST, regressions=lines)
    kept = keep_earlier(night, a_night(1, LOW, FAILED_SEED, regressions=more))
    assert kept.regressions == tuple(f"combined {n}" for n in range(100))
    assert keep_earlier(night, a_night(1, LOW, regressions=more)).regressions == lines
    assert keep_earlier(night, a_night(1, LOW)).seed_base == "7"


def test_an_attempt_that_judged_nothing_keeps_all_that_was_found() -> None:
    """In every part; it stays an error."""
    night = NightVerdict.not_judged("1.0", "plan.json: expected a plan", NightRun("4711", 2))
    coverage = replace(FAILED_SEED, job="coverage")
    kept = keep_earlier(night, a_night(1, LOST, FAILED_SEED, coverage, seed_base="9", regressions=(LINE,)))
    assert kept == replace(night, findings=(found(FAILED_SEED), found(coverage)), seed_base="9", regressions=(LINE,))
    assert keep_earlier(night, a_night(1, LOW, regressions=(LINE,))).regressions == ()


@pytest.mark.parametrize(("run_id", "attempt"), [("4712", 1), ("4711", 2), ("4711", 3), ("47\x1b", 1)])
def test_what_is_no_earlier_attempt_of_this_run_is_not_used(run_id: str, attempt: int) -> None:
    """That is said, beside other warnings."""
    night = a_night(2, LOST, warnings=(Remark("combined-1", "odd"),))
    earlier = a_night(attempt, FAILED_SEED, place=NightRun(run_id, attempt), regressions=(LINE,))
    run = run_id.replace("\x1b", "\\x1b")
    text = f"findings of run {run}, attempt {attempt}, were not kept: not of this run"
    assert keep_earlier(night, earlier) == replace(
        night, warnings=(Remark("combined-1", "odd"), Remark("summary", text))
    )
