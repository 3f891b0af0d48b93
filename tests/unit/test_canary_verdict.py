"""What is told of all canaries together: whole verdicts, field by field."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.canary_runs import (
    HASHES,
    a_control,
    a_run,
    a_stored,
    an_input,
    failures,
    told,
)
from vopr_coverage.canaries.controls import ControlRun, ControlSeen, problems_of_control
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.judge import (
    CanaryEnding,
    CanaryRun,
    CanaryVerdict,
    judge_canaries,
    judge_canary,
)

WORDS = ("panicked at a.rs:1", "no quorum")


def rounded(verdict: CanaryVerdict) -> CanaryVerdict:
    """With the interval in three digits."""
    return replace(verdict, low=round(verdict.low, 3), high=round(verdict.high, 3))


def test_a_verdict_on_several_canaries() -> None:
    """In the order of the config, whatever the order of their runs; a run of another canary is left out."""
    read = an_input(a_run(), recording=a_stored(exit_code=101, last_words=list(WORDS)))
    dead, missed = Detector(crash="no quorum"), Detector(("agreement",))
    runs = [CanaryRun("b", an_input(a_run())), CanaryRun("x", read), CanaryRun("a", read)]
    controls = [a_control("gray"), a_control("combined")]
    declared = {"a": dead, "b": missed, "c": missed}
    assert rounded(judge_canaries(controls, runs, declared, "1.2.3")) == CanaryVerdict(
        passed=False,
        reason="1 of 3 canaries detected, 1 by a crash",
        version="1.2.3",
        control="control-gray, control-combined",
        control_problems=(),
        results=(
            judge_canary(runs[2], dead, controls),
            judge_canary(runs[0], missed, controls),
            judge_canary(CanaryRun("c"), missed, controls),
        ),
        detected=1,
        declared=3,
        low=0.061,
        high=0.792,
        controls=(ControlSeen("control-gray", "gray"), ControlSeen("control-combined", "combined")),
    )


def test_a_verdict_on_one_canary() -> None:
    """It passes if all are detected."""
    run = CanaryRun("bug", an_input(a_run(failures=(failures("hash_chain", 3),), failed_records=1)))
    verdict = judge_canaries([a_control("gray")], [run], {"bug": HASHES}, "1.2.3")
    assert rounded(verdict) == CanaryVerdict(
        passed=True,
        reason="1 of 1 canary detected",
        version="1.2.3",
        control="control-gray",
        control_problems=(),
        results=(told(CanaryEnding.DETECTED, "invariant hash_chain failed on 1 of 20 seeds", seeds=("3",), failed=1),),
        detected=1,
        declared=1,
        low=0.207,
        high=1.0,
        controls=(ControlSeen("control-gray", "gray"),),
    )


NONE_DECLARED = "no canaries are declared, on purpose: nothing shows that this simulator would find a bug"
ONE_RED = "the control run is not green, so that nothing shows what a canary does"
SOME_RED = "1 of 2 control runs not green, so that nothing shows what their canaries do"
TWO_RED = "2 of 2 control runs not green, so that nothing shows what their canaries do"


@pytest.mark.parametrize(
    ("controls", "reason", "control", "problems"),
    [
        ([], NONE_DECLARED, "", ()),
        ([a_control()], NONE_DECLARED, "control-None", ()),
        ([a_control("a"), a_control("b")], NONE_DECLARED, "control-a, control-b", ()),
        ([a_control("a", 0)], ONE_RED, "control-a", ("it ran no iteration",)),
        (
            [a_control("a"), a_control("b", 0, contradictions=("20 and 19",))],
            SOME_RED,
            "control-a, control-b",
            ("of b: 20 and 19", "of b: it ran no iteration"),
        ),
        (
            [a_control("a", 0), a_control("b", 0)],
            TWO_RED,
            "control-a, control-b",
            ("of a: it ran no iteration", "of b: it ran no iteration"),
        ),
    ],
)
def test_control_runs_decide_where_no_canary_is_declared(
    controls: list[ControlRun], reason: str, control: str, problems: tuple[str, ...]
) -> None:
    """And nothing is known of the share."""
    verdict = judge_canaries(controls, [], {}, "1.2.3")
    assert verdict == CanaryVerdict(
        passed=not problems,
        reason=reason,
        version="1.2.3",
        control=control,
        control_problems=problems,
        results=(),
        detected=0,
        declared=0,
        low=0.0,
        high=1.0,
        controls=tuple(
            ControlSeen(each.read.source, each.scenario, tuple(problems_of_control(each.read))) for each in controls
        ),
    )


def test_a_red_control_run_fails_although_all_were_detected() -> None:
    """What was detected is told nevertheless."""
    run = CanaryRun("bug", an_input(a_run(failures=(failures("hash_chain", 3),))))
    verdict = judge_canaries([a_control("gray", contradictions=("20 and 19",))], [run], {"bug": HASHES}, "1.2.3")
    assert (verdict.passed, verdict.reason, verdict.detected) == (False, ONE_RED, 1)


def test_a_verdict_where_nothing_could_be_judged() -> None:
    """Every field of it."""
    assert CanaryVerdict.not_judged("1.2.3", "no control run\nand more") == CanaryVerdict(
        passed=False,
        reason="nothing was judged: no control run",
        version="1.2.3",
        control="",
        control_problems=(),
        results=(),
        detected=0,
        declared=0,
        low=0.0,
        high=1.0,
        format="urn:vopr-coverage:schema:canaries:v1",
        controls=(),
    )
