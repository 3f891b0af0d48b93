"""Why a canary was not detected, or by how much luck it was: its seeds beside the control's, as values."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.support.canary_runs import HASHES, told
from vopr_coverage.canaries.beside import UNEXPLAINED, explained
from vopr_coverage.canaries.detector import Detector
from vopr_coverage.canaries.evidence import SeedsBeside, Seen
from vopr_coverage.canaries.judge import CanaryEnding, CanaryResult, CanaryVerdict

NEVER_CALLED = "Look whether the planted code is still called, and give the canary a scenario that calls it."
CALLED_ELSEWHERE = "Run this canary in the scenario in which it showed, with as many iterations."
CALLED_RARELY = "Give this canary as many iterations."
BLIND = "Replay the first seed that differs, and add or switch on a check that notices what the bug does there."

MISSED = told(CanaryEnding.NOT_DETECTED, "nothing failed in 20 iterations", "the usual advice")
IN_GRAY = Detector(seen=Seen("gray", 1, 8_000))


def reasoned(result: CanaryResult, seeds: SeedsBeside | None, detector: Detector = HASHES) -> CanaryResult:
    """This result with its reason; all else of its verdict stays as it is."""
    verdict = replace(CanaryVerdict.not_judged("1.0", "x"), results=(result, replace(MISSED, name="other")))
    declared = {"bug": detector, "other": HASHES}
    found = explained(verdict, declared, {} if seeds is None else {"bug": seeds})
    first, second = found.results
    assert found == replace(verdict, results=(first, second))
    assert second == verdict.results[1]
    return first


@pytest.mark.parametrize(
    ("seeds", "detector", "why", "advice"),
    [
        (
            SeedsBeside("gray", 1, 0),
            HASHES,
            "1 of 1 seed identical to the control: the planted bug was never called, or changed nothing",
            NEVER_CALLED,
        ),
        (
            SeedsBeside(None, 1_200, 0),
            HASHES,
            "1,200 of 1,200 seeds identical to the control: the planted bug was never called, or changed nothing",
            NEVER_CALLED,
        ),
        (
            SeedsBeside("Gray", 1, 0),
            IN_GRAY,
            "0 of 1 seed differ from the control in scenario Gray, it showed in 1 of 8,000: 36,840 iterations would "
            "show it at 99 %",
            CALLED_RARELY,
        ),
        (
            SeedsBeside("combined", 1_200, 0),
            Detector(seen=Seen("gray", 1_500, 1_500)),
            "0 of 1,200 seeds differ from the control in scenario combined, it showed in 1,500 of 1,500 of gray: "
            "1 iteration of gray would show it at 99 %",
            CALLED_ELSEWHERE,
        ),
        (
            SeedsBeside(None, 60, 0),
            IN_GRAY,
            "0 of 60 seeds differ from the control, it showed in 1 of 8,000 of gray: 36,840 iterations of gray would "
            "show it at 99 %",
            CALLED_ELSEWHERE,
        ),
        (
            SeedsBeside("gray", 4, 4, 0),
            IN_GRAY,
            "4 of 4 seeds differ from the control, nothing noticed: the tester is blind to it; the first is 0",
            BLIND,
        ),
        (
            SeedsBeside("gray", 1, 1, 7),
            HASHES,
            "1 of 1 seed differs from the control, nothing noticed: the tester is blind to it; the first is 7",
            BLIND,
        ),
        (
            SeedsBeside("gray", 2, 1, 7),
            HASHES,
            "1 of 2 seeds differs from the control, nothing noticed: the tester is blind to it; the first is 7; at "
            "this rate, 7 iterations would show a difference at 99 %",
            BLIND,
        ),
        (
            SeedsBeside("gray", 7, 4, 7),
            HASHES,
            "4 of 7 seeds differ from the control, nothing noticed: the tester is blind to it; the first is 7",
            BLIND,
        ),
        (
            SeedsBeside("gray", 8_000, 1_200, 7),
            HASHES,
            "1,200 of 8,000 seeds differ from the control, nothing noticed: the tester is blind to it; the first is 7",
            BLIND,
        ),
    ],
)
def test_why_a_canary_was_not_detected(seeds: SeedsBeside, detector: Detector, why: str, advice: str) -> None:
    """Whether the bug changed any seed, and how many iterations would show it; the advice is of that reason."""
    expected = replace(MISSED, why=why, advice=advice, compared=seeds.compared, differing=seeds.differing)
    assert reasoned(MISSED, seeds, detector) == expected


def test_as_many_iterations_as_are_needed_are_enough() -> None:
    """Four for a share of 75 %; for 60 % it takes one more than five."""
    enough, one_more = (reasoned(MISSED, SeedsBeside(None, of, 3, 0)).why for of in (4, 5))
    assert enough.endswith("; the first is 0")
    assert one_more.endswith("; the first is 0; at this rate, 6 iterations would show a difference at 99 %")
    many = reasoned(MISSED, SeedsBeside(None, 8_000, 1, 0)).why
    assert many.endswith("; at this rate, 36,840 iterations would show a difference at 99 %")


def test_a_run_without_a_seed_of_the_control_run_keeps_its_advice() -> None:
    """Nothing shows why."""
    why = "no seed of it is one of the control's, so nothing shows why"
    assert reasoned(MISSED, SeedsBeside("gray", 0, 0)) == replace(MISSED, why=why, compared=0, differing=0)


def test_what_was_not_compared_has_no_reason() -> None:
    """Nor has a canary that something else stopped, or failed, whatever its seeds show."""
    assert reasoned(MISSED, None) == MISSED
    for ending in set(CanaryEnding) - {*UNEXPLAINED, CanaryEnding.DETECTED}:
        stopped = told(ending, "", failed=1)
        assert reasoned(stopped, SeedsBeside("gray", 60, 2, 7)) == stopped
    not_measured = reasoned(told(CanaryEnding.NOT_MEASURED, ""), SeedsBeside("gray", 60, 0))
    assert not_measured.why.startswith("60 of 60 seeds identical")


@pytest.mark.parametrize(
    ("of", "failed", "needed"),
    [
        (60, 1, "275 iterations"),
        (8_000, 1, "36,840 iterations"),
        (6, 3, "7 iterations"),
        (4, 3, None),
        (5, 3, "6 iterations"),
        (2, 1, "7 iterations"),
        (1, 1, None),
        (60, 5, None),
        (60, 0, None),
        (0, 1, None),
        (None, 1, None),
    ],
)
def test_by_how_much_luck_a_canary_was_detected(of: int | None, failed: int, needed: str | None) -> None:
    """Told if so few seeds failed that as many others might show nothing."""
    found = told(CanaryEnding.DETECTED, "invariant hash_chain failed", iterations=of, failed=failed)
    why = f"it may be missed on other seeds: at this rate, {needed} would show it at 99 %" if needed else ""
    assert reasoned(found, None) == replace(found, why=why)
